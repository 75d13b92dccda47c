package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"

	"github.com/dripline/dripline/internal/drip"
)

// Snapshot writes a copy of the whole ledger to a new file. It is written beside its place, synced
// and only then given its name, so that a file of that name is always whole.
func (s *Store) Snapshot(ctx context.Context, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return &drip.InputError{File: path, Problem: "there is a file already", Fix: "name a new file"}
	}
	partial := path + ".partial"
	if err := s.copyTo(ctx, partial); err != nil {
		return errors.Join(fmt.Errorf("copy the ledger: %w", err), os.Remove(partial))
	}
	// A link, unlike a rename, never replaces what somebody has put there meanwhile.
	if err := os.Link(partial, path); err != nil {
		return errors.Join(fmt.Errorf("copy the ledger: %w", err), os.Remove(partial))
	}
	return os.Remove(partial)
}

func (s *Store) copyTo(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	// Readers may not write anything, not even a copy; so the copy has a connection of its own.
	db, err := sql.Open("sqlite", source(s.path, "ro", "busy_timeout(30000)"))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return err
	}
	return f.Sync()
}
