package show

import (
	"bytes"
	"strings"
	"sync"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	t.Run("is silent without a terminal", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := NewProgress(&out, "Reading contacts.csv", 100, Style{Color: true})
		p.Set(50)
		p.Done()
		require.Empty(t, out.String())
	})
	t.Run("draws a bar and wipes it", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := NewProgress(&out, "Reading contacts.csv", 100, Style{Width: 60})
		p.Set(50)
		line := "Reading contacts.csv  ███████████████░░░░░░░░░░░░░░░   50 %"
		require.Equal(t, "\r"+line, out.String())
		out.Reset()
		p.Done()
		require.Equal(t, "\r"+strings.Repeat(" ", text.StringWidthWithoutEscSequences(line))+"\r", out.String())
		out.Reset()
		p.Done()
		require.Empty(t, out.String())
	})
	t.Run("writes only what changes, and stays within the terminal", func(t *testing.T) {
		t.Parallel()
		for _, width := range []int{1, 6, 10, 20, 40, 80, 200} {
			var out bytes.Buffer
			const total = 1_000_000
			p := NewProgress(&out, "A title that is rather long for a bar", total, Style{Width: width, Color: true})
			for n := range total / 10 {
				p.Set(int64(n * 10))
			}
			p.Set(2 * total)
			lines := strings.Split(out.String(), "\r")
			require.Less(t, len(lines), 200)
			for _, line := range lines {
				require.LessOrEqual(t, text.StringWidthWithoutEscSequences(line), max(width-1, 5))
			}
			require.Contains(t, lines[len(lines)-1], "100 %")
		}
	})
	t.Run("shows its title where the total is not known", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := NewProgress(&out, "Reading", 0, Style{Width: 60})
		p.Set(1)
		p.Set(2)
		require.Equal(t, "\rReading", out.String())
	})
	t.Run("may be set by many at once", func(t *testing.T) {
		t.Parallel()
		var out bytes.Buffer
		p := NewProgress(&out, "Sending", 100, Style{Width: 60})
		var all sync.WaitGroup
		for n := range 100 {
			all.Go(func() { p.Set(int64(n)) })
		}
		all.Wait()
		p.Done()
		require.True(t, strings.HasSuffix(out.String(), "\r"))
	})
}
