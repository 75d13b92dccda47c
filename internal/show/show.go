// Package show says how things look to a person: the calendar of a plan, summaries, reports, tables,
// errors and progress, and to a program: JSON.
//
// Every function writes to the io.Writer it is given, in a Style that says what is at its other end.
// Without a width the output is plain and complete, one record a line, fit for a pipe or a file. With
// one it keeps to the width: tables drop their least important columns and wrap long texts, and what
// is too long to be read is cut short, with a line that says so and where the rest is.
//
// Nothing here looks at the environment, a clock or a global. Texts that came from outside (addresses,
// servers' answers, reasons) lose their control characters on the way, so that no contact file can
// move a cursor. What cannot be written is dropped: a terminal that is gone is noticed by whoever
// writes the data, and JSON, which is data, returns its error.
package show

import (
	"io"
	"strings"
	"time"

	"golang.org/x/term"
)

// Style says what is at the other end of a writer.
type Style struct {
	Color bool
	// Width is how many columns a terminal has; 0 means no terminal: a pipe or a file.
	Width int
	// Zone is what times are shown in; nil shows each with the offset it carries.
	Zone *time.Location
}

// Terminal is the width of the terminal that w writes to, and whether it is one.
func Terminal(w io.Writer) (width int, ok bool) {
	f, isFile := w.(interface{ Fd() uintptr })
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80 // a terminal that does not say: what every terminal has
	}
	return width, true
}

// terminal says that a person is watching, rather than a pipe or a file collecting.
func (s Style) terminal() bool { return s.Width > 0 }

// in is t as it is shown.
func (s Style) in(t time.Time) time.Time {
	if s.Zone == nil {
		return t
	}
	return t.In(s.Zone)
}

// page collects one piece of output, so that it reaches the writer whole.
type page struct{ strings.Builder }

func (p *page) line(text string) {
	p.WriteString(text)
	p.WriteByte('\n')
}

// lines adds a sentence, on as many lines as a terminal needs.
func (p *page) lines(sentence string, s Style) {
	for _, part := range wrapped(sentence, s, 0) {
		p.line(part)
	}
}

// block adds a text of several lines after an empty line; an empty text adds nothing.
func (p *page) block(text string) {
	if text == "" {
		return
	}
	if p.Len() > 0 {
		p.WriteByte('\n')
	}
	p.WriteString(strings.TrimRight(text, "\n"))
	p.WriteByte('\n')
}

// to writes the page, without blanks at the end of any line.
func (p *page) to(w io.Writer) {
	var b strings.Builder
	b.Grow(p.Len())
	for line := range strings.Lines(p.String()) {
		b.WriteString(strings.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	_, _ = io.WriteString(w, b.String())
}
