package message

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

// FuzzRender holds over any templates and values: nothing panics or runs for long, what Check accepts
// is rendered, and what is rendered is one mail with our headers and no other.
func FuzzRender(f *testing.F) {
	f.Add("{{ a }} and {{ b }}", "Hi {{ a | default: 'you' }}", "<p>{% if b %}{{ b }}{% endif %}</p>", "Ann", "Acme\r\nBcc: x@evil.test")
	f.Add("s", "{% for i in (1..a) %}{% cycle 'x', 'y' %}{{ forloop.index }}{% endfor %}", "{% capture x %}{{ a }}{% endcapture %}{{ x }}", "3", "{{ a }")
	f.Add("{{ a | slice: 1, 2 }}", "{% case a %}{% when 'x' %}{{ b | date: '%Y' }}{% endcase %}", "{% assign x = a | split: ',' | sort %}{{ x | join: b }}", "a,b", "2026-01-01")
	f.Add("{%- raw -%}{{{% endraw %}", "{% tablerow x in (1..3) cols:2 %}{{ x }}{% endtablerow %}", "{{ (1..3) | reverse }}", "", "")
	known := map[string]bool{
		"Date": true, "From": true, "Mime-Version": true, "Message-Id": true, "Subject": true, "To": true,
		"X-Dripline-Message": true, "Content-Type": true, "Content-Transfer-Encoding": true,
	}
	f.Fuzz(func(t *testing.T, subject, text, html, a, b string) {
		columns := []string{"a", "b", "step1.html"}
		templates, err := Compile(sequence(drip.Step{Subject: subject, Text: text, HTML: html}), columns)
		if err != nil {
			var te *TemplateError
			require.True(t, errors.As(err, &te), err)
			return
		}
		values := []string{a, b, b}
		_, missing := templates.Missing(values)
		refused := templates.Check(values)
		m, err := templates.Render(letter(values...))
		if err != nil {
			require.True(t, missing || refused != nil, err)
			return
		}
		again, err := templates.Render(letter(values...))
		require.NoError(t, err)
		require.Equal(t, string(m.Raw), string(again.Raw))
		s := see(t, m.Raw)
		for name, values := range s.header {
			require.True(t, known[name], name)
			require.Len(t, values, 1)
		}
		require.Equal(t, m.Subject, s.subject)
		require.Contains(t, []int{1, 2}, len(s.order))
	})
}

func FuzzExpression(f *testing.F) {
	for _, seed := range []string{"a.b[0] | default: 'x', 1.5 | upcase", "(1..n)", "a == 'x' and (b or c)", "x in a | split: ',' reversed limit: 2", "x = y | z"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if c, err := parse(source, readCondition); err == nil {
			c.needs()
			c.visit(visitor{operand: func(operand) {}, filter: func(*chain, int) {}})
		}
		_, _ = parse(source, readLoop)
		_, _ = parse(source, readAssignment)
		_, _ = parse(source, readOperands)
	})
}
