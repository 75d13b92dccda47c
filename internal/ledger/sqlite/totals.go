package sqlite

import (
	"context"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// Totals counts messages by account and step. See ledger.Reading.
func (s *Store) Totals(ctx context.Context, id string) (all []drip.AccountSteps, err error) {
	err = s.snapshot(ctx, func(v *view) error {
		e, err := shown(v, id)
		if err != nil {
			return err
		}
		all, err = v.totals(e, "")
		return err
	})
	return all, err
}

// totals counts from the bookings, which know what became of all that was handed over; no message is
// looked at. account, unless empty, asks for that one alone.
func (v *view) totals(e engagement, account string) ([]drip.AccountSteps, error) {
	var all []drip.AccountSteps
	at := map[int64]int{}
	const of = " AND (?2 = '' OR a.id = ?2) "
	err := v.each("SELECT a.number, a.id, s.contacts FROM senders s JOIN accounts a ON a.number = s.account WHERE s.engagement = ?1"+of+"ORDER BY a.id",
		[]any{e.number, account}, func(scan func(...any) error) error {
			var number int64
			var contacts int
			one := drip.AccountSteps{Steps: make([]drip.Totals, e.steps)}
			err := scan(&number, &one.Account, &contacts)
			for i := range one.Steps {
				one.Steps[i].Planned = contacts
			}
			at[number] = len(all)
			all = append(all, one)
			return err
		})
	if err != nil {
		return nil, err
	}
	// The queries below give what is not planned any more.
	add := func(scan func(...any) error) error {
		var number int64
		var step int
		var t drip.Totals
		if err := scan(&number, &step, &t.Sent, &t.Failed, &t.Skipped, &t.Unknown); err != nil {
			return err
		}
		t.Planned = -t.Sum()
		all[at[number]].Steps[step-1].Add(t)
		return nil
	}
	err = v.each(`SELECT b.account, b.step, sum(b.sent), sum(b.failed), 0, sum(b.unknown) FROM bookings b JOIN accounts a ON a.number = b.account
		WHERE b.engagement = ?1`+of+"GROUP BY b.account, b.step", []any{e.number, account}, add)
	if err == nil {
		err = v.each("SELECT k.account, k.step, 0, 0, k.skipped, 0 FROM skips k JOIN accounts a ON a.number = k.account WHERE k.engagement = ?1"+of,
			[]any{e.number, account}, add)
	}
	if e.state.Ended() {
		for _, one := range all {
			for i := range one.Steps {
				one.Steps[i].Skipped += one.Steps[i].Planned
				one.Steps[i].Planned = 0
			}
		}
	}
	return all, err
}

// Tally counts one account's messages, and those of one slot. See ledger.Delivering.
func (s *Store) Tally(ctx context.Context, id, account string, slot drip.Slot) (ledger.Tally, error) {
	var t ledger.Tally
	err := s.snapshot(ctx, func(v *view) error {
		e, err := shown(v, id)
		if err != nil {
			return err
		}
		all, err := v.totals(e, account)
		if err != nil {
			return err
		}
		t.Steps = make([]drip.Totals, e.steps)
		if len(all) == 1 {
			t.Steps = all[0].Steps
		}
		_, err = v.get(`SELECT `+slotSums+`, coalesce(sum(c.unused), 0) FROM capacity c JOIN accounts a ON a.number = c.account
			WHERE c.engagement = ? AND a.id = ? AND c.slot = ?`, []any{e.number, account, int64(slot)},
			&t.Slot.Planned, &t.Slot.Sent, &t.Slot.Failed, &t.Slot.Unknown, &t.Left)
		return err
	})
	return t, err
}

// slotSums adds up bookings of a slot. What was given back before the slot began was not its plan:
// then nothing is left of the booking, and nothing was missed.
const slotSums = `coalesce(sum(iif(c.freed = c.booked AND c.missed = 0, 0, c.booked)), 0),
	coalesce(sum(c.sent), 0), coalesce(sum(c.failed), 0), coalesce(sum(c.unknown), 0)`

// Slots holds the plan of each slot against what happened in it. See ledger.Reading.
func (s *Store) Slots(ctx context.Context, id string) (all []ledger.SlotSums, err error) {
	err = s.ask(ctx, id, "SELECT c.slot, "+slotSums+" FROM capacity c WHERE c.engagement = ? GROUP BY c.slot ORDER BY c.slot",
		nil, func(scan func(...any) error) error {
			var one ledger.SlotSums
			err := scan(&one.Slot, &one.Planned, &one.Sent, &one.Failed, &one.Unknown)
			if one != (ledger.SlotSums{Slot: one.Slot}) {
				all = append(all, one)
			}
			return err
		})
	return all, err
}
