package conformance

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var planning = []behaviour{
	{"the first plan makes it real, at that instant", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 2)...)
		now := Monday.Add(1234567 * time.Microsecond)
		require.NoError(t, b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(0), Now: now,
			Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled}, booking(book(0, "ann", 1, 2))))
		info, err := b.Engagement(b.ctx, "a")
		require.NoError(t, err)
		want := engagement("a", 2)
		want.Created = now
		require.Equal(t, ledger.Info{Engagement: want, State: drip.StateScheduled, Contacts: 2}, info)
	}},
	{"the state must be one of those required", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		never := func(ledger.Basis) ([]drip.Booking, error) { panic("planned in a state that is not allowed") }
		req := ledger.PlanRequest{ID: "a", From: Slot(0), Require: []drip.State{drip.StatePaused, drip.StateRunning}, To: drip.StateRunning}
		require.ErrorIs(t, b.Plan(b.ctx, req, never), ledger.ErrState)
		b.schedule("a")
		require.ErrorIs(t, b.Plan(b.ctx, req, never), ledger.ErrState)
	}},
	{"an error of the planner changes nothing", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		full := errors.New("no room")
		require.ErrorIs(t, b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(1), Now: In(1, 0), Require: []drip.State{drip.StateScheduled}, To: drip.StateRunning},
			func(ledger.Basis) ([]drip.Booking, error) { return nil, full }), full)
		require.Equal(t, 2, b.booked("a"))
		require.Equal(t, drip.StateScheduled, b.state("a"))
		moves, err := b.Moves(b.ctx, "a")
		require.NoError(t, err)
		require.Empty(t, moves)
	}},
	{"a panic of the planner is its caller's, and changes nothing", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 2)...)
		b.schedule("a", book(0, "ann", 1, 2))
		require.PanicsWithValue(t, "a bug", func() {
			_ = b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(0), Require: []drip.State{drip.StateScheduled}, To: drip.StateRunning},
				func(ledger.Basis) ([]drip.Booking, error) { panic("a bug") })
		})
		require.Equal(t, 2, b.booked("a"))
	}},
	{"bookings that do not fit are refused whole", func(t *testing.T, b *bench) {
		for name, bad := range map[string]drip.Booking{
			"account": book(1, "bob", 1, 1), "step": book(1, "ann", 2, 1), "no step": book(1, "ann", 0, 1),
			"before": book(0, "ann", 1, 1), "none": book(1, "ann", 1, 0),
		} {
			b.load(name, 1, people("ann", 1)...)
			require.Error(t, b.Plan(b.ctx, ledger.PlanRequest{ID: name, From: Slot(1), Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled},
				booking(book(1, "ann", 1, 1), bad)), name)
			_, err := b.Engagement(b.ctx, name)
			require.ErrorIs(t, err, ledger.ErrNotFound)
			require.NoError(t, b.Abandon(b.ctx, name))
		}
	}},
	{"cohorts count who waits for what, in order of account, step and due", func(t *testing.T, b *bench) {
		b.load("a", 3, append(people("bob", 3), people("ann", 4)...)...)
		first := b.plan("a", Slot(0), drip.StateLoading, drip.StateScheduled, book(0, "ann", 1, 4), book(0, "bob", 1, 3))
		require.Equal(t, []ledger.Cohort{{Account: "ann", Step: 1, Due: Slot(0), Count: 4}, {Account: "bob", Step: 1, Due: Slot(0), Count: 3}}, first.Cohorts)
		require.Equal(t, drip.StateLoading, first.State)
		require.Equal(t, engagement("a", 3).Sequence, first.Engagement.Sequence)

		ann := b.take("a", "ann", 0, "t")
		ann.send(In(0, 0))
		rejected := ann.claim(In(0, time.Minute))
		ann.settle(rejected, drip.Rejected, In(0, time.Minute))
		late := ann.claim(In(0, 2*time.Minute))
		s := settlement(late, drip.Deferred, In(0, 3*time.Minute))
		s.RetryAt = Slot(3)
		_, err := ann.next(s, false, In(0, 3*time.Minute))
		require.NoError(t, err)
		b.take("a", "bob", 0, "u").claim(In(0, 0)) // stays in hand

		again := b.plan("a", Slot(1), drip.StateRunning, drip.StateRunning)
		require.Equal(t, []ledger.Cohort{
			{Account: "ann", Step: 1, Due: Slot(0), Count: 1},
			{Account: "ann", Step: 1, Due: Slot(3), Count: 1},
			{Account: "ann", Step: 2, Due: Slot(24), Count: 1},
			{Account: "bob", Step: 1, Due: Slot(0), Count: 2},
		}, again.Cohorts)
	}},
	{"the basis has what others booked, and not its own bookings to come", func(t *testing.T, b *bench) {
		b.load("a", 1, append(people("ann", 5), people("bob", 1)...)...)
		b.schedule("a", book(0, "ann", 1, 2), book(30, "ann", 1, 3), book(30, "bob", 1, 1))
		b.load("b", 1, drip.Contact{Row: 2, Email: "x@example.test", Account: "ann"}, drip.Contact{Row: 3, Email: "y@example.test", Account: "cyd"})
		basis := b.plan("b", Slot(25), drip.StateLoading, drip.StateScheduled, book(30, "ann", 1, 1), book(30, "cyd", 1, 1))
		require.Equal(t, ledger.Usage{"ann": {Slot(30): 3}, "cyd": {}}, basis.Used, "a slot 25 hours before is too old")
		require.Empty(t, basis.Own)
		basis = b.plan("b", Slot(24), drip.StateScheduled, drip.StateScheduled)
		require.Equal(t, ledger.Usage{"ann": {Slot(0): 2, Slot(30): 3}, "cyd": {}}, basis.Used)
	}},
	{"what a passed slot did not use moves, with the reason", func(t *testing.T, b *bench) {
		b.load("a", 1, append(people("ann", 4), people("bob", 2)...)...)
		b.schedule("a", book(0, "ann", 1, 4), book(0, "bob", 1, 1), book(1, "bob", 1, 1))
		ann := b.take("a", "ann", 0, "t")
		ann.send(In(0, 0))
		ann.claim(In(0, 0)) // in hand: neither unused nor free
		now := In(0, 50*time.Minute)
		var basis ledger.Basis
		require.NoError(t, b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(1), Now: now, Require: []drip.State{drip.StateRunning}, To: drip.StateRunning,
			Reason: "the worker was down", Why: map[string]string{"ann": "the mailbox was full"}},
			func(got ledger.Basis) ([]drip.Booking, error) {
				basis = got
				return []drip.Booking{book(2, "ann", 1, 2), book(2, "bob", 1, 2)}, nil
			}))
		require.Equal(t, ledger.Usage{"ann": {Slot(0): 2}, "bob": {}}, basis.Used)
		require.Equal(t, map[drip.Slot]int{Slot(0): 2}, basis.Own)
		moves, err := b.Moves(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []ledger.Move{
			{At: now, Slot: Slot(0), Account: "ann", Count: 2, Reason: "the mailbox was full"},
			{At: now, Slot: Slot(0), Account: "bob", Count: 1, Reason: "the worker was down"},
		}, moves, "a slot to come moves without a word")
		slots, err := b.Slots(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []ledger.SlotSums{{Slot: Slot(0), Planned: 5, Sent: 1}, {Slot: Slot(2), Planned: 4}}, slots)

		b.plan("a", Slot(2), drip.StateRunning, drip.StateRunning, book(2, "ann", 1, 2), book(2, "bob", 1, 2))
		again, err := b.Moves(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, moves, again, "nothing moves twice")
	}},
	{"bookings are read in order, with their limits, up to a number of slots", func(t *testing.T, b *bench) {
		b.load("a", 2, append(people("bob", 2), people("ann", 2)...)...)
		want := []drip.Booking{book(0, "ann", 1, 1), book(0, "bob", 1, 2), book(1, "ann", 1, 1), book(25, "ann", 2, 2), book(26, "bob", 2, 2)}
		want[0].Limit, want[1].Limit = drip.LimitAccountPerHour, drip.LimitAccountPerHour
		b.schedule("a", want[3], want[1], want[4], want[0], want[2])
		all, more, err := b.Bookings(b.ctx, "a", 0, 0)
		require.NoError(t, err)
		require.Zero(t, more)
		require.Equal(t, want, all)
		some, more, err := b.Bookings(b.ctx, "a", Slot(1), 1)
		require.NoError(t, err)
		require.Equal(t, 2, more)
		require.Equal(t, want[2:3], some)
		b.take("a", "ann", 0, "t").claim(In(0, 0))
		all, _, err = b.Bookings(b.ctx, "a", 0, 0)
		require.NoError(t, err)
		require.Equal(t, want[1:], all, "what is in hand is used")
	}},
	{"bookings of one slot, account and step add up", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 1), book(0, "ann", 1, 2))
		all, _, err := b.Bookings(b.ctx, "a", 0, 0)
		require.NoError(t, err)
		require.Equal(t, []drip.Booking{book(0, "ann", 1, 3)}, all)
	}},
}

// booking is a planner that returns bookings it was given.
func booking(all ...drip.Booking) func(ledger.Basis) ([]drip.Booking, error) {
	return func(ledger.Basis) ([]drip.Booking, error) { return all, nil }
}

var usage = []behaviour{
	{"usage counts what is booked, in hand or handed over, over all engagements", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 5)...)
		b.load("b", 1, people("bob", 1)[0], drip.Contact{Row: 3, Email: "x@example.test", Account: "ann"})
		b.schedule("a", book(0, "ann", 1, 3), book(1, "ann", 1, 2))
		b.schedule("b", book(0, "ann", 1, 1), book(0, "bob", 1, 1))
		a := b.take("a", "ann", 0, "t")
		a.send(In(0, 0))
		a.settle(a.claim(In(0, 0)), drip.Rejected, In(0, 0))
		a.claim(In(0, 0))
		used, err := b.Usage(b.ctx, []string{"ann", "zoe"}, Slot(-1))
		require.NoError(t, err)
		require.Equal(t, ledger.Usage{"ann": {Slot(0): 4, Slot(1): 2}, "zoe": {}}, used)
		used, err = b.Usage(b.ctx, []string{"ann"}, Slot(0))
		require.NoError(t, err)
		require.Equal(t, ledger.Usage{"ann": {Slot(1): 2}}, used, "since itself is not after it")
	}},
	{"an ended engagement goes on counting for what it handed over", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 1))
		b.take("a", "ann", 0, "t").send(In(0, 0))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCancelled, "", In(0, time.Minute)))
		used, err := b.Usage(b.ctx, []string{"ann"}, Slot(-1))
		require.NoError(t, err)
		require.Equal(t, ledger.Usage{"ann": {Slot(0): 1}}, used)
	}},
}

var ending = []behaviour{
	{"pause gives back what is unused and stops claims", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 4)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(In(0, 0))
		require.NoError(t, b.Pause(b.ctx, "a", "lunch", In(0, time.Minute)))
		state, reason, err := b.State(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, drip.StatePaused, state)
		require.Equal(t, "lunch", reason)
		require.Zero(t, b.booked("a"))
		used, err := b.Usage(b.ctx, []string{"ann"}, 0)
		require.NoError(t, err)
		require.Equal(t, ledger.Usage{"ann": {Slot(0): 1}}, used)

		r, err := a.next(settlement(m, drip.Delivered, In(0, 2*time.Minute)), true, In(0, 2*time.Minute))
		require.NoError(t, err, "what is in hand is settled")
		require.Equal(t, ledger.NextStopped, r.Kind)
		require.Equal(t, drip.StatePaused, r.State)
		require.Equal(t, drip.Totals{Planned: 3, Sent: 1}, b.totals("a"))

		require.NoError(t, b.Pause(b.ctx, "a", "again", In(0, 3*time.Minute)), "pausing what is paused changes nothing")
		_, reason, err = b.State(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, "lunch", reason)
	}},
	{"resume plans anew, and the passed slots say what they missed", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 6)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 2), book(3, "ann", 1, 2))
		a := b.take("a", "ann", 0, "t")
		a.send(In(0, 0))
		require.NoError(t, b.Pause(b.ctx, "a", "lunch", In(0, time.Minute)))
		slots, err := b.Slots(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []ledger.SlotSums{{Slot: Slot(0), Planned: 2, Sent: 1}}, slots, "while paused nothing is planned")

		basis := b.plan("a", Slot(2), drip.StatePaused, drip.StateRunning, book(2, "ann", 1, 5))
		require.Equal(t, []ledger.Cohort{{Account: "ann", Step: 1, Due: Slot(0), Count: 5}}, basis.Cohorts)
		state, reason, err := b.State(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, drip.StateRunning, state)
		require.Empty(t, reason)
		moves, err := b.Moves(b.ctx, "a")
		require.NoError(t, err)
		at := Slot(2).Start().Add(-time.Minute)
		require.Equal(t, []ledger.Move{
			{At: at, Slot: Slot(0), Account: "ann", Count: 1, Reason: "replanned"},
			{At: at, Slot: Slot(1), Account: "ann", Count: 2, Reason: "replanned"},
		}, moves)
		slots, err = b.Slots(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []ledger.SlotSums{{Slot: Slot(0), Planned: 2, Sent: 1}, {Slot: Slot(1), Planned: 2}, {Slot: Slot(2), Planned: 5}}, slots)
	}},
	{"an account fault while paused leaves no capacity behind", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1))
		a := b.take("a", "ann", 0, "t")
		m := a.claim(In(0, 0))
		require.NoError(t, b.Pause(b.ctx, "a", "", In(0, time.Minute)))
		a.settle(m, drip.AccountFault, In(0, time.Minute))
		used, err := b.Usage(b.ctx, []string{"ann"}, 0)
		require.NoError(t, err)
		require.Equal(t, ledger.Usage{"ann": {}}, used)
		require.Equal(t, drip.Planned, b.row("a", 1, 1).State)
	}},
	{"the end skips what is planned, loses what is in hand and frees the rest", func(t *testing.T, b *bench) {
		b.load("a", 2, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 1), book(24, "ann", 2, 3))
		a := b.take("a", "ann", 0, "t")
		a.send(In(0, 0))
		m := a.claim(In(0, time.Minute))
		end := In(0, 2*time.Minute)
		require.NoError(t, b.End(b.ctx, "a", drip.StateCancelled, "not now", end))

		info, err := b.Engagement(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, drip.StateCancelled, info.State)
		require.Equal(t, "not now", info.Reason)
		require.Equal(t, end, info.Finished)
		require.Equal(t, drip.Totals{Sent: 1, Unknown: 1, Skipped: 4}, b.totals("a"))
		require.Equal(t, drip.Unknown, b.row("a", m.Contact, 1).State)
		left := b.row("a", 3, 1)
		require.Equal(t, drip.Skipped, left.State)
		require.Equal(t, "not now", left.Reason)
		require.Zero(t, left.Slot)
		require.Zero(t, b.booked("a"))
		slots, err := b.Slots(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []ledger.SlotSums{{Slot: Slot(0), Planned: 2, Sent: 1, Unknown: 1}}, slots)

		r, err := a.next(settlement(m, drip.Delivered, end), true, end)
		require.NoError(t, err)
		require.Equal(t, ledger.NextStopped, r.Kind)
		require.Equal(t, drip.StateCancelled, r.State)
		require.Equal(t, drip.Totals{Sent: 2, Skipped: 4}, b.totals("a"), "the truth is welcome after the end")
	}},
	{"the end is the end", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a")
		require.Error(t, b.End(b.ctx, "a", drip.StatePaused, "", Monday), "paused is no end")
		require.NoError(t, b.End(b.ctx, "a", drip.StateFailed, "broken", Monday))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCompleted, "fine", Monday))
		require.Equal(t, drip.StateFailed, b.state("a"))
		require.ErrorIs(t, b.Pause(b.ctx, "a", "", Monday), ledger.ErrState)
		require.ErrorIs(t, b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(0), Require: []drip.State{drip.StateRunning, drip.StatePaused},
			To: drip.StateRunning}, booking()), ledger.ErrState)
	}},
	{"cancel gives capacity and people to others", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 3))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCancelled, "", Monday))
		b.load("b", 1, people("ann", 3)...)
		basis := b.plan("b", Slot(0), drip.StateLoading, drip.StateScheduled, book(0, "ann", 1, 3))
		require.Equal(t, ledger.Usage{"ann": {}}, basis.Used)
	}},
	{"a slot that had begun keeps its plan at the end", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 3)...)
		b.schedule("a", book(0, "ann", 1, 2), book(1, "ann", 1, 1))
		require.NoError(t, b.End(b.ctx, "a", drip.StateCancelled, "", Slot(0).Start()))
		slots, err := b.Slots(b.ctx, "a")
		require.NoError(t, err)
		require.Equal(t, []ledger.SlotSums{{Slot: Slot(0), Planned: 2}}, slots)
	}},
}
