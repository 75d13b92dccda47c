package smtp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"syscall"
)

// stage is a point of the dialogue. Their order is that of the dialogue.
type stage int

const (
	connecting stage = iota
	greeting
	hello
	securing // STARTTLS, or the handshake of implicit TLS
	login
	sender
	recipient
	data
	body
	finalDot
)

func (s stage) String() string {
	return [...]string{
		"connection", "greeting", "EHLO", "TLS", "AUTH", "MAIL FROM", "RCPT TO", "DATA", "body", "final dot",
	}[s]
}

// fault is what ended a dialogue before the message was delivered, and where.
type fault struct {
	at  stage
	by  cause
	err error
}

// cause says who or what ended it.
type cause int

const (
	byServer  cause = iota // the server, or the way there
	byMessage              // refused here: this message cannot go through this server
	byAccount              // refused here: somebody has to mend the account or its server first
	byCaller               // the caller's context ended
)

// heard tells the faults of byServer apart.
type heard int

const (
	hadAnswer  heard = iota // a 4xx or 5xx
	hadGarbage              // something that is no answer to this
	hadSilence              // nothing, in time
	hadLoss                 // the connection ended
)

func (f *fault) heard() heard {
	var (
		answer   *textproto.Error
		protocol textproto.ProtocolError
		network  net.Error
	)
	switch {
	case errors.As(f.err, &answer):
		if class := answer.Code / 100; class == 4 || class == 5 {
			return hadAnswer
		}
		return hadGarbage
	case errors.As(f.err, &protocol):
		return hadGarbage
	case errors.Is(f.err, os.ErrDeadlineExceeded), errors.As(f.err, &network) && network.Timeout():
		return hadSilence
	default:
		return hadLoss
	}
}

// mendable blames the account for a fault that is neither an answer nor a connection that broke: the
// two sides cannot agree on TLS, or a login's proof is wrong. It will not go away by itself.
func mendable(f *fault) *fault {
	var system syscall.Errno
	broke := errors.Is(f.err, io.EOF) || errors.Is(f.err, io.ErrUnexpectedEOF) || errors.Is(f.err, net.ErrClosed) ||
		errors.Is(f.err, context.Canceled) || errors.As(f.err, &system)
	if f.heard() == hadLoss && !broke {
		f.by = byAccount
	}
	return f
}

// fatal says that the connection cannot be used any more: what comes next on it could be anything.
func (f *fault) fatal() bool {
	switch {
	case f.by == byMessage, f.by == byAccount && f.at >= sender:
		return false // the server saw nothing of it
	case f.by != byServer, f.at < sender, f.at == body, f.heard() != hadAnswer:
		return true
	default:
		return f.reply().code == 421
	}
}

// parted says that the server had ended the connection before this message began: nothing is lost by
// beginning it on another.
func (f *fault) parted() bool {
	if f.at != sender || f.by != byServer {
		return false
	}
	switch f.heard() {
	case hadLoss:
		return true
	case hadAnswer:
		_, limit := f.reply().limit()
		return f.reply().code == 421 && !limit
	default:
		return false
	}
}

// reply is a server's 4xx or 5xx.
type reply struct {
	code   int
	status string // the enhanced status (RFC 3463), or empty
	text   string // all of it, the status included; lines are separated by \n
}

// reply is what the server said, if it said something.
func (f *fault) reply() reply {
	var answer *textproto.Error
	if !errors.As(f.err, &answer) {
		return reply{}
	}
	return newReply(answer.Code, answer.Msg)
}

var statusCode = regexp.MustCompile(`^([245])\.\d{1,3}\.\d{1,3}(?:\s|$)`)

// newReply reads the enhanced status from the text. One of another class than the code's is none.
func newReply(code int, text string) reply {
	r := reply{code: code, text: text}
	status := statusCode.FindString(text)
	if status != "" && int(status[0]-'0') == code/100 {
		r.status = status
		if last := status[len(status)-1]; last < '0' || last > '9' {
			r.status = status[:len(status)-1]
		}
	}
	return r
}
