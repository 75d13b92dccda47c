// Package engine is a running worker: it polls Temporal's task queue and does the work of the
// engagements of one team on one ledger. The worker program is made of it, and so is a rehearsal.
//
// What it guarantees: Stop settles the message in hand of every account and hands the rest over. An
// engagement whose starter died after it was promised, but before its workflow was started, is
// started here.
package engine

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/config"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/smtp"
	"github.com/dripline/dripline/workflows"
)

// Options are what a worker needs.
type Options struct {
	Team   drip.Team
	Ledger ledger.Ledger
	Client client.Client
	Log    *slog.Logger
	// Getenv and ReadFile look secrets up, by the names in the team file, whenever a connection is
	// made.
	Getenv   func(string) (string, bool)
	ReadFile func(string) ([]byte, error)
	RootCAs  *x509.CertPool // of mail servers; nil: the system's
	Clock    activities.Clock
	// Alone leaves the engagements of others in the ledger alone, as a rehearsal must.
	Alone bool
}

// Engine is a worker that runs.
type Engine struct {
	o      Options
	worker worker.Worker
	pool   *smtp.Pool
	stop   context.CancelFunc
	tasks  sync.WaitGroup
	fatal  chan error
}

const (
	// stopTimeout is how long Stop waits for messages in hand. It is above the longest answer of a
	// mail server that is waited for (10 minutes after the final dot, RFC 5321 4.5.3.2.6); nearly
	// always it takes as long as one message.
	stopTimeout = 11 * time.Minute
	// heartbeatThrottle is how seldom beats reach the server. It bounds how late a sender learns that
	// its workflow was terminated.
	heartbeatThrottle = 5 * time.Second
	// senders is how many accounts send at once in one worker; each holds its slot for up to an hour.
	senders = 2000
)

// Start begins to work and returns at once.
func Start(ctx context.Context, o Options) (*Engine, error) {
	e := &Engine{o: o, fatal: make(chan error, 1)}
	e.pool = smtp.NewPool(smtp.Options{
		Secret: func(s drip.SMTP) (string, error) {
			return config.Secret(s, o.Getenv, o.ReadFile)
		},
		RootCAs: o.RootCAs,
		Now:     o.Clock.Now,
	})
	e.worker = worker.New(o.Client, workflows.TaskQueue, worker.Options{
		WorkerStopTimeout:                  stopTimeout,
		MaxConcurrentActivityExecutionSize: senders,
		MaxHeartbeatThrottleInterval:       heartbeatThrottle,
		Interceptors:                       []interceptor.WorkerInterceptor{workflows.InOrder()},
		OnFatalError:                       func(err error) { e.fatal <- err },
	})
	e.worker.RegisterWorkflowWithOptions(workflows.Sequence, workflow.RegisterOptions{Name: workflows.TypeSequence})
	work := &activities.Activities{
		Team: o.Team, Calendar: calendar.New(o.Team), Ledger: o.Ledger, SMTP: e.pool, Clock: o.Clock,
	}
	work.Register(e.worker)
	if err := e.worker.Start(); err != nil {
		e.pool.Close()
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	ctx, e.stop = context.WithCancel(ctx)
	if !o.Alone {
		e.tasks.Go(func() { e.keepPromises(ctx) })
	}
	return e, nil
}

// Fatal tells that the worker cannot go on: its namespace is gone, its key was withdrawn.
func (e *Engine) Fatal() <-chan error { return e.fatal }

// Stop stops polling, waits until the message in hand of every account is settled, and hands the
// rest over.
func (e *Engine) Stop() {
	e.stop()
	e.worker.Stop()
	e.tasks.Wait()
	e.pool.Close()
}

const (
	promiseCheck = time.Minute
	// promiseAge is how old a promise gets before somebody else than its starter keeps it.
	promiseAge = 30 * time.Second
	// loadAge is how long a starter may be silent while it brings contacts in.
	loadAge = 15 * time.Minute
)

// keepPromises looks, now and every minute, for what a starter that died left behind.
func (e *Engine) keepPromises(ctx context.Context) {
	for {
		if err := e.startForgotten(ctx); err != nil && ctx.Err() == nil {
			e.o.Log.Warn("look for engagements whose starter died", "error", err)
		}
		if (activities.WallClock{}).Sleep(ctx, promiseCheck) != nil {
			return
		}
	}
}

// startForgotten starts the workflow of every engagement that is promised and has none, and undoes
// what was never promised.
func (e *Engine) startForgotten(ctx context.Context) error {
	now := e.o.Clock.Now()
	if _, err := e.o.Ledger.Purge(ctx, now.Add(-loadAge)); err != nil {
		return err
	}
	all, err := e.o.Ledger.List(ctx)
	if err != nil {
		return err
	}
	var failed error // one that cannot be started keeps no other from it
	for _, info := range all {
		if info.State == drip.StateScheduled && now.Sub(info.Created) >= promiseAge {
			failed = errors.Join(failed, e.keepPromise(ctx, info))
		}
	}
	return failed
}

func (e *Engine) keepPromise(ctx context.Context, info ledger.Info) error {
	senders, err := e.o.Ledger.Senders(ctx, info.ID)
	if err != nil {
		return err
	}
	summary := cluster.Summary(info.Sequence.Name, info.Contacts, len(senders))
	return cluster.Start(ctx, e.o.Client, info.ID, summary)
}
