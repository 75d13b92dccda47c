package roster

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

var team = drip.Team{Accounts: []drip.Account{
	{ID: "ann", Email: "ann@acme.test"},
	{ID: "bob", Email: "Bob@acme.test"},
	{ID: "cyd", Email: "cyd@acme.test"},
}}

var fromAnn = drip.From{Kind: drip.FromMe, Accounts: []string{"ann"}}

// write makes a contacts file.
func write(t testing.TB, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "contacts.csv")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func open(t testing.TB, content string) *File {
	t.Helper()
	f, err := Open(write(t, content))
	require.NoError(t, err)
	return f
}

// screen makes a pass and returns all that was kept.
func screen(t testing.TB, f *File, opts Options) ([]drip.Contact, Summary) {
	t.Helper()
	if opts.Accounts == nil {
		opts.Accounts = team.Accounts
	}
	if opts.From.Kind == "" {
		opts.From = fromAnn
	}
	var kept []drip.Contact
	summary, err := f.Screen(context.Background(), opts, func(batch []drip.Contact) error {
		require.NotEmpty(t, batch)
		require.LessOrEqual(t, len(batch), f.batch)
		kept = append(kept, batch...)
		return nil
	})
	require.NoError(t, err)
	return kept, summary
}

func requireInput(t *testing.T, err error, line int, problem, fix string) {
	t.Helper()
	var input *drip.InputError
	require.ErrorAs(t, err, &input)
	require.Contains(t, input.Problem, problem)
	require.Contains(t, input.Fix, fix)
	require.NotEmpty(t, input.Fix)
	require.Equal(t, line, input.Line, input.Problem)
}
