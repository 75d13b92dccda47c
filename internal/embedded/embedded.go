// Package embedded runs a Temporal server and its web UI inside this process, on loopback only.
//
// It is for a worker that needs nothing installed, for rehearsals on a skipped clock, and for tests.
// Every service of the server, and the UI, listen on 127.0.0.1; metrics, profiler and archival are
// off, and no other host is contacted.
//
// What is guaranteed. With Options.Dir everything that the server has accepted is in a SQLite file
// there, write-ahead logged and synced at every commit, before the caller has the answer: after
// kill -9, or a power cut that the disk survives, the next Start goes on where it was, and timers
// that were due meanwhile fire at once. One process at a time has the folder; the lock ends with the
// process, however it ends. Without Dir everything is in memory and thrown away.
//
// What a failure means. A port or folder that cannot be used is a *drip.InputError that names the
// flag and the fix; ports are looked at before anything is created. After an error of Start nothing
// runs and the folder is free. A server that is in trouble while it runs (a disk that is full) logs
// errors and refuses work; one that cannot go on at all (a port taken in the instant between check
// and use) ends the process with a panic that says why. What was accepted is in the file.
//
// An older database is brought up to date in one transaction when Start finds it; a newer one is
// refused. Each version of the server reads what the minor version before it wrote: whoever upgrades
// across several should start each of them once.
//
// The server never closes its database: the handle stays until the process ends, though unlocked and
// unused after Stop.
package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/temporal"
)

// Options of Start. The zero value is a throw-away server with a UI, on free ports.
type Options struct {
	// Dir is the folder of the database, created if need be. Empty: in memory, thrown away.
	Dir string
	// Port is the frontend's; 0 takes a free one.
	Port int
	// UIPort is the web UI's; 0 takes a free one, a negative one is no UI.
	UIPort int
	// TimeSkipping lets workflows that ask for it (package timeskip) skip the time they wait in.
	TimeSkipping bool
	// ContinueAfter is how many events a history has when the server begins to suggest that its
	// workflow continue as new; 0 leaves it at the server's thousands.
	ContinueAfter int
	// Log gets the server's warnings and errors; nil is silence.
	Log *slog.Logger
}

// Server is a running server.
type Server struct {
	address  string
	log      *logger
	temporal temporal.Server
	ui       *webUI   // nil without
	lock     *os.File // nil in memory
	stop     sync.Once
}

// Start starts a server, and returns when it takes work and the UI answers. The context bounds the
// start only.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	p, err := choosePorts(o)
	if err != nil {
		return nil, err
	}
	s := &Server{address: hostPort(p.frontend), log: newLogger(o.Log)}
	defer func() {
		if err != nil {
			s.Stop()
		}
	}()
	store, err := s.openStore(ctx, o.Dir)
	if err != nil {
		return nil, err
	}
	if s.temporal, err = startServer(o, p, store, s.log); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}
	if err := awaitReady(ctx, s.address); err != nil {
		return nil, fmt.Errorf("start the Temporal server: %w", err)
	}
	if p.ui != 0 {
		if s.ui, err = startUI(ctx, p); err != nil {
			return nil, fmt.Errorf("start the Temporal server: %w", err)
		}
	}
	return s, nil
}

// openStore locks the folder and makes the database ready.
func (s *Server) openStore(ctx context.Context, dir string) (*config.SQL, error) {
	store := memoryStore()
	if dir != "" {
		dir, err := filepath.Abs(dir)
		if err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
		if s.lock, err = lockFolder(dir); err != nil {
			return nil, err
		}
		file := filepath.Join(dir, databaseName)
		if err := prepareSchema(ctx, file); err != nil {
			return nil, err
		}
		store = fileStore(file)
	}
	if err := createNamespace(store); err != nil {
		return nil, fmt.Errorf("create the namespace: %w", err)
	}
	return store, nil
}

func startServer(o Options, p ports, store *config.SQL, log *logger) (temporal.Server, error) {
	server, err := temporal.NewServer(
		temporal.WithConfig(serverConfig(p, store)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(members(p)),
		temporal.WithDynamicConfigClient(settings(o)),
		temporal.WithLogger(log),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
	)
	if err != nil {
		return nil, err
	}
	if err := server.Start(); err != nil {
		log.stop()
		_ = server.Stop() // what did start
		return nil, err
	}
	return server, nil
}

// Address is host:port of the frontend.
func (s *Server) Address() string { return s.address }

// UIURL is where the web UI is, or empty.
func (s *Server) UIURL() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.url
}

// Stop stops the UI and the server and returns when their ports and the folder are free. Clients
// and workers should be stopped before; what they still ask fails.
func (s *Server) Stop() {
	s.stop.Do(func() {
		s.log.stop()
		if s.ui != nil {
			s.ui.stop()
		}
		if s.temporal != nil {
			_ = s.temporal.Stop() // it never says no
		}
		if s.lock != nil {
			_ = s.lock.Close()
		}
	})
}
