package workflows_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/workflows"
)

// faultOnce lets ann's mailbox refuse to send for an hour, at her second message.
func faultOnce() func(catcher.Stage, *catcher.Attempt) error {
	var n atomic.Int64
	return func(s catcher.Stage, a *catcher.Attempt) error {
		if s == catcher.StageMail && strings.HasPrefix(a.From, "ann@") && n.Add(1) == 2 {
			return catcher.Answer{Code: 550, Enhanced: [3]int{5, 4, 5}, Text: "daily limit"}
		}
		return nil
	}
}

// phases bring an engagement to a point of its life and call meanwhile there.
var phases = []struct {
	name      string
	rehearsal bool
	at        func(b *bench, run func() client.WorkflowRun) (client.WorkflowRun, func())
}{
	{"before anything ran", false, func(b *bench, start func() client.WorkflowRun) (client.WorkflowRun, func()) {
		return start(), b.runWorker
	}},
	{"in its sleep", false, func(b *bench, start func() client.WorkflowRun) (client.WorkflowRun, func()) {
		b.runWorker()
		run := start()
		b.sleeps(run)
		return run, func() {}
	}},
	{"inside a slot", true, func(b *bench, start func() client.WorkflowRun) (client.WorkflowRun, func()) {
		g := b.hold(1)
		b.runWorker()
		run := start()
		g.await(b.t)
		return run, g.open
	}},
	{"while it is planned anew", true, func(b *bench, start func() client.WorkflowRun) (client.WorkflowRun, func()) {
		g := newGate()
		b.ledger.gate(g)
		b.misbehave(faultOnce())
		b.runWorker()
		run := start()
		g.await(b.t)
		return run, g.open
	}},
}

// commanders are the ways to give a command. Each returns what waits until it holds.
var commanders = []struct {
	name string
	give func(b *bench, run client.WorkflowRun, c workflows.Command) (holds func())
}{
	{"signal", func(b *bench, run client.WorkflowRun, c workflows.Command) func() {
		require.NoError(b.t, b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(c), "prices change"))
		return func() {}
	}},
	{"update", func(b *bench, run client.WorkflowRun, c workflows.Command) func() {
		answered := make(chan error, 1)
		go func() {
			_, err := b.update(run, c, "prices change")
			answered <- err
		}()
		// The update is on its way; whether it comes before or after what the phase lets go makes no
		// difference to its answer.
		return func() { require.NoError(b.t, <-answered) }
	}},
}

func TestPauseAndResumeInEveryPhase(t *testing.T) {
	t.Parallel()
	for _, phase := range phases {
		for _, by := range commanders {
			t.Run(phase.name+" by "+by.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, tight, "ann", "ben")
				b.engage("e", 1, 4, phase.rehearsal)
				run, letGo := phase.at(b, func() client.WorkflowRun { return b.start("e", phase.rehearsal) })
				holds := by.give(b, run, workflows.Pause)
				if by.name == "update" && phase.rehearsal {
					arrives(b, run, workflows.Pause)
				}
				letGo()
				holds()
				b.becomes(run, drip.StatePaused)
				paused := b.agrees(run, "e")
				require.Contains(t, paused.Reason, "prices change")
				require.Nil(t, paused.NextSlot)
				require.Equal(t, b.catcher.Count(), paused.Totals.Sent)

				_, err := b.update(run, workflows.Resume)
				require.NoError(t, err)
				if phase.rehearsal {
					require.Equal(t, drip.Totals{Sent: 8}, b.completes(run).Totals)
				} else {
					require.Equal(t, drip.StateScheduled, b.agrees(run, "e").State)
					require.NotNil(t, asks[drip.Report](b, run, workflows.QueryReport).NextSlot)
					_, err = b.update(run, workflows.Cancel)
					require.NoError(t, err)
				}
			})
		}
	}
}

// arrives waits until an update is in the workflow's hands: it is accepted as soon as its worker has
// a task, which an activity that is held does not keep from coming.
func arrives(b *bench, run client.WorkflowRun, _ workflows.Command) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		return count(b.history(run), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED) > 0
	}, 20*time.Second, 10*time.Millisecond)
}

func TestCancelInEveryPhase(t *testing.T) {
	t.Parallel()
	ways := append(commanders[:len(commanders):len(commanders)], struct {
		name string
		give func(b *bench, run client.WorkflowRun, c workflows.Command) (holds func())
	}{"Temporal", func(b *bench, run client.WorkflowRun, _ workflows.Command) func() {
		require.NoError(b.t, b.plain.CancelWorkflow(b.wait(), run.GetID(), ""))
		return func() {}
	}})
	paused := phases[1]
	paused.name = "while paused"
	sleeping := paused.at
	paused.at = func(b *bench, start func() client.WorkflowRun) (client.WorkflowRun, func()) {
		run, letGo := sleeping(b, start)
		_, err := b.update(run, workflows.Pause)
		require.NoError(b.t, err)
		return run, letGo
	}
	for _, phase := range append(phases[:len(phases):len(phases)], paused) {
		for _, by := range ways {
			t.Run(phase.name+" by "+by.name, func(t *testing.T) {
				t.Parallel()
				b := newBench(t, tight, "ann", "ben")
				b.engage("e", 2, 4, phase.rehearsal)
				run, letGo := phase.at(b, func() client.WorkflowRun { return b.start("e", phase.rehearsal) })
				holds := by.give(b, run, workflows.Cancel)
				if by.name == "update" && phase.rehearsal {
					arrives(b, run, workflows.Cancel)
				}
				letGo()
				holds()
				var canceled *temporal.CanceledError
				require.ErrorAs(t, run.Get(b.wait(), nil), &canceled)
				require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED, b.status(run))
				report := b.agrees(run, "e")
				require.Equal(t, drip.StateCancelled, report.State)
				require.Equal(t, 16, report.Totals.Sum())
				require.Zero(t, report.Totals.Planned)
				require.Zero(t, report.Totals.Unknown)
				require.Equal(t, b.catcher.Count(), report.Totals.Sent)
				usage, err := b.ledger.Usage(t.Context(), []string{"ann", "ben"}, 0)
				require.NoError(t, err)
				require.Equal(t, b.catcher.Count(), total(usage), "the capacity is given back")
			})
		}
	}
}

func TestCommandsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann")
	b.engage("e", 1, 4, false)
	b.runWorker()
	run := b.start("e", false)
	b.sleeps(run)

	before := len(b.history(run).Events)
	_, err := b.update(run, workflows.Resume)
	var refused *temporal.ApplicationError
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Message(), "not paused")
	require.Len(t, b.history(run).Events, before, "what is refused leaves no history")

	// As a signal it is left alone.
	require.NoError(t, b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(workflows.Resume), nil))
	// A reason that is no string is no reason, and none need be given.
	require.NoError(t, b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(workflows.Pause), map[string]int{"a": 1}))
	b.becomes(run, drip.StatePaused)
	require.Equal(t, "paused", asks[drip.Report](b, run, workflows.QueryReport).Reason)
	_, err = b.update(run, workflows.Pause)
	require.ErrorContains(t, err, "paused already")
	_, err = b.update(run, workflows.Resume, strings.Repeat("漢<", 400))
	require.NoError(t, err)
	_, err = b.update(run, workflows.Cancel)
	require.NoError(t, err)
	for _, e := range b.history(run).Events {
		require.Less(t, len(e.GetUserMetadata().GetSummary().GetData()), 350)
	}
}

// TestSignalsAreObeyedInTheOrderTheyCame gives all of them while no worker runs, so that they arrive
// together.
func TestSignalsAreObeyedInTheOrderTheyCame(t *testing.T) {
	t.Parallel()
	const pause, resume = workflows.Pause, workflows.Resume
	for name, c := range map[string]struct {
		given []workflows.Command
		does  string // the activities, in order
		state drip.State
	}{
		"pause, resume":                {[]workflows.Command{pause, resume}, "Agenda Pause Plan", drip.StateScheduled},
		"resume, pause":                {[]workflows.Command{resume, pause}, "Agenda Pause", drip.StatePaused},
		"pause, resume, pause":         {[]workflows.Command{pause, resume, pause}, "Agenda Pause Plan Pause", drip.StatePaused},
		"resume, pause, pause, resume": {[]workflows.Command{resume, pause, pause, resume}, "Agenda Pause Plan", drip.StateScheduled},
		"pause, cancel, resume":        {[]workflows.Command{pause, workflows.Cancel, resume}, "Agenda Pause End", drip.StateCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tight, "ann")
			b.engage("e", 1, 4, false)
			run := b.start("e", false)
			for _, command := range c.given {
				require.NoError(t, b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(command), nil))
			}
			b.runWorker()
			require.Eventually(t, func() bool { return b.did(run) == c.does }, 20*time.Second, 10*time.Millisecond)
			b.becomes(run, c.state)
			b.agrees(run, "e")
			require.Equal(t, c.does, b.did(run))
		})
	}
}

// did is the activities that a run completed.
func (b *bench) did(run client.WorkflowRun) string {
	b.t.Helper()
	var done []string
	names := map[int64]string{}
	for _, e := range b.history(run).Events {
		if a := e.GetActivityTaskScheduledEventAttributes(); a != nil {
			names[e.EventId] = a.ActivityType.Name
		}
		if a := e.GetActivityTaskCompletedEventAttributes(); a != nil {
			done = append(done, names[a.ScheduledEventId])
		}
	}
	return strings.Join(done, " ")
}

func TestContinuingAsNewLosesNoCommand(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann")
	b.engage("e", 1, 4, true)
	b.runWorker()
	g := b.hold(1)
	run := b.start("e", true)
	g.await(t)
	_ = b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(workflows.Pause), nil)
	g.open()
	b.becomes(run, drip.StatePaused)
	// Commands that change nothing make the history long, until the paused run goes on in a new one.
	require.Eventually(t, func() bool {
		for range 50 {
			require.NoError(t, b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(workflows.Pause), nil))
		}
		return count(b.history(run), enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW) == 1
	}, 30*time.Second, time.Millisecond)
	require.Equal(t, drip.StatePaused, b.agrees(run, "e").State)
	_, err := b.update(run, workflows.Resume)
	require.NoError(t, err)
	require.Equal(t, drip.Totals{Sent: 4}, b.completes(run).Totals)
	b.agrees(run, "e")
}

func TestCancelNeedNotWaitForAPlan(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann", "ben")
	b.engage("e", 1, 4, false)
	b.runWorker()
	run := b.start("e", false)
	b.sleeps(run)
	_, err := b.update(run, workflows.Pause)
	require.NoError(t, err)
	b.worker.Stop()
	b.work.Team.Accounts = b.work.Team.Accounts[1:] // ann left, and with her the line in the team file
	b.runWorker()
	resumed := make(chan error, 1)
	go func() {
		_, err := b.update(run, workflows.Resume)
		resumed <- err
	}()
	arrives(b, run, workflows.Resume)
	_, err = b.update(run, workflows.Cancel)
	require.NoError(t, err)
	require.ErrorContains(t, <-resumed, "being cancelled")
	require.Equal(t, drip.StateCancelled, b.agrees(run, "e").State)
}

// TestASenderThatEndsBadlyAfterItWasRecalled is a worker that dies with a message in hand while
// somebody pauses: what was recalled is not tried again, and comes back as whatever it ended with.
func TestASenderThatEndsBadlyAfterItWasRecalled(t *testing.T) {
	t.Parallel()
	b := newBench(t, tight, "ann")
	b.engage("e", 1, 4, true)
	sending := make(chan struct{}, 1)
	b.worker = worker.New(b.client, b.queue, worker.Options{MaxHeartbeatThrottleInterval: 100 * time.Millisecond})
	b.worker.RegisterWorkflowWithOptions(workflows.Sequence, workflow.RegisterOptions{Name: workflows.TypeSequence})
	b.work.Register(but{b.worker, drip.ActivitySendEmails, func(ctx context.Context, _ drip.SendInput) (drip.SendOutput, error) {
		sending <- struct{}{}
		for ctx.Err() == nil {
			activity.RecordHeartbeat(ctx)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
		return drip.SendOutput{}, errors.New("the worker is gone")
	}})
	require.NoError(t, b.worker.Start())
	run := b.start("e", true)
	<-sending
	_, err := b.update(run, workflows.Pause)
	require.NoError(t, err)
	b.becomes(run, drip.StatePaused)
	b.worker.Stop()
	b.runWorker()
	_, err = b.update(run, workflows.Resume)
	require.NoError(t, err)
	require.Equal(t, drip.Totals{Sent: 4}, b.completes(run).Totals)
	b.agrees(run, "e")
}

// but registers another activity in the place of one.
type but struct {
	worker.Registry
	name     string
	activity any
}

func (r but) RegisterActivityWithOptions(a any, o activity.RegisterOptions) {
	if o.Name == r.name {
		a = r.activity
	}
	r.Registry.RegisterActivityWithOptions(a, o)
}
