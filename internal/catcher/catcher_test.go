package catcher_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/catcher"
)

const (
	from = "ann@acme.test"
	to   = "jo@example.test"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func start(t *testing.T, o catcher.Options) *catcher.Catcher {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return noon }
	}
	c, err := catcher.Start("127.0.0.1:0", o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func dial(t *testing.T, c *catcher.Catcher) *smtp.Client {
	t.Helper()
	client, err := smtp.Dial(c.Addr())
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func raw(id string) string {
	return "Date: Mon, 02 Mar 2026 11:59:00 +0100\r\nFrom: Ann <ann@acme.test>\r\nSubject: Hi\r\n" +
		"Message-ID: <" + id + "@acme.test>\r\nX-Dripline-Message: " + id + "\r\n\r\nHi.\r\n.two dots\r\n"
}

func send(client *smtp.Client, message string) error {
	if err := client.Mail(from); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := io.WriteString(w, message); err != nil {
		return err
	}
	return w.Close()
}

func TestCatchesInOrder(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{})
	client := dial(t, c)
	for i := range 3 {
		require.NoError(t, send(client, raw(fmt.Sprint("m", i))))
	}
	require.NoError(t, c.Wait(t.Context(), 3))
	got := c.Messages()
	require.Len(t, got, 3)
	require.Equal(t, 3, c.Count())
	require.Equal(t, 1, c.Connections())
	for i, m := range got {
		id := fmt.Sprint("m", i)
		require.Equal(t, id, m.ID)
		require.Equal(t, "<"+id+"@acme.test>", m.MessageID)
		require.Equal(t, from, m.From)
		require.Equal(t, to, m.To)
		require.Equal(t, "Hi", m.Header.Get("Subject"))
		require.Equal(t, raw(id), string(m.Raw))
		require.Equal(t, noon, m.At)
		require.True(t, m.Date.Equal(noon.Add(-61*time.Minute)))
	}
}

func TestWaitsForAnEvent(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{})
	done := make(chan error, 1)
	go func() { done <- c.Wait(t.Context(), 2) }()
	client := dial(t, c)
	require.NoError(t, send(client, raw("a")))
	require.NoError(t, send(client, raw("b")))
	require.NoError(t, <-done)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Wait(ended, 3), context.Canceled)
}

func TestWhatIsNotFinishedIsNotAccepted(t *testing.T) {
	t.Parallel()
	seen := make(chan catcher.Stage, 16)
	c := start(t, catcher.Options{Script: func(s catcher.Stage, _ *catcher.Attempt) error {
		seen <- s
		return nil
	}})
	client := dial(t, c)
	require.NoError(t, client.Mail(from))
	require.NoError(t, client.Rcpt(to))
	w, err := client.Data()
	require.NoError(t, err)
	_, err = io.WriteString(w, raw("half"))
	require.NoError(t, err)
	require.NoError(t, client.Text.W.Flush())
	require.NoError(t, client.Close())
	// Another dialogue, begun after the first was cut, shows that the catcher is past it.
	require.NoError(t, send(dial(t, c), raw("whole")))
	got := c.Messages()
	require.Len(t, got, 1)
	require.Equal(t, "whole", got[0].ID)
	close(seen)
	dots := 0
	for stage := range seen {
		if stage == catcher.StageFinalDot {
			dots++
		}
	}
	require.Equal(t, 1, dots)
}

func TestWritesFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken := filepath.Join(dir, "launch_7_1.eml")
	require.NoError(t, os.WriteFile(taken, []byte("was here"), 0o600))
	c := start(t, catcher.Options{Dir: dir})
	client := dial(t, c)
	for _, id := range []string{"launch/7/1", "launch/7/1", "../../etc/passwd", ""} {
		require.NoError(t, send(client, raw(id)))
	}
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = filepath.Base(f)
	}
	require.ElementsMatch(t, []string{"launch_7_1.eml", "launch_7_1-2.eml", "launch_7_1-3.eml", "_.._etc_passwd.eml", "message.eml"}, names)
	old, err := os.ReadFile(taken)
	require.NoError(t, err)
	require.Equal(t, "was here", string(old))
	kept, err := os.ReadFile(filepath.Join(dir, "launch_7_1-2.eml"))
	require.NoError(t, err)
	require.Equal(t, raw("launch/7/1"), string(kept))
}

func TestRefusesWhatItCannotWrite(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{Dir: filepath.Join(t.TempDir(), "missing")})
	requireCode(t, 452, send(dial(t, c), raw("a")))
	require.Zero(t, c.Count())
}

func TestDiscardCounts(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{Discard: true})
	require.NoError(t, send(dial(t, c), raw("a")))
	require.Equal(t, 1, c.Count())
	m := c.Messages()[0]
	require.Nil(t, m.Raw)
	require.Nil(t, m.Header)
	require.Equal(t, "a", m.ID)
}

func TestAsksForALogin(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{Username: "ann", Password: "right"})
	requireCode(t, 530, send(dial(t, c), raw("a")))
	requireCode(t, 535, dial(t, c).Auth(smtp.PlainAuth("", "ann", "wrong", "127.0.0.1")))
	require.Zero(t, c.Logins())
	client := dial(t, c)
	require.NoError(t, client.Auth(smtp.PlainAuth("", "ann", "right", "127.0.0.1")))
	require.NoError(t, send(client, raw("a")))
	require.Equal(t, 1, c.Logins())
	require.Equal(t, 1, c.Count())
}

func TestSpeaksTLS(t *testing.T) {
	t.Parallel()
	certificate, trusted, err := catcher.SelfSigned()
	require.NoError(t, err)
	server := &tls.Config{Certificates: []tls.Certificate{certificate}}
	trusting := &tls.Config{RootCAs: trusted, ServerName: "127.0.0.1"}

	t.Run("by STARTTLS, and logins only over it", func(t *testing.T) {
		t.Parallel()
		c := start(t, catcher.Options{TLS: server, Username: "ann", Password: "right"})
		client := dial(t, c)
		offered, _ := client.Extension("AUTH")
		require.False(t, offered)
		require.NoError(t, client.StartTLS(trusting))
		require.NoError(t, client.Auth(smtp.PlainAuth("", "ann", "right", "127.0.0.1")))
		require.NoError(t, send(client, raw("a")))
		require.Equal(t, 1, c.Count())
	})
	t.Run("from the first byte", func(t *testing.T) {
		t.Parallel()
		c := start(t, catcher.Options{TLS: server, ImplicitTLS: true})
		conn, err := tls.Dial("tcp", c.Addr(), trusting)
		require.NoError(t, err)
		client, err := smtp.NewClient(conn, "127.0.0.1")
		require.NoError(t, err)
		defer func() { require.NoError(t, client.Close()) }()
		offered, _ := client.Extension("STARTTLS")
		require.False(t, offered)
		require.NoError(t, send(client, raw("a")))
	})
	t.Run("and nobody else trusts it", func(t *testing.T) {
		t.Parallel()
		c := start(t, catcher.Options{TLS: server, ImplicitTLS: true})
		_, err := tls.Dial("tcp", c.Addr(), &tls.Config{ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()})
		require.Error(t, err)
	})
	t.Run("not without a certificate", func(t *testing.T) {
		t.Parallel()
		_, err := catcher.Start("127.0.0.1:0", catcher.Options{ImplicitTLS: true})
		require.Error(t, err)
	})
}

func TestPlaysTheScript(t *testing.T) {
	t.Parallel()
	refusal := catcher.Answer{Code: 451, Enhanced: [3]int{4, 7, 1}, Text: "not now"}
	tests := []struct {
		name     string
		stage    catcher.Stage
		fault    error
		code     int // 0: the connection is lost
		accepted int
	}{
		{"answers at the greeting", catcher.StageGreeting, refusal, 451, 0},
		{"drops at the greeting", catcher.StageGreeting, catcher.Drop, 0, 0},
		{"answers the sender", catcher.StageMail, refusal, 451, 0},
		{"answers the recipient", catcher.StageRcpt, refusal, 451, 0},
		{"answers the message", catcher.StageFinalDot, refusal, 451, 0},
		{"drops at the sender", catcher.StageMail, catcher.Drop, 0, 0},
		{"drops at the recipient", catcher.StageRcpt, catcher.Drop, 0, 0},
		{"drops at the body", catcher.StageData, catcher.Drop, 0, 0},
		{"drops the message", catcher.StageFinalDot, catcher.Drop, 0, 0},
		{"accepts and drops", catcher.StageFinalDot, catcher.AcceptThen(catcher.Drop), 0, 1},
		{"accepts and lies", catcher.StageFinalDot, catcher.AcceptThen(refusal), 451, 1},
		{"says goodbye", catcher.StageRcpt, catcher.Answer{Code: 421, Text: "bye"}, 421, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, catcher.Options{Script: func(s catcher.Stage, a *catcher.Attempt) error {
				if s == tt.stage && a.Connection == 1 {
					return tt.fault
				}
				return nil
			}})
			client, err := smtp.Dial(c.Addr())
			if err == nil {
				defer func() { _ = client.Close() }()
				err = send(client, raw("a"))
			}
			require.Error(t, err)
			if tt.code != 0 {
				requireCode(t, tt.code, err)
			} else {
				var answer *textproto.Error
				require.NotErrorAs(t, err, &answer)
			}
			require.Equal(t, tt.accepted, c.Count())
			// The fault was for the first connection only.
			require.NoError(t, send(dial(t, c), raw("b")))
			require.Equal(t, tt.accepted+1, c.Count())
		})
	}
}

func TestHangsUntilClosed(t *testing.T) {
	t.Parallel()
	for _, stage := range []catcher.Stage{catcher.StageGreeting, catcher.StageMail, catcher.StageFinalDot} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			hanging := make(chan struct{})
			c := start(t, catcher.Options{Script: func(s catcher.Stage, _ *catcher.Attempt) error {
				if s != stage {
					return nil
				}
				close(hanging)
				return catcher.Hang
			}})
			done := make(chan error, 1)
			go func() {
				client, err := smtp.Dial(c.Addr())
				if err == nil {
					err = send(client, raw("a"))
					_ = client.Close()
				}
				done <- err
			}()
			<-hanging
			require.Empty(t, done)
			require.NoError(t, c.Close())
			require.Error(t, <-done)
			require.Zero(t, c.Count())
		})
	}
}

func TestAdvertisesItsLimit(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{MaxMessageBytes: 64})
	client := dial(t, c)
	_, size := client.Extension("SIZE")
	require.Equal(t, "64", size)
	requireCode(t, 552, send(client, raw("a")))
	require.Zero(t, c.Count())
}

func TestTakesWhatIsNoMessage(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{})
	client := dial(t, c)
	junk := string(bytes.Repeat([]byte("x"), 100)) + "\r\n"
	require.NoError(t, send(client, junk))
	require.Equal(t, junk, string(c.Messages()[0].Raw))
}

func TestCloseFreesThePort(t *testing.T) {
	t.Parallel()
	c := start(t, catcher.Options{})
	require.NoError(t, c.Close())
	_, err := net.Dial("tcp", c.Addr())
	require.Error(t, err)
}

func requireCode(t *testing.T, code int, err error) {
	t.Helper()
	var answer *textproto.Error
	require.ErrorAs(t, err, &answer)
	require.Equal(t, code, answer.Code)
}
