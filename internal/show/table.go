package show

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// column is how one column of a grid behaves.
type column struct {
	title string
	right bool // numbers
	wrap  bool // free text, which may take several lines on a terminal
	// drop says how early the column goes where the terminal is too narrow: the highest first, all
	// of one number together. 0 stays.
	drop int
	// width, where it is above 0, is fixed, so that several grids line up.
	width int
	// least is how narrow a free text may become; 0 means gridNarrow.
	least int
	bold  bool // the title
}

// narrowest is the least a column can shrink to.
func (c column) narrowest() int {
	if !c.wrap {
		return c.width
	}
	least := c.least
	if least == 0 {
		least = gridNarrow
	}
	return min(c.width, least)
}

// grid is a table: a title row, rows, and perhaps a row of sums.
type grid struct {
	columns []column
	rows    [][]string
	foot    []string
	bare    bool // leave out the title row and the lines
}

const (
	gridIndent = 1  // before the lines of every grid
	gridGap    = 2  // one blank on either side of a column
	gridNarrow = 14 // how narrow a free text becomes, unless its column says otherwise
)

// numbers are columns of numbers with these titles.
func numbers(titles ...string) []column {
	columns := make([]column, len(titles))
	for i, title := range titles {
		columns[i] = column{title: title, right: true}
	}
	return columns
}

// fit settles the width of every column, and drops the columns a terminal has no room for.
func (g grid) fit(s Style) grid {
	g.columns = slices.Clone(g.columns)
	for i := range g.columns {
		if g.columns[i].width == 0 {
			g.columns[i].width = g.natural(i)
		}
	}
	if !s.terminal() {
		return g
	}
	for g.least() > s.Width && g.dropOne() {
	}
	for g.width() > s.Width {
		widest := -1
		for i, c := range g.columns {
			if c.width > c.narrowest() && (widest < 0 || c.width > g.columns[widest].width) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		g.columns[widest].width--
	}
	return g
}

// natural is how wide a column wants to be.
func (g grid) natural(i int) int {
	width := text.StringWidthWithoutEscSequences(g.columns[i].title)
	for _, row := range g.rows {
		width = max(width, text.StringWidthWithoutEscSequences(row[i]))
	}
	if g.foot != nil {
		width = max(width, text.StringWidthWithoutEscSequences(g.foot[i]))
	}
	return width
}

// width is how wide the grid is.
func (g grid) width() int {
	width := gridIndent
	for _, c := range g.columns {
		width += c.width + gridGap
	}
	return width
}

// least is how narrow the grid can become without losing a column.
func (g grid) least() int {
	width := g.width()
	for _, c := range g.columns {
		width -= c.width - c.narrowest()
	}
	return width
}

// dropOne leaves out the columns that go first, and says whether there were any.
func (g *grid) dropOne() bool {
	first := 0
	for _, c := range g.columns {
		first = max(first, c.drop)
	}
	if first == 0 {
		return false
	}
	for i := len(g.columns) - 1; i >= 0; i-- {
		if g.columns[i].drop == first {
			g.without(i)
		}
	}
	return true
}

// without removes column i.
func (g *grid) without(i int) {
	cut := func(row []string) []string { return slices.Delete(slices.Clone(row), i, i+1) }
	g.columns = slices.Delete(g.columns, i, i+1)
	rows := make([][]string, len(g.rows))
	for j, row := range g.rows {
		rows[j] = cut(row)
	}
	g.rows = rows
	if g.foot != nil {
		g.foot = cut(g.foot)
	}
}

// render is the grid as text.
func (g grid) render(s Style) string { return g.fit(s).draw(s) }

// draw is a grid that has been fitted as text.
func (g grid) draw(s Style) string {
	t := table.NewWriter()
	t.SetStyle(gridStyle)
	configs := make([]table.ColumnConfig, len(g.columns))
	for i, c := range g.columns {
		align := text.AlignLeft
		if c.right {
			align = text.AlignRight
		}
		configs[i] = table.ColumnConfig{
			Number: i + 1, Align: align, AlignHeader: align, AlignFooter: align, WidthMin: c.width,
		}
		if s.terminal() && c.wrap {
			configs[i].WidthMax, configs[i].WidthMaxEnforcer = c.width, text.WrapSoft
		}
	}
	t.SetColumnConfigs(configs)
	if !g.bare {
		t.AppendHeader(tableRow(g.titles(s)))
	}
	for _, row := range g.rows {
		t.AppendRow(tableRow(row))
	}
	if g.foot != nil {
		t.AppendFooter(tableRow(g.foot))
	}
	return indent(t.Render(), s)
}

func (g grid) titles(s Style) []string {
	titles := make([]string, len(g.columns))
	for i, c := range g.columns {
		titles[i] = s.paint(inkFaint, c.title)
		if c.bold {
			titles[i] = s.paint(inkTitle, c.title)
		}
	}
	return titles
}

// gridStyle is light: a line below the titles and one above the sums, nothing else.
var gridStyle = table.Style{
	Box: table.BoxStyle{MiddleHorizontal: "─", PaddingLeft: " ", PaddingRight: " "},
	Options: table.Options{
		SeparateHeader: true,
		SeparateFooter: true,
	},
}

func tableRow(cells []string) table.Row {
	row := make(table.Row, len(cells))
	for i, cell := range cells {
		row[i] = cell
	}
	return row
}

// indent moves every line of a grid to the right, and makes its rules faint.
func indent(grid string, s Style) string {
	var b strings.Builder
	for line := range strings.Lines(grid) {
		line = strings.TrimRight(line, " \n")
		if strings.HasPrefix(line, "──") {
			line = s.paint(inkFaint, line)
		}
		b.WriteString(strings.Repeat(" ", gridIndent) + line + "\n")
	}
	return b.String()
}
