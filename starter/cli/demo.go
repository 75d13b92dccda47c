package cli

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/starter/draft"
	"github.com/dripline/dripline/starter/example"
	"github.com/dripline/dripline/starter/rehearsal"
)

func (a *app) demo() *cobra.Command {
	var keep bool
	c := &cobra.Command{
		Use:   "demo",
		Short: "See the whole thing on this machine: preview, engage, weeks in seconds, report",
		Args:  program.NoArgs,
	}
	c.Flags().BoolVar(&keep, "keep", false, "keep the server and its web UI up until Ctrl-C")
	c.RunE = func(c *cobra.Command, _ []string) error { return a.runDemo(c.Context(), keep) }
	return c
}

// demoOptions engage the example so that it shows everything: several senders, and quotas that bind.
func demoOptions(dir string) draft.Options {
	return draft.Options{
		Team:     filepath.Join(dir, example.Team),
		Sequence: filepath.Join(dir, example.Sequence),
		Contacts: filepath.Join(dir, example.Contacts),
		From:     "owners",
		Start:    "now",
		Mode:     string(drip.ModeSpread),
		PerHour:  20,
		PerDay:   60,
		Pace:     string(drip.PaceHuman),
	}
}

func (a *app) runDemo(ctx context.Context, keep bool) error {
	dir, err := os.MkdirTemp("", "dripline-demo-")
	if err != nil {
		return err
	}
	if _, err := example.Write(dir); err != nil {
		return err
	}
	d, err := draft.Load(demoOptions(dir), a.Now())
	if err != nil {
		return err
	}
	data := filepath.Join(dir, "data")
	p, err := a.previewExample(ctx, d, data)
	if err != nil {
		return err
	}
	return a.runRehearsal(ctx, p, rehearsal.Options{Draft: d, Dir: data, Log: program.Logger(a.Stderr)},
		func(r *rehearsal.Rehearsal, report drip.Report) error {
			a.sayNext(dir, report, keep)
			if keep {
				a.say("\nWeb UI: %s (the run is sequence/%s)\nTemporal: %s\nCtrl-C ends it.", r.UIURL(), report.ID, r.Address())
				<-ctx.Done()
			}
			return nil
		})
}

// previewExample begins the demo's ledger with a blocklist, so that there is somebody on it.
func (a *app) previewExample(ctx context.Context, d *draft.Draft, data string) (drip.Plan, error) {
	l, err := open.Open(ctx, "sqlite:"+filepath.Join(data, rehearsal.LedgerFile))
	if err != nil {
		return drip.Plan{}, err
	}
	defer l.Close()
	if _, err := l.Block(ctx, []string{example.BlockedDomain}, a.Now()); err != nil {
		return drip.Plan{}, err
	}
	return a.makePreview(ctx, d, l)
}

// sayNext says where to look next.
func (a *app) sayNext(dir string, report drip.Report, kept bool) {
	ledger := "sqlite:" + filepath.Join(dir, "data", rehearsal.LedgerFile)
	a.say(`
Where to look next
  every message and what became of it:  go run ./starter report %[2]s --contacts --ledger %[3]s
  the files it was made from:           %[1]s
  files of your own to begin with:      go run ./starter init my-sequence`, dir, report.ID, ledger)
	if !kept {
		a.say("  the same with the web UI open:        go run ./starter demo --keep")
	}
}
