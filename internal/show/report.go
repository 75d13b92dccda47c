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
	contacts := count(r.Contacts, "contact")
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
	ended := t.Failed + t.Skipped + t.Unknown
	sent, other := part(t.Sent, sum, barWidth), part(ended, sum, barWidth)
	if sent+other == barWidth && t.Planned > 0 {
		if sent > other {
			sent--
		} else {
			other--
		}
	}
	rest := max(0, barWidth-sent-other)
	return "  " + s.paint(inkGood, strings.Repeat("█", sent)) +
		s.paint(inkBad, strings.Repeat("▒", other)) +
		s.paint(inkFaint, strings.Repeat("░", rest)) +
		fmt.Sprintf("  %s of %s sent", number(t.Sent), count(sum, "message")) + "\n"
}

// part is how many of width cells n of sum take, at least one for anything, rounded down.
func part(n, sum, width int) int {
	if n <= 0 || sum <= 0 {
		return 0
	}
	return max(1, n*width/sum)
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
		text := number(one.n) + " " + one.word
		if one.ink != "" {
			text = s.paint(one.ink, text)
		}
		parts = append(parts, text)
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

// totalsColumns are the columns of a table of totals.
func totalsColumns() []column {
	return numbers("Sent", "Planned", "Failed", "Skipped", "Unknown", "Total")
}

func totalsRow(t drip.Totals, s Style) []string {
	return []string{
		some(t.Sent), some(t.Planned), alarming(t.Failed, s), some(t.Skipped), alarming(t.Unknown, s), number(t.Sum()),
	}
}

// alarming is a count that should be none.
func alarming(n int, s Style) string {
	if n == 0 {
		return some(n)
	}
	return s.paint(inkBad, number(n))
}

func accountTotals(accounts []drip.AccountTotals, s Style) string {
	if len(accounts) == 0 {
		return ""
	}
	g := grid{columns: append([]column{{title: "Account", wrap: true}}, totalsColumns()...)}
	waits := false
	for _, a := range accounts {
		waits = waits || a.Waiting != ""
	}
	if waits {
		g.columns = append(g.columns, column{title: "Waits", wrap: true})
	}
	var sum drip.Totals
	shown := accounts
	if s.terminal() && len(shown) > manyRows {
		shown = shown[:manyRows]
	}
	for _, a := range accounts {
		sum.Add(a.Totals)
	}
	for _, a := range shown {
		row := append([]string{clean(a.Account)}, totalsRow(a.Totals, s)...)
		if waits {
			row = append(row, s.paint(inkWarn, waiting(a, s)))
		}
		g.rows = append(g.rows, row)
	}
	if len(accounts) > 1 {
		g.foot = append([]string{"Total"}, totalsRow(sum, s)...)
		if waits {
			g.foot = append(g.foot, "")
		}
	}
	text := s.paint(inkTitle, "By account") + "\n" + g.render(s)
	if rest := len(accounts) - len(shown); rest > 0 {
		text += "  " + seeJSON(count(rest, "more account")) + "\n"
	}
	return text
}

// waiting says why an account does not send, and until when.
func waiting(a drip.AccountTotals, s Style) string {
	if a.Waiting == "" {
		return ""
	}
	if a.Until == nil {
		return clean(a.Waiting)
	}
	return clean(a.Waiting) + ", until " + s.stamp(*a.Until)
}

func stepTotals(steps []drip.StepTotals, s Style) string {
	if len(steps) == 0 {
		return ""
	}
	g := grid{columns: append([]column{{title: "Step", right: true}}, totalsColumns()...)}
	for _, step := range steps {
		g.rows = append(g.rows, append([]string{number(step.Step)}, totalsRow(step.Totals, s)...))
	}
	return s.paint(inkTitle, "By step") + "\n" + g.render(s)
}

// slotTotals hold the plan against what happened, by slot, or on a terminal by day where the slots
// are many.
func slotTotals(r drip.Report, s Style) string {
	if len(r.Slots) == 0 {
		return ""
	}
	title, first, rows := "By slot", "Slot", r.Slots
	format := "Mon 2 Jan 15:04"
	if s.terminal() && len(rows) > slotRows {
		title, first, rows = "By day", "Day", byDay(rows, s)
		format = "Mon 2 Jan 2006"
	}
	hidden := 0
	if s.terminal() && len(rows) > weekRows {
		rows, hidden = around(rows, r.NextSlot)
	}
	g := grid{columns: append([]column{{title: first}}, numbers("Planned", "Sent", "Failed", "Unknown")...)}
	for _, slot := range rows {
		g.rows = append(g.rows, []string{
			s.in(slot.Start).Format(format), some(slot.Planned), some(slot.Sent),
			alarming(slot.Failed, s), alarming(slot.Unknown, s),
		})
	}
	text := s.paint(inkTitle, title) + "\n" + g.render(s)
	if hidden > 0 {
		text += "  " + seeJSON(count(hidden, "more day")) + "\n"
	}
	if r.MoreSlots > 0 {
		text += "  " + count(r.MoreSlots, "later slot") + " left out here\n"
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
	from := len(days) - weekRows
	if next != nil {
		for i, day := range days {
			if !day.Start.Before(*next) {
				from = i - weekRows/2
				break
			}
		}
	}
	from = min(max(from, 0), len(days)-weekRows)
	return days[from : from+weekRows], len(days) - weekRows
}
