package embedded

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
	"strconv"
	"strings"

	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/schema"
	"go.temporal.io/server/schema/sqlite"
	_ "modernc.org/sqlite" // the driver "sqlite", which the server uses too

	"github.com/dripline/dripline/internal/drip"
)

// The server neither checks the schema of a SQLite file nor brings an older one up to date, and it
// creates a new one statement by statement, so that a kill in between leaves a file it can never
// use. All of that is done here: the version is kept in the file (PRAGMA user_version, 11 for the
// server's 0.11), and creating or upgrading is one transaction.

// versionedSchemas holds, in the server's own files, a folder for each version with the statements
// that lead to it from the one before.
const versionedSchemas = "sqlite/v3/temporal/versioned"

// prepareSchema makes the file ready for this version of the server.
func prepareSchema(ctx context.Context, file string) (err error) {
	want, err := minorVersion(sqlite.Version)
	if err != nil {
		return err
	}
	db, err := sql.Open("sqlite", "file:"+uriPath(file)+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)&_txlock=immediate")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return unusable(file, err)
	}
	defer func() { _ = tx.Rollback() }()

	have, tables, err := readSchema(ctx, tx)
	if err != nil {
		return unusable(file, err)
	}
	switch {
	case have == want:
		return nil
	case tables == 0:
		err = sqlite.SetupSchemaOnDB(execInTx{ctx: ctx, tx: tx})
	case have == 0:
		return unusable(file, errors.New("another program made it"))
	case have > want:
		return &drip.InputError{
			File:    file,
			Problem: fmt.Sprintf("a newer version wrote it (schema 0.%d, this program knows up to 0.%d)", have, want),
			Fix:     "run the newer version again, or choose another folder with --data",
		}
	default:
		err = upgradeSchema(ctx, tx, have, want)
	}
	if err != nil {
		return fmt.Errorf("schema of %s: %w", file, err)
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(want)); err != nil {
		return fmt.Errorf("schema of %s: %w", file, err)
	}
	return tx.Commit()
}

// unusable says so, unless the attempt was only called off.
func unusable(file string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &drip.InputError{
		File:    file,
		Problem: fmt.Sprintf("it cannot be used as Temporal's database: %v", err),
		Fix:     "move the file away, or choose another folder with --data",
	}
}

func readSchema(ctx context.Context, tx *sql.Tx) (version, tables int, err error) {
	if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, 0, err
	}
	err = tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master WHERE type = 'table'").Scan(&tables)
	return version, tables, err
}

// upgradeSchema runs the statements of every version after have, up to want.
func upgradeSchema(ctx context.Context, tx *sql.Tx, have, want int) error {
	versions, err := schemaVersions()
	if err != nil {
		return err
	}
	for _, v := range versions {
		if v <= have || v > want {
			continue
		}
		statements, err := statementsOf(v)
		if err != nil {
			return fmt.Errorf("version 0.%d: %w", v, err)
		}
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("version 0.%d: %w", v, err)
			}
		}
	}
	return nil
}

// schemaVersions lists the versions that have statements, oldest first.
func schemaVersions() ([]int, error) {
	folders, err := fs.ReadDir(schema.Assets(), versionedSchemas)
	if err != nil {
		return nil, err
	}
	var versions []int
	for _, f := range folders {
		v, err := minorVersion(strings.TrimPrefix(f.Name(), "v"))
		if err != nil {
			return nil, err
		}
		versions = append(versions, v)
	}
	sort.Ints(versions)
	return versions, nil
}

func statementsOf(version int) ([]string, error) {
	folder := path.Join(versionedSchemas, fmt.Sprintf("v0.%d", version))
	b, err := fs.ReadFile(schema.Assets(), path.Join(folder, "manifest.json"))
	if err != nil {
		return nil, err
	}
	var manifest struct{ SchemaUpdateCqlFiles []string }
	if err := json.Unmarshal(b, &manifest); err != nil {
		return nil, err
	}
	var files []io.Reader
	for _, name := range manifest.SchemaUpdateCqlFiles {
		b, err := fs.ReadFile(schema.Assets(), path.Join(folder, name))
		if err != nil {
			return nil, err
		}
		files = append(files, bytes.NewReader(b))
	}
	return persistence.LoadAndSplitQueryFromReaders(files)
}

// minorVersion is 11 of "0.11". The server's SQLite schema has never had another major version.
func minorVersion(version string) (int, error) {
	minor, ok := strings.CutPrefix(version, "0.")
	v, err := strconv.Atoi(minor)
	if !ok || err != nil {
		return 0, fmt.Errorf("schema version %q is not of the form 0.N", version)
	}
	return v, nil
}

// execInTx lets the server's own set-up run in a transaction. Exec is all that it calls.
type execInTx struct {
	sqlplugin.AdminDB
	ctx context.Context
	tx  *sql.Tx
}

func (e execInTx) Exec(statement string, args ...any) error {
	_, err := e.tx.ExecContext(e.ctx, statement, args...)
	return err
}
