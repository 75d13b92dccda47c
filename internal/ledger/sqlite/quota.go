package sqlite

import (
	"fmt"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// count adds a message to those that count against the account's quotas. at is not before the last.
func (t *tx) count(a *account, at int64) error {
	a.counted++
	a.last = at
	_, err := t.exec("INSERT INTO counted (account, seq, at) VALUES (?, ?, ?)", a.number, a.counted, a.last)
	return err
}

// prune forgets what can never lie in a window again. It goes by the account's own time, not by the
// caller's clock, which may be wrong.
func (t *tx) prune(a *account) error {
	_, err := t.exec(`DELETE FROM counted WHERE account = ?1 AND seq <
		(SELECT seq FROM counted WHERE account = ?1 AND at > ?2 ORDER BY seq LIMIT 1)`,
		a.number, a.last-int64(longestWindow))
	return err
}

// longestWindow is the longest time over which a quota counts.
const longestWindow = 24 * time.Hour

// quota says when the account's quotas allow one more message, and which quota says so; empty if none
// stands in the way. Each is one look: n messages lie within a window exactly if the n-th newest does.
func (t *tx) quota(a *account, q drip.Quotas) (until int64, why string, err error) {
	var hour, day int64
	if a.counted == 0 {
		return 0, "", nil
	}
	if _, err := t.get(`SELECT coalesce((SELECT at FROM counted WHERE account = ?1 AND seq = ?2), 0),
		coalesce((SELECT at FROM counted WHERE account = ?1 AND seq = ?3), 0)`,
		[]any{a.number, a.counted - int64(q.PerHour) + 1, a.counted - int64(q.PerDay) + 1}, &hour, &day); err != nil {
		return 0, "", fmt.Errorf("judge quotas: %w", err)
	}
	for _, w := range []struct {
		from   int64
		length time.Duration
		why    string
	}{{a.last, q.MinGap, "min_gap"}, {hour, time.Hour, "per_hour"}, {day, longestWindow, "per_day"}} {
		if end := w.from + int64(w.length); w.from != 0 && w.length > 0 && end > until {
			until, why = end, w.why
		}
	}
	return until, why, nil
}

// recount moves a message that counts to a later time, because the server accepted it only then. Those
// counted in between move up, so that numbers and times stay in one order.
func (t *tx) recount(a *account, from, to int64) error {
	if to <= from {
		return nil
	}
	var seq int64
	found, err := t.get("SELECT seq FROM counted WHERE account = ? AND at = ? ORDER BY seq DESC LIMIT 1", []any{a.number, from}, &seq)
	if err != nil || !found {
		return err // it is so old that it was forgotten
	}
	for ; seq < a.counted; seq++ {
		var next int64
		if _, err := t.get("SELECT at FROM counted WHERE account = ? AND seq = ?", []any{a.number, seq + 1}, &next); err != nil {
			return err
		}
		if next >= to {
			break
		}
		if err := t.recountOne(a, seq, next); err != nil {
			return err
		}
	}
	a.last = max(a.last, to)
	return t.recountOne(a, seq, to)
}

func (t *tx) recountOne(a *account, seq, at int64) error {
	_, err := t.exec("UPDATE counted SET at = ? WHERE account = ? AND seq = ?", at, a.number, seq)
	return err
}
