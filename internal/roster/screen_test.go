package roster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
)

func TestHeldReasons(t *testing.T) {
	t.Parallel()
	f := open(t, strings.Join([]string{
		"email,owner,first_name",
		"good@x.test,ann,Al", // 2
		"bad,ann,Al",
		"GOOD@x.test,ann,Al", // 4
		"blocked@x.test,ann,Al",
		"active@x.test,ann,Al", // 6
		"past@x.test,ann,Al",
		"nameless@x.test,ann,", // 8
		"nobody@x.test,,Al",
		"stranger@x.test,zed,Al",         // 10
		"bob@x.test, BOB@ACME.test ,Al",  // by address
		"everything@x.test,zed,",         // 12: the first reason wins
		"EVERYTHING@x.test,zed,",         // a duplicate of a held one
		",ann,Al",                        // 14
		"Known@x.test,Cyd,not held at x", // standing without reason
	}, "\n"))
	opts := Options{
		From: drip.From{Kind: drip.FromOwners},
		Standings: func(_ context.Context, people []string) (map[string]drip.Standing, error) {
			require.Contains(t, people, "known@x.test")
			require.NotContains(t, people, "bad")
			return map[string]drip.Standing{
				"blocked@x.test":    {Blocked: "x.test", Active: "e1", Past: "e2"},
				"active@x.test":     {Active: "e1", Past: "e2"},
				"past@x.test":       {Past: "e2"},
				"everything@x.test": {Active: "e3"},
				"known@x.test":      {},
			}, nil
		},
		Missing: func(values []string) (string, bool) { return "first_name", values[0] == "" },
	}
	kept, summary := screen(t, f, opts)
	require.Equal(t, []drip.Held{
		{Email: "bad", Row: 3, Reason: drip.HeldInvalidEmail, Detail: "it has no @"},
		{Email: "GOOD@x.test", Row: 4, Reason: drip.HeldDuplicate, Detail: "row 2"},
		{Email: "blocked@x.test", Row: 5, Reason: drip.HeldBlocklisted, Detail: "x.test"},
		{Email: "active@x.test", Row: 6, Reason: drip.HeldActiveElsewhere, Detail: "e1"},
		{Email: "past@x.test", Row: 7, Reason: drip.HeldAlreadyEngaged, Detail: "e2"},
		{Email: "nameless@x.test", Row: 8, Reason: drip.HeldMissingVariable, Detail: "first_name"},
		{Email: "nobody@x.test", Row: 9, Reason: drip.HeldNoOwner},
		{Email: "stranger@x.test", Row: 10, Reason: drip.HeldNoOwner, Detail: "zed"},
		{Email: "everything@x.test", Row: 12, Reason: drip.HeldActiveElsewhere, Detail: "e3"},
		{Email: "EVERYTHING@x.test", Row: 13, Reason: drip.HeldDuplicate, Detail: "row 12"},
		{Email: "", Row: 14, Reason: drip.HeldInvalidEmail, Detail: "it is empty"},
	}, summary.Held)
	require.Equal(t, []drip.Contact{
		{Row: 2, Email: "good@x.test", Owner: "ann", Values: []string{"Al"}, Account: "ann"},
		{Row: 11, Email: "bob@x.test", Owner: "BOB@ACME.test", Values: []string{"Al"}, Account: "bob"},
		{Row: 15, Email: "Known@x.test", Owner: "Cyd", Values: []string{"not held at x"}, Account: "cyd"},
	}, kept)
	require.Equal(t, 3, summary.Contacts)
	require.Equal(t, []drip.Sender{{Account: "ann", Contacts: 1}, {Account: "bob", Contacts: 1}, {Account: "cyd", Contacts: 1}}, summary.Senders)

	opts.Again = true
	kept, _ = screen(t, f, opts)
	require.Equal(t, "past@x.test", kept[1].Email, "--again keeps who was engaged before")
}

func TestOwnersMatterOnlyForOwners(t *testing.T) {
	t.Parallel()
	kept, summary := screen(t, open(t, "email,owner\na@x.test,zed\nb@x.test,\n"), Options{})
	require.Len(t, kept, 2)
	require.Equal(t, []drip.Sender{{Account: "ann", Contacts: 2}}, summary.Senders)
	require.Empty(t, summary.Held)

	_, summary = screen(t, open(t, "email\na@x.test\n"), Options{From: drip.From{Kind: drip.FromOwners}})
	require.Equal(t, drip.HeldNoOwner, summary.Held[0].Reason, "a file without owners")
}

func TestFailuresEndThePass(t *testing.T) {
	t.Parallel()
	f := open(t, "email\na@x.test\nb@x.test\n")
	broken := errors.New("broken")
	opts := Options{From: fromAnn, Accounts: team.Accounts}
	keep := func([]drip.Contact) error { return nil }

	t.Run("of the receiver", func(t *testing.T) {
		t.Parallel()
		_, err := f.Screen(context.Background(), opts, func([]drip.Contact) error { return broken })
		require.ErrorIs(t, err, broken)
	})
	t.Run("of the standings", func(t *testing.T) {
		t.Parallel()
		opts := opts
		opts.Standings = func(context.Context, []string) (map[string]drip.Standing, error) { return nil, broken }
		_, err := f.Screen(context.Background(), opts, keep)
		require.ErrorIs(t, err, broken)
	})
	t.Run("of the caller's patience", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_, err := f.Screen(ctx, opts, keep)
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("of senders that do not exist", func(t *testing.T) {
		t.Parallel()
		for _, from := range []drip.From{{}, {Kind: drip.FromMe}, {Kind: drip.FromList}, {Kind: drip.FromList, Accounts: []string{"zed"}}} {
			opts := opts
			opts.From = from
			_, err := f.Screen(context.Background(), opts, keep)
			require.Error(t, err)
		}
	})
}

func TestProgressEndsAtTheEnd(t *testing.T) {
	t.Parallel()
	content := people(30_000)
	f := open(t, content)
	last, calls := int64(-1), 0
	screen(t, f, Options{Progress: func(read, total int64) {
		require.Equal(t, int64(len(content)), total)
		require.GreaterOrEqual(t, read, last)
		last, calls = read, calls+1
	}})
	require.Equal(t, int64(len(content)), last)
	require.Greater(t, calls, 5)
}

// people is a file of n contacts, some of them to be held.
func people(n int) string {
	var b strings.Builder
	b.WriteString("email,owner,first_name\n")
	for i := range n {
		switch i % 11 {
		case 3:
			fmt.Fprintf(&b, "p%d at x.test,ann,A\n", i)
		case 7:
			fmt.Fprintf(&b, "p%d@x.test,bob,A\n", i-1)
		default:
			fmt.Fprintf(&b, "p%d@x.test,%s,A\n", i, team.Accounts[i%3].ID)
		}
	}
	return b.String()
}

// Shares are equal to within one, at any number of contacts and after any of them, whatever is held.
func TestSharesAreEqual(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "rows")
		accounts := rapid.Permutation([]string{"ann", "bob", "cyd"}).Draw(t, "order")[:rapid.IntRange(1, 3).Draw(t, "accounts")]
		s, err := newSenders(Options{From: drip.From{Kind: drip.FromList, Accounts: accounts}, Accounts: team.Accounts, Seed: rapid.Uint64().Draw(t, "seed")})
		if err != nil {
			t.Fatal(err)
		}
		for range n {
			s.next(drip.Contact{})
			low, high := n, 0
			for _, id := range accounts {
				low, high = min(low, s.counted[id]), max(high, s.counted[id])
			}
			if high-low > 1 {
				t.Fatalf("shares %v", s.counted)
			}
		}
	})
}

// What a pass comes to depends on the file and the seed, not on how it is cut into batches, nor on
// how often it is made.
func TestScreenIsDeterministic(t *testing.T) {
	t.Parallel()
	content := people(400)
	rapid.Check(t, func(rt *rapid.T) {
		opts := Options{
			From: drip.From{Kind: drip.FromList, Accounts: []string{"cyd", "ann", "bob"}},
			Seed: rapid.Uint64().Draw(rt, "seed"),
		}
		f := open(t, content)
		kept, summary := screen(t, f, opts)
		again, summaryAgain := screen(t, f, opts)
		require.Equal(t, kept, again)
		require.Equal(t, summary, summaryAgain)

		f.batch = rapid.IntRange(1, 500).Draw(rt, "batch")
		cut, summaryCut := screen(t, f, opts)
		require.Equal(t, kept, cut)
		require.Equal(t, summary, summaryCut)

		sum := 0
		for _, s := range summary.Senders {
			sum += s.Contacts
		}
		require.Equal(t, summary.Contacts, sum)
		require.Equal(t, 400, summary.Contacts+len(summary.Held), "every row is kept or held")
	})
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	f := open(t, people(100))
	of := func(seed uint64) string {
		kept, _ := screen(t, f, Options{From: drip.From{Kind: drip.FromList, Accounts: []string{"ann", "bob"}}, Seed: seed})
		var b strings.Builder
		for _, c := range kept {
			b.WriteString(c.Account)
		}
		return b.String()
	}
	require.NotEqual(t, of(1), of(2))
}

// The order is part of the contract: an engagement keeps only its seed, and another version must
// deal the same.
func TestTheDealIsPinned(t *testing.T) {
	t.Parallel()
	s, err := newSenders(Options{From: drip.From{Kind: drip.FromList, Accounts: []string{"ann", "bob", "cyd"}}, Accounts: team.Accounts, Seed: 42})
	require.NoError(t, err)
	dealt := ""
	for range 9 {
		dealt += s.next(drip.Contact{})[:1]
	}
	require.Equal(t, "baccabbac", dealt)
}

func TestBatchesMayBeKept(t *testing.T) {
	t.Parallel()
	f := open(t, people(50))
	f.batch = 8
	var batches [][]drip.Contact
	_, err := f.Screen(context.Background(), Options{From: fromAnn, Accounts: team.Accounts}, func(b []drip.Contact) error {
		batches = append(batches, b)
		return nil
	})
	require.NoError(t, err)
	rows := 0
	for _, b := range batches {
		for _, c := range b {
			require.Greater(t, c.Row, rows)
			rows = c.Row
		}
	}
}
