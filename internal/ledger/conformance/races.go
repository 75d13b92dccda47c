package conformance

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

var races = []behaviour{
	{"one person is in one engagement, whoever adds them at the same moment", func(t *testing.T, b *bench) {
		const n, each = 6, 40
		handles := []*bench{b, b.another()}
		everybody := people("ann", each)
		held := make([][]drip.Held, n)
		for i := range n {
			require.NoError(t, b.Create(b.ctx, engagement(fmt.Sprint(i), 1), Monday))
		}
		together(n, func(i int) {
			for _, c := range everybody { // one by one, so that they interleave
				h, err := handles[i%2].AddContacts(b.ctx, fmt.Sprint(i), []drip.Contact{c}, Monday)
				if err != nil {
					t.Error(err)
				}
				held[i] = append(held[i], h...)
			}
		})
		got := map[string]int{}
		for i := range n {
			b.schedule(fmt.Sprint(i))
			rows := b.rows(fmt.Sprint(i))
			require.Len(t, held[i], each-len(rows))
			for _, r := range rows {
				got[r.Email]++
			}
		}
		require.Len(t, got, each)
		for who, times := range got {
			require.Equal(t, 1, times, who)
		}
	}},
	{"plans made at the same moment never book the same capacity", func(t *testing.T, b *bench) {
		const n, perSlot, slots = 12, 5, 30
		handles := []*bench{b, b.another()}
		for i := range n {
			all := make([]drip.Contact, 10)
			for j := range all {
				all[j] = drip.Contact{Row: j + 2, Email: fmt.Sprintf("%d-%d@example.test", i, j), Account: "ann"}
			}
			b.load(fmt.Sprint(i), 1, all...)
		}
		fill := func(basis ledger.Basis) ([]drip.Booking, error) {
			var all []drip.Booking
			left := basis.Cohorts[0].Count
			for s := 0; s < slots && left > 0; s++ {
				if free := min(perSlot-basis.Used["ann"][Slot(s)], left); free > 0 {
					all = append(all, book(s, "ann", 1, free))
					left -= free
				}
			}
			return all, nil
		}
		together(n, func(i int) {
			for _, in := range []drip.State{drip.StateLoading, drip.StateScheduled, drip.StateScheduled} {
				if err := handles[i%2].Plan(b.ctx, ledger.PlanRequest{ID: fmt.Sprint(i), From: Slot(0), Now: Monday,
					Require: []drip.State{in}, To: drip.StateScheduled}, fill); err != nil {
					t.Error(err)
				}
			}
		})
		used, err := b.Usage(b.ctx, []string{"ann"}, 0)
		require.NoError(t, err)
		total := 0
		for slot, count := range used["ann"] {
			require.LessOrEqual(t, count, perSlot, slot)
			total += count
		}
		require.Equal(t, 10*n, total)
	}},
	{"senders of one account never exceed its quota, nor have two in hand", func(t *testing.T, b *bench) {
		const n, quota = 8, 20
		handles := []*bench{b, b.another()}
		for i := range n {
			all := make([]drip.Contact, quota)
			for j := range all {
				all[j] = drip.Contact{Row: j + 2, Email: fmt.Sprintf("%d-%d@example.test", i, j), Account: "ann"}
			}
			b.load(fmt.Sprint(i), 1, all...)
			b.schedule(fmt.Sprint(i), book(0, "ann", 1, quota))
		}
		var mu sync.Mutex
		inHand, sent := 0, 0
		together(n, func(i int) {
			a := handles[i%2].take(fmt.Sprint(i), "ann", 0, "t")
			a.quotas = drip.Quotas{PerHour: quota, PerDay: quota}
			for {
				r, err := a.next(nil, true, In(0, 0))
				if err != nil {
					t.Error(err)
				}
				if r.Why == "in_hand" {
					continue
				}
				if r.Kind != ledger.NextClaimed {
					return
				}
				mu.Lock()
				inHand++
				if sent++; inHand != 1 {
					t.Errorf("%d messages in hand", inHand)
				}
				inHand--
				mu.Unlock()
				a.settle(r.Message, drip.Delivered, In(0, 0))
			}
		})
		require.Equal(t, quota, sent)
	}},
	{"attempts that fence each other send no message twice", func(t *testing.T, b *bench) {
		const n, messages = 6, 60
		handles := []*bench{b, b.another()}
		b.load("a", 1, people("ann", messages)...)
		b.schedule("a", book(0, "ann", 1, messages))
		claims := make(chan int, 10*messages)
		together(n, func(i int) {
			h := handles[i%2]
			for round := 0; ; round++ {
				a := h.take("a", "ann", 0, fmt.Sprintf("%d-%d", i, round))
				for k := 0; k < 5; k++ {
					r, err := a.next(nil, true, In(0, 0))
					if err != nil {
						break // fenced
					}
					if r.Kind != ledger.NextClaimed {
						return
					}
					claims <- r.Message.Contact
					if _, err = a.next(settlement(r.Message, drip.Delivered, In(0, 0)), false, In(0, 0)); err != nil {
						break
					}
				}
			}
		})
		close(claims)
		seen := map[int]bool{}
		for c := range claims {
			require.False(t, seen[c], "contact %d was claimed twice", c)
			seen[c] = true
		}
		require.Len(t, seen, messages)
		sum := b.totals("a")
		require.Equal(t, messages, sum.Sent+sum.Unknown)
	}},
	{"who gives up before it is their turn has changed nothing", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		ctx, cancel := context.WithCancel(b.ctx)
		cancel()
		planning, finish := make(chan struct{}), make(chan struct{})
		done := make(chan error)
		go func() {
			done <- b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(0), Now: Monday, Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled},
				func(ledger.Basis) ([]drip.Booking, error) { close(planning); <-finish; return nil, nil })
		}()
		<-planning
		require.ErrorIs(t, b.End(ctx, "a", drip.StateCancelled, "", Monday), context.Canceled)
		close(finish)
		require.NoError(t, <-done)
		require.Equal(t, drip.StateScheduled, b.state("a"))
	}},
	{"who gives up while it is their turn hears the truth", func(t *testing.T, b *bench) {
		b.load("a", 1, people("ann", 1)...)
		ctx, cancel := context.WithCancel(b.ctx)
		require.NoError(t, b.Plan(ctx, ledger.PlanRequest{ID: "a", From: Slot(0), Now: Monday, Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled},
			func(ledger.Basis) ([]drip.Booking, error) { cancel(); return nil, nil }))
		require.Equal(t, drip.StateScheduled, b.state("a"))
	}},
	{"a failing call harms no other that waits beside it", func(t *testing.T, b *bench) {
		const n = 40
		b.load("a", 1, people("ann", 1)...)
		b.schedule("a", book(0, "ann", 1, 1))
		together(2*n, func(i int) {
			if i%2 == 0 { // fails after it has written
				err := b.Plan(b.ctx, ledger.PlanRequest{ID: "a", From: Slot(0), Now: Monday, Require: []drip.State{drip.StateScheduled}, To: drip.StateRunning},
					booking(book(0, "ann", 1, 1), book(0, "nobody", 1, 1)))
				if err == nil {
					t.Error("planned")
				}
				return
			}
			if err := b.Create(b.ctx, engagement(fmt.Sprint(i), 1), Monday.Add(time.Duration(i))); err != nil {
				t.Error(err)
			}
		})
		ids, err := b.Purge(b.ctx, Monday.Add(time.Hour))
		require.NoError(t, err)
		require.Len(t, ids, n)
		require.Equal(t, 1, b.booked("a"))
	}},
}

// together runs work n times at once and waits for all.
func together(n int, work func(i int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { work(i) })
	}
	all.Wait()
}
