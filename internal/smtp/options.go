package smtp

import (
	"crypto/x509"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Options are what a pool needs from outside.
type Options struct {
	// Secret reads the password of an account that has a user name, each time it logs in. The text
	// of its error goes nowhere; the name of the variable or file does.
	Secret func(drip.SMTP) (string, error)
	// RootCAs are the authorities that servers' certificates are verified with; nil: the system's.
	RootCAs *x509.CertPool
	// Now dates the outcomes and measures how long a connection was idle; nil is time.Now.
	// Timeouts are real time, whatever it says.
	Now func() time.Time
	// Timeouts may be given in part: what is zero is as in DefaultTimeouts.
	Timeouts Timeouts
	// Hello is the name to greet servers with: the host's own. Default "localhost".
	Hello string
}

// Timeouts bound every wait.
type Timeouts struct {
	Connect  time.Duration // for the connection, and for a TLS handshake that begins it
	Command  time.Duration // for the answer to one command
	Before   time.Duration // for everything up to the body, connecting included
	Body     time.Duration // for the server to take the whole body
	FinalDot time.Duration // for the answer to the final dot
	Check    time.Duration // for the answer to RSET, which tells whether a connection still lives
	Farewell time.Duration // for QUIT, and for an answer left behind on a broken connection
	Fresh    time.Duration // how long a connection may be idle and be used unchecked
	Idle     time.Duration // how long a connection may be idle at all
}

// DefaultTimeouts are those of RFC 5321 4.5.3.2 where it has one. Idle is just below the five minutes
// that a server has to wait for the next command.
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Connect:  30 * time.Second,
		Command:  5 * time.Minute,
		Before:   6 * time.Minute,
		Body:     3 * time.Minute,
		FinalDot: 10 * time.Minute,
		Check:    15 * time.Second,
		Farewell: 3 * time.Second,
		Fresh:    20 * time.Second,
		Idle:     270 * time.Second,
	}
}

// orDefault fills in what is zero.
func (t Timeouts) orDefault() Timeouts {
	d := DefaultTimeouts()
	for _, f := range []struct{ have, def *time.Duration }{
		{&t.Connect, &d.Connect},
		{&t.Command, &d.Command},
		{&t.Before, &d.Before},
		{&t.Body, &d.Body},
		{&t.FinalDot, &d.FinalDot},
		{&t.Check, &d.Check},
		{&t.Farewell, &d.Farewell},
		{&t.Fresh, &d.Fresh},
		{&t.Idle, &d.Idle},
	} {
		if *f.have == 0 {
			*f.have = *f.def
		}
	}
	return t
}
