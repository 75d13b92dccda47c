// Package rehearsal runs an engagement for nobody: the same workflow, activities, planner and ledger,
// on a throw-away Temporal server whose clock skips ahead whenever nothing is left to do, with every
// message into a mail catcher or another server of the user's. Weeks pass in seconds.
//
// It works on a copy of the ledger, so what others have booked and who is blocklisted count, and the
// real one never learns of it.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/embedded"
	"github.com/dripline/dripline/internal/embedded/timeskip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/starter/draft"
	"github.com/dripline/dripline/worker/engine"
	"github.com/dripline/dripline/workflows"
)

// Options say what to rehearse, and with what.
type Options struct {
	Draft *draft.Draft
	// Source is the ledger to work on a copy of; nil begins with an empty one.
	Source ledger.Ledger
	// Dir keeps the ledger's copy and the mail.
	Dir string
	// SMTP is the host:port that gets all mail, unencrypted and without a login. Empty: a catcher
	// here, which keeps every message as a file in MailDir.
	SMTP string
	Log  *slog.Logger
}

// Rehearsal is one that is ready to run. Close ends it and everything it started.
type Rehearsal struct {
	Ledger  ledger.Ledger
	Client  client.Client
	draft   *draft.Draft
	server  *embedded.Server
	catcher *catcher.Catcher // nil with Options.SMTP
	engine  *engine.Engine
	dir     string
}

// Names inside Options.Dir.
const (
	LedgerFile = "dripline.db"
	mailFolder = "mail"
)

// Start starts all that a rehearsal needs.
func Start(ctx context.Context, o Options) (_ *Rehearsal, err error) {
	r := &Rehearsal{draft: o.Draft, dir: o.Dir}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	r.draft.Engagement.Rehearsal = true
	if err := r.openLedger(ctx, o.Source); err != nil {
		return nil, err
	}
	address, err := r.mailServer(o.SMTP)
	if err != nil {
		return nil, err
	}
	team, err := redirect(o.Draft.Team, address)
	if err != nil {
		return nil, err
	}
	if r.server, err = embedded.Start(ctx, embedded.Options{TimeSkipping: true, Log: o.Log}); err != nil {
		return nil, err
	}
	r.Client, err = cluster.Dial(ctx, client.Options{
		HostPort:          r.server.Address(),
		Logger:            log.NewStructuredLogger(o.Log),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{timeskip.DialOption()}},
	})
	if err != nil {
		return nil, err
	}
	r.engine, err = engine.Start(ctx, engine.Options{
		Team: team, Ledger: r.Ledger, Client: r.Client, Log: o.Log,
		Getenv:   func(string) (string, bool) { return "", false }, // no login, no secret
		ReadFile: os.ReadFile,
		Clock:    activities.WallClock{},
		Alone:    true,
	})
	return r, err
}

func (r *Rehearsal) openLedger(ctx context.Context, source ledger.Ledger) error {
	path := filepath.Join(r.dir, LedgerFile)
	if source != nil {
		if err := source.Snapshot(ctx, path); err != nil {
			return fmt.Errorf("copy the ledger: %w", err)
		}
	}
	var err error
	r.Ledger, err = open.Open(ctx, "sqlite:"+path)
	return err
}

// mailServer is where all mail goes.
func (r *Rehearsal) mailServer(address string) (string, error) {
	if address != "" {
		return address, CheckSMTP(address)
	}
	if err := os.MkdirAll(r.MailDir(), 0o755); err != nil {
		return "", fmt.Errorf("make a folder for the mail: %w", err)
	}
	var err error
	if r.catcher, err = catcher.Start("127.0.0.1:0", catcher.Options{Dir: r.MailDir(), Discard: true}); err != nil {
		return "", fmt.Errorf("start the mail catcher: %w", err)
	}
	return r.catcher.Addr(), nil
}

// smtpPatience is how long a mail server may take to accept a connection.
const smtpPatience = 5 * time.Second

// CheckSMTP judges Options.SMTP, before anything is started for it.
func CheckSMTP(address string) error {
	if address == "" {
		return nil
	}
	if _, _, err := splitAddress(address); err != nil {
		return err
	}
	conn, err := net.DialTimeout("tcp", address, smtpPatience)
	if err != nil {
		return &drip.InputError{File: "--smtp", Problem: fmt.Sprintf("no mail server answers at %s", address),
			Fix: "start it, or leave --smtp out: then a catcher here gets the mail"}
	}
	return conn.Close()
}

func splitAddress(address string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(address)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil || host == "" || port <= 0 || port >= 1<<16 {
		return "", 0, &drip.InputError{File: "--smtp", Problem: fmt.Sprintf("%q is not a host and port", address),
			Fix: "write it as 127.0.0.1:1025"}
	}
	return host, port, nil
}

// redirect is the team with all its mail going to one server.
func redirect(team drip.Team, address string) (drip.Team, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return team, err
	}
	accounts := make([]drip.Account, len(team.Accounts))
	for i, account := range team.Accounts {
		account.SMTP = drip.SMTP{Host: host, Port: port, TLS: drip.NoTLS, Insecure: true}
		accounts[i] = account
	}
	team.Accounts = accounts
	return team, nil
}

// Run engages, and returns when the engagement has ended. watch is told how things stand, now and
// then.
func (r *Rehearsal) Run(ctx context.Context, now time.Time, watch func(drip.Report)) (drip.Plan, drip.Report, error) {
	p, err := r.draft.Engage(ctx, r.Ledger, now, nil)
	if err != nil {
		return p, drip.Report{}, err
	}
	if err := cluster.Start(ctx, r.Client, p.ID, cluster.Summary(p.Sequence, p.Contacts, len(p.Senders))); err != nil {
		return p, drip.Report{}, err
	}
	ended := make(chan error, 1)
	go func() {
		ended <- r.Client.GetWorkflow(ctx, workflows.WorkflowID(p.ID), "").Get(ctx, nil)
	}()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			report, readErr := r.Report(context.WithoutCancel(ctx), p.ID)
			return p, report, errors.Join(err, readErr)
		case err := <-r.engine.Fatal():
			return p, drip.Report{}, err
		case <-ticker.C:
			report, err := r.Report(ctx, p.ID)
			if err != nil {
				continue // what is wrong will end the workflow, too
			}
			watch(report)
			if err := endless(p, report); err != nil {
				return p, report, err
			}
		}
	}
}

// overtime is how much longer than planned a rehearsal may go on, on its own clock. Deferred messages
// are given up within days; what takes longer never ends.
const overtime = 14 * 24 * time.Hour

// endless finds a rehearsal whose mail server takes nothing: a real engagement waits for it to be
// mended, which nobody does on a clock that skips.
func endless(p drip.Plan, r drip.Report) error {
	if r.NextSlot == nil || r.NextSlot.Before(p.Finish.Add(overtime)) {
		return nil
	}
	why := r.Reason
	for _, account := range r.Accounts {
		if account.Waiting != "" {
			why = fmt.Sprintf("account %s waits: %s", account.Account, account.Waiting)
			break
		}
	}
	return fmt.Errorf("the rehearsal does not end: two weeks after its last planned slot, %d messages have not been sent (%s)",
		r.Totals.Planned, why)
}

// Report is the ledger's, in the team's zone.
func (r *Rehearsal) Report(ctx context.Context, id string) (drip.Report, error) {
	return ledger.Report(ctx, r.Ledger, id, r.draft.Calendar.Zone(), time.Now())
}

// Caught is how many messages the catcher accepted; false where another server got them.
func (r *Rehearsal) Caught() (int, bool) {
	if r.catcher == nil {
		return 0, false
	}
	return r.catcher.Count(), true
}

// MailDir has every message the catcher accepted, as a file.
func (r *Rehearsal) MailDir() string { return filepath.Join(r.dir, mailFolder) }

// UIURL is the web UI of the server; Address its own.
func (r *Rehearsal) UIURL() string { return r.server.UIURL() }

// Address is the Temporal server's host:port.
func (r *Rehearsal) Address() string { return r.server.Address() }

// Close ends everything, in the order in which one thing needs the other.
func (r *Rehearsal) Close() {
	if r.engine != nil {
		r.engine.Stop()
	}
	if r.Client != nil {
		r.Client.Close()
	}
	if r.server != nil {
		r.server.Stop()
	}
	// Nothing is written any more: what closing could fail at is lost anyway.
	if r.catcher != nil {
		_ = r.catcher.Close()
	}
	if r.Ledger != nil {
		_ = r.Ledger.Close()
	}
}
