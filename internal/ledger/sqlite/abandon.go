package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// abandonChunk is how many contacts one commit removes, so that senders are not kept waiting.
const abandonChunk = 2000

// Abandon removes an engagement that is still loading. See ledger.Engaging.
func (s *Store) Abandon(ctx context.Context, id string) error {
	_, err := s.abandon(ctx, id, math.MaxInt64)
	return err
}

// abandon removes an engagement that is loading, if nothing was added to it since before. The first
// commit takes it away from whoever fills it; the others remove it piece by piece.
func (s *Store) abandon(ctx context.Context, id string, before int64) (done bool, err error) {
	var number int64
	err = s.write(ctx, light, func(t *tx) error {
		e, err := find(t, id)
		if err != nil {
			return err
		}
		if e.state != drip.StateLoading && e.state != abandoned {
			return ledger.ErrState
		}
		number = e.number
		n, err := t.exec("UPDATE engagements SET state = ? WHERE number = ? AND touched < ?", abandonedCode, e.number, before)
		done = n == 1
		return err
	})
	if err != nil || !done {
		return false, err
	}
	for more := true; more && err == nil; {
		err = s.write(ctx, heavy, func(t *tx) (err error) {
			more, err = t.removeContacts(number)
			return err
		})
	}
	if err != nil {
		return false, err
	}
	return true, s.write(ctx, heavy, func(t *tx) error { return t.removeEngagement(number) })
}

// removeContacts removes some contacts with all that hangs on them, the last added first, and frees
// their people. more is false once there are none.
func (t *tx) removeContacts(number int64) (more bool, err error) {
	var from int64
	more, err = t.get("SELECT contact - ?2 FROM contacts WHERE engagement = ?1 ORDER BY contact DESC LIMIT 1",
		[]any{number, abandonChunk}, &from)
	if err != nil || !more {
		return false, err
	}
	var people []string
	err = t.each("SELECT email FROM contacts WHERE engagement = ? AND contact > ?", []any{number, from},
		func(scan func(...any) error) error {
			var email string
			err := scan(&email)
			people = append(people, drip.Person(email))
			return err
		})
	if err != nil {
		return false, err
	}
	for _, p := range people {
		if _, err := t.exec("UPDATE people SET engagement = 0, contact = 0 WHERE person = ? AND engagement = ?", p, number); err != nil {
			return false, err
		}
		if _, err := t.exec("DELETE FROM people WHERE person = ? AND engagement = 0 AND past = 0", p); err != nil {
			return false, err
		}
	}
	for _, table := range []string{"messages", "contacts"} {
		if _, err := t.exec("DELETE FROM "+table+" WHERE engagement = ? AND contact > ?", number, from); err != nil {
			return false, err
		}
	}
	return true, nil
}

// removeEngagement removes what is left once the contacts are gone.
func (t *tx) removeEngagement(number int64) error {
	for _, table := range []string{"senders", "held"} {
		if _, err := t.exec("DELETE FROM "+table+" WHERE engagement = ?", number); err != nil {
			return err
		}
	}
	_, err := t.exec("DELETE FROM engagements WHERE number = ?", number)
	return err
}

// Purge abandons what was left loading. See ledger.Engaging.
func (s *Store) Purge(ctx context.Context, before time.Time) ([]string, error) {
	var left []string
	err := s.snapshot(ctx, func(v *view) error {
		return v.each("SELECT id FROM engagements WHERE state IN (0, 7) AND touched < ? ORDER BY number", []any{nanos(before)},
			func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				left = append(left, id)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("look for what was left loading: %w", err)
	}
	var gone []string
	for _, id := range left {
		done, err := s.abandon(ctx, id, nanos(before))
		if err != nil && !errors.Is(err, ledger.ErrNotFound) && !errors.Is(err, ledger.ErrState) {
			return gone, err // the other two: somebody else was faster
		}
		if done {
			gone = append(gone, id)
		}
	}
	return gone, nil
}
