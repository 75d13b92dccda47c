package plan

import (
	"math/bits"
	"sort"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// share is one part of what is divided: gets, at least least and at most most.
type share struct{ least, most, gets int }

// at is what the share gets when all get the same, as far as its bounds permit.
func (s share) at(level int) int { return min(max(level, s.least), s.most) }

// divide gives total to the shares as evenly as their bounds permit: no share could get more but by
// taking from one that has no more than it, to within one. The least of all shares together is at
// most total; if their most is too, each gets its most.
//
// What is left over of an even division goes, one each, to those that come next in an order that
// turns with the slot.
func divide(shares []share, total int, s drip.Slot) {
	highest, sum := 0, 0
	for i := range shares {
		shares[i].gets = shares[i].most
		highest = max(highest, shares[i].most)
		sum += shares[i].most
	}
	if sum <= total {
		return
	}
	level := sort.Search(highest, func(level int) bool { return sumAt(shares, level+1) > total })
	left, open := total-sumAt(shares, level), sumAt(shares, level+1)-sumAt(shares, level)
	place := open - turn(s, open)
	for i := range shares {
		shares[i].gets = shares[i].at(level)
		if shares[i].at(level+1) > shares[i].gets {
			if place%open < left {
				shares[i].gets++
			}
			place++
		}
	}
}

func sumAt(shares []share, level int) int {
	sum := 0
	for _, s := range shares {
		sum += s.at(level)
	}
	return sum
}

// turn is the one of n whose turn is first in a slot. It goes round n by an irrational part every
// hour, and by another every 24 hours, so that whatever slots are used regularly (all hours of a day,
// its first, one a week) do not keep meeting the same one: everybody is first about equally often.
// It depends on nothing but the slot, so that a plan made later agrees.
func turn(s drip.Slot, n int) int {
	const anHour = 0x8F15BEEEFF7D330B // (13 + 0.41421...) / 24 of 2^64: a day goes round by the root of 2
	hour := uint64(s) / uint64(drip.SlotLength/time.Second)
	first, _ := bits.Mul64(hour*anHour, uint64(n))
	return int(first)
}
