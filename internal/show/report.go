package show

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

const (
	slotRows = 48 // slots of a report listed on a terminal; more are summed by day
	dayRows  = 40 // days of a report listed on a terminal, about the next slot
	barWidth = 40
)

// Report shows what became of an engagement: its state, why it is so, the totals, and these by
// account, by step and by slot.
func Report(w io.Writer, r drip.Report, s Style) {
	var out page
	out.line(s.paint(inkTitle, clean(r.Sequence)) + s.paint(inkFaint, " · "+clean(r.ID)))
	out.block(reportFacts(r, s))
	out.block(totalsBar(r.Totals, s) + reportSums(r, s))
	out.block(accountTotals(r.Accounts, s))
	out.block(stepTotals(r.Steps, s))
	out.block(slotTotals(r, s))
	out.to(w)
}

var stateInks = map[drip.State]ink{
	drip.StateScheduled: inkFix,
	drip.StateRunning:   inkGood,
	drip.StatePaused:    inkWarn,
	drip.StateCompleted: inkGood,
	drip.StateCancelled: inkWarn,
	drip.StateFailed:    inkBad,
}

var stateWords = map[drip.State]string{
	drip.StateLoading:   "loading, nothing is promised yet",
	drip.StateScheduled: "scheduled, nothing has been sent yet",
	drip.StateRunning:   "running",
	drip.StatePaused:    "paused, nothing leaves until it is resumed",
	drip.StateCompleted: "completed",
	drip.StateCancelled: "cancelled for good",
	drip.StateFailed:    "failed",
}

func stateWord(state drip.State, s Style) string {
	word, known := stateWords[state]
	if !known {
		word = clean(string(state))
	}
	return s.paint(stateInks[state], word)
}

func reportFacts(r drip.Report, s Style) string {
	f := facts{style: s}
	f.add("State", stateWord(r.State, s))
	if r.Reason != "" {
		f.add("Why", clean(r.Reason))
	}
	if r.NextSlot != nil {
		f.add("Next slot", s.in(*r.NextSlot).Format("Monday 2 January 2006, 15:04"))
	}
	f.addTime("Started", r.Started)
	f.addTime("Finished", r.Finished)
	contacts := number(r.Contacts) + " engaged"
	if r.Held > 0 {
		contacts += fmt.Sprintf(", %s held", number(r.Held))
	}
	f.add("Contacts", contacts)
	return f.String()
}

func (f *facts) addTime(label string, t *time.Time) {
	if t != nil {
		f.add(label, f.style.in(*t).Format("Monday 2 January 2006, 15:04"))
	}
}

// totalsBar draws the messages as a bar: sent, ended otherwise, still planned.
func totalsBar(t drip.Totals, s Style) string {
	sum := t.Sum()
	if sum == 0 {
		return ""
	}
	width := barWidth
	if s.terminal() {
		width = max(1, min(width, s.Width-len("    100 %")))
	}
	cells := func(n int) int { return n * width / sum }
	sent, ended := cells(t.Sent), cells(sum-t.Planned)
	if ended == sent && sum-t.Planned > t.Sent {
		// What was not sent is seen, however little it is.
		if ended < width {
			ended++
		} else {
			sent--
		}
	}
	return "  " + s.paint(inkGood, strings.Repeat("█", sent)) +
		s.paint(inkBad, strings.Repeat("▒", ended-sent)) +
		s.paint(inkFaint, strings.Repeat("░", width-ended)) +
		fmt.Sprintf("  %d %%", t.Sent*100/sum) + "\n"
}

// reportSums names every state that has messages.
func reportSums(r drip.Report, s Style) string {
	t := r.Totals
	parts := []string{}
	for _, one := range []struct {
		n    int
		word string
		ink  ink
	}{
		{t.Sent, "sent", inkGood}, {t.Planned, "planned", ""}, {t.Failed, "failed", inkBad},
		{t.Skipped, "skipped", inkWarn}, {t.Unknown, "unknown", inkBad},
	} {
		if one.n == 0 {
			continue
		}
		parts = append(parts, s.paint(one.ink, number(one.n)+" "+one.word))
	}
	if len(parts) == 0 {
		return "  no messages\n"
	}
	text := ""
	for _, line := range wrapped(strings.Join(parts, " · "), s, 2) {
		text += "  " + line + "\n"
	}
	return text
}

// totalsGrid is a table of totals. What went wrong has a column only where something did.
type totalsGrid struct {
	grid
	style Style
	rare  []rare
}

// rare is a count that most engagements have none of.
type rare struct {
	title string
	of    func(drip.Totals) int
	bad   bool
}

var rares = []rare{
	{"Failed", func(t drip.Totals) int { return t.Failed }, true},
	{"Skipped", func(t drip.Totals) int { return t.Skipped }, false},
	{"Unknown", func(t drip.Totals) int { return t.Unknown }, true},
}

func newTotalsGrid(first column, sum drip.Totals, s Style) totalsGrid {
	g := totalsGrid{style: s}
	g.columns = append([]column{first}, numbers("Sent", "Planned")...)
	for _, r := range rares {
		if r.of(sum) > 0 {
			g.rare = append(g.rare, r)
			g.columns = append(g.columns, column{title: r.title, right: true, drop: 1})
		}
	}
	g.columns = append(g.columns, column{title: "Total", right: true, drop: 2})
	return g
}

func (g totalsGrid) row(first string, t drip.Totals) []string {
	row := []string{first, some(t.Sent), some(t.Planned)}
	for _, r := range g.rare {
		cell := some(r.of(t))
		if r.bad && r.of(t) > 0 {
			cell = g.style.paint(inkBad, cell)
		}
		row = append(row, cell)
	}
	return append(row, number(t.Sum()))
}

func accountTotals(accounts []drip.AccountTotals, s Style) string {
	if len(accounts) == 0 {
		return ""
	}
	var sum drip.Totals
	for _, a := range accounts {
		sum.Add(a.Totals)
	}
	shown := accounts
	if s.terminal() && len(shown) > manyRows {
		shown = shown[:manyRows]
	}
	g := newTotalsGrid(column{title: "Account", wrap: true}, sum, s)
	for _, a := range shown {
		g.rows = append(g.rows, g.row(clean(a.Account), a.Totals))
	}
	if len(accounts) > 1 {
		g.foot = g.row("Total", sum)
	}
	text := s.paint(inkTitle, "By account") + "\n" + g.render(s)
	if rest := len(accounts) - len(shown); rest > 0 {
		text += "  " + seeJSON(Count(rest, "more account")) + "\n"
	}
	return text + waits(accounts, s)
}

// waits says which accounts do not send, why, and until when.
func waits(accounts []drip.AccountTotals, s Style) string {
	text := ""
	for _, a := range accounts {
		if a.Waiting == "" {
			continue
		}
		until := ""
		if a.Until != nil {
			until = " until " + s.stamp(*a.Until)
		}
		why := fmt.Sprintf("%s waits%s: %s", clean(a.Account), until, clean(a.Waiting))
		for _, line := range wrapped(why, s, 2) {
			text += "  " + s.paint(inkWarn, line) + "\n"
		}
	}
	return text
}

func stepTotals(steps []drip.StepTotals, s Style) string {
	if len(steps) == 0 {
		return ""
	}
	var sum drip.Totals
	for _, step := range steps {
		sum.Add(step.Totals)
	}
	g := newTotalsGrid(column{title: "Step", right: true}, sum, s)
	for _, step := range steps {
		g.rows = append(g.rows, g.row(number(step.Step), step.Totals))
	}
	return s.paint(inkTitle, "By step") + "\n" + g.render(s)
}

// slotTotals hold the plan against what happened, by slot, or on a terminal by day where the slots
// are many.
func slotTotals(r drip.Report, s Style) string {
	if len(r.Slots) == 0 {
		return ""
	}
	title, first, format, rows, hidden := "By slot", "Slot", "Mon _2 Jan 15:04", r.Slots, 0
	if s.terminal() && len(rows) > slotRows {
		title, first, format, rows = "By day", "Day", "Mon _2 Jan 2006", byDay(rows, s)
		rows, hidden = around(rows, r.NextSlot)
	}
	var failed, unknown int
	for _, slot := range rows {
		failed, unknown = failed+slot.Failed, unknown+slot.Unknown
	}
	g := grid{columns: append([]column{{title: first}}, numbers("Planned", "Sent")...)}
	if failed > 0 {
		g.columns = append(g.columns, column{title: "Failed", right: true, drop: 1})
	}
	if unknown > 0 {
		g.columns = append(g.columns, column{title: "Unknown", right: true, drop: 1})
	}
	for _, slot := range rows {
		row := []string{s.in(slot.Start).Format(format), some(slot.Planned), some(slot.Sent)}
		if failed > 0 {
			row = append(row, some(slot.Failed))
		}
		if unknown > 0 {
			row = append(row, some(slot.Unknown))
		}
		g.rows = append(g.rows, row)
	}
	text := s.paint(inkTitle, title) + "\n" + g.render(s)
	if hidden > 0 {
		text += "  " + seeJSON(Count(hidden, "more day")) + "\n"
	}
	if r.MoreSlots > 0 {
		text += "  " + Count(r.MoreSlots, "later slot") + " left out here\n"
	}
	return text
}

// byDay adds up the slots of each day.
func byDay(slots []drip.SlotTotals, s Style) []drip.SlotTotals {
	days := []drip.SlotTotals{}
	for _, slot := range slots {
		last := len(days) - 1
		if last < 0 || drip.DateOf(s.in(days[last].Start)) != drip.DateOf(s.in(slot.Start)) {
			days = append(days, slot)
			continue
		}
		days[last].Planned += slot.Planned
		days[last].Sent += slot.Sent
		days[last].Failed += slot.Failed
		days[last].Unknown += slot.Unknown
	}
	return days
}

// around keeps the days about the next slot, or the last ones where there is none, and says how many
// it left out.
func around(days []drip.SlotTotals, next *time.Time) ([]drip.SlotTotals, int) {
	if len(days) <= dayRows {
		return days, 0
	}
	from := len(days) - dayRows
	if next != nil {
		for i, day := range days {
			if !day.Start.Before(*next) {
				from = i - dayRows/2
				break
			}
		}
	}
	from = min(max(from, 0), len(days)-dayRows)
	return days[from : from+dayRows], len(days) - dayRows
}
