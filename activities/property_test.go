package activities_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// conduct does for one engagement what the workflow does: sleeps until each slot, has every account
// send at once, and has planned anew what no longer fits. late says how late a slot begins; an hour
// or more is a slot that passes.
func (b *bench) conduct(id string, late func() time.Duration) {
	agenda, err := b.Agenda(b.ctx, drip.AgendaInput{Engagement: id, Now: b.clock.Now()})
	require.NoError(b.t, err)
	plan := func(resume bool) {
		agenda, err = b.Plan(b.ctx, drip.PlanInput{Engagement: id, Now: b.clock.Now(), Reason: "again", Resume: resume})
		require.NoError(b.t, err)
	}
	for turns := 0; ; turns++ {
		require.Less(b.t, turns, 2000, "the engagement does not end")
		if len(agenda.Slots) == 0 {
			plan(false)
			if len(agenda.Slots) == 0 {
				break
			}
		}
		next := agenda.Slots[0]
		wake := next.Start.Add(late())
		_ = b.clock.Sleep(b.ctx, wake.Sub(b.clock.Now()))
		if !b.clock.Now().Before(next.Start.Add(drip.SlotLength)) {
			plan(false)
			continue
		}
		var senders []func()
		var mu sync.Mutex
		replan := false
		for _, sends := range perAccount(next.Sends) {
			senders = append(senders, func() {
				out := b.send(id, sends, drip.SlotAt(next.Start))
				mu.Lock()
				defer mu.Unlock()
				replan = replan || out.Replan
			})
		}
		b.clock.run(senders...)
		agenda.Slots = agenda.Slots[1:]
		if replan {
			plan(false)
		} else if len(agenda.Slots) == 0 {
			agenda, err = b.Agenda(b.ctx, drip.AgendaInput{Engagement: id, Now: b.clock.Now()})
			require.NoError(b.t, err)
		}
	}
	_, err = b.End(b.ctx, drip.EndInput{Engagement: id, Now: b.clock.Now(), State: drip.StateCompleted})
	require.NoError(b.t, err)
}

func perAccount(sends []drip.Send) []string {
	var all []string
	for _, s := range sends {
		if !slices.Contains(all, s.Account) {
			all = append(all, s.Account)
		}
	}
	return all
}

// steady is a ledger whose engagements nobody pauses: it spares the look that a waiting sender takes
// every second.
type steady struct{ ledger.Ledger }

func (steady) State(context.Context, string) (drip.State, string, error) {
	return drip.StateRunning, "", nil
}

// world is a team and what it has to do.
type world struct {
	team        drip.Team
	engagements []drip.Engagement
	contacts    [][]drip.Contact
	faults      bool
	lates       bool
	seed        uint64 // of the faults: the server's goroutines cannot draw from the test itself
}

var worlds int // names of accounts and contacts are never used again: the ledger is shared

func draw(t *rapid.T) world {
	worlds++
	w := world{
		team:   drip.Team{Zone: time.UTC, Calendar: drip.DefaultCalendar()},
		faults: rapid.Bool().Draw(t, "faults"),
		lates:  rapid.Bool().Draw(t, "late slots"),
		seed:   rapid.Uint64().Draw(t, "seed of the faults"),
	}
	if rapid.Bool().Draw(t, "in Lord Howe") {
		zone, err := time.LoadLocation("Australia/Lord_Howe")
		require.NoError(t, err)
		w.team.Zone = zone
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "accounts") {
		a := people(drip.Quotas{
			PerHour: rapid.IntRange(1, 6).Draw(t, "per hour"),
			PerDay:  rapid.IntRange(1, 12).Draw(t, "per day"),
			MinGap:  time.Duration(rapid.SampledFrom([]int{0, 0, 20, 600}).Draw(t, "min gap")) * time.Second,
		}, fmt.Sprintf("a%d-%d", worlds, i))[0]
		if rapid.Bool().Draw(t, "afternoons only") {
			c := drip.DefaultCalendar()
			c.Hours.From = 13 * 60
			a.Calendar = &c
		}
		w.team.Accounts = append(w.team.Accounts, a)
	}
	for i := range rapid.IntRange(1, 2).Draw(t, "engagements") {
		e := engagement(fmt.Sprintf("e%d-%d", worlds, i), rapid.IntRange(1, 3).Draw(t, "steps"))
		e.Pace = rapid.SampledFrom([]drip.Pace{drip.PaceHuman, drip.PaceBurst}).Draw(t, "pace")
		e.Start = slot(rapid.IntRange(0, 12).Draw(t, "start"))
		e.Seed = rapid.Uint64().Draw(t, "seed")
		if rapid.Bool().Draw(t, "spread") {
			e.Mode = drip.ModeSpread
			e.PerHour, e.PerDay = rapid.IntRange(0, 5).Draw(t, "per hour"), rapid.IntRange(1, 8).Draw(t, "per day")
		}
		w.engagements = append(w.engagements, e)
		// Some people are in both.
		w.contacts = append(w.contacts, contacts(fmt.Sprintf("c%d", worlds), rapid.IntRange(1, 6).Draw(t, "contacts"), w.team.Accounts...))
	}
	return w
}

// weather is what the mail server does: mostly nothing.
func (w world) weather() script {
	faults := []error{
		catcher.Drop, catcher.Answer{Code: 550}, catcher.Answer{Code: 451}, catcher.Answer{Code: 421},
		catcher.Answer{Code: 452}, catcher.Answer{Code: 550, Enhanced: [3]int{5, 4, 5}}, catcher.AcceptThen(catcher.Drop),
	}
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(w.seed, 0))
	return func(s catcher.Stage, _ *catcher.Attempt) error {
		mu.Lock()
		defer mu.Unlock()
		if !w.faults || s == catcher.StageData || dice.IntN(25) != 0 {
			return nil
		}
		return faults[dice.IntN(len(faults))]
	}
}

// TestWhatAlwaysHolds runs whole engagements, side by side on the same accounts, and holds the mail
// server's book and the ledger's against the rules.
func TestWhatAlwaysHolds(t *testing.T) {
	t.Parallel()
	shared := openLedger(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := draw(rt)
		b, done := newBenchOn(rt, t.Context(), steady{shared}, w.team)
		defer done()
		b.play(w.weather())
		late := func() time.Duration {
			if !w.lates || rapid.IntRange(0, 3).Draw(rt, "late") != 0 {
				return time.Second
			}
			return time.Duration(rapid.IntRange(1, 90).Draw(rt, "minutes late")) * time.Minute
		}
		planned := map[string][]drip.Booking{}
		engaged := map[string]int{}
		var conductors []func()
		for i, e := range w.engagements {
			var held []drip.Held
			planned[e.ID], held = b.engage(e, w.contacts[i])
			engaged[e.ID] = len(w.contacts[i]) - len(held)
			for _, h := range held {
				require.Equal(rt, drip.HeldActiveElsewhere, h.Reason)
			}
			conductors = append(conductors, func() { b.conduct(e.ID, late) })
		}
		b.clock.run(conductors...)
		book := b.catcher.Messages()
		neverTwice(rt, book)
		accountQuotas(rt, w.team, book)
		for _, e := range w.engagements {
			j := judged{e, b, b.rows(e.ID), mine(book, e)}
			j.oneState(rt, engaged[e.ID])
			j.timely(rt)
			j.spread(rt)
			if !w.faults && !w.lates {
				j.asPlanned(rt, planned[e.ID])
			}
		}
	})
}

// neverTwice is invariant 6.
func neverTwice(t *rapid.T, book []catcher.Message) {
	seen := map[string]bool{}
	for _, m := range book {
		require.False(t, seen[m.ID], "%s arrived twice", m.ID)
		seen[m.ID] = true
	}
}

// accountQuotas is invariant 2, and min_gap, in the server's book.
func accountQuotas(t *rapid.T, team drip.Team, book []catcher.Message) {
	for _, a := range team.Accounts {
		var at []time.Time
		for _, m := range book {
			if m.From == a.Email {
				at = append(at, m.At)
			}
		}
		for i := range at {
			within := func(d time.Duration) (n int) {
				for _, other := range at[:i+1] {
					if other.After(at[i].Add(-d)) {
						n++
					}
				}
				return n
			}
			require.LessOrEqual(t, within(time.Hour), a.Quotas.PerHour, "%s per hour at %s", a.ID, at[i])
			require.LessOrEqual(t, within(24*time.Hour), a.Quotas.PerDay, "%s per day at %s", a.ID, at[i])
			if i > 0 {
				require.GreaterOrEqual(t, at[i].Sub(at[i-1]), a.Quotas.MinGap, "%s min gap at %s", a.ID, at[i])
			}
		}
	}
}

func mine(book []catcher.Message, e drip.Engagement) map[string]catcher.Message {
	all := map[string]catcher.Message{}
	for _, m := range book {
		var contact, step int
		if _, err := fmt.Sscanf(m.ID, e.ID+"/%d/%d", &contact, &step); err == nil {
			all[m.ID] = m
		}
	}
	return all
}

// judged is one engagement after its end.
type judged struct {
	e    drip.Engagement
	b    *bench
	rows []ledger.Row
	book map[string]catcher.Message
}

// oneState is invariants 1 and 7: the ledger, its sums and the server agree.
func (j judged) oneState(t *rapid.T, contacts int) {
	require.Len(t, j.rows, contacts*len(j.e.Sequence.Steps))
	var sum drip.Totals
	for _, r := range j.rows {
		sum.Count(r.State, 1)
		_, arrived := j.book[fmt.Sprintf("%s/%d/%d", j.e.ID, r.Contact, r.Step)]
		switch r.State {
		case drip.Sent:
			require.True(t, arrived)
		case drip.Unknown: // may have arrived
		default:
			require.False(t, arrived, "%s but arrived", r.State)
		}
	}
	report, err := ledger.Report(j.b.ctx, j.b.Ledger, j.e.ID, time.UTC, j.b.clock.Now())
	require.NoError(t, err)
	require.Equal(t, sum, report.Totals)
	require.Zero(t, sum.Planned)
	require.Equal(t, drip.StateCompleted, report.State)
}

// timely is invariant 3, by a look at each message and the calendar.
func (j judged) timely(t *rapid.T) {
	cal := calendar.New(j.b.Team)
	before := map[[2]int]drip.Slot{}
	for _, r := range j.rows {
		if r.State != drip.Sent && r.State != drip.Unknown {
			continue
		}
		before[[2]int{r.Contact, r.Step}] = r.Slot
		require.True(t, cal.Allows(r.Account, r.Slot), "%s at %s", r.Account, r.Slot.Start())
		require.GreaterOrEqual(t, r.Slot, j.e.Start)
		if r.Step > 1 {
			earlier, sent := before[[2]int{r.Contact, r.Step - 1}]
			require.True(t, sent, "step %d before step %d", r.Step, r.Step-1)
			require.GreaterOrEqual(t, r.Slot, cal.Due(r.Account, earlier, j.e.Sequence.Steps[r.Step-1]))
		}
		if m, arrived := j.book[fmt.Sprintf("%s/%d/%d", j.e.ID, r.Contact, r.Step)]; arrived {
			require.True(t, r.Slot.Contains(m.At), "in slot %s at %s", r.Slot.Start(), m.At)
			require.Equal(t, m.At.Truncate(time.Second).Unix(), m.Date.Unix())
		}
	}
}

// spread is the engagement's own limits.
func (j judged) spread(t *rapid.T) {
	hours, days := map[drip.Slot]int{}, map[drip.Date]int{}
	for _, m := range j.book {
		hours[drip.SlotAt(m.At.Truncate(time.Hour))]++
		days[drip.DateOf(m.At.In(j.b.Team.Zone))]++
	}
	for s, n := range hours {
		if j.e.PerHour > 0 && j.b.Team.Zone == time.UTC {
			require.LessOrEqual(t, n, j.e.PerHour, "at %s", s.Start())
		}
	}
	for d, n := range days {
		if j.e.PerDay > 0 {
			require.LessOrEqual(t, n, j.e.PerDay, "on %s", d)
		}
	}
}

// asPlanned is invariant 5: nothing went wrong, so what was planned is what was sent.
func (j judged) asPlanned(t *rapid.T, planned []drip.Booking) {
	type place struct {
		slot    drip.Slot
		account string
		step    int
	}
	want, got := map[place]int{}, map[place]int{}
	for _, b := range planned {
		want[place{b.Slot, b.Account, b.Step}] += b.Count
	}
	for _, r := range j.rows {
		require.Equal(t, drip.Sent, r.State)
		got[place{r.Slot, r.Account, r.Step}]++
	}
	require.Equal(t, want, got)
}
