package calendar

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// day is what is decided of one day of UTC. In any hour of UTC at most one slot starts, so a set of
// the day's slots is one bit for each hour.
type day struct {
	number  int64     // days since 1970
	team    []span    // the team's clock around the day
	start   [24]int32 // second of the day at which the slot of that hour starts
	grid    uint32    // the slots there are
	allowed []uint32  // the slots that each rule and the team allow
}

// decide finds the slots of a day and who may use them.
func (c *Calendar) decide(number int64) *day {
	spans := c.clock.around(number)
	d := &day{number: number, team: spans[0], allowed: make([]uint32, len(c.rules))}
	begin := number * daySeconds
	// One that starts in the hour before the day keeps those that would overlap it out.
	before := begin - slotSeconds
	t, ok := fullHour(d.team, before+1)
	for ; ok && t < begin+daySeconds; t, ok = fullHour(d.team, t+1) {
		if t >= begin && t-before >= slotSeconds {
			hour := (t - begin) / slotSeconds
			d.start[hour] = int32(t - begin)
			d.grid |= 1 << hour
		}
		before = t
	}
	d.allowed[0] = c.rules[0].choose(d, d.grid, spans)
	for i := range c.rules[1:] {
		d.allowed[i+1] = c.rules[i+1].choose(d, d.allowed[0], spans)
	}
	return d
}

// rule is a calendar read on one clock.
type rule struct {
	clock    int // place in Calendar.clock
	days     drip.Weekdays
	hours    drip.Hours
	holidays []int64 // days since 1970, ascending
}

func newRule(clock int, calendar drip.Calendar) rule {
	r := rule{clock: clock, days: calendar.Days, hours: calendar.Hours}
	for _, holiday := range calendar.Holidays {
		r.holidays = append(r.holidays, dayNumber(holiday))
	}
	slices.Sort(r.holidays)
	r.holidays = slices.Compact(r.holidays)
	return r
}

// key is the same for rules that allow the same.
func (r rule) key() string {
	key := binary.AppendVarint(nil, int64(r.clock))
	key = append(key, byte(r.days))
	key = binary.AppendVarint(key, int64(r.hours.From))
	key = binary.AppendVarint(key, int64(r.hours.To))
	for _, holiday := range r.holidays {
		key = binary.AppendVarint(key, holiday)
	}
	return string(key)
}

// choose picks those of a set of a day's slots that the rule allows.
func (r rule) choose(d *day, set uint32, spans [][]span) uint32 {
	var chosen uint32
	for ; set != 0; set &= set - 1 {
		hour := bits.TrailingZeros32(set)
		start := d.number*daySeconds + int64(d.start[hour])
		if r.allows(spans[r.clock], start, start+slotSeconds) {
			chosen |= 1 << hour
		}
	}
	return chosen
}

// allows says whether all of the time between two instants lies in the rule's hours and days.
func (r rule) allows(spans []span, from, to int64) bool {
	for _, s := range spans {
		if s.from < to && from < s.to && !r.open(max(from, s.from)+s.offset, min(to, s.to)+s.offset) {
			return false
		}
	}
	return true
}

// open is allows in local time, which runs evenly from from to before to.
func (r rule) open(from, to int64) bool {
	first, last := floorDiv(from, daySeconds), floorDiv(to-1, daySeconds)
	opens, closes := int64(r.hours.From)*60, int64(r.hours.To)*60
	if first < last && (opens > 0 || closes < daySeconds) {
		return false // closed at midnight
	}
	return from-first*daySeconds >= opens && to-last*daySeconds <= closes && r.works(first) && r.works(last)
}

// works says whether a local day is one of the rule's days.
func (r rule) works(number int64) bool {
	if !r.days.Has(weekday(number)) {
		return false
	}
	_, holiday := slices.BinarySearch(r.holidays, number)
	return !holiday
}

// dayNumber counts the days from 1970-01-01 to a date.
func dayNumber(date drip.Date) int64 {
	return floorDiv(time.Date(date.Year, date.Month, date.Day, 0, 0, 0, 0, time.UTC).Unix(), daySeconds)
}

// weekday is the day of the week of a day number; 1970-01-01 was a Thursday.
func weekday(number int64) time.Weekday {
	n := number + int64(time.Thursday)
	return time.Weekday(n - floorDiv(n, 7)*7)
}
