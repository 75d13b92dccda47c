package cli

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/config"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/message"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
)

// notFound makes an id that no engagement has the user's to mend.
func notFound(id string, err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return &drip.InputError{Problem: fmt.Sprintf("there is no engagement %q in this ledger", id),
			Fix: "see `starter list`; --ledger says which ledger"}
	}
	return err
}

// withEngagement runs a command about one engagement.
func (a *app) withEngagement(ctx context.Context, id string, do func(ledger.Ledger, ledger.Info) error) error {
	l, err := a.openLedger(ctx)
	if err != nil {
		return err
	}
	defer l.Close()
	info, err := l.Engagement(ctx, id)
	if err != nil {
		return notFound(id, err)
	}
	return do(l, info)
}

func (a *app) report() *cobra.Command {
	var watch, contacts bool
	c := &cobra.Command{
		Use:   "report ID",
		Short: "What became of an engagement so far",
		Args:  program.ExactArgs(1),
	}
	c.Flags().BoolVar(&watch, "watch", false, "print it again whenever it changes, until it ends")
	c.Flags().BoolVar(&contacts, "contacts", false, "one row a contact and step")
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.withEngagement(c.Context(), args[0], func(l ledger.Ledger, info ledger.Info) error {
			switch {
			case contacts:
				return a.showMessages(c.Context(), l, info)
			case watch:
				return a.watchReport(c.Context(), l, info)
			}
			r, err := ledger.Report(c.Context(), l, info.ID, zone(info), a.Now())
			if err != nil {
				return err
			}
			return a.showReport(r)
		})
	}
	return c
}

func (a *app) showReport(r drip.Report) error {
	if a.json {
		return show.JSON(a.Stdout, r)
	}
	show.Report(a.Stdout, r, a.OutStyle)
	return nil
}

// watchEvery is how often a watched report is read; it is printed when it says something new.
const watchEvery = time.Second

func (a *app) watchReport(ctx context.Context, l ledger.Ledger, info ledger.Info) error {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	var last drip.Report
	for first := true; ; first = false {
		r, err := ledger.Report(ctx, l, info.ID, zone(info), a.Now())
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if first || r.Totals != last.Totals || r.State != last.State || r.Reason != last.Reason {
			if err := a.showAgain(r); err != nil {
				return err
			}
		}
		if last = r; r.State.Ended() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// showAgain shows a report in the place of the one before, where there is a place.
func (a *app) showAgain(r drip.Report) error {
	if a.OutStyle.Width > 0 && !a.json {
		fmt.Fprint(a.Stdout, "\x1b[H\x1b[2J")
	}
	return a.showReport(r)
}

func (a *app) showMessages(ctx context.Context, l ledger.Ledger, info ledger.Info) error {
	row := a.rowsOf(info)
	if a.json {
		rows := []drip.MessageRow{}
		err := l.Messages(ctx, info.ID, func(r ledger.Row) error {
			rows = append(rows, row(r))
			return nil
		})
		if err != nil {
			return err
		}
		return show.JSON(a.Stdout, rows)
	}
	var failed error
	next, stop := iter.Pull(func(yield func(drip.MessageRow) bool) {
		enough := errors.New("enough")
		err := l.Messages(ctx, info.ID, func(r ledger.Row) error {
			if !yield(row(r)) {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			failed = err
		}
	})
	defer stop()
	show.Messages(a.Stdout, next, a.OutStyle)
	return failed
}

// rowsOf makes rows of an engagement's messages. One whose sender was lost with it in hand has no
// Message-ID in the ledger, and needs it most: whoever looks for it in the Sent folder searches by
// it. It is the same on every attempt, so it can be told from the team file, where there is one.
func (a *app) rowsOf(info ledger.Info) func(ledger.Row) drip.MessageRow {
	team, _ := config.LoadTeam(a.team) // without it these rows stay without
	z := zone(info)
	return func(r ledger.Row) drip.MessageRow {
		row := messageRow(r, z)
		if account, ok := team.Account(r.Account); ok && r.State == drip.Unknown && r.MessageID == "" {
			row.MessageID, _ = message.SentID(account, info.ID, r.Contact, r.Step) // an address that sent is right
		}
		return row
	}
}

func messageRow(r ledger.Row, zone *time.Location) drip.MessageRow {
	row := drip.MessageRow{
		Email: r.Email, Account: r.Account, Step: r.Step, State: r.State,
		MessageID: r.MessageID, Answer: r.Answer, Reason: r.Reason,
	}
	if r.Slot != 0 {
		t := r.Slot.Start().In(zone)
		row.Slot = &t
	}
	if !r.SentAt.IsZero() {
		t := r.SentAt.In(zone)
		row.SentAt = &t
	}
	return row
}

// planAndMoves is the JSON of `plan`: the plan, and what moved.
type planAndMoves struct {
	drip.Plan
	Moves []move `json:"moves"`
}

type move struct {
	At      time.Time `json:"at"`
	Slot    time.Time `json:"slot"`
	Account string    `json:"account"`
	Count   int       `json:"count"`
	Reason  string    `json:"reason"`
}

func (a *app) plan() *cobra.Command {
	c := &cobra.Command{
		Use:   "plan ID",
		Short: "The plan as it stands, with what moved and why",
		Args:  program.ExactArgs(1),
	}
	c.RunE = func(c *cobra.Command, args []string) error {
		return a.withEngagement(c.Context(), args[0], func(l ledger.Ledger, info ledger.Info) error {
			p, err := ledger.Plan(c.Context(), l, info.ID, zone(info))
			if err != nil {
				return err
			}
			moves, err := l.Moves(c.Context(), info.ID)
			if err != nil {
				return err
			}
			return a.showStanding(p, info, moves)
		})
	}
	return c
}

func (a *app) showStanding(p drip.Plan, info ledger.Info, moves []ledger.Move) error {
	z := zone(info)
	all := planAndMoves{Plan: p, Moves: []move{}}
	shown := make([]show.Moved, len(moves))
	for i, m := range moves {
		shown[i] = show.Moved{At: m.At.In(z), Slot: m.Slot.Start().In(z), Account: m.Account, Count: m.Count, Reason: m.Reason}
		all.Moves = append(all.Moves, move(shown[i]))
	}
	if a.json {
		return show.JSON(a.Stdout, all)
	}
	if len(p.Slots) == 0 {
		fmt.Fprintf(a.Stdout, "%s is %s: nothing is planned.\n", p.ID, info.State)
	} else {
		show.Plan(a.Stdout, p, a.OutStyle)
	}
	if len(shown) > 0 {
		fmt.Fprintln(a.Stdout)
		show.Moves(a.Stdout, shown, a.OutStyle)
	}
	return nil
}

func (a *app) list() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "What runs, and what ran",
		Args:  program.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		l, err := a.openLedger(c.Context())
		if err != nil {
			return err
		}
		defer l.Close()
		all, err := l.List(c.Context())
		if err != nil {
			return err
		}
		reports := []drip.Report{}
		for _, info := range all {
			r, err := ledger.Report(c.Context(), l, info.ID, zone(info), a.Now())
			if err != nil {
				return err
			}
			reports = append(reports, r)
		}
		if a.json {
			return show.JSON(a.Stdout, reports)
		}
		show.List(a.Stdout, reports, a.OutStyle)
		return nil
	}
	return c
}
