package workflows_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/workflows"
)

var tight = drip.Quotas{PerHour: 3, PerDay: 100}

func TestAQuietRunSendsWhatWasPlanned(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann", "ben")
	booked := b.engage("e", 2, 4, true)
	b.runWorker()
	run := b.start("e", true)
	result := b.completes(run)
	require.Equal(t, workflows.SequenceResult{Engagement: "e", State: drip.StateCompleted, Totals: drip.Totals{Sent: 16}}, result)

	report := b.agrees(run, "e")
	require.Equal(t, 16, b.catcher.Count())
	require.Equal(t, drip.StateCompleted, report.State)
	sent := map[drip.Slot]int{}
	for _, s := range report.Slots {
		require.Equal(t, s.Planned, s.Sent)
		sent[drip.SlotAt(s.Start)] = s.Sent
	}
	planned := map[drip.Slot]int{}
	for _, x := range booked {
		planned[x.Slot] += x.Count
	}
	require.Equal(t, planned, sent)

	preview := asks[drip.Plan](b, run, workflows.QueryPreview)
	var p drip.Plan
	p.SetSlots(booked, b.work.Team.Zone)
	require.Len(t, preview.Slots, len(p.Slots))
	for i, s := range p.Slots {
		require.True(t, s.Start.Equal(preview.Slots[i].Start))
		require.Equal(t, s.Start.Format(time.RFC3339), preview.Slots[i].Start.Format(time.RFC3339), "the team's offset")
		require.Equal(t, s.Sends, preview.Slots[i].Sends)
	}
	for _, m := range b.catcher.Messages() {
		require.False(t, report.Finished.Before(m.Date), "it ended at %s, after its last message at %s", report.Finished, m.Date)
		require.False(t, m.Date.Before(report.Started.Truncate(time.Second)))
	}
}

func TestHistoryAndStoryTellNothingOfContacts(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann", "ben")
	b.engage("e", 2, 4, true)
	b.misbehave(faultOnce())
	b.runWorker()
	run := b.start("e", true)
	b.completes(run)
	h := b.history(run)
	data, err := temporalproto.CustomJSONMarshalOptions{}.Marshal(h)
	require.NoError(t, err)
	require.NotContains(t, strings.ToLower(string(data)), strings.ToLower(secret))

	timers, senders := 0, 0
	for _, e := range h.Events {
		summary := string(e.GetUserMetadata().GetSummary().GetData())
		switch e.EventType {
		case enumspb.EVENT_TYPE_TIMER_STARTED:
			require.NotEmpty(t, summary)
			if strings.HasSuffix(summary, `00 slot, 6 messages, 2 accounts"`) {
				timers++
			}
		case enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
			require.NotEmpty(t, summary)
			if summary == `"ann: step 1, 3 messages"` {
				senders++
			}
		}
	}
	require.Positive(t, timers)
	require.Positive(t, senders)
}

func TestASlotCostsFewEvents(t *testing.T) {
	t.Parallel()
	b := newBench(t, drip.Quotas{PerHour: 50, PerDay: 400}, "ann")
	b.pace = drip.PaceBurst
	b.engage("e", 1, 200, true) // four slots
	b.runWorker()
	run := b.start("e", true)
	b.completes(run)
	h := b.history(run)
	events := len(h.Events) - count(h, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_TIME_SKIPPING_TRANSITIONED)
	const once = 20 // start, opening and end
	require.LessOrEqual(t, events, 4*15+once)
	require.Equal(t, 200, b.catcher.Count())
}

func TestALongRunContinuesAsNew(t *testing.T) {
	t.Parallel()
	b := newBench(t, drip.Quotas{PerHour: 3, PerDay: 400}, "ann")
	b.pace = drip.PaceBurst
	b.engage("e", 1, 120, true)
	b.runWorker()
	run := b.start("e", true)
	first := run.GetRunID()
	require.Equal(t, drip.Totals{Sent: 120}, b.completes(run).Totals)
	report := b.agrees(run, "e")
	require.Len(t, report.Slots, 40, "no slot was missed between the runs")
	require.Equal(t, 1, count(b.historyOf(run.GetID(), first), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW))
	require.Len(t, asks[drip.Plan](b, run, workflows.QueryPreview).Slots, 40, "the preview is carried along")
}

func TestAnAgendaInPartsIsReadOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, drip.Quotas{PerHour: 1, PerDay: 24}, "ann")
	b.engage("e", 1, 12, true)
	parts := 0
	b.worker = worker.New(b.client, b.queue, worker.Options{})
	b.worker.RegisterWorkflowWithOptions(workflows.Sequence, workflow.RegisterOptions{Name: workflows.TypeSequence})
	b.work.Register(but{b.worker, drip.ActivityAgenda, func(ctx context.Context, in drip.AgendaInput) (drip.Agenda, error) {
		agenda, err := b.work.Agenda(ctx, in)
		if more := len(agenda.Slots) - 5; more > 0 {
			agenda.Slots, agenda.More = agenda.Slots[:5], agenda.More+more
		}
		parts++
		return agenda, err
	}})
	require.NoError(t, b.worker.Start())
	t.Cleanup(b.worker.Stop)
	run := b.start("e", true)
	require.Equal(t, drip.Totals{Sent: 12}, b.completes(run).Totals)
	require.Equal(t, 3, parts)
	require.Len(t, b.agrees(run, "e").Slots, 12)
}

func TestAnAccountThatFailsIsPlannedAnew(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann", "ben")
	b.engage("e", 2, 4, true)
	b.misbehave(faultOnce())
	b.runWorker()
	run := b.start("e", true)
	require.Equal(t, drip.Totals{Sent: 16}, b.completes(run).Totals)
	report := b.agrees(run, "e")
	require.Less(t, report.Slots[0].Sent, report.Slots[0].Planned)
	moves, err := b.ledger.Moves(t.Context(), "e")
	require.NoError(t, err)
	require.NotEmpty(t, moves)
}

func TestAPlanThatCannotBeMadeFailsInBothBooks(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann", "ben")
	b.engage("e", 1, 4, true)
	b.misbehave(faultOnce())
	for i := range b.work.Team.Accounts {
		b.work.Team.Accounts[i].Quotas.MinGap = 2 * time.Hour // somebody edited the team file
	}
	b.runWorker()
	run := b.start("e", true)
	require.ErrorContains(t, run.Get(b.wait(), nil), "min_gap")
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, b.status(run))
	report := b.agrees(run, "e")
	require.Equal(t, drip.StateFailed, report.State)
	require.Contains(t, report.Reason, "min_gap")
	usage, err := b.ledger.Usage(t.Context(), []string{"ann"}, drip.SlotAt(time.Now()))
	require.NoError(t, err)
	require.LessOrEqual(t, total(usage), b.catcher.Count(), "its bookings are given back")
}

func total(u ledger.Usage) (n int) {
	for _, slots := range u {
		for _, used := range slots {
			n += used
		}
	}
	return n
}

func TestASlotThatPassedIsPlannedAnewAndTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann")
	b.engage("e", 1, 3, true)
	// Hours pass before anybody works: a rehearsal's clock is the workflow's, so its first slot is
	// put into the past instead.
	passed := b.work.Calendar.Next(time.Now().Add(-3 * time.Hour))
	require.NoError(t, b.ledger.Plan(t.Context(), ledger.PlanRequest{ID: "e", From: passed, Now: time.Now(),
		Require: []drip.State{drip.StateScheduled}, To: drip.StateScheduled},
		func(ledger.Basis) ([]drip.Booking, error) {
			return []drip.Booking{{Slot: passed, Account: "ann", Step: 1, Count: 3, Limit: drip.LimitContacts}}, nil
		}))
	b.runWorker()
	run := b.start("e", true)
	require.Equal(t, drip.Totals{Sent: 3}, b.completes(run).Totals)
	report := b.agrees(run, "e")
	require.Len(t, report.Slots, 2)
	require.Equal(t, drip.SlotTotals{Start: report.Slots[0].Start, Planned: 3}, report.Slots[0])
	require.True(t, report.Slots[0].Start.Equal(passed.Start()))
}
