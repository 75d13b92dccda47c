package calendar

import "github.com/dripline/dripline/internal/drip"

// Due is the first slot in which a follow-up may leave an account, when the step before left in the
// slot sent. The delay counts working days of the account: days of the team's zone in which it may
// use at least one slot; the day of sending is day 0. On the day it leads to, the slot is that of
// step.At, or of the hour of sent, on the team's clock: the first where a clock change makes that
// hour come twice, the next slot where it skips it. From there on it is the first allowed slot, and
// always one after sent.
//
// Where there is no such slot within the Horizon, Due is a slot at least the Horizon after sent.
func (c *Calendar) Due(account string, sent drip.Slot, step drip.Step) drip.Slot {
	rule, never := c.ruleOf[account], sent+drip.Slot(horizon)
	local := c.local(int64(sent))
	date := floorDiv(local, daySeconds)
	hour := (local - date*daySeconds) / slotSeconds
	if step.At != nil {
		hour = int64(*step.At)
	}
	for range step.After {
		s, ok := c.nextAllowed(rule, c.instant((date+1)*daySeconds))
		if !ok || s >= never {
			return never
		}
		date = max(date+1, floorDiv(c.local(int64(s)), daySeconds))
	}
	s, ok := c.nextAllowed(rule, max(c.instant(date*daySeconds+hour*slotSeconds), int64(sent)+1))
	if !ok {
		return never
	}
	return s
}

// local is what the team's clock shows at an instant, in seconds like Unix time.
func (c *Calendar) local(at int64) int64 {
	return shown(c.day(floorDiv(at, daySeconds)).team, at)
}

// instant is the first instant at which the team's clock shows a local time, or the change that
// skips it.
func (c *Calendar) instant(local int64) int64 {
	at, _ := instant(c.day(floorDiv(local, daySeconds)).team, local)
	return at
}
