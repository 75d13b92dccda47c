package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
)

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("makes the file and its folders, for the owner only", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "a", "b c", "what? 100%#1.db")
		open(t, path)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	})
	t.Run("finds again what was written", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		s := open(t, path)
		_, err := s.Block(t.Context(), []string{"x.test"}, time.Unix(1, 0))
		require.NoError(t, err)
		require.NoError(t, s.Close())
		entries, err := open(t, path).Blocked(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"x.test"}, entries)
	})
	t.Run("of a new file by many at once makes one ledger", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				s, err := sqlite.Open(t.Context(), path)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Block(t.Context(), []string{fmt.Sprint(i)}, time.Unix(1, 0)); err != nil {
					t.Error(err)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		entries, err := open(t, path).Blocked(t.Context())
		require.NoError(t, err)
		require.Len(t, entries, 8)
	})
	t.Run("syncs every commit", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "ledger.db")
		open(t, path)
		require.Equal(t, "wal", pragma(t, path, "journal_mode"))
	})
	t.Run("of an empty file makes a ledger of it", func(t *testing.T) {
		t.Parallel()
		open(t, write(t, ""))
	})
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path    func(t *testing.T) string
		problem string
	}{
		"a text": {func(t *testing.T) string { return write(t, "email,first_name\n"+strings.Repeat("a@b.test,Ann\n", 100)) },
			"this file is not a Dripline ledger"},
		"another program's database": {func(t *testing.T) string { return change(t, write(t, ""), "CREATE TABLE songs (name)") },
			"this file is not a Dripline ledger"},
		"a damaged ledger": {damaged, "the ledger is damaged"},
		"a newer ledger": {func(t *testing.T) string {
			return change(t, made(t), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)")
		}, "the ledger was written by a newer version of Dripline (format 99, this program knows 1)"},
		"a folder":           {func(t *testing.T) string { return t.TempDir() }, "the ledger cannot be opened"},
		"a folder in a file": {func(t *testing.T) string { return filepath.Join(write(t, "x"), "ledger.db") }, "the ledger cannot be opened"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := c.path(t)
			before, _ := os.ReadFile(path)
			_, err := sqlite.Open(t.Context(), path)
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, path, input.File)
			require.Contains(t, input.Problem, c.problem)
			require.NotEmpty(t, input.Fix)
			after, _ := os.ReadFile(path)
			require.True(t, bytes.Equal(before, after), "the file was changed")
			require.Equal(t, name == "a newer ledger", errors.Is(err, ledger.ErrTooNew))
		})
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, s.Close())
	require.NoError(t, s.Close(), "twice is once")
	_, err := s.Block(context.Background(), []string{"x"}, time.Unix(1, 0))
	require.ErrorContains(t, err, "closed")
	_, err = s.List(context.Background())
	require.Error(t, err)
}

func TestSnapshotIsALedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "ledger.db"))
	prepareKill(t, s)
	copied := filepath.Join(dir, "what? 100%", "copy.db")
	require.Error(t, s.Snapshot(t.Context(), copied), "there is no such folder")
	require.NoError(t, os.Mkdir(filepath.Dir(copied), 0o755))
	require.NoError(t, s.Snapshot(t.Context(), copied))
	info, err := os.Stat(copied)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(copied))
	require.NoError(t, err)
	require.Len(t, entries, 1, "nothing else is left behind")

	other := open(t, copied)
	rows := func(s *sqlite.Store) (all []ledger.Row) {
		require.NoError(t, s.Messages(t.Context(), "kill", func(r ledger.Row) error { all = append(all, r); return nil }))
		return all
	}
	require.Equal(t, rows(s), rows(other))
	require.NoError(t, other.End(t.Context(), "kill", drip.StateCancelled, "", time.Unix(1, 0)))
	state, _, err := s.State(t.Context(), "kill")
	require.NoError(t, err)
	require.Equal(t, drip.StateScheduled, state)
}

// write makes a file.
func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "file.db")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// made is an empty ledger, closed.
func made(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "made.db")
	s, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	return path
}

// change runs a statement on a file.
func change(t *testing.T, path, statement string) string {
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return path
}

// damaged is a ledger whose pages, all but the first, are full of rubbish.
func damaged(t *testing.T) string {
	path := made(t)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	for i := 4096; i < len(data); i++ {
		data[i] = 0xAB
	}
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return path
}
