package smtp_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/smtp"
)

func catch(t testing.TB, o catcher.Options) *catcher.Catcher {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	c, err := catcher.Start("127.0.0.1:0", o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

// numbered is an envelope whose message carries an id.
func numbered(id string) smtp.Envelope {
	e := envelope()
	e.Raw = append([]byte("X-Dripline-Message: "+id+"\r\n"), e.Raw...)
	return e
}

func requireDelivered(t *testing.T, s *smtp.Session, e smtp.Envelope) {
	t.Helper()
	outcome := s.Deliver(t.Context(), e)
	require.Equal(t, drip.Delivered, outcome.Verdict, outcome.Answer)
}

func TestOneConnectionForAHundredMessages(t *testing.T) {
	t.Parallel()
	c := catch(t, catcher.Options{Username: "ann@acme.test", Password: password})
	session := newPool(t, nil).Open(accountAt(t, c.Addr()))
	require.Zero(t, c.Connections(), "it connects with the first message")
	for i := range 100 {
		requireDelivered(t, session, numbered(fmt.Sprint(i)))
	}
	require.Equal(t, 1, c.Connections())
	require.Equal(t, 1, c.Logins())
	for i, m := range c.Messages() {
		require.Equal(t, fmt.Sprint(i), m.ID)
		require.Equal(t, string(numbered(m.ID).Raw), string(m.Raw))
		require.Equal(t, envelope().From, m.From)
		require.Equal(t, envelope().To, m.To)
	}
}

func TestNoNeedlessRoundTrips(t *testing.T) {
	t.Parallel()
	s := serve(t, once("", act{}))
	session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
	for range 3 {
		requireDelivered(t, session, envelope())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.commands, 2+3*3, "EHLO and AUTH, then MAIL, RCPT and DATA: %v", s.commands)
}

func TestSessionsOfAnAccountShareItsConnection(t *testing.T) {
	t.Parallel()
	quit := make(chan struct{}, 2)
	s := serve(t, func(_ int, stage string) act {
		if stage == atQUIT {
			quit <- struct{}{}
		}
		return act{}
	})
	p := newPool(t, nil)
	a := account("127.0.0.1", s.addr.Port)
	one, two := p.Open(a), p.Open(a)
	var all sync.WaitGroup
	var delivered atomic.Int64
	for _, session := range []*smtp.Session{one, two} {
		all.Go(func() {
			for range 20 {
				if session.Deliver(t.Context(), envelope()).Verdict == drip.Delivered {
					delivered.Add(1)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 40, delivered.Load())
	require.Equal(t, 1, s.connections())

	one.Close()
	one.Close() // closing twice is closing once
	requireDelivered(t, two, envelope())
	require.Equal(t, 1, s.connections())
	require.Empty(t, quit)
	two.Close()
	<-quit
	require.Equal(t, drip.AccountFault, two.Deliver(t.Context(), envelope()).Verdict)
	require.Equal(t, 1, s.connections())

	three := p.Open(a)
	requireDelivered(t, three, envelope())
	require.Equal(t, 2, s.connections())
	p.Close()
	<-quit
	require.Equal(t, drip.AccountFault, three.Deliver(t.Context(), envelope()).Verdict)
	require.Equal(t, drip.AccountFault, p.Open(a).Deliver(t.Context(), envelope()).Verdict)
	require.Equal(t, 2, s.connections())
}

func TestAccountsHaveTheirOwnConnections(t *testing.T) {
	t.Parallel()
	c := catch(t, catcher.Options{})
	p := newPool(t, nil)
	ann, bob := accountAt(t, c.Addr()), accountAt(t, c.Addr())
	bob.ID = "bob"
	requireDelivered(t, p.Open(ann), envelope())
	requireDelivered(t, p.Open(bob), envelope())
	require.Equal(t, 2, c.Connections())
	// New settings of an account never use a connection that was made with the old.
	ann.SMTP.Username = "ann2"
	requireDelivered(t, p.Open(ann), envelope())
	require.Equal(t, 3, c.Connections())
}

func TestRedialsWhatTheServerEnded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		script func(int, string) act
		idle   time.Duration
	}{
		{"at once", onFirst(atDot, act{say: "250 ok\r\n", then: end, accept: true}), 0},
		{"after a while", onFirst(atDot, act{say: "250 ok\r\n", then: end, accept: true}), time.Minute},
		{"with a goodbye", secondMail(act{say: "421 4.4.2 that was enough\r\n", then: end}), 0},
		{"without a goodbye", secondMail(act{then: end}), 0},
		{"and does not know RSET", onFirst(atRSET, act{say: "502 5.5.1 what\r\n"}), time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, tt.script)
			var now atomic.Int64
			p := newPool(t, func(o *smtp.Options) {
				o.Now = func() time.Time { return noon.Add(time.Duration(now.Load())) }
			})
			session := p.Open(account("127.0.0.1", s.addr.Port))
			requireDelivered(t, session, envelope())
			now.Add(int64(tt.idle))
			requireDelivered(t, session, envelope())
			require.Equal(t, 2, s.connections())
			require.Len(t, s.bodies(), 2)
		})
	}
}

// secondMail plays an act when the second message of the first connection begins.
func secondMail(a act) func(int, string) act {
	var mails atomic.Int64
	return func(connection int, stage string) act {
		if stage == atMAIL && connection == 1 && mails.Add(1) == 2 {
			return a
		}
		return act{}
	}
}

func TestDoesNotRedialAgainstALimit(t *testing.T) {
	t.Parallel()
	s := serve(t, secondMail(act{say: "421 4.7.0 too fast\r\n", then: end}))
	session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
	requireDelivered(t, session, envelope())
	outcome := session.Deliver(t.Context(), envelope())
	require.Equal(t, drip.AccountFault, outcome.Verdict)
	require.Equal(t, 1, s.connections())
}

func TestChecksAnIdleConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, once("", act{}))
	now := noon
	p := newPool(t, func(o *smtp.Options) { o.Now = func() time.Time { return now } })
	session := p.Open(account("127.0.0.1", s.addr.Port))
	requireDelivered(t, session, envelope())
	now = now.Add(20 * time.Second)
	requireDelivered(t, session, envelope())
	require.Zero(t, s.saw(atRSET))
	now = now.Add(21 * time.Second)
	requireDelivered(t, session, envelope())
	require.Equal(t, 1, s.saw(atRSET))
	require.Equal(t, 1, s.connections())
}

func TestEndsAConnectionThatIsIdleForLong(t *testing.T) {
	t.Parallel()
	quit := make(chan struct{}, 2)
	s := serve(t, func(_ int, stage string) act {
		if stage == atQUIT {
			quit <- struct{}{}
		}
		return act{}
	})
	p := newPool(t, func(o *smtp.Options) { o.Timeouts.Idle = time.Millisecond })
	session := p.Open(account("127.0.0.1", s.addr.Port))
	for n := 1; n <= 2; n++ {
		requireDelivered(t, session, envelope())
		<-quit
		require.Equal(t, n, s.connections())
	}
}

func TestARefusalLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{atMAIL, atRCPT, atDATA, atDot} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			var refused atomic.Bool
			s := serve(t, func(_ int, at string) act {
				if at == stage && refused.CompareAndSwap(false, true) {
					return act{say: "550 5.1.1 no\r\n"}
				}
				return act{}
			})
			session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
			require.NotEqual(t, drip.Delivered, session.Deliver(t.Context(), envelope()).Verdict)
			requireDelivered(t, session, envelope())
			require.Equal(t, 1, s.saw(atRSET))
			require.Equal(t, 1, s.connections())
		})
	}
}

func TestTheCallerStopsWhatIsBeforeTheBody(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{atGreeting, atEHLO, atAUTH, atMAIL, atRCPT, atDATA} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			s := serve(t, func(connection int, at string) act {
				if at == stage && connection == 1 {
					cancel()
					return act{then: hang}
				}
				return act{}
			})
			session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
			outcome := session.Deliver(ctx, envelope())
			require.Equal(t, drip.AccountFault, outcome.Verdict)
			require.Equal(t, "stopped before the message was handed over", outcome.Answer)
			require.Zero(t, outcome.RetryAfter)
			require.Empty(t, s.bodies())
			requireDelivered(t, session, envelope())
		})
	}
	t.Run("before anything", func(t *testing.T) {
		t.Parallel()
		s := serve(t, once("", act{}))
		session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
		requireDelivered(t, session, envelope())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.Equal(t, drip.AccountFault, session.Deliver(ctx, envelope()).Verdict)
		requireDelivered(t, session, envelope())
		require.Len(t, s.bodies(), 2)
	})
}

// The caller's end and the server's answer may come at the same moment. Whichever is first, the
// verdict is true, and what was stopped does not reach into the next delivery.
func TestTheCallerStopsAtTheMomentOfAnAnswer(t *testing.T) {
	t.Parallel()
	for stage, say := range map[string]string{atRCPT: "550 5.1.1 no\r\n", atDATA: "354 go on\r\n"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			var cancel atomic.Pointer[context.CancelFunc]
			s := serve(t, func(_ int, at string) act {
				if at != stage {
					return act{}
				}
				if stop := cancel.Swap(nil); stop != nil {
					(*stop)()
					return act{say: say}
				}
				return act{}
			})
			session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
			accepted := 0
			for range 200 {
				ctx, stop := context.WithCancel(t.Context())
				cancel.Store(&stop)
				outcome := session.Deliver(ctx, envelope())
				stop()
				require.NotEqual(t, drip.OutcomeUnknown, outcome.Verdict, outcome.Answer)
				if outcome.Verdict == drip.Delivered {
					accepted++
				}
				requireDelivered(t, session, envelope())
				accepted++
				require.Len(t, s.bodies(), accepted)
			}
		})
	}
}

func TestTheCallerCannotStopABody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := catch(t, catcher.Options{Script: func(s catcher.Stage, _ *catcher.Attempt) error {
		if s == catcher.StageFinalDot {
			cancel()
		}
		return nil
	}})
	outcome := newPool(t, nil).Open(accountAt(t, c.Addr())).Deliver(ctx, envelope())
	require.Equal(t, drip.Delivered, outcome.Verdict, outcome.Answer)
	require.Equal(t, 1, c.Count())
}

func TestCloseWaitsForTheDeliveryInHand(t *testing.T) {
	t.Parallel()
	dot, closing := make(chan struct{}), make(chan struct{})
	c := catch(t, catcher.Options{Script: func(s catcher.Stage, _ *catcher.Attempt) error {
		if s == catcher.StageFinalDot {
			close(dot)
			<-closing
		}
		return nil
	}})
	p := newPool(t, nil)
	session := p.Open(accountAt(t, c.Addr()))
	delivered := make(chan drip.Outcome, 1)
	go func() { delivered <- session.Deliver(context.Background(), envelope()) }()
	<-dot
	begun, closed := make(chan struct{}), make(chan struct{})
	go func() {
		close(begun)
		p.Close()
		close(closed)
	}()
	<-begun
	close(closing)
	<-closed
	require.Equal(t, drip.Delivered, (<-delivered).Verdict)
}

func TestRefusesWhatTheServerCannotTake(t *testing.T) {
	t.Parallel()
	const plain = "250-scripted\r\n250-SIZE 500\r\n250 AUTH PLAIN\r\n"
	tests := []struct {
		name    string
		ehlo    string
		change  func(*smtp.Envelope)
		verdict drip.Verdict
		answer  string
	}{
		{"too big", plain, func(e *smtp.Envelope) { e.Raw = make([]byte, 501) }, drip.Rejected,
			"DATA: the message has 501 bytes, the server takes 500"},
		{"not too big", plain, func(e *smtp.Envelope) { e.Raw = make([]byte, 500) }, drip.Delivered, "250 2.0.0 queued"},
		{"no limit", "250-scripted\r\n250-SIZE 0\r\n250 AUTH PLAIN\r\n", func(*smtp.Envelope) {}, drip.Delivered, "250 2.0.0 queued"},
		{"an address that is not ASCII", plain, func(e *smtp.Envelope) { e.To = "jörg@example.test" }, drip.Rejected,
			"RCPT TO: the address needs SMTPUTF8, which the server does not offer"},
		{"a sender that is not ASCII", plain, func(e *smtp.Envelope) { e.From = "jörg@example.test" }, drip.AccountFault,
			"MAIL FROM: the address needs SMTPUTF8, which the server does not offer"},
		{"a body of eight bits", plain, func(e *smtp.Envelope) { e.Raw = []byte("\r\nä\r\n") }, drip.Rejected,
			"DATA: the message needs 8BITMIME, which the server does not offer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, once(atEHLO, act{say: tt.ehlo}))
			session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
			e := envelope()
			tt.change(&e)
			outcome := session.Deliver(t.Context(), e)
			require.Equal(t, tt.verdict, outcome.Verdict, outcome.Answer)
			require.Equal(t, tt.answer, outcome.Answer)
			if tt.verdict != drip.Delivered {
				require.Zero(t, s.saw(atMAIL))
			}
			requireDelivered(t, session, envelope())
			require.Equal(t, 1, s.connections())
		})
	}
}

func TestRefusesAddressesThatBreakTheDialogue(t *testing.T) {
	t.Parallel()
	s := serve(t, once("", act{}))
	session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
	for _, bad := range []string{
		"", "@", "a@", "@b", "nobody", "a@b\r\nRCPT TO:<c@d>", "a@b> NOTIFY=NEVER", "a@b NOTIFY=NEVER", "<a@b>", "a\x00@b", "a@b\x7f", "a\xff@b",
	} {
		e := envelope()
		e.To = bad
		require.Equal(t, drip.Rejected, session.Deliver(t.Context(), e).Verdict, "%q", bad)
		e.To, e.From = e.From, bad
		require.Equal(t, drip.AccountFault, session.Deliver(t.Context(), e).Verdict, "%q", bad)
	}
	require.Zero(t, s.connections())
}

func TestUsesSMTPUTF8OnlyWhereItIsNeeded(t *testing.T) {
	t.Parallel()
	s := serve(t, once(atEHLO, act{say: "250-scripted\r\n250-SMTPUTF8\r\n250 AUTH PLAIN\r\n"}))
	session := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port))
	requireDelivered(t, session, envelope())
	e := envelope()
	e.To = "jörg@example.test"
	requireDelivered(t, session, e)
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Contains(t, s.commands, "MAIL FROM:<ann@acme.test>")
	require.Contains(t, s.commands, "MAIL FROM:<ann@acme.test> SMTPUTF8")
	require.Contains(t, s.commands, "RCPT TO:<jörg@example.test>")
}
