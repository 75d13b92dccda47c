// Package activities holds the impure steps of an engagement: read the agenda, plan and book, send an
// account's messages of a slot, pause, end. A workflow says when; they know who and what.
//
// What they guarantee: a message is claimed in the ledger before any socket sees it and settled
// after, whatever happens to this process in between; every rule (state, slot, blocklist, quotas) is
// judged at that moment, by the ledger. An activity may be killed at any point and run again.
//
// What a failure means: an error of the ledger is returned and the activity is tried again. What the
// mail server does is never an error of the activity but the outcome of a message.
package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/smtp"
)

// Activities are bound to one worker's team, ledger and connections.
type Activities struct {
	Team     drip.Team
	Calendar *calendar.Calendar // of Team
	Ledger   ledger.Ledger
	SMTP     *smtp.Pool
	Clock    Clock // the wall clock; a rehearsal has the workflow's instead
}

// Registry is where activities are registered: a worker, or a test environment.
type Registry interface {
	RegisterActivityWithOptions(a any, options activity.RegisterOptions)
}

// Register registers every activity under its name.
func (a *Activities) Register(r Registry) {
	for name, f := range map[string]any{
		drip.ActivityAgenda:     a.Agenda,
		drip.ActivityPlan:       a.Plan,
		drip.ActivitySendEmails: a.SendEmails,
		drip.ActivityPause:      a.Pause,
		drip.ActivityEnd:        a.End,
	} {
		r.RegisterActivityWithOptions(f, activity.RegisterOptions{Name: name})
	}
}

// errorInput is the type of an error that no retry can mend.
const errorInput = "Input"

// lasting marks an error that trying again cannot mend.
func lasting(err error) error {
	var input *drip.InputError
	switch {
	case errors.As(err, &input):
		text := input.Error()
		if input.Fix != "" {
			text += ": " + input.Fix
		}
		return temporal.NewNonRetryableApplicationError(text, errorInput, nil)
	case errors.Is(err, ledger.ErrNotFound):
		// A worker on the wrong ledger must not end what another worker can go on with.
		return fmt.Errorf("%w in this worker's ledger: start it with the ledger that the engagement was made in", err)
	case errors.Is(err, ledger.ErrState):
		return temporal.NewNonRetryableApplicationError(err.Error(), errorInput, nil)
	}
	return err
}

// Pause stops an engagement in the ledger: no claim succeeds after it.
func (a *Activities) Pause(ctx context.Context, in drip.PauseInput) error {
	defer beat(ctx)()
	return lasting(a.Ledger.Pause(ctx, in.Engagement, in.Reason, in.Now))
}

// End settles an engagement for good and returns its last totals.
func (a *Activities) End(ctx context.Context, in drip.EndInput) (drip.EndOutput, error) {
	defer beat(ctx)()
	if err := a.Ledger.End(ctx, in.Engagement, in.State, in.Reason, in.Now); err != nil {
		return drip.EndOutput{}, lasting(err)
	}
	totals, err := a.Ledger.Totals(ctx, in.Engagement)
	return drip.EndOutput{Accounts: totals, Zoned: in.Now.In(a.Calendar.Zone())}, err
}
