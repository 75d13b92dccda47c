package message

import (
	"bytes"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	paris = time.FixedZone("CEST", 2*60*60)
	ann   = drip.Account{ID: "ann", Name: "Ann Lee", Email: "ann@acme.test"}
)

func sequence(steps ...drip.Step) drip.Sequence { return drip.Sequence{Name: "Launch", Steps: steps} }

func compile(t testing.TB, columns []string, steps ...drip.Step) *Templates {
	t.Helper()
	templates, err := Compile(sequence(steps...), columns)
	require.NoError(t, err)
	return templates
}

// letter is a letter of step 1 to Zoë; tests change what they are about.
func letter(values ...string) Letter {
	return Letter{
		Engagement: "launch-x7", Contact: 12, Step: 1, Date: time.Date(2026, time.May, 4, 10, 7, 31, 0, paris),
		From: ann, To: "zoe@example.test", Values: values,
	}
}

// seen is a message as a mail program takes it apart.
type seen struct {
	header mail.Header
	// subject is decoded, parts are the decoded bodies by content type, order is theirs.
	subject string
	parts   map[string]string
	order   []string
}

func see(t testing.TB, raw []byte) seen {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	require.NoError(t, err)
	s := seen{header: msg.Header, parts: map[string]string{}}
	s.subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	require.NoError(t, err)
	kind, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	require.NoError(t, err)
	if kind != "multipart/alternative" {
		s.add(t, kind, params, msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
		return s
	}
	parts := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := parts.NextRawPart()
		if err == io.EOF {
			return s
		}
		require.NoError(t, err)
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		require.NoError(t, err)
		s.add(t, kind, params, p.Header.Get("Content-Transfer-Encoding"), p)
	}
}

func (s *seen) add(t testing.TB, kind string, params map[string]string, encoding string, body io.Reader) {
	t.Helper()
	require.Equal(t, "UTF-8", params["charset"])
	require.Equal(t, "quoted-printable", encoding)
	text, err := io.ReadAll(quotedprintable.NewReader(body))
	require.NoError(t, err)
	s.parts[kind] = strings.ReplaceAll(string(text), "\r\n", "\n")
	s.order = append(s.order, kind)
}

var goldenColumns = []string{"First Name", "company", "step1.subject"}

var goldenCases = []struct {
	name  string
	steps []drip.Step
	edit  func(*Letter)
}{
	{name: "text", steps: []drip.Step{{Subject: "{{ company }} and Acme", Text: "Hi {{ first_name }},\n\nhow is {{ company }}?\n\n{{ sender.name }}\n"}}},
	{name: "html", steps: []drip.Step{{Subject: "{{ company }} and Acme", HTML: "<p>Hi {{ first_name }} of {{ company }}</p>\n"}}},
	{name: "both", steps: []drip.Step{{Subject: "Hello", Text: "Hi {{ first_name }}\n", HTML: "<p>Hi {{ first_name }}</p>\n"}}},
	{
		name:  "follow-up",
		steps: []drip.Step{{Subject: "{{ company }} and Acme", Text: "one"}, {Text: "two"}, {Text: "three, {{ first_name }}\n"}},
		edit:  func(l *Letter) { l.Step = 3 },
	},
	{
		name:  "utf-8",
		steps: []drip.Step{{Subject: "Grüße aus Zürich an {{ company }}, für {{ first_name }} — schön, dass es klappt 🎉", Text: "Grüezi {{ first_name }}\n"}},
		edit: func(l *Letter) {
			l.From = drip.Account{ID: "jurg", Name: "Jürg Müller, Zürich", Email: "jurg@zürich.test"}
			l.To = "zoe@bücher.test"
		},
	},
	{
		name: "long-lines",
		steps: []drip.Step{{
			Subject: strings.Repeat("a subject that goes on ", 8),
			Text:    "From here on\n.\n" + strings.Repeat("a line that goes on and on ", 60) + "\n" + strings.Repeat("x", 1200) + "\n",
		}},
	},
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for _, c := range goldenCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := letter("Zoë", "Smith & Söhne", "")
			if c.edit != nil {
				c.edit(&l)
			}
			m, err := compile(t, goldenColumns, c.steps...).Render(l)
			require.NoError(t, err)
			path := filepath.Join("testdata", c.name+".eml")
			if *update {
				require.NoError(t, os.WriteFile(path, m.Raw, 0o644))
			}
			want, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, string(want), string(m.Raw))
			require.Equal(t, m.Subject, see(t, m.Raw).subject)
		})
	}
}
