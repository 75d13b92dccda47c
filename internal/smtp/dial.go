package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/dripline/dripline/internal/drip"
)

// conn is one connection that is logged in and ready for messages. One at a time uses it.
type conn struct {
	options  *Options
	socket   net.Conn // below TLS: deadlines, and the end of it
	client   *smtp.Client
	lines    *wholeLines
	used     time.Time // when it was last known to live, by Options.Now
	messages int       // handed over or refused on it so far
	dirty    bool      // a transaction was left before its end
}

// dial makes a connection, with everything that has to be said before the first message. What fails
// leaves nothing open.
func dial(ctx context.Context, o *Options, s drip.SMTP, password string) (*conn, *fault) {
	if s.TLS == drip.NoTLS && !s.Insecure && !loopback(s.Host) {
		return nil, &fault{at: securing, by: byAccount, err: errors.New("tls none is for loopback hosts only")}
	}
	within, cancel := context.WithTimeout(ctx, o.Timeouts.Connect)
	defer cancel()
	socket, err := new(net.Dialer).DialContext(within, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return nil, &fault{at: connecting, err: err}
	}
	c := &conn{options: o, socket: &boundedConn{Conn: socket, left: talk}}
	defer c.cutWhenDone(ctx)()
	if f := c.introduce(ctx, s, password); f != nil {
		c.cut()
		return nil, f
	}
	c.used = o.Now()
	return c, nil
}

// password reads the account's secret, if it has one. An error names where it was looked for, and
// nothing else: what an error of a file or a vault says could be anything.
func (o *Options) password(s drip.SMTP) (string, *fault) {
	if s.Username == "" {
		return "", nil
	}
	if o.Secret != nil {
		if secret, err := o.Secret(s); err == nil {
			return secret, nil
		}
	}
	place := s.PasswordEnv
	if place == "" {
		place = s.PasswordFile
	}
	return "", &fault{at: login, by: byAccount, err: fmt.Errorf("the password cannot be read from %s", place)}
}

// introduce greets, secures and logs in.
func (c *conn) introduce(ctx context.Context, s drip.SMTP, password string) *fault {
	over := c.socket
	trust := &tls.Config{ServerName: s.Host, RootCAs: c.options.RootCAs, MinVersion: tls.VersionTLS12}
	if s.TLS == drip.ImplicitTLS {
		secured := tls.Client(c.socket, trust)
		c.allow(c.options.Timeouts.Connect)
		if err := secured.HandshakeContext(ctx); err != nil {
			return insecure(err)
		}
		over = secured
	}
	c.allow(c.options.Timeouts.Command)
	if err := ctx.Err(); err != nil {
		return &fault{at: greeting, err: err}
	}
	client, err := smtp.NewClient(over, s.Host)
	if err != nil {
		return &fault{at: greeting, err: err}
	}
	c.client = client
	c.listen()
	if err := c.ask(ctx, func() error { return client.Hello(c.options.Hello) }); err != nil {
		return &fault{at: hello, err: err}
	}
	if s.TLS != drip.ImplicitTLS && s.TLS != drip.NoTLS {
		if f := c.startTLS(ctx, trust); f != nil {
			return f
		}
	}
	return c.login(ctx, s, password)
}

// startTLS secures the connection or fails: whoever stands in between and takes the offer out of the
// server's answer shall not get the message in plain text.
func (c *conn) startTLS(ctx context.Context, trust *tls.Config) *fault {
	if offered, _ := c.client.Extension("STARTTLS"); !offered {
		return &fault{at: securing, by: byAccount, err: errors.New("the server does not offer STARTTLS")}
	}
	if err := c.ask(ctx, func() error { return c.client.StartTLS(trust) }); err != nil {
		return insecure(err)
	}
	c.listen() // to the secured connection: what was said in plain text and not read is gone
	return nil
}

// insecure is a failed handshake.
func insecure(err error) *fault {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		err := fmt.Errorf("the server's certificate is not trusted: %w", certificate.Err)
		return &fault{at: securing, by: byAccount, err: err}
	}
	return mendable(&fault{at: securing, err: err})
}

// mechanisms are the ways to log in that we know, the best first.
var mechanisms = []struct {
	name string
	auth func(s drip.SMTP, password string) smtp.Auth
}{
	{"SCRAM-SHA-256", func(s drip.SMTP, password string) smtp.Auth { return smtp.ScramSHA256Auth(s.Username, password) }},
	{"SCRAM-SHA-1", func(s drip.SMTP, password string) smtp.Auth { return smtp.ScramSHA1Auth(s.Username, password) }},
	{"CRAM-MD5", func(s drip.SMTP, password string) smtp.Auth { return smtp.CRAMMD5Auth(s.Username, password) }},
	// Without TLS these two show the password to everybody on the way. That is what `tls: none` means,
	// and why it is for loopback hosts.
	{"PLAIN", func(s drip.SMTP, password string) smtp.Auth {
		return smtp.PlainAuth("", s.Username, password, s.Host, s.TLS == drip.NoTLS)
	}},
	{"LOGIN", func(s drip.SMTP, password string) smtp.Auth {
		return smtp.LoginAuth(s.Username, password, s.Host, s.TLS == drip.NoTLS)
	}},
}

// login proves who we are, in the best way that the server offers.
func (c *conn) login(ctx context.Context, s drip.SMTP, password string) *fault {
	if s.Username == "" {
		return nil
	}
	_, names := c.client.Extension("AUTH")
	offered := strings.Fields(strings.ToUpper(names))
	for _, m := range mechanisms {
		if !slices.Contains(offered, m.name) {
			continue
		}
		if err := c.ask(ctx, func() error { return c.client.Auth(m.auth(s, password)) }); err != nil {
			return mendable(&fault{at: login, err: err})
		}
		return nil
	}
	return &fault{at: login, by: byAccount, err: errors.New("the server offers no way to log in that is supported")}
}

// loopback says that a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
