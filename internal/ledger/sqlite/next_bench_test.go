package sqlite_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
)

const benchAccounts = 20

// BenchmarkNext is 20 accounts of which each settles a message and claims its next, against a file
// with full sync. cpu-µs/op is the processor time of the whole process for one message.
func BenchmarkNext(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "ledger.db"))
	slot := drip.SlotAt(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	perAccount := b.N/benchAccounts + 1
	fill(b, s, slot, perAccount)
	_, err := s.Block(b.Context(), []string{"blocked.test"}, slot.Start())
	require.NoError(b, err)

	measure(b, func(account int) {
		lease := ledger.Lease{Engagement: "bench", Account: fmt.Sprint("account-", account), Slot: slot, Token: "t"}
		_, err := s.Take(b.Context(), lease, slot.Start())
		require.NoError(b, err)
		req := ledger.NextRequest{Lease: lease, Claim: true, Quotas: drip.Quotas{PerHour: 1 << 30, PerDay: 1 << 30}, Until: slot.End()}
		for i := 0; ; i++ {
			req.Now = slot.Start().Add(time.Duration(i) * time.Microsecond)
			res, err := s.Next(b.Context(), req)
			require.NoError(b, err)
			if res.Kind != ledger.NextClaimed {
				require.Equal(b, perAccount, i)
				return
			}
			req.Settle = &ledger.Settlement{
				Contact: res.Message.Contact, Step: res.Message.Step, NextDue: slot.Add(72 * time.Hour),
				MessageID: "<0123456789abcdef.0123456789abcdef@mail.acme.test>",
				Outcome:   drip.Outcome{Verdict: drip.Delivered, At: req.Now, Answer: "250 2.0.0 Ok: queued as 4WXYZ1234567"},
			}
		}
	})
}

// BenchmarkNextBaseline is the least that a durable answer can cost: 20 callers, one writer that
// commits what waits together, one update of one row a message, the same file and sync.
func BenchmarkNextBaseline(b *testing.B) {
	path := filepath.Join(b.TempDir(), "baseline.db")
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	require.NoError(b, err)
	defer db.Close()
	conn, err := db.Conn(b.Context())
	require.NoError(b, err)
	defer conn.Close()
	_, err = conn.ExecContext(b.Context(), "CREATE TABLE counts (account INTEGER PRIMARY KEY, n INTEGER NOT NULL)")
	require.NoError(b, err)
	for i := range benchAccounts {
		_, err = conn.ExecContext(b.Context(), "INSERT INTO counts VALUES (?, 0)", i)
		require.NoError(b, err)
	}
	prepare := func(query string) *sql.Stmt {
		s, err := conn.PrepareContext(b.Context(), query)
		require.NoError(b, err)
		return s
	}
	begin, commit := prepare("BEGIN IMMEDIATE"), prepare("COMMIT")
	update := prepare("UPDATE counts SET n = n + 1 WHERE account = ?")

	type job struct {
		account int
		done    chan struct{}
	}
	queue := make(chan job, benchAccounts)
	go func() {
		for j := range queue {
			_, _ = begin.Exec()
			batch := []job{j}
			for i := 0; i < len(batch); i++ {
				_, _ = update.Exec(batch[i].account)
				select {
				case j := <-queue:
					batch = append(batch, j)
				default:
				}
			}
			_, _ = commit.Exec()
			for _, j := range batch {
				close(j.done)
			}
		}
	}()
	defer close(queue)
	measure(b, func(account int) {
		for range b.N/benchAccounts + 1 {
			j := job{account, make(chan struct{})}
			queue <- j
			<-j.done
		}
	})
}

// measure runs the accounts at once and reports what one message cost.
func measure(b *testing.B, account func(int)) {
	before := cpu()
	b.ResetTimer()
	var all sync.WaitGroup
	for i := range benchAccounts {
		all.Go(func() { account(i) })
	}
	all.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu()-before).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// cpu is the processor time this process has used.
func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// fill makes an engagement of three steps with so many contacts an account, all booked in one slot.
func fill(b *testing.B, s *sqlite.Store, slot drip.Slot, perAccount int) {
	ctx := context.Background()
	e := drip.Engagement{ID: "bench", Start: slot, Sequence: drip.Sequence{Name: "Bench", Steps: make([]drip.Step, 3)}}
	require.NoError(b, s.Create(ctx, e, slot.Start()))
	var batch []drip.Contact
	flush := func() {
		_, err := s.AddContacts(ctx, "bench", batch, slot.Start())
		require.NoError(b, err)
		batch = batch[:0]
	}
	var bookings []drip.Booking
	for a := range benchAccounts {
		id := fmt.Sprint("account-", a)
		bookings = append(bookings, drip.Booking{Slot: slot, Account: id, Step: 1, Count: perAccount})
		for i := range perAccount {
			batch = append(batch, drip.Contact{Row: i, Email: fmt.Sprintf("first.last.%d@company-%d.example.test", i, a), Account: id,
				Values: []string{"First", "Last", "Company and Sons", "Paris"}})
			if len(batch) == 5000 {
				flush()
			}
		}
	}
	flush()
	require.NoError(b, s.Plan(ctx, ledger.PlanRequest{ID: "bench", From: slot, Now: slot.Start(), Require: []drip.State{drip.StateLoading},
		To: drip.StateScheduled}, func(ledger.Basis) ([]drip.Booking, error) { return bookings, nil }))
}
