package activities_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var silent = slog.New(slog.DiscardHandler)

type states = map[drip.MessageState]int

// once plays a fault at a stage the first time, and goes on after.
func once(at catcher.Stage, fault error) script {
	var played atomic.Bool
	return func(s catcher.Stage, _ *catcher.Attempt) error {
		if s == at && played.CompareAndSwap(false, true) {
			return fault
		}
		return nil
	}
}

func TestSendEmailsTellsTheLedgerWhatBecameOfEachMessage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		stage  catcher.Stage
		fault  error
		first  states // of step 1, three messages
		second states
		sent   int // accepted by the server
		replan bool
		left   int
		waits  time.Duration // of the account, at least
	}{
		{name: "delivered", first: states{drip.Sent: 3}, second: states{drip.Planned: 3}, sent: 3},
		{name: "refused for good", stage: catcher.StageRcpt, fault: catcher.Answer{Code: 550, Enhanced: [3]int{5, 1, 1}},
			first: states{drip.Sent: 2, drip.Failed: 1}, second: states{drip.Planned: 2, drip.Skipped: 1}, sent: 2, replan: true},
		{name: "refused for now", stage: catcher.StageRcpt, fault: catcher.Answer{Code: 451},
			first: states{drip.Sent: 2, drip.Planned: 1}, second: states{drip.Planned: 3}, sent: 2, replan: true},
		{name: "refused for the account's sake", stage: catcher.StageMail, fault: catcher.Answer{Code: 421, Enhanced: [3]int{4, 7, 0}},
			first: states{drip.Sent: 3}, second: states{drip.Planned: 3}, sent: 3, replan: true, waits: 15 * time.Minute},
		{name: "lost before the body", stage: catcher.StageRcpt, fault: catcher.Drop,
			first: states{drip.Sent: 3}, second: states{drip.Planned: 3}, sent: 3, replan: true, waits: time.Minute},
		{name: "lost after the final dot", stage: catcher.StageFinalDot, fault: catcher.AcceptThen(catcher.Drop),
			first: states{drip.Sent: 2, drip.Unknown: 1}, second: states{drip.Planned: 2, drip.Skipped: 1}, sent: 3, replan: true, waits: time.Minute},
		{name: "an account that waits beyond the slot", stage: catcher.StageMail, fault: catcher.Answer{Code: 550, Enhanced: [3]int{5, 4, 5}},
			first: states{drip.Planned: 3}, second: states{drip.Planned: 3}, replan: true, left: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ann := people(roomy, "ann")
			b := newBench(t, ann)
			b.play(once(c.stage, c.fault))
			b.engage(engagement("e", 2), contacts("c", 3, ann...))
			b.at(slot(0), 0)
			out := b.send("e", "ann", slot(0))
			require.Equal(t, c.first, b.states("e", 1))
			require.Equal(t, c.second, b.states("e", 2))
			require.Equal(t, c.sent, b.catcher.Count())
			require.Equal(t, c.replan, out.Replan)
			require.Equal(t, c.left, out.Left)
			if c.left > 0 {
				require.NotEmpty(t, out.Why)
			}
			require.GreaterOrEqual(t, b.clock.Now().Sub(nine), c.waits)
			require.Equal(t, 3, out.Slot.Planned)
			require.Equal(t, c.first[drip.Sent], out.Slot.Sent)
		})
	}
}

func TestSendEmailsKeepsToItsSlot(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")

	t.Run("waits for its start where the worker's clock is behind", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("c", 2, ann...))
		b.at(slot(-1), 59*time.Minute)
		b.send("e", "ann", slot(0))
		require.Equal(t, 2, b.catcher.Count())
		require.False(t, b.catcher.Messages()[0].At.Before(nine))
	})
	t.Run("sends nothing once it is over", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("c", 2, ann...))
		b.at(slot(1), 0)
		out := b.send("e", "ann", slot(0))
		require.Zero(t, b.catcher.Count())
		require.Equal(t, 2, out.Left)
		require.True(t, out.Replan)
	})
	t.Run("sends nothing in its last seconds", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("c", 2, ann...))
		b.at(slot(0), time.Hour-4*time.Second)
		require.Equal(t, 2, b.send("e", "ann", slot(0)).Left)
		require.Zero(t, b.catcher.Count())
	})
	t.Run("places messages over the hour, and over what is left of it", func(t *testing.T) {
		t.Parallel()
		for _, late := range []time.Duration{0, 40 * time.Minute, 58 * time.Minute} {
			b := newBench(t, ann)
			e := engagement("e", 1)
			e.Pace = drip.PaceHuman
			b.engage(e, contacts("c", 10, ann...))
			b.at(slot(0), late)
			from := b.clock.Now()
			b.send("e", "ann", slot(0))
			caught := b.catcher.Messages()
			require.Len(t, caught, 10)
			part := slot(0).End().Sub(from) / 10
			for i, m := range caught {
				// The room at the slot's end makes the parts a little shorter than tenths.
				require.WithinDuration(t, from.Add(time.Duration(i)*part), m.At, part+time.Minute, "message %d, %s late", i, late)
				require.True(t, slot(0).Contains(m.At))
				require.Equal(t, m.At.Truncate(time.Second), m.Date.UTC(), "the Date header has the same clock")
			}
		}
	})
	t.Run("does not catch up in a burst after a wait", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.play(once(catcher.StageMail, catcher.Answer{Code: 421, Enhanced: [3]int{4, 7, 0}})) // a quarter of an hour
		e := engagement("e", 1)
		e.Pace = drip.PaceHuman
		b.engage(e, contacts("c", 60, ann...))
		b.at(slot(0), 0)
		b.send("e", "ann", slot(0))
		caught := b.catcher.Messages()
		require.Len(t, caught, 60)
		for i := 5; i < len(caught); i++ {
			require.Greater(t, caught[i].At.Sub(caught[i-5].At), time.Minute, "five messages around %d", i)
		}
	})
}

func TestSendEmailsStops(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	human := engagement("e", 1)
	human.Pace = drip.PaceHuman

	t.Run("within one message of a pause", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(human, contacts("c", 20, ann...))
		b.at(slot(0), 0)
		paused := slot(0).Start().Add(30 * time.Minute)
		b.clock.when(paused, func() { require.NoError(t, b.Ledger.Pause(t.Context(), "e", "", paused)) })
		out := b.send("e", "ann", slot(0))
		require.Less(t, b.clock.Now().Sub(paused), 2*time.Second)
		require.InDelta(t, 10, b.catcher.Count(), 1)
		require.Equal(t, b.catcher.Count(), out.Slot.Sent)
		for _, m := range b.catcher.Messages() {
			require.False(t, m.At.After(paused))
		}
	})
	t.Run("when it is recalled, and tells what it did", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(human, contacts("c", 20, ann...))
		b.at(slot(0), 0)
		ctx, cancel := context.WithCancel(t.Context())
		b.clock.when(slot(0).Start().Add(30*time.Minute), cancel)
		out, err := b.trySend(ctx, "e", "ann", slot(0))
		require.NoError(t, err)
		require.Equal(t, b.catcher.Count(), out.Slot.Sent)
		require.InDelta(t, 10, out.Slot.Sent, 1)
	})
	t.Run("when its worker stops, and leaves the rest to another", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(human, contacts("c", 20, ann...))
		b.at(slot(0), 0)
		b.stop = make(chan struct{})
		b.clock.when(slot(0).Start().Add(30*time.Minute), func() { close(b.stop) })
		_, err := b.trySend(t.Context(), "e", "ann", slot(0))
		require.ErrorContains(t, err, "stopping")
		require.Empty(t, b.states("e", 1)[drip.Unknown])
		b.stop = nil
		out := b.send("e", "ann", slot(0))
		require.Equal(t, 20, out.Slot.Sent)
		require.Equal(t, 20, b.catcher.Count())
	})
	t.Run("before the body, without a rest for the account, when it is recalled", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("c", 3, ann...))
		b.at(slot(0), 0)
		ctx, cancel := context.WithCancel(t.Context())
		b.play(func(s catcher.Stage, _ *catcher.Attempt) error {
			if s == catcher.StageRcpt {
				cancel()
				return catcher.Hang
			}
			return nil
		})
		_, err := b.trySend(ctx, "e", "ann", slot(0))
		require.NoError(t, err)
		require.Equal(t, states{drip.Planned: 3}, b.states("e", 1))
		waits, err := b.Ledger.Waits(t.Context(), "e", b.clock.Now())
		require.NoError(t, err)
		require.Empty(t, waits)
	})
}

func TestSendEmailsMakesUnknownWhatAnotherAttemptLeftInHand(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	b := newBench(t, ann)
	b.engage(engagement("e", 2), contacts("c", 3, ann...))
	b.at(slot(0), 0)
	gone := ledger.Lease{Engagement: "e", Account: "ann", Slot: slot(0), Token: "killed"}
	_, err := b.Ledger.Take(t.Context(), gone, b.clock.Now())
	require.NoError(t, err)
	res, err := b.Ledger.Next(t.Context(), ledger.NextRequest{Lease: gone, Claim: true, Quotas: roomy, Now: b.clock.Now(), Until: slot(0).End()})
	require.NoError(t, err)
	require.Equal(t, ledger.NextClaimed, res.Kind)

	out := b.send("e", "ann", slot(0))
	require.Equal(t, 2, b.catcher.Count())
	require.Equal(t, states{drip.Sent: 2, drip.Unknown: 1}, b.states("e", 1))
	require.True(t, out.Replan)
	require.Equal(t, 3, out.Slot.Planned)
}

func TestSendEmailsSkipsWhoIsBlockedByNow(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	b := newBench(t, ann)
	b.engage(engagement("e", 2), contacts("c", 3, ann...))
	_, err := b.Ledger.Block(t.Context(), []string{"c-ann-2@example.test"}, b.clock.Now())
	require.NoError(t, err)
	b.at(slot(0), 0)
	out := b.send("e", "ann", slot(0))
	require.Equal(t, states{drip.Sent: 2, drip.Skipped: 1}, b.states("e", 1))
	require.Equal(t, states{drip.Planned: 2, drip.Skipped: 1}, b.states("e", 2))
	require.True(t, out.Replan, "the second step has a booking too many")
}

func TestSendEmailsFailsWhatCannotBeMade(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	b := newBench(t, ann)
	all := contacts("c", 2, ann...)
	all[0].Values = []string{"two\r\nlines"}
	e := engagement("e", 1)
	e.Sequence.Steps[0].Subject = "Hi {{ first_name }}"
	b.engage(e, all)
	b.at(slot(0), 0)
	b.send("e", "ann", slot(0))
	require.Equal(t, states{drip.Sent: 1, drip.Failed: 1}, b.states("e", 1))
}

// flaky is a ledger that fails when told so.
type flaky struct {
	ledger.Ledger
	fail func(ledger.NextRequest) error
}

func (f flaky) Next(ctx context.Context, req ledger.NextRequest) (ledger.NextResult, error) {
	if err := f.fail(req); err != nil {
		return ledger.NextResult{}, err
	}
	return f.Ledger.Next(ctx, req)
}

func TestSendEmailsKeepsWhatItKnowsWhileTheLedgerIsAway(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	away := errors.New("the disk is full")

	t.Run("a delivered message is sent once the ledger is back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		failures := 0
		b.Ledger = flaky{b.Ledger, func(req ledger.NextRequest) error {
			if req.Settle != nil && failures < 20 {
				failures++
				return away
			}
			return nil
		}}
		b.engage(engagement("e", 1), contacts("c", 3, ann...))
		b.at(slot(0), 0)
		b.send("e", "ann", slot(0))
		require.Equal(t, 20, failures)
		require.Equal(t, states{drip.Sent: 3}, b.states("e", 1))
		require.Equal(t, 3, b.catcher.Count())
	})
	t.Run("an attempt gives up in the end, and the message is unknown", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		broken := true
		b.Ledger = flaky{b.Ledger, func(req ledger.NextRequest) error {
			if req.Settle != nil && broken {
				return away
			}
			return nil
		}}
		b.engage(engagement("e", 1), contacts("c", 3, ann...))
		b.at(slot(0), 0)
		_, err := b.trySend(t.Context(), "e", "ann", slot(0))
		require.ErrorContains(t, err, "disk is full")
		require.Less(t, b.clock.Now().Sub(nine), ledger.ClaimTimeout)
		broken = false
		b.send("e", "ann", slot(0))
		require.Equal(t, states{drip.Sent: 2, drip.Unknown: 1}, b.states("e", 1))
		require.Equal(t, 3, b.catcher.Count(), "and nothing was sent twice")
	})
	t.Run("an attempt that was overtaken stops at once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("c", 3, ann...))
		b.at(slot(0), 0)
		b.play(func(s catcher.Stage, _ *catcher.Attempt) error {
			if s != catcher.StageFinalDot {
				return nil
			}
			_, err := b.Ledger.Take(t.Context(), ledger.Lease{Engagement: "e", Account: "ann", Slot: slot(0), Token: "newer"}, nine)
			return err
		})
		_, err := b.trySend(t.Context(), "e", "ann", slot(0))
		require.ErrorContains(t, err, "another attempt")
		require.Equal(t, 1, b.catcher.Count())
		require.Equal(t, states{drip.Sent: 1, drip.Planned: 2}, b.states("e", 1), "what it knew is not lost")
	})
}

func TestSendEmailsNamesAnAccountThatIsMissing(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	b := newBench(t, ann)
	b.engage(engagement("e", 1), contacts("c", 1, ann...))
	b.Team.Accounts = nil
	_, err := b.trySend(t.Context(), "e", "ann", slot(0))
	require.ErrorContains(t, err, "account ann is not in this worker's team file")
}
