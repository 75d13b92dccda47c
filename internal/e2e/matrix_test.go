package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/cluster"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/embedded/timeskip"
	"github.com/dripline/dripline/internal/ledger/open"
	"github.com/dripline/dripline/starter/draft"
)

// moment is an instant of the SMTP dialogue at which a worker is killed.
type moment struct {
	name   string
	stage  catcher.Stage
	accept bool // the mail server takes responsibility, though nobody hears it
}

var moments = []moment{
	{name: "before anything is said of a message", stage: catcher.StageMail},
	{name: "after the final dot, and the message is lost", stage: catcher.StageFinalDot},
	{name: "after the final dot, and the message is accepted", stage: catcher.StageFinalDot, accept: true},
	{name: "before the message itself", stage: catcher.StageData},
}

// executioner kills a site's worker, once each time it is armed, from within the mail server.
type executioner struct {
	mu    sync.Mutex
	armed bool
	after int // stages like the moment's to let pass
	moment
	victim *process
	done   chan struct{}
}

func (e *executioner) arm(m moment, after int, victim *process) <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.armed, e.moment, e.after, e.victim, e.done = true, m, after, victim, make(chan struct{})
	return e.done
}

// script lets everything pass until the moment comes. The lock makes the other dialogues wait: they
// too find their client dead in the middle of a word.
func (e *executioner) script(stage catcher.Stage, _ *catcher.Attempt) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.armed || stage != e.stage {
		return nil
	}
	if e.after--; e.after >= 0 {
		return nil
	}
	e.armed = false
	e.victim.kill()
	close(e.done)
	if e.accept {
		return nil
	}
	return catcher.Drop
}

// Parts of the matrix: engagements that run at once, each over accounts of its own, because on a
// skipped clock each engagement has its own time.
const (
	matrixEngagements = 3
	matrixContacts    = 70
)

// TestKilledAgainAndAgain runs weeks of three engagements in seconds and kills server, worker and
// all at every kind of moment, until nothing is left to send.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s, victim := newMatrix(t)
	ids := s.engageMatrix(t)
	for _, m := range moments {
		killed := victim.arm(m, random.IntN(60), s.worker)
		select {
		case <-killed:
		case <-time.After(2 * time.Minute):
			t.Fatalf("no message to kill at (%s)", m.name)
		}
		t.Logf("%d messages accepted, killed %s", s.mail.Count(), m.name)
		s.startHost(t)
		s.worker.kill() // while it takes up what the one before left
		s.startHost(t)
	}
	c := s.dial(t)
	for _, id := range ids {
		require.NoError(t, c.GetWorkflow(t.Context(), "sequence/"+id, "").Get(t.Context(), nil))
	}
	nothingTwice(t, s.mail.Messages())
	for _, id := range ids {
		var result struct {
			State  string `json:"state"`
			Totals totals `json:"totals"`
		}
		require.NoError(t, c.GetWorkflow(t.Context(), "sequence/"+id, "").Get(t.Context(), &result))
		require.Equal(t, "completed", result.State)
		s.holdMatrix(t, c, id, result.Totals)
	}
}

// newMatrix is a site whose worker runs on a skipped clock and can be killed from its mail server.
func newMatrix(t *testing.T) (*site, *executioner) {
	var accounts []account
	for i := range matrixEngagements {
		accounts = append(accounts,
			account{id: fmt.Sprintf("slow%d", i), perHour: 5, perDay: 12, minGap: "90s"},
			account{id: fmt.Sprintf("fast%d", i), perHour: 9, perDay: 30})
	}
	s := newSite(t, accounts...)
	victim := &executioner{}
	require.NoError(t, s.mail.Close())
	var err error
	s.mail, err = catcher.Start("127.0.0.1:0", catcher.Options{Script: victim.script})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.mail.Close() })
	s.write(t, "team.yaml", teamFile("Europe/Paris", "09:00-18:00", "mon, tue, wed, thu, fri", s.mail.Addr(), accounts))
	s.startHost(t)
	return s, victim
}

// engageMatrix engages everybody, on the workflow's own clock.
func (s *site) engageMatrix(t *testing.T) []string {
	book, err := open.Open(t.Context(), "sqlite:"+s.path("data/dripline.db"))
	require.NoError(t, err)
	defer func() { require.NoError(t, book.Close()) }()
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: s.temporalAddress(), Logger: silence{},
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{timeskip.DialOption()}},
	})
	require.NoError(t, err)
	defer c.Close()
	sequence := s.write(t, "sequence.yaml", sequenceFile(matrixDelays[1:]...))
	var ids []string
	for i := range matrixEngagements {
		id := fmt.Sprintf("matrix%d", i)
		now := time.Now()
		d, err := draft.Load(draft.Options{
			Team: s.path("team.yaml"), Sequence: sequence,
			Contacts: s.write(t, id+".csv", contactsFile(id+"-", matrixContacts)),
			From:     fmt.Sprintf("slow%d,fast%d", i, i), Start: "now", ID: id,
			Mode: string(drip.ModeASAP), Pace: string(drip.PaceHuman),
		}, now)
		require.NoError(t, err)
		d.Engagement.Rehearsal = true
		_, err = d.Engage(t.Context(), book, now, nil)
		require.NoError(t, err)
		require.NoError(t, cluster.Start(t.Context(), c, id, "matrix"))
		ids = append(ids, id)
	}
	return ids
}

// holdMatrix holds one engagement's three books against each other and against the rules.
func (s *site) holdMatrix(t *testing.T, c client.Client, id string, result totals) {
	t.Helper()
	r := s.report(t, id)
	require.Equal(t, "completed", r.State)
	require.Equal(t, matrixContacts*len(matrixDelays), r.Totals.sum())
	require.Zero(t, r.Totals.Planned, "lost")
	require.Zero(t, r.Totals.Failed)
	require.Equal(t, r.Totals, result, "the ledger's report and the workflow's result")
	answer, err := c.QueryWorkflow(t.Context(), "sequence/"+id, "", "report")
	require.NoError(t, err)
	var queried report
	require.NoError(t, answer.Get(&queried))
	require.Equal(t, r.Totals, queried.Totals)
	require.Equal(t, r.Accounts, queried.Accounts)
	require.Equal(t, r.Steps, queried.Steps)

	var caught []catcher.Message
	for _, a := range s.accounts {
		if !strings.HasSuffix(a.id, id[len(id)-1:]) {
			continue
		}
		of := s.caught(a)
		caught = append(caught, of...)
		s.holdQuotas(t, a, of)
		for _, sums := range r.Accounts {
			if sums.Account == a.id {
				require.LessOrEqual(t, sums.Unknown, len(moments), "more than one unknown message of %s a kill", a.id)
			}
		}
	}
	sameBooks(t, caught, s.rows(t, id), r.Totals)
	holdDelays(t, caught)
	s.holdSkipped(t, id)
	t.Logf("%s: %+v", id, r.Totals)
}

// holdQuotas holds an account's mail against its quotas and the calendar, by the Date headers, which
// have whole seconds.
func (s *site) holdQuotas(t *testing.T, a account, caught []catcher.Message) {
	t.Helper()
	dates := byDate(caught)
	require.NotEmpty(t, dates)
	require.LessOrEqual(t, mostWithin(dates, time.Hour-time.Second), a.perHour, "%s in an hour", a.id)
	require.LessOrEqual(t, mostWithin(dates, 24*time.Hour-time.Second), a.perDay, "%s in a day", a.id)
	if a.minGap != "" {
		gap, err := time.ParseDuration(a.minGap)
		require.NoError(t, err)
		require.GreaterOrEqual(t, leastGap(dates), gap-time.Second, a.id)
	}
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	for _, date := range dates {
		local := date.In(paris)
		require.True(t, local.Weekday() != time.Saturday && local.Weekday() != time.Sunday && local.Hour() >= 9 && local.Hour() < 18,
			"%s writes on %s", a.id, local)
	}
}

// matrixDelays are the working days before each step.
var matrixDelays = []int{0, 1, 2}

// holdDelays counts the working days from each message to its follow-up.
func holdDelays(t *testing.T, caught []catcher.Message) {
	t.Helper()
	paris, err := time.LoadLocation("Europe/Paris")
	require.NoError(t, err)
	sent := map[string]time.Time{}
	for _, m := range caught {
		sent[m.To+" "+stepOf(m)] = m.Date.In(paris)
	}
	for key, date := range sent {
		to, step, _ := strings.Cut(key, " ")
		n := int(step[0] - '0')
		if n == 1 {
			continue
		}
		before, ok := sent[fmt.Sprintf("%s %d", to, n-1)]
		require.True(t, ok, "%s has step %d without the one before", to, n)
		days := 0
		for day := before; day.Format(time.DateOnly) < date.Format(time.DateOnly); {
			day = day.AddDate(0, 0, 1)
			if day.Weekday() != time.Saturday && day.Weekday() != time.Sunday {
				days++
			}
		}
		require.GreaterOrEqual(t, days, matrixDelays[n-1], "%s: step %d on %s follows %s", to, n, date, before)
	}
}

// holdSkipped sees to it that nobody was left out but after a message that is unknown.
func (s *site) holdSkipped(t *testing.T, id string) {
	t.Helper()
	unknown := map[string]bool{}
	for _, r := range s.rows(t, id) {
		switch r.State {
		case "unknown":
			unknown[r.Email] = true
		case "skipped":
			require.True(t, unknown[r.Email], "%s, step %d, is skipped for nothing", r.Email, r.Step)
		}
	}
}
