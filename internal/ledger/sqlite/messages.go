package sqlite

import (
	"context"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// Messages tells of every message. See ledger.Reading.
func (s *Store) Messages(ctx context.Context, id string, each func(ledger.Row) error) error {
	return s.snapshot(ctx, func(v *view) error {
		e, err := shown(v, id)
		if err != nil {
			return err
		}
		l, err := v.lister(e)
		if err != nil {
			return err
		}
		return v.each(`SELECT m.contact, c.email, m.account, m.step, m.state, m.slot, m.at, m.message_id, m.answer, m.reason
			FROM messages m CROSS JOIN contacts c
			WHERE m.engagement = ?1 AND c.engagement = ?1 AND c.contact = m.contact ORDER BY m.contact, m.step`,
			[]any{e.number}, func(scan func(...any) error) error {
				r, err := l.row(scan)
				if err != nil {
					return err
				}
				return each(r)
			})
	})
}

// lister makes rows of what messages hold and what follows from elsewhere: what is in hand, where the
// bookings put what is planned, and that nothing is planned in an engagement that has ended.
type lister struct {
	engagement
	reason   string
	accounts map[int64]string
	inHand   map[message]drip.Slot
	plan     *projection
}

// message names a message of one engagement.
type message struct{ contact, step int }

func (v *view) lister(e engagement) (*lister, error) {
	l := &lister{engagement: e, inHand: map[message]drip.Slot{}}
	if _, err := v.get("SELECT reason FROM engagements WHERE number = ?", []any{e.number}, &l.reason); err != nil {
		return nil, err
	}
	var err error
	if l.accounts, err = accountIDs(v, e.number); err != nil {
		return nil, err
	}
	err = v.each("SELECT hand_contact, hand_step, hand_slot FROM accounts WHERE hand_engagement = ?", []any{e.number},
		func(scan func(...any) error) error {
			var m message
			var slot drip.Slot
			err := scan(&m.contact, &m.step, &slot)
			l.inHand[m] = slot
			return err
		})
	if err != nil {
		return nil, err
	}
	l.plan, err = v.project(e, l.inHand)
	return l, err
}

func (l *lister) row(scan func(...any) error) (ledger.Row, error) {
	var r ledger.Row
	var account, at int64
	var state int
	if err := scan(&r.Contact, &r.Email, &account, &r.Step, &state, &r.Slot, &at, &r.MessageID, &r.Answer, &r.Reason); err != nil {
		return r, err
	}
	r.Account, r.State = l.accounts[account], messageStates[state]
	switch state {
	case sent:
		r.SentAt = instant(at)
	case planned:
		if slot, ok := l.inHand[message{r.Contact, r.Step}]; ok {
			r.State, r.Slot = drip.Claimed, slot
		} else if l.state.Ended() {
			r.State, r.Reason = drip.Skipped, l.endedFor()
		} else {
			r.Slot = l.plan.slot(r.Contact, r.Step)
		}
	}
	return r, nil
}

// endedFor is why what was still planned at the end is skipped.
func (l *lister) endedFor() string {
	if l.reason != "" {
		return l.reason
	}
	return string(l.state)
}
