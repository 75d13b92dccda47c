package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// ErrorInput is the type of an activity's error that no retry can mend: a plan that cannot be made.
const ErrorInput = "Input"

// Heartbeat is how long an activity may be silent before another attempt takes over. It beats every
// second; what is above that is room for a machine that stalls. A false alarm does no harm: the
// ledger fences the slower attempt of a sender, and a plan that is made twice is the same plan.
const Heartbeat = 20 * time.Second

// ledgerOptions are for short work on the ledger. It is tried until it succeeds: the ledger may be
// away for hours, and an engagement then waits rather than fails.
func ledgerOptions(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Minute, // a plan for a million contacts, on a slow disk
		HeartbeatTimeout:    Heartbeat,        // a worker that was killed is not waited for so long
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			MaximumInterval:        30 * time.Second,
			NonRetryableErrorTypes: []string{ErrorInput},
		},
		Summary: cut(summary, summaryBytes),
	})
}

// summaryBytes is how long a summary may be: a server takes 400 bytes, as JSON and with what says so.
const summaryBytes = 300

// sendOptions are for a slot of one account. An attempt lasts as long as the slot, and then as long
// as the slowest answer to its last message; it ends by itself when the slot is over, so it is
// tried again without limit after a crash.
func sendOptions(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 90 * time.Minute,
		HeartbeatTimeout:    Heartbeat,
		WaitForCancellation: true, // what it did is learnt, and the message in hand is settled
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second,
			MaximumInterval: 10 * time.Second, // a worker that is back goes on within seconds
		},
		Summary: cut(summary, summaryBytes),
	})
}
