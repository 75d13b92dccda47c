package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var engaging = []behaviour{
	{"an id is used once", func(t *testing.T, b *bench) {
		require.NoError(t, b.Create(b.ctx, engagement("a", 1), Monday))
		require.ErrorIs(t, b.Create(b.ctx, engagement("a", 1), Monday), ledger.ErrExists)
		_, err := b.AddContacts(b.ctx, "a", people("ann", 1), Monday)
		require.NoError(t, err)
		b.schedule("a", book(0, "ann", 1, 1))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCompleted, "", Monday))
		require.ErrorIs(t, b.Create(b.ctx, engagement("a", 1), Monday), ledger.ErrExists)
	}},
	{"nothing is shown while it is loading", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		_, err := b.Engagement(b.ctx, "a")
		require.ErrorIs(t, err, ledger.ErrNotFound)
		_, err = b.Totals(b.ctx, "a")
		require.ErrorIs(t, err, ledger.ErrNotFound)
		_, _, err = b.State(b.ctx, "a")
		require.ErrorIs(t, err, ledger.ErrNotFound)
		all, err := b.List(b.ctx)
		require.NoError(t, err)
		require.Empty(t, all)
	}},
	{"what loads cannot be sent, paused or ended", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		_, err := b.Take(b.ctx, ledger.Lease{Engagement: "a", Account: "ann", Slot: Slot(0), Token: "t"}, Monday)
		require.ErrorIs(t, err, ledger.ErrState)
		require.ErrorIs(t, b.Pause(b.ctx, "a", "", Monday), ledger.ErrState)
		require.ErrorIs(t, b.End(b.ctx, "a", drip.StateCancelled, "", Monday), ledger.ErrState)
	}},
	{"an unknown id is not found", func(t *testing.T, b *bench) {
		for name, err := range map[string]error{
			"add":     second(b.AddContacts(b.ctx, "x", people("ann", 1), Monday)),
			"held":    b.AddHeld(b.ctx, "x", []drip.Held{{}}),
			"abandon": b.Abandon(b.ctx, "x"),
			"plan":    b.Plan(b.ctx, ledger.PlanRequest{ID: "x", To: drip.StateRunning}, nil),
			"pause":   b.Pause(b.ctx, "x", "", Monday),
			"end":     b.End(b.ctx, "x", drip.StateFailed, "", Monday),
			"take":    second(b.Take(b.ctx, ledger.Lease{Engagement: "x", Account: "ann", Token: "t"}, Monday)),
			"next":    second(b.Next(b.ctx, ledger.NextRequest{Lease: ledger.Lease{Engagement: "x"}})),
			"tally":   second(b.Tally(b.ctx, "x", "ann", Slot(0))),
			"rows":    b.Messages(b.ctx, "x", nil),
			"moves":   second(b.Moves(b.ctx, "x")),
		} {
			require.ErrorIs(t, err, ledger.ErrNotFound, name)
		}
	}},
	{"contacts become planned messages, one a step", func(t *testing.T, b *bench) {
		contact := drip.Contact{Row: 5, Email: "Zoë@Example.test", Values: []string{"Zoë \"Z\""}, Account: "ann"}
		b.load("a", 3, contact)
		b.schedule("a", book(0, "ann", 1, 1), book(24, "ann", 2, 1), book(48, "ann", 3, 1))
		rows := b.rows("a")
		require.Len(t, rows, 3)
		for i, r := range rows {
			require.Equal(t, ledger.Row{Contact: 1, Email: contact.Email, Account: "ann", Step: i + 1, State: drip.Planned, Slot: Slot(24 * i)}, r)
		}
		require.Equal(t, contact.Values, b.take("a", "ann", 0, "t").claim(In(0, 0)).Values)
	}},
	{"contacts are numbered from 1 over all batches", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		held, err := b.AddContacts(b.ctx, "a", people("bob", 2), Monday)
		require.NoError(t, err)
		require.Empty(t, held)
		b.schedule("a")
		rows := b.rows("a")
		require.Len(t, rows, 4)
		for i, r := range rows {
			require.Equal(t, i+1, r.Contact)
		}
		senders, err := b.Senders(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []drip.Sender{{Account: "ann", Contacts: 2}, {Account: "bob", Contacts: 2}}, senders)
	}},
	{"a person added before is a duplicate, whatever the spelling", func(t *testing.T, b *bench) {
		all := people("ann", 2)
		b.load("a", 1, all...)
		again := drip.Contact{Row: 9, Email: "ANN-2@Example.test", Account: "ann"}
		other := drip.Contact{Row: 10, Email: "other@example.test", Account: "ann"}
		held, err := b.AddContacts(b.ctx, "a", []drip.Contact{again, other, other}, Monday)
		require.NoError(t, err)
		require.Equal(t, []drip.Held{
			{Email: again.Email, Row: 9, Reason: drip.HeldDuplicate, Detail: "3"},
			{Email: other.Email, Row: 10, Reason: drip.HeldDuplicate, Detail: "10"},
		}, held)
		b.schedule("a")
		require.Len(t, b.rows("a"), 3)
	}},
	{"a person in another active engagement is held, even while that one loads", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		require.NoError(t, b.Create(b.ctx, engagement("b", 1), Monday))
		held, err := b.AddContacts(b.ctx, "b", people("ann", 2), Monday)
		require.NoError(t, err)
		require.Equal(t, []drip.Held{{Email: "ann-1@example.test", Row: 2, Reason: drip.HeldActiveElsewhere, Detail: "a"}}, held)
	}},
	{"contacts need an account, and none is written if one has not", func(t *testing.T, b *bench) {
		require.NoError(t, b.Create(b.ctx, engagement("a", 1), Monday))
		_, err := b.AddContacts(b.ctx, "a", append(people("ann", 1), drip.Contact{Row: 3, Email: "x@y.z"}), Monday)
		require.Error(t, err)
		b.schedule("a")
		require.Empty(t, b.rows("a"))
	}},
	{"nothing is added once it is real", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a")
		_, err := b.AddContacts(b.ctx, "a", people("bob", 1), Monday)
		require.ErrorIs(t, err, ledger.ErrState)
		require.ErrorIs(t, b.AddHeld(b.ctx, "a", []drip.Held{{}}), ledger.ErrState)
		require.ErrorIs(t, b.Abandon(b.ctx, "a"), ledger.ErrState)
	}},
	{"the held are kept in the order of their rows", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		one := drip.Held{Email: "x@", Row: 9, Reason: drip.HeldInvalidEmail, Detail: "no domain"}
		two := drip.Held{Email: "y@z", Row: 4, Reason: drip.HeldNoOwner}
		require.NoError(t, b.AddHeld(b.ctx, "a", []drip.Held{one}))
		require.NoError(t, b.AddHeld(b.ctx, "a", []drip.Held{two}))
		b.schedule("a")
		held, err := b.HeldContacts(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []drip.Held{two, one}, held)
		info, err := b.Engagement(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, 2, info.Held)
		require.Equal(t, 1, info.Contacts)
	}},
	{"abandon removes it all and frees its people and its id", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 3)...)
		require.NoError(t, b.AddHeld(b.ctx, "a", []drip.Held{{Email: "x", Row: 1}}))
		require.NoError(t, b.Abandon(b.ctx, "a"))
		require.ErrorIs(t, b.Abandon(b.ctx, "a"), ledger.ErrNotFound)
		known, err := b.Standings(b.ctx, []string{"ann-1@example.test"})
		require.NoError(t, err)
		require.Empty(t, known)
		b.load("a", 2, people("ann", 3)...)
		b.schedule("a")
		require.Len(t, b.rows("a"), 6)
		held, err := b.HeldContacts(b.ctx, "a")
		require.NoError(t, err)
		require.Empty(t, held)
	}},
	{"purge abandons what nobody fills any more", func(t *testing.T, b *bench) {
		b.load("old", 1, people("ann", 1)...)
		b.load("fresh", 1, people("bob", 1)...)
		b.load("real", 1, people("cyd", 1)...)
		b.schedule("real")
		require.NoError(t, b.Create(b.ctx, engagement("empty", 1), Monday))
		_, err := b.AddContacts(b.ctx, "fresh", people("bob", 2)[1:], Monday.Add(time.Hour))
		require.NoError(t, err)
		ids, err := b.Purge(b.ctx, Monday.Add(time.Minute))
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"old", "empty"}, ids)
		ids, err = b.Purge(b.ctx, Monday.Add(time.Minute))
		require.NoError(t, err)
		require.Empty(t, ids)
		b.schedule("fresh")
		require.Len(t, b.rows("fresh"), 2)
	}},
}

// second is the error of a call with two results.
func second[T any](_ T, err error) error { return err }

var standings = []behaviour{
	{"nobody is known at first, and nobody may be asked for", func(t *testing.T, b *bench) {
		known, err := b.Standings(b.ctx, []string{"ann-1@example.test"})
		require.NoError(t, err)
		require.Empty(t, known)
		known, err = b.Standings(b.ctx, nil)
		require.NoError(t, err)
		require.Empty(t, known)
	}},
	{"active from being added to the end, past once written to", func(t *testing.T, b *bench) {
		all := []string{"ann-1@example.test", "ann-2@example.test", "ann-3@example.test"}
		b.load("a", 1, people("ann", 3)...)
		known, err := b.Standings(b.ctx, all)
		require.NoError(t, err)
		require.Equal(t, drip.Standing{Active: "a"}, known[all[0]])
		b.schedule("a", book(0, "ann", 1, 3))
		a := b.take("a", "ann", 0, "t")
		a.send(In(0, 0))
		a.settle(a.claim(In(0, time.Minute)), drip.OutcomeUnknown, In(0, time.Minute))
		a.settle(a.claim(In(0, 2*time.Minute)), drip.Rejected, In(0, 2*time.Minute))
		known, err = b.Standings(b.ctx, all)
		require.NoError(t, err)
		require.Equal(t, drip.Standing{Active: "a"}, known[all[0]], "not past while it goes on")
		require.NoError(t, b.End(b.ctx, "a", drip.StateCompleted, "", In(1, 0)))
		known, err = b.Standings(b.ctx, all)
		require.NoError(t, err)
		require.Equal(t, map[string]drip.Standing{all[0]: {Past: "a"}, all[1]: {Past: "a"}}, known)
	}},
	{"the past outlives a later engagement that wrote nothing", func(t *testing.T, b *bench) {
		who := "ann-1@example.test"
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1))
		b.take("a", "ann", 0, "t").send(In(0, 0))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCompleted, "", In(1, 0)))
		standing := func() drip.Standing {
			known, err := b.Standings(b.ctx, []string{who})
			require.NoError(t, err)
			return known[who]
		}
		b.load("b", 1, people("ann", 1)...)
		require.Equal(t, drip.Standing{Active: "b", Past: "a"}, standing())
		require.NoError(t, b.Abandon(b.ctx, "b"))
		require.Equal(t, drip.Standing{Past: "a"}, standing())
		b.load("c", 1, people("ann", 1)...)
		b.schedule("c")
		require.NoError(t, b.End(b.ctx, "c", drip.StateCancelled, "", In(1, 0)))
		require.Equal(t, drip.Standing{Past: "a"}, standing())
		b.load("d", 1, people("ann", 1)...)
		require.Equal(t, drip.Standing{Active: "d", Past: "a"}, standing())
	}},
	{"any number may be asked", func(t *testing.T, b *bench) {
		const n = 2500
		all := people("ann", n)
		b.load("a", 1, all...)
		asked := make([]string, 0, 2*n)
		for _, c := range all {
			asked = append(asked, drip.Person(c.Email), "not-"+c.Email)
		}
		known, err := b.Standings(b.ctx, asked)
		require.NoError(t, err)
		require.Len(t, known, n)
	}},
}
