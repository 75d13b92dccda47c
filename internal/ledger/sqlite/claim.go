package sqlite

import (
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// handPoll is after how long an account that another engagement uses is looked at again.
const handPoll = 100 * time.Millisecond

// claim takes the next message in hand, or says in res why not.
func (t *tx) claim(d *desk, req ledger.NextRequest, res *ledger.NextResult) (vals string, err error) {
	a := &d.account
	if a.hand.expired(req.Now) {
		if err := t.lose(a, req.Now); err != nil {
			return "", err
		}
	}
	switch {
	case !d.state.Sends():
		res.Kind = ledger.NextStopped
		return "", nil
	case !req.Now.Before(req.Until):
		res.Kind = ledger.NextSlotOver
		return "", nil
	}
	for {
		m, vals, err := t.first(d, req.Lease.Slot)
		if err != nil || m == nil {
			return "", err
		}
		if wait, err := t.mustWait(d, req, res); err != nil || wait {
			return "", err
		}
		blocked, err := t.blocked(m.Email)
		if err != nil {
			return "", err
		}
		if !blocked {
			res.Kind, res.Message = ledger.NextClaimed, *m
			return vals, t.hold(d, req, m)
		}
		if err := t.skipFrom(d.engagement, int64(m.Contact), int64(m.Step), a.number, "blocklisted"); err != nil {
			return "", err
		}
	}
}

// first finds the message that the slot's unused bookings allow first; nil if there is none. Nothing
// of this account in this engagement is in hand here.
func (t *tx) first(d *desk, slot drip.Slot) (*ledger.Message, string, error) {
	var steps []int
	err := t.each(`SELECT step FROM bookings WHERE account = ? AND slot = ? AND engagement = ?
		AND booked > freed + sent + failed + unknown + deferred ORDER BY step DESC`,
		[]any{d.account.number, int64(slot), d.engagement}, func(scan func(...any) error) error {
			var step int
			err := scan(&step)
			steps = append(steps, step)
			return err
		})
	if err != nil {
		return nil, "", err
	}
	for _, step := range steps {
		m := &ledger.Message{Step: step}
		var vals string
		found, err := t.get(`SELECT m.contact, m.due, m.attempts, c.email, c.vals
			FROM messages m INDEXED BY queue CROSS JOIN contacts c
			WHERE m.engagement = ?1 AND m.account = ?2 AND m.step = ?3 AND m.state = 0 AND m.due <= ?4
			  AND c.engagement = ?1 AND c.contact = m.contact
			ORDER BY m.due, m.contact LIMIT 1`,
			[]any{d.engagement, d.account.number, step, int64(slot)}, &m.Contact, &m.Planned, &m.Attempts, &m.Email, &vals)
		if err != nil || found {
			return m, vals, err
		}
	}
	return nil, "", nil
}

// mustWait says whether the account may not send now, and in res until when and why.
func (t *tx) mustWait(d *desk, req ledger.NextRequest, res *ledger.NextResult) (bool, error) {
	a := &d.account
	now := nanos(req.Now)
	until, why := a.waitUntil, "account: "+a.waitReason
	if until <= now && a.hand.engagement != 0 {
		until, why = now+int64(handPoll), "in_hand"
	}
	if until <= now {
		var err error
		if until, why, err = t.quota(a, req.Quotas); err != nil {
			return false, err
		}
	}
	if until <= now {
		return false, nil
	}
	res.Kind, res.Until, res.Why = ledger.NextWait, instant(until), why
	return true, nil
}

// blocked says whether the blocklist covers an address. Few domains have more than two above them, so
// that one look is enough.
func (t *tx) blocked(email string) (bool, error) {
	var one int
	for entries := range slices.Chunk(covers(drip.Person(email)), 4) {
		args := []any{entries[0], entries[0], entries[0], entries[0]}
		for i, entry := range entries {
			args[i] = entry
		}
		if found, err := t.get("SELECT 1 FROM blocklist WHERE entry IN (?, ?, ?, ?) LIMIT 1", args, &one); err != nil || found {
			return found, err
		}
	}
	return false, nil
}

// hold puts the message in the account's hand.
func (t *tx) hold(d *desk, req ledger.NextRequest, m *ledger.Message) error {
	d.account.hand = hand{engagement: d.engagement, contact: int64(m.Contact), step: int64(m.Step),
		slot: int64(req.Lease.Slot), at: nanos(req.Now)}
	// Two accounts of a rehearsal have clocks of their own: who claims first is not always earlier.
	if d.started != 0 && d.started <= nanos(req.Now) {
		return nil
	}
	_, err := t.exec("UPDATE engagements SET started = ? WHERE number = ?", nanos(req.Now), d.engagement)
	return err
}
