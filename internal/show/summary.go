package show

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// heldRows is how many held contacts a terminal shows.
const heldRows = 50

// Summary shows what somebody confirms before anything is sent: the name, the contacts of each
// sender, the start, the end, who is held, and what they should be told.
func Summary(w io.Writer, p drip.Plan, s Style) {
	var out page
	f := facts{style: s}
	f.add("Sequence", s.paint(inkTitle, clean(p.Sequence)))
	if p.ID != "" {
		f.add("Id", clean(p.ID))
	}
	f.add("Contacts", number(p.Contacts)+" engaged")
	f.add("Senders", senders(p.Senders, s)...)
	f.add("Messages", messagesAndSteps(p))
	if len(p.Slots) > 0 {
		start, finish := s.in(p.Start), s.in(p.Finish)
		f.add("Start", start.Format("Monday 2 January 2006, the 15:04 slot"))
		f.add("Finish", finish.Format("Monday 2 January 2006, 15:04"))
		if zone := s.zone(p.Start, p.Finish); zone != "" {
			f.add("Time zone", zone)
		}
	} else {
		f.add("Start", s.paint(inkWarn, "never: nothing is to be sent"))
	}
	f.add("Held", heldCounts(p, s)...)
	notes := make([]string, len(p.Notes))
	for i, note := range p.Notes {
		notes[i] = s.paint(inkWarn, clean(note))
	}
	f.add("Note", notes...)
	out.WriteString(f.String())
	out.to(w)
}

// messagesAndSteps is "450 in 3 steps", as far as the plan shows them.
func messagesAndSteps(p drip.Plan) string {
	steps := 0
	for _, slot := range p.Slots {
		for _, send := range slot.Sends {
			steps = max(steps, send.Step)
		}
	}
	text := number(messages(p))
	if steps > 0 {
		text += " in " + Count(steps, "step")
	}
	if p.MoreSlots > 0 {
		text += ", and those of " + Count(p.MoreSlots, "later slot")
	}
	return text
}

// senders are the lines of who writes to how many.
func senders(all []drip.Sender, s Style) []string {
	shown := all
	if s.terminal() && len(shown) > manyRows {
		shown = shown[:manyRows]
	}
	name, digits := 0, 0
	for _, sender := range shown {
		name = max(name, len([]rune(clean(sender.Account))))
		digits = max(digits, len(number(sender.Contacts)))
	}
	lines := make([]string, 0, len(shown)+1)
	for _, sender := range shown {
		lines = append(lines, fmt.Sprintf("%-*s  %*s %s", name, clean(sender.Account), digits,
			number(sender.Contacts), plural(sender.Contacts, "contact")))
	}
	if rest := len(all) - len(shown); rest > 0 {
		lines = append(lines, seeJSON(Count(rest, "more account")))
	}
	return lines
}

// heldCounts are the lines of how many are held, and for which reasons.
func heldCounts(p drip.Plan, s Style) []string {
	total := len(p.Held) + p.MoreHeld
	if total == 0 {
		return []string{"nobody"}
	}
	reasons := map[drip.HeldReason]int{}
	order := append([]drip.HeldReason(nil), heldReasons...)
	for _, held := range p.Held {
		if _, known := heldWords[held.Reason]; !known && reasons[held.Reason] == 0 {
			order = append(order, held.Reason)
		}
		reasons[held.Reason]++
	}
	digits := len(number(total))
	lines := []string{s.paint(inkWarn, Count(total, "contact"))}
	for _, reason := range order {
		if n := reasons[reason]; n > 0 {
			lines = append(lines, fmt.Sprintf("%*s %s", digits, number(n), HeldWord(reason)))
		}
	}
	if p.MoreHeld > 0 {
		lines = append(lines, fmt.Sprintf("%*s whose reasons are left out here", digits, number(p.MoreHeld)))
	}
	return lines
}

// facts are labels with one or more lines each.
type facts struct {
	style Style
	strings.Builder
}

// add writes a fact; one without lines is left out.
func (f *facts) add(label string, lines ...string) {
	const labels = 11
	for i, line := range lines {
		if i > 0 {
			label = ""
		}
		for j, part := range wrapped(line, f.style, labels+2) {
			if j > 0 {
				label = ""
			}
			padding := strings.Repeat(" ", labels-len(label))
			f.WriteString("  " + f.style.paint(inkFaint, label) + padding + part + "\n")
		}
	}
}

// Held lists who is left out and why: everybody, or on a terminal the first.
func Held(w io.Writer, held []drip.Held, s Style) {
	if len(held) == 0 {
		return
	}
	var out page
	out.line(s.paint(inkTitle, "Held") + s.paint(inkFaint, " · "+Count(len(held), "contact")+" left out"))
	shown := held
	if s.terminal() && len(shown) > heldRows {
		shown = shown[:heldRows]
	}
	g := grid{columns: []column{
		{title: "Row", right: true, drop: 1}, {title: "Email", wrap: true, least: 20},
		{title: "Reason", wrap: true}, {title: "Detail", wrap: true},
	}}
	for _, h := range shown {
		g.rows = append(g.rows, []string{strconv.Itoa(h.Row), clean(h.Email), HeldWord(h.Reason), clean(h.Detail)})
	}
	out.WriteString(g.render(s))
	if rest := len(held) - len(shown); rest > 0 {
		out.line("  and " + number(rest) + " more; --json shows all")
	}
	out.to(w)
}
