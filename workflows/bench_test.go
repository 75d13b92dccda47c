package workflows_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/embedded/timeskip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
	"github.com/dripline/dripline/internal/smtp"
	"github.com/dripline/dripline/workflows"
)

// bench is a worker with everything real: server, ledger and mail server. Its gates hold the ledger
// or the mail server at a point where a test wants to do something meanwhile.
type bench struct {
	t       *testing.T
	ledger  *gatedLedger
	catcher *catcher.Catcher
	work    *activities.Activities
	client  client.Client // what it starts skips time
	plain   client.Client
	worker  worker.Worker
	queue   string
	pace    drip.Pace

	mu     sync.Mutex
	script func(catcher.Stage, *catcher.Attempt) error
}

// gate stops whoever comes to it, once, until it is opened.
type gate struct {
	once    sync.Once
	reached chan struct{}
	opened  chan struct{}
}

func newGate() *gate { return &gate{reached: make(chan struct{}), opened: make(chan struct{})} }

func (g *gate) pass() {
	g.once.Do(func() {
		close(g.reached)
		<-g.opened
	})
}

func (g *gate) open() { close(g.opened) }

func (g *gate) await(t *testing.T) {
	t.Helper()
	select {
	case <-g.reached:
	case <-time.After(20 * time.Second):
		require.Fail(t, "nobody came to the gate")
	}
}

// gatedLedger stops planning at a gate, if there is one.
type gatedLedger struct {
	ledger.Ledger
	mu       sync.Mutex
	planning *gate
}

func (l *gatedLedger) gate(g *gate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.planning = g
}

func (l *gatedLedger) Plan(ctx context.Context, req ledger.PlanRequest, make func(ledger.Basis) ([]drip.Booking, error)) error {
	l.mu.Lock()
	g := l.planning
	l.mu.Unlock()
	if g != nil && req.Require[0] != drip.StateLoading {
		g.pass()
	}
	return l.Ledger.Plan(ctx, req, make)
}

// newBench is a team of accounts with these quotas, in Paris, who may send at any hour.
func newBench(t *testing.T, q drip.Quotas, accounts ...string) *bench {
	t.Helper()
	b := &bench{t: t, queue: t.Name(), pace: drip.PaceHuman}
	server, err := shared()
	require.NoError(t, err)
	b.client = dial(t, server.Address(), true)
	b.plain = dial(t, server.Address(), false)
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "dripline.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	b.ledger = &gatedLedger{Ledger: store}
	b.catcher, err = catcher.Start("127.0.0.1:0", catcher.Options{Script: b.play})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.catcher.Close()) })
	team := b.team(q, accounts)
	pool := smtp.NewPool(smtp.Options{})
	t.Cleanup(pool.Close)
	b.work = &activities.Activities{Team: team, Calendar: calendar.New(team), Ledger: b.ledger, SMTP: pool, Clock: activities.WallClock{}}
	return b
}

func dial(t *testing.T, address string, skip bool) client.Client {
	t.Helper()
	o := client.Options{HostPort: address, Identity: "test", Logger: log.NewStructuredLogger(silent)}
	if skip {
		o.ConnectionOptions.DialOptions = []grpc.DialOption{timeskip.DialOption()}
	}
	c, err := client.DialContext(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func (b *bench) team(q drip.Quotas, accounts []string) drip.Team {
	zone, err := time.LoadLocation("Europe/Paris")
	require.NoError(b.t, err)
	always := drip.Calendar{Days: 1<<7 - 1, Hours: drip.Hours{To: 24 * 60}}
	team := drip.Team{Zone: zone, Calendar: always}
	host, port, err := net.SplitHostPort(b.catcher.Addr())
	require.NoError(b.t, err)
	number, err := strconv.Atoi(port)
	require.NoError(b.t, err)
	for _, id := range accounts {
		team.Accounts = append(team.Accounts, drip.Account{
			ID: id, Name: id, Email: id + "@acme.test", Quotas: q,
			SMTP: drip.SMTP{Host: host, Port: number, TLS: drip.NoTLS},
		})
	}
	return team
}

// misbehave sets the mail server's script.
func (b *bench) misbehave(script func(catcher.Stage, *catcher.Attempt) error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.script = script
}

func (b *bench) play(s catcher.Stage, a *catcher.Attempt) error {
	b.mu.Lock()
	script := b.script
	b.mu.Unlock()
	if script == nil {
		return nil
	}
	return script(s, a)
}

// hold stops the mail server at the first message after this one.
func (b *bench) hold(after int) *gate {
	g := newGate()
	b.misbehave(func(s catcher.Stage, _ *catcher.Attempt) error {
		if s == catcher.StageMail && b.catcher.Count() >= after {
			g.pass()
		}
		return nil
	})
	return g
}

// runWorker works until the test ends, or until stopped.
func (b *bench) runWorker() {
	b.t.Helper()
	b.worker = worker.New(b.client, b.queue, worker.Options{
		WorkerStopTimeout:            10 * time.Second,
		MaxHeartbeatThrottleInterval: 500 * time.Millisecond,
		Interceptors:                 []interceptor.WorkerInterceptor{workflows.InOrder()},
	})
	b.worker.RegisterWorkflowWithOptions(workflows.Sequence, workflow.RegisterOptions{Name: workflows.TypeSequence})
	b.work.Register(b.worker)
	require.NoError(b.t, b.worker.Start())
	b.t.Cleanup(b.worker.Stop)
}

const secret = "Unutterable"

// engage engages n contacts of each account, from the next slot on, and returns the plan.
func (b *bench) engage(id string, steps, n int, rehearsal bool) []drip.Booking {
	b.t.Helper()
	e := drip.Engagement{
		ID: id, Zone: "Europe/Paris", From: drip.From{Kind: drip.FromOwners}, Mode: drip.ModeASAP, Pace: b.pace, Seed: 7,
		Columns: []string{"first_name"}, Sequence: drip.Sequence{Name: "Launch"}, Rehearsal: rehearsal,
		Start: b.work.Calendar.Next(time.Now().Add(time.Minute)),
	}
	for i := range steps {
		e.Sequence.Steps = append(e.Sequence.Steps, drip.Step{After: min(i, 1), Subject: secret, Text: "Hi {{ first_name }}"})
	}
	ctx := b.t.Context()
	require.NoError(b.t, b.ledger.Create(ctx, e, time.Now()))
	var all []drip.Contact
	for _, a := range b.work.Team.Accounts {
		for i := range n {
			all = append(all, drip.Contact{Row: len(all) + 2, Account: a.ID, Values: []string{secret + "-name"},
				Email: fmt.Sprintf("%s-%s-%d@contact.test", strings.ToLower(secret), a.ID, i)})
		}
	}
	_, err := b.ledger.AddContacts(ctx, id, all, time.Now())
	require.NoError(b.t, err)
	require.NoError(b.t, b.ledger.AddHeld(ctx, id, []drip.Held{{Row: 99, Email: secret, Reason: drip.HeldInvalidEmail, Detail: secret}}))
	var booked []drip.Booking
	require.NoError(b.t, b.ledger.Plan(ctx, ledger.PlanRequest{ID: id, From: e.Start, Now: time.Now(),
		Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled,
	}, func(basis ledger.Basis) (_ []drip.Booking, err error) {
		booked, err = activities.Schedule(b.work.Team, b.work.Calendar, e.Start, basis)
		return booked, err
	}))
	return booked
}

// start starts the engagement's workflow; one that is no rehearsal waits in real time.
func (b *bench) start(id string, rehearsal bool) client.WorkflowRun {
	b.t.Helper()
	c := b.plain
	if rehearsal {
		c = b.client
	}
	run, err := c.ExecuteWorkflow(b.t.Context(), client.StartWorkflowOptions{
		ID: workflows.WorkflowID(b.t.Name() + id), TaskQueue: b.queue, StaticSummary: "Launch",
	}, workflows.TypeSequence, workflows.SequenceInput{Engagement: id})
	require.NoError(b.t, err)
	return run
}

func (b *bench) wait() context.Context {
	ctx, cancel := context.WithTimeout(b.t.Context(), 60*time.Second)
	b.t.Cleanup(cancel)
	return ctx
}

// completes waits for the end and returns the result.
func (b *bench) completes(run client.WorkflowRun) (result workflows.SequenceResult) {
	b.t.Helper()
	require.NoError(b.t, run.Get(b.wait(), &result))
	return result
}

func (b *bench) update(run client.WorkflowRun, command workflows.Command, args ...any) (result workflows.CommandResult, err error) {
	b.t.Helper()
	handle, err := b.plain.UpdateWorkflow(b.wait(), client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), UpdateName: string(command), Args: args, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return result, err
	}
	return result, handle.Get(b.wait(), &result)
}

// asks queries the workflow.
func asks[T any](b *bench, run client.WorkflowRun, query string) (answer T) {
	b.t.Helper()
	value, err := b.plain.QueryWorkflow(b.wait(), run.GetID(), "", query)
	require.NoError(b.t, err)
	require.NoError(b.t, value.Get(&answer))
	return answer
}

// becomes waits until the workflow reports a state.
func (b *bench) becomes(run client.WorkflowRun, state drip.State) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		return asks[drip.Report](b, run, workflows.QueryReport).State == state
	}, 20*time.Second, 10*time.Millisecond)
}

// sleeps waits until the workflow waits for its first slot.
func (b *bench) sleeps(run client.WorkflowRun) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		return count(b.history(run), enumspb.EVENT_TYPE_TIMER_STARTED) > 0
	}, 20*time.Second, 10*time.Millisecond)
}

// agrees holds the workflow's report against the ledger's, and the ledger's against the mail server.
func (b *bench) agrees(run client.WorkflowRun, id string) drip.Report {
	b.t.Helper()
	told := asks[drip.Report](b, run, workflows.QueryReport)
	kept, err := ledger.Report(b.t.Context(), b.ledger, id, b.work.Team.Zone, time.Now())
	require.NoError(b.t, err)
	require.Equal(b.t, kept.State, told.State)
	require.Equal(b.t, kept.Totals, told.Totals)
	require.Equal(b.t, kept.Steps, told.Steps)
	require.Len(b.t, told.Accounts, len(kept.Accounts))
	for i := range kept.Accounts {
		require.Equal(b.t, kept.Accounts[i].Totals, told.Accounts[i].Totals)
	}
	require.Equal(b.t, kept.Contacts, told.Contacts)
	require.Equal(b.t, kept.Held, told.Held)
	seen := map[string]bool{}
	for _, m := range b.catcher.Messages() {
		require.False(b.t, seen[m.ID], "%s arrived twice", m.ID)
		seen[m.ID] = true
	}
	return told
}

// history is everything that one run did.
func (b *bench) history(run client.WorkflowRun) *historypb.History {
	b.t.Helper()
	return b.historyOf(run.GetID(), run.GetRunID())
}

func (b *bench) historyOf(id, runID string) *historypb.History {
	b.t.Helper()
	h := &historypb.History{}
	it := b.plain.GetWorkflowHistory(b.wait(), id, runID, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		require.NoError(b.t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

func count(h *historypb.History, kind enumspb.EventType) (n int) {
	for _, e := range h.Events {
		if e.EventType == kind {
			n++
		}
	}
	return n
}

func (b *bench) status(run client.WorkflowRun) enumspb.WorkflowExecutionStatus {
	b.t.Helper()
	d, err := b.plain.DescribeWorkflowExecution(b.wait(), run.GetID(), "")
	require.NoError(b.t, err)
	return d.WorkflowExecutionInfo.Status
}
