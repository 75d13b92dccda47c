package smtp

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Envelope is one message on its way to one recipient.
type Envelope struct {
	From, To string
	Raw      []byte // the rendered message, lines ending in CRLF, complete before the dialogue starts
}

var (
	errUnfit      = errors.New("the address cannot stand in an envelope")
	errNoSMTPUTF8 = errors.New("the address needs SMTPUTF8, which the server does not offer")
	errNo8BitMIME = errors.New("the message needs 8BITMIME, which the server does not offer")
)

// check finds an address that would break the dialogue.
func (e Envelope) check() *fault {
	switch {
	case !fits(e.From):
		return &fault{at: sender, by: byAccount, err: errUnfit}
	case !fits(e.To):
		return &fault{at: recipient, by: byMessage, err: errUnfit}
	default:
		return nil
	}
}

// fits says that an address can be put between < and > on a command line. Whether it makes sense is
// for others to say.
func fits(address string) bool {
	at := strings.LastIndexByte(address, '@')
	return at > 0 && at < len(address)-1 && utf8.ValidString(address) && !strings.ContainsFunc(address, func(r rune) bool {
		return r <= ' ' || r == 0x7f || r == '<' || r == '>'
	})
}

// international says that the addresses need SMTPUTF8 (RFC 6531).
func (e Envelope) international() bool {
	return strings.ContainsFunc(e.From+e.To, func(r rune) bool { return r >= 0x80 })
}

// admits holds the envelope against what the server offers.
func (c *conn) admits(e Envelope) *fault {
	if offered, _ := c.client.Extension("SMTPUTF8"); !offered && e.international() {
		if (Envelope{From: e.From}).international() {
			return &fault{at: sender, by: byAccount, err: errNoSMTPUTF8}
		}
		return &fault{at: recipient, by: byMessage, err: errNoSMTPUTF8}
	}
	if offered, limit := c.client.Extension("SIZE"); offered {
		most, err := strconv.ParseInt(strings.TrimSpace(limit), 10, 64)
		if err == nil && most > 0 && int64(len(e.Raw)) > most { // 0, or nothing, is no limit (RFC 1870)
			err := fmt.Errorf("the message has %d bytes, the server takes %d", len(e.Raw), most)
			return &fault{at: data, by: byMessage, err: err}
		}
	}
	if offered, _ := c.client.Extension("8BITMIME"); !offered && slices.ContainsFunc(e.Raw, func(b byte) bool { return b >= 0x80 }) {
		return &fault{at: data, by: byMessage, err: errNo8BitMIME}
	}
	return nil
}
