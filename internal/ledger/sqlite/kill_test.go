package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
)

// childLedger names, in the environment of a child of this test, the ledger that it is to send from.
const childLedger = "DRIPLINE_TEST_LEDGER"

func TestMain(m *testing.M) {
	if path := os.Getenv(childLedger); path != "" {
		if err := sendUntilKilled(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

const (
	killAccounts = 8
	killContacts = 1000 // of each account; more than is sent before the last kill
	killRounds   = 3
)

var killSlot = drip.SlotAt(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))

// TestKill kills a process in the midst of its commits, again and again. Whatever it was answered
// before must be there, the file must be sound, and no message may be claimed twice.
func TestKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	prepareKill(t, s)
	answers := map[string]string{} // the last answer about a message
	for round := range killRounds {
		claims := map[string]bool{}
		for _, answer := range killedAfter(t, path, 1000) {
			word, message, _ := strings.Cut(answer, " ")
			if word == "claimed" {
				require.False(t, claims[message], "%s was claimed twice", message)
				require.NotContains(t, answers, message, "it was claimed by a process that is gone")
				claims[message] = true
			}
			answers[message] = word
		}
		require.Equal(t, "ok", pragma(t, path, "integrity_check"))
		require.Empty(t, pragma(t, path, "foreign_key_check"))
		checkAnswers(t, s, answers, round+1)
	}
}

// checkAnswers holds the ledger against what the killed processes were told.
func checkAnswers(t *testing.T, s *sqlite.Store, answers map[string]string, kills int) {
	unheard, counts := 0, map[drip.MessageState]int{}
	require.NoError(t, s.Messages(t.Context(), "kill", func(r ledger.Row) error {
		counts[r.State]++
		message := fmt.Sprintf("%s/%d", r.Account, r.Contact)
		switch answers[message] {
		case "sent":
			require.Equal(t, drip.Sent, r.State, message)
		case "claimed": // by the last process or one before it, settled perhaps without an answer
			require.Contains(t, []drip.MessageState{drip.Claimed, drip.Sent, drip.Unknown}, r.State, message)
		default:
			require.Contains(t, []drip.MessageState{drip.Planned, drip.Claimed, drip.Unknown}, r.State, message)
			if r.State != drip.Planned {
				unheard++ // it was killed between the claim and the answer
			}
		}
		return nil
	}))
	require.LessOrEqual(t, unheard, kills*killAccounts, "more than one message an account was lost in a kill")
	require.LessOrEqual(t, counts[drip.Unknown]+counts[drip.Claimed], kills*killAccounts)
	require.NotZero(t, counts[drip.Planned], "all was sent before the kill: the test has shown nothing")
	var sum drip.Totals
	all, err := s.Totals(t.Context(), "kill")
	require.NoError(t, err)
	for _, a := range all {
		sum.Add(a.Steps[0])
	}
	require.Equal(t, drip.Totals{Planned: counts[drip.Planned] + counts[drip.Claimed], Sent: counts[drip.Sent], Unknown: counts[drip.Unknown]}, sum)
}

// killedAfter runs a child that sends, kills it after so many answers, and returns all it was given.
func killedAfter(t *testing.T, path string, answers int) []string {
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childLedger+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var all []string
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if all = append(all, lines.Text()); len(all) == answers {
			require.NoError(t, child.Process.Kill())
		}
	}
	require.ErrorContains(t, child.Wait(), "killed")
	return all
}

// sendUntilKilled is the child: it sends for every account and says what it was answered.
func sendUntilKilled(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	var all sync.WaitGroup
	for i := range killAccounts {
		all.Go(func() {
			if err := sendAll(ctx, s, fmt.Sprint("account-", i)); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		})
	}
	all.Wait()
	return s.Close()
}

func sendAll(ctx context.Context, s *sqlite.Store, account string) error {
	lease := ledger.Lease{Engagement: "kill", Account: account, Slot: killSlot, Token: fmt.Sprint(os.Getpid())}
	now := killSlot.Start()
	if _, err := s.Take(ctx, lease, now); err != nil {
		return err
	}
	req := ledger.NextRequest{Lease: lease, Claim: true, Quotas: drip.Quotas{PerHour: 1 << 30, PerDay: 1 << 30}, Now: now, Until: killSlot.End()}
	for {
		res, err := s.Next(ctx, req)
		if err != nil {
			return err
		}
		if req.Settle != nil {
			fmt.Printf("sent %s/%d\n", account, req.Settle.Contact)
		}
		if res.Kind != ledger.NextClaimed {
			return nil
		}
		fmt.Printf("claimed %s/%d\n", account, res.Message.Contact)
		req.Settle = &ledger.Settlement{Contact: res.Message.Contact, Step: 1, Outcome: drip.Outcome{Verdict: drip.Delivered, At: now}}
	}
}

func prepareKill(t *testing.T, s *sqlite.Store) {
	e := drip.Engagement{ID: "kill", Start: killSlot, Sequence: drip.Sequence{Name: "Kill", Steps: make([]drip.Step, 1)}}
	require.NoError(t, s.Create(t.Context(), e, killSlot.Start()))
	var bookings []drip.Booking
	for i := range killAccounts {
		account := fmt.Sprint("account-", i)
		contacts := make([]drip.Contact, killContacts)
		for j := range contacts {
			contacts[j] = drip.Contact{Row: j, Email: fmt.Sprintf("%d@%s.test", j, account), Account: account}
		}
		_, err := s.AddContacts(t.Context(), "kill", contacts, killSlot.Start())
		require.NoError(t, err)
		bookings = append(bookings, drip.Booking{Slot: killSlot, Account: account, Step: 1, Count: killContacts})
	}
	require.NoError(t, s.Plan(t.Context(), ledger.PlanRequest{ID: "kill", From: killSlot, Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled},
		func(ledger.Basis) ([]drip.Booking, error) { return bookings, nil }))
}

// pragma runs a check of the whole file; what it finds is one string.
func pragma(t *testing.T, path, name string) string {
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), "PRAGMA "+name)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var found []string
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(t, rows.Scan(values...))
		found = append(found, fmt.Sprint(*values[0].(*any)))
	}
	require.NoError(t, rows.Err())
	return strings.Join(found, "\n")
}
