package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

//go:embed migrations/*.sql
var migrations embed.FS

// applicationID marks a file as a ledger ("DRIP"); the first migration writes it.
const applicationID = 0x44524950

// maxReaders bounds the connections that read at once.
const maxReaders = 8

// Several processes may open a new file at the same moment: one makes it a ledger, the others wait.
const (
	openTries = 500
	openPoll  = 10 * time.Millisecond
)

// Open opens the ledger in the file, and creates the file, and the folders above it, if there is
// none. A file from a newer version is ledger.ErrTooNew; that, and a file that cannot be used, are a
// *drip.InputError.
func Open(ctx context.Context, path string) (*Store, error) {
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the ledger %s: %w", path, err)
	}
	if err := touch(full); err != nil {
		return nil, unusable(path, err)
	}
	var s *Store
	// SQLite refuses at once, whatever its timeout, while another process makes the file what it is.
	err = again(ctx, isBusy, func() (err error) {
		if err = inspect(ctx, full); err == nil {
			s, err = connect(ctx, full)
		}
		return err
	})
	if err != nil {
		return nil, unusable(path, err)
	}
	return s, nil
}

// again repeats what fails in a way that passes, until it does not or patience has an end.
func again(ctx context.Context, passes func(error) bool, attempt func() error) error {
	for try := 0; ; try++ {
		err := attempt()
		if err == nil || !passes(err) || try == openTries {
			return err
		}
		select {
		case <-time.After(openPoll):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// connect opens the file to write to it.
func connect(ctx context.Context, path string) (*Store, error) {
	db, err := sql.Open("sqlite", source(path, "rw",
		"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"cache_size(-65536)", "wal_autocheckpoint(4000)", "temp_store(MEMORY)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	s := &Store{path: path, db: db}
	if err := s.start(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// start brings the file to this version's format and begins to serve.
func (s *Store) start(ctx context.Context) error {
	if err := migrate(ctx, s.db); err != nil {
		return err
	}
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	// From here on the writer waits for its turn by itself, at a finer grain than SQLite would.
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return errors.Join(err, conn.Close())
	}
	reads, err := sql.Open("sqlite", source(s.path, "ro", "busy_timeout(30000)", "query_only(ON)", "temp_store(MEMORY)"))
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	reads.SetMaxOpenConns(maxReaders)
	reads.SetMaxIdleConns(maxReaders)
	s.conn, s.reads, s.writer = conn, reads, startWriter(conn)
	return nil
}

// source is the data source name of a file, whatever characters are in its path. Transactions that are
// not said to be read-only ask for the write lock when they begin, where waiting for it is possible.
func source(path, mode string, pragmas ...string) string {
	q := url.Values{"mode": {mode}, "_pragma": pragmas, "_txlock": {"immediate"}}
	return "file:" + (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() + "?" + q.Encode()
}

// touch creates the file if there is none, for its owner only: it will hold names and addresses.
func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// inspect looks at the file without writing to it, so that what is not ours is left as it is.
func inspect(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", source(path, "ro", "busy_timeout(30000)"))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = version(ctx, db)
	return err
}

// migrate brings the file to the newest format this program knows.
func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	g, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	sources := g.ListSources()
	newest := sources[len(sources)-1].Version
	return again(ctx, func(err error) bool { return errors.Is(err, errMigrating) }, func() error {
		has, err := version(ctx, db)
		if err != nil || has == newest {
			return err
		}
		if has > newest {
			return tooNew{has, newest}
		}
		if _, err := g.Up(ctx); err != nil {
			return fmt.Errorf("%w to format %d: %v", errMigrating, newest, err)
		}
		return nil
	})
}

// errMigrating may mean that another process was faster; then the file has the format at the next look.
var errMigrating = errors.New("bring the ledger")

// version is the format of the file, as of one instant; 0 for an empty one.
func version(ctx context.Context, db *sql.DB) (v int64, err error) {
	t, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	defer func() { _ = t.Rollback() }()
	var id, tables int
	if err := t.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return 0, err
	}
	if err := t.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'").Scan(&tables); err != nil {
		return 0, err
	}
	if id == 0 && tables == 0 {
		return 0, nil
	}
	if id != applicationID {
		return 0, errNoLedger
	}
	err = t.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version").Scan(&v)
	return v, err
}

var errNoLedger = errors.New("another program's database")

type tooNew struct{ has, knows int64 }

func (e tooNew) Error() string {
	return fmt.Sprintf("%s (format %d, this program knows %d)", ledger.ErrTooNew, e.has, e.knows)
}

func (tooNew) Unwrap() error { return ledger.ErrTooNew }

// unusable says what is wrong with the file the user named, and what to do.
func unusable(path string, err error) error {
	input := &drip.InputError{File: path, Cause: err}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, ledger.ErrTooNew):
		input.Problem = err.Error()
		input.Fix = "use the newer version of Dripline, or another ledger with --ledger"
	case errors.Is(err, errNoLedger), sqliteCode(err) == sqlite3.SQLITE_NOTADB:
		input.Problem = "this file is not a Dripline ledger"
		input.Fix = "name the ledger's file, or a new one, with --ledger"
	case sqliteCode(err) == sqlite3.SQLITE_CORRUPT:
		input.Problem = "the ledger is damaged"
		input.Fix = "put the last backup in its place"
	default:
		input.Problem = "the ledger cannot be opened: " + strings.TrimSpace(err.Error())
		input.Fix = "see that the file and its folder can be read and written, or name another with --ledger"
	}
	return input
}

// sqliteCode is SQLite's primary result code, 0 if the error is not SQLite's.
func sqliteCode(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

func isBusy(err error) bool { return sqliteCode(err) == sqlite3.SQLITE_BUSY }
