package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/dripline/dripline/internal/catcher"
)

// account is a mailbox of a site's team.
type account struct {
	id      string
	perHour int
	perDay  int
	minGap  string
}

func (a account) address() string { return a.id + "@acme.test" }

// site is one installation: a folder with the user's files and the data, and a mail server.
type site struct {
	dir      string
	zone     string
	slot     time.Time // when the team's first slot begins
	accounts []account
	mail     *catcher.Catcher
	temporal int // port
	ui       int // port
	worker   *process
	plays    sync.Map // play of an account's address
}

// newSite prepares a site. Nothing of Dripline runs yet.
func newSite(t testing.TB, accounts ...account) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), accounts: accounts}
	s.slot, s.zone = soon(time.Now())
	var err error
	s.mail, err = catcher.Start("127.0.0.1:0", catcher.Options{Script: s.script})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.mail.Close() })
	ports := freePorts(t, 2)
	s.temporal, s.ui = ports[0], ports[1]
	s.write(t, "team.yaml", teamFile(s.zone, "00:00-24:00", "mon, tue, wed, thu, fri, sat, sun", s.mail.Addr(), accounts))
	return s
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

func (s *site) write(t testing.TB, name, text string) string {
	t.Helper()
	require.NoError(t, os.WriteFile(s.path(name), []byte(text), 0o600))
	return s.path(name)
}

// teamFile is a team.yaml whose accounts all hand their mail to one server.
func teamFile(zone, hours, days, mail string, accounts []account) string {
	host, port, _ := net.SplitHostPort(mail)
	var b strings.Builder
	fmt.Fprintf(&b, "timezone: %s\ncalendar: {days: [%s], hours: %q}\naccounts:\n", zone, days, hours)
	for _, a := range accounts {
		fmt.Fprintf(&b, "  - id: %s\n    name: Sender %s\n    email: %s\n    smtp: {host: %s, port: %s, tls: none}\n",
			a.id, a.id, a.address(), host, port)
		fmt.Fprintf(&b, "    quotas: {per_hour: %d, per_day: %d", a.perHour, a.perDay)
		if a.minGap != "" {
			fmt.Fprintf(&b, ", min_gap: %s", a.minGap)
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// What the files hold of people, and what is to be found nowhere but in the ledger and the mail.
const (
	subjectWord = "Subjectword"
	bodyWord    = "Bodyword"
	nameWord    = "Firstname"
	domainWord  = "customers.test"
)

// sequenceFile is a sequence whose steps follow each other after some working days.
func sequenceFile(delays ...int) string {
	var b strings.Builder
	b.WriteString("name: Launch\nsteps:\n")
	for i, days := range append([]int{0}, delays...) {
		lead := "  - "
		if i > 0 {
			fmt.Fprintf(&b, "  - after: %d\n", days)
			lead = "    "
		}
		fmt.Fprintf(&b, "%ssubject: \"%s %d for {{ first_name }}\"\n    text: \"%s {{ first_name }}\"\n", lead, subjectWord, i+1, bodyWord)
	}
	return b.String()
}

// contactsFile has n people who are in no other group.
func contactsFile(group string, n int) string {
	var b strings.Builder
	b.WriteString("email,first_name\n")
	for i := range n {
		fmt.Fprintf(&b, "%s%04d@%s,%s%04d\n", group, i+1, domainWord, nameWord, i+1)
	}
	return b.String()
}

// workerReady is how the worker's one line begins.
const workerReady = "worker ready: "

// startWorker runs `worker --embedded`, and returns when it is ready.
func (s *site) startWorker(t testing.TB) {
	t.Helper()
	s.worker = launch(t, environment(s.dir), workerProgram(),
		"--embedded", "--team", s.path("team.yaml"), "--data", s.path("data"),
		"--temporal-port", strconv.Itoa(s.temporal), "--ui-port", strconv.Itoa(s.ui))
	s.worker.await(t, workerReady)
}

func (s *site) temporalAddress() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.temporal))
}

// startStarter runs the command line against a Temporal server.
func (s *site) startStarter(t testing.TB, temporal string, args ...string) (*process, *transcript) {
	t.Helper()
	env := environment(s.dir, "TEMPORAL_ADDRESS="+temporal,
		"DRIPLINE_TEAM="+s.path("team.yaml"), "DRIPLINE_LEDGER=sqlite:"+s.path("data/dripline.db"))
	return launchData(t, env, starterProgram(), args...)
}

// starter runs a command to its end and returns what it printed as data.
func (s *site) starter(t testing.TB, args ...string) string {
	t.Helper()
	p, data := s.startStarter(t, s.temporalAddress(), args...)
	require.Zero(t, p.status(t), "starter %s: %s", strings.Join(args, " "), p.out)
	return data.String()
}

// refused runs a command that has to fail, and returns what it says.
func (s *site) refused(t testing.TB, args ...string) string {
	t.Helper()
	p, _ := s.startStarter(t, s.temporalAddress(), args...)
	require.NotZero(t, p.status(t), "starter %s: %s", strings.Join(args, " "), p.out)
	return p.out.String()
}

// far is a start that no test lives to see: for what is only planned.
const far = "2036-03-03 10:00"

// draftArgs are the arguments of preview and engage for n people of a group, or for those whom the
// test has written into the group's file.
func (s *site) draftArgs(t testing.TB, command, group string, n int, from, start string, more ...string) []string {
	t.Helper()
	sequence := s.write(t, group+".yaml", sequenceFile())
	contacts := s.path(group + ".csv")
	if _, err := os.Stat(contacts); err != nil {
		s.write(t, group+".csv", contactsFile(group, n))
	}
	return append([]string{command, sequence, contacts, "--json", "--from", from, "--start", start}, more...)
}

// plan is the JSON of preview, engage and plan, as far as it is looked at here.
type plan struct {
	ID       string    `json:"id"`
	Contacts int       `json:"contacts"`
	Start    time.Time `json:"start"`
	Slots    []struct {
		Start time.Time `json:"start"`
		Total int       `json:"total"`
		Sends []struct {
			Account string `json:"account"`
			Count   int    `json:"count"`
		} `json:"sends"`
	} `json:"slots"`
}

func (s *site) preview(t testing.TB, group string, n int, from, start string, more ...string) plan {
	t.Helper()
	return decode[plan](t, s.starter(t, s.draftArgs(t, "preview", group, n, from, start, more...)...))
}

// engage engages n people of a group; the group is the engagement's id.
func (s *site) engage(t testing.TB, group string, n int, from, start string, more ...string) plan {
	t.Helper()
	more = append(more, "--yes", "--id", group)
	return decode[plan](t, s.starter(t, s.draftArgs(t, "engage", group, n, from, start, more...)...))
}

// totals are in a report, and in each of its parts.
type totals struct {
	Planned int `json:"planned"`
	Sent    int `json:"sent"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
	Unknown int `json:"unknown"`
}

func (t totals) sum() int { return t.Planned + t.Sent + t.Failed + t.Skipped + t.Unknown }

// report is the JSON of the command and of the query, as far as it is looked at here.
type report struct {
	State    string     `json:"state"`
	Reason   string     `json:"reason"`
	Contacts int        `json:"contacts"`
	NextSlot *time.Time `json:"next_slot"`
	Totals   totals     `json:"totals"`
	Accounts []struct {
		Account string `json:"account"`
		totals
		Waiting string `json:"waiting"`
	} `json:"accounts"`
	Steps []struct {
		Step int `json:"step"`
		totals
	} `json:"steps"`
}

func (s *site) report(t testing.TB, id string) report {
	t.Helper()
	return decode[report](t, s.starter(t, "report", id, "--json"))
}

// row is one message in `report --contacts --json`.
type row struct {
	Email     string `json:"email"`
	Account   string `json:"account"`
	Step      int    `json:"step"`
	State     string `json:"state"`
	MessageID string `json:"message_id"`
}

func (s *site) rows(t testing.TB, id string) []row {
	t.Helper()
	return decode[[]row](t, s.starter(t, "report", id, "--contacts", "--json"))
}

func decode[T any](t testing.TB, text string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(text), &v), text)
	return v
}

// dial is a plain Temporal client.
func (s *site) dial(t testing.TB) client.Client {
	t.Helper()
	c, err := client.DialContext(t.Context(), client.Options{HostPort: s.temporalAddress(), Logger: silence{}})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// silence is a log that nobody reads.
type silence struct{}

func (silence) Debug(string, ...any) {}
func (silence) Info(string, ...any)  {}
func (silence) Warn(string, ...any)  {}
func (silence) Error(string, ...any) {}

// play is what the mail server does with one account's dialogues.
type play func(catcher.Stage, *catcher.Attempt) error

// setPlay gives an account a play; without one, everything it sends is accepted.
func (s *site) setPlay(a account, p play) { s.plays.Store(a.address(), p) }

func (s *site) script(stage catcher.Stage, a *catcher.Attempt) error {
	if p, ok := s.plays.Load(a.From); ok {
		return p.(play)(stage, a)
	}
	return nil
}

// gate holds an account's mail when all of a message has arrived, until it is opened.
type gate struct {
	once          sync.Once
	reached, open chan struct{}
}

// holdMail puts a gate before an account's mail.
func (s *site) holdMail(a account) *gate {
	g := &gate{reached: make(chan struct{}), open: make(chan struct{})}
	s.setPlay(a, func(stage catcher.Stage, _ *catcher.Attempt) error {
		if stage == catcher.StageFinalDot {
			g.once.Do(func() { close(g.reached) })
			<-g.open
		}
		return nil
	})
	return g
}

// caught are the messages that the mail server has of an account.
func (s *site) caught(a account) []catcher.Message {
	var of []catcher.Message
	for _, m := range s.mail.Messages() {
		if m.From == a.address() {
			of = append(of, m)
		}
	}
	return of
}
