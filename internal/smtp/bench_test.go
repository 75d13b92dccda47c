package smtp_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/wneessen/go-mail"

	"github.com/dripline/dripline/internal/catcher"
	"github.com/dripline/dripline/internal/drip"
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
func elsewhere(b *testing.B) (addr string, count func() string) {
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
	require.True(b, lines.Scan())
	return lines.Text(), func() string {
		require.NoError(b, in.Close())
		require.True(b, lines.Scan())
		counted := lines.Text()
		require.NoError(b, cmd.Wait())
		return counted
	}
}

// BenchmarkDeliver sends over one kept connection. The baseline beside it is go-mail's own client in
// a bare loop, over one kept connection, with the same message.
func BenchmarkDeliver(b *testing.B) {
	text := strings.Repeat("It is a message of some length, as people write them.\r\n", 30)
	b.Run("Deliver", func(b *testing.B) {
		addr, count := elsewhere(b)
		message := newMessage(b, text)
		var raw bytes.Buffer
		_, err := message.WriteTo(&raw)
		require.NoError(b, err)
		e := smtp.Envelope{From: "ann@acme.test", To: "jane@example.test", Raw: raw.Bytes()}
		p := smtp.NewPool(smtp.Options{Secret: func(drip.SMTP) (string, error) { return password, nil }})
		session := p.Open(benchAccount(b, addr))
		sent := 0
		for b.Loop() {
			if outcome := session.Deliver(b.Context(), e); outcome.Verdict != drip.Delivered {
				b.Fatal(outcome)
			}
			sent++
		}
		p.Close()
		b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "msg/s")
		require.Equal(b, fmt.Sprint(sent), count())
	})
	b.Run("baseline", func(b *testing.B) {
		addr, count := elsewhere(b)
		a := benchAccount(b, addr)
		client, err := mail.NewClient(a.SMTP.Host, mail.WithPort(a.SMTP.Port), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"))
		require.NoError(b, err)
		require.NoError(b, client.DialWithContext(b.Context()))
		message := newMessage(b, text)
		sent := 0
		for b.Loop() {
			if err := client.Send(message); err != nil {
				b.Fatal(err)
			}
			sent++
		}
		require.NoError(b, client.Close())
		b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "msg/s")
		require.Equal(b, fmt.Sprint(sent), count())
	})
}

func benchAccount(b *testing.B, addr string) drip.Account {
	b.Helper()
	var a drip.Account
	host, port, ok := strings.Cut(addr, ":")
	require.True(b, ok)
	a.ID, a.SMTP.Host, a.SMTP.TLS = "ann", host, drip.NoTLS
	_, err := fmt.Sscan(port, &a.SMTP.Port)
	require.NoError(b, err)
	return a
}

func newMessage(b *testing.B, text string) *mail.Msg {
	b.Helper()
	m := mail.NewMsg()
	require.NoError(b, m.From("ann@acme.test"))
	require.NoError(b, m.To("jane@example.test"))
	m.Subject("Hi")
	m.SetDate()
	m.SetMessageID()
	m.SetBodyString(mail.TypeTextPlain, text)
	return m
}
