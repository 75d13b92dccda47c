package plan

import (
	"cmp"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Windows of the account quotas.
const (
	hourWindow = drip.Slot(time.Hour / time.Second)
	dayWindow  = 24 * hourWindow
)

// load is a number of messages in a slot.
type load struct {
	slot  drip.Slot
	count int
}

// loads are what an account has in its slots, over all engagements, in order of time and seen from
// the slot being planned.
type loads struct {
	past   []load // of the 24 hours that end with the slot
	sum    int    // of past
	coming []load // after the slot
}

func newLoads(used map[drip.Slot]int) loads {
	coming := make([]load, 0, len(used))
	for slot, count := range used {
		coming = append(coming, load{slot, count})
	}
	slices.SortFunc(coming, func(a, b load) int { return cmp.Compare(a.slot, b.slot) })
	return loads{coming: coming}
}

// reach comes to a slot.
func (l *loads) reach(s drip.Slot) {
	for len(l.coming) > 0 && l.coming[0].slot <= s {
		l.add(l.coming[0].slot, l.coming[0].count)
		l.coming = l.coming[1:]
	}
	for len(l.past) > 0 && l.past[0].slot <= s-dayWindow {
		l.sum -= l.past[0].count
		l.past = l.past[1:]
	}
}

// add puts messages into the slot being planned.
func (l *loads) add(s drip.Slot, count int) {
	if count > 0 {
		l.past = append(l.past, load{s, count})
		l.sum += count
	}
}

// hour is how many messages there are in slots that share time with the slot being planned. There
// are others than itself only if they were booked when the team had another zone.
func (l *loads) hour(s drip.Slot) int {
	sum := 0
	for i := len(l.past) - 1; i >= 0 && l.past[i].slot > s-hourWindow; i-- {
		sum += l.past[i].count
	}
	for i := 0; i < len(l.coming) && l.coming[i].slot < s+hourWindow; i++ {
		sum += l.coming[i].count
	}
	return sum
}

// day is how many messages there are in the fullest 24 hours that the slot being planned lies in:
// those that end with it, or with one of the slots of the day after it.
func (l *loads) day(s drip.Slot) int {
	most, sum, first := l.sum, l.sum, 0
	for i := 0; i < len(l.coming) && l.coming[i].slot < s+dayWindow; i++ {
		sum += l.coming[i].count
		for ; first < len(l.past) && l.past[first].slot <= l.coming[i].slot-dayWindow; first++ {
			sum -= l.past[first].count
		}
		most = max(most, sum)
	}
	return most
}
