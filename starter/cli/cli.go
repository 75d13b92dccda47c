// Package cli is the starter's command line: one file a command. Data goes to stdout and talk to
// stderr; --json makes every command's data JSON. Exit status: 0 done, 1 failed, 2 wrong usage or
// input, and then nothing was started.
package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/starter/draft"
)

// Run runs one command and returns its exit status.
func Run(ctx context.Context, w program.World) int {
	return program.End(ctx, w, func(w program.World) error {
		return newRoot(&app{World: w}).ExecuteContext(ctx)
	})
}

// app is the world and the global flags.
type app struct {
	program.World
	team, ledger, user string
	json               bool
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "starter",
		Short: "Preview, engage, steer and report email sequences",
		Long: `Preview, engage, steer and report email sequences.

See it run on this machine, nothing needed:   starter demo
Begin with your own:                          starter init DIR`,
		Args:          program.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetArgs(a.Args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetFlagErrorFunc(program.FlagError)
	f := root.PersistentFlags()
	f.StringVar(&a.team, "team", program.Get(a.Env, "DRIPLINE_TEAM", "team.yaml"), "team `FILE` (DRIPLINE_TEAM)")
	f.StringVar(&a.ledger, "ledger", program.Get(a.Env, "DRIPLINE_LEDGER", "sqlite:data/dripline.db"),
		"ledger `URL`, sqlite:PATH (DRIPLINE_LEDGER)")
	f.StringVar(&a.user, "user", program.Get(a.Env, "DRIPLINE_USER", ""), "your own account's `ID` (DRIPLINE_USER)")
	f.BoolVar(&a.json, "json", false, "print data as JSON")
	root.AddCommand(
		a.demo(), a.init(), a.preview(), a.render(), a.engage(), a.rehearse(),
		a.list(), a.report(), a.plan(), a.command("pause"), a.command("resume"), a.command("cancel"),
		a.blocklist(),
	)
	return root
}

// say talks to the person, on stderr.
func (a *app) say(format string, args ...any) {
	fmt.Fprintf(a.Stderr, format+"\n", args...)
}

// openLedger opens the ledger of --ledger.
func (a *app) openLedger(ctx context.Context) (ledger.Ledger, error) {
	return open.Open(ctx, a.ledger)
}

// dial connects to the Temporal of the environment.
func (a *app) dial(ctx context.Context) (client.Client, error) {
	options, err := cluster.Options(a.Env, program.Logger(a.Stderr))
	if err != nil {
		return nil, err
	}
	return cluster.Dial(ctx, options)
}

// zone is what an engagement's times are shown in: the team's, as it was when it was engaged.
func zone(info ledger.Info) *time.Location {
	z, err := time.LoadLocation(info.Zone)
	if err != nil {
		return time.UTC
	}
	return z
}

// draftFlags are the options of preview, render, engage and rehearse.
func (a *app) draftFlags(c *cobra.Command) *draft.Options {
	o := &draft.Options{}
	f := c.Flags()
	f.StringVar(&o.From, "from", "", "who sends: me, owners, or account ids as ann,bob (default me)")
	f.StringVar(&o.Start, "start", "now", `first slot: now, "2026-11-24 10:00", or a time with offset`)
	f.StringVar(&o.Mode, "mode", string(drip.ModeASAP), "asap, or spread with --per-hour and --per-day")
	f.Var((*quota)(&o.PerHour), "per-hour", "with --mode spread: at most `N` messages an hour over all accounts")
	f.Var((*quota)(&o.PerDay), "per-day", "with --mode spread: at most `N` messages a day over all accounts")
	f.StringVar(&o.Pace, "pace", string(drip.PaceHuman), "inside a slot: human (spread over the hour) or burst (at once)")
	f.Uint64Var(&o.Seed, "seed", 0, "`N` that fixes who of a list writes to whom (default: made from the contacts)")
	f.BoolVar(&o.Again, "again", false, "also engage contacts that were written to in an earlier engagement")
	f.BoolVar(&o.Strict, "strict", false, "refuse if any contact would be held")
	f.StringVar(&o.ID, "id", "", "`ID` of the engagement (default: made from the sequence's name)")
	return o
}

// quota is a flag that, where it is given, is 1 or more.
type quota int

func (q *quota) String() string { return strconv.Itoa(int(*q)) }
func (q *quota) Type() string   { return "number" }

func (q *quota) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		err = errors.New("a quota is 1 or more")
	}
	*q = quota(n)
	return err
}

// load reads a draft's files.
func (a *app) load(o *draft.Options, args []string, now time.Time) (*draft.Draft, error) {
	o.Team, o.User, o.Sequence, o.Contacts = a.team, a.user, args[0], args[1]
	return draft.Load(*o, now)
}

// reading draws how far a contacts file is read. The total is known from the first report on.
func (a *app) reading(title string) (report func(read, total int64), done func()) {
	var p *show.Progress
	return func(read, total int64) {
			if p == nil {
				p = show.NewProgress(a.Stderr, title, total, a.ErrStyle)
			}
			p.Set(read)
		}, func() {
			if p != nil {
				p.Done()
			}
		}
}
