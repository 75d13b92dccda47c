package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// usageBack is how far before its first slot a plan looks at what is used: any 24 hours that reach
// into it, and a calendar day of 25.
const usageBack = 25 * time.Hour

// Usage reads what accounts have booked or used. See ledger.Planning.
func (s *Store) Usage(ctx context.Context, accounts []string, since drip.Slot) (ledger.Usage, error) {
	names, err := json.Marshal(accounts)
	if err != nil {
		return nil, err
	}
	used := ledger.Usage{}
	for _, a := range accounts {
		used[a] = map[drip.Slot]int{}
	}
	err = s.snapshot(ctx, func(v *view) error {
		return readUsage(v, used, "(SELECT a.number FROM accounts a WHERE a.id IN (SELECT value FROM json_each(?1)))", string(names), since)
	})
	if err != nil {
		return nil, fmt.Errorf("read what is booked: %w", err)
	}
	return used, nil
}

// readUsage adds up what the accounts have, which a subquery on ?1 selects, in slots after since.
func readUsage(r reader, used ledger.Usage, accounts string, arg any, since drip.Slot) error {
	return r.each(`SELECT a.id, b.slot, sum(b.booked - b.freed) FROM bookings b JOIN accounts a ON a.number = b.account
		WHERE b.account IN `+accounts+` AND b.slot > ?2 GROUP BY b.account, b.slot HAVING sum(b.booked - b.freed) > 0`,
		[]any{arg, int64(since)}, func(scan func(...any) error) error {
			var id string
			var slot drip.Slot
			var n int
			if err := scan(&id, &slot, &n); err != nil {
				return err
			}
			if used[id] == nil {
				used[id] = map[drip.Slot]int{}
			}
			used[id][slot] = n
			return nil
		})
}

// Plan makes a new plan. See ledger.Planning.
func (s *Store) Plan(ctx context.Context, req ledger.PlanRequest, make func(ledger.Basis) ([]drip.Booking, error)) error {
	to, err := stateCode(req.To)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return s.write(ctx, heavy, func(t *tx) error {
		e, err := find(t, req.ID)
		if err != nil {
			return err
		}
		if !slices.Contains(req.Require, e.state) {
			return ledger.ErrState
		}
		accounts, err := accountNumbers(t, e.number)
		if err != nil {
			return err
		}
		if err := t.giveBack(e, req); err != nil {
			return fmt.Errorf("give back bookings: %w", err)
		}
		basis, err := t.basis(e, req.From, accounts)
		if err != nil {
			return fmt.Errorf("read what a plan is made from: %w", err)
		}
		bookings, err := make(basis)
		if err != nil {
			return err
		}
		if err := t.book(e, req.From, bookings, accounts); err != nil {
			return fmt.Errorf("book a plan: %w", err)
		}
		_, err = t.exec("UPDATE engagements SET state = ?1, reason = '', created = iif(state = 0, ?2, created) WHERE number = ?3",
			to, nanos(req.Now), e.number)
		return err
	})
}

// giveBack frees the engagement's bookings: those of passed slots leave a trace, with a move for what
// they did not send; those to come are as if they had never been.
func (t *tx) giveBack(e engagement, req ledger.PlanRequest) error {
	type missed struct {
		slot    int64
		account int64
		id      string
		count   int
	}
	var moves []missed
	err := t.each(`SELECT c.slot, c.account, a.id, sum(c.booked - c.used - c.missed) FROM capacity c JOIN accounts a ON a.number = c.account
		WHERE c.engagement = ?1 AND c.slot < ?2 AND c.booked - c.used - c.missed > 0
		GROUP BY c.slot, c.account ORDER BY c.slot, a.id`, []any{e.number, int64(req.From)},
		func(scan func(...any) error) error {
			var m missed
			err := scan(&m.slot, &m.account, &m.id, &m.count)
			moves = append(moves, m)
			return err
		})
	if err != nil {
		return err
	}
	for _, m := range moves {
		reason := req.Reason
		if why, ok := req.Why[m.id]; ok {
			reason = why
		}
		if _, err := t.exec("INSERT INTO moves (engagement, at, slot, account, moved, reason) VALUES (?, ?, ?, ?, ?, ?)",
			e.number, nanos(req.Now), m.slot, m.account, m.count, reason); err != nil {
			return err
		}
	}
	if err := t.free(e, int64(req.From), true); err != nil {
		return err
	}
	return t.drop(e, int64(req.From))
}

// used is what a booking has spent, the message in hand included. It is capacity.used, for updates.
const used = `(sent + failed + unknown + deferred + EXISTS (SELECT 1 FROM accounts a WHERE a.number = bookings.account
	AND a.hand_engagement = bookings.engagement AND a.hand_slot = bookings.slot AND a.hand_step = bookings.step))`

// free gives back what is unused in slots before one. missed says whether it counts as something
// that the slot had planned when it began.
func (t *tx) free(e engagement, before int64, missed bool) error {
	_, err := t.exec(`UPDATE bookings SET freed = booked - `+used+`, missed = iif(?3, booked - `+used+`, missed)
		WHERE engagement = ?1 AND slot < ?2 AND booked - `+used+` > iif(?3, min(freed, missed), freed)`, e.number, before, missed)
	return err
}

// drop removes what is unused in slots from one on.
func (t *tx) drop(e engagement, from int64) error {
	if _, err := t.exec("DELETE FROM bookings WHERE engagement = ? AND slot >= ? AND "+used+" = 0", e.number, from); err != nil {
		return err
	}
	_, err := t.exec("UPDATE bookings SET booked = "+used+", freed = 0, missed = 0 WHERE engagement = ? AND slot >= ?", e.number, from)
	return err
}

// book writes the bookings of a plan.
func (t *tx) book(e engagement, from drip.Slot, bookings []drip.Booking, accounts map[string]int64) error {
	for _, b := range bookings {
		account, ok := accounts[b.Account]
		if !ok || b.Slot < from || b.Step < 1 || b.Step > e.steps || b.Count < 1 {
			return fmt.Errorf("a booking does not fit: account %s, step %d, slot %s, count %d",
				b.Account, b.Step, b.Slot.Start().Format(time.RFC3339), b.Count)
		}
		if _, err := t.exec(`INSERT INTO bookings (account, slot, engagement, step, bound, booked) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET booked = booked + excluded.booked, bound = excluded.bound`,
			account, int64(b.Slot), e.number, b.Step, string(b.Limit), b.Count); err != nil {
			return err
		}
	}
	return nil
}
