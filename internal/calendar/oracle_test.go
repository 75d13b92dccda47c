package calendar_test

import (
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// oracle is the calendar by its definition: it looks at the clock minute by minute.
type oracle struct{ team drip.Team }

// slots are the slots that start from from to before to.
func (o oracle) slots(from, to time.Time) []drip.Slot {
	var slots []drip.Slot
	last := time.Time{}
	for t := from.Truncate(time.Minute).Add(-2 * time.Hour); t.Before(to); t = t.Add(time.Minute) {
		if t.In(o.team.Zone).Minute() != 0 {
			continue
		}
		if t.Sub(last) >= time.Hour && !t.Before(from) {
			slots = append(slots, drip.SlotAt(t))
		}
		last = t
	}
	return slots
}

// allows looks at every minute of a slot, on both clocks.
func (o oracle) allows(account string, s drip.Slot) bool {
	own, _ := o.team.Account(account)
	for m := range 60 {
		t := s.Start().Add(time.Duration(m) * time.Minute)
		if !open(o.team.Calendar, t.In(o.team.Zone)) {
			return false
		}
		calendar, in := o.team.Calendar, o.team.Zone
		if own.Calendar != nil {
			calendar = *own.Calendar
		}
		if own.Zone != nil {
			in = own.Zone
		}
		if !open(calendar, t.In(in)) {
			return false
		}
	}
	return true
}

func open(c drip.Calendar, local time.Time) bool {
	minute := local.Hour()*60 + local.Minute()
	return c.Days.Has(local.Weekday()) && !slices.Contains(c.Holidays, drip.DateOf(local)) &&
		c.Hours.From <= minute && minute < c.Hours.To
}

// due counts the days of slots that the account may use, and picks the hour; false where it would
// have to look past the slots it is given, which begin with the day before sent.
func (o oracle) due(slots []drip.Slot, account string, sent drip.Slot, step drip.Step) (drip.Slot, bool) {
	in := o.team.Zone
	date := drip.DateOf(sent.Start().In(in))
	hour := sent.Start().In(in).Hour()
	if step.At != nil {
		hour = *step.At
	}
	for left := step.After; left > 0; left-- {
		next := slices.IndexFunc(slots, func(s drip.Slot) bool {
			return before(date, drip.DateOf(s.Start().In(in))) && o.allows(account, s)
		})
		if next < 0 {
			return 0, false
		}
		date = drip.DateOf(slots[next].Start().In(in))
	}
	reached := false
	for _, s := range slots {
		local := s.Start().In(in)
		reached = reached || before(date, drip.DateOf(local)) || drip.DateOf(local) == date && local.Hour() >= hour
		if reached && s > sent && o.allows(account, s) {
			return s, true
		}
	}
	return 0, false
}

func before(a, b drip.Date) bool { return a.String() < b.String() }
