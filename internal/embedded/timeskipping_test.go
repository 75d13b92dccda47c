package embedded

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// These tests pin down what the engine relies on in a rehearsal, since the server's documentation
// says little of it.

func minute(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
}

func named(name string) activity.RegisterOptions { return activity.RegisterOptions{Name: name} }
func typed(name string) workflow.RegisterOptions { return workflow.RegisterOptions{Name: name} }

// hours waits n hours, with an activity after each, and tells how long that was by its own clock.
func hours(ctx workflow.Context, n int) (time.Duration, error) {
	began := workflow.Now(ctx)
	for range n {
		if err := workflow.Sleep(ctx, time.Hour); err != nil {
			return 0, err
		}
		if err := workflow.ExecuteActivity(minute(ctx), "nothing").Get(ctx, nil); err != nil {
			return 0, err
		}
	}
	return workflow.Now(ctx).Sub(began), nil
}

func registerHours(r worker.Registry) {
	r.RegisterWorkflowWithOptions(hours, typed("hours"))
	r.RegisterActivityWithOptions(func(context.Context) error { return nil }, named("nothing"))
}

func TestSkippingRunsDaysInSeconds(t *testing.T) {
	t.Parallel()
	c := connect(t, sharedServer(t).Address(), true)
	queue := work(t, c, registerHours)
	began := time.Now()
	var virtual time.Duration
	require.NoError(t, start(t, c, queue, "hours", 100).Get(t.Context(), &virtual))
	took := time.Since(began)
	t.Logf("100 hours, with an activity in each: %v", took)
	require.InDelta(t, 100*time.Hour, virtual, float64(time.Minute))
	require.Less(t, took, 30*time.Second)
}

// Without skipping one takes an hour; with the server's default settings, a second.
func BenchmarkSkippedHour(b *testing.B) {
	c := connect(b, sharedServer(b).Address(), true)
	queue := work(b, c, registerHours)
	b.ResetTimer()
	require.NoError(b, start(b, c, queue, "hours", b.N).Get(b.Context(), nil))
}

func TestSkippingIsOnlyForWhoAsks(t *testing.T) {
	t.Parallel()
	c := connect(t, sharedServer(t).Address(), false)
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(func(ctx workflow.Context) (bool, error) {
			return workflow.AwaitWithTimeout(ctx, time.Hour, func() bool {
				return workflow.GetSignalChannel(ctx, "go").ReceiveAsync(nil)
			})
		}, typed("wait"))
	})
	run := start(t, c, queue, "wait")
	require.NoError(t, c.SignalWorkflow(t.Context(), run.GetID(), "", "go", nil))
	var signalled bool
	require.NoError(t, run.Get(t.Context(), &signalled))
	require.True(t, signalled, "the hour passed before the signal came")
}

func TestSkippingGoesOnOverContinueAsNew(t *testing.T) {
	t.Parallel()
	type state struct {
		Began   time.Time
		Runs    int
		Updates int
	}
	const runs, hoursOfRun = 3, 24
	// Each run waits out a day of one-hour timers. Its last hour waits for an update as well.
	days := func(ctx workflow.Context, s state) (state, error) {
		if s.Began.IsZero() {
			s.Began = workflow.Now(ctx)
		}
		err := workflow.SetUpdateHandler(ctx, "now", func(ctx workflow.Context) (time.Time, error) {
			s.Updates++
			return workflow.Now(ctx), nil
		})
		if err != nil {
			return s, err
		}
		for range hoursOfRun {
			if err := workflow.Sleep(ctx, time.Hour); err != nil {
				return s, err
			}
			if err := workflow.ExecuteActivity(minute(ctx), "nothing").Get(ctx, nil); err != nil {
				return s, err
			}
		}
		s.Runs++
		if err := workflow.Await(ctx, func() bool { return s.Updates >= s.Runs && workflow.AllHandlersFinished(ctx) }); err != nil {
			return s, err
		}
		if s.Runs < runs {
			return s, workflow.NewContinueAsNewError(ctx, "days", s)
		}
		if passed := workflow.Now(ctx).Sub(s.Began); passed < runs*hoursOfRun*time.Hour {
			return s, errors.New("the clock went back: " + passed.String())
		} else if passed > (runs*hoursOfRun+1)*time.Hour {
			return s, errors.New("the clock went ahead: " + passed.String())
		}
		return s, nil
	}
	c := connect(t, sharedServer(t).Address(), true)
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(days, typed("days"))
		r.RegisterActivityWithOptions(func(context.Context) error { return nil }, named("nothing"))
	})
	run := start(t, c, queue, "days", state{})
	ended := make(chan error, 1)
	var s state
	go func() { ended <- run.Get(t.Context(), &s) }()

	// Updates come in while timers are skipped, while activities run and between runs.
	var last time.Time
	for {
		select {
		case err := <-ended:
			require.NoError(t, err)
			require.Equal(t, runs, s.Runs)
			require.GreaterOrEqual(t, s.Updates, runs)
			return
		default:
		}
		var now time.Time
		if err := update(t, c, run.GetID(), "now", &now); err != nil {
			continue // the last run ended meanwhile; what it ended with is checked above
		}
		require.False(t, now.Before(last), "the clock went back")
		last = now
	}
}

func update(t *testing.T, c client.Client, id, name string, result any, args ...any) error {
	t.Helper()
	h, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: name, Args: args, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return h.Get(t.Context(), result)
}

func TestSkippingStopsWhileAnActivityRuns(t *testing.T) {
	t.Parallel()
	running, finish := make(chan struct{}), make(chan struct{})
	busy := func(ctx workflow.Context) (timerFirst bool, err error) {
		err = workflow.SetUpdateHandler(ctx, "now", func(ctx workflow.Context) (time.Time, error) {
			return workflow.Now(ctx), nil
		})
		if err != nil {
			return false, err
		}
		timer := workflow.NewTimer(ctx, time.Hour)
		done := workflow.ExecuteActivity(minute(ctx), "block")
		workflow.NewSelector(ctx).
			AddFuture(timer, func(workflow.Future) { timerFirst = true }).
			AddFuture(done, func(f workflow.Future) { err = f.Get(ctx, nil) }).
			Select(ctx)
		return timerFirst, err
	}
	c := connect(t, sharedServer(t).Address(), true)
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(busy, typed("busy"))
		r.RegisterActivityWithOptions(func(ctx context.Context) error {
			close(running)
			<-finish
			return nil
		}, named("block"))
	})
	run := start(t, c, queue, "busy")
	<-running
	var before, after time.Time
	require.NoError(t, update(t, c, run.GetID(), "now", &before))
	require.NoError(t, update(t, c, run.GetID(), "now", &after))
	require.Less(t, after.Sub(before), time.Minute, "updates let the clock jump")
	close(finish)
	var timerFirst bool
	require.NoError(t, run.Get(t.Context(), &timerFirst))
	require.False(t, timerFirst, "the clock jumped while an activity ran")
}

func TestSkippingStopsWhereNothingIsDue(t *testing.T) {
	t.Parallel()
	idle := func(ctx workflow.Context) (time.Duration, error) {
		began := workflow.Now(ctx)
		workflow.GetSignalChannel(ctx, "go").Receive(ctx, nil)
		return workflow.Now(ctx).Sub(began), nil
	}
	c := connect(t, sharedServer(t).Address(), true)
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(idle, typed("idle"))
	})
	run := start(t, c, queue, "idle")
	require.NoError(t, c.SignalWorkflow(t.Context(), run.GetID(), "", "go", nil))
	var waited time.Duration
	require.NoError(t, run.Get(t.Context(), &waited))
	require.Less(t, waited, time.Minute)
}
