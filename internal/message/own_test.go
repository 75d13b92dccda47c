package message

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// A reader shows the HTML: a contact's own text beside the sequence's HTML would never be seen.
func TestOwnBodyStandsAlone(t *testing.T) {
	t.Parallel()
	seq := drip.Sequence{Name: "S", Steps: []drip.Step{{Subject: "s", Text: "common text", HTML: "<p>common html</p>"}}}
	templates, err := Compile(seq, []string{"step1.text", "step1.html"})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		text, html   string
		has, lacking []string
	}{
		"nothing of their own": {"", "", []string{"common text", "common html"}, nil},
		"their own text":       {"for you", "", []string{"for you"}, []string{"common"}},
		"their own html":       {"", "<b>for you</b>", []string{"for you"}, []string{"common"}},
		"both their own":       {"text for you", "<b>html for you</b>", []string{"text for you", "html for you"}, []string{"common"}},
	} {
		mail, err := templates.Render(Letter{Engagement: "e", Contact: 1, Step: 1, Date: time.Unix(0, 0).UTC(),
			From: drip.Account{ID: "ann", Name: "Ann", Email: "ann@acme.test"}, To: "c@x.test", Values: []string{c.text, c.html}})
		require.NoError(t, err, name)
		for _, text := range c.has {
			require.Contains(t, string(mail.Raw), text, name)
		}
		for _, text := range c.lacking {
			require.NotContains(t, string(mail.Raw), text, name)
		}
	}
}
