package embedded

import (
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// readyTimeout bounds each wait of Start. A laptop needs a second at most.
const readyTimeout = 30 * time.Second

// awaitReady returns when the frontend serves the namespace and history answers for workflows in it.
func awaitReady(ctx context.Context, address string) (err error) {
	conn, err := grpc.NewClient("passthrough:///"+address,
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	frontend := workflowservice.NewWorkflowServiceClient(conn)
	err = until(ctx, func(ctx context.Context) error {
		_, err := frontend.DescribeWorkflowExecution(ctx, &workflowservice.DescribeWorkflowExecutionRequest{
			Namespace: Namespace,
			Execution: &commonpb.WorkflowExecution{WorkflowId: "ready?"},
		})
		if err == nil || status.Code(err) == codes.NotFound {
			return nil // history has looked, and most likely knows no such workflow
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	return nil
}

// until tries until it works, the context ends or the time is up. The error is the last one.
func until(ctx context.Context, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-again.C:
		}
	}
}
