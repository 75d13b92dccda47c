package embedded

import (
	"crypto/rand"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	// databaseName is the file of the database in its folder. The write-ahead log lies beside it,
	// and a copy of one without the other is not a backup.
	databaseName = "temporal.db"

	// Namespace is the one that Start creates.
	Namespace = "default"

	// retention is how long a workflow that has ended can still be looked at.
	retention = 90 * 24 * time.Hour
)

// memoryStore is a database that ends with the process. Its name keeps it apart from the databases
// of other servers in this process.
func memoryStore() *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "temporal-" + rand.Text(),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// fileStore is the database in a file. What the server has said yes to is on the disk: the log is
// synced at every commit, on macOS down to the disk itself. The server writes through one connection, since it begins transactions by
// reading and SQLite refuses such a one when another connection wrote meanwhile; that connection
// waits for others, such as a backup, rather than fail.
//
// The names of the pragmas are bare: with the underscore that the server's own development mode
// puts before them SQLite takes them for unknown and says nothing.
func fileStore(file string) *config.SQL {
	return &config.SQL{
		PluginName:   sqliteplugin.PluginName,
		DatabaseName: uriPath(file),
		ConnectAttributes: map[string]string{
			"mode":         "rwc",
			"journal_mode": "wal",
			"synchronous":  "full",
			"fullfsync":    "on",
			"busy_timeout": "10000",
		},
		MaxConns: 1,
	}
}

// uriPath is the file as the path of a file: URI.
func uriPath(file string) string {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/data becomes /C:/data
	}
	return (&url.URL{Path: path}).EscapedPath()
}

// createNamespace creates the namespace unless it exists. It writes to the database directly, so
// that the server knows the namespace from its first moment.
func createNamespace(store *config.SQL) error {
	ns, err := sqlite.NewNamespaceConfig(clusterName, Namespace, false, nil)
	if err != nil {
		return err
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	return sqlite.CreateNamespaces(store, ns)
}
