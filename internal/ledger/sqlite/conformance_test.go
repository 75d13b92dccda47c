package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/conformance"
	"github.com/dripline/dripline/internal/ledger/sqlite"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	var files sync.Map // of the tests that have opened one
	conformance.Run(t, func(t *testing.T) ledger.Ledger {
		path, _ := files.LoadOrStore(t.Name(), filepath.Join(t.TempDir(), "ledger.db"))
		return open(t, path.(string))
	})
}

func open(t testing.TB, path string) *sqlite.Store {
	s, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}
