package plan_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/plan"
)

// large is a request over 100 accounts, in three zones, and three steps.
func large(b *testing.B, contacts int, quotas drip.Quotas) plan.Request {
	const accounts = 100
	var zones []*time.Location
	for _, name := range []string{"Europe/Paris", "Europe/Lisbon", "Europe/Helsinki"} {
		zone, err := time.LoadLocation(name)
		require.NoError(b, err)
		zones = append(zones, zone)
	}
	hour := 14
	r := plan.Request{
		From:  drip.SlotAt(time.Date(2026, 11, 23, 9, 0, 0, 0, zones[0])),
		Steps: []drip.Step{{}, {After: 3}, {After: 5, At: &hour}},
	}
	team := drip.Team{Zone: zones[0], Calendar: drip.DefaultCalendar()}
	for i := range accounts {
		id := fmt.Sprintf("account%02d", i)
		team.Accounts = append(team.Accounts, drip.Account{ID: id, Zone: zones[i%len(zones)], Quotas: quotas})
		r.Accounts = append(r.Accounts, plan.Account{ID: id, Quotas: quotas})
		r.Cohorts = append(r.Cohorts, plan.Cohort{Account: i, Step: 1, Due: r.From, Count: contacts / accounts})
	}
	r.Calendar = calendar.New(team)
	return r
}

func benchmark(b *testing.B, contacts int, quotas drip.Quotas, change func(*plan.Request)) {
	slots := 0
	b.ReportAllocs()
	for b.Loop() {
		r := large(b, contacts, quotas) // with a calendar that has decided nothing yet
		change(&r)
		result, err := plan.Make(r)
		require.NoError(b, err)
		slots = len(result)
	}
	b.ReportMetric(float64(slots), "slots")
}

// The baseline is the goal: below 1 second and 200 MB for 1,000,000 contacts over 100 accounts and 3
// steps, whether the accounts' quotas or the engagement's decide.
func BenchmarkMake(b *testing.B) {
	quotas := drip.Quotas{PerHour: drip.DefaultPerHour, PerDay: drip.DefaultPerDay}
	b.Run("asap", func(b *testing.B) { benchmark(b, 1_000_000, quotas, func(*plan.Request) {}) })
	b.Run("spread", func(b *testing.B) {
		benchmark(b, 1_000_000, quotas, func(r *plan.Request) { r.PerHour, r.PerDay = 1_003, 7_919 })
	})
}

// The baseline of twice the contacts is once the contacts, at the same number of slots: less than
// 1.2 times as long.
func BenchmarkMakeGrowsWithSlotsNotContacts(b *testing.B) {
	for _, times := range []int{1, 2} {
		b.Run(fmt.Sprintf("%dx", times), func(b *testing.B) {
			benchmark(b, times*1_000_000, drip.Quotas{PerHour: times * 50, PerDay: times * 400}, func(*plan.Request) {})
		})
	}
}
