package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/starter/draft"
	"github.com/dripline/dripline/workflows"
)

func (a *app) engage() *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use:   "engage SEQUENCE CONTACTS",
		Short: "Preview, summary, confirmation, start. Prints the engagement's id",
		Args:  program.ExactArgs(2),
	}
	o := a.draftFlags(c)
	c.Flags().BoolVarP(&yes, "yes", "y", false, "engage without asking")
	c.RunE = func(c *cobra.Command, args []string) error {
		if !yes && !a.Terminal {
			return &drip.InputError{File: "engage", Problem: "there is nobody to confirm it",
				Fix: "add --yes to engage without asking"}
		}
		d, err := a.load(o, args, a.Now())
		if err != nil {
			return err
		}
		return a.runEngage(c.Context(), d, yes)
	}
	return c
}

func (a *app) runEngage(ctx context.Context, d *draft.Draft, yes bool) error {
	// The server first: without it, nothing is to be written.
	t, err := a.dial(ctx)
	if err != nil {
		return err
	}
	defer t.Close()
	l, err := a.openLedger(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	p, err := a.makePreview(ctx, d, l)
	if err != nil {
		return err
	}
	if err := d.CheckSomebody(p.Contacts, len(p.Held)); err != nil {
		return err
	}
	if !a.json {
		talk := *a
		talk.Stdout, talk.OutStyle = a.Stderr, a.ErrStyle
		talk.showPlan(p)
	}
	if !yes && !a.confirm(ctx, p) {
		a.say("Nothing was engaged.")
		return nil
	}
	if p, err = a.commit(ctx, d, l, p); err != nil {
		return err
	}
	if err := a.start(ctx, t, p); err != nil {
		return err
	}
	if a.json {
		return show.JSON(a.Stdout, p)
	}
	fmt.Fprintln(a.Stdout, p.ID)
	return nil
}

// confirm asks. Only a clear yes is one.
func (a *app) confirm(ctx context.Context, p drip.Plan) bool {
	fmt.Fprintf(a.Stderr, "\nEngage %s in %s? [y/N] ", show.Count(p.Contacts, "contact"), p.Sequence)
	line := make(chan string, 1)
	go func() {
		answer, _ := bufio.NewReader(a.Stdin).ReadString('\n')
		line <- answer
	}()
	select {
	case answer := <-line:
		answer = strings.ToLower(strings.TrimSpace(answer))
		return answer == "y" || answer == "yes"
	case <-ctx.Done(): // the reader waits on: the process is about to end
		fmt.Fprintln(a.Stderr)
		return false
	}
}

// commit writes and books, and says where the plan is no longer what was previewed.
func (a *app) commit(ctx context.Context, d *draft.Draft, l ledger.Ledger, previewed drip.Plan) (drip.Plan, error) {
	progress, done := a.reading("engaging contacts")
	p, err := d.Engage(ctx, l, a.Now(), progress)
	done()
	if err != nil {
		return drip.Plan{}, err
	}
	if p.Contacts != previewed.Contacts || !p.Start.Equal(previewed.Start) || !p.Finish.Equal(previewed.Finish) {
		a.say("The plan is not quite the preview any more, because others engaged meanwhile: %s, %s to %s.",
			show.Count(p.Contacts, "contact"), p.Start.Format("Mon 2 Jan 15:04"), p.Finish.Format("Mon 2 Jan 15:04"))
	}
	return p, nil
}

const startTimeout = 30 * time.Second

// start starts the workflow. If the server is lost at this very moment the promise still holds: a
// worker starts what is in the ledger.
func (a *app) start(ctx context.Context, t client.Client, p drip.Plan) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := cluster.Start(ctx, t, p.ID, cluster.Summary(p.Sequence, p.Contacts, len(p.Senders))); err != nil {
		return fmt.Errorf("%s is engaged and in the ledger, and a worker will start it; but Temporal did not answer: %w", p.ID, err)
	}
	if !hasWorker(ctx, t) {
		a.say("No worker is running yet: it begins once one does.")
	}
	return nil
}

// pollersAppear is how long the server may take to know of a worker that has just started.
const pollersAppear = time.Second

// hasWorker says whether anybody polls the task queue; if it cannot be known, nothing is said.
func hasWorker(ctx context.Context, t client.Client) bool {
	ctx, cancel := context.WithTimeout(ctx, pollersAppear)
	defer cancel()
	again := time.NewTicker(pollersAppear / 10)
	defer again.Stop()
	for {
		queue, err := t.DescribeTaskQueue(ctx, workflows.TaskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
		switch {
		case err != nil && ctx.Err() == nil:
			return true
		case len(queue.GetPollers()) > 0:
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-again.C:
		}
	}
}
