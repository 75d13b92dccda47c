package ledger

import (
	"context"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Plan is an engagement's plan as it stands: its unused bookings, who sends and who is held. Times
// are given in the zone.
func Plan(ctx context.Context, l Reading, id string, zone *time.Location) (drip.Plan, error) {
	info, err := l.Engagement(ctx, id)
	if err != nil {
		return drip.Plan{}, err
	}
	p := drip.Plan{
		ID:       id,
		Sequence: info.Sequence.Name,
		Contacts: info.Contacts,
		Start:    info.Start.Start().In(zone),
	}
	p.Finish = p.Start
	if p.Senders, err = l.Senders(ctx, id); err != nil {
		return drip.Plan{}, err
	}
	if p.Held, err = l.HeldContacts(ctx, id); err != nil {
		return drip.Plan{}, err
	}
	bookings, _, err := l.Bookings(ctx, id, 0, 0)
	if err != nil {
		return drip.Plan{}, err
	}
	p.SetSlots(bookings, zone)
	if len(p.Slots) > 0 && info.Started.IsZero() {
		p.Start = p.Slots[0].Start
	}
	return p, nil
}

// Report is what became of an engagement, as the ledger has it at this moment. Times are given in
// the zone.
func Report(ctx context.Context, l Reading, id string, zone *time.Location, now time.Time) (drip.Report, error) {
	info, err := l.Engagement(ctx, id)
	if err != nil {
		return drip.Report{}, err
	}
	r := drip.Report{
		ID:       id,
		Sequence: info.Sequence.Name,
		State:    info.State,
		Contacts: info.Contacts,
		Held:     info.Held,
		Started:  zoned(info.Started, zone),
		Finished: zoned(info.Finished, zone),
		Reason:   info.Reason,
		Accounts: []drip.AccountTotals{},
		Steps:    []drip.StepTotals{},
		Slots:    []drip.SlotTotals{},
	}
	if err := fillTotals(ctx, l, &r, zone, now); err != nil {
		return drip.Report{}, err
	}
	slots, err := l.Slots(ctx, id)
	if err != nil {
		return drip.Report{}, err
	}
	for _, s := range slots {
		r.Slots = append(r.Slots, drip.SlotTotals{
			Start: s.Slot.Start().In(zone), Planned: s.Planned, Sent: s.Sent, Failed: s.Failed, Unknown: s.Unknown,
		})
	}
	next, _, err := l.Bookings(ctx, id, 0, 1)
	if err != nil {
		return drip.Report{}, err
	}
	if len(next) > 0 && !info.State.Ended() {
		r.NextSlot = zoned(next[0].Slot.Start(), zone)
	}
	return r, nil
}

func fillTotals(ctx context.Context, l Reading, r *drip.Report, zone *time.Location, now time.Time) error {
	accounts, err := l.Totals(ctx, r.ID)
	if err != nil {
		return err
	}
	waits, err := l.Waits(ctx, r.ID, now)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		t := drip.AccountTotals{Account: account.Account}
		for i, step := range account.Steps {
			if i == len(r.Steps) {
				r.Steps = append(r.Steps, drip.StepTotals{Step: i + 1})
			}
			r.Steps[i].Totals.Add(step)
			t.Totals.Add(step)
		}
		for _, w := range waits {
			if w.Account == account.Account {
				t.Waiting, t.Until = w.Reason, zoned(w.Until, zone)
			}
		}
		r.Totals.Add(t.Totals)
		r.Accounts = append(r.Accounts, t)
	}
	return nil
}

func zoned(t time.Time, zone *time.Location) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.In(zone)
	return &t
}
