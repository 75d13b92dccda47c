// Package conformance holds the cases that every store of the ledger must pass: the sentences of
// package ledger's contract, one by one, and what must hold whatever is called in whatever order.
package conformance

import (
	"slices"
	"testing"

	"github.com/dripline/dripline/internal/ledger"
)

// behaviour is one case: a name that says what the ledger does, and the proof.
type behaviour struct {
	name  string
	proof func(t *testing.T, b *bench)
}

// Run runs every case against a store. open opens a new, empty ledger for a test; called again with the
// same test it opens that one again, as another process would. What it opens it closes when the test ends.
func Run(t *testing.T, open func(t *testing.T) ledger.Ledger) {
	t.Helper()
	for _, group := range []struct {
		name  string
		cases []behaviour
	}{
		{"engaging", engaging},
		{"standings", standings},
		{"planning", slices.Concat(planning, usage)},
		{"ending", ending},
		{"claiming", claiming},
		{"settling", settling},
		{"quotas", quotas},
		{"leases", leases},
		{"reading", slices.Concat(reading, projecting)},
		{"blocklist", blocklist},
		{"races", races},
		{"anything", anything},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					var another func() *bench
					another = func() *bench {
						return &bench{Ledger: open(t), t: t, ctx: t.Context(), another: another}
					}
					c.proof(t, another())
				})
			}
		})
	}
}
