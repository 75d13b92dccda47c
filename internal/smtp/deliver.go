package smtp

import (
	"context"
	"errors"
	"net/textproto"
	"time"
)

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)

// allow gives the server some time from now on.
func (c *conn) allow(d time.Duration) { _ = c.socket.SetDeadline(time.Now().Add(d)) }

// cutWhenDone lets the end of a context end every wait. The function it returns says that from now on
// it does not, or that it has already: then it returns false.
func (c *conn) cutWhenDone(ctx context.Context) func() bool {
	return context.AfterFunc(ctx, func() { _ = c.socket.SetDeadline(longAgo) })
}

// ask puts one question and waits for its answer. The deadline is set before the context is looked at:
// in the other order a context that ends in between would be overruled.
func (c *conn) ask(ctx context.Context, question func() error) error {
	c.allow(c.options.Timeouts.Command)
	if err := ctx.Err(); err != nil {
		return err
	}
	return question()
}

// send hands one message over. The context ends it only before the first byte of the body: from there
// on it is finished.
func (c *conn) send(ctx context.Context, e Envelope) (accepted reply, f *fault) {
	if f := c.admits(e); f != nil {
		return reply{}, f
	}
	stop := c.cutWhenDone(ctx)
	defer stop()
	c.dirty = true
	c.client.SkipSMTPUTF8(!e.international())
	if err := c.ask(ctx, func() error { return fine(c.client.Mail("<" + e.From + ">")) }); err != nil {
		return reply{}, &fault{at: sender, err: err}
	}
	if err := c.ask(ctx, func() error { return fine(c.client.Rcpt("<" + e.To + ">")) }); err != nil {
		return reply{}, &fault{at: recipient, err: err}
	}
	if err := c.ask(ctx, c.data); err != nil {
		return reply{}, &fault{at: data, err: err}
	}
	if !stop() {
		return reply{}, &fault{at: data, err: ctx.Err()}
	}
	return c.handOver(e.Raw)
}

// fine is nil for every 2xx: which of them it is makes no difference (RFC 5321 4.2.1).
func fine(err error) error {
	var answer *textproto.Error
	if errors.As(err, &answer) && answer.Code/100 == 2 {
		return nil
	}
	return err
}

// handOver sends the body and its final dot, and waits for the one answer that counts.
func (c *conn) handOver(raw []byte) (accepted reply, f *fault) {
	c.allow(c.options.Timeouts.Body)
	if err := c.write(raw); err != nil {
		return reply{}, c.cutShort(err)
	}
	c.allow(c.options.Timeouts.FinalDot)
	code, text, err := c.client.Text.ReadResponse(2)
	if err != nil {
		return reply{}, &fault{at: finalDot, err: err}
	}
	c.dirty = false
	return newReply(code, text), nil
}

// data asks to send a body. It speaks for itself because the library's writer keeps the error of the
// last write to itself, and so cannot say whether the final dot left.
func (c *conn) data() error {
	text := c.client.Text
	id, err := text.Cmd("DATA")
	if err != nil {
		return err
	}
	text.StartResponse(id)
	defer text.EndResponse(id)
	if _, _, err = text.ReadResponse(354); err != nil {
		return err
	}
	if c.pending() {
		// It says more than it was asked: the next answer would be taken for that to the final dot.
		return errBabble
	}
	return nil
}

// write sends the body, its dots doubled, and the final dot in its last write.
func (c *conn) write(raw []byte) error {
	w := c.client.Text.DotWriter()
	if _, err := w.Write(raw); err != nil {
		return err
	}
	return w.Close()
}

// cutShort is a body that did not get through: the final dot never left, so nothing was accepted. A
// server that ends it with an answer (too big, not wanted) has often said so before.
func (c *conn) cutShort(err error) *fault {
	f := &fault{at: body, err: err}
	if f.heard() != hadLoss {
		return f
	}
	c.allow(c.options.Timeouts.Farewell)
	if _, _, said := c.client.Text.ReadResponse(2); said != nil {
		if told := (&fault{at: body, err: said}); told.heard() == hadAnswer {
			return told
		}
	}
	return f
}

// revive makes sure of a connection that was used before: one that has been idle for long may be dead,
// and one that was left within a transaction has to forget it. RSET does both.
func (c *conn) revive(ctx context.Context) error {
	if !c.dirty && c.options.Now().Sub(c.used) <= c.options.Timeouts.Fresh {
		return nil
	}
	defer c.cutWhenDone(ctx)()
	c.allow(c.options.Timeouts.Check)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.client.Reset(); err != nil {
		return err
	}
	c.dirty = false
	return nil
}

// quit says goodbye and ends the connection.
func (c *conn) quit() {
	c.allow(c.options.Timeouts.Farewell)
	_ = c.client.Quit()
	c.cut()
}

// cut ends the connection without a word. It goes round the library, which would end an unfinished
// body with a dot before it said anything else.
func (c *conn) cut() { _ = c.socket.Close() }
