package sqlite

import (
	"context"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

const infoQuery = "SELECT config, created, state, reason, contacts, held, started, finished FROM engagements WHERE state NOT IN (0, 7) "

func scanInfo(scan func(...any) error) (ledger.Info, error) {
	var i ledger.Info
	var config string
	var created, started, finished int64
	var state int
	if err := scan(&config, &created, &state, &i.Reason, &i.Contacts, &i.Held, &started, &finished); err != nil {
		return i, err
	}
	var err error
	i.Engagement, err = configOf(config, created)
	i.State, i.Started, i.Finished = engagementStates[state], instant(started), instant(finished)
	return i, err
}

// Engagement reads one engagement. See ledger.Reading.
func (s *Store) Engagement(ctx context.Context, id string) (info ledger.Info, err error) {
	found := false
	err = s.snapshot(ctx, func(v *view) error {
		return v.each(infoQuery+"AND id = ?", []any{id}, func(scan func(...any) error) (err error) {
			found = true
			info, err = scanInfo(scan)
			return err
		})
	})
	if err == nil && !found {
		err = ledger.ErrNotFound
	}
	return info, err
}

// List reads all engagements. See ledger.Reading.
func (s *Store) List(ctx context.Context) (all []ledger.Info, err error) {
	err = s.snapshot(ctx, func(v *view) error {
		return v.each(infoQuery+"ORDER BY created DESC, number DESC", nil, func(scan func(...any) error) error {
			info, err := scanInfo(scan)
			all = append(all, info)
			return err
		})
	})
	return all, err
}

// ask runs a query about one engagement, whose number is its first parameter.
func (s *Store) ask(ctx context.Context, id, query string, args []any, row func(scan func(...any) error) error) error {
	return s.snapshot(ctx, func(v *view) error {
		e, err := shown(v, id)
		if err != nil {
			return err
		}
		return v.each(query, append([]any{e.number}, args...), row)
	})
}

// Bookings reads the unused bookings. See ledger.Reading.
func (s *Store) Bookings(ctx context.Context, id string, from drip.Slot, limit int) (all []drip.Booking, more int, err error) {
	err = s.snapshot(ctx, func(v *view) error {
		e, err := shown(v, id)
		if err != nil {
			return err
		}
		to := int64(everySlot)
		if limit > 0 {
			if to, more, err = v.endOf(e, from, limit); err != nil {
				return err
			}
		}
		return v.each(`SELECT c.slot, a.id, c.step, c.unused, c.bound FROM capacity c JOIN accounts a ON a.number = c.account
			WHERE c.engagement = ? AND c.slot >= ? AND c.slot < ? AND c.unused > 0 ORDER BY c.slot, a.id, c.step`,
			[]any{e.number, int64(from), to}, func(scan func(...any) error) error {
				var b drip.Booking
				err := scan(&b.Slot, &b.Account, &b.Step, &b.Count, &b.Limit)
				all = append(all, b)
				return err
			})
	})
	return all, more, err
}

// endOf finds the slot before which the first limit slots with unused bookings lie, and how many
// come after.
func (v *view) endOf(e engagement, from drip.Slot, limit int) (end int64, more int, err error) {
	end = everySlot
	n := 0
	err = v.each("SELECT DISTINCT slot FROM capacity WHERE engagement = ? AND slot >= ? AND unused > 0 ORDER BY slot",
		[]any{e.number, int64(from)}, func(scan func(...any) error) error {
			var slot int64
			if err := scan(&slot); err != nil {
				return err
			}
			if n++; n == limit+1 {
				end = slot
			}
			return nil
		})
	return end, max(0, n-limit), err
}

// Senders counts contacts per account. See ledger.Reading.
func (s *Store) Senders(ctx context.Context, id string) (all []drip.Sender, err error) {
	all = []drip.Sender{}
	err = s.ask(ctx, id, "SELECT a.id, s.contacts FROM senders s JOIN accounts a ON a.number = s.account WHERE s.engagement = ? ORDER BY a.id",
		nil, func(scan func(...any) error) error {
			var one drip.Sender
			err := scan(&one.Account, &one.Contacts)
			all = append(all, one)
			return err
		})
	return all, err
}

// HeldContacts reads who was left out. See ledger.Reading.
func (s *Store) HeldContacts(ctx context.Context, id string) (all []drip.Held, err error) {
	all = []drip.Held{}
	err = s.ask(ctx, id, "SELECT email, line, reason, detail FROM held WHERE engagement = ? ORDER BY line, number",
		nil, func(scan func(...any) error) error {
			var h drip.Held
			err := scan(&h.Email, &h.Row, &h.Reason, &h.Detail)
			all = append(all, h)
			return err
		})
	return all, err
}

// Waits reads which accounts wait after a fault. See ledger.Reading.
func (s *Store) Waits(ctx context.Context, id string, now time.Time) (all []ledger.AccountWait, err error) {
	err = s.ask(ctx, id, `SELECT a.id, a.wait_until, a.wait_reason FROM senders s JOIN accounts a ON a.number = s.account
		WHERE s.engagement = ? AND a.wait_until > ? ORDER BY a.id`,
		[]any{nanos(now)}, func(scan func(...any) error) error {
			var w ledger.AccountWait
			var until int64
			err := scan(&w.Account, &until, &w.Reason)
			w.Until = instant(until)
			all = append(all, w)
			return err
		})
	return all, err
}

// Moves reads what slots had planned and did not send. See ledger.Reading.
func (s *Store) Moves(ctx context.Context, id string) (all []ledger.Move, err error) {
	err = s.ask(ctx, id, `SELECT m.at, m.slot, a.id, m.moved, m.reason FROM moves m JOIN accounts a ON a.number = m.account
		WHERE m.engagement = ? ORDER BY m.at, m.slot, a.id`,
		nil, func(scan func(...any) error) error {
			var m ledger.Move
			var at int64
			err := scan(&at, &m.Slot, &m.Account, &m.Count, &m.Reason)
			m.At = instant(at)
			all = append(all, m)
			return err
		})
	return all, err
}
