package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/config"
	"github.com/dripline/dripline/internal/embedded"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/worker/engine"
)

// Variables that make the test binary a worker on a skipped clock: what `worker --embedded` is, but
// for the server's leave to skip time.
const (
	hostFolder = "DRIPLINE_E2E_HOST"
	hostPort   = "DRIPLINE_E2E_PORT"
)

// startHost runs such a worker on a site, and returns when it is ready.
func (s *site) startHost(t testing.TB) {
	t.Helper()
	s.worker = launch(t, environment(s.dir, hostFolder+"="+s.dir, hostPort+"="+strconv.Itoa(s.temporal)), os.Args[0])
	s.worker.await(t, workerReady)
}

// host is the main of that process. It does not return unless something fails.
func host(ctx context.Context, dir string) error {
	port, err := strconv.Atoi(os.Getenv(hostPort))
	if err != nil {
		return err
	}
	team, err := config.LoadTeam(filepath.Join(dir, "team.yaml"))
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := embedded.Start(ctx, embedded.Options{
		Dir: filepath.Join(dir, "data"), Port: port, UIPort: -1, TimeSkipping: true, Log: logger,
	})
	if err != nil {
		return err
	}
	c, err := cluster.Dial(ctx, client.Options{HostPort: server.Address(), Logger: log.NewStructuredLogger(logger)})
	if err != nil {
		return err
	}
	book, err := open.Open(ctx, "sqlite:"+filepath.Join(dir, "data", "dripline.db"))
	if err != nil {
		return err
	}
	work, err := engine.Start(ctx, engine.Options{
		Team: team, Ledger: book, Client: c, Log: logger,
		Getenv: os.LookupEnv, ReadFile: os.ReadFile, Clock: activities.WallClock{}, Alone: true,
	})
	if err != nil {
		return err
	}
	fmt.Println(workerReady + server.Address())
	return <-work.Fatal()
}
