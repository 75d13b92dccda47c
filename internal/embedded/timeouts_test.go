package embedded

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// outcome is what a workflow saw of an activity.
type outcome struct {
	Took     time.Duration // by the workflow's clock
	TimedOut string        // which timeout, or empty
	Failed   bool
}

// late runs one activity, after a day that is skipped, so that the workflow's clock is not the
// activity's.
func late(ctx workflow.Context, o workflow.ActivityOptions, name string) (outcome, error) {
	if err := workflow.Sleep(ctx, 24*time.Hour); err != nil {
		return outcome{}, err
	}
	began := workflow.Now(ctx)
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, o), name).Get(ctx, nil)
	out := outcome{Took: workflow.Now(ctx).Sub(began), Failed: err != nil}
	var timeout *temporal.TimeoutError
	if errors.As(err, &timeout) {
		out.TimedOut = timeout.TimeoutType().String()
	}
	return out, nil
}

// An attempt's time runs at the pace of the real clock, since nothing is skipped while an activity
// is there to be done; only the wait before another attempt is skipped.
func TestActivityTimeoutsOfASkippingWorkflow(t *testing.T) {
	t.Parallel()
	var failures atomic.Int32
	infos := make(chan activity.Info, 1)
	released := make(chan struct{})
	c := connect(t, sharedServer(t).Address(), true)
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(late, typed("late"))
		r.RegisterActivityWithOptions(func(context.Context) error { <-released; return nil }, named("hang"))
		r.RegisterActivityWithOptions(func(context.Context) error {
			failures.Add(1)
			return errors.New("no")
		}, named("fail"))
		r.RegisterActivityWithOptions(func(ctx context.Context) error {
			infos <- activity.GetInfo(ctx)
			return nil
		}, named("look"))
	})
	t.Cleanup(func() { close(released) }) // before the worker is stopped, which waits for activities
	run := func(t *testing.T, o workflow.ActivityOptions, name string) (outcome, time.Duration) {
		t.Helper()
		began := time.Now()
		r, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: t.Name(), TaskQueue: queue}, "late", o, name)
		require.NoError(t, err)
		var out outcome
		require.NoError(t, r.Get(t.Context(), &out))
		return out, time.Since(began)
	}

	once := &temporal.RetryPolicy{MaximumAttempts: 1}
	for which, o := range map[string]workflow.ActivityOptions{
		"StartToClose":    {StartToCloseTimeout: time.Second, RetryPolicy: once},
		"Heartbeat":       {StartToCloseTimeout: time.Hour, HeartbeatTimeout: time.Second, RetryPolicy: once},
		"ScheduleToClose": {ScheduleToCloseTimeout: time.Second, RetryPolicy: once},
	} {
		t.Run(which+" is real time", func(t *testing.T) {
			t.Parallel()
			out, real := run(t, o, "hang")
			require.Equal(t, which, out.TimedOut)
			require.GreaterOrEqual(t, real, time.Second)
			require.Less(t, out.Took, real, "the workflow's clock ran ahead")
		})
	}
	t.Run("ScheduleToClose counts the skipped waits between attempts", func(t *testing.T) {
		t.Parallel()
		out, real := run(t, workflow.ActivityOptions{
			ScheduleToCloseTimeout: 10 * time.Minute,
			RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Minute, BackoffCoefficient: 1},
		}, "fail")
		require.True(t, out.Failed)
		require.EqualValues(t, 10, failures.Load()) // at 0:00, 1:00 … 9:00
		require.InDelta(t, 9*time.Minute, out.Took, float64(time.Minute))
		require.Less(t, real, time.Minute)
	})
	t.Run("the activity is told when it started by the workflow's clock, and its deadline by the real one", func(t *testing.T) {
		t.Parallel()
		_, _ = run(t, workflow.ActivityOptions{ScheduleToCloseTimeout: time.Minute}, "look")
		info := <-infos
		require.InDelta(t, 24*time.Hour, time.Until(info.StartedTime), float64(time.Minute))
		require.InDelta(t, 24*time.Hour, time.Until(info.ScheduledTime), float64(time.Minute))
		require.InDelta(t, time.Minute, time.Until(info.Deadline), float64(30*time.Second))
	})
}
