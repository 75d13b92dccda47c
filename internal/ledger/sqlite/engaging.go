package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// Create begins an engagement. See ledger.Engaging.
func (s *Store) Create(ctx context.Context, e drip.Engagement, now time.Time) error {
	if len(e.Sequence.Steps) == 0 {
		return fmt.Errorf("create an engagement: its sequence has no step")
	}
	config, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("create an engagement: %w", err)
	}
	return s.write(ctx, light, func(t *tx) error {
		n, err := t.exec(`INSERT INTO engagements (id, config, state, steps, start, created, touched)
			VALUES (?1, ?2, 0, ?3, ?4, ?5, ?5) ON CONFLICT (id) DO NOTHING`,
			e.ID, string(config), len(e.Sequence.Steps), int64(e.Start), nanos(now))
		if err == nil && n == 0 {
			return ledger.ErrExists
		}
		return err
	})
}

// newContact is a contact as it is written, encoded before its transaction begins.
type newContact struct {
	drip.Contact
	person string
	vals   string
}

// AddContacts writes contacts and their messages. See ledger.Engaging.
func (s *Store) AddContacts(ctx context.Context, id string, contacts []drip.Contact, now time.Time) ([]drip.Held, error) {
	rows := make([]newContact, len(contacts))
	for i, c := range contacts {
		if c.Account == "" {
			return nil, fmt.Errorf("add contacts: row %d has no account", c.Row)
		}
		values := c.Values
		if values == nil {
			values = []string{}
		}
		vals, err := json.Marshal(values)
		if err != nil {
			return nil, fmt.Errorf("add contacts: %w", err)
		}
		rows[i] = newContact{Contact: c, person: drip.Person(c.Email), vals: string(vals)}
	}
	var held []drip.Held
	err := s.write(ctx, heavy, func(t *tx) error {
		e, err := loading(t, id)
		if err != nil {
			return err
		}
		held, err = t.addContacts(e, rows, now)
		return err
	})
	return held, err
}

func (t *tx) addContacts(e engagement, rows []newContact, now time.Time) ([]drip.Held, error) {
	var held []drip.Held
	accounts := map[string]int64{}
	counts := map[int64]int{}
	last := e.contacts
	for _, c := range rows {
		why, err := t.register(e, c, last+1)
		if err != nil {
			return nil, err
		}
		if why != nil {
			held = append(held, *why)
			continue
		}
		account, err := t.accountNumber(accounts, c.Account)
		if err != nil {
			return nil, err
		}
		last++
		counts[account]++
		if _, err := t.exec("INSERT INTO contacts (engagement, contact, account, line, email, vals) VALUES (?, ?, ?, ?, ?, ?)",
			e.number, last, account, c.Row, c.Email, c.vals); err != nil {
			return nil, err
		}
	}
	for account, n := range counts {
		if _, err := t.exec(`INSERT INTO senders (engagement, account, contacts) VALUES (?, ?, ?)
			ON CONFLICT DO UPDATE SET contacts = contacts + excluded.contacts`, e.number, account, n); err != nil {
			return nil, err
		}
	}
	if _, err := t.exec(`
		WITH RECURSIVE steps (step) AS (SELECT 1 UNION ALL SELECT step + 1 FROM steps WHERE step < ?3)
		INSERT INTO messages (engagement, contact, step, account, due)
		SELECT c.engagement, c.contact, s.step, c.account, CASE s.step WHEN 1 THEN ?4 END
		FROM contacts c CROSS JOIN steps s WHERE c.engagement = ?1 AND c.contact > ?2`,
		e.number, e.contacts, e.steps, int64(e.start)); err != nil {
		return nil, err
	}
	_, err := t.exec("UPDATE engagements SET contacts = ?, touched = max(touched, ?) WHERE number = ?", last, nanos(now), e.number)
	return held, err
}

// register makes the person one of the engagement's, or says why they cannot be.
func (t *tx) register(e engagement, c newContact, contact int) (*drip.Held, error) {
	n, err := t.exec("INSERT INTO people (person, engagement, contact) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
		c.person, e.number, contact)
	if err != nil || n == 1 {
		return nil, err
	}
	var p person
	if _, err := t.get(personQuery+"WHERE p.person = ?", []any{c.person}, p.columns()...); err != nil {
		return nil, err
	}
	held := drip.Held{Email: c.Email, Row: c.Row}
	switch {
	case p.engagement == e.number:
		var row int
		_, err := t.get("SELECT line FROM contacts WHERE engagement = ? AND contact = ?", []any{e.number, p.contact}, &row)
		held.Reason, held.Detail = drip.HeldDuplicate, strconv.Itoa(row)
		return &held, err
	case p.active():
		held.Reason, held.Detail = drip.HeldActiveElsewhere, p.id
		return &held, nil
	}
	past := p.past
	if p.handed {
		past = p.engagement
	}
	_, err = t.exec("UPDATE people SET engagement = ?, contact = ?, past = ? WHERE person = ?", e.number, contact, past, c.person)
	return nil, err
}

// accountNumber finds or makes the number of an account; known keeps it for the next contact.
func (t *tx) accountNumber(known map[string]int64, id string) (int64, error) {
	if n, ok := known[id]; ok {
		return n, nil
	}
	if _, err := t.exec("INSERT INTO accounts (id) VALUES (?) ON CONFLICT DO NOTHING", id); err != nil {
		return 0, err
	}
	var n int64
	_, err := t.get("SELECT number FROM accounts WHERE id = ?", []any{id}, &n)
	known[id] = n
	return n, err
}

// AddHeld records who was left out. See ledger.Engaging.
func (s *Store) AddHeld(ctx context.Context, id string, held []drip.Held) error {
	return s.write(ctx, heavy, func(t *tx) error {
		e, err := loading(t, id)
		if err != nil {
			return err
		}
		for _, h := range held {
			if _, err := t.exec("INSERT INTO held (engagement, line, email, reason, detail) VALUES (?, ?, ?, ?, ?)",
				e.number, h.Row, h.Email, string(h.Reason), h.Detail); err != nil {
				return err
			}
		}
		_, err = t.exec("UPDATE engagements SET held = held + ? WHERE number = ?", len(held), e.number)
		return err
	})
}
