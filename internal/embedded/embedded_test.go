package embedded

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"google.golang.org/grpc"

	"github.com/dripline/dripline/internal/embedded/timeskip"
)

// childOptions, in the environment, makes this binary a server with these options instead of a test.
const childOptions = "EMBEDDED_TEST_CHILD"

func TestMain(m *testing.M) {
	if o := os.Getenv(childOptions); o != "" {
		os.Exit(child(o))
	}
	code := m.Run()
	if s, err := shared(); err == nil {
		s.Stop()
	}
	os.Exit(code)
}

// child runs a server until it is told to end, and says on file 3 that it is ready.
func child(options string) int {
	var o Options
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := Start(ctx, o)
	if err != nil {
		panic(err)
	}
	if _, err := os.NewFile(3, "ready").WriteString("ready\n"); err != nil {
		panic(err)
	}
	<-ctx.Done()
	s.Stop()
	return 0
}

// shared is the server for all tests that do no harm to it: in memory, skipping, with a UI.
var shared = sync.OnceValues(func() (*Server, error) {
	return Start(context.Background(), Options{TimeSkipping: true})
})

func sharedServer(t testing.TB) *Server {
	t.Helper()
	s, err := shared()
	require.NoError(t, err)
	return s
}

// connect is a client; with skip its workflows skip time.
func connect(t testing.TB, address string, skip bool) client.Client {
	t.Helper()
	o := client.Options{
		HostPort: address,
		Logger:   sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}
	if skip {
		o.ConnectionOptions.DialOptions = []grpc.DialOption{timeskip.DialOption()}
	}
	c, err := client.DialContext(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// work runs a worker on a task queue named after the test.
func work(t testing.TB, c client.Client, register func(worker.Registry)) (queue string) {
	t.Helper()
	w := worker.New(c, t.Name(), worker.Options{})
	register(w)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return t.Name()
}

func start(t testing.TB, c client.Client, queue, workflow string, args ...any) client.WorkflowRun {
	t.Helper()
	run, err := c.ExecuteWorkflow(t.Context(),
		client.StartWorkflowOptions{ID: fmt.Sprintf("%s/%s", queue, workflow), TaskQueue: queue}, workflow, args...)
	require.NoError(t, err)
	return run
}

func TestNamespaceIsReadyAtOnceAndKeepsWhatEndedForMonths(t *testing.T) {
	t.Parallel()
	c := connect(t, sharedServer(t).Address(), false)
	ns, err := c.WorkflowService().DescribeNamespace(t.Context(),
		&workflowservice.DescribeNamespaceRequest{Namespace: Namespace})
	require.NoError(t, err)
	require.Equal(t, retention, ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}
