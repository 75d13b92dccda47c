package sqlite

import (
	"cmp"
	"slices"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// basis reads what a plan from a slot on is made from, once the engagement's own bookings are given
// back.
func (t *tx) basis(e engagement, from drip.Slot, accounts map[string]int64) (ledger.Basis, error) {
	b := ledger.Basis{State: e.state, Used: ledger.Usage{}, Own: map[drip.Slot]int{}}
	var config string
	var created int64
	if _, err := t.get("SELECT config, created FROM engagements WHERE number = ?", []any{e.number}, &config, &created); err != nil {
		return b, err
	}
	var err error
	if b.Engagement, err = configOf(config, created); err != nil {
		return b, err
	}
	since := from.Add(-usageBack)
	for id := range accounts {
		b.Used[id] = map[drip.Slot]int{}
	}
	if err := readUsage(t, b.Used, "(SELECT s.account FROM senders s WHERE s.engagement = ?1)", e.number, since); err != nil {
		return b, err
	}
	if err := t.own(e, since, b.Own); err != nil {
		return b, err
	}
	b.Cohorts, err = t.cohorts(e)
	return b, err
}

// own counts what the engagement handed over or has in hand, per slot.
func (t *tx) own(e engagement, since drip.Slot, own map[drip.Slot]int) error {
	return t.each("SELECT slot, sum(used) FROM capacity WHERE engagement = ? AND slot > ? GROUP BY slot HAVING sum(used) > 0",
		[]any{e.number, int64(since)}, func(scan func(...any) error) error {
			var slot drip.Slot
			var n int
			err := scan(&slot, &n)
			own[slot] = n
			return err
		})
}

// cohorts counts the contacts by what they wait for: one walk over the queue's index. A message in
// hand waits for nothing.
func (t *tx) cohorts(e engagement) ([]ledger.Cohort, error) {
	inHand, err := t.inHand(e)
	if err != nil {
		return nil, err
	}
	ids, err := accountIDs(t, e.number)
	if err != nil {
		return nil, err
	}
	var all []ledger.Cohort
	err = t.each(`SELECT account, step, due, count(*) FROM messages
		WHERE engagement = ? AND state = 0 AND due IS NOT NULL GROUP BY account, step, due ORDER BY account, step, due`,
		[]any{e.number}, func(scan func(...any) error) error {
			var account int64
			var c ledger.Cohort
			if err := scan(&account, &c.Step, &c.Due, &c.Count); err != nil {
				return err
			}
			c.Account = ids[account]
			if h, ok := inHand[account]; ok && h == (waiting{c.Step, c.Due}) {
				c.Count--
			}
			if c.Count > 0 {
				all = append(all, c)
			}
			return nil
		})
	slices.SortStableFunc(all, func(a, b ledger.Cohort) int { return cmp.Compare(a.Account, b.Account) })
	return all, err
}

// waiting is what the message in hand waited for before it was claimed.
type waiting struct {
	step int
	due  drip.Slot
}

// inHand reads which messages of the engagement are in hand, by account.
func (t *tx) inHand(e engagement) (map[int64]waiting, error) {
	all := map[int64]waiting{}
	err := t.each(`SELECT a.number, m.step, m.due FROM senders s JOIN accounts a ON a.number = s.account
		JOIN messages m ON m.engagement = a.hand_engagement AND m.contact = a.hand_contact AND m.step = a.hand_step
		WHERE s.engagement = ?1 AND a.hand_engagement = ?1`, []any{e.number}, func(scan func(...any) error) error {
		var account int64
		var w waiting
		err := scan(&account, &w.step, &w.due)
		all[account] = w
		return err
	})
	return all, err
}
