package activities_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"
	"go.temporal.io/sdk/testsuite"

	"github.com/dripline/dripline/activities"
	"github.com/dripline/dripline/internal/calendar"
	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
	"github.com/dripline/dripline/internal/smtp"
)

// serveVariable makes the test binary a mail catcher: a server in a process of its own.
const serveVariable = "DRIPLINE_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	c, err := catcher.Start("127.0.0.1:0", catcher.Options{Discard: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(c.Addr())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it, or is gone
	fmt.Println(c.Count())
	_ = c.Close()
}

// elsewhere starts a mail catcher in another process. The function ends it, and says how many
// messages it had.
func elsewhere(b *testing.B) (port int, count func() int) {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serveVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	lines := bufio.NewScanner(out)
	number := func() int {
		require.True(b, lines.Scan())
		n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "127.0.0.1:"))
		require.NoError(b, err)
		return n
	}
	return number(), func() int {
		require.NoError(b, in.Close())
		n := number()
		require.NoError(b, cmd.Wait())
		return n
	}
}

const (
	senders = 20
	each    = 500
)

// BenchmarkDeliver hands over what 20 accounts have in a slot, without a pause, to a mail server in
// another process: the activity itself, on a ledger in SQLite with full sync. One op is 20 x 500
// messages. The baseline beside it is go-mail's own client in a bare loop over 20 kept connections
// with the same message and no ledger; the two take turns, so that what else the machine does hits
// both. "ours/bare" is the median of the ratios; run it with -benchtime 5x or more.
func BenchmarkDeliver(b *testing.B) {
	var ours, bare, ratios []float64
	for b.Loop() {
		o, w := rate(b, deliverOurs), rate(b, deliverBare)
		b.Logf("%.0f messages a second, bare %.0f", o, w)
		ours, bare, ratios = append(ours, o), append(bare, w), append(ratios, o/w)
	}
	b.ReportMetric(median(ours), "msg/s")
	b.ReportMetric(median(bare), "bare-msg/s")
	b.ReportMetric(median(ratios), "ours/bare")
	b.ReportMetric(0, "ns/op") // it would be that of both together
}

func median(all []float64) float64 {
	slices.SortFunc(all, cmp.Compare)
	return all[len(all)/2]
}

// rate is how many messages a second a way to deliver makes, and makes sure that all arrived.
func rate(b *testing.B, prepare func(b *testing.B, port int) (deliver func(sender int) error)) float64 {
	port, count := elsewhere(b)
	deliver := prepare(b, port)
	var all sync.WaitGroup
	var errs [senders]error
	begin := time.Now()
	for sender := range senders {
		all.Go(func() { errs[sender] = deliver(sender) })
	}
	all.Wait()
	took := time.Since(begin)
	require.NoError(b, errors.Join(errs[:]...))
	require.Equal(b, senders*each, count())
	return senders * each / took.Seconds()
}

// story is one that begins at a given time, whatever the time is.
type story struct {
	activities.WallClock
	at, began time.Time
}

func (s story) Now() time.Time { return s.at.Add(time.Since(s.began)) }

// text and html are the example's first step, of the length that people write.
const (
	text = `Hi {{ first_name }},

I saw that {{ company | default: 'your team' }} is growing{% if city %} in {{ city }}{% endif %}.
Acme takes the follow-ups off your hands, and keeps what it promises.

Would a quarter of an hour next week suit you?

{{ sender.name }}
`
	html = `<p>Hi {{ first_name }},</p>
<p>I saw that {{ company | default: 'your team' }} is growing{% if city %} in {{ city }}{% endif %}.
Acme takes the follow-ups off your hands, and keeps what it promises.</p>
<p>Would a quarter of an hour next week suit you?</p>
<p>{{ sender.name }}</p>
`
)

func account(sender, port int) drip.Account {
	id := fmt.Sprintf("sender-%02d", sender)
	return drip.Account{
		ID: id, Name: "Ann Lee", Email: id + "@acme.test",
		SMTP:   drip.SMTP{Host: "127.0.0.1", Port: port, TLS: drip.NoTLS},
		Quotas: drip.Quotas{PerHour: 1_000_000, PerDay: 1_000_000},
	}
}

// deliverOurs prepares an engagement, all in one slot.
func deliverOurs(b *testing.B, port int) func(sender int) error {
	ctx := b.Context()
	slot := drip.SlotAt(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	team := drip.Team{Zone: time.UTC, Calendar: drip.DefaultCalendar()}
	for sender := range senders {
		team.Accounts = append(team.Accounts, account(sender, port))
	}
	book, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "ledger.db"))
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, book.Close()) })
	engage(b, book, team, slot)

	clock := story{at: slot.Start(), began: time.Now()}
	pool := smtp.NewPool(smtp.Options{Now: clock.Now})
	b.Cleanup(pool.Close)
	work := &activities.Activities{Team: team, Calendar: calendar.New(team), Ledger: book, SMTP: pool, Clock: clock}
	var suite testsuite.WorkflowTestSuite
	return func(sender int) error {
		env := suite.NewTestActivityEnvironment()
		work.Register(env)
		value, err := env.ExecuteActivity(work.SendEmails, drip.SendInput{
			Engagement: "bench", Account: team.Accounts[sender].ID, Slot: slot, Now: slot.Start(),
		})
		if err != nil {
			return err
		}
		var out drip.SendOutput
		if err := value.Get(&out); err != nil || out.Slot.Sent != each {
			return fmt.Errorf("sent %d of %d: %s, %w", out.Slot.Sent, each, out.Why, err)
		}
		return nil
	}
}

// engage books the slot for contacts of all senders.
func engage(b *testing.B, book ledger.Ledger, team drip.Team, slot drip.Slot) {
	ctx, now := b.Context(), slot.Start().Add(-time.Hour)
	require.NoError(b, book.Create(ctx, drip.Engagement{
		ID: "bench", Zone: "UTC", Start: slot, Mode: drip.ModeASAP, Pace: drip.PaceBurst,
		Columns: []string{"first_name", "company", "city"},
		Sequence: drip.Sequence{Name: "Bench", Steps: []drip.Step{
			{Subject: "{{ company | default: 'Your team' }} and Acme", Text: text, HTML: html},
		}},
	}, now))
	var contacts []drip.Contact
	var bookings []drip.Booking
	for _, a := range team.Accounts {
		for i := range each {
			contacts = append(contacts, drip.Contact{
				Row: len(contacts) + 2, Email: fmt.Sprintf("person-%d@%s.example", i, a.ID), Account: a.ID,
				Values: []string{"Lea", "Meridian Labs", "London"},
			})
		}
		bookings = append(bookings, drip.Booking{Slot: slot, Account: a.ID, Step: 1, Count: each, Limit: drip.LimitContacts})
	}
	held, err := book.AddContacts(ctx, "bench", contacts, now)
	require.NoError(b, err)
	require.Empty(b, held)
	require.NoError(b, book.Plan(ctx, ledger.PlanRequest{
		ID: "bench", From: slot, Now: now, Require: []drip.State{drip.StateLoading}, To: drip.StateScheduled,
	}, func(ledger.Basis) ([]drip.Booking, error) { return bookings, nil }))
}

// deliverBare prepares connections of go-mail's own client.
func deliverBare(b *testing.B, port int) func(sender int) error {
	fill := strings.NewReplacer("{{ first_name }}", "Lea", "{{ company | default: 'your team' }}", "Meridian Labs",
		"{% if city %} in {{ city }}{% endif %}", " in London", "{{ sender.name }}", "Ann Lee")
	plain, rich := fill.Replace(text), fill.Replace(html)
	var clients [senders]*mail.Client
	for i := range clients {
		client, err := mail.NewClient("127.0.0.1", mail.WithPort(port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"))
		require.NoError(b, err)
		require.NoError(b, client.DialWithContext(context.WithoutCancel(b.Context())))
		b.Cleanup(func() { _ = client.Close() }) // the server is gone by then
		clients[i] = client
	}
	return func(sender int) error {
		a := account(sender, port)
		for i := range each {
			m := mail.NewMsg()
			if err := m.FromFormat(a.Name, a.Email); err != nil {
				return err
			}
			if err := m.To(fmt.Sprintf("person-%d@%s.example", i, a.ID)); err != nil {
				return err
			}
			m.Subject("Meridian Labs and Acme")
			m.SetDate()
			m.SetMessageID()
			m.SetBodyString(mail.TypeTextPlain, plain)
			m.AddAlternativeString(mail.TypeTextHTML, rich)
			if err := clients[sender].Send(m); err != nil {
				return err
			}
		}
		return nil
	}
}
