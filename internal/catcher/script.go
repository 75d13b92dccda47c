package catcher

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/emersion/go-smtp"
)

// Stage is a point of the dialogue at which a Script is asked.
type Stage string

// The stages, in the order of the dialogue.
const (
	StageGreeting Stage = "greeting"  // a connection was accepted, nothing was said
	StageAuth     Stage = "auth"      // with the user name and password known
	StageMail     Stage = "mail"      // MAIL FROM
	StageRcpt     Stage = "rcpt"      // RCPT TO
	StageData     Stage = "data"      // DATA was answered with 354; an Answer waits for the final dot
	StageFinalDot Stage = "final_dot" // the message is complete; nobody has taken responsibility yet
)

// Attempt is what is known of the dialogue when a Script is asked.
type Attempt struct {
	Connection int    // number of the connection, from 1
	Message    int    // number of the transaction on it, from 1; 0 before the first MAIL FROM
	From, To   string // of the envelope, as far as it is known
	ID         string // X-Dripline-Message, at StageFinalDot
	MessageID  string // likewise
}

// Answer is a fault: the stage is answered with it. At StageGreeting the connection ends after it, and
// so it does after code 421 at any stage.
type Answer struct {
	Code     int
	Enhanced [3]int // all zero: none of its own
	Text     string
}

func (a Answer) Error() string { return strings.TrimSpace(fmt.Sprintf("%d %s", a.Code, a.Text)) }

// Silence is a fault without an answer.
type Silence string

// The silences: the connection ends, or nothing comes until the catcher is closed.
const (
	Drop Silence = "drop the connection"
	Hang Silence = "hang"
)

func (s Silence) Error() string { return string(s) }

// AcceptThen is a fault of StageFinalDot: the message is accepted, and the fault follows all the same.
// It is how an answer gets lost.
func AcceptThen(fault error) error { return acceptThen{fault} }

type acceptThen struct{ fault error }

func (a acceptThen) Error() string { return "accept, then " + a.fault.Error() }

// ask asks the script.
func (c *Catcher) ask(stage Stage, a *Attempt) error {
	if c.options.Script == nil {
		return nil
	}
	return c.options.Script(stage, a)
}

// play carries a fault out on a connection, and returns what the server library shall answer.
func (c *Catcher) play(fault error, conn *smtp.Conn) error {
	var answer Answer
	switch {
	case errors.As(fault, &answer):
		if answer.Code == 421 {
			// The library would go on after it. The answer is written here, and its own goes nowhere.
			_, _ = conn.Conn().Write(answer.line())
			_ = conn.Conn().Close()
		}
		return &smtp.SMTPError{Code: answer.Code, EnhancedCode: answer.Enhanced, Message: answer.Text}
	case errors.Is(fault, Hang):
		<-c.closing
		return fault
	default:
		_ = conn.Conn().Close()
		return fault
	}
}

// line is the answer as it is sent.
func (a Answer) line() []byte {
	if a.Enhanced == [3]int{} {
		return fmt.Appendf(nil, "%d %s\r\n", a.Code, a.Text)
	}
	return fmt.Appendf(nil, "%d %d.%d.%d %s\r\n", a.Code, a.Enhanced[0], a.Enhanced[1], a.Enhanced[2], a.Text)
}

// greetingConn plays the script of the greeting, which is the first thing that is ever written.
type greetingConn struct {
	net.Conn
	catcher *Catcher
	number  int
	greeted bool
}

func (g *greetingConn) Write(p []byte) (int, error) {
	if g.greeted {
		return g.Conn.Write(p)
	}
	g.greeted = true
	fault := g.catcher.ask(StageGreeting, &Attempt{Connection: g.number})
	if fault == nil {
		return g.Conn.Write(p)
	}
	var answer Answer
	if errors.As(fault, &answer) {
		_, _ = g.Conn.Write(answer.line())
	}
	if errors.Is(fault, Hang) {
		<-g.catcher.closing
	}
	_ = g.Close()
	return 0, net.ErrClosed
}
