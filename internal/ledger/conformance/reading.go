package conformance

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var reading = []behaviour{
	{"the newest engagement is listed first", func(t *testing.T, b *bench) {
		for i, id := range []string{"a", "b", "c"} {
			b.load(id, 1, people(id, 1)...)
			require.NoError(t, b.Plan(b.ctx, ledger.PlanRequest{ID: id, From: Slot(0), Now: Monday.Add([]time.Duration{2, 3, 1}[i]),
				Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled}, booking()))
		}
		all, err := b.List(b.ctx)
		require.NoError(t, err)
		var ids []string
		for _, i := range all {
			ids = append(ids, i.ID)
		}
		require.Equal(t, []string{"b", "a", "c"}, ids)
	}},
	{"lists that are empty are lists", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a")
		held, err := b.HeldContacts(b.ctx, "a")
		require.NoError(t, err)
		require.NotNil(t, held)
	}},
	{"totals count every step of every account", func(t *testing.T, b *bench) {
		b.load("a", 2, append(people("bob", 2), people("ann", 1)...)...)
		b.schedule("a", book(0, "bob", 1, 2))
		bob := b.take("a", "bob", 0, "t")
		bob.send(In(0, 0))
		bob.settle(bob.claim(In(0, 0)), drip.Rejected, In(0, 0))
		all, err := b.Totals(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []drip.AccountSteps{
			{Account: "ann", Steps: []drip.Totals{{Planned: 1}, {Planned: 1}}},
			{Account: "bob", Steps: []drip.Totals{{Sent: 1, Failed: 1}, {Planned: 1, Skipped: 1}}},
		}, all)
		tally, err := b.Tally(b.ctx, "a", "bob", Slot(0))
		require.NoError(t, err)
		require.Equal(t, ledger.Tally{Steps: all[1].Steps, Slot: drip.SlotTotals{Planned: 2, Sent: 1, Failed: 1}}, tally)
	}},
	{"the reader of messages may stop", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a")
		enough := errors.New("enough")
		n := 0
		require.ErrorIs(t, b.Messages(b.ctx, "a", func(ledger.Row) error { n++; return enough }), enough)
		require.Equal(t, 1, n)
	}},
	{"a snapshot is whole, and lives on its own", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 3), book(24, "ann", 2, 3))
		b.take("a", "ann", 0, "t").send(In(0, 0))
		path := filepath.Join(t.TempDir(), "snapshot")
		require.NoError(t, b.Snapshot(b.ctx, path))
		was, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotEmpty(t, was)
		b.take("a", "ann", 0, "u").send(In(0, 0))
		is, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, was, is)
		require.Error(t, b.Snapshot(b.ctx, path), "it never writes over a file")
	}},
}

var projecting = []behaviour{
	{"planned messages show the slots that are booked for them", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 4)...)
		b.schedule("a", book(0, "ann", 1, 1), book(2, "ann", 1, 2), book(24, "ann", 2, 2), book(27, "ann", 2, 2))
		require.Equal(t, [][]int{{0, 24}, {2, 24}, {2, 27}, {none, 27}}[:3], b.slots("a", 2)[:3])
		require.Equal(t, []int{none, none}, b.slots("a", 2)[3], "the plan has no room for the last")
	}},
	{"who is due goes before who follows a step that is planned", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 1), book(24, "ann", 2, 1), book(25, "ann", 2, 2))
		a := b.take("a", "ann", 0, "t")
		a.send(In(0, 0))
		a.claim(In(0, 0))
		require.Equal(t, [][]int{{0, 24}, {0, none}, {1, 25}}, b.slots("a", 2),
			"what is in hand has no follow-up yet, and the next takes its room")
	}},
	{"no message is shown before it is due", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2), book(20, "ann", 2, 2), book(30, "ann", 2, 2))
		b.take("a", "ann", 0, "t").send(In(0, 0)) // step 2 is due in slot 24
		require.Equal(t, [][]int{{0, 30}, {0, 30}}, b.slots("a", 2))
	}},
	{"each account has its own queue", func(t *testing.T, b *bench) {
		b.load("a", 1, append(people("ann", 2), people("bob", 2)...)...)
		b.schedule("a", book(0, "ann", 1, 1), book(1, "bob", 1, 2), book(3, "ann", 1, 1))
		require.Equal(t, [][]int{{0}, {3}, {1}, {1}}, b.slots("a", 1))
	}},
	{"the projection is what happens when all goes well", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 6)...)
		b.schedule("a", book(0, "ann", 1, 4), book(1, "ann", 1, 2), book(24, "ann", 2, 3), book(25, "ann", 2, 3))
		want := b.slots("a", 2)
		for _, slot := range []int{0, 1, 24, 25} {
			a := b.take("a", "ann", slot, "t")
			for r := a.wants(In(slot, 0)); r.Kind == ledger.NextClaimed; r = a.wants(In(slot, 0)) {
				a.settle(r.Message, drip.Delivered, In(slot, 0))
				require.Equal(t, want, b.slots("a", 2))
			}
		}
		require.Equal(t, drip.Totals{Sent: 12}, b.totals("a"))
	}},
}

// none is the slot of what has none.
const none = -1000

// slots are the slots of each contact's messages, as Slot counts them.
func (b *bench) slots(id string, steps int) [][]int {
	var all [][]int
	for _, r := range b.rows(id) {
		if r.Step == 1 {
			all = append(all, make([]int, steps))
		}
		n := none
		if r.Slot != 0 {
			n = int(r.Slot-Slot(0)) / 3600
		}
		all[r.Contact-1][r.Step-1] = n
	}
	return all
}

var blocklist = []behaviour{
	{"entries are added, counted, listed and removed once", func(t *testing.T, b *bench) {
		n, err := b.Block(b.ctx, []string{"x.test", "a@b.test", "X.test "}, Monday)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		n, err = b.Block(b.ctx, []string{"x.test"}, Monday)
		require.NoError(t, err)
		require.Zero(t, n)
		all, err := b.Blocked(b.ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"a@b.test", "x.test"}, all)
		n, err = b.Unblock(b.ctx, []string{"x.test", "never.test"})
		require.NoError(t, err)
		require.Equal(t, 1, n)
		all, err = b.Blocked(b.ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"a@b.test"}, all)
	}},
	{"a domain covers its subdomains, and the narrowest entry is named", func(t *testing.T, b *bench) {
		_, err := b.Block(b.ctx, []string{"acme.test", "mail.acme.test", "ann@other.test", "test"}, Monday)
		require.NoError(t, err)
		_, err = b.Unblock(b.ctx, []string{"test"})
		require.NoError(t, err)
		known, err := b.Standings(b.ctx, []string{"x@acme.test", "x@deep.mail.acme.test", "x@notacme.test", "x@acme.test.example", "ann@other.test", "bob@other.test"})
		require.NoError(t, err)
		require.Equal(t, map[string]drip.Standing{
			"x@acme.test": {Blocked: "acme.test"}, "x@deep.mail.acme.test": {Blocked: "mail.acme.test"}, "ann@other.test": {Blocked: "ann@other.test"},
		}, known)
	}},
	{"who is blocklisted by now is skipped, and the next one taken", func(t *testing.T, b *bench) {
		b.load("a", 2, drip.Contact{Row: 2, Email: "One@Mail.Acme.test", Account: "ann"}, drip.Contact{Row: 3, Email: "two@acme.test", Account: "ann"},
			drip.Contact{Row: 4, Email: "three@fine.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 2))
		_, err := b.another().Block(b.ctx, []string{"acme.test"}, Monday)
		require.NoError(t, err)
		a := b.take("a", "ann", 0, "t")
		require.Equal(t, 3, a.send(In(0, 0)).Contact, "skipping spends no booking")
		require.Equal(t, ledger.NextNothing, a.wants(In(0, 0)).Kind)
		for contact := 1; contact <= 2; contact++ {
			for step := 1; step <= 2; step++ {
				r := b.row("a", contact, step)
				require.Equal(t, drip.Skipped, r.State)
				require.Equal(t, "blocklisted", r.Reason)
			}
		}
		require.Equal(t, drip.Totals{Planned: 1, Sent: 1, Skipped: 4}, b.totals("a"))
		tally, err := b.Tally(b.ctx, "a", "ann", Slot(0))
		require.NoError(t, err)
		require.Equal(t, 1, tally.Left)
	}},
	{"a domain far above is seen as well", func(t *testing.T, b *bench) {
		b.load("a", 1, drip.Contact{Row: 2, Email: "x@a.b.c.d.e.f.g.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 1))
		_, err := b.Block(b.ctx, []string{"g.test"}, Monday)
		require.NoError(t, err)
		require.Equal(t, ledger.NextNothing, b.take("a", "ann", 0, "t").wants(In(0, 0)).Kind)
		require.Equal(t, drip.Totals{Skipped: 1}, b.totals("a"))
	}},
	{"a follow-up stops as well", func(t *testing.T, b *bench) {
		b.load("a", 3, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1), book(24, "ann", 2, 1))
		b.take("a", "ann", 0, "t").send(In(0, 0))
		_, err := b.Block(b.ctx, []string{"ann-1@example.test"}, Monday)
		require.NoError(t, err)
		require.Equal(t, ledger.NextNothing, b.take("a", "ann", 24, "u").wants(In(24, 0)).Kind)
		require.Equal(t, drip.Totals{Sent: 1, Skipped: 2}, b.totals("a"))
	}},
}
