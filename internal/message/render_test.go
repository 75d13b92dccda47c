package message

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// rendered is what one template writes, in text or in HTML, with the values of a, b and c.
func rendered(t *testing.T, source string, html bool, values ...string) string {
	t.Helper()
	step := drip.Step{Subject: "s", Text: "[" + source + "]"}
	kind := "text/plain"
	if html {
		step = drip.Step{Subject: "s", HTML: step.Text}
		kind = "text/html"
	}
	values = append(values, "", "", "")[:3]
	m, err := compile(t, []string{"a", "b", "c"}, step).Render(letter(values...))
	require.NoError(t, err)
	out := see(t, m.Raw).parts[kind]
	return strings.TrimSuffix(strings.TrimPrefix(out, "["), "]")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{{ a | capitalize }}":                              "Élan vital & <b>",
		"{{ a | upcase | slice: 0, 4 }}":                    "ÉLAN",
		"{{ a | slice: -3, 9 }}":                            "<b>",
		"{{ a | slice: 99 }}{{ a | slice: -99 }}":           "",
		"{{ a | truncate: 7 }}|{{ a | truncate: 99 }}":      "élan...|élan vital & <b>",
		"{{ a | truncate: 2, '$1…' }}":                      "$1…",
		"{{ a | truncatewords: 2, '…' }}":                   "élan vital…",
		"{{ 'one two' | truncatewords: 2 }}":                "one two",
		"{{ a | split: ' ' | first }}|{{ a | first }}":      "élan|",
		"{{ a | split: ' ' | last }}":                       "<b>",
		"{{ a | split: ' ' | reverse | join: '-' }}":        "<b>-&-vital-élan",
		"{{ 'b,a,b' | split: ',' | uniq | sort }}":          "ab",
		"{{ a | escape }}":                                  "élan vital &amp; &lt;b&gt;",
		"{{ 'x' | raw }}{{ a | strip_html }}":               "xélan vital & ",
		"{{ 1000 | times: 1234567 }}":                       "1234567000",
		"{{ 1000000 | times: 1.5 | append: ' €' }}":         "1500000 €",
		"{{ 1234567 | times: 1.5 | append: ' €' }}":         "1851850.5 €",
		"{{ 1234567 | times: 1.5 }}":                        "1851850.5",
		"{{ 7 | divided_by: 2 }}|{{ 7 | divided_by: 2.0 }}": "3|3.5",
		"{{ 'now' | date: '%Y-%m-%d %H:%M %z' }}":           "2026-05-04 10:07 +0200",
		"{{ '2026-12-24' | date: '%A %d %B' }}":             "Thursday 24 December",
		"{{ b | date: '%Y' }}":                              "",
		"{{ b | default: 'you' }}{{ b | size }}":            "you0",
		"{% assign x = a | upcase %}{{ x }}":                "ÉLAN VITAL & <B>",
		"{{ a }}{{ nope | default: '' }}{{ true }}":         "élan vital & <b>true",
	} {
		require.Equal(t, want, rendered(t, source, false, "élan vital & <b>"), source)
	}
}

func TestHTMLEscapesValues(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{{ a }}":                                              "&lt;b&gt; &amp; co",
		"{{ a | escape }}":                                     "&lt;b&gt; &amp; co",
		"{{ a | escape | escape }}":                            "&lt;b&gt; &amp; co",
		"{{ a | escape | strip }}":                             "&lt;b&gt; &amp; co",
		"{{ a | escape_once }}":                                "&lt;b&gt; &amp; co",
		"{{ '&lt;' | escape_once }}":                           "&lt;",
		"{{ a | raw }}":                                        "<b> & co",
		"{{ a | upcase }}":                                     "&lt;B&gt; &amp; CO",
		"{{ a | raw | append: a }}":                            "&lt;b&gt; &amp; co&lt;b&gt; &amp; co",
		"{{ b | newline_to_br }}":                              "1 &lt; 2<br />\n3",
		"{{ b | escape | newline_to_br }}":                     "1 &lt; 2<br />\n3",
		"{% assign x = a %}{{ x }}":                            "&lt;b&gt; &amp; co",
		"{% assign x = a | raw %}{{ x }}":                      "<b> & co",
		"{{ a | split: ' ' }}":                                 "&lt;b&gt;&amp;co",
		"{{ nope | default: a }}":                              "&lt;b&gt; &amp; co",
		"{% for x in (1..2) %}{{ a }}{% endfor %}":             "&lt;b&gt; &amp; co&lt;b&gt; &amp; co",
		"{% capture x %}<i>{{ a }}</i>{% endcapture %}{{ x }}": "<i>&lt;b&gt; &amp; co</i>",
		"{% if a %}{% capture x %}<i>{{ a }}</i>{% endcapture %}{{ x }}{{ x.size }}{% endif %}":          "<i>&lt;b&gt; &amp; co</i>25",
		"{% assign x = a | escape %}{% if x contains '&lt;' %}yes{% endif %}{% if x == x %}!{% endif %}": "yes!",
	} {
		require.Equal(t, want, rendered(t, source, true, "<b> & co", "1 < 2\r\n3"), source)
	}
}

func TestConditionsTakeABlankCellForNothing(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{% if b %}x{% else %}y{% endif %}":                        "y",
		"{% if b == blank %}x{% endif %}":                          "x",
		"{% if b == empty and b == nil and b == '' %}x{% endif %}": "x",
		"{% if b != blank %}x{% else %}y{% endif %}":               "y",
		"{% if a != blank and a != '' and a %}x{% endif %}":        "x",
		"{% if a == blank %}x{% else %}y{% endif %}":               "y",
		"{% unless b %}x{% endunless %}":                           "x",
		"{% if nope == '' %}x{% endif %}":                          "x",
		"{% if b contains 'x' or b > 1 or b < 1 %}x{% endif %}":    "",
		"{% for i in (1..b) %}x{% else %}none{% endfor %}":         "none",
		"{% if sender == 'Ann Lee' %}{{ sender }}{% endif %}":      "Ann Lee",
		"{% if email contains '@example.test' %}x{% endif %}":      "x",
	} {
		require.Equal(t, want, rendered(t, source, false, "Acme", " \t"), source)
	}
}

func TestControlFlowIsTheLibrarys(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"{% for i in (1..5) %}{% if i == 3 %}{% continue %}{% elsif i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}": "124",
		"{% for i in (1..3) reversed %}{{ forloop.index }}{{ i }} {% endfor %}":                                         "13 22 31 ",
		"{% for i in (1..4) %}{% cycle 'a', 'b' %}{% endfor %}":                                                         "abab",
		"{% for x in (1..3) -%}\n  {{ x }}\n{%- endfor %}":                                                              "123",
		"a {%- if a -%} b {%- endif -%} c":                                                                              "abc",
		"a {{- a -}} c":                                                                                                 "aAcmec",
		"{% case a %}{% when 'Bob', 'Acme' %}x{% else %}y{% endcase %}":                                                 "x",
		"{% raw %}{{ a }}{% endraw %}{% comment %}{{ a }}{% endcomment %}":                                              "{{ a }}",
		"{% capture x %}{{ a }}{% endcapture %}{{ x | upcase }}":                                                        "ACME",
	} {
		require.Equal(t, want, rendered(t, source, false, "Acme"), source)
	}
}

func TestThreads(t *testing.T) {
	t.Parallel()
	columns := []string{"company", "step3.subject"}
	steps := []drip.Step{
		{Subject: "{{ company }}", Text: "1"}, {Text: "2"}, {Text: "3"}, {Subject: "RE: new", Text: "4"}, {Text: "5"},
	}
	templates := compile(t, columns, steps...)
	id := func(step int) string { return "<" + MessageID("launch-x7", 12, step, "acme.test") + ">" }
	render := func(t *testing.T, step int, own string) seen {
		l := letter("Smith", own)
		l.Step = step
		m, err := templates.Render(l)
		require.NoError(t, err)
		s := see(t, m.Raw)
		require.Equal(t, id(step), s.header.Get("Message-ID"))
		require.Equal(t, m.MessageID, strings.Trim(id(step), "<>"))
		return s
	}
	for _, c := range []struct {
		name, own            string
		step                 int
		subject, replyTo, of string
	}{
		{"the first begins one", "", 1, "Smith", "", ""},
		{"a follow-up without a subject is in it", "", 2, "Re: Smith", id(1), id(1)},
		{"references are all before it, in order", "", 3, "Re: Smith", id(2), id(1) + " " + id(2)},
		{"a subject begins another", "", 4, "RE: new", "", ""},
		{"no Re: twice", "", 5, "RE: new", id(4), id(4)},
		{"a subject of the contact's own begins another", "Yours", 3, "Yours", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := render(t, c.step, c.own)
			require.Equal(t, c.subject, s.subject)
			require.Equal(t, c.replyTo, s.header.Get("In-Reply-To"))
			require.Equal(t, c.of, s.header.Get("References"))
		})
	}
}

func TestRenderIsWhatAMailProgramExpects(t *testing.T) {
	t.Parallel()
	templates := compile(t, []string{"name", "step1.html"}, drip.Step{Subject: " Hi \n {{ name }}\t! \n", Text: "text {{ name }}", HTML: "<p>{{ name }}"})
	l := letter("Zoë =?UTF-8?q?x?=", "")
	l.From.Name = `Ann "the" Lee`
	m, err := templates.Render(l)
	require.NoError(t, err)
	again, err := templates.Render(l)
	require.NoError(t, err)
	require.Equal(t, m, again)

	require.Equal(t, "ann@acme.test", m.From)
	require.Equal(t, "zoe@example.test", m.To)
	require.Equal(t, "Hi Zoë =?UTF-8?q?x?= !", m.Subject)
	s := see(t, m.Raw)
	require.Equal(t, m.Subject, s.subject)
	require.Equal(t, []string{"text/plain", "text/html"}, s.order)
	require.Equal(t, "launch-x7/12/1", s.header.Get("X-Dripline-Message"))
	for name, values := range s.header {
		require.Len(t, values, 1, name)
	}
	require.NotContains(t, s.header, "User-Agent")
	require.NotContains(t, s.header, "X-Mailer")
	date, err := s.header.Date()
	require.NoError(t, err)
	require.True(t, date.Equal(l.Date))
	from, err := s.header.AddressList("From")
	require.NoError(t, err)
	require.Equal(t, `Ann "the" Lee`, from[0].Name)
	to, err := s.header.AddressList("To")
	require.NoError(t, err)
	require.Len(t, to, 1)
	require.NotContains(t, strings.ReplaceAll(string(m.Raw), "\r\n", ""), "\n", "every line ends with CRLF")
}

func TestRenderRefuses(t *testing.T) {
	t.Parallel()
	templates := compile(t, []string{"a"}, drip.Step{Subject: "{{ a }}", Text: "t"})
	for name, edit := range map[string]func(*Letter){
		"a step that does not exist":      func(l *Letter) { l.Step = 2 },
		"a step before the first":         func(l *Letter) { l.Step = 0 },
		"values of another file":          func(l *Letter) { l.Values = []string{"x", "y"} },
		"an address with a line break":    func(l *Letter) { l.To = "zoe@example.test\r\nBcc: x@evil.test" },
		"two addresses":                   func(l *Letter) { l.To = "zoe@example.test, x@evil.test" },
		"an address with a name":          func(l *Letter) { l.To = "Zoe <zoe@example.test>" },
		"no address":                      func(l *Letter) { l.To = "zoe" },
		"letters that few servers take":   func(l *Letter) { l.To = "zoë@example.test" },
		"a sender with a line break":      func(l *Letter) { l.From.Name = "Ann\r\nBcc: x@evil.test" },
		"an engagement with a line break": func(l *Letter) { l.Engagement = "x\r\nBcc: x@evil.test" },
		"a subject with a line break":     func(l *Letter) { l.Values = []string{"x\r\nBcc: x@evil.test"} },
		"a subject that is empty":         func(l *Letter) { l.Values = []string{""} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := letter("x")
			edit(&l)
			_, err := templates.Render(l)
			require.Error(t, err)
			require.NotContains(t, err.Error(), "evil")
			require.NotContains(t, err.Error(), "zo")
		})
	}
}

func TestMessageID(t *testing.T) {
	t.Parallel()
	id := MessageID("launch-x7", 12, 1, "acme.test")
	require.Equal(t, "95bd42c61123a6255c1828d50e4ccbd8@acme.test", id, "it must never change: replies and looked-up messages refer to it")
	seen := map[string]bool{id: true}
	for _, other := range []string{
		MessageID("launch-x7", 12, 2, "acme.test"), MessageID("launch-x7", 1, 21, "acme.test"),
		MessageID("launch-x71", 2, 1, "acme.test"), MessageID("launch-x8", 12, 1, "acme.test"),
	} {
		require.False(t, seen[other])
		seen[other] = true
	}
}

func TestRenderAtOnce(t *testing.T) {
	t.Parallel()
	templates := compile(t, []string{"a", "step1.html"}, drip.Step{Subject: "{{ a }}", Text: "{% for i in (1..9) %}{{ a | upcase }}{% endfor %}"})
	want, err := templates.Render(letter("x", "<p>{{ a | escape }}"))
	require.NoError(t, err)
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 100 {
				got, err := templates.Render(letter("x", "<p>{{ a | escape }}"))
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
		})
	}
}
