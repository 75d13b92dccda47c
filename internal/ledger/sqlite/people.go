package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// person is what is known of one human being.
type person struct {
	person     string
	engagement int64
	contact    int64
	past       int64
	id         string // of the engagement
	state      int
	pastID     string
	handed     bool // the engagement handed them a message
}

// personQuery selects persons; a WHERE on p follows.
const personQuery = `
	SELECT p.person, p.engagement, p.contact, p.past, coalesce(e.id, ''), coalesce(e.state, 0), coalesce(x.id, ''),
	       EXISTS (SELECT 1 FROM messages m WHERE m.engagement = p.engagement AND m.contact = p.contact AND m.state IN (1, 4))
	FROM people p LEFT JOIN engagements e ON e.number = p.engagement LEFT JOIN engagements x ON x.number = p.past `

func (p *person) columns() []any {
	return []any{&p.person, &p.engagement, &p.contact, &p.past, &p.id, &p.state, &p.pastID, &p.handed}
}

// active says that the engagement still has the person.
func (p *person) active() bool {
	s := engagementStates[p.state]
	return p.engagement != 0 && !s.Ended() && s != abandoned
}

func (p *person) standing() drip.Standing {
	switch {
	case p.active():
		return drip.Standing{Active: p.id, Past: p.pastID}
	case p.handed:
		return drip.Standing{Past: p.id}
	default:
		return drip.Standing{Past: p.pastID}
	}
}

// standingsChunk is how many persons one query asks for.
const standingsChunk = 2000

// Standings tells what is known of people. See ledger.Engaging.
func (s *Store) Standings(ctx context.Context, people []string) (map[string]drip.Standing, error) {
	all := map[string]drip.Standing{}
	err := s.snapshot(ctx, func(v *view) error {
		for len(people) > 0 {
			n := min(len(people), standingsChunk)
			if err := v.standings(people[:n], all); err != nil {
				return fmt.Errorf("look up people: %w", err)
			}
			people = people[n:]
		}
		return nil
	})
	return all, err
}

func (v *view) standings(people []string, all map[string]drip.Standing) error {
	names, err := json.Marshal(people)
	if err != nil {
		return err
	}
	err = v.each(personQuery+"WHERE p.person IN (SELECT value FROM json_each(?))", []any{string(names)},
		func(scan func(...any) error) error {
			var p person
			if err := scan(p.columns()...); err != nil {
				return err
			}
			if s := p.standing(); s != (drip.Standing{}) {
				all[p.person] = s
			}
			return nil
		})
	if err != nil {
		return err
	}
	return v.blocks(people, all)
}

// blocks adds the blocklist entries that cover the people.
func (v *view) blocks(people []string, all map[string]drip.Standing) error {
	asked := map[string]bool{}
	for _, p := range people {
		for _, entry := range covers(p) {
			asked[entry] = false
		}
	}
	list := make([]string, 0, len(asked))
	for entry := range asked {
		list = append(list, entry)
	}
	names, err := json.Marshal(list)
	if err != nil {
		return err
	}
	some := false
	err = v.each("SELECT entry FROM blocklist WHERE entry IN (SELECT value FROM json_each(?))", []any{string(names)},
		func(scan func(...any) error) error {
			var entry string
			err := scan(&entry)
			asked[entry], some = true, true
			return err
		})
	if err != nil || !some {
		return err
	}
	for _, p := range people {
		for _, entry := range covers(p) {
			if asked[entry] {
				s := all[p]
				s.Blocked = entry
				all[p] = s
				break
			}
		}
	}
	return nil
}

// covers lists the blocklist entries that would cover a person, the narrowest first: the address,
// its domain, the domains above.
func covers(person string) []string {
	entries := []string{person}
	for domain := drip.Domain(person); domain != ""; {
		entries = append(entries, domain)
		_, above, _ := strings.Cut(domain, ".")
		domain = above
	}
	return entries
}
