package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/workflows"
)

var commandHelp = map[string]string{
	"pause":  "Nothing leaves after the message in hand",
	"resume": "Plan what is left anew, from the next slot",
	"cancel": "End an engagement for good and give its bookings back",
}

// command is pause, resume or cancel: an update, which answers once it holds.
func (a *app) command(name string) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   name + " ID",
		Short: commandHelp[name],
		Args:  program.ExactArgs(1),
	}
	c.Flags().StringVar(&reason, "reason", "", "`WHY`, shown in the report")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.withEngagement(c.Context(), args[0], func(l ledger.Ledger, info ledger.Info) error {
			result, err := a.update(c.Context(), l, info, workflows.Command(name), reason)
			if err != nil {
				return err
			}
			if a.json {
				return show.JSON(a.Stdout, commandDone{ID: info.ID, CommandResult: result})
			}
			fmt.Fprintf(a.Stdout, "%s is %s\n", info.ID, result.State)
			return nil
		})
	}
	return c
}

// commandDone is the JSON of pause, resume and cancel.
type commandDone struct {
	ID string `json:"id"`
	workflows.CommandResult
}

// updateTimeout is how long a worker has to answer: a message in hand may take its time.
const updateTimeout = 2 * time.Minute

func (a *app) update(ctx context.Context, l ledger.Ledger, info ledger.Info, command workflows.Command, reason string) (workflows.CommandResult, error) {
	t, err := a.dial(ctx)
	if err != nil {
		return workflows.CommandResult{}, err
	}
	defer t.Close()
	bounded, cancel := context.WithTimeout(ctx, updateTimeout)
	defer cancel()
	var result workflows.CommandResult
	handle, err := t.UpdateWorkflow(bounded, client.UpdateWorkflowOptions{
		WorkflowID:   workflows.WorkflowID(info.ID),
		UpdateName:   string(command),
		Args:         []any{reason},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(bounded, &result)
	}
	var gone *serviceerror.NotFound
	var refused *temporal.ApplicationError
	switch {
	case err == nil:
		return result, nil
	case errors.As(err, &gone):
		return a.withoutWorkflow(ctx, l, info, command, reason)
	case errors.As(err, &refused):
		return result, fmt.Errorf("%s %s: %s", command, info.ID, refused.Message())
	case bounded.Err() != nil && ctx.Err() == nil:
		return result, fmt.Errorf("%s %s: no worker answered within %s; it is done when one runs", command, info.ID, updateTimeout)
	}
	return result, fmt.Errorf("%s %s: %w", command, info.ID, err)
}

// withoutWorkflow is for an engagement whose workflow is gone, terminated by hand or with its
// server. It can only be cancelled, so that its people and capacity are free again.
func (a *app) withoutWorkflow(ctx context.Context, l ledger.Ledger, info ledger.Info, command workflows.Command, reason string) (workflows.CommandResult, error) {
	if info.State.Ended() {
		return workflows.CommandResult{}, fmt.Errorf("%s %s: the engagement is %s", command, info.ID, info.State)
	}
	if command != workflows.Cancel {
		return workflows.CommandResult{}, fmt.Errorf("%s %s: its workflow is gone from Temporal; only cancel is possible", command, info.ID)
	}
	why := "cancelled"
	if reason != "" {
		why += ": " + reason
	}
	if err := l.End(ctx, info.ID, drip.StateCancelled, why, a.Now()); err != nil {
		return workflows.CommandResult{}, err
	}
	return workflows.CommandResult{State: drip.StateCancelled, Reason: why}, nil
}
