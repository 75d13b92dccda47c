package plan_test

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/plan"
)

// message is one message of a plan. The checker knows of nothing but messages: it expands what the
// planner counts and looks at each one by itself.
type message struct {
	account, step int
	due, slot     drip.Slot
}

// checker judges a plan by the rules alone. It shares no code with the planner, and takes its time.
type checker struct {
	plan.Request
	result   []plan.Slot
	messages []message
}

// check says what is wrong with a plan, or nothing.
func check(request plan.Request, result []plan.Slot) error {
	c := &checker{Request: request, result: result}
	for _, rule := range []func() error{
		c.shape, c.match, c.calendar, c.accountQuotas, c.ownLimits, c.priority, c.minimal, c.fair, c.limits,
	} {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

// shape: slots ascend, totals add up, sends are in order.
func (c *checker) shape() error {
	last := c.From - 1
	for _, s := range c.result {
		sum, lastSend := 0, -1
		for _, send := range s.Sends {
			order := c.account(send.Account)*len(c.Steps) + send.Step
			if send.Count <= 0 || order <= lastSend {
				return fmt.Errorf("slot %v: sends %v", s.Slot.Start(), s.Sends)
			}
			sum, lastSend = sum+send.Count, order
		}
		if sum != s.Total || sum == 0 || s.Slot <= last {
			return fmt.Errorf("slot %v after %v: total %d, sum %d", s.Slot.Start(), last.Start(), s.Total, sum)
		}
		last = s.Slot
	}
	return nil
}

func (c *checker) account(id string) int {
	return slices.IndexFunc(c.Accounts, func(a plan.Account) bool { return a.ID == id })
}

// match gives every message its due, first in, first out: for the first step from the cohorts, for
// the others also from the messages of the step before. Nobody is lost, nobody is added.
func (c *checker) match() error {
	for a := range c.Accounts {
		var before []message
		for step := 1; step <= len(c.Steps); step++ {
			var dues []drip.Slot
			for _, cohort := range c.Cohorts {
				for range cohort.Count {
					if cohort.Account == a && cohort.Step == step {
						dues = append(dues, cohort.Due)
					}
				}
			}
			for _, m := range before {
				dues = append(dues, c.Calendar.Due(c.Accounts[a].ID, m.slot, c.Steps[step-1]))
			}
			slices.Sort(dues)
			before = nil
			for _, slot := range c.slotsOf(a, step) {
				if len(before) == len(dues) || slot < dues[len(before)] {
					return fmt.Errorf("account %d, step %d: message %d in %v, dues %v", a, step, len(before), slot.Start(), dues)
				}
				before = append(before, message{a, step, dues[len(before)], slot})
			}
			if len(before) < len(dues) {
				return fmt.Errorf("account %d, step %d: %d of %d messages", a, step, len(before), len(dues))
			}
			c.messages = append(c.messages, before...)
		}
	}
	slices.SortFunc(c.messages, func(m, n message) int { return cmp.Compare(m.slot, n.slot) })
	return nil
}

// slotsOf is the slot of every message of an account and step.
func (c *checker) slotsOf(account, step int) []drip.Slot {
	var slots []drip.Slot
	for _, s := range c.result {
		for _, send := range s.Sends {
			for range send.Count {
				if send.Account == c.Accounts[account].ID && send.Step == step {
					slots = append(slots, s.Slot)
				}
			}
		}
	}
	return slots
}

func (c *checker) calendar() error {
	for _, m := range c.messages {
		if m.slot < c.From || !c.Calendar.Allows(c.Accounts[m.account].ID, m.slot) {
			return fmt.Errorf("%+v leaves at %v", m, m.slot.Start())
		}
	}
	return nil
}

// accountHolds says whether an account's quotas hold around a slot with these of its messages: in
// the hour, and in every 24 hours that the slot lies in.
func (c *checker) accountHolds(account int, planned map[drip.Slot]int, slot drip.Slot) bool {
	type load struct {
		slot  drip.Slot
		count int
	}
	a := c.Accounts[account]
	var near []load // all that shares an hour or a day with the slot
	hour := planned[slot]
	for s, n := range a.Used {
		if slot-3600 < s && s < slot+3600 {
			hour += n
		}
		if slot-24*3600 < s && s < slot+24*3600 {
			near = append(near, load{s, n})
		}
	}
	for s, n := range planned {
		if slot-24*3600 < s && s < slot+24*3600 {
			near = append(near, load{s, n})
		}
	}
	if hour > a.Quotas.PerSlot() {
		return false
	}
	for _, end := range near {
		day := 0
		for _, l := range near {
			if end.slot-24*3600 < l.slot && l.slot <= end.slot {
				day += l.count
			}
		}
		if end.slot >= slot && day > a.Quotas.PerDay {
			return false
		}
	}
	return true
}

// ownHolds says whether the engagement's limits hold in a slot with these messages.
func (c *checker) ownHolds(planned map[drip.Slot]int, slot drip.Slot) bool {
	if c.PerHour > 0 && planned[slot]+c.Own[slot] > c.PerHour {
		return false
	}
	day := 0
	for _, counts := range []map[drip.Slot]int{planned, c.Own} {
		for s, n := range counts {
			if s > slot-26*3600 && s < slot+26*3600 && c.Calendar.Day(s) == c.Calendar.Day(slot) {
				day += n
			}
		}
	}
	return c.PerDay == 0 || day <= c.PerDay
}

// planned counts messages up to a slot: of one account, or of all (-1).
func (c *checker) planned(account int, until drip.Slot) map[drip.Slot]int {
	planned := make(map[drip.Slot]int)
	for _, m := range c.messages {
		if (account < 0 || m.account == account) && m.slot <= until {
			planned[m.slot]++
		}
	}
	return planned
}

const forever = drip.Slot(1 << 62)

func (c *checker) accountQuotas() error {
	for a := range c.Accounts {
		planned := c.planned(a, forever)
		for slot := range planned {
			if !c.accountHolds(a, planned, slot) {
				return fmt.Errorf("account %d is over its quotas at %v: %v", a, slot.Start(), planned)
			}
		}
	}
	return nil
}

func (c *checker) ownLimits() error {
	planned := c.planned(-1, forever)
	for slot := range planned {
		if !c.ownHolds(planned, slot) {
			return fmt.Errorf("the engagement is over its limits at %v: %v", slot.Start(), planned)
		}
	}
	return nil
}

// waiting are the messages of an account that are due in a slot and leave later.
func (c *checker) waiting(account int, slot drip.Slot) []message {
	var waiting []message
	for _, m := range c.messages {
		if m.account == account && m.due <= slot && m.slot > slot {
			waiting = append(waiting, m)
		}
	}
	return waiting
}

// priority: of an account's messages, follow-ups leave before first messages, and of follow-ups
// those that were due first, then those of the higher step.
func (c *checker) priority() error {
	rank := func(m message) [3]int {
		first := 0
		if m.step == 1 {
			first = 1
		}
		return [3]int{first, int(m.due), -m.step}
	}
	for _, m := range c.messages {
		for _, w := range c.waiting(m.account, m.slot) {
			a, b := rank(w), rank(m)
			if slices.Compare(a[:], b[:]) < 0 {
				return fmt.Errorf("%+v waits for %+v", w, m)
			}
		}
	}
	return nil
}

// minimal: no single message could move to an earlier allowed slot.
func (c *checker) minimal() error {
	seen := make(map[message]bool)
	for _, m := range c.messages {
		if seen[m] {
			continue // another one like it
		}
		seen[m] = true
		account, all := c.planned(m.account, forever), c.planned(-1, forever)
		account[m.slot]--
		all[m.slot]--
		id := c.Accounts[m.account].ID
		for s := c.Calendar.Next(max(m.due, c.From).Start()); s < m.slot; s = c.Calendar.After(s) {
			if !c.Calendar.Allows(id, s) {
				continue
			}
			account[s]++
			all[s]++
			if c.ownHolds(all, s) && c.accountHolds(m.account, account, s) {
				return fmt.Errorf("%+v could leave at %v", m, s.Start())
			}
			account[s]--
			all[s]--
		}
	}
	return nil
}

// hasRoom says whether an account could send one more in a slot, as things stood when it came.
func (c *checker) hasRoom(account int, slot drip.Slot) bool {
	planned := c.planned(account, slot)
	planned[slot]++
	return c.Calendar.Allows(c.Accounts[account].ID, slot) && c.accountHolds(account, planned, slot)
}

// fair: in no slot does an account send two more than another that could send more: neither of all,
// if one of them is a first message, nor of follow-ups. No first message leaves while a follow-up,
// of whatever account, could.
func (c *checker) fair() error {
	for _, s := range c.result {
		followUps, firsts := make([]int, len(c.Accounts)), make([]int, len(c.Accounts))
		for _, m := range c.messages {
			switch {
			case m.slot == s.Slot && m.step > 1:
				followUps[m.account]++
			case m.slot == s.Slot:
				firsts[m.account]++
			}
		}
		for poor := range c.Accounts {
			waiting := c.waiting(poor, s.Slot)
			if len(waiting) == 0 || !c.hasRoom(poor, s.Slot) {
				continue
			}
			followUpWaits := slices.ContainsFunc(waiting, func(m message) bool { return m.step > 1 })
			for rich := range c.Accounts {
				switch {
				case followUpWaits && firsts[rich] > 0:
					return fmt.Errorf("slot %v: a follow-up of account %d waits for first messages of %d", s.Slot.Start(), poor, rich)
				case followUpWaits && followUps[rich] > followUps[poor]+1,
					firsts[rich] > 0 && followUps[rich]+firsts[rich] > followUps[poor]+firsts[poor]+1:
					return fmt.Errorf("slot %v: account %d has more than account %d: follow-ups %v, firsts %v",
						s.Slot.Start(), rich, poor, followUps, firsts)
				}
			}
		}
	}
	return nil
}

// limits: each slot names the first limit that kept it from taking more.
func (c *checker) limits() error {
	for _, s := range c.result {
		all := c.planned(-1, s.Slot)
		all[s.Slot]++
		want, hourly := drip.LimitContacts, false
		for a, account := range c.Accounts {
			if len(c.waiting(a, s.Slot)) == 0 || !c.Calendar.Allows(account.ID, s.Slot) {
				continue
			}
			want = drip.LimitAccountPerDay
			// Were there no limit but the day's: would it fit?
			unlimited := &checker{Request: c.Request, messages: c.messages}
			unlimited.Accounts = slices.Clone(c.Accounts)
			unlimited.Accounts[a].Quotas = drip.Quotas{PerHour: account.Quotas.PerSlot(), PerDay: 1 << 40}
			hourly = hourly || !unlimited.hasRoom(a, s.Slot)
		}
		if want != drip.LimitContacts {
			perHour, perDay := *c, *c
			perHour.PerDay, perDay.PerHour = 0, 0
			switch {
			case !perHour.ownHolds(all, s.Slot):
				want = drip.LimitSequencePerHour
			case !perDay.ownHolds(all, s.Slot):
				want = drip.LimitSequencePerDay
			case hourly:
				want = drip.LimitAccountPerHour
			}
		}
		if s.Limit != want {
			return fmt.Errorf("slot %v is limited by %s, not %s", s.Slot.Start().Format(time.RFC3339), want, s.Limit)
		}
	}
	return nil
}
