package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// Monday is when the tests' clocks start: a Monday, 08:00 UTC.
var Monday = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// Slot is the slot n hours after Monday's first, 09:00.
func Slot(n int) drip.Slot { return drip.SlotAt(Monday.Add(time.Duration(n+1) * time.Hour)) }

// In is an instant inside that slot.
func In(n int, after time.Duration) time.Time { return Slot(n).Start().Add(after) }

var roomy = drip.Quotas{PerHour: 100_000, PerDay: 1_000_000}

// bench is a ledger on the workbench, with the few gestures that every case is made of. Each fails
// the test by itself where it cannot do its work.
type bench struct {
	ledger.Ledger
	t       require.TestingT
	ctx     context.Context
	another func() *bench // the same ledger, opened once more
}

// engagement is a configuration with steps; its start is the first slot.
func engagement(id string, steps int) drip.Engagement {
	e := drip.Engagement{
		ID: id, Zone: "UTC", From: drip.From{Kind: drip.FromOwners}, Mode: drip.ModeASAP, Pace: drip.PaceHuman,
		Seed: 7, Columns: []string{"first_name"}, Start: Slot(0), Sequence: drip.Sequence{Name: "Launch"},
	}
	for i := range steps {
		e.Sequence.Steps = append(e.Sequence.Steps, drip.Step{After: i, Subject: "Hi", Text: "Hi {{ first_name }}"})
	}
	return e
}

// people are n contacts of an account, named after it.
func people(account string, n int) []drip.Contact {
	all := make([]drip.Contact, n)
	for i := range all {
		name := fmt.Sprintf("%s-%d", account, i+1)
		all[i] = drip.Contact{Row: i + 2, Email: name + "@example.test", Values: []string{name}, Account: account}
	}
	return all
}

// load creates an engagement and fills it; nobody may be held.
func (b *bench) load(id string, steps int, contacts ...drip.Contact) {
	require.NoError(b.t, b.Create(b.ctx, engagement(id, steps), Monday))
	held, err := b.AddContacts(b.ctx, id, contacts, Monday)
	require.NoError(b.t, err)
	require.Empty(b.t, held)
}

// schedule makes a loaded engagement real with these bookings.
func (b *bench) schedule(id string, bookings ...drip.Booking) {
	b.plan(id, Slot(0), drip.StateLoading, drip.StateScheduled, bookings...)
}

func (b *bench) plan(id string, from drip.Slot, in, to drip.State, bookings ...drip.Booking) ledger.Basis {
	var basis ledger.Basis
	require.NoError(b.t, b.Plan(b.ctx, ledger.PlanRequest{
		ID: id, From: from, Now: from.Start().Add(-time.Minute), Require: []drip.State{in}, To: to, Reason: "replanned",
	}, func(got ledger.Basis) ([]drip.Booking, error) { basis = got; return bookings, nil }))
	return basis
}

// book is a booking.
func book(slot int, account string, step, count int) drip.Booking {
	return drip.Booking{Slot: Slot(slot), Account: account, Step: step, Count: count, Limit: drip.LimitContacts}
}

// attempt is one sender at work in one slot.
type attempt struct {
	*bench
	lease  ledger.Lease
	quotas drip.Quotas
}

// GoString keeps what a failing test prints short.
func (a *attempt) GoString() string { return fmt.Sprint(a.lease) }

// take begins an attempt at the slot's start.
func (b *bench) take(id, account string, slot int, token string) *attempt {
	a := &attempt{bench: b, quotas: roomy, lease: ledger.Lease{Engagement: id, Account: account, Slot: Slot(slot), Token: token}}
	_, err := b.Take(b.ctx, a.lease, Slot(slot).Start())
	require.NoError(b.t, err)
	return a
}

func (a *attempt) next(settle *ledger.Settlement, claim bool, now time.Time) (ledger.NextResult, error) {
	return a.Next(a.ctx, ledger.NextRequest{
		Lease: a.lease, Settle: settle, Claim: claim, Quotas: a.quotas, Now: now, Until: a.lease.Slot.End(),
	})
}

// claim takes a message, which must be there.
func (a *attempt) claim(now time.Time) ledger.Message {
	r, err := a.next(nil, true, now)
	require.NoError(a.t, err)
	require.Equal(a.t, ledger.NextClaimed, r.Kind, "why: %s, until %s", r.Why, r.Until)
	return r.Message
}

// wants asks for a message and says what was answered instead.
func (a *attempt) wants(now time.Time) ledger.NextResult {
	r, err := a.next(nil, true, now)
	require.NoError(a.t, err)
	return r
}

// settle says what became of a message.
func (a *attempt) settle(m ledger.Message, verdict drip.Verdict, at time.Time) {
	_, err := a.next(settlement(m, verdict, at), false, at)
	require.NoError(a.t, err)
}

// settlement is what a sender says of a message; a next step is due in the first slot of the day after.
func settlement(m ledger.Message, verdict drip.Verdict, at time.Time) *ledger.Settlement {
	return &ledger.Settlement{
		Contact: m.Contact, Step: m.Step, MessageID: fmt.Sprintf("<%d.%d@test>", m.Contact, m.Step), NextDue: Slot(24),
		Outcome: drip.Outcome{Verdict: verdict, At: at, Answer: "250 fine"},
	}
}

// send claims and delivers a message.
func (a *attempt) send(now time.Time) ledger.Message {
	m := a.claim(now)
	a.settle(m, drip.Delivered, now)
	return m
}

// rows are all messages of an engagement.
func (b *bench) rows(id string) []ledger.Row {
	var all []ledger.Row
	require.NoError(b.t, b.Messages(b.ctx, id, func(r ledger.Row) error { all = append(all, r); return nil }))
	return all
}

// row is one message.
func (b *bench) row(id string, contact, step int) ledger.Row {
	for _, r := range b.rows(id) {
		if r.Contact == contact && r.Step == step {
			return r
		}
	}
	require.Failf(b.t, "no such message", "contact %d, step %d", contact, step)
	return ledger.Row{}
}

// totals are an engagement's, over all accounts and steps.
func (b *bench) totals(id string) drip.Totals {
	var sum drip.Totals
	all, err := b.Totals(b.ctx, id)
	require.NoError(b.t, err)
	for _, a := range all {
		for _, s := range a.Steps {
			sum.Add(s)
		}
	}
	return sum
}

func (b *bench) state(id string) drip.State {
	s, _, err := b.State(b.ctx, id)
	require.NoError(b.t, err)
	return s
}

// booked is the sum of the unused bookings.
func (b *bench) booked(id string) int {
	all, more, err := b.Bookings(b.ctx, id, 0, 0)
	require.NoError(b.t, err)
	require.Zero(b.t, more)
	n := 0
	for _, one := range all {
		n += one.Count
	}
	return n
}
