package e2e

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/catcher"
)

// Accounts of the worker that is never killed: each case has its own.
var (
	ann  = account{id: "ann", perHour: 60, perDay: 400}    // a quiet slot
	ben  = account{id: "ben", perHour: 8, perDay: 400}     // paused inside a slot
	cleo = account{id: "cleo", perHour: 2, perDay: 400}    // cancelled
	dan  = account{id: "dan", perHour: 7, perDay: 40}      // wanted by many at once
	eve  = account{id: "eve", perHour: 20, perDay: 400}    // steered by a plain client
	fay  = account{id: "fay", perHour: 1800, perDay: 1800} // its workflow is terminated
	gus  = account{id: "gus", perHour: 20, perDay: 400}    // its starter is killed
	hal  = account{id: "hal", perHour: 20, perDay: 400}    // its mail server has had enough
)

// Accounts that two engagements use in one slot.
var (
	ida = account{id: "ida", perHour: 10, perDay: 400, minGap: "500ms"}
	jon = account{id: "jon", perHour: 10, perDay: 400, minGap: "500ms"}
)

// TestWorker has one worker and one server, as they are shipped, and all that is done with them
// while they run.
func TestWorker(t *testing.T) {
	t.Parallel()
	s := newSite(t, ann, ben, cleo, dan, eve, fay, gus, hal, ida, jon)
	s.startWorker(t)
	for name, check := range map[string]func(*testing.T, *site){
		"a quiet slot costs few events and tells its story":        testQuietSlot,
		"pause inside a slot stops with the message in hand":       testPauseInSlot,
		"cancel gives the capacity back to others":                 testCancelGivesBack,
		"starters at the same moment share quotas and people":      testStartersAtOnce,
		"engagements in one slot share accounts and their gaps":    testSharedSlot,
		"a terminated workflow stops and can be cancelled":         testTerminated,
		"a starter killed before its workflow starts is stood for": testStarterKilled,
		"an answer that names a contact stays out of the history":  testAnswerWithAddress,
		"queries answer the JSON of the contract":                  testQueries,
		"signals take any payload":                                 testSignals,
		"updates answer once it holds and refuse nonsense":         testUpdates,
		"cancelling in Temporal cancels the engagement":            testTemporalCancel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, s)
		})
	}
}

func testPauseInSlot(t *testing.T, s *site) {
	gate := s.holdMail(ben)
	s.engage(t, "lunch", 20, "ben", s.slot.Format(time.RFC3339), "--pace", "burst")
	<-gate.reached
	pause, answer := s.startStarter(t, s.temporalAddress(), "pause", "lunch", "--reason", "noon", "--json")
	eventually(t, 30*time.Second, func() string {
		return unless(s.report(t, "lunch").State == "paused", "the ledger is not told of the pause")
	})
	// A mail server may take minutes over its answer, and the pause waits for it. What has to hold
	// beyond a heartbeat's 20 seconds holds for as long as it takes.
	select {
	case <-pause.ended:
		t.Fatalf("the pause is answered while a message is in hand: %s", pause.out)
	case <-time.After(25 * time.Second):
	}
	close(gate.open)
	require.Zero(t, pause.status(t), pause.out)
	require.JSONEq(t, `{"id":"lunch","state":"paused","reason":"paused: noon"}`, answer.String())
	require.Len(t, s.caught(ben), 1)
	r := s.report(t, "lunch")
	require.Equal(t, totals{Sent: 1, Planned: 19}, r.Totals)
	require.Nil(t, r.NextSlot)
	require.Contains(t, r.Reason, "noon")

	s.starter(t, "resume", "lunch")
	p := decode[plan](t, s.starter(t, "plan", "lunch", "--json"))
	require.Equal(t, []int{8, 8, 3}, slotTotals(p))
	require.True(t, p.Slots[0].Start.Equal(s.slot.Add(time.Hour)), "%s follows %s", p.Slots[0].Start, s.slot)
	require.Equal(t, "running", s.report(t, "lunch").State)

	s.starter(t, "cancel", "lunch")
	require.Equal(t, totals{Sent: 1, Skipped: 19}, s.report(t, "lunch").Totals)
	require.Len(t, s.caught(ben), 1)
}

// unless is why, where something is not so.
func unless(so bool, why string) string {
	if so {
		return ""
	}
	return why
}

func slotTotals(p plan) []int {
	var all []int
	for _, slot := range p.Slots {
		all = append(all, slot.Total)
	}
	return all
}

func testCancelGivesBack(t *testing.T, s *site) {
	first := s.engage(t, "first", 6, "cleo", far)
	require.Equal(t, []int{2, 2, 2}, slotTotals(first))
	behind := s.preview(t, "second", 2, "cleo", far)
	require.True(t, behind.Start.Equal(first.Start.Add(3*time.Hour)), "%s: three slots are taken", behind.Start)

	s.starter(t, "cancel", "first")
	instead := s.preview(t, "second", 2, "cleo", far)
	require.True(t, instead.Start.Equal(first.Start), "%s: the first slot is free again", instead.Start)
	booked := s.engage(t, "second", 2, "cleo", far)
	require.Equal(t, instead, withID(booked, instead.ID))
	require.Contains(t, s.refused(t, "cancel", "first"), "cancelled")
}

func withID(p plan, id string) plan {
	p.ID = id
	return p
}

func testStartersAtOnce(t *testing.T, s *site) {
	const starters, own, shared = 4, 20, 10
	people := strings.SplitAfterN(contactsFile("everybody", shared), "\n", 2)
	var all []*process
	var plans []*transcript
	for _, group := range []string{"north", "east", "south", "west"} {
		s.write(t, group+".csv", contactsFile(group, own)+people[1])
		args := s.draftArgs(t, "engage", group, 0, "dan", far, "--yes", "--id", group)
		p, data := s.startStarter(t, s.temporalAddress(), args...)
		all, plans = append(all, p), append(plans, data)
	}
	booked := map[time.Time]int{}
	contacts := 0
	for i, p := range all {
		require.Zero(t, p.status(t), p.out)
		made := decode[plan](t, plans[i].String())
		contacts += made.Contacts
		for _, slot := range made.Slots {
			booked[slot.Start.UTC()] += slot.Total
		}
	}
	require.Equal(t, starters*own+shared, contacts, "one person is in one engagement")
	sum := 0
	for start, n := range booked {
		require.LessOrEqual(t, n, dan.perHour, "the slot of %s", start)
		day := 0
		for other, m := range booked {
			if d := other.Sub(start); d >= 0 && d < 24*time.Hour {
				day += m
			}
		}
		require.LessOrEqual(t, day, dan.perDay, "the day from %s", start)
		sum += n
	}
	require.Equal(t, contacts, sum)
}

func testSharedSlot(t *testing.T, s *site) {
	var inHand, most atomic.Int32
	s.setPlay(ida, func(stage catcher.Stage, _ *catcher.Attempt) error {
		switch stage {
		case catcher.StageMail:
			most.Store(max(most.Load(), inHand.Add(1)))
		case catcher.StageFinalDot:
			inHand.Add(-1)
		}
		return nil
	})
	var all []*process
	for _, id := range []string{"pair1", "pair2"} {
		p, _ := s.startStarter(t, s.temporalAddress(), s.draftArgs(t, "engage", id, 10, "ida,jon",
			s.slot.Format(time.RFC3339), "--pace", "burst", "--yes", "--id", id)...)
		all = append(all, p)
	}
	for _, p := range all {
		require.Zero(t, p.status(t), p.out)
	}
	full := s.preview(t, "pair3", 2, "ida", s.slot.Format(time.RFC3339))
	require.True(t, full.Start.Equal(s.slot.Add(time.Hour)), "%s: the slot is full", full.Start)
	c := s.dial(t)
	for _, id := range []string{"pair1", "pair2"} {
		require.NoError(t, c.GetWorkflow(t.Context(), "sequence/"+id, "").Get(t.Context(), nil))
		require.Equal(t, totals{Sent: 10}, s.report(t, id).Totals)
		var summaries []string
		for _, event := range history(t, c, id) {
			summaries = append(summaries, summary(t, event))
		}
		require.Contains(t, summaries, s.slot.Format("15:04")+" slot, 10 messages, 2 accounts")
	}
	for _, a := range []account{ida, jon} {
		caught := s.caught(a)
		require.Len(t, caught, 10)
		nothingTwice(t, caught)
		require.GreaterOrEqual(t, leastGap(byArrival(caught)), 500*time.Millisecond, "min_gap holds over both")
	}
	require.EqualValues(t, 1, most.Load(), "an account has one message in hand")
}

func testTerminated(t *testing.T, s *site) {
	s.engage(t, "gone", fay.perHour, "fay", s.slot.Format(time.RFC3339))
	eventually(t, 2*time.Minute, func() string { return unless(len(s.caught(fay)) >= 3, "nothing is sent") })
	require.NoError(t, s.dial(t).TerminateWorkflow(t.Context(), "sequence/gone", "", "by hand"))
	eventually(t, time.Minute, func() string {
		all := byArrival(s.caught(fay))
		// One leaves every two seconds, four at most lie between two.
		return unless(time.Since(all[len(all)-1]) > 8*time.Second, "it still sends")
	})
	require.Contains(t, s.refused(t, "pause", "gone"), "only cancel is possible")
	s.starter(t, "cancel", "gone")
	r := s.report(t, "gone")
	require.Equal(t, "cancelled", r.State)
	require.Zero(t, r.Totals.Planned)
	sameBooks(t, s.caught(fay), s.rows(t, "gone"), r.Totals)
	// Whoever was not written to can be engaged again.
	require.Equal(t, r.Totals.Skipped, s.preview(t, "gone", 0, "fay", far).Contacts)
}

func testAnswerWithAddress(t *testing.T, s *site) {
	asked := make(chan struct{}, 100)
	s.setPlay(hal, func(stage catcher.Stage, a *catcher.Attempt) error {
		if stage != catcher.StageRcpt {
			return nil
		}
		asked <- struct{}{}
		return catcher.Answer{Code: 450, Enhanced: [3]int{4, 2, 1}, Text: "too much mail, also to <" + a.To + ">"}
	})
	s.engage(t, "enough", 5, "hal", s.slot.Format(time.RFC3339), "--pace", "burst")
	<-asked
	eventually(t, 30*time.Second, func() string {
		waiting := s.report(t, "enough").Accounts[0].Waiting
		require.NotContains(t, waiting, domainWord)
		return unless(strings.Contains(waiting, "4.2.1"), "the account does not wait")
	})
	s.starter(t, "pause", "enough")
	require.Equal(t, totals{Planned: 5}, s.report(t, "enough").Totals, "the account is at fault, and no contact pays for it")
	s.holdNoPeople(t, "enough")
}
