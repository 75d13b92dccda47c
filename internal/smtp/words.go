package smtp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"

	"github.com/dripline/dripline/internal/drip"
)

// longest is how many characters of an answer are kept.
const longest = 200

// What stands where something was hidden.
const (
	anAddress = "<address>"
	aSecret   = "<secret>"
)

// discretion knows what must not show in an answer. Everything with an @ never shows.
type discretion struct {
	secrets []string // the password, and every form in which it crosses the wire
	locals  []string // what stands before the @ in the envelope's addresses
}

// withLogin also keeps what a login sends.
func (d discretion) withLogin(s drip.SMTP, password string) discretion {
	d.secrets = nil
	for _, secret := range []string{"\x00" + s.Username + "\x00" + password, password, s.Username} {
		if secret != "" {
			d.secrets = append(d.secrets, secret, base64.StdEncoding.EncodeToString([]byte(secret)))
		}
	}
	// The longest first: hiding a part of one must not leave the rest of it.
	slices.SortFunc(d.secrets, func(a, b string) int { return len(b) - len(a) })
	return d
}

// shortestLocal is the shortest local part that is hidden where it stands alone. Shorter ones are
// words of any answer, and name nobody.
const shortestLocal = 3

// withEnvelope also keeps the local parts of its addresses: some servers name a contact without the
// domain.
func (d discretion) withEnvelope(e Envelope) discretion {
	d.locals = nil
	for _, address := range []string{e.To, e.From} {
		if i := strings.LastIndexByte(address, '@'); i >= shortestLocal && utf8.ValidString(address) {
			d.locals = append(d.locals, address[:i])
		}
	}
	return d
}

var withAt = regexp.MustCompile(`(?:"[^"]*"|[^\s<>]*)@[^\s<>]*`)

// clean makes one short line of a text, and hides what must not show.
func (d discretion) clean(text string) string {
	text = strings.ToValidUTF8(d.hideSecrets(text), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, text)
	// Once more: a secret may have been broken over two lines.
	text = d.hideSecrets(strings.Join(strings.Fields(text), " "))
	text = strings.ToValidUTF8(text, "") // a secret need not be whole characters
	text = withAt.ReplaceAllString(text, anAddress)
	text = strings.ReplaceAll(text, "<"+anAddress+">", anAddress)
	for _, local := range d.locals {
		text = hideWord(text, local)
	}
	return cut(text)
}

func (d discretion) hideSecrets(text string) string {
	for _, secret := range d.secrets {
		text = strings.ReplaceAll(text, secret, aSecret)
	}
	return text
}

// hideWord hides a local part, in any case, where it is not part of a longer word.
func hideWord(text, word string) string {
	if !strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
		return text // as nearly always
	}
	var b strings.Builder
	done := 0
	for _, at := range regexp.MustCompile(`(?i)`+regexp.QuoteMeta(word)).FindAllStringIndex(text, -1) {
		before, _ := utf8.DecodeLastRuneInString(text[:at[0]])
		after, _ := utf8.DecodeRuneInString(text[at[1]:])
		if ofAWord(before) || ofAWord(after) {
			continue
		}
		b.WriteString(text[done:at[0]] + anAddress)
		done = at[1]
	}
	b.WriteString(text[done:])
	return b.String()
}

func ofAWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// cut keeps the first characters of a text.
func cut(text string) string {
	n := 0
	for i := range text {
		if n == longest {
			return text[:i]
		}
		n++
	}
	return text
}

// answer is how a server's answer is shown: the code, the enhanced status, the text.
func (d discretion) answer(r reply) string {
	text := r.text
	if r.status != "" { // many servers repeat it on every line
		text = strings.ReplaceAll(text, "\n"+r.status+" ", "\n")
	}
	return d.clean(fmt.Sprintf("%d %s", r.code, text))
}

// describe says what a fault was.
func (d discretion) describe(f *fault) string {
	if f.by == byCaller {
		return "stopped before the message was handed over"
	}
	if f.by != byServer {
		d.locals = nil // these words are ours
		return d.clean(fmt.Sprintf("%v: %v", f.at, f.err))
	}
	switch f.heard() {
	case hadAnswer:
		return d.answer(f.reply())
	case hadGarbage:
		return fmt.Sprintf("%v: the server's answer makes no sense", f.at)
	case hadSilence:
		return fmt.Sprintf("%v: no answer in time", f.at)
	}
	var name *net.DNSError
	switch {
	case errors.As(f.err, &name):
		return fmt.Sprintf("%v: the host's name cannot be resolved", f.at)
	case errors.Is(f.err, syscall.ECONNREFUSED):
		return fmt.Sprintf("%v: refused", f.at)
	default:
		return fmt.Sprintf("%v: lost", f.at)
	}
}
