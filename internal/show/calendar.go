package show

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// calendar is a plan by week, day and hour of the clock on the wall.
type calendar struct {
	weeks  []*week // only those with anything in them, in order
	hours  []int   // rows: minutes after midnight, in order
	most   int     // messages of the fullest cell
	marked bool    // some cell has a mark
	twice  []time.Time
}

// week is one ISO week; days count from Monday.
type week struct {
	monday time.Time // midnight UTC of the date: a date, without a zone
	cells  [7]map[int]*cell
	days   [7]int // messages
	total  int
	slots  int
}

// cell is one hour of one day. On the day the clock goes back it holds the two slots that have the
// same hour on the wall.
type cell struct {
	total int
	limit drip.Limit
	slots int
}

// calendarOf sorts the slots of a plan into weeks.
func calendarOf(slots []drip.PlanSlot, s Style) *calendar {
	c := &calendar{}
	weeks := map[time.Time]*week{}
	hours := map[int]bool{}
	for _, slot := range slots {
		at := s.in(slot.Start)
		date := time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, time.UTC)
		day := (int(date.Weekday()) + 6) % 7
		monday := date.AddDate(0, 0, -day)
		w := weeks[monday]
		if w == nil {
			w = &week{monday: monday}
			weeks[monday] = w
			c.weeks = append(c.weeks, w)
		}
		minute := at.Hour()*60 + at.Minute()
		hours[minute] = true
		one := w.add(day, minute, slot)
		if one.slots == 2 {
			c.twice = append(c.twice, at)
		}
		c.most = max(c.most, one.total)
		c.marked = c.marked || limitMarks[one.limit] != ""
	}
	slices.SortFunc(c.weeks, func(a, b *week) int { return a.monday.Compare(b.monday) })
	c.hours = rowsOf(hours)
	return c
}

// add counts a slot in and returns its cell.
func (w *week) add(day, minute int, slot drip.PlanSlot) *cell {
	if w.cells[day] == nil {
		w.cells[day] = map[int]*cell{}
	}
	one := w.cells[day][minute]
	if one == nil {
		one = &cell{limit: slot.Limit}
		w.cells[day][minute] = one
	}
	if limitMarks[one.limit] == "" {
		one.limit = slot.Limit
	}
	one.total += slot.Total
	one.slots++
	w.days[day] += slot.Total
	w.total += slot.Total
	w.slots++
	return one
}

// rowsOf are the hours in use and the whole hours between them.
func rowsOf(used map[int]bool) []int {
	rows := make([]int, 0, 24)
	for minute := range used {
		rows = append(rows, minute)
	}
	if len(rows) == 0 {
		return nil
	}
	slices.Sort(rows)
	for minute, last := rows[0], rows[len(rows)-1]; minute < last; minute += 60 {
		rows = append(rows, minute)
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// block is one week as a calendar.
func (c *calendar) block(w *week, s Style) string {
	return c.heading(w, s) + c.grid(w, s).draw(s)
}

func (c *calendar) heading(w *week, s Style) string {
	heading := s.paint(inkTitle, w.name()) + s.paint(inkFaint, " · "+Count(w.total, "message"))
	return strings.Join(wrapped(heading, s, 0), "\n") + "\n"
}

// grid is the table of one week.
func (c *calendar) grid(w *week, s Style) grid {
	width := c.cellWidth()
	pad := func(text string) string { return fmt.Sprintf("%*s", width, text) }
	mark := ""
	if c.marked {
		mark = " "
	}
	g := grid{columns: []column{{}}, foot: []string{"Total"}}
	for day := range 7 {
		title := w.monday.AddDate(0, 0, day).Format("Mon 2") + mark
		g.columns = append(g.columns, column{title: title, right: true, width: width, bold: w.days[day] > 0})
		total := ""
		if w.days[day] > 0 {
			total = s.paint(inkTitle, number(w.days[day])) + mark
		}
		g.foot = append(g.foot, total)
	}
	for _, minute := range c.hours {
		row := []string{fmt.Sprintf("%02d:%02d", minute/60, minute%60)}
		for day := range 7 {
			one := w.cells[day][minute]
			switch {
			case one != nil:
				text := number(one.total) + limitMarks[one.limit]
				if limitMarks[one.limit] == "" {
					text += mark
				}
				row = append(row, s.paint(inkLoad(one.total, c.most), pad(text)))
			case w.days[day] > 0:
				row = append(row, s.paint(inkFaint, "·")+mark)
			default:
				row = append(row, "")
			}
		}
		g.rows = append(g.rows, row)
	}
	return g.fit(Style{})
}

// cellWidth is the width of a day, the same in all weeks.
func (c *calendar) cellWidth() int {
	largest := 0
	for _, w := range c.weeks {
		largest = max(largest, slices.Max(w.days[:]))
	}
	width := max(len("Mon 23"), len(number(largest)))
	if c.marked {
		width++
	}
	return width
}

// list is one week as a list of its slots, for where a calendar has no room.
func (c *calendar) list(w *week, s Style) string {
	text := c.heading(w, s)
	for day := range 7 {
		if w.days[day] == 0 {
			continue
		}
		date := w.monday.AddDate(0, 0, day)
		text += fmt.Sprintf("  %s %s\n", date.Format("Mon 2 Jan"),
			s.paint(inkFaint, "· "+Count(w.days[day], "message")))
		for _, minute := range c.hours {
			if one := w.cells[day][minute]; one != nil {
				text += fmt.Sprintf("    %02d:%02d  %*s%s\n", minute/60, minute%60,
					len(number(c.most)), number(one.total), limitMarks[one.limit])
			}
		}
	}
	return text
}

// rows is a table of one row a week.
func (c *calendar) rows(weeks []*week, s Style) string {
	g := grid{columns: []column{{title: "Week"}}}
	for day := range 7 {
		title := time.Date(2001, 1, 1+day, 0, 0, 0, 0, time.UTC).Format("Mon")
		g.columns = append(g.columns, column{title: title, right: true, drop: 1})
	}
	g.columns = append(g.columns, column{title: "Total", right: true})
	for i, w := range weeks {
		if i > 0 && w.after(weeks[i-1]) > 0 {
			g.rows = append(g.rows, append([]string{" …"}, make([]string, 8)...))
		}
		_, iso := w.monday.ISOWeek()
		row := []string{fmt.Sprintf("%2d · %s", iso, w.monday.Format("_2 Jan 2006"))}
		for day := range 7 {
			text := ""
			if w.days[day] > 0 {
				text = number(w.days[day])
			}
			row = append(row, text)
		}
		g.rows = append(g.rows, append(row, s.paint(inkTitle, number(w.total))))
	}
	return g.render(s)
}

// after is how many weeks with nothing in them lie between an earlier week and this one.
func (w *week) after(earlier *week) int {
	return int(w.monday.Sub(earlier.monday)/(7*24*time.Hour)) - 1
}

// name is the week with its dates: "Week 48 · 23 to 29 November 2026".
func (w *week) name() string {
	_, iso := w.monday.ISOWeek()
	sunday := w.monday.AddDate(0, 0, 6)
	from := "2"
	switch {
	case w.monday.Year() != sunday.Year():
		from = "2 January 2006"
	case w.monday.Month() != sunday.Month():
		from = "2 January"
	}
	return fmt.Sprintf("Week %d · %s to %s", iso, w.monday.Format(from), sunday.Format("2 January 2006"))
}
