package show

import "github.com/jedib0t/go-pretty/v6/text"

// ink is a colour by what it says.
type ink string

// The inks. They are escape sequences, made once: whether they are used is the Style's word, not that
// of an environment a library looks at.
var (
	inkTitle = inkOf(text.Bold)
	inkFaint = inkOf(text.Faint)
	inkGood  = inkOf(text.FgGreen)
	inkWarn  = inkOf(text.FgYellow)
	inkBad   = inkOf(text.FgRed)
	inkFix   = inkOf(text.FgCyan)

	inkReset = text.Reset.EscapeSeq()
)

// inkLoads shade a slot by how full it is beside the fullest, from little to most: from grey to teal,
// all about equally bright, so that black on them reads well and the order holds on dark terminals as
// on light ones.
var inkLoads = [...]ink{
	inkOf(text.Bg256Color(247), text.Fg256Color(16)),
	inkOf(text.Bg256Color(109), text.Fg256Color(16)),
	inkOf(text.Bg256Color(73), text.Fg256Color(16)),
	inkOf(text.Bg256Color(37), text.Fg256Color(16)),
}

func inkOf(colors ...text.Color) ink { return ink(text.Colors(colors).EscapeSeq()) }

// inkLoad is the shade of n where most is the fullest.
func inkLoad(n, most int) ink {
	i := (n*len(inkLoads) - 1) / max(most, 1)
	return inkLoads[min(i, len(inkLoads)-1)]
}

// paint is words in an ink, where colour is wanted and there is something to see.
func (s Style) paint(i ink, words string) string {
	if !s.Color || i == "" || words == "" {
		return words
	}
	return string(i) + words + inkReset
}
