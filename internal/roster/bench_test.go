package roster

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// BenchmarkScreen screens 1,000,000 contacts with 6 columns, spread over 3 accounts, with a standing
// asked for everybody. Baseline, for one pass on 2 cores: below 8 s and far below 1 GB of heap.
func BenchmarkScreen(b *testing.B) {
	const rows = 1_000_000
	path := filepath.Join(b.TempDir(), "contacts.csv")
	writeRows(b, path, rows)
	f, err := Open(path)
	require.NoError(b, err)
	opts := Options{
		From:      drip.From{Kind: drip.FromList, Accounts: []string{"ann", "bob", "cyd"}},
		Accounts:  team.Accounts,
		Standings: func(context.Context, []string) (map[string]drip.Standing, error) { return nil, nil },
		Missing:   func(values []string) (string, bool) { return "first_name", values[0] == "" },
	}
	peak := watchHeap(b)
	b.ReportAllocs()
	for b.Loop() {
		summary, err := f.Screen(context.Background(), opts, func([]drip.Contact) error { return nil })
		require.NoError(b, err)
		require.Equal(b, rows, summary.Contacts+len(summary.Held))
	}
	b.ReportMetric(float64(peak())/(1<<20), "peak-MB")
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func writeRows(b *testing.B, path string, rows int) {
	b.Helper()
	file, err := os.Create(path)
	require.NoError(b, err)
	w := bufio.NewWriterSize(file, 1<<20)
	fmt.Fprintln(w, "email,owner,first_name,last_name,company,city")
	for i := range rows {
		fmt.Fprintf(w, "contact.number%d@example%d.test,ann,First%d,\"Last, %d\",Company %d,Paris\n", i, i%5000, i, i, i%9000)
	}
	require.NoError(b, w.Flush())
	require.NoError(b, file.Close())
}

// watchHeap samples the heap in use until the returned function asks for its peak.
func watchHeap(b *testing.B) func() uint64 {
	b.Helper()
	var peak atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse))
			}
		}
	}()
	return func() uint64 {
		close(stop)
		<-stopped
		return peak.Load()
	}
}
