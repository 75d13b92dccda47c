package sqlite

import (
	"fmt"
	"time"

	"github.com/dripline/dripline/internal/ledger"
)

// account is an account's row.
type account struct {
	number     int64
	counted    int64 // how many messages ever counted: the newest sequence number
	last       int64 // time of the newest
	waitUntil  int64
	waitReason string
	hand       hand
}

// hand is the message an account has in hand; engagement is 0 if there is none.
type hand struct {
	engagement, contact, step, slot, at int64
}

const accountColumns = "a.number, a.counted, a.last, a.wait_until, a.wait_reason, a.hand_engagement, a.hand_contact, a.hand_step, a.hand_slot, a.hand_at"

func (a *account) columns() []any {
	h := &a.hand
	return []any{&a.number, &a.counted, &a.last, &a.waitUntil, &a.waitReason, &h.engagement, &h.contact, &h.step, &h.slot, &h.at}
}

func (t *tx) saveAccount(a *account) error {
	h := a.hand
	_, err := t.exec(`UPDATE accounts SET counted = ?, last = ?, wait_until = ?, wait_reason = ?,
		hand_engagement = ?, hand_contact = ?, hand_step = ?, hand_slot = ?, hand_at = ? WHERE number = ?`,
		a.counted, a.last, a.waitUntil, a.waitReason, h.engagement, h.contact, h.step, h.slot, h.at, a.number)
	return err
}

// lose makes the message in hand unknown, because whoever had it is gone.
func (t *tx) lose(a *account, now time.Time) error {
	h := a.hand
	at := max(nanos(now), h.at, a.last)
	if err := t.count(a, at); err != nil {
		return err
	}
	a.hand = hand{}
	return t.conclude(h, a.number, unknown, conclusion{at: at, reason: "the attempt that was sending it was gone before it said what became of it"})
}

// expired says that the message in hand is held by nobody any more.
func (h hand) expired(now time.Time) bool {
	return h.engagement != 0 && nanos(now)-h.at > int64(ledger.ClaimTimeout)
}

// conclusion is what is kept of an outcome.
type conclusion struct {
	at                        int64
	messageID, answer, reason string
}

// conclude writes what became of a message that was handed over, counts it in its booking, and skips
// the steps after it unless it was sent.
func (t *tx) conclude(h hand, account int64, state int, c conclusion) error {
	n, err := t.exec(`UPDATE messages SET state = ?, slot = ?, at = ?, message_id = ?, answer = ?, reason = ?
		WHERE engagement = ? AND contact = ? AND step = ? AND state = 0`,
		state, h.slot, c.at, c.messageID, c.answer, c.reason, h.engagement, h.contact, h.step)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("the message in hand is not planned: contact %d, step %d", h.contact, h.step)
	}
	if err := t.spend(h, account, state, 1); err != nil || state == sent {
		return err
	}
	return t.skipFrom(h.engagement, h.contact, h.step+1, account, afterwards[state])
}

// afterwards is why the steps after a failed or unknown one are skipped.
var afterwards = map[int]string{failed: "an earlier step failed", unknown: "the outcome of an earlier step is unknown"}

// spend counts what a booking was used for.
func (t *tx) spend(h hand, account int64, state, n int) error {
	column := map[int]string{sent: "sent", failed: "failed", unknown: "unknown", planned: "deferred"}[state]
	_, err := t.exec("UPDATE bookings SET "+column+" = "+column+" + ? WHERE account = ? AND slot = ? AND engagement = ? AND step = ?",
		n, account, h.slot, h.engagement, h.step)
	return err
}

// skipFrom skips what is planned for a contact from a step on.
func (t *tx) skipFrom(engagement, contact, step, account int64, reason string) error {
	var steps []int64
	err := t.each("SELECT step FROM messages WHERE engagement = ? AND contact = ? AND step >= ? AND state = 0",
		[]any{engagement, contact, step}, func(scan func(...any) error) error {
			var step int64
			err := scan(&step)
			steps = append(steps, step)
			return err
		})
	if err != nil || len(steps) == 0 {
		return err
	}
	if _, err := t.exec("UPDATE messages SET state = 3, reason = ? WHERE engagement = ? AND contact = ? AND step >= ? AND state = 0",
		reason, engagement, contact, step); err != nil {
		return err
	}
	for _, step := range steps {
		if _, err := t.exec(`INSERT INTO skips (engagement, account, step, skipped) VALUES (?, ?, ?, 1)
			ON CONFLICT DO UPDATE SET skipped = skipped + 1`, engagement, account, step); err != nil {
			return err
		}
	}
	return nil
}
