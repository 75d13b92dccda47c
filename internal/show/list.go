package show

import (
	"fmt"
	"io"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// List shows engagements, one a row.
func List(w io.Writer, rows []drip.Report, s Style) {
	var out page
	if len(rows) == 0 {
		out.line("Nothing has been engaged yet.")
		out.to(w)
		return
	}
	g := grid{columns: []column{
		{title: "Id", wrap: true}, {title: "Sequence", wrap: true, drop: 3}, {title: "State"},
		{title: "Contacts", right: true, drop: 4}, {title: "Sent", right: true},
		{title: "Next slot", drop: 1}, {title: "Why", wrap: true, least: 20, drop: 2},
	}}
	for _, r := range rows {
		g.rows = append(g.rows, []string{
			clean(r.ID), clean(r.Sequence), s.paint(stateInks[r.State], clean(string(r.State))),
			number(r.Contacts), number(r.Totals.Sent) + "/" + number(r.Totals.Sum()),
			s.stampOf(r.NextSlot), clean(r.Reason),
		})
	}
	out.WriteString(g.render(s))
	out.to(w)
}

// Moved is a number of messages that a slot had planned and did not send, and why.
type Moved struct {
	At      time.Time // when they were planned anew
	Slot    time.Time
	Account string
	Count   int
	Reason  string
}

// Moves says what did not leave as planned, a sentence each.
func Moves(w io.Writer, moves []Moved, s Style) {
	if len(moves) == 0 {
		return
	}
	var out page
	out.line(s.paint(inkTitle, "What moved"))
	for _, m := range moves {
		text := fmt.Sprintf("%s of %s did not leave in the %s slot", Count(m.Count, "message"),
			clean(m.Account), s.stamp(m.Slot))
		if m.Reason != "" {
			text += ": " + clean(m.Reason)
		}
		for i, line := range wrapped(text, s, 4) {
			margin := "  "
			if i > 0 {
				margin = "    "
			}
			out.line(margin + line)
		}
	}
	out.to(w)
}

// messageRows is how many messages are laid out together: enough to know how wide columns must be,
// and few enough to hold, however many there are.
const messageRows = 500

// Messages shows one row a contact and step, as next hands them out, until it says false.
func Messages(w io.Writer, next func() (drip.MessageRow, bool), s Style) {
	g := grid{columns: []column{
		{title: "Email", wrap: true, least: 20}, {title: "Account", drop: 2}, {title: "Step", right: true},
		{title: "State"}, {title: "Slot", drop: 3}, {title: "Sent at", drop: 1}, {title: "Message id", drop: 5},
		{title: "Answer", wrap: true, drop: 4}, {title: "Reason", wrap: true, least: 10},
	}}
	columns := g.columns
	for first := true; ; first = false {
		g.columns, g.rows = columns, messageBatch(next, s)
		if len(g.rows) == 0 {
			if first {
				_, _ = io.WriteString(w, "No messages.\n")
			}
			return
		}
		var out page
		fitted := g.fit(s)
		if first {
			columns = keepWidths(columns, g)
		} else {
			fitted.bare = true
		}
		out.WriteString(fitted.draw(s))
		out.to(w)
		if len(g.rows) < messageRows {
			return
		}
	}
}

// keepWidths gives the columns the widths of a first batch, so that the later ones line up with it.
func keepWidths(columns []column, g grid) []column {
	kept := make([]column, len(columns))
	for i, c := range columns {
		c.width = g.natural(i)
		kept[i] = c
	}
	return kept
}

func messageBatch(next func() (drip.MessageRow, bool), s Style) [][]string {
	rows := make([][]string, 0, messageRows)
	for len(rows) < messageRows {
		m, ok := next()
		if !ok {
			break
		}
		state := clean(string(m.State))
		switch m.State {
		case drip.Sent:
			state = s.paint(inkGood, state)
		case drip.Failed, drip.Unknown:
			state = s.paint(inkBad, state)
		case drip.Skipped:
			state = s.paint(inkWarn, state)
		}
		rows = append(rows, []string{
			clean(m.Email), clean(m.Account), number(m.Step), state, s.stampOf(m.Slot), s.secondOf(m.SentAt),
			clean(m.MessageID), clean(m.Answer), clean(m.Reason),
		})
	}
	return rows
}

// secondOf is stamp to the second.
func (s Style) secondOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return s.in(*t).Format("Mon 2 Jan 15:04:05")
}
