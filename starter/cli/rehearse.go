package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/starter/rehearsal"
)

func (a *app) rehearse() *cobra.Command {
	var smtp, dir string
	c := &cobra.Command{
		Use:   "rehearse SEQUENCE CONTACTS",
		Short: "Run the whole engagement in seconds, every message into a catcher, none to a contact",
		Args:  program.ExactArgs(2),
	}
	o := a.draftFlags(c)
	c.Flags().StringVar(&smtp, "smtp", "", "send everything to this `HOST:PORT` instead of a catcher here")
	c.Flags().StringVar(&dir, "out", "", "keep the mail and the ledger in `DIR` (default: a new temporary folder)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := rehearsal.CheckSMTP(smtp); err != nil {
			return err
		}
		d, err := a.load(o, args, a.Now())
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
		if err := d.CheckSomebody(p.Contacts, len(p.Held)); err != nil {
			return err
		}
		if dir, err = scratch(dir); err != nil {
			return err
		}
		return a.runRehearsal(c.Context(), p, rehearsal.Options{Draft: d, Source: l, Dir: dir, SMTP: smtp, Log: program.Logger(a.Stderr)}, nil)
	}
	return c
}

// scratch is a folder for what a rehearsal leaves: a new one, or the user's, which must be empty.
func scratch(dir string) (string, error) {
	if dir == "" {
		return os.MkdirTemp("", "dripline-")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", &drip.InputError{File: dir, Problem: "the folder cannot be made", Fix: "choose another folder"}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		return "", &drip.InputError{File: dir, Problem: "the folder is not empty", Fix: "choose another folder"}
	}
	return dir, nil
}

// runRehearsal shows the preview, runs and reports. then, if given, runs while everything is still up.
func (a *app) runRehearsal(ctx context.Context, p drip.Plan, o rehearsal.Options, then func(*rehearsal.Rehearsal, drip.Report) error) error {
	if !a.json {
		a.showPlan(p)
	}
	a.say("\nStarting a Temporal server and a mail catcher, for this rehearsal alone…")
	r, err := rehearsal.Start(ctx, o)
	if err != nil {
		return err
	}
	defer r.Close()
	report, err := a.watchRehearsal(ctx, r, p)
	if err != nil {
		return err
	}
	if a.json {
		err = show.JSON(a.Stdout, report)
	} else {
		fmt.Fprintln(a.Stdout)
		show.Report(a.Stdout, report, a.OutStyle)
	}
	if err != nil {
		return err
	}
	if err := a.compareBooks(r, report); err != nil {
		return err
	}
	if then != nil {
		return then(r, report)
	}
	return nil
}

// watchRehearsal draws how many messages are done.
func (a *app) watchRehearsal(ctx context.Context, r *rehearsal.Rehearsal, p drip.Plan) (drip.Report, error) {
	total := 0
	for _, slot := range p.Slots {
		total += slot.Total
	}
	a.say("Engaging %s. Skipping from slot to slot, %s to %s…", show.Count(p.Contacts, "contact"),
		p.Start.Format("Mon 2 Jan 15:04"), p.Finish.Format("Mon 2 Jan 15:04"))
	bar := show.NewProgress(a.Stderr, "messages", int64(total), a.ErrStyle)
	defer bar.Done()
	_, report, err := r.Run(ctx, a.Now(), func(report drip.Report) {
		bar.Set(int64(report.Totals.Sum() - report.Totals.Planned))
	})
	return report, err
}

// compareBooks holds the ledger against what the mail server says.
func (a *app) compareBooks(r *rehearsal.Rehearsal, report drip.Report) error {
	caught, ok := r.Caught()
	if !ok {
		return nil
	}
	if caught != report.Totals.Sent {
		return fmt.Errorf("the mail catcher accepted %d messages, and the ledger says that %d were sent", caught, report.Totals.Sent)
	}
	a.say("\nThe mail catcher accepted %s; the ledger says the same.\nThey are in %s", show.Count(caught, "message"), r.MailDir())
	return nil
}
