package plan_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/plan"
)

// setup is a request of one step for accounts with these quotas, Paris, Monday at 09:00; every
// account has so many contacts.
func setup(t *testing.T, quotas drip.Quotas, contacts ...int) plan.Request {
	zone, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	r := plan.Request{
		From:  drip.SlotAt(time.Date(2026, 11, 23, 9, 0, 0, 0, zone)),
		Steps: []drip.Step{{}},
	}
	team := drip.Team{Zone: zone, Calendar: drip.DefaultCalendar()}
	for i, count := range contacts {
		id := string(rune('a' + i))
		team.Accounts = append(team.Accounts, drip.Account{ID: id, Quotas: quotas})
		r.Accounts = append(r.Accounts, plan.Account{ID: id, Quotas: quotas})
		r.Cohorts = append(r.Cohorts, plan.Cohort{Account: i, Step: 1, Due: r.From, Count: count})
	}
	r.Calendar = calendar.New(team)
	return r
}

// row is a slot of a plan as a test writes it.
type row struct {
	at    string
	total int
	limit drip.Limit
}

func rows(r plan.Request, result []plan.Slot) []row {
	var rows []row
	for _, s := range result {
		rows = append(rows, row{s.Slot.Start().In(r.Calendar.Zone()).Format("Mon 15:04"), s.Total, s.Limit})
	}
	return rows
}

func requirePlan(t *testing.T, r plan.Request, want []row) []plan.Slot {
	result, err := plan.Make(r)
	require.NoError(t, err)
	require.NoError(t, check(r, result))
	require.Equal(t, want, rows(r, result))
	return result
}

func TestThe150ContactsOfTheDesign(t *testing.T) {
	t.Parallel()
	want := []row{
		{"Mon 09:00", 50, drip.LimitSequencePerHour},
		{"Mon 10:00", 50, drip.LimitSequencePerHour},
		{"Tue 09:00", 50, drip.LimitContacts},
	}
	t.Run("by one account", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 60, PerDay: 400}, 150)
		r.PerDay, r.PerHour = 100, 50
		requirePlan(t, r, want)
	})
	t.Run("by three accounts, as evenly as 50 permits", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 60, PerDay: 400}, 50, 50, 50)
		r.PerDay, r.PerHour = 100, 50
		for _, s := range requirePlan(t, r, want)[:2] {
			require.Len(t, s.Sends, 3)
			for _, send := range s.Sends {
				require.InDelta(t, 16.5, send.Count, 0.5) // the third slot takes what is left of each
			}
		}
	})
	t.Run("the account's own quota wins where it is smaller", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 30, PerDay: 80}, 150)
		r.PerDay, r.PerHour = 100, 50
		requirePlan(t, r, []row{
			{"Mon 09:00", 30, drip.LimitAccountPerHour},
			{"Mon 10:00", 30, drip.LimitAccountPerHour},
			{"Mon 11:00", 20, drip.LimitAccountPerDay},
			{"Tue 09:00", 30, drip.LimitAccountPerHour},
			{"Tue 10:00", 30, drip.LimitAccountPerHour},
			{"Tue 11:00", 10, drip.LimitContacts},
		})
	})
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name     string
		quotas   drip.Quotas
		contacts int
		want     []row
	}{
		{"of 1 an hour", drip.Quotas{PerHour: 1, PerDay: 400}, 2,
			[]row{{"Mon 09:00", 1, drip.LimitAccountPerHour}, {"Mon 10:00", 1, drip.LimitContacts}}},
		{"of 1 a day", drip.Quotas{PerHour: 50, PerDay: 1}, 2,
			[]row{{"Mon 09:00", 1, drip.LimitAccountPerDay}, {"Tue 09:00", 1, drip.LimitContacts}}},
		{"per_day smaller than per_hour", drip.Quotas{PerHour: 50, PerDay: 20}, 30,
			[]row{{"Mon 09:00", 20, drip.LimitAccountPerDay}, {"Tue 09:00", 10, drip.LimitContacts}}},
		{"min_gap leaves room for fewer than per_hour", drip.Quotas{PerHour: 50, PerDay: 400, MinGap: 25 * time.Minute}, 3,
			[]row{{"Mon 09:00", 2, drip.LimitAccountPerHour}, {"Mon 10:00", 1, drip.LimitContacts}}},
		{"of exactly what is to be sent", drip.Quotas{PerHour: 50, PerDay: 50}, 50, []row{{"Mon 09:00", 50, drip.LimitContacts}}},
		{"with nobody to write to", drip.Quotas{PerHour: 50, PerDay: 50}, 0, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			requirePlan(t, setup(t, tc.quotas, tc.contacts), tc.want)
		})
	}
}

func TestWhatIsBookedCounts(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 50, PerDay: 100}, 40)
		r.Accounts[0].Used = map[drip.Slot]int{r.From.Add(-22 * time.Hour): 80, r.From.Add(-24 * time.Hour): 99, r.From: 10}
		requirePlan(t, r, []row{
			{"Mon 09:00", 10, drip.LimitAccountPerDay}, {"Mon 11:00", 30, drip.LimitContacts},
		})
	})
	t.Run("after: a day that begins now must not get too full later", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 50, PerDay: 60}, 40)
		r.Accounts[0].Used = map[drip.Slot]int{r.From.Add(23 * time.Hour): 50}
		requirePlan(t, r, []row{
			{"Mon 09:00", 10, drip.LimitAccountPerDay}, {"Tue 09:00", 10, drip.LimitAccountPerDay},
			{"Wed 09:00", 20, drip.LimitContacts},
		})
	})
	t.Run("in a slot that overlaps by half an hour", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 10, PerDay: 60}, 10)
		r.Accounts[0].Used = map[drip.Slot]int{r.From.Add(30 * time.Minute): 4}
		requirePlan(t, r, []row{{"Mon 09:00", 6, drip.LimitAccountPerHour}, {"Mon 10:00", 4, drip.LimitContacts}})
	})
	t.Run("full for days", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 50, PerDay: 50}, 5)
		r.Accounts[0].Used = map[drip.Slot]int{}
		for day := range 4 {
			r.Accounts[0].Used[r.From.Add(time.Duration(24*day)*time.Hour)] = 50
		}
		requirePlan(t, r, []row{{"Fri 09:00", 5, drip.LimitContacts}})
	})
	t.Run("by the engagement itself, against its limits", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 50, PerDay: 400}, 30)
		r.PerHour, r.PerDay = 20, 30
		r.Own = map[drip.Slot]int{r.From.Add(-time.Hour): 5, r.From: 8, r.From.Add(-12 * time.Hour): 30}
		requirePlan(t, r, []row{
			{"Mon 09:00", 12, drip.LimitSequencePerHour}, {"Mon 10:00", 5, drip.LimitSequencePerDay},
			{"Tue 09:00", 13, drip.LimitContacts},
		})
	})
}

func TestSteps(t *testing.T) {
	t.Parallel()
	t.Run("follow-ups leave after working days, before first messages", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 10, PerDay: 10}, 25)
		r.Steps = append(r.Steps, drip.Step{After: 2})
		result := requirePlan(t, r, []row{
			{"Mon 09:00", 10, drip.LimitAccountPerHour},
			{"Tue 09:00", 10, drip.LimitAccountPerHour},
			{"Wed 09:00", 10, drip.LimitAccountPerHour},
			{"Thu 09:00", 10, drip.LimitAccountPerHour},
			{"Fri 09:00", 5, drip.LimitContacts},
			{"Tue 09:00", 5, drip.LimitContacts},
		})
		require.Equal(t, []drip.Send{{Account: "a", Step: 2, Count: 10}}, result[2].Sends)
	})
	t.Run("at an hour of the day", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 10, PerDay: 100}, 5)
		hour := 14
		r.Steps = append(r.Steps, drip.Step{After: 1, At: &hour}, drip.Step{After: 3})
		requirePlan(t, r, []row{
			{"Mon 09:00", 5, drip.LimitContacts}, {"Tue 14:00", 5, drip.LimitContacts}, {"Fri 14:00", 5, drip.LimitContacts},
		})
	})
	t.Run("follow-ups take the allowance of all accounts first", func(t *testing.T) {
		t.Parallel()
		r := setup(t, drip.Quotas{PerHour: 10, PerDay: 100}, 10, 0, 10)
		r.Steps = append(r.Steps, drip.Step{After: 1})
		r.PerHour = 8
		r.Cohorts = append(r.Cohorts, plan.Cohort{Account: 1, Step: 2, Due: r.From, Count: 6})
		result, err := plan.Make(r)
		require.NoError(t, err)
		require.NoError(t, check(r, result))
		require.Equal(t, []drip.Send{
			{Account: "a", Step: 1, Count: 1}, {Account: "b", Step: 2, Count: 6}, {Account: "c", Step: 1, Count: 1},
		}, result[0].Sends)
	})
}

func TestNobodyIsFavoured(t *testing.T) {
	t.Parallel()
	const rounds = 40
	for _, accounts := range []int{2, 3, 4, 5, 7, 24} {
		for name, perDay := range map[string]int{"in every slot of the day": 0, "in one slot a day": 1} {
			t.Run(fmt.Sprintf("%d accounts, %s", accounts, name), func(t *testing.T) {
				t.Parallel()
				r := setup(t, drip.Quotas{PerHour: 50, PerDay: 400}, slices.Repeat([]int{2 * rounds}, accounts)...)
				r.PerHour, r.PerDay = 1, perDay
				result, err := plan.Make(r)
				require.NoError(t, err)
				got := make(map[string]int)
				for _, s := range result[:rounds*accounts] {
					got[s.Sends[0].Account]++
				}
				require.Len(t, got, accounts)
				for account, n := range got {
					require.InDelta(t, rounds, n, rounds/5, account)
				}
			})
		}
	}
}

func TestPlanThatCannotEnd(t *testing.T) {
	t.Parallel()
	plenty := drip.Quotas{PerHour: 50, PerDay: 400}
	for _, tc := range []struct {
		name, file, problem, fix string
		change                   func(*plan.Request)
	}{
		{"nothing an hour", "", "account b may send nothing: its per_hour is 0", "raise per_hour of account b",
			func(r *plan.Request) { r.Accounts[1].Quotas.PerHour = 0 }},
		{"nothing a day", "", "account b may send nothing: its per_day is 0", "raise per_day of account b",
			func(r *plan.Request) { r.Accounts[1].Quotas.PerDay = 0 }},
		{"a gap longer than a slot", "", "account b may send nothing: its min_gap of 1h1m0s", "min_gap of at most one hour",
			func(r *plan.Request) { r.Accounts[1].Quotas.MinGap = 61 * time.Minute }},
		{"an account without a slot", "", "account b has no hour", "widen days and hours of account b",
			func(r *plan.Request) {
				r.Calendar = calendar.New(drip.Team{
					Zone: r.Calendar.Zone(), Calendar: drip.DefaultCalendar(),
					Accounts: []drip.Account{{ID: "b", Calendar: &drip.Calendar{}}},
				})
			}},
		{"an engagement limit that is too small", "--per-day", "with 1 the engagement does not end within ten years", "raise it",
			func(r *plan.Request) { r.PerDay = 1 }},
		{"another that is too small", "--per-hour", "with 1 the engagement does not end within ten years", "raise it",
			func(r *plan.Request) { r.PerHour, r.Cohorts[0].Count = 1, 30000 }},
		{"too much for an account", "", "account b cannot send all within ten years: 7390 messages are left over", "raise per_hour and per_day of account b",
			func(r *plan.Request) { r.Accounts[1].Quotas.PerDay, r.Cohorts[1].Count = 1, 10000 }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, plenty, 2000, 2000)
			tc.change(&r)
			_, err := plan.Make(r)
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, tc.file, input.File)
			require.Contains(t, input.Problem, tc.problem)
			require.Contains(t, input.Fix, tc.fix)
		})
	}
	t.Run("an account without work may be as it likes", func(t *testing.T) {
		t.Parallel()
		r := setup(t, plenty, 10, 0)
		r.Accounts[1].Quotas = drip.Quotas{}
		requirePlan(t, r, []row{{"Mon 09:00", 10, drip.LimitContacts}})
	})
	t.Run("a cohort of nobody known", func(t *testing.T) {
		t.Parallel()
		r := setup(t, plenty, 10)
		r.Cohorts[0].Account = 1
		_, err := plan.Make(r)
		require.ErrorContains(t, err, "cohort of account 1")
	})
}
