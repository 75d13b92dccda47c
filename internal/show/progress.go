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
// only when it looks different, which is a few hundred times however often Set is called.
type Progress struct {
	mu    sync.Mutex
	w     io.Writer
	title string
	total int64
	style Style
	drawn string // what is on the line now
}

// NewProgress begins a bar. Nothing is drawn before the first Set.
func NewProgress(w io.Writer, title string, total int64, s Style) *Progress {
	return &Progress{w: w, title: clean(title), total: total, style: s}
}

// Set says how much is done. It may be called from several goroutines.
func (p *Progress) Set(n int64) {
	if !p.style.terminal() {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.draw(p.lineAt(n))
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
	if line == p.drawn {
		return
	}
	left := text.StringWidthWithoutEscSequences(p.drawn) - text.StringWidthWithoutEscSequences(line)
	_, _ = io.WriteString(p.w, "\r"+line+strings.Repeat(" ", max(0, left)))
	p.drawn = line
}

// lineAt is the line for n done, kept within the terminal.
func (p *Progress) lineAt(n int64) string {
	if p.total <= 0 {
		return text.Trim(p.title, p.style.Width-1)
	}
	n = min(max(n, 0), p.total)
	percent := fmt.Sprintf("%3d %%", int(float64(n)/float64(p.total)*100))
	room := p.style.Width - 1 - len(percent) - 4
	title := text.Trim(p.title, max(0, room-10))
	cells := min(barWidth, room-text.StringWidthWithoutEscSequences(title))
	if cells < 1 {
		return percent
	}
	full := int(float64(n) / float64(p.total) * float64(cells))
	return title + "  " + p.style.paint(inkGood, strings.Repeat("█", full)) +
		p.style.paint(inkFaint, strings.Repeat("░", cells-full)) + "  " + percent
}
