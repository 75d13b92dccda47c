package activities

import (
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// pacer says when an account's next message of a slot leaves: one at random in each n-th part of what
// is left of the hour, so that it looks human and a message's distance to its counterpart of the day
// before stays near 24 hours. What could not leave in its place, because the account had to wait, is
// never caught up with: the messages that are left get new places in the time that is left.
type pacer struct {
	random *rand.Rand // nil: everything leaves at once
	until  time.Time  // when claims end
	places []time.Time
	stale  bool
}

func (b *batch) newPacer() *pacer {
	p := &pacer{until: b.until()}
	if b.taken.Engagement.Pace != drip.PaceBurst {
		name := fnv.New64a()
		name.Write([]byte(b.in.Account))
		p.random = rand.New(rand.NewPCG(b.taken.Engagement.Seed^uint64(b.in.Slot), name.Sum64()))
		p.spread(b.clock.Now(), b.taken.Remaining)
	}
	return p
}

// next is when the next message may leave; the zero time is now.
func (p *pacer) next(now time.Time) time.Time {
	if p.stale {
		p.stale = false
		p.spread(now, len(p.places))
	}
	if len(p.places) == 0 {
		return time.Time{}
	}
	return p.places[0]
}

// left is called when a message left.
func (p *pacer) left() {
	if len(p.places) > 0 {
		p.places = p.places[1:]
	}
}

// back is called when a message came back, not sent.
func (p *pacer) back(now time.Time) {
	if p.random != nil {
		p.spread(now, len(p.places)+1)
	}
}

// waited is called when something else than the pace kept messages from leaving. One that is late
// may leave now; if more are, they would leave in a burst.
func (p *pacer) waited(now time.Time) { p.stale = len(p.places) > 1 && !p.places[1].After(now) }

// spread gives n messages their places.
func (p *pacer) spread(now time.Time, n int) {
	left := max(p.until.Sub(now), 0)
	// Where little is left of the slot, the room kept free at its end is small too.
	p.places = place(p.random, now, now.Add(left-min(placeGuard-claimGuard, left/10)), n)
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
