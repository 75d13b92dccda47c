package plan

import (
	"fmt"

	"github.com/dripline/dripline/internal/drip"
)

// usable refuses an account that has work and can never do any of it.
func (p *planner) usable(a *sender) error {
	if a.next == never {
		return nil
	}
	switch {
	case a.quotas.PerHour <= 0:
		return refuse(a, "may send nothing: its per_hour is 0", "raise per_hour of account %s in the team file")
	case a.quotas.PerDay <= 0:
		return refuse(a, "may send nothing: its per_day is 0", "raise per_day of account %s in the team file")
	case a.perSlot <= 0:
		return refuse(a, fmt.Sprintf("may send nothing: its min_gap of %s is longer than a slot", a.quotas.MinGap),
			"give account %s a min_gap of at most one hour in the team file")
	case a.next > p.end:
		return refuse(a, "has no hour within ten years that its calendar and the team's allow",
			"widen days and hours of account %s in the team file")
	}
	return nil
}

// unfinished says which limit or account is too small for what is still to be sent.
func (p *planner) unfinished() error {
	const problem, fix = "with %d the engagement does not end within ten years", "raise it, or engage fewer contacts"
	switch p.limit {
	case drip.LimitSequencePerHour:
		return &drip.InputError{File: "--per-hour", Problem: fmt.Sprintf(problem, p.PerHour), Fix: fix}
	case drip.LimitSequencePerDay:
		return &drip.InputError{File: "--per-day", Problem: fmt.Sprintf(problem, p.PerDay), Fix: fix}
	}
	slowest := &p.accounts[0]
	for i := range p.accounts {
		if p.accounts[i].left() > slowest.left() {
			slowest = &p.accounts[i]
		}
	}
	return refuse(slowest, fmt.Sprintf("cannot send all within ten years: %d messages are left over", slowest.left()),
		"raise per_hour and per_day of account %s in the team file, widen its days and hours, or give it fewer contacts")
}

func refuse(a *sender, problem, fix string) error {
	return &drip.InputError{Problem: "account " + a.id + " " + problem, Fix: fmt.Sprintf(fix, a.id)}
}
