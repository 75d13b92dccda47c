package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// keepSlots is how many past slots a report keeps: a year of working days, and below 200 KB.
const keepSlots = 2000

func (s *sequence) listenQueries(ctx workflow.Context) error {
	err := workflow.SetQueryHandlerWithOptions(ctx, QueryPreview, s.preview,
		workflow.QueryHandlerOptions{Description: "The plan as it was engaged, in JSON."})
	if err != nil {
		return fmt.Errorf("register query %s: %w", QueryPreview, err)
	}
	err = workflow.SetQueryHandlerWithOptions(ctx, QueryReport, s.report,
		workflow.QueryHandlerOptions{Description: "What became of the engagement so far, in JSON."})
	if err != nil {
		return fmt.Errorf("register query %s: %w", QueryReport, err)
	}
	return nil
}

func (s *sequence) preview() (drip.Plan, error) {
	if s.Agenda.Preview == nil {
		return drip.Plan{}, fmt.Errorf("the plan has not been read yet: ask again in a moment")
	}
	return *s.Agenda.Preview, nil
}

func (s *sequence) report() (drip.Report, error) {
	r := drip.Report{
		ID:       s.engagement,
		Sequence: s.Agenda.Sequence,
		State:    s.State,
		Contacts: s.Agenda.Contacts,
		Held:     s.Agenda.Held,
		Started:  s.Started,
		Finished: s.Finished,
		Reason:   s.Reason,
		Totals:   s.totals(),
		Accounts: []drip.AccountTotals{},
		Steps:    s.steps(),
		Slots:    append([]drip.SlotTotals{}, s.Past...),
	}
	r.MoreSlots = s.Older + s.Agenda.More
	for _, account := range s.Agenda.Accounts {
		t := drip.AccountTotals{Account: account.Account}
		for _, step := range account.Steps {
			t.Totals.Add(step)
		}
		r.Accounts = append(r.Accounts, t)
	}
	for i, slot := range s.Agenda.Slots {
		if i == 0 {
			r.NextSlot = &slot.Start
		}
		r.Slots = append(r.Slots, drip.SlotTotals{Start: slot.Start, Planned: slot.Total()})
	}
	return r, nil
}

func (s *sequence) totals() drip.Totals {
	var sum drip.Totals
	for _, account := range s.Agenda.Accounts {
		for _, step := range account.Steps {
			sum.Add(step)
		}
	}
	return sum
}

func (s *sequence) steps() []drip.StepTotals {
	steps := []drip.StepTotals{}
	for _, account := range s.Agenda.Accounts {
		for i, totals := range account.Steps {
			if i == len(steps) {
				steps = append(steps, drip.StepTotals{Step: i + 1})
			}
			steps[i].Totals.Add(totals)
		}
	}
	return steps
}

func (s *sequence) setAccount(totals drip.AccountSteps) {
	for i := range s.Agenda.Accounts {
		if s.Agenda.Accounts[i].Account == totals.Account {
			s.Agenda.Accounts[i] = totals
			return
		}
	}
	s.Agenda.Accounts = append(s.Agenda.Accounts, totals)
}

func (s *sequence) remember(slot drip.SlotTotals) {
	s.Past = append(s.Past, slot)
	if extra := len(s.Past) - keepSlots; extra > 0 {
		s.Past = append([]drip.SlotTotals(nil), s.Past[extra:]...)
		s.Older += extra
	}
}
