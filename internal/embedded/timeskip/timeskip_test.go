package timeskip

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
)

func TestInterceptorAsksForTimeSkipping(t *testing.T) {
	t.Parallel()
	start := func() *workflowservice.StartWorkflowExecutionRequest {
		return &workflowservice.StartWorkflowExecutionRequest{WorkflowId: "w"}
	}
	multi := func(ops ...*workflowservice.ExecuteMultiOperationRequest_Operation) *workflowservice.ExecuteMultiOperationRequest {
		return &workflowservice.ExecuteMultiOperationRequest{Operations: ops}
	}
	startOf := func(s *workflowservice.StartWorkflowExecutionRequest) *workflowservice.ExecuteMultiOperationRequest_Operation {
		return &workflowservice.ExecuteMultiOperationRequest_Operation{
			Operation: &workflowservice.ExecuteMultiOperationRequest_Operation_StartWorkflow{StartWorkflow: s},
		}
	}
	update := &workflowservice.ExecuteMultiOperationRequest_Operation{
		Operation: &workflowservice.ExecuteMultiOperationRequest_Operation_UpdateWorkflow{
			UpdateWorkflow: &workflowservice.UpdateWorkflowExecutionRequest{},
		},
	}

	for name, tc := range map[string]struct {
		req any
		got func(any) *commonpb.TimeSkippingConfig
	}{
		"of a start": {start(), func(r any) *commonpb.TimeSkippingConfig {
			return r.(*workflowservice.StartWorkflowExecutionRequest).GetTimeSkippingConfig()
		}},
		"of a signal with start": {&workflowservice.SignalWithStartWorkflowExecutionRequest{}, func(r any) *commonpb.TimeSkippingConfig {
			return r.(*workflowservice.SignalWithStartWorkflowExecutionRequest).GetTimeSkippingConfig()
		}},
		"of an update with start": {multi(startOf(start()), update), func(r any) *commonpb.TimeSkippingConfig {
			return r.(*workflowservice.ExecuteMultiOperationRequest).GetOperations()[0].GetStartWorkflow().GetTimeSkippingConfig()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := intercept(t, tc.req)
			require.True(t, tc.got(sent).GetEnabled())
			require.Greater(t, tc.got(sent).GetMaxSessionSkipCount(), int32(1_000_000))
		})
	}
}

func TestInterceptorLeavesTheRestAlone(t *testing.T) {
	t.Parallel()
	t.Run("a config that is set", func(t *testing.T) {
		t.Parallel()
		own := &commonpb.TimeSkippingConfig{MaxSessionSkipCount: 7}
		sent := intercept(t, &workflowservice.StartWorkflowExecutionRequest{TimeSkippingConfig: own})
		require.Same(t, own, sent.(*workflowservice.StartWorkflowExecutionRequest).GetTimeSkippingConfig())
		require.False(t, own.GetEnabled())
	})
	t.Run("other requests", func(t *testing.T) {
		t.Parallel()
		req := &workflowservice.QueryWorkflowRequest{Namespace: "default"}
		require.Same(t, req, intercept(t, req))
	})
}

// intercept returns the request as it would go over the wire.
func intercept(t *testing.T, req any) any {
	t.Helper()
	var sent any
	err := Interceptor()(t.Context(), "method", req, nil, nil,
		func(_ context.Context, method string, req, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
			require.Equal(t, "method", method)
			sent = req
			return nil
		})
	require.NoError(t, err)
	return sent
}
