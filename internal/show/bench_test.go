package show

import (
	"io"
	"testing"

	"github.com/dripline/dripline/internal/drip"
)

// BenchmarkMessages is a row of `report --contacts`. Baseline: 20 microseconds.
func BenchmarkMessages(b *testing.B) {
	row := messageRowsOf(b)[0]
	left := b.N
	Messages(io.Discard, func() (drip.MessageRow, bool) { left--; return row, left >= 0 }, Style{})
}

// BenchmarkPlan is a plan of 30 weeks. Baseline: 5 milliseconds.
func BenchmarkPlan(b *testing.B) {
	p := longPlanOf(b, 30)
	for b.Loop() {
		Plan(io.Discard, p, Style{Width: 80, Color: true})
	}
}

// BenchmarkProgress is one Set of a million. Baseline: 30 nanoseconds, and no garbage.
func BenchmarkProgress(b *testing.B) {
	p := NewProgress(io.Discard, "Reading contacts.csv", 1_000_000, Style{Width: 80})
	b.ReportAllocs()
	for n := range b.N {
		p.Set(int64(n % 1_000_000))
	}
}

// BenchmarkJSONHeld is a list of 100,000 held. Baseline: 50 milliseconds.
func BenchmarkJSONHeld(b *testing.B) {
	p := drip.Plan{Held: manyHeld(100_000)}
	for b.Loop() {
		if err := JSON(io.Discard, p); err != nil {
			b.Fatal(err)
		}
	}
}
