package sqlite

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Block adds entries. See ledger.Blocklist.
func (s *Store) Block(ctx context.Context, entries []string, now time.Time) (added int, err error) {
	err = s.write(ctx, heavy, func(t *tx) error {
		added, err = t.eachEntry(entries, func(entry string) (int64, error) {
			return t.exec("INSERT INTO blocklist (entry, added) VALUES (?, ?) ON CONFLICT DO NOTHING", entry, nanos(now))
		})
		return err
	})
	return added, err
}

// Unblock removes entries. See ledger.Blocklist.
func (s *Store) Unblock(ctx context.Context, entries []string) (removed int, err error) {
	err = s.write(ctx, heavy, func(t *tx) error {
		removed, err = t.eachEntry(entries, func(entry string) (int64, error) {
			return t.exec("DELETE FROM blocklist WHERE entry = ?", entry)
		})
		return err
	})
	return removed, err
}

// eachEntry changes the list entry by entry and counts what changed.
func (t *tx) eachEntry(entries []string, change func(string) (int64, error)) (int, error) {
	changed := 0
	for _, entry := range entries {
		n, err := change(strings.ToLower(strings.TrimSpace(entry)))
		if err != nil {
			return 0, fmt.Errorf("change the blocklist: %w", err)
		}
		changed += int(n)
	}
	return changed, nil
}

// Blocked lists the entries, sorted.
func (s *Store) Blocked(ctx context.Context) (entries []string, err error) {
	err = s.snapshot(ctx, func(v *view) error {
		return v.each("SELECT entry FROM blocklist ORDER BY entry", nil, func(scan func(...any) error) error {
			var entry string
			err := scan(&entry)
			entries = append(entries, entry)
			return err
		})
	})
	return entries, err
}
