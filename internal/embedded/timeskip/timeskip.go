// Package timeskip asks a Temporal server to skip the time a workflow only waits in.
//
// The Go SDK has no option for it, the API has: TimeSkippingConfig of the requests that start a
// workflow. The interceptor here sets it on every such request of a client, so that whatever the
// client starts, and whatever that continues as or starts as a child, runs on a clock that jumps
// to its next timer as soon as nothing is left to do.
//
// The server must allow it (embedded.Options.TimeSkipping); one that does not refuses every start
// with Unimplemented, and no workflow runs. The package imports the API alone, never the server, so
// that programs which only connect stay light.
package timeskip

import (
	"context"
	"math"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

// DialOption belongs into client.Options.ConnectionOptions.DialOptions.
func DialOption() grpc.DialOption { return grpc.WithChainUnaryInterceptor(Interceptor()) }

// Interceptor turns time skipping on in every request that starts a workflow and does not say
// anything about it itself.
func Interceptor() grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		enable(req)
		return invoke(ctx, method, req, reply, cc, opts...)
	}
}

func enable(req any) {
	switch r := req.(type) {
	case *workflowservice.StartWorkflowExecutionRequest:
		if r.TimeSkippingConfig == nil {
			r.TimeSkippingConfig = config()
		}
	case *workflowservice.SignalWithStartWorkflowExecutionRequest:
		if r.TimeSkippingConfig == nil {
			r.TimeSkippingConfig = config()
		}
	case *workflowservice.ExecuteMultiOperationRequest:
		for _, operation := range r.GetOperations() {
			if start := operation.GetStartWorkflow(); start != nil {
				enable(start)
			}
		}
	}
}

// config has no practical limit of skips: they are counted over the whole chain of runs that
// continue as new, and a workflow whose count is used up goes back to real time without a word.
func config() *commonpb.TimeSkippingConfig {
	return &commonpb.TimeSkippingConfig{Enabled: true, MaxSessionSkipCount: math.MaxInt32}
}
