package activities

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// places are the instants at which the slot's messages leave: one at random in each n-th part of
// what is left of the hour, so that it looks human and a message's distance to its counterpart of
// the day before stays near 24 hours. A burst has none: everything leaves at once.
func (b *batch) places() []time.Time {
	if b.taken.Engagement.Pace == drip.PaceBurst {
		return nil
	}
	name := fnv.New64a()
	name.Write([]byte(b.in.Account))
	random := rand.New(rand.NewPCG(b.taken.Engagement.Seed^uint64(b.in.Slot), name.Sum64()))
	return place(random, b.clock.Now(), b.in.Slot.End().Add(-placeGuard), b.taken.Remaining)
}

// place puts n instants at random, one into each n-th part of [from, to), in order.
func place(random *rand.Rand, from, to time.Time, n int) []time.Time {
	left := max(to.Sub(from), 0)
	places := make([]time.Time, n)
	for i := range places {
		part := (float64(i) + random.Float64()) / float64(n)
		places[i] = from.Add(time.Duration(part * float64(left)))
	}
	return places
}
