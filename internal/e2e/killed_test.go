package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestWorkerComesBack ends `worker --embedded`, with its Temporal server and all, before a slot and
// inside it, without a word and with one, and starts it again on the same folder.
func TestWorkerComesBack(t *testing.T) {
	t.Parallel()
	// A message every two seconds an account, at the pace of people: what comes faster is a burst.
	const each = 1800
	ann := account{id: "ann", perHour: each, perDay: each, minGap: "1s"}
	ben := account{id: "ben", perHour: each, perDay: each}
	s := newSite(t, ann, ben)
	s.startWorker(t)
	p := s.engage(t, "steady", 2*each, "ann,ben", s.slot.Format(time.RFC3339))
	require.Len(t, p.Slots, 1)
	require.Equal(t, 2*each, p.Slots[0].Total)

	// Before the slot: the timer is in the server's database, and nowhere else.
	s.worker.kill()
	require.True(t, time.Now().Before(s.slot), "the machine is too slow for this test: the slot has begun")
	require.Zero(t, s.mail.Count())
	s.startWorker(t)
	s.waitForMail(t, 6)
	require.False(t, byArrival(s.mail.Messages())[0].Before(s.slot), "mail left before its slot")

	// Inside the slot, at any point of a dialogue.
	s.worker.kill()
	atKill := s.mail.Count()
	s.startWorker(t)
	s.waitForMail(t, atKill+6)

	// Inside the slot, in order.
	took := s.worker.terminate(t)
	require.Less(t, took, 10*time.Second)
	atStop := s.mail.Count()
	s.startWorker(t)
	s.waitForMail(t, atStop+6)

	s.starter(t, "pause", "steady", "--reason", "count")
	caught := s.mail.Messages()
	nothingTwice(t, caught)
	r := s.report(t, "steady")
	require.Equal(t, "paused", r.State)
	require.Equal(t, 2*each, r.Totals.sum())
	require.LessOrEqual(t, r.Totals.Unknown, 2, "one message an account is in hand when a worker is killed, and none when it is stopped")
	sameBooks(t, caught, s.rows(t, "steady"), r.Totals)
	for _, a := range s.accounts {
		arrivals := byArrival(s.caught(a))
		require.NotEmpty(t, arrivals)
		require.LessOrEqual(t, mostWithin(arrivals, 10*time.Second), 8, "a burst of %s: %v", a.id, arrivals)
	}
	require.GreaterOrEqual(t, leastGap(byArrival(s.caught(ann))), time.Second, "min_gap")
	c := s.dial(t)
	eventually(t, 30*time.Second, func() string {
		answer, err := c.QueryWorkflow(t.Context(), "sequence/steady", "", "report")
		require.NoError(t, err)
		var queried report
		require.NoError(t, answer.Get(&queried))
		return unless(queried.Totals == r.Totals, "the workflow has other totals than the ledger")
	})

	// Paused it stays, through a kill, and what is resumed begins with the next slot.
	s.worker.kill()
	s.startWorker(t)
	require.Equal(t, "paused", s.report(t, "steady").State)
	s.starter(t, "resume", "steady")
	p = decode[plan](t, s.starter(t, "plan", "steady", "--json"))
	require.NotEmpty(t, p.Slots)
	require.True(t, p.Slots[0].Start.Equal(s.slot.Add(time.Hour)), "%s follows %s", p.Slots[0].Start, s.slot)
	require.Len(t, s.mail.Messages(), len(caught))
}

// waitForMail returns when so many messages have arrived.
func (s *site) waitForMail(t testing.TB, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, s.mail.Wait(ctx, n))
}
