package show

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/dripline/dripline/internal/drip"
)

// number is n with a comma after every three digits.
func number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// some is n as a cell of a table of counts, where most are none.
func some(n int) string {
	if n == 0 {
		return "·"
	}
	return number(n)
}

// Count is a number of things: "1 message", "50 messages".
func Count(n int, thing string) string { return number(n) + " " + plural(n, thing) }

// plural is the word for n things.
func plural(n int, thing string) string {
	if n == 1 {
		return thing
	}
	return thing + "s"
}

// clean is a text from outside on one line, without anything a terminal would obey.
func clean(raw string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(raw, "\uFFFD"), func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.IsSpace(r)
	}), " ")
}

// stamp is an instant in a table or a sentence: "Tue 24 Nov 10:00".
func (s Style) stamp(t time.Time) string { return s.in(t).Format("Mon 2 Jan 15:04") }

// stampOf is stamp of a time that may not be known.
func (s Style) stampOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return s.stamp(*t)
}

// span is from one instant to another: "Tue 24 Nov 2026 11:00 to Wed 25 Nov 2026 13:00".
func (s Style) span(from, to time.Time) string {
	from, to = s.in(from), s.in(to)
	const whole = "Mon 2 Jan 2006 15:04"
	end := whole
	if drip.DateOf(from) == drip.DateOf(to) {
		end = "15:04"
	}
	return from.Format(whole) + " to " + to.Format(end)
}

// zone is the name of the zone that times from a to b are shown in; empty where no single name holds.
func (s Style) zone(a, b time.Time) string {
	a, b = s.in(a), s.in(b)
	if name := a.Location().String(); name != "" && name != "Local" {
		return name
	}
	if a.Format("-07:00") != b.Format("-07:00") {
		return ""
	}
	return "UTC" + a.Format("-07:00")
}

// limitWords say what kept a slot from taking more.
var limitWords = map[drip.Limit]string{
	drip.LimitContacts:        "nobody else was due",
	drip.LimitSequencePerHour: "the sequence's limit per hour (--per-hour)",
	drip.LimitSequencePerDay:  "the sequence's limit per day (--per-day)",
	drip.LimitAccountPerHour:  "the accounts' quota per hour",
	drip.LimitAccountPerDay:   "the accounts' quota per 24 hours",
}

// limitMarks stand for a limit in the calendar. A slot that took all who were due has none.
var limitMarks = map[drip.Limit]string{
	drip.LimitSequencePerHour: "h",
	drip.LimitSequencePerDay:  "d",
	drip.LimitAccountPerHour:  "H",
	drip.LimitAccountPerDay:   "D",
}

// limits in the order they are explained.
var limits = []drip.Limit{
	drip.LimitSequencePerHour, drip.LimitSequencePerDay,
	drip.LimitAccountPerHour, drip.LimitAccountPerDay, drip.LimitContacts,
}

func limitWord(l drip.Limit) string {
	if word, ok := limitWords[l]; ok {
		return word
	}
	return clean(string(l))
}

// heldReasons in the order they are looked for.
var heldReasons = []drip.HeldReason{
	drip.HeldInvalidEmail, drip.HeldDuplicate, drip.HeldBlocklisted, drip.HeldActiveElsewhere,
	drip.HeldAlreadyEngaged, drip.HeldMissingVariable, drip.HeldNoOwner,
}

var heldWords = map[drip.HeldReason]string{
	drip.HeldInvalidEmail:    "invalid address",
	drip.HeldDuplicate:       "duplicate in the file",
	drip.HeldBlocklisted:     "blocklisted",
	drip.HeldActiveElsewhere: "active in another engagement",
	drip.HeldAlreadyEngaged:  "already engaged before",
	drip.HeldMissingVariable: "missing variable",
	drip.HeldNoOwner:         "no owner with an account",
}

// HeldWord is why a contact is held, as people read it.
func HeldWord(r drip.HeldReason) string {
	if word, ok := heldWords[r]; ok {
		return word
	}
	return clean(strings.ReplaceAll(string(r), "_", " "))
}

// seeJSON says where the rest of something is.
func seeJSON(rest string) string { return fmt.Sprintf("and %s; --json shows all", rest) }

// wrapped is text in lines that fit a terminal beside a margin; elsewhere it is one line.
func wrapped(line string, s Style, margin int) []string {
	if !s.terminal() {
		return []string{line}
	}
	lines := strings.Split(text.WrapSoft(line, max(s.Width-margin, gridNarrow)), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}
