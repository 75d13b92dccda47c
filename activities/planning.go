package activities

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/plan"
)

// Schedule makes a plan from what the ledger knows. It is the one way from a ledger to a plan:
// preview, engagement and every later plan go through it, so they agree.
func Schedule(team drip.Team, cal *calendar.Calendar, from drip.Slot, basis ledger.Basis) ([]drip.Booking, error) {
	accounts, index, err := planAccounts(team, basis)
	if err != nil {
		return nil, err
	}
	cohorts := make([]plan.Cohort, len(basis.Cohorts))
	for i, c := range basis.Cohorts {
		cohorts[i] = plan.Cohort{Account: index[c.Account], Step: c.Step, Due: c.Due, Count: c.Count}
	}
	e := basis.Engagement
	slots, err := plan.Make(plan.Request{
		Calendar: cal,
		From:     max(from, e.Start),
		Steps:    e.Sequence.Steps,
		Accounts: accounts,
		Cohorts:  cohorts,
		PerHour:  e.PerHour,
		PerDay:   e.PerDay,
		Own:      basis.Own,
	})
	if err != nil {
		return nil, err
	}
	return bookings(slots), nil
}

// planAccounts are the accounts that the cohorts name, in the team's order, and where each is.
func planAccounts(team drip.Team, basis ledger.Basis) ([]plan.Account, map[string]int, error) {
	needed := map[string]bool{}
	for _, c := range basis.Cohorts {
		needed[c.Account] = true
	}
	var accounts []plan.Account
	index := map[string]int{}
	for _, a := range team.Accounts {
		if needed[a.ID] {
			index[a.ID] = len(accounts)
			accounts = append(accounts, plan.Account{ID: a.ID, Quotas: a.Quotas, Used: basis.Used[a.ID]})
		}
	}
	for _, c := range basis.Cohorts {
		if _, ok := index[c.Account]; !ok {
			return nil, nil, fmt.Errorf("account %s is not in this worker's team file: put it back and restart the worker", c.Account)
		}
	}
	return accounts, index, nil
}

func bookings(slots []plan.Slot) []drip.Booking {
	var all []drip.Booking
	for _, s := range slots {
		for _, send := range s.Sends {
			all = append(all, drip.Booking{
				Slot: s.Slot, Account: send.Account, Step: send.Step, Count: send.Count, Limit: s.Limit,
			})
		}
	}
	return all
}

// Plan makes a new plan of everything that is left, from the first slot that has not begun.
func (a *Activities) Plan(ctx context.Context, in drip.PlanInput) (drip.Agenda, error) {
	defer beat(ctx)()
	info, err := a.Ledger.Engagement(ctx, in.Engagement)
	if err != nil {
		return drip.Agenda{}, lasting(err)
	}
	now := in.Now
	if !info.Rehearsal && a.Clock.Now().After(now) {
		now = a.Clock.Now() // the ledger may have been away since it was asked for
	}
	from := a.Calendar.Next(now)
	req := ledger.PlanRequest{
		ID:      in.Engagement,
		From:    from,
		Now:     now,
		Require: []drip.State{drip.StateScheduled, drip.StateRunning},
		To:      info.State,
		Reason:  in.Reason,
		Why:     map[string]string{},
	}
	if in.Resume {
		// Running is allowed too: an earlier attempt may have done it and not lived to say so.
		req.Require = append(req.Require, drip.StatePaused)
		req.To = drip.StateRunning
		if info.Started.IsZero() {
			req.To = drip.StateScheduled
		}
	}
	for _, w := range in.Why {
		req.Why[w.Account] = w.Reason
	}
	err = a.Ledger.Plan(ctx, req, func(basis ledger.Basis) ([]drip.Booking, error) {
		return Schedule(a.Team, a.Calendar, from, basis)
	})
	if err != nil {
		return drip.Agenda{}, lasting(err)
	}
	return a.agenda(ctx, drip.AgendaInput{Engagement: in.Engagement, Now: now})
}

// Limits of what travels through history. Temporal refuses payloads above 2 MiB and warns from
// 512 KiB on.
const (
	agendaSlots = 200
	agendaSends = 3000    // some 150 KB
	previewSize = 250_000 // bytes of JSON
	previewHeld = 1000
)

// Agenda reads what comes next and how things stand, and changes nothing.
func (a *Activities) Agenda(ctx context.Context, in drip.AgendaInput) (drip.Agenda, error) {
	defer beat(ctx)()
	return a.agenda(ctx, in)
}

func (a *Activities) agenda(ctx context.Context, in drip.AgendaInput) (drip.Agenda, error) {
	info, err := a.Ledger.Engagement(ctx, in.Engagement)
	if err != nil {
		return drip.Agenda{}, lasting(err)
	}
	totals, err := a.Ledger.Totals(ctx, in.Engagement)
	if err != nil {
		return drip.Agenda{}, err
	}
	next, more, err := a.Ledger.Bookings(ctx, in.Engagement, 0, agendaSlots)
	if err != nil {
		return drip.Agenda{}, err
	}
	agenda := drip.Agenda{
		Sequence:  info.Sequence.Name,
		State:     info.State,
		Contacts:  info.Contacts,
		Held:      info.Held,
		Rehearsal: info.Rehearsal,
		More:      more,
		Accounts:  totals,
		Zoned:     in.Now.In(a.Calendar.Zone()),
	}
	a.fillSlots(&agenda, next)
	if in.Preview {
		if agenda.Preview, err = a.preview(ctx, info); err != nil {
			return drip.Agenda{}, err
		}
	}
	return agenda, nil
}

func (a *Activities) fillSlots(agenda *drip.Agenda, next []drip.Booking) {
	var p drip.Plan
	p.SetSlots(next, a.Calendar.Zone())
	sends := 0
	for i, s := range p.Slots {
		if sends += len(s.Sends); i > 0 && sends > agendaSends {
			agenda.More += len(p.Slots) - i
			break
		}
		agenda.Slots = append(agenda.Slots, drip.AgendaSlot{Start: s.Start, Sends: s.Sends})
	}
}

// preview is the plan as engaged, as far as it fits, without the addresses of the held.
func (a *Activities) preview(ctx context.Context, info ledger.Info) (*drip.Plan, error) {
	p, err := ledger.Plan(ctx, a.Ledger, info.ID, a.Calendar.Zone())
	if err != nil {
		return nil, err
	}
	if len(p.Held) > previewHeld {
		p.MoreHeld = len(p.Held) - previewHeld
		p.Held = p.Held[:previewHeld]
	}
	for i := range p.Held {
		p.Held[i].Email = ""
		if r := p.Held[i].Reason; r == drip.HeldBlocklisted || r == drip.HeldNoOwner || r == drip.HeldInvalidEmail {
			p.Held[i].Detail = "" // may be an address
		}
	}
	slots := p.Slots
	p.Slots = []drip.PlanSlot{}
	size := 0
	for i, s := range slots {
		line, err := json.Marshal(s)
		if err != nil {
			return nil, fmt.Errorf("encode the preview: %w", err)
		}
		if size += len(line); size > previewSize {
			p.MoreSlots = len(slots) - i
			break
		}
		p.Slots = append(p.Slots, s)
	}
	return &p, nil
}
