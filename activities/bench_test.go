package activities_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
	"github.com/dripline/dripline/internal/smtp"
)

// nine is the first slot of the tests, on a Monday.
var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// slot is the slot n hours after nine.
func slot(n int) drip.Slot { return drip.SlotAt(nine.Add(time.Duration(n) * time.Hour)) }

// bench is a worker's activities on a real ledger and a real mail server, and their clock.
type bench struct {
	*activities.Activities
	t       require.TestingT
	ctx     context.Context
	clock   *simulated
	catcher *catcher.Catcher
	script  atomic.Pointer[script] // of the mail server; nil: all goes well
	stop    chan struct{}          // of the worker; nil: it never stops
}

type script = func(catcher.Stage, *catcher.Attempt) error

// play has the mail server follow a script from now on.
func (b *bench) play(s script) { b.script.Store(&s) }

// roomy are quotas that stand in nobody's way.
var roomy = drip.Quotas{PerHour: 1000, PerDay: 10_000}

// people are accounts with the same quotas.
func people(q drip.Quotas, ids ...string) []drip.Account {
	var all []drip.Account
	for _, id := range ids {
		all = append(all, drip.Account{ID: id, Name: "The " + id, Email: id + "@acme.test", Quotas: q})
	}
	return all
}

func openLedger(t testing.TB) ledger.Ledger {
	t.Helper()
	l, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "dripline.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

// newBench is a team at work, on its own ledger.
func newBench(t *testing.T, accounts []drip.Account) *bench {
	t.Helper()
	b, done := newBenchOn(t, t.Context(), openLedger(t), drip.Team{Zone: time.UTC, Calendar: drip.DefaultCalendar(), Accounts: accounts})
	t.Cleanup(done)
	return b
}

func newBenchOn(t require.TestingT, ctx context.Context, l ledger.Ledger, team drip.Team) (_ *bench, done func()) {
	b := &bench{t: t, ctx: ctx, clock: newSimulated(nine.Add(-20 * time.Minute))}
	var err error
	b.catcher, err = catcher.Start("127.0.0.1:0", catcher.Options{
		Now: b.clock.Now,
		Script: func(s catcher.Stage, a *catcher.Attempt) error {
			if script := b.script.Load(); script != nil {
				return (*script)(s, a)
			}
			return nil
		},
	})
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(b.catcher.Addr())
	require.NoError(t, err)
	team.Accounts = slices.Clone(team.Accounts)
	for i := range team.Accounts {
		team.Accounts[i].SMTP = drip.SMTP{Host: host, TLS: drip.NoTLS}
		team.Accounts[i].SMTP.Port, err = strconv.Atoi(port)
		require.NoError(t, err)
	}
	pool := smtp.NewPool(smtp.Options{})
	b.Activities = &activities.Activities{Team: team, Calendar: calendar.New(team), Ledger: l, SMTP: pool, Clock: b.clock}
	return b, func() {
		pool.Close()
		require.NoError(t, b.catcher.Close())
	}
}

// engagement is one with steps a day apart, without a pace.
func engagement(id string, steps int) drip.Engagement {
	e := drip.Engagement{
		ID: id, Zone: "UTC", From: drip.From{Kind: drip.FromOwners}, Mode: drip.ModeASAP, Pace: drip.PaceBurst,
		Seed: 7, Columns: []string{"first_name"}, Start: slot(0), Sequence: drip.Sequence{Name: "Launch"},
	}
	for i := range steps {
		e.Sequence.Steps = append(e.Sequence.Steps, drip.Step{After: min(i, 1), Subject: "Hi", Text: "Hi {{ first_name }}"})
	}
	return e
}

// contacts are n of them for each account, named after it.
func contacts(prefix string, n int, accounts ...drip.Account) []drip.Contact {
	var all []drip.Contact
	for _, a := range accounts {
		for range n {
			name := fmt.Sprintf("%s-%s-%d", prefix, a.ID, len(all)+1)
			all = append(all, drip.Contact{Row: len(all) + 2, Email: name + "@example.test", Values: []string{name}, Account: a.ID})
		}
	}
	return all
}

// engage makes an engagement real, as engage does, and returns its plan and who was held.
func (b *bench) engage(e drip.Engagement, contacts []drip.Contact) ([]drip.Booking, []drip.Held) {
	now := b.clock.Now()
	require.NoError(b.t, b.Ledger.Create(b.ctx, e, now))
	held, err := b.Ledger.AddContacts(b.ctx, e.ID, contacts, now)
	require.NoError(b.t, err)
	var booked []drip.Booking
	err = b.Ledger.Plan(b.ctx, ledger.PlanRequest{ID: e.ID, From: e.Start, Now: now,
		Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled, Reason: "engaged",
	}, func(basis ledger.Basis) (_ []drip.Booking, err error) {
		booked, err = activities.Schedule(b.Team, b.Calendar, e.Start, basis)
		return booked, err
	})
	require.NoError(b.t, err)
	return booked, held
}

// send runs SendEmails as a worker would.
func (b *bench) send(id, account string, s drip.Slot) drip.SendOutput {
	out, err := b.trySend(b.ctx, id, account, s)
	require.NoError(b.t, err)
	return out
}

// runs makes every attempt one of its own.
var runs atomic.Int64

func (b *bench) trySend(ctx context.Context, id, account string, s drip.Slot) (out drip.SendOutput, err error) {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(silent))
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx, Identity: fmt.Sprint(runs.Add(1))})
	env.SetTestTimeout(time.Minute)
	if b.stop != nil {
		env.SetWorkerStopChannel(b.stop)
	}
	b.Register(env)
	value, err := env.ExecuteActivity(drip.ActivitySendEmails, drip.SendInput{
		Engagement: id, Account: account, Slot: s, Now: b.clock.Now(), Rehearsal: b.rehearses(id),
	})
	if err != nil {
		return out, err
	}
	return out, value.Get(&out)
}

func (b *bench) rehearses(id string) bool {
	info, err := b.Ledger.Engagement(b.ctx, id)
	require.NoError(b.t, err)
	return info.Rehearsal
}

// at sets the clock forward to an instant in a slot.
func (b *bench) at(s drip.Slot, after time.Duration) {
	if d := s.Start().Add(after).Sub(b.clock.Now()); d > 0 {
		require.NoError(b.t, b.clock.Sleep(b.ctx, d))
	}
}

// rows are all messages of an engagement.
func (b *bench) rows(id string) []ledger.Row {
	var all []ledger.Row
	require.NoError(b.t, b.Ledger.Messages(b.ctx, id, func(r ledger.Row) error {
		all = append(all, r)
		return nil
	}))
	return all
}

// states counts an engagement's messages of a step by state.
func (b *bench) states(id string, step int) map[drip.MessageState]int {
	all := map[drip.MessageState]int{}
	for _, r := range b.rows(id) {
		if r.Step == step {
			all[r.State]++
		}
	}
	return all
}
