package catcher

import (
	"crypto/subtle"
	"crypto/tls"
	"io"
	"net"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// listener numbers connections, and speaks TLS where it is spoken from the first byte.
type listener struct {
	net.Listener
	catcher *Catcher
}

func (l *listener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if o := l.catcher.options; o.ImplicitTLS {
		conn = tls.Server(conn, o.TLS)
	}
	number := int(l.catcher.connections.Add(1))
	return &greetingConn{Conn: conn, catcher: l.catcher, number: number}, nil
}

// session is one dialogue, from EHLO on. After STARTTLS there is a new one.
type session struct {
	catcher  *Catcher
	conn     *smtp.Conn
	attempt  Attempt
	loggedIn bool
}

func (c *Catcher) newSession(conn *smtp.Conn) *session {
	s := &session{catcher: c, conn: conn}
	raw := conn.Conn()
	if over, ok := raw.(*tls.Conn); ok {
		raw = over.NetConn()
	}
	if greeting, ok := raw.(*greetingConn); ok {
		s.attempt.Connection = greeting.number
	}
	return s
}

// AuthMechanisms offers the one that every client knows.
func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

// Auth checks a login.
func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if fault := s.catcher.ask(StageAuth, s.known()); fault != nil {
			return s.catcher.play(fault, s.conn)
		}
		o := s.catcher.options
		right := subtle.ConstantTimeCompare([]byte(username), []byte(o.Username)) &
			subtle.ConstantTimeCompare([]byte(password), []byte(o.Password))
		if o.Username != "" && right != 1 {
			return smtp.ErrAuthFailed
		}
		s.loggedIn = true
		s.catcher.logins.Add(1)
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.catcher.options.Username != "" && !s.loggedIn {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	s.attempt.Message++
	s.attempt.From = from
	return s.stage(StageMail)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	first := s.attempt.To == ""
	if first {
		s.attempt.To = to
	}
	err := s.stage(StageRcpt)
	if err != nil && first {
		s.attempt.To = ""
	}
	return err
}

// Data reads the message to its end before anything is decided. A dialogue that ends before the final
// dot ends in an error here, and nothing was accepted.
func (s *session) Data(r io.Reader) error {
	if err := s.stage(StageData); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	m := newMessage(s.attempt.From, s.attempt.To, raw)
	s.attempt.ID, s.attempt.MessageID = m.ID, m.MessageID
	fault := s.catcher.ask(StageFinalDot, s.known())
	after, accepted := fault.(acceptThen)
	if fault == nil || accepted {
		if err := s.catcher.accept(m); err != nil {
			return s.catcher.play(err, s.conn)
		}
	}
	switch {
	case accepted:
		return s.catcher.play(after.fault, s.conn)
	case fault != nil:
		return s.catcher.play(fault, s.conn)
	}
	return nil
}

// stage asks the script, and plays the fault if there is one.
func (s *session) stage(stage Stage) error {
	if fault := s.catcher.ask(stage, s.known()); fault != nil {
		return s.catcher.play(fault, s.conn)
	}
	return nil
}

// known is a copy of what is known, for the script to keep.
func (s *session) known() *Attempt {
	a := s.attempt
	return &a
}

// Reset forgets the transaction.
func (s *session) Reset() {
	s.attempt.From, s.attempt.To, s.attempt.ID, s.attempt.MessageID = "", "", "", ""
}

// Logout has nothing to free.
func (s *session) Logout() error { return nil }
