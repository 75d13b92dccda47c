package message

import (
	"bytes"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// address is a mailbox in the form that every mail server takes: a domain in other letters is written
// in ASCII.
type address struct {
	name  string
	ascii string // without name and angle brackets
}

var (
	errAddress = errors.New("it is not an address")
	errLocal   = errors.New("it has characters other than ASCII before the @, which few mail servers take")
	errName    = errors.New("the name has a line break or another control character")
)

func newAddress(name, addr string) (address, error) {
	at := strings.LastIndexByte(addr, '@')
	if at < 0 || hasControl(addr) {
		return address{}, errAddress
	}
	local, domain := addr[:at], addr[at+1:]
	if !isASCII(local) {
		return address{}, errLocal
	}
	if !isASCII(domain) {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return address{}, errAddress
		}
		domain = ascii
	}
	parsed, err := mail.ParseAddress("<" + local + "@" + domain + ">")
	if err != nil || parsed.Name != "" {
		return address{}, errAddress
	}
	if hasControl(name) {
		return address{}, errName
	}
	return address{name: strings.TrimSpace(name), ascii: local + "@" + domain}, nil
}

func (a address) domain() string { return a.ascii[strings.LastIndexByte(a.ascii, '@')+1:] }

// header is the address as From and To have it.
func (a address) header() string {
	switch {
	case a.name == "":
		return "<" + a.ascii + ">"
	case isASCII(a.name) && !strings.Contains(a.name, "=?"):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.name) + `" <` + a.ascii + ">"
	default:
		return encodeWords(a.name) + " <" + a.ascii + ">"
	}
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

// envelope is all that a message is made of.
type envelope struct {
	from, to address
	subject  string
	date     time.Time
	id       string
	dripline string
	boundary string
	thread   []string // ids of the thread's earlier messages, in order
	text     string
	html     string
}

// errHeader is a defence in depth: everything that gets here has been checked before.
var errHeader = errors.New("a header would have a character that no header may have")

// bytes is the whole message. With text and HTML, a mail program shows the last part it can: HTML.
func (e *envelope) bytes() ([]byte, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithBoundary(e.boundary))
	headers := map[gomail.Header]string{
		"From":                     e.from.header(),
		"To":                       e.to.header(),
		gomail.HeaderSubject:       encodeHeader(e.subject),
		gomail.HeaderDate:          e.date.Format(time.RFC1123Z),
		gomail.HeaderMessageID:     "<" + e.id + ">",
		gomail.Header(headerOurID): e.dripline,
	}
	if n := len(e.thread); n > 0 {
		headers[gomail.HeaderInReplyTo] = "<" + e.thread[n-1] + ">"
		headers[gomail.HeaderReferences] = "<" + strings.Join(e.thread, "> <") + ">"
	}
	for name, value := range headers {
		if !isASCII(value) || hasControl(value) {
			return nil, errHeader
		}
		m.SetGenHeader(name, value)
	}
	for _, part := range []struct {
		kind gomail.ContentType
		body string
	}{{gomail.TypeTextPlain, e.text}, {gomail.TypeTextHTML, e.html}} {
		if !isBlank(part.body) {
			m.AddAlternativeString(part.kind, part.body)
		}
	}
	var b bytes.Buffer
	if _, err := m.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("writing the message: %w", err)
	}
	return b.Bytes(), nil
}

// headerOurID is the header by which a message of ours is recognised.
const headerOurID = "X-Dripline-Message"

// encodeHeader is text as RFC 2047 wants it in a header. Text that looks encoded already is encoded
// too, or a reader would see something else.
func encodeHeader(s string) string {
	if isASCII(s) && !strings.Contains(s, "=?") {
		return s
	}
	return encodeWords(s)
}

// wordRoom is how much fits between the marks of an encoded word, which is 60 characters at most:
// the first then fits on the line with the name of its header.
const wordRoom = 60 - len("=?UTF-8?q?") - len("?=")

// encodeWords is text as encoded words, none of which breaks a character. Blanks between the words
// are where a header may be folded; readers take them out again.
func encodeWords(s string) string {
	var b strings.Builder
	room := 0
	for _, r := range s {
		enc := encodeRune(r)
		if len(enc) > room {
			if b.Len() > 0 {
				b.WriteString("?= ")
			}
			b.WriteString("=?UTF-8?q?")
			room = wordRoom
		}
		b.WriteString(enc)
		room -= len(enc)
	}
	b.WriteString("?=")
	return b.String()
}

// encodeRune is a character in the Q encoding, with as few plain characters as a name in From allows.
func encodeRune(r rune) string {
	switch {
	case r == ' ':
		return "_"
	case r >= '0' && r <= '9', r >= 'A' && r <= 'Z', r >= 'a' && r <= 'z', strings.ContainsRune("!*+-/", r):
		return string(r)
	}
	var b strings.Builder
	for _, c := range []byte(string(r)) {
		fmt.Fprintf(&b, "=%02X", c)
	}
	return b.String()
}
