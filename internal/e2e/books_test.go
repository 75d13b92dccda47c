package e2e

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/catcher"
)

// nothingTwice holds the mail server's book against the most important rule.
func nothingTwice(t testing.TB, caught []catcher.Message) {
	t.Helper()
	ids, people := map[string]bool{}, map[string]bool{}
	for _, m := range caught {
		require.NotEmpty(t, m.ID)
		require.False(t, ids[m.ID], "%s was accepted twice", m.ID)
		ids[m.ID] = true
		mail := m.To + " " + m.Header.Get("Subject")
		require.False(t, people[mail], "%s was accepted twice", mail)
		people[mail] = true
	}
}

// sameBooks holds the mail server's book, the ledger's and the report's against each other. Only an
// unknown message may be in one and not in the other; how many those are, the server has to say.
func sameBooks(t testing.TB, caught []catcher.Message, rows []row, sums totals) (unknownButAccepted int) {
	t.Helper()
	accepted := map[string]bool{}
	for _, m := range caught {
		accepted[m.To+" "+stepOf(m)] = true
	}
	var counted totals
	for _, r := range rows {
		key := r.Email + " " + string(rune('0'+r.Step))
		switch r.State {
		case "sent":
			counted.Sent++
			require.True(t, accepted[key], "the ledger says that %s was sent, and the mail server does not have it", key)
		case "unknown":
			counted.Unknown++
			if accepted[key] {
				unknownButAccepted++
			}
		case "planned", "failed", "skipped":
			require.False(t, accepted[key], "the ledger says %s of %s, which the mail server accepted", r.State, key)
			switch r.State {
			case "planned":
				counted.Planned++
			case "failed":
				counted.Failed++
			default:
				counted.Skipped++
			}
		default:
			t.Fatalf("%s is in state %q", key, r.State)
		}
	}
	require.Equal(t, sums, counted, "the report and the ledger's rows")
	require.Equal(t, len(caught), counted.Sent+unknownButAccepted, "the mail server's book and the ledger's")
	return unknownButAccepted
}

// stepOf is the step that a message's id names last.
func stepOf(m catcher.Message) string { return m.ID[strings.LastIndexByte(m.ID, '/')+1:] }

// byArrival and byDate are the times of messages, in order.
func byArrival(caught []catcher.Message) []time.Time {
	return times(caught, func(m catcher.Message) time.Time { return m.At })
}

func byDate(caught []catcher.Message) []time.Time {
	return times(caught, func(m catcher.Message) time.Time { return m.Date })
}

func times(caught []catcher.Message, of func(catcher.Message) time.Time) []time.Time {
	all := make([]time.Time, len(caught))
	for i, m := range caught {
		all[i] = of(m)
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// mostWithin is the largest number of times in any window (t-length, t].
func mostWithin(all []time.Time, length time.Duration) int {
	most, first := 0, 0
	for i, at := range all {
		for !all[first].After(at.Add(-length)) {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// leastGap is the shortest distance between two times that follow each other.
func leastGap(all []time.Time) time.Duration {
	least := time.Duration(1<<63 - 1)
	for i := 1; i < len(all); i++ {
		least = min(least, all[i].Sub(all[i-1]))
	}
	return least
}

func TestMostWithin(t *testing.T) {
	t.Parallel()
	at := func(seconds ...int) []time.Time {
		var all []time.Time
		for _, s := range seconds {
			all = append(all, time.Unix(int64(s), 0))
		}
		return all
	}
	require.Equal(t, 0, mostWithin(nil, time.Hour))
	require.Equal(t, 2, mostWithin(at(0, 10, 20, 29), 19*time.Second), "a window is open where it begins")
	require.Equal(t, 3, mostWithin(at(0, 10, 19), 20*time.Second))
	require.Equal(t, 9*time.Second, leastGap(at(0, 10, 19)))
}
