// Package cli is the worker's command line.
package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/config"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/embedded"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/worker/engine"
)

// flags are the worker's, as the user gave them.
type flags struct {
	team, ledger, data   string
	embedded             bool
	temporalPort, uiPort int
	// temporalPortGiven and uiPortGiven tell a port that was asked for from the default.
	temporalPortGiven, uiPortGiven bool
}

// Run runs the worker until the context ends, and returns its exit status.
func Run(ctx context.Context, w program.World) int {
	return program.End(ctx, w, func(w program.World) error { return command(w).ExecuteContext(ctx) })
}

func command(w program.World) *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "worker",
		Short: "Run Dripline's Temporal worker",
		Long: `Run Dripline's Temporal worker.

With --embedded it also runs a Temporal server, its web UI and the ledger in this process, on
loopback, and goes on where it was after any end. Without, it joins the cluster of TEMPORAL_ADDRESS
and the other standard variables.`,
		Args:          program.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(c *cobra.Command, _ []string) error {
			f.temporalPortGiven, f.uiPortGiven = c.Flags().Changed("temporal-port"), c.Flags().Changed("ui-port")
			return run(c.Context(), w, f)
		},
	}
	c.SetArgs(w.Args)
	c.SetOut(w.Stdout)
	c.SetErr(w.Stderr)
	c.SetFlagErrorFunc(program.FlagError)
	c.Flags().StringVar(&f.team, "team", program.Get(w.Env, "DRIPLINE_TEAM", "team.yaml"), "team `FILE` (DRIPLINE_TEAM)")
	c.Flags().StringVar(&f.ledger, "ledger", program.Get(w.Env, "DRIPLINE_LEDGER", ""),
		"ledger `URL`, sqlite:PATH (DRIPLINE_LEDGER; default sqlite:data/dripline.db)")
	c.Flags().BoolVar(&f.embedded, "embedded", false, "run a Temporal server, its web UI and the ledger here")
	c.Flags().StringVar(&f.data, "data", "data", "`DIR` that the embedded server and ledger are kept in")
	c.Flags().IntVar(&f.temporalPort, "temporal-port", 7233, "`PORT` of the embedded server")
	c.Flags().IntVar(&f.uiPort, "ui-port", 8233, "`PORT` of the embedded web UI")
	return c
}

func run(ctx context.Context, w program.World, f flags) error {
	if err := checkPorts(f); err != nil {
		return err
	}
	team, err := loadTeam(w, f.team)
	if err != nil {
		return err
	}
	if f.ledger == "" {
		f.ledger = "sqlite:" + filepath.Join(f.data, "dripline.db")
	}
	logger := program.Logger(w.Stderr)
	// The ledger first: it is quick to say that it cannot be used, and a server is not.
	book, err := open.Open(ctx, f.ledger)
	if err != nil {
		return err
	}
	defer book.Close()
	options, place, stop, err := temporal(ctx, w, f, logger)
	if err != nil {
		return err
	}
	defer stop()
	c, err := cluster.Dial(ctx, options)
	if err != nil {
		return err
	}
	defer c.Close()
	e, err := engine.Start(ctx, engine.Options{
		Team: team, Ledger: book, Client: c, Log: logger,
		Getenv: w.Env.LookupEnv, ReadFile: os.ReadFile, Clock: activities.WallClock{},
	})
	if err != nil {
		return err
	}
	defer e.Stop()
	fmt.Fprintf(w.Stdout, "worker ready: %s, ledger %s, %s\n", place, open.Describe(f.ledger), show.Count(len(team.Accounts), "account"))
	select {
	case <-ctx.Done():
		return nil
	case err := <-e.Fatal():
		return fmt.Errorf("the worker cannot go on: %w", err)
	}
}

// loadTeam reads the team and makes sure that it can send: every secret is there.
func loadTeam(w program.World, path string) (drip.Team, error) {
	team, err := config.LoadTeam(path)
	if err != nil {
		return drip.Team{}, err
	}
	if err := calendar.New(team).Check(); err != nil {
		var input *drip.InputError
		if errors.As(err, &input) {
			input.File = path
		}
		return drip.Team{}, err
	}
	missing := config.MissingSecrets(team, w.Env.LookupEnv, os.ReadFile)
	if len(missing) == 0 {
		return team, nil
	}
	names := make([]string, len(missing))
	for i, m := range missing {
		names[i] = m.Error()
	}
	return drip.Team{}, &drip.InputError{File: path, Problem: strings.Join(names, "; "), Fix: missing[0].Fix}
}

// temporal is the server to work for: the cluster of the environment, or one in this process.
func temporal(ctx context.Context, w program.World, f flags, logger *slog.Logger) (client.Options, string, func(), error) {
	options, err := cluster.Options(w.Env, logger)
	if err != nil {
		return client.Options{}, "", nil, err
	}
	if !f.embedded {
		address := options.HostPort
		if address == "" {
			address = client.DefaultHostPort
		}
		return options, "temporal " + address, func() {}, nil
	}
	server, err := embedded.Start(ctx, embedded.Options{Dir: f.data, Port: f.temporalPort, UIPort: f.uiPort, Log: logger})
	if err != nil {
		return client.Options{}, "", nil, err
	}
	place := fmt.Sprintf("temporal %s, web UI %s", server.Address(), server.UIURL())
	return client.Options{HostPort: server.Address(), Logger: options.Logger}, place, server.Stop, nil
}

// checkPorts judges the two port flags. Without --embedded nothing listens, so one that was given is
// a mistake.
func checkPorts(f flags) error {
	for _, p := range []struct {
		flag  string
		port  int
		given bool
	}{{"--temporal-port", f.temporalPort, f.temporalPortGiven}, {"--ui-port", f.uiPort, f.uiPortGiven}} {
		switch {
		case p.given && !f.embedded:
			return &drip.InputError{File: p.flag, Problem: "without --embedded nothing listens on a port", Fix: "add --embedded, or leave " + p.flag + " out"}
		case p.port < 1 || p.port > 65535:
			return &drip.InputError{File: p.flag, Problem: fmt.Sprintf("%d is no port", p.port), Fix: "give a number from 1 to 65535"}
		}
	}
	return nil
}
