package draft_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/starter/draft"
)

const (
	team = `timezone: Europe/Paris
accounts:
  - {id: ann, email: ann@acme.test, smtp: {host: 127.0.0.1, port: 1025, tls: none}}
  - {id: ben, email: ben@acme.test, smtp: {host: 127.0.0.1, port: 1025, tls: none}}
`
	sequence = `name: Launch
steps:
  - subject: "Hello {{ first_name }}"
    text: Hi
  - after: 3
    text: Again
`
)

// now is 10:40 on a Tuesday, in the team's zone.
var now = time.Date(2026, time.November, 24, 9, 40, 0, 0, time.UTC)

type bundle struct {
	dir    string
	ledger ledger.Ledger
}

func setup(t *testing.T) bundle {
	t.Helper()
	b := bundle{dir: t.TempDir()}
	write(t, filepath.Join(b.dir, "team.yaml"), team)
	write(t, filepath.Join(b.dir, "sequence.yaml"), sequence)
	var err error
	b.ledger, err = open.Open(context.Background(), "sqlite:"+filepath.Join(b.dir, "dripline.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.ledger.Close()) })
	return b
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// contacts are the rows of a file with n people; extra rows follow them.
func contacts(n int, extra ...string) string {
	var rows strings.Builder
	rows.WriteString("email,first_name\n")
	for i := range n {
		fmt.Fprintf(&rows, "c%d@people.test,Name%d\n", i, i)
	}
	return rows.String() + strings.Join(extra, "")
}

func (b bundle) load(t *testing.T, rows string, change func(*draft.Options)) *draft.Draft {
	t.Helper()
	o := draft.Options{
		Team: filepath.Join(b.dir, "team.yaml"), Sequence: filepath.Join(b.dir, "sequence.yaml"),
		Contacts: write(t, filepath.Join(t.TempDir(), "contacts.csv"), rows),
		From:     "ann,ben", Start: "now", Mode: string(drip.ModeASAP), Pace: string(drip.PaceHuman),
	}
	if change != nil {
		change(&o)
	}
	d, err := draft.Load(o, now)
	require.NoError(t, err)
	return d
}

func TestEngageDoesWhatThePreviewSaid(t *testing.T) {
	t.Parallel()
	ctx, b := context.Background(), setup(t)
	previewed, err := b.load(t, contacts(150, "nobody,No\n"), nil).Preview(ctx, b.ledger, nil)
	require.NoError(t, err)
	all, err := b.ledger.List(ctx)
	require.NoError(t, err)
	require.Empty(t, all, "a preview writes nothing")

	engaged, err := b.load(t, contacts(150, "nobody,No\n"), nil).Engage(ctx, b.ledger, now, nil)
	require.NoError(t, err)
	require.Equal(t, previewed, engaged)
	standing, err := ledger.Plan(ctx, b.ledger, engaged.ID, previewed.Start.Location())
	require.NoError(t, err)
	require.Equal(t, previewed.Slots, standing.Slots)
	require.Equal(t, previewed.Senders, standing.Senders)
	require.Equal(t, previewed.Held, standing.Held)
}

func TestEngageThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		rows    string
		problem string
	}{
		{"a line break for a header, after thousands were written", contacts(6000, "x@people.test,\"Eve\nBcc: all@people.test\"\n"), "line break"},
		{"a broken row at the end", contacts(6000, "x@people.test\n"), "the row has 1 field"},
		{"everybody is held", contacts(0, "nobody,No\n"), "nobody is left to engage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, b := context.Background(), setup(t)
			_, err := b.load(t, c.rows, nil).Engage(ctx, b.ledger, now, nil)
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Contains(t, input.Problem, c.problem)
			all, err := b.ledger.List(ctx)
			require.NoError(t, err)
			require.Empty(t, all)

			again, err := b.load(t, contacts(6000), nil).Preview(ctx, b.ledger, nil)
			require.NoError(t, err)
			require.Equal(t, 6000, again.Contacts, "nobody is kept by what failed")
		})
	}
}

func TestEngageHoldsWhoWasEngagedSinceThePreview(t *testing.T) {
	t.Parallel()
	ctx, b := context.Background(), setup(t)
	mine := b.load(t, contacts(3), func(o *draft.Options) { o.ID = "mine" })
	previewed, err := mine.Preview(ctx, b.ledger, nil)
	require.NoError(t, err)
	require.Equal(t, 3, previewed.Contacts)

	theirs := b.load(t, contacts(1), func(o *draft.Options) { o.ID = "theirs" })
	_, err = theirs.Engage(ctx, b.ledger, now, nil)
	require.NoError(t, err)

	engaged, err := mine.Engage(ctx, b.ledger, now, nil)
	require.NoError(t, err)
	require.Equal(t, 2, engaged.Contacts)
	require.Equal(t, []drip.Held{{Email: "c0@people.test", Row: 2, Reason: drip.HeldActiveElsewhere, Detail: "theirs"}}, engaged.Held)
}

func TestEngageMovesAStartThatHasPassed(t *testing.T) {
	t.Parallel()
	ctx, b := context.Background(), setup(t)
	d := b.load(t, contacts(3), nil)
	previewed, err := d.Preview(ctx, b.ledger, nil)
	require.NoError(t, err)
	require.Equal(t, "11:00", previewed.Start.Format("15:04"))
	engaged, err := d.Engage(ctx, b.ledger, now.Add(25*time.Minute), nil)
	require.NoError(t, err)
	require.Equal(t, "12:00", engaged.Start.Format("15:04"))
	require.Contains(t, strings.Join(engaged.Notes, "\n"), "the start moves to Tuesday 24 November 12:00")
}

func TestID(t *testing.T) {
	t.Parallel()
	ctx, b := context.Background(), setup(t)
	first, err := b.load(t, contacts(3), nil).Engage(ctx, b.ledger, now, nil)
	require.NoError(t, err)
	require.Regexp(t, `^launch-[a-z2-7]{4}$`, first.ID)

	t.Run("that is made is one that no engagement has", func(t *testing.T) {
		second, err := b.load(t, contacts(3), nil).Preview(ctx, b.ledger, nil)
		require.NoError(t, err)
		require.NotEqual(t, first.ID, second.ID)
	})
	t.Run("that is given and exists is refused", func(t *testing.T) {
		given := func(o *draft.Options) { o.ID = first.ID }
		for _, err := range []error{
			second(b.load(t, contacts(3), given).Preview(ctx, b.ledger, nil)),
			second(b.load(t, contacts(3), given).Engage(ctx, b.ledger, now, nil)),
		} {
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, "--id", input.File)
		}
	})
}

func second[T any](_ T, err error) error { return err }
