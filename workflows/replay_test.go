package workflows_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/workflows"
)

// scenarios are the runs whose recorded histories must replay for ever: workflows that sleep for weeks
// are replayed by newer workers than began them.
var scenarios = []struct {
	name string
	run  func(t *testing.T, b *bench) client.WorkflowRun
}{
	{"quiet", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("quiet", 2, 4, true)
		b.runWorker()
		run := b.start("quiet", true)
		b.completes(run)
		return run
	}},
	{"paused_inside_a_slot", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("paused", 1, 4, true)
		g := b.hold(1)
		b.runWorker()
		run := b.start("paused", true)
		g.await(t)
		require.NoError(t, b.plain.SignalWorkflow(b.wait(), run.GetID(), "", string(workflows.Pause), "prices change"))
		g.open()
		b.becomes(run, drip.StatePaused)
		_, err := b.update(run, workflows.Resume)
		require.NoError(t, err)
		b.completes(run)
		return run
	}},
	{"cancelled_in_its_sleep", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("cancelled", 1, 4, false)
		b.runWorker()
		run := b.start("cancelled", false)
		b.sleeps(run)
		_, err := b.update(run, workflows.Cancel, "no budget")
		require.NoError(t, err)
		_ = run.Get(b.wait(), nil)
		return run
	}},
	{"cancelled_in_temporal", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("temporal", 1, 4, true)
		g := b.hold(1)
		b.runWorker()
		run := b.start("temporal", true)
		g.await(t)
		require.NoError(t, b.plain.CancelWorkflow(b.wait(), run.GetID(), ""))
		g.open()
		_ = run.Get(b.wait(), nil)
		return run
	}},
	{"planned_anew_after_an_account_fault", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("fault", 2, 4, true)
		b.misbehave(faultOnce())
		b.runWorker()
		run := b.start("fault", true)
		b.completes(run)
		return run
	}},
	{"continued_as_new", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("continued", 1, 90, true)
		b.runWorker()
		run := b.start("continued", true)
		first := run.GetRunID()
		b.completes(run)
		require.NotEqual(t, first, run.GetRunID(), "the history is that of the last run")
		return run
	}},
	{"failed", func(t *testing.T, b *bench) client.WorkflowRun {
		b.engage("failed", 1, 4, true)
		b.misbehave(faultOnce())
		for i := range b.work.Team.Accounts {
			b.work.Team.Accounts[i].Quotas.MinGap = 2 * time.Hour
		}
		b.runWorker()
		run := b.start("failed", true)
		require.Error(t, run.Get(b.wait(), nil))
		return run
	}},
}

func fixture(name string) string { return filepath.Join("testdata", name+".json") }

func replayer(t *testing.T) (worker.WorkflowReplayer, log.Logger) {
	t.Helper()
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		Interceptors: []interceptor.WorkerInterceptor{workflows.InOrder()},
	})
	require.NoError(t, err)
	r.RegisterWorkflowWithOptions(workflows.Sequence, workflow.RegisterOptions{Name: workflows.TypeSequence})
	return r, log.NewStructuredLogger(silent)
}

// TestRecordedHistoriesReplay is what says that a change of the workflow breaks running engagements.
func TestRecordedHistoriesReplay(t *testing.T) {
	t.Parallel()
	if *record {
		t.Skip("they are being recorded")
	}
	names, err := filepath.Glob(fixture("*"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(names), len(scenarios))
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			r, logger := replayer(t)
			require.NoError(t, r.ReplayWorkflowHistoryFromJSONFile(logger, name))
		})
	}
}

// TestScenariosReplay runs each scenario anew and replays it at once; -record keeps its history.
func TestScenariosReplay(t *testing.T) {
	t.Parallel()
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tight, "ann", "ben")
			b.pace = drip.PaceBurst
			h := b.history(s.run(t, b))
			r, logger := replayer(t)
			require.NoError(t, r.ReplayWorkflowHistory(logger, h))
			if *record {
				keep(t, s.name, h)
			}
		})
	}
}

func keep(t *testing.T, name string, h *historypb.History) {
	t.Helper()
	require.Zero(t, count(h, enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW))
	data, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	require.NoError(t, os.WriteFile(fixture(name), append(data, '\n'), 0o644))
}

// TestReplayFindsABreak makes sure that the histories above could fail.
func TestReplayFindsABreak(t *testing.T) {
	t.Parallel()
	r := worker.NewWorkflowReplayer()
	r.RegisterWorkflowWithOptions(func(ctx workflow.Context, in workflows.SequenceInput) error {
		return workflow.Sleep(ctx, time.Minute)
	}, workflow.RegisterOptions{Name: workflows.TypeSequence})
	_, logger := replayer(t)
	require.Error(t, r.ReplayWorkflowHistoryFromJSONFile(logger, fixture("quiet")))
}
