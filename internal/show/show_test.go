package show

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
)

// drawPlan is any plan: slots of the calendars people have, over up to so many weeks.
func drawPlan(t *rapid.T, weeks int) drip.Plan {
	zones := []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"}
	zone := zoneOf(t, rapid.SampledFrom(zones).Draw(t, "zone"))
	accounts := []string{"ann", "ben", "carol", "a-rather-long-account-id"}[:rapid.IntRange(1, 4).Draw(t, "accounts")]
	limit := rapid.SampledFrom(limits)
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, zone).Add(time.Duration(rapid.IntRange(0, 365*24).Draw(t, "start")) * time.Hour)
	var slots []drip.PlanSlot
	for hour := 0; hour < weeks*7*24; {
		at := start.Add(time.Duration(hour) * time.Hour)
		slots = append(slots, slotOf(at, limit.Draw(t, "limit"), rapid.IntRange(1, 4).Draw(t, "step"),
			rapid.IntRange(1, 20000).Draw(t, "total"), accounts...))
		hour += rapid.SampledFrom([]int{1, 1, 1, 2, 16, 24, 100}).Draw(t, "gap")
	}
	p := planOf(rapid.IntRange(1, 100000).Draw(t, "contacts"), accounts, slots...)
	p.Held = heldPeople()[:rapid.IntRange(0, 8).Draw(t, "held")]
	return p
}

func TestCalendarHoldsEveryMessageOfAPlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, 6)
		c := calendarOf(p.Slots, Style{})
		total, cells, slots := 0, 0, 0
		for _, w := range c.weeks {
			require.Equal(t, time.Monday, w.monday.Weekday())
			days := 0
			for day := range 7 {
				sum := 0
				for minute, one := range w.cells[day] {
					require.Contains(t, c.hours, minute)
					sum += one.total
					slots += one.slots
				}
				require.Equal(t, sum, w.days[day])
				cells += sum
				days += w.days[day]
			}
			require.Equal(t, days, w.total)
			total += w.total
		}
		require.Equal(t, messages(p), total)
		require.Equal(t, messages(p), cells)
		require.Len(t, p.Slots, slots)
	})
}

// cellsOf reads the numbers of a printed calendar back: what is in the rows of hours, and in the rows
// of totals.
func cellsOf(t require.TestingT, printed string) (cells, totals int) {
	row := regexp.MustCompile(`(?m)^  (\d\d:\d\d|Total) (.*)$`)
	printed, _, _ = strings.Cut(printed, "What kept slots")
	for _, m := range row.FindAllStringSubmatch(printed, -1) {
		for _, field := range strings.Fields(m[2]) {
			field = strings.ReplaceAll(strings.TrimRight(field, "hdHD"), ",", "")
			if field == "·" {
				continue
			}
			n, err := strconv.Atoi(field)
			require.NoError(t, err)
			if m[1] == "Total" {
				totals += n
			} else {
				cells += n
			}
		}
	}
	return cells, totals
}

func TestPlanShowsEveryNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, 4)
		var out bytes.Buffer
		Plan(&out, p, Style{})
		cells, totals := cellsOf(t, out.String())
		require.Equal(t, messages(p), cells)
		require.Equal(t, messages(p), totals)
		for _, sender := range p.Senders {
			require.Contains(t, out.String(), sender.Account)
			require.Contains(t, out.String(), number(sender.Contacts))
		}
		for _, limit := range limits {
			n := strings.Count(fmt.Sprint(p.Slots), string(limit))
			require.Equal(t, n > 0, strings.Contains(out.String(), limitWords[limit]))
		}
	})
}

// requireFits checks that text keeps to a style.
func requireFits(t require.TestingT, out string, s Style) {
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if !s.Color {
			require.NotContains(t, line, "\x1b")
			require.Equal(t, strings.TrimRight(line, " "), line)
		}
		if s.terminal() {
			require.LessOrEqual(t, text.StringWidthWithoutEscSequences(line), s.Width, "%q", line)
		}
	}
}

func TestPlansFitAndAreClean(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, rapid.IntRange(1, 12).Draw(t, "weeks"))
		s := Style{Width: rapid.SampledFrom([]int{0, 50, 60, 71, 80, 132}).Draw(t, "width")}
		s.Color = s.terminal() && rapid.Bool().Draw(t, "color")
		var out bytes.Buffer
		Plan(&out, p, s)
		Summary(&out, p, s)
		Held(&out, p.Held, s)
		requireFits(t, out.String(), s)
	})
}

func TestReportsFitAndAreClean(t *testing.T) {
	t.Parallel()
	for width := 50; width <= 140; width++ {
		s := Style{Width: width, Color: width%2 == 0}
		if width == 140 {
			s = Style{}
		}
		var out bytes.Buffer
		for _, r := range allStates(t) {
			Report(&out, r, s)
		}
		List(&out, allStates(t), s)
		Moves(&out, moves(t), s)
		Messages(&out, each(messageRowsOf(t)), s)
		requireFits(t, out.String(), s)
	}
}

func TestColorOnlyAddsColor(t *testing.T) {
	t.Parallel()
	escape := regexp.MustCompile("\x1b\\[[0-9;]*m")
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, 3)
		var plain, colored bytes.Buffer
		Plan(&plain, p, Style{Width: 100})
		Plan(&colored, p, Style{Width: 100, Color: true})
		bare := regexp.MustCompile(`(?m) +$`).ReplaceAllString(escape.ReplaceAllString(colored.String(), ""), "")
		require.Equal(t, plain.String(), bare)
	})
}

func TestLongPlanOnATerminal(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	Plan(&out, longPlanOf(t, 80), Style{Width: 80})
	require.Equal(t, wholeWeeks, strings.Count(out.String(), "\nWeek "))
	require.Contains(t, out.String(), "and 22 more weeks; --json shows all")
	out.Reset()
	Plan(&out, longPlanOf(t, 80), Style{})
	require.NotContains(t, out.String(), "more weeks")
}

func TestPlanThatWasCutSaysSo(t *testing.T) {
	t.Parallel()
	p := smallPlan(t)
	p.MoreSlots, p.MoreHeld = 3, 4
	p.Finish = p.Finish.AddDate(0, 0, 5)
	var out bytes.Buffer
	Plan(&out, p, Style{})
	require.Contains(t, out.String(), "Left out here: 3 more slots after these.")
	require.Contains(t, out.String(), "to Mon 30 Nov 2026 10:00")
	out.Reset()
	Summary(&out, p, Style{})
	require.Contains(t, out.String(), "150 in 1 step, and those of 3 later slots")
	require.Contains(t, out.String(), "4 whose reasons are left out here")
}

func TestManyAccounts(t *testing.T) {
	t.Parallel()
	accounts := make([]string, 100)
	for i := range accounts {
		accounts[i] = fmt.Sprintf("acc%02d", i)
	}
	start := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	p := planOf(1000, accounts, slotOf(start, drip.LimitContacts, 1, 1000, accounts...))
	for name, view := range map[string]func(s Style) string{
		"plan":    func(s Style) string { var b bytes.Buffer; Plan(&b, p, s); return b.String() },
		"summary": func(s Style) string { var b bytes.Buffer; Summary(&b, p, s); return b.String() },
	} {
		require.Len(t, regexp.MustCompile(`acc\d\d`).FindAllString(view(Style{}), -1), 100, name)
		terminal := view(Style{Width: 80})
		require.NotContains(t, terminal, "acc20", name)
		require.Contains(t, terminal, "and 80 more accounts; --json shows all", name)
		require.Contains(t, terminal, "1,000", name)
	}
}

func TestReportOfManySlots(t *testing.T) {
	t.Parallel()
	paris := zoneOf(t, "Europe/Paris")
	r := reportIn(t, drip.StateRunning)
	r.Slots = nil
	for day := range 100 {
		for hour := range 9 {
			r.Slots = append(r.Slots, drip.SlotTotals{
				Start: time.Date(2026, 9, 1+day, 9+hour, 0, 0, 0, paris), Planned: 7, Sent: 7,
			})
		}
	}
	r.MoreSlots = 2
	show := func(s Style) string { var b bytes.Buffer; Report(&b, r, s); return b.String() }
	t.Run("a pipe gets every slot", func(t *testing.T) {
		t.Parallel()
		_, slots, _ := strings.Cut(show(Style{}), "By slot")
		require.Equal(t, 900, strings.Count(slots, ":00 "))
		require.Contains(t, slots, "2 later slots left out here")
	})
	t.Run("a terminal gets the days about the next slot", func(t *testing.T) {
		t.Parallel()
		_, days, _ := strings.Cut(show(Style{Width: 80}), "By day")
		require.Equal(t, dayRows, strings.Count(days, "63    63"))
		require.Contains(t, days, "Thu 26 Nov 2026")
		require.Contains(t, days, "and 60 more days; --json shows all")
	})
	t.Run("or the last ones where there is none", func(t *testing.T) {
		t.Parallel()
		ended := r
		ended.NextSlot = nil
		var b bytes.Buffer
		Report(&b, ended, Style{Width: 80})
		require.Contains(t, b.String(), "Wed  9 Dec 2026")
	})
}

func TestBarShowsWhatIsThere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.SampledFrom([]int{0, 1, 40, 999999}).Draw(t, name) }
		totals := drip.Totals{Planned: n("planned"), Sent: n("sent"), Failed: n("failed"), Unknown: n("unknown")}
		bar := totalsBar(totals, Style{})
		if totals.Sum() == 0 {
			require.Empty(t, bar)
			return
		}
		require.Equal(t, barWidth, strings.Count(bar, "█")+strings.Count(bar, "▒")+strings.Count(bar, "░"))
		require.Equal(t, totals.Failed+totals.Unknown > 0, strings.Contains(bar, "▒"))
		if totals.Planned == 0 {
			require.NotContains(t, bar, "░")
		}
	})
}

func TestMessagesStreamInOneTable(t *testing.T) {
	t.Parallel()
	rows := make([]drip.MessageRow, 2*messageRows+7)
	for i := range rows {
		rows[i] = drip.MessageRow{Email: fmt.Sprintf("p%04d@example.test", i), Account: "ann", Step: 1, State: drip.Planned}
	}
	var out bytes.Buffer
	Messages(&out, each(rows), Style{})
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	require.Len(t, lines, len(rows)+2)
	for i, line := range lines[2:] {
		require.Equal(t, fmt.Sprintf("  p%04d@example.test  ann         1  planned", i), line)
	}
}

func TestOutsideTextCannotMoveACursor(t *testing.T) {
	t.Parallel()
	evil := "a\x1b[2Jb\r\nc\u202ed\x9b31me\u009bf@example.test"
	var out bytes.Buffer
	Held(&out, []drip.Held{{Email: evil, Row: 2, Reason: drip.HeldReason(evil), Detail: evil}}, Style{})
	Report(&out, drip.Report{ID: evil, Sequence: evil, State: drip.State(evil), Reason: evil}, Style{})
	Moves(&out, []Moved{{Account: evil, Reason: evil}}, Style{})
	Messages(&out, each([]drip.MessageRow{{Email: evil, Answer: evil, Reason: evil}}), Style{})
	Error(&out, &drip.InputError{File: evil, Problem: evil, Fix: evil}, Style{})
	for _, bad := range []string{"\x1b", "\r", "\u202e", "\x9b31", "\u009b"} {
		require.NotContains(t, out.String(), bad)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	require.Equal(t, "0 messages", Count(0, "message"))
	require.Equal(t, "1 message", Count(1, "message"))
	require.Equal(t, "50 messages", Count(50, "message"))
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567", -1000: "-1,000"} {
		require.Equal(t, want, number(n))
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	_, ok := Terminal(&bytes.Buffer{})
	require.False(t, ok)
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = r.Close(); _ = w.Close() }()
	_, ok = Terminal(w)
	require.False(t, ok)
}
