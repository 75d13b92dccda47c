// Package cluster reaches Temporal: it makes a client from the standard variables or profile, and
// starts the one kind of workflow there is.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/log"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/workflows"
)

// Options are the client's options as the environment has them: TEMPORAL_ADDRESS,
// TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, the TEMPORAL_TLS_* variables, or a profile of temporal.toml
// (https://docs.temporal.io/develop/environment-configuration).
func Options(env envconfig.EnvLookup, logger *slog.Logger) (client.Options, error) {
	o, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: env})
	if err != nil {
		return client.Options{}, &drip.InputError{
			File:    "TEMPORAL_*",
			Problem: fmt.Sprintf("the Temporal settings cannot be used: %v", err),
			Fix:     "correct the variable, or the profile in temporal.toml",
		}
	}
	o.Logger = log.NewStructuredLogger(logger)
	return o, nil
}

// dialTimeout bounds how long a command waits for a server that does not answer.
const dialTimeout = 10 * time.Second

// Dial connects, and checks that a server is there and has the namespace.
func Dial(ctx context.Context, o client.Options) (client.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	address := o.HostPort
	if address == "" {
		address = client.DefaultHostPort
	}
	c, err := client.DialContext(ctx, o)
	if err != nil {
		return nil, &drip.InputError{
			File:    "TEMPORAL_ADDRESS",
			Problem: fmt.Sprintf("no Temporal server answers at %s", address),
			Fix:     "start one with `go run ./worker --embedded`, or set TEMPORAL_ADDRESS to the host:port of yours",
			Cause:   err,
		}
	}
	if err := checkNamespace(ctx, c, o.Namespace); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// checkNamespace finds a namespace that is not there before anything is promised in it. Any other
// trouble is left to the call that is really wanted: a key may start workflows and not describe.
func checkNamespace(ctx context.Context, c client.Client, namespace string) error {
	if namespace == "" {
		namespace = client.DefaultNamespace
	}
	_, err := c.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: namespace})
	var missing *serviceerror.NamespaceNotFound
	if !errors.As(err, &missing) {
		return nil
	}
	return &drip.InputError{
		File:    "TEMPORAL_NAMESPACE",
		Problem: fmt.Sprintf("the Temporal server has no namespace %q", namespace),
		Fix:     "set TEMPORAL_NAMESPACE to one that it has, or create it",
		Cause:   err,
	}
}

// Start starts an engagement's workflow. It may be called any number of times: an engagement has one
// workflow, ever.
func Start(ctx context.Context, c client.Client, engagement, summary string) error {
	_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.WorkflowID(engagement),
		TaskQueue:                workflows.TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		StaticSummary:            summary,
	}, workflows.TypeSequence, workflows.SequenceInput{Engagement: engagement})
	var started *serviceerror.WorkflowExecutionAlreadyStarted
	if err != nil && !errors.As(err, &started) {
		return fmt.Errorf("start workflow %s: %w", workflows.WorkflowID(engagement), err)
	}
	return nil
}

// Summary is the static summary of an engagement's workflow: "Launch: 150 contacts, 3 senders".
func Summary(sequence string, contacts, senders int) string {
	return fmt.Sprintf("%s: %s, %s", sequence, drip.Count(contacts, "contact"), drip.Count(senders, "sender"))
}
