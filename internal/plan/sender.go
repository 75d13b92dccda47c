package plan

import (
	"slices"

	"github.com/dripline/dripline/internal/drip"
)

// sender is an account while a plan is made.
type sender struct {
	id      string
	quotas  drip.Quotas
	perSlot int
	loads   loads
	queues  []queue   // what is to be sent, one for each step
	next    drip.Slot // the next slot in which it has something to send and may

	// Of the slot being planned:
	hourRoom, room          int // what per_hour and min_gap leave room for, and what all quotas do
	dueFollowUps, dueFirsts int
	followUps, firsts       int   // how many it sends
	sent                    []int // the same by step
}

func newSender(account Account, steps int) sender {
	return sender{
		id:      account.ID,
		quotas:  account.Quotas,
		perSlot: account.Quotas.PerSlot(),
		loads:   newLoads(account.Used),
		queues:  make([]queue, steps),
		sent:    make([]int, steps),
	}
}

// reach comes to a slot: what is due, and how much of it there is room for.
func (a *sender) reach(s drip.Slot) {
	a.dueFollowUps, a.dueFirsts = 0, 0
	for k := range a.queues {
		due := a.queues[k].reach(s)
		if k == 0 {
			a.dueFirsts = due
		} else {
			a.dueFollowUps += due
		}
	}
	a.loads.reach(s)
	a.hourRoom = max(a.perSlot-a.loads.hour(s), 0)
	a.room = max(min(a.hourRoom, a.quotas.PerDay-a.loads.day(s)), 0)
}

// take takes followUps and firsts out of the queues: of the follow-ups those that were due first,
// and of these the highest step.
func (a *sender) take() {
	clear(a.sent)
	for left := a.followUps; left > 0; {
		best := 0
		for k := len(a.queues) - 1; k > 0; k-- {
			if a.queues[k].due > 0 && (best == 0 || a.queues[k].first() < a.queues[best].first()) {
				best = k
			}
		}
		n := a.queues[best].take(left)
		a.sent[best] += n
		left -= n
	}
	for left := a.firsts; left > 0; {
		n := a.queues[0].take(left)
		a.sent[0] += n
		left -= n
	}
}

// earliest is the slot from which on there is something to send; never if there is nothing.
func (a *sender) earliest() drip.Slot {
	earliest := never
	for k := range a.queues {
		if q := &a.queues[k]; len(q.cohorts) > 0 {
			earliest = min(earliest, q.first())
		}
	}
	return earliest
}

// left is how many messages are still to be sent, with all later steps.
func (a *sender) left() int {
	left := 0
	for k := range a.queues {
		for _, c := range a.queues[k].cohorts {
			left += c.count * (len(a.queues) - k)
		}
	}
	return left
}

// queue is what is to be sent of one step, in order of due.
type queue struct {
	cohorts []cohort
	ready   int // how many of the cohorts are due in the slot being planned
	due     int // how many messages these are
}

type cohort struct {
	due   drip.Slot
	count int
}

// push adds messages that are due later than the slot being planned.
func (q *queue) push(due drip.Slot, count int) {
	i := len(q.cohorts)
	for i > 0 && q.cohorts[i-1].due > due { // mostly the last
		i--
	}
	if i > 0 && q.cohorts[i-1].due == due {
		q.cohorts[i-1].count += count
		return
	}
	q.cohorts = slices.Insert(q.cohorts, i, cohort{due, count})
}

// reach comes to a slot, and says how many messages are due in it.
func (q *queue) reach(s drip.Slot) int {
	for ; q.ready < len(q.cohorts) && q.cohorts[q.ready].due <= s; q.ready++ {
		q.due += q.cohorts[q.ready].count
	}
	return q.due
}

// first is when the first was due.
func (q *queue) first() drip.Slot { return q.cohorts[0].due }

// take takes up to n of those that were due first.
func (q *queue) take(n int) int {
	n = min(n, q.cohorts[0].count)
	q.cohorts[0].count -= n
	q.due -= n
	if q.cohorts[0].count == 0 {
		q.cohorts = q.cohorts[1:]
		q.ready--
	}
	return n
}
