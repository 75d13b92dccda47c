package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/internal/drip"
)

// process is a server in another process.
type process struct {
	cmd *exec.Cmd
	out bytes.Buffer // all that it printed
}

// startProcess returns when the server in it is ready.
func startProcess(t *testing.T, o Options) *process {
	t.Helper()
	encoded, err := json.Marshal(o)
	require.NoError(t, err)
	ready, said, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = ready.Close() }()
	p := &process{cmd: exec.Command(os.Args[0])}
	p.cmd.Env = append(os.Environ(), childOptions+"="+string(encoded))
	p.cmd.ExtraFiles = []*os.File{said}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	require.NoError(t, said.Close())
	word, err := io.ReadAll(io.LimitReader(ready, int64(len("ready\n"))))
	require.NoError(t, err)
	if string(word) != "ready\n" {
		_ = p.cmd.Wait()
		t.Fatal("the server did not start: " + p.out.String())
	}
	return p
}

// kill ends the process without a word, as kill -9 does.
func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	require.Error(t, p.cmd.Wait())
}

// twoSteps does a step, waits for a durable timer and does another.
func twoSteps(ctx workflow.Context) (string, error) {
	if err := workflow.ExecuteActivity(minute(ctx), "step").Get(ctx, nil); err != nil {
		return "", err
	}
	if err := workflow.Sleep(ctx, time.Second); err != nil {
		return "", err
	}
	return "done", workflow.ExecuteActivity(minute(ctx), "step").Get(ctx, nil)
}

func TestGoesOnAfterKill(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir()}
	for _, port := range []*int{&o.Port, &o.UIPort} {
		var err error
		*port, err = freePort()
		require.NoError(t, err)
	}
	first := startProcess(t, o)
	res, err := http.Get("http://" + hostPort(o.UIPort) + "/")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())

	// The folder is taken, and whoever comes second is told so.
	_, err = Start(t.Context(), Options{Dir: o.Dir, UIPort: -1})
	var input *drip.InputError
	require.ErrorAs(t, err, &input)
	require.Contains(t, input.Problem, "in use")
	require.Contains(t, input.Fix, "--data")

	c := connect(t, hostPort(o.Port), false)
	var steps atomic.Int32
	queue := work(t, c, func(r worker.Registry) {
		r.RegisterWorkflowWithOptions(twoSteps, typed("two steps"))
		r.RegisterActivityWithOptions(func(context.Context) error { steps.Add(1); return nil }, named("step"))
	})
	run := start(t, c, queue, "two steps")
	awaitEvent(t, c, run, enums.EVENT_TYPE_TIMER_STARTED)
	first.kill(t)
	require.Empty(t, first.out.String(), "the server prints")

	second := startProcess(t, o)
	var result string
	require.NoError(t, run.Get(t.Context(), &result))
	require.Equal(t, "done", result)
	require.EqualValues(t, 2, steps.Load())
	second.kill(t)
}

// awaitEvent returns when the workflow's history has such an event.
func awaitEvent(t *testing.T, c client.Client, run client.WorkflowRun, event enums.EventType) {
	t.Helper()
	history := c.GetWorkflowHistory(t.Context(), run.GetID(), run.GetRunID(), true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		require.NoError(t, err)
		if e.GetEventType() == event {
			return
		}
	}
	t.Fatalf("no %v", event)
}
