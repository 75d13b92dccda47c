package sqlite

import (
	"errors"
	"fmt"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var errNotInHand = errors.New("this attempt does not have the message in hand")

// settle writes what became of the message in hand. Nothing is written before it is certain that the
// attempt may settle it.
func (t *tx) settle(d *desk, s *ledger.Settlement) error {
	a := &d.account
	h := a.hand
	if h.engagement != d.engagement || h.contact != int64(s.Contact) || h.step != int64(s.Step) {
		return t.improve(d, s)
	}
	a.hand = hand{}
	c := conclusion{at: max(nanos(s.Outcome.At), h.at, a.last), messageID: s.MessageID, answer: s.Outcome.Answer}
	switch s.Outcome.Verdict {
	case drip.Delivered:
		return t.delivered(a, h, c, s.NextDue)
	case drip.OutcomeUnknown:
		c.reason = "the outcome was never learnt"
		a.wait(c, s.Outcome)
		if err := t.count(a, c.at); err != nil {
			return err
		}
		return t.conclude(h, a.number, unknown, c)
	case drip.AccountFault:
		a.wait(c, s.Outcome)
		return t.putBack(d, h)
	case drip.Deferred:
		if s.RetryAt != 0 {
			return t.later(a, h, c, s.RetryAt)
		}
	}
	c.reason = refused[s.Outcome.Verdict]
	return t.conclude(h, a.number, failed, c)
}

// refused is why a message failed, by the verdict that failed it.
var refused = map[drip.Verdict]string{
	drip.Rejected:      "the mail server refused it",
	drip.Deferred:      "the mail server put it off until there was no time left to try again",
	drip.NotRenderable: "no message could be made for the contact",
	drip.AccountFault:  "it was not sent, and another attempt had taken over",
}

// wait makes the account wait after a fault.
func (a *account) wait(c conclusion, o drip.Outcome) {
	if o.RetryAfter > 0 {
		a.waitUntil, a.waitReason = c.at+int64(o.RetryAfter), o.Answer
	}
}

func (t *tx) delivered(a *account, h hand, c conclusion, due drip.Slot) error {
	if err := t.count(a, c.at); err != nil {
		return err
	}
	if err := t.conclude(h, a.number, sent, c); err != nil {
		return err
	}
	_, err := t.exec("UPDATE messages SET due = ? WHERE engagement = ? AND contact = ? AND step = ? AND state = 0",
		int64(due), h.engagement, h.contact, h.step+1)
	return err
}

// later puts a message that was refused for now back into the queue; its booking is spent.
func (t *tx) later(a *account, h hand, c conclusion, due drip.Slot) error {
	if _, err := t.exec(`UPDATE messages SET due = ?, attempts = attempts + 1, answer = ?, reason = 'the mail server put it off'
		WHERE engagement = ? AND contact = ? AND step = ? AND state = 0`,
		int64(due), c.answer, h.engagement, h.contact, h.step); err != nil {
		return err
	}
	return t.spend(h, a.number, planned, 1)
}

// putBack leaves the message as it was before it was claimed. Where nothing is sent any more, the
// capacity that it leaves unused is given back at once.
func (t *tx) putBack(d *desk, h hand) error {
	if d.state.Sends() {
		return nil
	}
	_, err := t.exec("UPDATE bookings SET freed = freed + 1 WHERE account = ? AND slot = ? AND engagement = ? AND step = ?",
		d.account.number, h.slot, h.engagement, h.step)
	return err
}

// tellTruth is improve for an attempt that must stop whatever it has to say.
func (t *tx) tellTruth(d *desk, s *ledger.Settlement) error {
	if s == nil {
		return nil
	}
	before := d.account
	if err := t.improve(d, s); err != nil {
		if errors.Is(err, errNotInHand) {
			return nil
		}
		return err
	}
	if d.account == before {
		return nil
	}
	return t.saveAccount(&d.account)
}

// improve lets an attempt that lost its message, because it was taken for gone, say the truth after
// all: unknown becomes sent or failed. It goes on counting against the quotas, and the steps after it
// stay skipped.
func (t *tx) improve(d *desk, s *ledger.Settlement) error {
	var state int
	var at int64
	h := hand{engagement: d.engagement, contact: int64(s.Contact), step: int64(s.Step)}
	found, err := t.get("SELECT state, slot, at FROM messages WHERE engagement = ? AND contact = ? AND step = ? AND account = ?",
		[]any{d.engagement, s.Contact, s.Step, d.account.number}, &state, &h.slot, &at)
	if err != nil {
		return err
	}
	if !found || state != unknown {
		return fmt.Errorf("%w: contact %d, step %d", errNotInHand, s.Contact, s.Step)
	}
	to, c := failed, conclusion{at: at, messageID: s.MessageID, answer: s.Outcome.Answer, reason: refused[s.Outcome.Verdict]}
	switch s.Outcome.Verdict {
	case drip.OutcomeUnknown:
		return nil
	case drip.Delivered:
		to, c.at = sent, max(at, nanos(s.Outcome.At))
		if err := t.recount(&d.account, at, c.at); err != nil {
			return err
		}
	}
	return t.correct(h, d.account.number, to, c)
}

// correct replaces an unknown outcome.
func (t *tx) correct(h hand, account int64, state int, c conclusion) error {
	if _, err := t.exec(`UPDATE messages SET state = ?, at = ?, message_id = ?, answer = ?, reason = ?
		WHERE engagement = ? AND contact = ? AND step = ?`,
		state, c.at, c.messageID, c.answer, c.reason, h.engagement, h.contact, h.step); err != nil {
		return err
	}
	if err := t.spend(h, account, unknown, -1); err != nil {
		return err
	}
	return t.spend(h, account, state, 1)
}
