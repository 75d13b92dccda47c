package plan_test

import (
	"errors"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the tests need no zone files on the machine

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/plan"
)

var zones = []string{
	"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC", "Pacific/Chatham", "Africa/Cairo",
}

func drawZone(t *rapid.T, label string) *time.Location {
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, label))
	require.NoError(t, err)
	return zone
}

func drawCalendar(t *rapid.T, label string) drip.Calendar {
	c := drip.DefaultCalendar()
	switch rapid.IntRange(0, 3).Draw(t, label) {
	case 0:
		c.Days, c.Hours = 1<<7-1, drip.Hours{To: 24 * 60}
	case 1:
		c.Days = drip.Weekdays(rapid.Uint8Range(1, 1<<7-1).Draw(t, label+" days"))
		c.Hours.From = rapid.IntRange(0, 12*60).Draw(t, label+" from")
		c.Hours.To = c.Hours.From + rapid.IntRange(2*60, 12*60).Draw(t, label+" length")
	case 2:
		for range 3 {
			day := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 30).Draw(t, label+" holiday"))
			c.Holidays = append(c.Holidays, drip.DateOf(day))
		}
	}
	return c
}

func drawQuotas(t *rapid.T) drip.Quotas {
	return drip.Quotas{
		PerHour: rapid.OneOf(rapid.Just(1), rapid.IntRange(1, 8)).Draw(t, "per_hour"),
		PerDay:  rapid.OneOf(rapid.Just(1), rapid.IntRange(1, 6), rapid.IntRange(6, 40)).Draw(t, "per_day"),
		MinGap:  rapid.SampledFrom([]time.Duration{0, 0, 20 * time.Second, 25 * time.Minute, time.Hour}).Draw(t, "min_gap"),
	}
}

// drawUsed books slots around from, some as a team in another zone would have.
func drawUsed(t *rapid.T, from drip.Slot, c *calendar.Calendar) map[drip.Slot]int {
	used := make(map[drip.Slot]int)
	for range rapid.IntRange(0, 12).Draw(t, "slots in use") {
		hours := rapid.IntRange(-25, 80).Draw(t, "hours from the start")
		slot := c.Next(from.Add(time.Duration(hours) * time.Hour).Start())
		if rapid.IntRange(0, 5).Draw(t, "off the grid") == 0 {
			slot = slot.Add(30 * time.Minute)
		}
		used[slot] += rapid.IntRange(1, 5).Draw(t, "in use")
	}
	return used
}

// starts are close to clock changes of the zones, to a weekend and to nothing.
var starts = []string{
	"2026-03-06T18:40:00Z", "2026-03-27T11:00:00Z", "2026-04-03T20:10:00Z", "2026-10-02T20:10:00Z",
	"2026-10-23T11:30:00Z", "2026-10-30T20:00:00Z", "2026-04-22T08:00:00Z", "2026-06-17T05:00:00Z",
}

func drawRequest(t *rapid.T) plan.Request {
	team := drip.Team{Zone: drawZone(t, "zone"), Calendar: drawCalendar(t, "team")}
	ids := []string{"ann", "bob", "cy", "dee"}[:rapid.IntRange(1, 4).Draw(t, "accounts")]
	for _, id := range ids {
		account := drip.Account{ID: id, Quotas: drawQuotas(t)}
		if rapid.IntRange(0, 3).Draw(t, "own zone") == 0 {
			account.Zone = drawZone(t, "account's zone")
		}
		if rapid.IntRange(0, 3).Draw(t, "own calendar") == 0 {
			own := drawCalendar(t, "account")
			account.Calendar = &own
		}
		team.Accounts = append(team.Accounts, account)
	}
	start, err := time.Parse(time.RFC3339, rapid.SampledFrom(starts).Draw(t, "start"))
	require.NoError(t, err)

	r := plan.Request{Calendar: calendar.New(team)}
	r.From = r.Calendar.Next(start)
	for range rapid.IntRange(1, 3).Draw(t, "steps") {
		step := drip.Step{After: rapid.IntRange(0, 2).Draw(t, "after")}
		if rapid.Bool().Draw(t, "with an hour") {
			hour := rapid.IntRange(0, 23).Draw(t, "at")
			step.At = &hour
		}
		r.Steps = append(r.Steps, step)
	}
	for _, account := range team.Accounts {
		r.Accounts = append(r.Accounts, plan.Account{ID: account.ID, Quotas: account.Quotas, Used: drawUsed(t, r.From, r.Calendar)})
	}
	for range rapid.IntRange(1, 6).Draw(t, "cohorts") {
		r.Cohorts = append(r.Cohorts, plan.Cohort{
			Account: rapid.IntRange(0, len(ids)-1).Draw(t, "account"),
			Step:    rapid.IntRange(1, len(r.Steps)).Draw(t, "step"),
			Due:     r.Calendar.Next(r.From.Add(time.Duration(rapid.IntRange(-48, 48).Draw(t, "due")) * time.Hour).Start()),
			Count:   rapid.IntRange(0, 15).Draw(t, "count"),
		})
	}
	if rapid.Bool().Draw(t, "spread") {
		r.PerHour = rapid.IntRange(0, 12).Draw(t, "engagement per hour")
		r.PerDay = rapid.IntRange(0, 25).Draw(t, "engagement per day")
		r.Own = drawUsed(t, r.From, r.Calendar)
	}
	return r
}

// mustMake plans, and skips what cannot end in ten years because an account has hardly any slot in
// them: its hours may meet the team's only in the few weeks in which one clock has changed.
func mustMake(t *rapid.T, r plan.Request) []plan.Slot {
	result, err := plan.Make(r)
	var input *drip.InputError
	if errors.As(err, &input) {
		for _, account := range r.Accounts {
			if days := daysOf(r, account.ID); days < 500 {
				t.Skipf("account %s works %d days in ten years", account.ID, days)
			}
		}
	}
	require.NoError(t, err)
	return result
}

// daysOf counts the days on which an account may use a slot.
func daysOf(r plan.Request, account string) int {
	days := 0
	end := r.From.Add(calendar.Horizon)
	for s, found := r.Calendar.NextAllowed(account, r.From); found && s < end; days++ {
		s, found = r.Calendar.NextAllowed(account, s.Add(24*time.Hour))
	}
	return days
}

func TestPlanHoldsEveryRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		require.NoError(t, check(r, mustMake(t, r)))
	})
}

func TestPlanOfTheRestIsTheRestOfThePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		result := mustMake(t, r)
		if len(result) == 0 {
			return
		}
		done := rapid.IntRange(0, len(result)).Draw(t, "slots done")
		r = rest(t, r, result[:done])
		r.Cohorts = rapid.Permutation(r.Cohorts).Draw(t, "cohorts in any order")
		again, err := plan.Make(r)
		require.NoError(t, err)
		require.Equal(t, slices.Concat([]plan.Slot{}, result[done:]), slices.Concat([]plan.Slot{}, again))
	})
}

// rest is the request for what is left when the first slots of a plan went as planned.
func rest(t *rapid.T, r plan.Request, done []plan.Slot) plan.Request {
	if len(done) == 0 {
		return r
	}
	c := &checker{Request: r, result: done}
	from := r.Calendar.After(done[len(done)-1].Slot)
	next := r
	next.From, next.Cohorts, next.Accounts = from, nil, slices.Clone(r.Accounts)
	next.Own = sum(r.Own, done, "")
	for a, account := range r.Accounts {
		next.Accounts[a].Used = sum(account.Used, done, account.ID)
		var sent []drip.Slot
		for step := 1; step <= len(r.Steps); step++ {
			var dues []drip.Slot
			for _, cohort := range r.Cohorts {
				if cohort.Account == a && cohort.Step == step {
					dues = slices.Concat(dues, slices.Repeat([]drip.Slot{cohort.Due}, cohort.Count))
				}
			}
			for _, s := range sent {
				dues = append(dues, r.Calendar.Due(account.ID, s, r.Steps[step-1]))
			}
			slices.Sort(dues)
			sent = c.slotsOf(a, step)
			for _, due := range dues[len(sent):] {
				next.Cohorts = append(next.Cohorts, plan.Cohort{Account: a, Step: step, Due: due, Count: 1})
			}
		}
	}
	return next
}

// sum adds the messages of an account, or of all, to what is counted.
func sum(counted map[drip.Slot]int, done []plan.Slot, account string) map[drip.Slot]int {
	all := map[drip.Slot]int{}
	for slot, n := range counted {
		all[slot] = n
	}
	for _, s := range done {
		for _, send := range s.Sends {
			if account == "" || send.Account == account {
				all[s.Slot] += send.Count
			}
		}
	}
	return all
}

func TestSameRequestSamePlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := drawRequest(t)
		require.Equal(t, mustMake(t, r), mustMake(t, r))
	})
}
