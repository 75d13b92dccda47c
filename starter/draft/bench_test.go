package draft_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime/metrics"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/ledger/sqlite"
	"github.com/dripline/dripline/starter/draft"
	"github.com/dripline/dripline/starter/example"
)

// BenchmarkPreview previews a file of a million contacts of 100 accounts, with the example's sequence
// of three steps. Its goals are 20 s an op and 1,000 peak-MB.
func BenchmarkPreview(b *testing.B) {
	const contacts, accounts = 1_000_000, 100
	dir := b.TempDir()
	write := func(name string, lines func(*bufio.Writer)) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		require.NoError(b, err)
		w := bufio.NewWriter(f)
		lines(w)
		require.NoError(b, w.Flush())
		require.NoError(b, f.Close())
		return path
	}
	team := write("team.yaml", func(w *bufio.Writer) {
		fmt.Fprintln(w, "timezone: Europe/Paris\naccounts:")
		for i := range accounts {
			fmt.Fprintf(w, "  - {id: s%d, email: s%d@acme.test, smtp: {host: 127.0.0.1, port: 1025, tls: none}}\n", i, i)
		}
	})
	csv := write("contacts.csv", func(w *bufio.Writer) {
		fmt.Fprintln(w, "email,first_name,last_name,company,city,owner")
		for i := range contacts {
			fmt.Fprintf(w, "person-%d@company-%d.example,First,Last,Company %d,Paris,s%d\n", i, i%5000, i%5000, i%accounts)
		}
	})
	_, err := example.Write(filepath.Join(dir, "example"))
	require.NoError(b, err)
	book, err := sqlite.Open(b.Context(), filepath.Join(dir, "ledger.db"))
	require.NoError(b, err)
	defer func() { require.NoError(b, book.Close()) }()

	peak := watchMemory()
	for b.Loop() {
		d, err := draft.Load(draft.Options{
			Team: team, Sequence: filepath.Join(dir, "example", example.Sequence), Contacts: csv,
			From: "owners", Start: "now", Mode: "asap", Pace: "human",
		}, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
		require.NoError(b, err)
		plan, err := d.Preview(b.Context(), book, nil)
		require.NoError(b, err)
		require.Equal(b, contacts, plan.Contacts)
	}
	b.ReportMetric(peak(), "peak-MB")
}

// watchMemory looks at all memory that the process has of the system, until the function that it
// returns is called: that tells the most, in MB.
func watchMemory() (peak func() float64) {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	var most uint64
	look := func() {
		metrics.Read(sample)
		most = max(most, sample[0].Value.Uint64()-sample[1].Value.Uint64())
	}
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			look()
			select {
			case <-ticker.C:
			case <-done:
				return
			}
		}
	})
	return func() float64 {
		close(done)
		watching.Wait()
		look()
		return float64(most) / 1e6
	}
}
