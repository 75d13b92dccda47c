package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/starter/draft"
)

func (a *app) preview() *cobra.Command {
	var asOf string
	c := &cobra.Command{
		Use:   "preview SEQUENCE CONTACTS",
		Short: "Show the plan as a calendar, contacts a sender, what is held and why; sends nothing",
		Args:  program.ExactArgs(2),
	}
	o := a.draftFlags(c)
	c.Flags().StringVar(&asOf, "now", "", "plan as of this `TIME`")
	c.RunE = func(c *cobra.Command, args []string) error {
		now, err := a.now(asOf)
		if err != nil {
			return err
		}
		d, err := a.load(o, args, now)
		if err != nil {
			return err
		}
		l, err := a.openLedger(c.Context())
		if err != nil {
			return err
		}
		defer l.Close()
		p, err := a.makePreview(c.Context(), d, l)
		if err != nil {
			return err
		}
		if a.json {
			return show.JSON(a.Stdout, p)
		}
		a.showPlan(p)
		return nil
	}
	return c
}

func (a *app) makePreview(ctx context.Context, d *draft.Draft, l ledger.Ledger) (drip.Plan, error) {
	progress, done := a.reading("reading contacts")
	defer done()
	return d.Preview(ctx, l, progress)
}

// showPlan is the calendar, who is held, and the summary: the last is nearest to a question.
func (a *app) showPlan(p drip.Plan) {
	show.Plan(a.Stdout, p, a.OutStyle)
	fmt.Fprintln(a.Stdout)
	if len(p.Held) > 0 {
		show.Held(a.Stdout, p.Held, a.OutStyle)
		fmt.Fprintln(a.Stdout)
	}
	show.Summary(a.Stdout, p, a.OutStyle)
}

// now is the clock's time, or the one that --now says, on the team's clock unless it has an offset.
func (a *app) now(text string) (time.Time, error) {
	if text == "" {
		return a.Now(), nil
	}
	_, cal, err := draft.LoadTeam(a.team)
	if err != nil {
		return time.Time{}, err
	}
	return cal.Time("--now", text)
}
