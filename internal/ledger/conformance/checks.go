package conformance

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
)

// check holds everything the ledger tells against what the world believes.
func (w *world) check(t *rapid.T) {
	times := map[string][]time.Time{}
	handedOver := map[string]map[drip.Slot]int{}
	for _, account := range w.accounts {
		handedOver[account] = map[drip.Slot]int{}
	}
	for _, e := range w.all {
		require.Equal(t, e.state, w.b.state(e.id))
		w.checkOne(t, e, times, handedOver)
	}
	used, err := w.b.Usage(w.b.ctx, w.accounts, 0)
	require.NoError(t, err)
	for _, account := range w.accounts {
		for slot, n := range handedOver[account] {
			require.GreaterOrEqual(t, used[account][slot], n)
		}
		for slot, n := range used[account] {
			require.LessOrEqual(t, n, worldPerSlot, "slot %s is overbooked", slot.Start())
		}
		checkWindows(t, times[account])
	}
}

func (w *world) checkOne(t *rapid.T, e *believed, times map[string][]time.Time, handedOver map[string]map[drip.Slot]int) {
	rows := w.b.rows(e.id)
	require.Len(t, rows, len(e.messages))
	totals := map[string][]drip.Totals{}
	slots := map[drip.Slot]ledger.SlotSums{}
	for _, r := range rows {
		believed := e.messages[message{r.Contact, r.Step}]
		if believed == drip.Planned && r.State == drip.Skipped && w.blocked[r.Email] {
			believed = drip.Skipped // it was met by a claim
			e.messages[message{r.Contact, r.Step}] = believed
		}
		require.Equal(t, believed, r.State, "contact %d, step %d", r.Contact, r.Step)
		if totals[r.Account] == nil {
			totals[r.Account] = make([]drip.Totals, worldSteps)
		}
		totals[r.Account][r.Step-1].Count(r.State, 1)
		s := slots[r.Slot]
		switch r.State {
		case drip.Sent:
			times[r.Account] = append(times[r.Account], r.SentAt)
			s.Sent++
		case drip.Failed:
			s.Failed++
		case drip.Unknown:
			s.Unknown++
		case drip.Claimed:
		default:
			continue
		}
		slots[r.Slot] = s
		handedOver[r.Account][r.Slot]++
	}
	all, err := w.b.Totals(w.b.ctx, e.id)
	require.NoError(t, err)
	require.Len(t, all, len(totals))
	for _, a := range all {
		require.Equal(t, totals[a.Account], a.Steps, a.Account)
	}
	w.checkSlots(t, e, slots)
}

// checkSlots holds the sums of slots against the messages, and the bookings against both.
func (w *world) checkSlots(t *rapid.T, e *believed, want map[drip.Slot]ledger.SlotSums) {
	sums, err := w.b.Slots(w.b.ctx, e.id)
	require.NoError(t, err)
	told := map[drip.Slot]ledger.SlotSums{}
	for _, s := range sums {
		require.GreaterOrEqual(t, s.Planned, s.Sent+s.Failed+s.Unknown, "more than was planned")
		told[s.Slot] = s
	}
	for slot, s := range want {
		s.Slot, s.Planned = slot, told[slot].Planned
		require.Equal(t, s, told[slot])
	}
	bookings, _, err := w.b.Bookings(w.b.ctx, e.id, 0, 0)
	require.NoError(t, err)
	if !sends(e) {
		require.Empty(t, bookings)
	}
	for _, b := range bookings {
		require.LessOrEqual(t, b.Count, told[b.Slot].Planned)
	}
}

// checkWindows counts, in the plainest way, what lies in every window that ends with a message.
func checkWindows(t *rapid.T, times []time.Time) {
	slices.SortFunc(times, time.Time.Compare)
	for i, end := range times {
		hour, day := 0, 0
		for _, at := range times[:i+1] {
			if end.Sub(at) < time.Hour {
				hour++
			}
			if end.Sub(at) < 24*time.Hour {
				day++
			}
		}
		require.LessOrEqual(t, hour, worldQuotas.PerHour, "in the hour before %s", end)
		require.LessOrEqual(t, day, worldQuotas.PerDay, "in the day before %s", end)
		if i > 0 {
			require.GreaterOrEqual(t, end.Sub(times[i-1]), worldQuotas.MinGap)
		}
	}
}
