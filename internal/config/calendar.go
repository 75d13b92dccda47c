package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// maxHolidays is generous: a hundred years of them.
const maxHolidays = 2000

// weekdays are the days as a file names them, in the order of time.Weekday.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

var hoursPattern = regexp.MustCompile(`^([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})$`)

// calendarOver reads a calendar; keys it leaves out are the base's.
func calendarOver(base drip.Calendar) func(value) (drip.Calendar, error) {
	return func(v value) (drip.Calendar, error) {
		c := base
		err := v.fields(
			field{"days", into(&c.Days, days)},
			field{"hours", into(&c.Hours, hours)},
			field{"holidays", into(&c.Holidays, holidays)},
		)
		return c, err
	}
}

func days(v value) (drip.Weekdays, error) {
	const fix = "write for example days: [mon, tue, wed, thu, fri]"
	if v.kind != kindList {
		return 0, v.mismatch(string(kindList), fix)
	}
	if len(v.items) == 0 {
		return 0, v.problem(fix, "days is empty: nothing would ever be sent")
	}
	var set drip.Weekdays
	for _, item := range v.items {
		s, err := word(item)
		if err != nil {
			return 0, err
		}
		i := slices.Index(weekdays, s)
		if i < 0 {
			return 0, item.problem(dayFix(s), "%s is not a day", shown(s))
		}
		day := time.Weekday(i)
		if set.Has(day) {
			return 0, item.problem("delete one of them", "days has %s twice", s)
		}
		set |= drip.WeekdaysOf(day)
	}
	return set, nil
}

func dayFix(misspelt string) string {
	const all = "the days are mon, tue, wed, thu, fri, sat, sun"
	lower := strings.ToLower(misspelt)
	for _, like := range []func(full string) bool{
		func(full string) bool { return len(lower) > 2 && strings.HasPrefix(full, lower[:3]) },
		func(full string) bool { return nearest(lower, []string{full}) != "" },
	} {
		for i, short := range weekdays {
			if like(strings.ToLower(time.Weekday(i).String())) {
				return "did you mean " + short + "? " + all
			}
		}
	}
	return all
}

func hours(v value) (drip.Hours, error) {
	const fix = `write them as HH:MM-HH:MM, for example hours: "09:00-18:00"`
	s, err := word(v)
	if err != nil {
		return drip.Hours{}, err
	}
	m := hoursPattern.FindStringSubmatch(s)
	if m == nil {
		return drip.Hours{}, v.problem(fix, "hours %s are not in the form HH:MM-HH:MM", shown(s))
	}
	from, okFrom := minutes(m[1], m[2])
	to, okTo := minutes(m[3], m[4])
	h := drip.Hours{From: from, To: to}
	switch {
	case !okFrom || !okTo:
		return h, v.problem("write times from 00:00 to 24:00", "hours %s hold a time that does not exist", s)
	case from >= to:
		return h, v.problem("write the earlier time first; a window cannot pass midnight", "hours %s end before they begin", s)
	case h.To-h.From < int(drip.SlotLength/time.Minute):
		return h, v.problem("make the window one hour or longer", "hours %s have no room for a slot of one hour", s)
	}
	return h, nil
}

// minutes after midnight; false if the time is none of a day's, 24:00 included.
func minutes(hh, mm string) (int, bool) {
	h, errH := strconv.Atoi(hh)
	m, errM := strconv.Atoi(mm)
	n := h*60 + m
	return n, errH == nil && errM == nil && m < 60 && n <= 24*60
}

func holidays(v value) ([]drip.Date, error) {
	const fix = "write dates as YYYY-MM-DD, for example holidays: [2026-12-25]"
	if v.kind != kindList {
		return nil, v.mismatch(string(kindList), fix)
	}
	if len(v.items) > maxHolidays {
		return nil, v.problem("keep those of the next years", "holidays has more than %d dates", maxHolidays)
	}
	dates := make([]drip.Date, 0, len(v.items))
	seen := map[drip.Date]bool{}
	for _, item := range v.items {
		s, err := word(item)
		if err != nil {
			return nil, err
		}
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return nil, item.problem(fix, "%s is not a date", shown(s))
		}
		date := drip.DateOf(t)
		if seen[date] {
			return nil, item.problem("delete one of them", "holidays has %s twice", date)
		}
		seen[date] = true
		dates = append(dates, date)
	}
	return dates, nil
}

// quotasOver reads quotas; keys they leave out are the base's.
func quotasOver(base drip.Quotas) func(value) (drip.Quotas, error) {
	return func(v value) (drip.Quotas, error) {
		q := base
		err := v.fields(
			field{"per_hour", into(&q.PerHour, whole(1, maxCount, drip.DefaultPerHour))},
			field{"per_day", into(&q.PerDay, whole(1, maxCount, drip.DefaultPerDay))},
			field{"min_gap", into(&q.MinGap, gap)},
		)
		return q, err
	}
}

// gap reads a time between two messages. Above an hour no slot would have room for a second one, and
// what a person means by it is a quota of the day.
func gap(v value) (time.Duration, error) {
	const fix = "write a time with its unit, for example min_gap: 20s"
	s, err := word(v)
	if err != nil {
		return 0, err
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil && v.kind == kindNumber:
		return 0, v.problem(fmt.Sprintf("write the unit too, for example min_gap: %ss", shown(s)), "min_gap %s has no unit", shown(s))
	case err != nil:
		return 0, v.problem(fix, "min_gap %s is not a length of time", shown(s))
	case d < 0:
		return 0, v.problem(fix, "min_gap must not be negative")
	case d > time.Hour:
		return 0, v.problem("use per_day to send less than one message an hour", "min_gap must be at most 1h")
	}
	return d, nil
}
