package show

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/jedib0t/go-pretty/v6/text"
)

// Progress is a bar for long work with a known total. It is drawn on one line of a terminal and wiped
// when the work is done; without a terminal it is silent. It has no clock: the line is written anew
// only when it looks different, which is at most a few hundred times however often Set is called.
type Progress struct {
	w     io.Writer
	title string
	total int64
	cells int // of the bar
	style Style

	mu    sync.Mutex
	at    progressAt
	drawn string // what is on the line now
}

// progressAt is all that the line's looks depend on.
type progressAt struct{ percent, full int }

// percentWidth is the width of " 50 %" with the blanks before it.
const percentWidth = 2 + 5

// NewProgress begins a bar. Nothing is drawn before the first Set. A total that is not known is 0:
// then only the title is shown.
func NewProgress(w io.Writer, title string, total int64, s Style) *Progress {
	p := &Progress{w: w, title: clean(title), total: total, style: s, at: progressAt{percent: -1}}
	// The last column stays free: a terminal may go to the next line when it is written to.
	room := s.Width - 1
	if total > 0 {
		const least = 10 // cells; a title gives way to them
		room = max(0, room-percentWidth)
		p.title = text.Trim(p.title, max(0, room-2-least))
		p.cells = min(barWidth, max(0, room-2-text.StringWidthWithoutEscSequences(p.title)))
	} else {
		p.title = text.Trim(p.title, max(0, room))
	}
	return p
}

// Set says how much is done. It may be called from several goroutines.
func (p *Progress) Set(n int64) {
	if !p.style.terminal() {
		return
	}
	var at progressAt
	if p.total > 0 {
		done := float64(min(max(n, 0), p.total)) / float64(p.total)
		at = progressAt{percent: int(done * 100), full: int(done * float64(p.cells))}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if at != p.at {
		p.at = at
		p.draw(p.line(at))
	}
}

// Done wipes the bar.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn != "" {
		p.draw("")
		_, _ = io.WriteString(p.w, "\r")
	}
}

// draw replaces the line.
func (p *Progress) draw(line string) {
	left := text.StringWidthWithoutEscSequences(p.drawn) - text.StringWidthWithoutEscSequences(line)
	_, _ = io.WriteString(p.w, "\r"+line+strings.Repeat(" ", max(0, left)))
	p.drawn = line
}

func (p *Progress) line(at progressAt) string {
	if p.total <= 0 {
		return p.title
	}
	percent := fmt.Sprintf("%3d %%", at.percent)
	if p.cells == 0 {
		return percent
	}
	return p.title + "  " + p.style.paint(inkGood, strings.Repeat("█", at.full)) +
		p.style.paint(inkFaint, strings.Repeat("░", p.cells-at.full)) + "  " + percent
}
