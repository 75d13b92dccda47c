package activities

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var ten = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

func TestPlacesAreOneInEachPartOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 500).Draw(t, "n")
		from := ten.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "from")))
		to := ten.Add(time.Hour)
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		part := to.Sub(from) / time.Duration(n)
		for i, p := range place(random, from, to, n) {
			begins := from.Add(time.Duration(i) * part)
			require.False(t, p.Before(begins), "place %d of %d", i, n)
			// A part is rounded down to whole nanoseconds, n of them may be n short.
			require.False(t, p.After(begins.Add(part+time.Duration(n))), "place %d of %d", i, n)
			require.False(t, p.After(to))
		}
	})
}

func newTestPacer(now time.Time, n int) *pacer {
	p := &pacer{until: ten.Add(time.Hour - claimGuard), random: rand.New(rand.NewPCG(7, 7))}
	p.spread(now, n)
	return p
}

func TestPacer(t *testing.T) {
	t.Parallel()
	t.Run("keeps every place before the end of claims, and most of them well before", func(t *testing.T) {
		t.Parallel()
		rapid.Check(t, func(t *rapid.T) {
			now := ten.Add(time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "now")))
			p := newTestPacer(now, rapid.IntRange(1, 60).Draw(t, "n"))
			left := max(p.until.Sub(now), 0)
			last := p.places[len(p.places)-1]
			require.False(t, last.After(now.Add(left-min(placeGuard-claimGuard, left/10))))
		})
	})
	t.Run("spreads what is left also over the last minute", func(t *testing.T) {
		t.Parallel()
		p := newTestPacer(ten.Add(59*time.Minute+10*time.Second), 10)
		require.Greater(t, p.places[9].Sub(p.places[0]), 30*time.Second)
	})
	t.Run("gives new places after a wait that several missed", func(t *testing.T) {
		t.Parallel()
		p := newTestPacer(ten, 60)
		p.left() // claimed, sent
		now := ten.Add(30 * time.Minute)
		p.waited(now)
		first := p.next(now)
		require.False(t, first.Before(now))
		require.Len(t, p.places, 59)
		require.Less(t, p.places[58].Sub(now), 30*time.Minute)
		for i := 1; i < 59; i++ {
			require.Greater(t, p.places[i].Sub(p.places[i-1]), time.Duration(0))
		}
	})
	t.Run("keeps the places after a wait that none but the next missed", func(t *testing.T) {
		t.Parallel()
		p := newTestPacer(ten, 6)
		second := p.places[1]
		p.waited(p.places[0].Add(time.Second))
		require.NotEqual(t, second, p.next(ten))
		require.Equal(t, second, p.places[1])
	})
	t.Run("has a place again for a message that came back", func(t *testing.T) {
		t.Parallel()
		p := newTestPacer(ten, 3)
		p.left()
		p.back(ten.Add(time.Minute))
		require.Len(t, p.places, 3)
	})
	t.Run("places nothing in a burst", func(t *testing.T) {
		t.Parallel()
		p := &pacer{until: ten.Add(time.Hour)}
		p.back(ten)
		p.waited(ten)
		p.left()
		require.Zero(t, p.next(ten))
	})
}
