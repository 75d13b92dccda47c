package show

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

const (
	longPlan   = 6  // a plan over more weeks than this is not shown whole
	wholeWeeks = 4  // of which so many are
	weekRows   = 52 // and so many more as a row each, on a terminal
	manyRows   = 20 // accounts listed on a terminal
)

// Plan shows a plan as a calendar, one block a week, and below it what kept slots from taking more,
// and the messages by account and by step.
func Plan(w io.Writer, p drip.Plan, s Style) {
	var out page
	planHead(&out, p, s)
	if len(p.Slots) > 0 {
		c := calendarOf(p.Slots, s)
		planWeeks(&out, c, s)
		for _, at := range c.twice {
			out.WriteByte('\n')
			out.lines(fmt.Sprintf("On %s the clock goes back: %s comes twice, and its cell counts both hours.",
				at.Format("Monday 2 January"), at.Format("15:04")), s)
		}
		out.block(planLimits(p, s))
		tallies := tallyOf(p)
		out.block(tallies.byAccount(p, s))
		out.block(tallies.bySteps(s))
	}
	if p.MoreSlots > 0 {
		out.WriteByte('\n')
		out.lines(fmt.Sprintf("Left out here: %s after these. The sums are of what is shown.",
			Count(p.MoreSlots, "more slot")), s)
	}
	out.to(w)
}

// planHead says in two lines what it is all about.
func planHead(out *page, p drip.Plan, s Style) {
	out.lines(s.paint(inkTitle, clean(p.Sequence))+fmt.Sprintf(": %s to %s from %s",
		Count(messages(p), "message"), Count(p.Contacts, "contact"), Count(len(p.Senders), "account")), s)
	if len(p.Slots) == 0 {
		out.line("Nothing is to be sent.")
		return
	}
	first, end := p.Slots[0].Start, p.Slots[len(p.Slots)-1].Start.Add(drip.SlotLength)
	if p.MoreSlots > 0 {
		end = p.Finish
	}
	when := s.span(first, end)
	if zone := s.zone(first, end); zone != "" {
		when += " (" + zone + ")"
	}
	out.lines(when, s)
}

// planWeeks shows the weeks: all of them, or of a long plan the first, and the others a row each.
func planWeeks(out *page, c *calendar, s Style) {
	whole, others := c.weeks, []*week(nil)
	if len(c.weeks) > longPlan {
		whole, others = c.weeks[:wholeWeeks], c.weeks[wholeWeeks:]
	}
	narrow := s.terminal() && c.grid(whole[0], s).width() > s.Width
	for i, w := range whole {
		if i > 0 && w.after(whole[i-1]) > 0 {
			out.block("Nothing leaves for " + Count(w.after(whole[i-1]), "week") + ".")
		}
		if narrow {
			out.block(c.list(w, s))
		} else {
			out.block(c.block(w, s))
		}
	}
	if len(others) == 0 {
		return
	}
	rest := 0
	if s.terminal() && len(others) > weekRows {
		rest, others = len(others)-weekRows, others[:weekRows]
	}
	out.block(s.paint(inkTitle, "Then, week by week") + s.paint(inkFaint, " · every slot: --json") + "\n" +
		c.rows(others, s))
	if rest > 0 {
		out.line("  " + seeJSON(Count(rest, "more week")))
	}
}

// planLimits explains the marks, and says how many slots each limit kept from taking more.
func planLimits(p drip.Plan, s Style) string {
	slots := map[drip.Limit]int{}
	for _, slot := range p.Slots {
		slots[slot.Limit]++
	}
	order := slices.Clone(limits)
	for _, slot := range p.Slots {
		if !slices.Contains(order, slot.Limit) {
			order = append(order, slot.Limit)
		}
	}
	digits := 1
	for _, n := range slots {
		digits = max(digits, len(number(n)))
	}
	g := grid{bare: true, columns: []column{{}, {}, {wrap: true}}}
	for _, limit := range order {
		if n := slots[limit]; n > 0 {
			g.rows = append(g.rows, []string{
				s.paint(inkTitle, limitMarks[limit]), fmt.Sprintf("%*s %s", digits, number(n), plural(n, "slot")), limitWord(limit),
			})
		}
	}
	return s.paint(inkTitle, "What kept slots from taking more") + "\n" + g.render(s)
}

// tallies are the messages of a plan by account and by step.
type tallies struct {
	accounts []string
	counts   map[string][]int // by account: one for each step
	steps    []stepTally
}

type stepTally struct {
	count       int
	first, last time.Time // starts of slots
}

func tallyOf(p drip.Plan) tallies {
	t := tallies{counts: map[string][]int{}}
	for _, sender := range p.Senders {
		t.account(sender.Account)
	}
	for _, slot := range p.Slots {
		for _, send := range slot.Sends {
			for len(t.steps) < send.Step {
				t.steps = append(t.steps, stepTally{})
			}
			step := &t.steps[send.Step-1]
			if step.count == 0 {
				step.first = slot.Start
			}
			step.count += send.Count
			step.last = slot.Start
			t.account(send.Account)
			for len(t.counts[send.Account]) < send.Step {
				t.counts[send.Account] = append(t.counts[send.Account], 0)
			}
			t.counts[send.Account][send.Step-1] += send.Count
		}
	}
	return t
}

func (t *tallies) account(id string) {
	if _, known := t.counts[id]; !known {
		t.accounts = append(t.accounts, id)
		t.counts[id] = nil
	}
}

func (t *tallies) byAccount(p drip.Plan, s Style) string {
	contacts := map[string]int{}
	for _, sender := range p.Senders {
		contacts[sender.Account] = sender.Contacts
	}
	g := grid{columns: append([]column{{title: "Account", wrap: true}}, numbers("Contacts")...)}
	if len(t.steps) > 1 {
		for i := range t.steps {
			g.columns = append(g.columns, column{title: fmt.Sprintf("Step %d", i+1), right: true, drop: 1})
		}
	}
	g.columns = append(g.columns, numbers("Messages")...)
	shown := t.accounts
	if s.terminal() && len(shown) > manyRows {
		shown = shown[:manyRows]
	}
	for _, account := range shown {
		g.rows = append(g.rows, t.row(clean(account), contacts[account], t.counts[account]))
	}
	if len(t.accounts) > 1 {
		sums, people := make([]int, len(t.steps)), 0
		for i, step := range t.steps {
			sums[i] = step.count
		}
		for _, n := range contacts {
			people += n
		}
		g.foot = t.row("Total", people, sums)
	}
	text := s.paint(inkTitle, "By account") + "\n" + g.render(s)
	if rest := len(t.accounts) - len(shown); rest > 0 {
		text += "  " + seeJSON(Count(rest, "more account")) + "\n"
	}
	return text
}

// row is one account's counts, with a column for each step where there are several.
func (t *tallies) row(name string, contacts int, counts []int) []string {
	row, sum := []string{name, number(contacts)}, 0
	for i := range t.steps {
		n := 0
		if i < len(counts) {
			n = counts[i]
		}
		sum += n
		if len(t.steps) > 1 {
			row = append(row, some(n))
		}
	}
	return append(row, number(sum))
}

func (t *tallies) bySteps(s Style) string {
	g := grid{columns: append(numbers("Step", "Messages"), column{title: "First slot"}, column{title: "Last slot", drop: 1})}
	for i, step := range t.steps {
		first, last := "", ""
		if step.count > 0 {
			first, last = s.stamp(step.first), s.stamp(step.last)
		}
		g.rows = append(g.rows, []string{number(i + 1), number(step.count), first, last})
	}
	return s.paint(inkTitle, "By step") + "\n" + g.render(s)
}

// messages counts the messages of a plan.
func messages(p drip.Plan) int {
	n := 0
	for _, slot := range p.Slots {
		n += slot.Total
	}
	return n
}
