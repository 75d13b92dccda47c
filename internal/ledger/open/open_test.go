package open_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger/open"
)

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("opens a file", func(t *testing.T) {
		t.Parallel()
		l, err := open.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "new", "ledger.db"))
		require.NoError(t, err)
		all, err := l.List(t.Context())
		require.NoError(t, err)
		require.Empty(t, all)
		require.NoError(t, l.Close())
	})
	for url, problem := range map[string]string{
		"postgres://ann:secret@db.test/x": "PostgreSQL",
		"postgresql:///x":                 "PostgreSQL",
		"mysql://ann:secret@db.test/x":    "not the URL of a ledger",
		"data/dripline.db":                "not the URL of a ledger",
		"sqlite:":                         "not the URL of a ledger",
		"":                                "not the URL of a ledger",
	} {
		t.Run("refuses "+url, func(t *testing.T) {
			t.Parallel()
			l, err := open.Open(t.Context(), url)
			require.Nil(t, l)
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Contains(t, input.Problem, problem)
			require.Contains(t, input.Fix, "sqlite:")
			require.NotContains(t, err.Error(), "secret")
		})
	}
}
