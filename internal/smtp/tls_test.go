package smtp_test

import (
	"crypto/tls"
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/smtp"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, trusted, err := catcher.SelfSigned()
	require.NoError(t, err)
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	old := &tls.Config{Certificates: []tls.Certificate{certificate}, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	trust := func(o *smtp.Options) { o.RootCAs = trusted }

	for _, mode := range []drip.TLSMode{drip.StartTLS, drip.ImplicitTLS} {
		start := func(t *testing.T, c *tls.Config) (*catcher.Catcher, drip.Account) {
			caught := catch(t, catcher.Options{
				TLS: c, ImplicitTLS: mode == drip.ImplicitTLS, Username: "ann@acme.test", Password: password,
			})
			a := accountAt(t, caught.Addr())
			a.SMTP.TLS = mode
			return caught, a
		}
		t.Run(string(mode)+" delivers over what it trusts", func(t *testing.T) {
			t.Parallel()
			c, a := start(t, config)
			session := newPool(t, trust).Open(a)
			for range 3 {
				requireDelivered(t, session, envelope())
			}
			require.Equal(t, 1, c.Connections())
			require.Equal(t, 1, c.Logins())
			require.Equal(t, 3, c.Count())
		})
		t.Run(string(mode)+" with a certificate nobody knows", func(t *testing.T) {
			t.Parallel()
			c, a := start(t, config)
			outcome := newPool(t, nil).Open(a).Deliver(t.Context(), envelope())
			require.Equal(t, drip.AccountFault, outcome.Verdict)
			require.Contains(t, outcome.Answer, "TLS: the server's certificate is not trusted")
			require.Equal(t, 15*time.Minute, outcome.RetryAfter)
			require.Zero(t, c.Logins())
		})
		t.Run(string(mode)+" with a certificate of another host", func(t *testing.T) {
			t.Parallel()
			c, a := start(t, config)
			a.SMTP.Host = "127.0.0.2" // loopback as well, but not in the certificate
			outcome := newPool(t, trust).Open(a).Deliver(t.Context(), envelope())
			require.Equal(t, drip.AccountFault, outcome.Verdict)
			require.Zero(t, c.Logins())
		})
		t.Run(string(mode)+" older than 1.2", func(t *testing.T) {
			t.Parallel()
			c, a := start(t, old)
			outcome := newPool(t, trust).Open(a).Deliver(t.Context(), envelope())
			require.Equal(t, drip.AccountFault, outcome.Verdict)
			require.Equal(t, 15*time.Minute, outcome.RetryAfter)
			require.Zero(t, c.Logins())
		})
	}
}

func TestStartTLSNeverFallsBack(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, ehlo, starttls string
	}{
		{"taken out of the answer", "250-scripted\r\n250 AUTH PLAIN\r\n", "220 ready\r\n"},
		{"no EHLO at all", "502 5.5.1 what\r\n", "220 ready\r\n"},
		{"refused", "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "454 4.7.0 not now\r\n"},
		{"refused for good", "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "502 5.5.1 what\r\n"},
		{"agreed, and plain text follows", "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n", "220 ready\r\n250 AUTH PLAIN\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(_ int, stage string) act {
				switch stage {
				case atEHLO:
					return act{say: tt.ehlo}
				case "HELO":
					return act{say: "250 scripted\r\n"}
				case atSTARTTLS:
					return act{say: tt.starttls}
				}
				return act{}
			})
			a := account("127.0.0.1", s.addr.Port)
			for _, mode := range []drip.TLSMode{drip.StartTLS, ""} { // what is not said is starttls
				a.SMTP.TLS = mode
				p := newPool(t, func(o *smtp.Options) { o.Timeouts.Command = 500 * time.Millisecond })
				outcome := p.Open(a).Deliver(t.Context(), envelope())
				require.Equal(t, drip.AccountFault, outcome.Verdict)
				requireDiscreet(t, outcome.Answer)
			}
			require.Zero(t, s.saw(atAUTH))
			require.Zero(t, s.saw(atMAIL))
			require.Empty(t, s.bodies())
		})
	}
}

func TestNoTLSIsForLoopback(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	outcome := p.Open(account("mail.example.test", 25)).Deliver(t.Context(), envelope())
	require.Equal(t, drip.AccountFault, outcome.Verdict)
	require.Equal(t, "TLS: tls none is for loopback hosts only", outcome.Answer)
}

func TestLogsIn(t *testing.T) {
	t.Parallel()
	encoded := base64.StdEncoding.EncodeToString([]byte("\x00ann@acme.test\x00" + password))
	tests := []struct {
		name, offer, command string
		verdict              drip.Verdict
	}{
		{"PLAIN", "AUTH LOGIN PLAIN", "AUTH PLAIN " + encoded, drip.Delivered},
		{"SCRAM before PLAIN", "AUTH PLAIN SCRAM-SHA-256", "AUTH SCRAM-SHA-256", drip.Delivered},
		{"nothing we know", "AUTH GSSAPI", "", drip.AccountFault},
		{"nothing at all", "SIZE", "", drip.AccountFault},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, once(atEHLO, act{say: "250-scripted\r\n250 " + tt.offer + "\r\n"}))
			outcome := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port)).Deliver(t.Context(), envelope())
			require.Equal(t, tt.verdict, outcome.Verdict, outcome.Answer)
			if tt.command == "" {
				require.Zero(t, s.saw(atAUTH))
			} else {
				require.Equal(t, 1, s.saw(tt.command))
			}
		})
	}
	t.Run("LOGIN", func(t *testing.T) {
		t.Parallel()
		words := map[string]string{
			atEHLO: "250-scripted\r\n250 AUTH LOGIN\r\n",
			atAUTH: "334 VXNlcm5hbWU6\r\n",
			base64.StdEncoding.EncodeToString([]byte("ann@acme.test")): "334 UGFzc3dvcmQ6\r\n",
			base64.StdEncoding.EncodeToString([]byte(password)):        "235 2.7.0 welcome\r\n",
		}
		s := serve(t, func(_ int, stage string) act { return act{say: words[stage]} })
		requireDelivered(t, newPool(t, nil).Open(account("127.0.0.1", s.addr.Port)), envelope())
	})
	t.Run("nobody without a user name", func(t *testing.T) {
		t.Parallel()
		s := serve(t, once("", act{}))
		a := account("127.0.0.1", s.addr.Port)
		a.SMTP.Username = ""
		requireDelivered(t, newPool(t, func(o *smtp.Options) { o.Secret = nil }).Open(a), envelope())
		require.Zero(t, s.saw(atAUTH))
	})
	t.Run("and says nothing of the secret when it is told back", func(t *testing.T) {
		t.Parallel()
		s := serve(t, once(atAUTH, act{say: "535-5.7.8 no: " + encoded + "\r\n535 5.7.8 " + password + " is wrong for ann@acme.test\r\n"}))
		outcome := newPool(t, nil).Open(account("127.0.0.1", s.addr.Port)).Deliver(t.Context(), envelope())
		require.Equal(t, drip.AccountFault, outcome.Verdict)
		require.Equal(t, "535 5.7.8 no: <secret> <secret> is wrong for <secret>", outcome.Answer)
	})
}
