package embedded

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	serversql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema/sqlite"

	"github.com/dripline/dripline/internal/drip"
)

func TestFileStoreIsSyncedAtEveryCommit(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), databaseName)
	require.NoError(t, prepareSchema(t.Context(), file))
	// The very connection that the server uses: there is one for each database of a process.
	db, err := serversql.NewSQLAdminDB(sqlplugin.DbKindUnknown, fileStore(file),
		resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	require.NoError(t, err)
	// It gives no results back, so a pragma that is not in force has to be an error.
	inForce := func(pragma, value string) error {
		return db.Exec(fmt.Sprintf("SELECT CASE WHEN (SELECT * FROM pragma_%s) = %s THEN 0 ELSE abs(-9223372036854775808) END", pragma, value))
	}
	const full = "2"
	require.NoError(t, inForce("journal_mode", "'wal'"))
	require.NoError(t, inForce("synchronous", full))
	require.NoError(t, inForce("fullfsync", "1"))
	require.NoError(t, inForce("busy_timeout", "10000"))
	require.Error(t, inForce("synchronous", "1"), "the check can fail")
}

func openFile(t *testing.T, file string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+uriPath(file))
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execAll(t *testing.T, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		_, err := db.ExecContext(t.Context(), s)
		require.NoError(t, err)
	}
}

func versionOf(t *testing.T, db *sql.DB) (version int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), "PRAGMA user_version").Scan(&version))
	return version
}

func TestSchema(t *testing.T) {
	t.Parallel()
	current, err := minorVersion(sqlite.Version)
	require.NoError(t, err)

	t.Run("is created once", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), databaseName)
		require.NoError(t, prepareSchema(t.Context(), file))
		db := openFile(t, file)
		require.Equal(t, current, versionOf(t, db))
		execAll(t, db, "INSERT INTO queue_metadata (queue_type, data, data_encoding, version) VALUES (1, '', '', 1)")
		require.NoError(t, prepareSchema(t.Context(), file))
		var rows int
		require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM queue_metadata").Scan(&rows))
		require.Equal(t, 1, rows)
	})
	t.Run("of an older version is upgraded", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, 11, current, "the schema has changed: undo its last version below, and look how upgrades go")
		file := filepath.Join(t.TempDir(), databaseName)
		require.NoError(t, prepareSchema(t.Context(), file))
		db := openFile(t, file)
		execAll(t, db, "DROP TABLE current_chasm_executions", "DROP TABLE tasks_v2", "DROP TABLE task_queues_v2", "PRAGMA user_version = 9")
		require.NoError(t, prepareSchema(t.Context(), file))
		require.Equal(t, current, versionOf(t, db))
		execAll(t, db, "SELECT * FROM current_chasm_executions", "SELECT * FROM tasks_v2")
	})
	t.Run("is left as it was where an upgrade fails", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), databaseName)
		require.NoError(t, prepareSchema(t.Context(), file))
		db := openFile(t, file)
		execAll(t, db, "DROP TABLE tasks_v2", "DROP TABLE task_queues_v2", "PRAGMA user_version = 9")
		require.ErrorContains(t, prepareSchema(t.Context(), file), "already exists") // current_chasm_executions, in 0.11
		require.Equal(t, 9, versionOf(t, db))
		_, err := db.ExecContext(t.Context(), "SELECT * FROM tasks_v2")
		require.Error(t, err)
	})
	t.Run("of another visibility version would need statements of its own", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, "0.1", sqlite.VisibilityVersion, "the server has no upgrade of it, and neither have we")
	})

	for name, tc := range map[string]struct {
		make    func(*testing.T, string)
		problem string
	}{
		"of a newer version is refused": {func(t *testing.T, file string) {
			require.NoError(t, prepareSchema(t.Context(), file))
			execAll(t, openFile(t, file), "PRAGMA user_version = 4711")
		}, "a newer version wrote it"},
		"of another program is refused": {func(t *testing.T, file string) {
			execAll(t, openFile(t, file), "CREATE TABLE notes (note TEXT)")
		}, "another program made it"},
		"is not made in what is no database": {func(t *testing.T, file string) {
			require.NoError(t, os.WriteFile(file, []byte("Dear diary, this is not a database at all."), 0o600))
		}, "not a database"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			tc.make(t, filepath.Join(dir, databaseName))
			_, err := Start(t.Context(), Options{Dir: dir, UIPort: -1})
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Contains(t, input.Where(), databaseName)
			require.Contains(t, input.Problem, tc.problem)
			require.NotEmpty(t, input.Fix)
			f, err := lockFolder(dir)
			require.NoError(t, err, "the folder is free again")
			require.NoError(t, f.Close())
		})
	}
}
