package e2e

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// stall stands between a program and a Temporal server. It passes everything on but the start of a
// workflow: that it holds for ever. arrived is closed when one has come.
func stall(t testing.TB, s *site) (address string, arrived <-chan struct{}) {
	t.Helper()
	service, err := proxy.NewWorkflowServiceProxyServer(proxy.WorkflowServiceProxyOptions{Client: s.dial(t).WorkflowService()})
	require.NoError(t, err)
	came := make(chan struct{})
	var once sync.Once
	server := grpc.NewServer(grpc.UnaryInterceptor(
		func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			if _, start := req.(*workflowservice.StartWorkflowExecutionRequest); start {
				once.Do(func() { close(came) })
				<-ctx.Done()
				return nil, errors.New("never")
			}
			return handle(ctx, req)
		}))
	workflowservice.RegisterWorkflowServiceServer(server, service)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(l) }() // until Stop
	t.Cleanup(server.Stop)
	return l.Addr().String(), came
}

// testStarterKilled kills the starter between its commit to the ledger and the start of the workflow.
func testStarterKilled(t *testing.T, s *site) {
	address, arrived := stall(t, s)
	starter, _ := s.startStarter(t, address, s.draftArgs(t, "engage", "promised", 5, "gus", far, "--yes", "--id", "promised")...)
	select {
	case <-arrived:
	case <-starter.ended:
		t.Fatal(starter.out)
	}
	starter.kill()
	require.Equal(t, "scheduled", s.report(t, "promised").State, "what is in the ledger is promised")
	c := s.dial(t)
	eventually(t, 110*time.Second, func() string {
		if _, err := c.DescribeWorkflowExecution(t.Context(), "sequence/promised", ""); err != nil {
			return err.Error()
		}
		return ""
	})
	s.starter(t, "pause", "promised")
	require.Equal(t, "paused", s.report(t, "promised").State, "and it obeys")
}
