package sqlite

import (
	"encoding/json"
	"fmt"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// engagement is the part of an engagement's row that operations decide by.
type engagement struct {
	number   int64
	state    drip.State
	steps    int
	start    drip.Slot
	contacts int
}

// find reads an engagement's row, in whatever state it is.
func find(r reader, id string) (engagement, error) {
	var e engagement
	var state int
	found, err := r.get("SELECT number, state, steps, start, contacts FROM engagements WHERE id = ?",
		[]any{id}, &e.number, &state, &e.steps, &e.start, &e.contacts)
	if err != nil {
		return e, fmt.Errorf("look up an engagement: %w", err)
	}
	if !found {
		return e, ledger.ErrNotFound
	}
	e.state = engagementStates[state]
	return e, nil
}

// shown is find for readers: what is still loading is not there yet.
func shown(r reader, id string) (engagement, error) {
	e, err := find(r, id)
	if err == nil && (e.state == drip.StateLoading || e.state == abandoned) {
		return e, ledger.ErrNotFound
	}
	return e, err
}

// loading is find for what may only be done before an engagement is real.
func loading(r reader, id string) (engagement, error) {
	e, err := find(r, id)
	if err == nil && e.state != drip.StateLoading {
		return e, ledger.ErrState
	}
	return e, err
}

// engaged is find for what may only be done once it is real.
func engaged(r reader, id string) (engagement, error) {
	e, err := find(r, id)
	if err == nil && (e.state == drip.StateLoading || e.state == abandoned) {
		return e, ledger.ErrState
	}
	return e, err
}

// configOf decodes what Create was given; created is the instant it became real.
func configOf(config string, created int64) (drip.Engagement, error) {
	var e drip.Engagement
	if err := json.Unmarshal([]byte(config), &e); err != nil {
		return e, fmt.Errorf("read an engagement's configuration: %w", err)
	}
	e.Created = instant(created)
	return e, nil
}

// accountNumbers are the accounts of an engagement: number by id.
func accountNumbers(r reader, engagement int64) (map[string]int64, error) {
	numbers := map[string]int64{}
	err := r.each("SELECT a.id, a.number FROM senders s JOIN accounts a ON a.number = s.account WHERE s.engagement = ?",
		[]any{engagement}, func(scan func(...any) error) error {
			var id string
			var n int64
			if err := scan(&id, &n); err != nil {
				return err
			}
			numbers[id] = n
			return nil
		})
	return numbers, err
}

// accountIDs are the accounts of an engagement: id by number.
func accountIDs(r reader, engagement int64) (map[int64]string, error) {
	numbers, err := accountNumbers(r, engagement)
	ids := make(map[int64]string, len(numbers))
	for id, n := range numbers {
		ids[n] = id
	}
	return ids, err
}
