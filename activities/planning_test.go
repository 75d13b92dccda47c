package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

func (b *bench) plan(in drip.PlanInput) drip.Agenda {
	agenda, err := b.Plan(b.ctx, in)
	require.NoError(b.t, err)
	return agenda
}

func TestTwoEngagementsShareAnAccount(t *testing.T) {
	t.Parallel()
	ann := people(drip.Quotas{PerHour: 10, PerDay: 15, MinGap: time.Minute}, "ann")
	b := newBench(t, ann)
	one, other := engagement("one", 1), engagement("other", 1)
	first, _ := b.engage(one, contacts("a", 6, ann...))
	second, _ := b.engage(other, contacts("b", 6, ann...))
	require.Equal(t, 6, first[0].Count)
	require.Equal(t, []int{4, 2}, []int{second[0].Count, second[1].Count}, "the hour is full after ten")
	b.at(slot(0), 0)
	b.clock.run(
		func() { b.send("one", "ann", slot(0)) },
		func() { b.send("other", "ann", slot(0)) },
	)
	caught := b.catcher.Messages()
	require.Len(t, caught, 10)
	for i := 1; i < len(caught); i++ {
		require.GreaterOrEqual(t, caught[i].At.Sub(caught[i-1].At), time.Minute)
	}
}

func TestALateSlotKeepsTheSlidingWindows(t *testing.T) {
	t.Parallel()
	ann := people(drip.Quotas{PerHour: 5, PerDay: 400}, "ann")
	b := newBench(t, ann)
	b.engage(engagement("e", 1), contacts("a", 10, ann...))
	b.at(slot(0), 50*time.Minute) // nobody ran before
	b.send("e", "ann", slot(0))
	b.at(slot(1), 0)
	b.send("e", "ann", slot(1))
	caught := b.catcher.Messages()
	require.Len(t, caught, 10)
	for i := 5; i < 10; i++ {
		require.GreaterOrEqual(t, caught[i].At.Sub(caught[i-5].At), time.Hour, "in any sliding hour")
	}
}

func TestQuotasThatShrankLeaveTheRestToANewPlan(t *testing.T) {
	t.Parallel()
	ann := people(drip.Quotas{PerHour: 10, PerDay: 400}, "ann")
	b := newBench(t, ann)
	b.engage(engagement("e", 1), contacts("a", 10, ann...))
	b.Team.Accounts[0].Quotas.PerHour = 4
	b.at(slot(0), 0)
	out := b.send("e", "ann", slot(0))
	require.Equal(t, 6, out.Left)
	require.Equal(t, "per_hour", out.Why)
	agenda := b.plan(drip.PlanInput{Engagement: "e", Now: b.clock.Now(), Reason: "full"})
	require.Equal(t, []int{4, 2}, []int{agenda.Slots[0].Total(), agenda.Slots[1].Total()})
	require.True(t, agenda.Slots[0].Start.Equal(slot(1).Start()))
}

func TestPlan(t *testing.T) {
	t.Parallel()
	ann := people(drip.Quotas{PerHour: 3, PerDay: 400}, "ann")

	t.Run("of what went as planned is the rest of the plan", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		booked, _ := b.engage(engagement("e", 2), contacts("a", 10, ann...))
		b.at(slot(0), 0)
		b.send("e", "ann", slot(0))
		agenda := b.plan(drip.PlanInput{Engagement: "e", Now: b.clock.Now().Add(time.Minute)})
		var rest []drip.Send
		for _, s := range agenda.Slots {
			rest = append(rest, s.Sends...)
		}
		require.Len(t, rest, len(booked)-1)
		for i, s := range rest {
			require.Equal(t, drip.Send{Account: booked[i+1].Account, Step: booked[i+1].Step, Count: booked[i+1].Count}, s)
		}
	})
	t.Run("begins with the first slot that has not begun, also when it was asked for long ago", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("a", 4, ann...))
		asked := b.clock.Now()
		b.at(slot(2), time.Minute)
		agenda := b.plan(drip.PlanInput{Engagement: "e", Now: asked, Reason: "the ledger was away"})
		require.True(t, agenda.Slots[0].Start.Equal(slot(3).Start()))
	})
	t.Run("resumes what is paused, and only when told so", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("a", 4, ann...))
		require.NoError(t, b.Pause(t.Context(), drip.PauseInput{Engagement: "e", Now: b.clock.Now()}))
		_, err := b.Plan(t.Context(), drip.PlanInput{Engagement: "e", Now: b.clock.Now()})
		requireLasting(t, err)
		agenda := b.plan(drip.PlanInput{Engagement: "e", Now: b.clock.Now(), Resume: true})
		require.Equal(t, drip.StateScheduled, agenda.State, "nothing has left yet")
		require.NotEmpty(t, agenda.Slots)
	})
	t.Run("that cannot be made is an error no retry mends, and says what to do", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("a", 4, ann...))
		b.Team.Accounts[0].Quotas.PerDay = 0
		_, err := b.Plan(t.Context(), drip.PlanInput{Engagement: "e", Now: b.clock.Now()})
		requireLasting(t, err)
		require.ErrorContains(t, err, "raise per_day of account ann")
	})
	t.Run("waits for an account that is missing, and for the right ledger", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, ann)
		b.engage(engagement("e", 1), contacts("a", 4, ann...))
		b.Team.Accounts = nil
		var application *temporal.ApplicationError
		_, err := b.Plan(t.Context(), drip.PlanInput{Engagement: "e", Now: b.clock.Now()})
		require.ErrorContains(t, err, "account ann")
		require.NotErrorAs(t, err, &application)
		_, err = b.Plan(t.Context(), drip.PlanInput{Engagement: "elsewhere", Now: b.clock.Now()})
		require.ErrorIs(t, err, ledger.ErrNotFound)
		require.NotErrorAs(t, err, &application)
	})
}

func requireLasting(t *testing.T, err error) {
	t.Helper()
	var application *temporal.ApplicationError
	require.ErrorAs(t, err, &application)
	require.True(t, application.NonRetryable())
}

func TestEndTellsTheLastTotals(t *testing.T) {
	t.Parallel()
	ann := people(roomy, "ann")
	b := newBench(t, ann)
	b.engage(engagement("e", 2), contacts("a", 2, ann...))
	b.at(slot(0), 0)
	b.send("e", "ann", slot(0))
	in := drip.EndInput{Engagement: "e", Now: b.clock.Now(), State: drip.StateCancelled, Reason: "cancelled"}
	for range 2 { // an attempt whose answer was lost is made again
		out, err := b.End(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, []drip.AccountSteps{{Account: "ann", Steps: []drip.Totals{{Sent: 2}, {Skipped: 2}}}}, out.Accounts)
		require.True(t, out.Zoned.Equal(in.Now))
	}
}

// TestAgendaStaysSmall runs an engagement of very many slots, accounts and contacts held.
func TestAgendaStaysSmall(t *testing.T) {
	t.Parallel()
	var accounts []drip.Account
	for i := range 150 {
		accounts = append(accounts, people(drip.Quotas{PerHour: 1, PerDay: 3}, fmt.Sprintf("account-%03d", i))...)
	}
	b := newBench(t, accounts)
	e := engagement("e", 1)
	require.NoError(t, b.Ledger.Create(t.Context(), e, nine))
	_, err := b.Ledger.AddContacts(t.Context(), "e", contacts("a", 12, accounts...), nine)
	require.NoError(t, err)
	var held []drip.Held
	for i := range 1500 {
		held = append(held, drip.Held{Email: fmt.Sprintf("held-%d@secret.test", i), Row: i, Reason: drip.HeldBlocklisted, Detail: "secret.test"})
	}
	require.NoError(t, b.Ledger.AddHeld(t.Context(), "e", held))
	require.NoError(t, b.Ledger.Plan(t.Context(), ledger.PlanRequest{ID: "e", From: e.Start, Now: nine,
		Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled,
	}, func(basis ledger.Basis) ([]drip.Booking, error) {
		// A slot of each account a day, over years.
		var all []drip.Booking
		for i := range 1000 {
			for _, a := range accounts[:3] {
				all = append(all, drip.Booking{Slot: slot(24 * i), Account: a.ID, Step: 1, Count: 1, Limit: drip.LimitContacts})
			}
		}
		for _, a := range accounts[3:] {
			all = append(all, drip.Booking{Slot: slot(0), Account: a.ID, Step: 1, Count: 12, Limit: drip.LimitContacts})
		}
		return all, nil
	}))
	agenda, err := b.Agenda(t.Context(), drip.AgendaInput{Engagement: "e", Now: nine, Preview: true})
	require.NoError(t, err)
	data, err := json.Marshal(agenda)
	require.NoError(t, err)
	require.Less(t, len(data), 512<<10, "what Temporal warns of")
	require.NotContains(t, string(data), "secret.test")
	require.Len(t, agenda.Slots, 200)
	require.Equal(t, 800, agenda.More)
	require.Len(t, agenda.Preview.Held, 1000)
	require.Equal(t, 500, agenda.Preview.MoreHeld)
	require.Equal(t, 1000, len(agenda.Preview.Slots)+agenda.Preview.MoreSlots)
}

func TestScheduleNamesAnAccountThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := activities.Schedule(drip.Team{}, nil, slot(0), ledger.Basis{Cohorts: []ledger.Cohort{{Account: "ben", Step: 1, Count: 1}}})
	require.ErrorContains(t, err, "account ben is not in this worker's team file")
}
