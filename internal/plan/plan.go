// Package plan decides how many messages of which step leave from which account in which slot.
//
// Make goes through the slots in order of time and puts into each as much as every quota permits:
// the account's (over all engagements) and the engagement's own. So no message could leave earlier
// without breaking a quota. Follow-ups go before first messages. Where the engagement's quota does
// not suffice for all accounts, it is shared as evenly as their own quotas permit.
//
// Contacts are only ever counted: the work grows with slots and accounts, not with contacts. Nothing
// is read but the request, so the same request always has the same plan. What a slot gets depends
// only on what is left and booked when it comes, so planning the rest of a plan that went as planned
// gives the rest of that plan.
//
// A plan that cannot end within calendar.Horizon is a *drip.InputError that names the account or the
// limit that is too small.
package plan

import (
	"fmt"
	"math"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
)

// Account is a sender with its quotas, and what it already has to do.
type Account struct {
	ID     string
	Quotas drip.Quotas
	// Used counts what every engagement has booked, in hand or handed over in each slot, but for
	// what is being planned: of the 25 hours before Request.From, and of all slots after.
	Used map[drip.Slot]int
}

// Cohort is a number of contacts of an account that have the same step next.
type Cohort struct {
	Account int       // index in Request.Accounts
	Step    int       // the step that is next, counted from 1
	Due     drip.Slot // the first slot it may leave in
	Count   int
}

// Request is all that a plan is made from.
type Request struct {
	Calendar *calendar.Calendar
	From     drip.Slot // nothing is planned before it
	Steps    []drip.Step
	Accounts []Account
	Cohorts  []Cohort
	// PerHour and PerDay limit the engagement over all its accounts; 0 is no limit. A day is one of
	// the team's calendar.
	PerHour, PerDay int
	// Own counts what the engagement itself handed over or has in hand in each slot; it uses up
	// PerHour and PerDay.
	Own map[drip.Slot]int
}

// Slot is what leaves in one slot.
type Slot struct {
	Slot  drip.Slot
	Total int         // above 0
	Limit drip.Limit  // what kept the slot from taking more
	Sends []drip.Send // in order of account, as in the request, and step
}

// Make plans every step of every cohort, in order of time.
func Make(request Request) ([]Slot, error) {
	p, err := begin(request)
	if err != nil {
		return nil, err
	}
	var plan []Slot
	for {
		s := p.nextSlot()
		if s == never {
			return plan, nil
		}
		if s > p.end {
			return nil, p.unfinished()
		}
		if slot := p.fill(s); slot.Total > 0 {
			plan = append(plan, slot)
		}
	}
}

// never is later than any slot.
const never = drip.Slot(math.MaxInt64)

// planner is a plan in the making.
type planner struct {
	Request
	end      drip.Slot
	accounts []sender
	days     map[drip.Date]int // what the engagement has in each day of the team
	limit    drip.Limit        // of the slot that was planned last

	// Of the slot being planned, kept to be used again.
	active []*sender
	shares []share
}

// begin sets the table: nothing has been planned yet.
func begin(request Request) (*planner, error) {
	p := &planner{
		Request:  request,
		end:      request.From.Add(calendar.Horizon),
		accounts: make([]sender, len(request.Accounts)),
		days:     make(map[drip.Date]int),
	}
	for i, account := range request.Accounts {
		p.accounts[i] = newSender(account, len(request.Steps))
	}
	for _, cohort := range request.Cohorts {
		if cohort.Account < 0 || cohort.Account >= len(p.accounts) || cohort.Step < 1 || cohort.Step > len(p.Steps) {
			return nil, fmt.Errorf("plan: cohort of account %d, step %d: there are %d accounts and %d steps",
				cohort.Account, cohort.Step, len(p.accounts), len(p.Steps))
		}
		if cohort.Count > 0 {
			p.accounts[cohort.Account].queues[cohort.Step-1].push(cohort.Due, cohort.Count)
		}
	}
	for slot, count := range p.Own {
		p.days[p.Calendar.Day(slot)] += count // a sum: the order does not matter
	}
	for i := range p.accounts {
		a := &p.accounts[i]
		a.next = p.nextOf(a, p.From)
		if err := p.usable(a); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// nextSlot is the next slot in which any account has something to send and may.
func (p *planner) nextSlot() drip.Slot {
	next := never
	for i := range p.accounts {
		next = min(next, p.accounts[i].next)
	}
	return next
}

// nextOf is the first slot at or after from in which an account has something to send and may.
func (p *planner) nextOf(a *sender, from drip.Slot) drip.Slot {
	due := a.earliest()
	if due == never {
		return never
	}
	next, found := p.Calendar.NextAllowed(a.id, max(due, from))
	if !found {
		return p.end + 1
	}
	return next
}

// fill plans one slot.
func (p *planner) fill(s drip.Slot) Slot {
	p.active = p.active[:0]
	for i := range p.accounts {
		if a := &p.accounts[i]; a.next == s {
			a.reach(s)
			p.active = append(p.active, a)
		}
	}
	date, allowance := p.allowance(s)
	total := p.share(s, allowance)
	p.limit = p.limitOf(s, total, date)

	slot := Slot{Slot: s, Total: total, Limit: p.limit}
	if total > 0 {
		p.days[date] += total
		slot.Sends = make([]drip.Send, 0, len(p.active))
	}
	for _, a := range p.active {
		a.take()
		for k, count := range a.sent {
			if count == 0 {
				continue
			}
			slot.Sends = append(slot.Sends, drip.Send{Account: a.id, Step: k + 1, Count: count})
			if k+1 < len(p.Steps) {
				a.queues[k+1].push(p.Calendar.Due(a.id, s, p.Steps[k+1]), count)
			}
		}
		a.loads.add(s, a.followUps+a.firsts)
		a.next = p.nextOf(a, s+1)
	}
	return slot
}

// allowance is how many messages the engagement's own limits still allow in a slot, and its day.
func (p *planner) allowance(s drip.Slot) (drip.Date, int) {
	date, allowance := p.Calendar.Day(s), math.MaxInt
	if p.PerHour > 0 {
		allowance = p.PerHour - p.Own[s]
	}
	if p.PerDay > 0 {
		allowance = min(allowance, p.PerDay-p.days[date])
	}
	return date, max(allowance, 0)
}

// share divides the allowance among the active accounts, follow-ups first, and says how much of it
// was given.
func (p *planner) share(s drip.Slot, allowance int) int {
	p.shares = p.shares[:0]
	for _, a := range p.active {
		p.shares = append(p.shares, share{most: min(a.room, a.dueFollowUps)})
	}
	divide(p.shares, allowance, s)
	for i, a := range p.active {
		a.followUps = p.shares[i].gets
		p.shares[i] = share{least: a.followUps, most: min(a.room, a.followUps+a.dueFirsts)}
	}
	divide(p.shares, allowance, s)
	total := 0
	for i, a := range p.active {
		a.firsts = p.shares[i].gets - a.followUps
		total += p.shares[i].gets
	}
	return total
}

// limitOf says what kept a slot from taking more than total.
func (p *planner) limitOf(s drip.Slot, total int, date drip.Date) drip.Limit {
	waiting, hourly := false, false
	for _, a := range p.active {
		if sends := a.followUps + a.firsts; sends < a.dueFollowUps+a.dueFirsts {
			waiting = true
			hourly = hourly || sends >= a.hourRoom
		}
	}
	switch {
	case !waiting:
		return drip.LimitContacts
	case p.PerHour > 0 && total+p.Own[s] >= p.PerHour:
		return drip.LimitSequencePerHour
	case p.PerDay > 0 && total+p.days[date] >= p.PerDay:
		return drip.LimitSequencePerDay
	case hourly:
		return drip.LimitAccountPerHour
	default:
		return drip.LimitAccountPerDay
	}
}
