// Package calendar knows the slots: which hours there are, which of them a team and its accounts may
// use, when a follow-up may leave at the earliest, and which slot a `--start` means.
//
// The slots form a grid. A slot starts at an instant at which the clock of the team's zone reads a
// full hour, and lasts one real hour. So a day with a clock change has 23 or 25 of them, a zone that
// is half an hour off UTC has its slots at half past, and where a clock moves by half an hour the
// grid moves with it and leaves a hole. Slots never overlap: of two full hours less than an hour
// apart, only the first starts a slot.
//
// A slot may be used by an account if every instant of it lies in the team's calendar, read on the
// team's clock, and in the account's own calendar, read on the account's clock.
//
// Everything is computed from the team and the arguments alone. Nothing fails but Start and Check,
// with a *drip.InputError; an account the team does not have is bound by the team's calendar alone.
package calendar

import (
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Horizon is how far ahead an allowed slot is looked for: ten years. What is not found by then
// counts as never.
const Horizon = 3653 * 24 * time.Hour

// Seconds of the units that slots and days are computed in.
const (
	slotSeconds = int64(drip.SlotLength / time.Second)
	daySeconds  = 24 * slotSeconds
	horizon     = int64(Horizon / time.Second)
)

// cacheDays is how many days stay decided. It covers the Horizon, and is a power of two.
const cacheDays = 1 << 12

// Calendar is a team's calendars, compiled. It may be used from many goroutines at once.
type Calendar struct {
	zone  *time.Location
	clock clocks
	// rules are the calendars that differ; the first is the team's. ruleOf has the accounts whose
	// rule is another one.
	rules    []rule
	ruleOf   map[string]int
	accounts []string // in the team's order
	// days remembers the days that were asked for, each in the place of its number modulo
	// cacheDays. Two goroutines may decide the same day; they decide the same.
	days [cacheDays]atomic.Pointer[day]
}

// New compiles the calendars of a team and its accounts. A team without a zone lives in UTC.
func New(team drip.Team) *Calendar {
	c := &Calendar{zone: team.Zone, ruleOf: make(map[string]int)}
	if c.zone == nil {
		c.zone = time.UTC
	}
	known := make(map[string]int)
	c.addRule(known, c.zone, team.Calendar)
	for _, account := range team.Accounts {
		c.accounts = append(c.accounts, account.ID)
		if account.Zone == nil && account.Calendar == nil {
			continue
		}
		zone, own := c.zone, team.Calendar
		if account.Zone != nil {
			zone = account.Zone
		}
		if account.Calendar != nil {
			own = *account.Calendar
		}
		c.ruleOf[account.ID] = c.addRule(known, zone, own)
	}
	return c
}

// addRule finds or adds the rule of a calendar read in a zone.
func (c *Calendar) addRule(known map[string]int, zone *time.Location, calendar drip.Calendar) int {
	r := newRule(c.clock.add(zone), calendar)
	key := r.key()
	index, ok := known[key]
	if !ok {
		index = len(c.rules)
		known[key] = index
		c.rules = append(c.rules, r)
	}
	return index
}

// Zone is the team's zone.
func (c *Calendar) Zone() *time.Location { return c.zone }

// Next is the first slot of the grid that starts at or after t, allowed or not.
func (c *Calendar) Next(t time.Time) drip.Slot { return c.next(ceil(t)) }

// After is the slot of the grid that follows s.
func (c *Calendar) After(s drip.Slot) drip.Slot { return c.next(int64(s) + 1) }

// Allows says whether an account may use a slot; the account "" stands for the team alone. What is
// not a slot of the grid is never allowed.
func (c *Calendar) Allows(account string, s drip.Slot) bool {
	d := c.day(floorDiv(int64(s), daySeconds))
	found, ok := d.first(d.allowed[c.ruleOf[account]], int64(s))
	return ok && found == s
}

// NextAllowed is the first slot at or after s that an account may use; false if there is none within
// the Horizon.
func (c *Calendar) NextAllowed(account string, s drip.Slot) (drip.Slot, bool) {
	return c.nextAllowed(c.ruleOf[account], int64(s))
}

// Day is the day a slot starts on, in the team's zone.
func (c *Calendar) Day(s drip.Slot) drip.Date { return drip.DateOf(s.Start().In(c.zone)) }

// next is the first slot that starts at t, in Unix seconds, or later.
func (c *Calendar) next(t int64) drip.Slot {
	for number := floorDiv(t, daySeconds); ; number++ {
		d := c.day(number)
		if s, ok := d.first(d.grid, t); ok {
			return s
		}
	}
}

// nextAllowed is the first slot that starts at t or later and that a rule allows.
func (c *Calendar) nextAllowed(rule int, t int64) (drip.Slot, bool) {
	for number := floorDiv(t, daySeconds); number*daySeconds <= t+horizon; number++ {
		d := c.day(number)
		if s, ok := d.first(d.allowed[rule], t); ok {
			return s, int64(s) <= t+horizon
		}
	}
	return 0, false
}

// day is the decided day with a number.
func (c *Calendar) day(number int64) *day {
	place := &c.days[number&(cacheDays-1)]
	if d := place.Load(); d != nil && d.number == number {
		return d
	}
	d := c.decide(number)
	place.Store(d)
	return d
}

// first is the first slot of a set of the day's slots that starts at t or later.
func (d *day) first(set uint32, t int64) (drip.Slot, bool) {
	begin := d.number * daySeconds
	if t > begin {
		hour := (t - begin) / slotSeconds
		set = set >> hour << hour
	}
	for ; set != 0; set &= set - 1 {
		if start := begin + int64(d.start[bits.TrailingZeros32(set)]); start >= t {
			return drip.Slot(start), true
		}
	}
	return 0, false
}

// ceil is t in Unix seconds, rounded up.
func ceil(t time.Time) int64 {
	if t.Nanosecond() > 0 {
		return t.Unix() + 1
	}
	return t.Unix()
}

// floorDiv divides and rounds towards the past, also before 1970.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
