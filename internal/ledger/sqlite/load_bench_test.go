package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// BenchmarkLifeOfMany is an engagement of contacts by the ten thousand, one contact an op: -benchtime
// 1000000x is a million. Reported are the steps that have to be quick at any size.
func BenchmarkLifeOfMany(b *testing.B) {
	const batch, accounts, steps = 5000, 100, 3
	s := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	ctx := b.Context()
	slot := drip.SlotAt(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	e := drip.Engagement{ID: "many", Start: slot, Sequence: drip.Sequence{Name: "Many", Steps: make([]drip.Step, steps)}}
	require.NoError(b, s.Create(ctx, e, slot.Start()))
	order := rand.New(rand.NewPCG(1, 2)).Perm(b.N)
	contact := func(i int) drip.Contact {
		return drip.Contact{Row: i + 2, Email: fmt.Sprintf("%06d.last@company.example.test", order[i]), Account: fmt.Sprint("account-", i%accounts),
			Values: []string{"First", "Last", "Company and Sons", "Paris"}}
	}
	timed := func(unit string, work func()) {
		begin := time.Now()
		work()
		b.ReportMetric(float64(time.Since(begin).Milliseconds()), unit)
	}
	b.ResetTimer()
	var slowest time.Duration
	timed("add-ms", func() {
		for from := 0; from < b.N; from += batch {
			var contacts []drip.Contact
			for i := from; i < min(from+batch, b.N); i++ {
				contacts = append(contacts, contact(i))
			}
			begin := time.Now()
			held, err := s.AddContacts(ctx, "many", contacts, slot.Start())
			slowest = max(slowest, time.Since(begin))
			require.NoError(b, err)
			require.Empty(b, held)
		}
	})
	b.ReportMetric(float64(slowest.Milliseconds()), "slowest-batch-ms")
	timed("standings-ms", func() {
		all := make([]string, b.N)
		for i := range all {
			all[i] = drip.Person(contact(i).Email)
		}
		known, err := s.Standings(ctx, all)
		require.NoError(b, err)
		require.Len(b, known, b.N)
	})
	timed("plan-ms", func() {
		require.NoError(b, s.Plan(ctx, ledger.PlanRequest{ID: "many", From: slot, Now: slot.Start(), Require: []drip.State{drip.StateLoading},
			To: drip.StateScheduled}, func(basis ledger.Basis) (all []drip.Booking, _ error) {
			for _, c := range basis.Cohorts {
				for step := 1; step <= steps; step++ {
					for left, at := c.Count, slot.Add(time.Duration(step)*72*time.Hour); left > 0; at = at.Add(time.Hour) {
						all = append(all, drip.Booking{Slot: at, Account: c.Account, Step: step, Count: min(left, 50)})
						left -= 50
					}
				}
			}
			return all, nil
		}))
	})
	timed("messages-ms", func() {
		n := 0
		require.NoError(b, s.Messages(ctx, "many", func(ledger.Row) error { n++; return nil }))
		require.Equal(b, steps*b.N, n)
	})
	timed("totals-ms", func() {
		all, err := s.Totals(ctx, "many")
		require.NoError(b, err)
		require.Len(b, all, min(accounts, b.N))
	})
	timed("end-ms", func() { require.NoError(b, s.End(ctx, "many", drip.StateCancelled, "", slot.Start())) })
}
