package smtp_test

import (
	"bytes"
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/smtp"
)

const password = "correct horse battery staple"

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func envelope() smtp.Envelope {
	return smtp.Envelope{
		From: "ann@acme.test",
		To:   "jane.doe@example.test",
		Raw:  []byte("From: ann@acme.test\r\nTo: jane.doe@example.test\r\nSubject: Hi\r\n\r\nHi.\r\n.a dot\r\n"),
	}
}

func account(host string, port int) drip.Account {
	return drip.Account{
		ID: "ann", Email: "ann@acme.test",
		SMTP: drip.SMTP{Host: host, Port: port, TLS: drip.NoTLS, Username: "ann@acme.test", PasswordEnv: "ANN_PASSWORD"},
	}
}

func accountAt(t *testing.T, addr string) drip.Account {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	return account(host, n)
}

func newPool(t *testing.T, change func(*smtp.Options)) *smtp.Pool {
	t.Helper()
	o := smtp.Options{
		Secret: func(drip.SMTP) (string, error) { return password, nil },
		Now:    func() time.Time { return noon },
	}
	if change != nil {
		change(&o)
	}
	p := smtp.NewPool(o)
	t.Cleanup(p.Close)
	return p
}

// The table of the package comment: what an answer means, stage by stage.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	const (
		fault    = drip.AccountFault
		rejected = drip.Rejected
		deferred = drip.Deferred
		unknown  = drip.OutcomeUnknown
	)
	answers := []struct {
		name string
		say  string
		// verdicts for: up to MAIL FROM, RCPT TO and DATA, the final dot.
		early, late, dot drip.Verdict
	}{
		{"4xx", "451 4.3.0 not now", fault, deferred, deferred},
		{"4xx without a status", "451 not now", fault, deferred, deferred},
		{"4xx on two lines", "451-4.3.0 not\r\n451 4.3.0 now", fault, deferred, deferred},
		{"5xx", "550 5.1.1 no such user", fault, rejected, rejected},
		{"5xx without a status", "554 no", fault, rejected, rejected},
		{"5xx without a text", "554", fault, rejected, rejected},
		{"full mailbox", "552 5.2.2 mailbox full", fault, rejected, rejected},
		{"full mailbox, for now", "452 4.2.2 mailbox full", fault, deferred, deferred},
		{"5xx with a status of another class", "550 4.2.1 odd", fault, rejected, rejected},
		{"goodbye", "421 4.3.2 shutting down", fault, fault, fault},
		{"goodbye, too fast", "421 4.7.28 too fast", fault, fault, fault},
		{"too many at once", "432 4.3.2 too many", fault, fault, fault},
		{"peak limit", "450 4.2.1 peak limit", fault, fault, fault},
		{"greylisted", "450 4.7.1 greylisted", fault, deferred, deferred},
		{"out of room", "452 4.3.1 out of room", fault, fault, fault},
		{"too many logins", "454 4.7.0 too many", fault, fault, fault},
		{"daily quota", "550 5.4.5 daily quota", fault, fault, fault},
		{"login wanted", "530 5.7.0 log in first", fault, fault, fault},
		{"sender refused", "550 5.1.8 bad sender", fault, fault, fault},
		{"sender not owned", "553 5.7.1 not owned", fault, fault, fault},
		{"code of no class", "999 what", fault, fault, unknown},
		{"a 3xx out of place", "334 what", fault, fault, unknown},
		{"no code", "what?", fault, fault, unknown},
		{"nothing on the line", "", fault, fault, unknown},
	}
	stages := []string{atGreeting, atEHLO, atAUTH, atMAIL, atRCPT, atDATA, atDot}
	for _, stage := range stages {
		for _, tt := range answers {
			t.Run(stage+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, once(stage, act{say: tt.say + "\r\n"}))
				want := tt.early
				switch stage {
				case atRCPT, atDATA:
					want = tt.late
				case atDot:
					want = tt.dot
				}
				requireVerdict(t, s, smtp.Timeouts{}, want)
				require.Empty(t, s.bodies())
				require.Equal(t, 1, s.connections())
			})
		}
	}
}

func TestVerdictsWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	acts := []struct {
		name string
		act  act
	}{
		{"closes", act{then: end}},
		{"hangs", act{then: hang}},
		{"half a code, then closes", act{say: "55", then: end}},
		{"half a refusal, then closes", act{say: "550 5.1.1 no su", then: end}},
		{"half a yes, then closes", act{say: "250 2.0.0 acc", then: end}},
		{"half a yes, then hangs", act{say: "250 2.0.0 acc", then: hang}},
		{"one line of two, then closes", act{say: "250-2.0.0 accepted\r\n", then: end}},
		{"one line of two, then hangs", act{say: "550-5.1.1 refused\r\n", then: hang}},
		{"an endless line, then closes", act{say: "250 " + string(make([]byte, 8192)), then: end}},
	}
	for _, stage := range []string{atGreeting, atEHLO, atAUTH, atMAIL, atRCPT, atDATA, atBody} {
		for _, tt := range acts {
			t.Run(stage+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				s := serve(t, once(stage, tt.act))
				if stage == atBody {
					require.Equal(t, drip.AccountFault, deliverLarge(t, s))
					return
				}
				requireVerdict(t, s, impatient(drip.AccountFault), drip.AccountFault)
				require.Empty(t, s.bodies())
			})
		}
	}
	for _, accepted := range []bool{true, false} {
		for _, tt := range acts {
			name := map[bool]string{true: "accepted", false: "not accepted"}[accepted]
			t.Run(atDot+"/"+name+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				a := tt.act
				a.accept = accepted
				s := serve(t, once(atDot, a))
				requireVerdict(t, s, impatient(drip.OutcomeUnknown), drip.OutcomeUnknown)
				require.Equal(t, accepted, len(s.bodies()) == 1)
			})
		}
	}
}

func TestDelivers(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, say, answer string }{
		{"250", "250 2.0.0 queued\r\n", "250 2.0.0 queued"},
		{"another 2xx", "251 2.0.0 passed on\r\n", "251 2.0.0 passed on"},
		{"two lines", "250-2.0.0 taken\r\n250 2.0.0 queued\r\n", "250 2.0.0 taken queued"},
		{"a bare code", "250\r\n", "250"},
		{"a bare code that ends in LF", "250\n", "250"},
		{"a line that ends in LF", "250 ok\n", "250 ok"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, once(atDot, act{say: tt.say, accept: true}))
			outcome := requireVerdict(t, s, smtp.Timeouts{}, drip.Delivered)
			require.Equal(t, tt.answer, outcome.Answer)
			require.Equal(t, noon, outcome.At)
			require.Equal(t, []string{string(envelope().Raw)}, s.bodies())
		})
	}
}

func TestDeliveredWhateverComesAfter(t *testing.T) {
	t.Parallel()
	for _, a := range []act{{say: "250 ok\r\n", then: end, accept: true}, {say: "250 ok\r\n421 bye\r\n", then: end, accept: true}} {
		s := serve(t, onFirst(atDot, a))
		p := newPool(t, nil)
		session := p.Open(account("127.0.0.1", s.addr.Port))
		for range 2 {
			require.Equal(t, drip.Delivered, session.Deliver(t.Context(), envelope()).Verdict)
		}
		session.Close()
		require.Len(t, s.bodies(), 2)
		require.Equal(t, 2, s.connections())
	}
}

func TestAnAnswerBeforeTheFinalDotIsNone(t *testing.T) {
	t.Parallel()
	s := serve(t, once(atDATA, act{say: "354 go on\r\n250 2.0.0 queued\r\n"}))
	requireVerdict(t, s, smtp.Timeouts{}, drip.AccountFault)
	require.Empty(t, s.bodies())
}

func TestARefusalInTheMiddleOfTheBody(t *testing.T) {
	t.Parallel()
	s := serve(t, once(atBody, act{say: "552 5.3.4 too big\r\n", then: end}))
	// Whether the answer survives the broken connection is not ours to say; that nothing was accepted is.
	verdict := deliverLarge(t, s)
	require.Contains(t, []drip.Verdict{drip.Rejected, drip.AccountFault}, verdict)
}

func TestConnectionRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	outcome := newPool(t, nil).Open(accountAt(t, addr)).Deliver(t.Context(), envelope())
	require.Equal(t, drip.AccountFault, outcome.Verdict)
	require.Equal(t, "connection: refused", outcome.Answer)
	require.Equal(t, time.Minute, outcome.RetryAfter)
}

func TestWaits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		at   string
		say  string
		wait time.Duration
	}{
		{"a wrong password", atAUTH, "535 5.7.8 no", 15 * time.Minute},
		{"too many logins", atAUTH, "454 4.7.0 slow down", 15 * time.Minute},
		{"a refused sender", atMAIL, "550 5.7.1 no", 15 * time.Minute},
		{"a sender, for now", atMAIL, "451 4.3.0 no", 5 * time.Minute},
		{"a goodbye", atRCPT, "421 4.3.2 bye", time.Minute},
		{"a rate", atRCPT, "421 4.7.0 too fast", 15 * time.Minute},
		{"a day's quota", atDot, "550 5.4.5 enough", time.Hour},
		{"greylisting", atRCPT, "450 4.7.1 later", 15 * time.Minute},
		{"a refusal", atRCPT, "550 5.1.1 no", 0},
		{"garbage", atRCPT, "?", time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, once(tt.at, act{say: tt.say + "\r\n"}))
			outcome := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port)).Deliver(t.Context(), envelope())
			require.Equal(t, tt.wait, outcome.RetryAfter)
		})
	}
}

func TestASecretThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := serve(t, once("", act{}))
	p := newPool(t, func(o *smtp.Options) {
		o.Secret = func(drip.SMTP) (string, error) { return "", errors.New("open /etc/secret: " + password) }
	})
	outcome := p.Open(account("127.0.0.1", s.addr.Port)).Deliver(t.Context(), envelope())
	require.Equal(t, drip.AccountFault, outcome.Verdict)
	require.Equal(t, "AUTH: the password cannot be read from ANN_PASSWORD", outcome.Answer)
	require.Equal(t, 15*time.Minute, outcome.RetryAfter)
	require.Zero(t, s.connections())
}

// impatient are waits for servers that may never answer. Only the wait that ends in the verdict is
// short: a slow machine must not end another first.
func impatient(want drip.Verdict) smtp.Timeouts {
	if want == drip.OutcomeUnknown {
		return smtp.Timeouts{FinalDot: 200 * time.Millisecond}
	}
	return smtp.Timeouts{Command: 200 * time.Millisecond}
}

// requireVerdict delivers once.
func requireVerdict(t *testing.T, s *scripted, waits smtp.Timeouts, want drip.Verdict) drip.Outcome {
	t.Helper()
	p := newPool(t, func(o *smtp.Options) { o.Timeouts = waits })
	outcome := p.Open(account("127.0.0.1", s.addr.Port)).Deliver(t.Context(), envelope())
	require.Equal(t, want, outcome.Verdict, outcome.Answer)
	requireDiscreet(t, outcome.Answer)
	return outcome
}

// large is a body that no two sockets hold between them.
var large = sync.OnceValue(func() []byte { return bytes.Repeat([]byte("all work and no play\r\n"), 1<<20) })

// deliverLarge delivers it to a server that does not read it.
func deliverLarge(t *testing.T, s *scripted) drip.Verdict {
	t.Helper()
	p := newPool(t, func(o *smtp.Options) {
		o.Timeouts.Body, o.Timeouts.Farewell = 200*time.Millisecond, 50*time.Millisecond
	})
	e := envelope()
	e.Raw = large()
	outcome := p.Open(account("127.0.0.1", s.addr.Port)).Deliver(t.Context(), e)
	requireDiscreet(t, outcome.Answer)
	require.Empty(t, s.bodies())
	return outcome.Verdict
}

func requireDiscreet(t *testing.T, answer string) {
	t.Helper()
	require.NotEmpty(t, answer)
	require.NotContains(t, answer, "@")
	require.NotContains(t, answer, password)
	require.NotContains(t, answer, "jane")
	require.LessOrEqual(t, len([]rune(answer)), 200)
}
