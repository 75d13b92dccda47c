package smtp

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/textproto"
)

// wholeLines passes a server's answers on line by line, and nothing of a line that did not end. The
// parser above it takes what it has for a line when the connection breaks or times out, and would
// make "250 acc" of an answer that could have gone on in any way, or stopped for any reason.
type wholeLines struct {
	from *bufio.Reader
	rest []byte // of a whole line, not passed on yet
}

func (w *wholeLines) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		line, err := w.from.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, errLongLine
		case errors.Is(err, io.EOF):
			return 0, io.ErrUnexpectedEOF
		case err != nil:
			return 0, err
		}
		w.rest = completed(line)
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

// completed makes of a bare code the answer with an empty text that it is (RFC 5321 4.2), which the
// parser would not read.
func completed(line []byte) []byte {
	if len(line) == 5 && line[3] == '\r' || len(line) == 4 {
		return []byte{line[0], line[1], line[2], ' ', '\r', '\n'}
	}
	return line
}

// listen puts wholeLines between a dialogue and its connection.
func (c *conn) listen() {
	text := c.client.Text
	c.lines = &wholeLines{from: text.R}
	text.R = bufio.NewReader(c.lines)
}

// pending says that the server has said more than it was asked.
func (c *conn) pending() bool {
	return c.client.Text.R.Buffered() > 0 || len(c.lines.rest) > 0 || c.lines.from.Buffered() > 0
}

// boundedConn ends a server that talks without end: what it may say between two writes is limited.
type boundedConn struct {
	net.Conn
	left int
}

// talk is far above any answer, or a handshake with a long chain of certificates.
const talk = 256 << 10

// What a server may not do.
const (
	errLongLine = textproto.ProtocolError("a line without an end")
	errTalk     = textproto.ProtocolError("an answer without an end")
	errBabble   = textproto.ProtocolError("more than it was asked")
)

func (b *boundedConn) Write(p []byte) (int, error) {
	b.left = talk
	return b.Conn.Write(p)
}

func (b *boundedConn) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTalk
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
