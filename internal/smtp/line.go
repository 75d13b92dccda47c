package smtp

import (
	"context"
	"errors"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// line is the way to one account's server: a connection that is made when it is needed, kept as long
// as it lives, and used by whoever has the turn.
type line struct {
	options  *Options
	smtp     drip.SMTP
	sessions int // of the pool, under its mutex

	turn       chan struct{} // holds one token; whoever has it out may use what is below
	conn       *conn
	discretion discretion  // of the login in use
	idle       *time.Timer // ends a connection that nobody uses
	closed     bool
}

func newLine(o *Options, s drip.SMTP) *line {
	l := &line{options: o, smtp: s, turn: make(chan struct{}, 1)}
	l.idle = time.AfterFunc(o.Timeouts.Idle, l.idled)
	l.idle.Stop()
	l.turn <- struct{}{}
	return l
}

var errClosed = errors.New("the session is closed")

// deliver takes a turn, and says what came of it.
func (l *line) deliver(caller context.Context, e Envelope) drip.Outcome {
	ctx, cancel := context.WithTimeout(caller, l.options.Timeouts.Before)
	defer cancel()
	accepted, d, f := l.takeTurn(ctx, e)
	if f == nil {
		return drip.Outcome{Verdict: drip.Delivered, Answer: d.answer(accepted)}
	}
	if f.by == byServer && f.at < body && f.heard() != hadAnswer && caller.Err() != nil {
		f.by = byCaller
	}
	verdict, wait := f.verdict()
	return drip.Outcome{Verdict: verdict, Answer: d.describe(f), RetryAfter: wait}
}

// takeTurn waits until nobody else uses the connection, and delivers over it. It also returns what
// must not show in anything that is said about it.
func (l *line) takeTurn(ctx context.Context, e Envelope) (reply, discretion, *fault) {
	if f := e.check(); f != nil {
		return reply{}, discretion{}, f
	}
	select {
	case <-l.turn:
	case <-ctx.Done():
		return reply{}, discretion{}, &fault{at: connecting, err: ctx.Err()}
	}
	l.idle.Stop()
	accepted, f := l.attempt(ctx, e)
	d := l.discretion.withEnvelope(e)
	if l.conn != nil {
		l.idle.Reset(l.options.Timeouts.Idle)
	}
	l.turn <- struct{}{}
	return accepted, d, f
}

// attempt delivers over the connection there is, or over a new one. It begins again only where the
// server had ended the old connection before it heard of this message.
func (l *line) attempt(ctx context.Context, e Envelope) (reply, *fault) {
	for {
		if l.closed {
			return reply{}, &fault{at: connecting, by: byCaller, err: errClosed}
		}
		if f := l.ready(ctx); f != nil {
			return reply{}, f
		}
		c := l.conn
		accepted, f := c.send(ctx, e)
		again := f != nil && f.parted() && c.messages > 0
		c.messages++
		c.used = l.options.Now()
		// Where the context ended before the body, its deadline may still be on its way to the socket.
		if f != nil && (f.fatal() || f.at < body && ctx.Err() != nil) || c.pending() {
			l.drop()
		}
		if !again {
			return accepted, f
		}
	}
}

// ready makes sure that there is a connection that lives.
func (l *line) ready(ctx context.Context) *fault {
	if l.conn != nil {
		if err := l.conn.revive(ctx); err == nil {
			return nil
		}
		l.drop()
	}
	password, f := l.options.password(l.smtp)
	if f != nil {
		return f
	}
	l.discretion = discretion{}.withLogin(l.smtp, password)
	l.conn, f = dial(ctx, l.options, l.smtp, password)
	return f
}

func (l *line) drop() {
	l.conn.cut()
	l.conn = nil
}

// idled ends the connection, unless somebody is using it: then it is not idle.
func (l *line) idled() {
	select {
	case <-l.turn:
		l.hangUp()
		l.turn <- struct{}{}
	default:
	}
}

// close ends the line for good, once the delivery in hand is finished.
func (l *line) close() {
	<-l.turn
	l.closed = true
	l.idle.Stop()
	l.hangUp()
	l.turn <- struct{}{}
}

func (l *line) hangUp() {
	if l.conn != nil {
		l.conn.quit()
		l.conn = nil
	}
}
