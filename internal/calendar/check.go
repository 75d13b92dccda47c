package calendar

import (
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// checkFrom is where Check begins to look, unless a holiday is later. Check is about calendars that
// can never be used, so it needs no clock: holidays end, and what the zones do after them they keep
// doing.
var checkFrom = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()

// Check says whether the team, and every account, has any slot it may use: hours that hold no whole
// slot, no day, or an account whose hours never meet the team's are a *drip.InputError that names
// the account. Its File is empty: only the caller knows which file the team is from.
func (c *Calendar) Check() error {
	from := checkFrom
	for _, r := range c.rules {
		if n := len(r.holidays); n > 0 {
			from = max(from, (r.holidays[n-1]+2)*daySeconds) // over everywhere
		}
	}
	if _, found := c.nextAllowed(0, from); !found {
		return noSlot("the team's calendar")
	}
	for _, account := range c.accounts {
		if _, found := c.nextAllowed(c.ruleOf[account], from); !found {
			return noSlot("account " + account + "'s calendar together with the team's")
		}
	}
	return nil
}

// noSlot is the error for a calendar that allows nothing.
func noSlot(whose string) error {
	return &drip.InputError{
		Problem: whose + " has no hour that may be used",
		Fix:     "widen days and hours until a whole hour fits, beginning on the hour of the team's clock",
	}
}
