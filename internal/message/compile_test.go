package message

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

func TestCompileRefusesTemplates(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, text string
		line       int
		problem    string
	}{
		{"syntax", "Hi\n{{ first name }}", 2, `syntax error in "first name"`},
		{"a tag that is not closed", "Hi\n{% if company %}x", 2, `unterminated "if" block`},
		{"braces that are not closed", "Hi\n\n{{ company }, hello", 3, "{{ is not closed"},
		{"a brace that is missing", "Hi\n{{ company", 2, "{{ is not closed"},
		{"a tag without its end", "{% if company }x", 1, "{% is not closed"},
		{"an unknown tag", "a\nb {% iff company %}", 2, `undefined tag "iff"`},
		{"an unknown filter", "a\n\n{{ company | upcaze }}", 3, "there is no filter upcaze"},
		{"an unknown filter in a condition", "{% if company %}\n{% elsif company | upcaze %}{% endif %}", 2, "there is no filter upcaze"},
		{"an unknown filter where no contact comes to", "{% if nope %}{{ company | upcaze }}{% endif %}", 1, "there is no filter upcaze"},
		{"an unknown filter in an assign", "{% assign x = company | upcaze %}", 1, "there is no filter upcaze"},
		{"an unknown filter in a loop", "{% for x in company | upcaze %}{% endfor %}", 1, "there is no filter upcaze"},
		{"too many arguments", "{{ company | default: 'a', 'b' }}", 1, "filter default takes 1 arguments at most, and has 2"},
		{"an include", "{% include 'other' %}", 1, "a template reads no files"},
		{"a cycle outside a loop", "{% cycle 'a', 'b' %}", 1, "cycle works only inside a for loop"},
		{"a break outside a loop", "{% break %}", 1, "break works only inside a for loop"},
		{"what is always wrong", "a\n{{ 'abc' | plus: 1 }}", 2, "filter plus cannot use the value it is given"},
		{"a number too large", "{{ 99999999999999999999 }}", 0, "value out of range"},
		{"an endless loop", "{% for i in (1..1000000000) %}x{% endfor %}", 1, "too long"},
		{"an endless loop that writes nothing", "{% for i in (1..1000000000) %}{% endfor %}", 1, "too long"},
		{"an endless loop that is worked out", "{% assign n = '1000000000' | plus: 0 %}{% for i in (1..n) %}{% endfor %}", 1, "loops too often"},
		{"loops in each other", strings.Repeat("{% for i in (1..1000) %}", 4) + "x" + strings.Repeat("{% endfor %}", 4), 1, "loops too often"},
		{"a text that doubles", "{% assign x = 'xx' %}{% for i in (1..100) %}{% assign x = x | append: x %}{% endfor %}", 1, "loops too often"},
		{"a capture that doubles", "{% assign x = 'xx' %}{% for i in (1..100) %}{% capture x %}{{ x }}{{ x }}{% endcapture %}{% endfor %}", 1, "loops too often"},
		{"a range that becomes a list", "{{ (1..1000000000) | join: ',' }}", 1, "loops too often"},
		{"a list that doubles", "{% assign l = 'a,b' | split: ',' %}{% for i in (1..100) %}{% assign l = l | concat: l %}{% endfor %}", 1, "loops too often"},
		{"a replacement that explodes", "{% assign x = 'x' %}{% for i in (1..18) %}{% assign x = x | append: x %}{% endfor %}{{ x | replace: 'x', x }}", 1, "loops too often"},
		{"raw text in a loop", "{% for i in (1..9999) %}{% raw %}" + strings.Repeat("x", 1000) + "{% endraw %}{% endfor %}", 1, "loops too often"},
		{"deep blocks", strings.Repeat("{% if company %}", 60) + strings.Repeat("{% endif %}", 60), 1, "more than 50 blocks in each other"},
		{"a huge template", strings.Repeat("x", 300<<10), 0, "is larger than 256 KiB"},
		{"all that a loop tells", "{% for i in (1..2) %}{{ forloop }}{% endfor %}", 1, "forloop.index"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := Compile(sequence(drip.Step{Subject: "s", Text: "t"}, drip.Step{Text: c.text}), []string{"company"})
			require.Less(t, time.Since(start), 5*time.Second)
			var te *TemplateError
			require.ErrorAs(t, err, &te)
			require.Equal(t, 2, te.Step)
			require.Equal(t, "text", te.Field)
			require.Equal(t, c.line, te.Line)
			require.Contains(t, te.Problem, c.problem)
			require.NotContains(t, te.Problem, "%loop")
		})
	}
}

func TestCompileAccepts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{% comment %}{{ unclosed {% endcomment %}x",
		"{% raw %}{{ company | nope }}{% endraw %}",
		"@media print { a { color: red }} }}",
		"{% for i in (1..3) %}{% cycle 'a', 'b' %}{% if i == 2 %}{% break %}{% endif %}{% endfor %}",
		"{% for x in (1..9) reversed limit: 2 offset: 1 %}{{ forloop.index }}{% else %}none{% endfor %}",
		"{% tablerow x in (1..4) cols: 2 %}{{ x }}{% endtablerow %}",
		"{%- assign n = 'a-b' | split: '-' | first -%}{{- n -}}",
		"{% case company %}{% when 'a', \"b\" %}x{% else %}y{% endcase %}",
		"{{ 'now' | date: '%Y' }}{{ company[0] }}{{ -1 | abs }}{{ 1.5 | ceil }}",
		"{% if a == 1 and b != 'x' or c contains 'y' %}{% endif %}{% if n > 1 and n <= 5 %}{% endif %}x",
	} {
		_, err := Compile(sequence(drip.Step{Subject: "s", Text: text}), []string{"company"})
		require.NoError(t, err, text)
	}
}

func TestCompileNeedsSomethingToWrite(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		columns []string
		steps   []drip.Step
		want    string
	}{
		{"a first step without subject", nil, []drip.Step{{Text: "t"}}, "subject of step 1: is empty: only a follow-up may leave it out"},
		{"a step without text", nil, []drip.Step{{Subject: "s", Text: "t"}, {Subject: "s", Text: " \n"}}, "text of step 2: is empty, and so is html: a message needs one of them"},
		{"a subject that only has blanks to write", nil, []drip.Step{{Subject: "\n", Text: "t"}}, "subject of step 1: is empty: only a follow-up may leave it out"},
		{"columns bring both", []string{"step1.subject", "STEP1.HTML"}, []drip.Step{{}}, ""},
		{"a control character in a subject", nil, []drip.Step{{Subject: "a\x07", Text: "t"}}, "subject of step 1: has a control character, which no subject may have"},
		{"a column for no step", []string{"step9.text"}, []drip.Step{{Subject: "s", Text: "t"}}, "column step9.text is for a step that does not exist: the sequence has 1"},
		{"a column for no field", []string{"step1.foo"}, []drip.Step{{Subject: "s", Text: "t"}}, "column step1.foo replaces nothing: use step1.subject, step1.text or step1.html"},
		{"a column that is there twice", []string{"step1.text", "Step1.Text"}, []drip.Step{{Subject: "s", Text: "t"}}, "column Step1.Text is there twice"},
		{"a name that two columns have", []string{"First Name", "First-Name"}, []drip.Step{{Subject: "s", Text: "{{ first_name }}"}}, "column First-Name and column First Name are both first_name in templates; rename one of them"},
		{"a name that two columns have and none uses", []string{"First Name", "First-Name"}, []drip.Step{{Subject: "s", Text: "t"}}, ""},
		{"a name that is one column's own", []string{"First Name", "first_name"}, []drip.Step{{Subject: "s", Text: "{{ first_name }}"}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Compile(sequence(c.steps...), c.columns)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	columns := []string{"company", "amount", "when", "step1.subject", "step1.text"}
	const subject, text = "{{ company }} and Acme", "Hi"
	for _, c := range []struct {
		name, subject, text string
		values              []string
		want                string
	}{
		{"nothing wrong", subject, text, []string{"Acme", "", "", "", ""}, ""},
		{"a line break in a subject", subject, text, []string{"Acme\r\nBcc: x@evil.test", "", "", "", ""}, "column company has a line break or another control character, and the subject of step 1 uses it"},
		{"a lone LF in a subject", subject, text, []string{"Acme\nInc", "", "", "", ""}, "column company has a line break or another control character, and the subject of step 1 uses it"},
		{"a NUL in a subject", subject, text, []string{"Acme\x00", "", "", "", ""}, "column company has a line break or another control character, and the subject of step 1 uses it"},
		{"a line break that a filter makes", "{{ company | url_decode }}", text, []string{"Acme%0D%0ABcc:", "", "", "", ""}, "column company has a line break or another control character, and the subject of step 1 uses it"},
		{"a line break that is taken out", "{{ company | strip_newlines }}", text, []string{"Acme\r\nInc", "", "", "", ""}, ""},
		{"a line break that is not written", "Hi{% if company %}!{% endif %}", text, []string{"Acme\r\nInc", "", "", "", ""}, ""},
		{"a line break in a text", "s", "{{ company }}", []string{"Acme\r\nInc", "", "", "", ""}, ""},
		{"a tab in a subject", subject, text, []string{"Acme\tInc", "", "", "", ""}, ""},
		{"a subject of their own with a line break", subject, text, []string{"Acme", "", "", "Hi\r\nBcc: x@evil.test", ""}, "column step1.subject has a line break or another control character, which no subject may have"},
		{"a subject that is far too long", subject, text, []string{strings.Repeat("Acme ", 60), "", "", "", ""}, "cannot be used: is longer than 255 characters"},
		{"a subject that comes out empty", "{{ company | default: '' }}", text, []string{"", "", "", "", ""}, "cannot be used: comes out empty"},
		{"a text that comes out empty", "s", "{% if company %}Hi{% endif %}", []string{"", "", "", "", ""}, "step 1 comes out empty: nothing is written in text or html"},
		{"a text of their own", subject, text, []string{"Acme", "", "", "", "Hi {{ company | upcase }}"}, ""},
		{"a text of their own that does not parse", subject, text, []string{"Acme", "", "", "", "Hi\n{{ company"}, "column step1.text is no template that works: line 2: {{ is not closed"},
		{"a text of their own that never ends", subject, text, []string{"Acme", "", "", "", "{% assign n = '999999999' | plus: 0 %}{% for i in (1..n) %}{% endfor %}"}, "column step1.text cannot be used: loops too often"},
		{"a number that is none", "s", "a\n{{ amount | times: 2 }}", []string{"", "many", "", "", ""}, "column amount cannot be used in the text of step 1: line 2: filter times cannot use the value it is given"},
		{"a number", "s", "{{ amount | times: 2 }}", []string{"", "21", "", "", ""}, ""},
		{"a date that is none", "s", "{{ when | date: '%d.%m.%Y' }}", []string{"", "", "soon", "", ""}, "column when cannot be used in the text of step 1: filter date cannot use the value it is given"},
		{"a date", "s", "{{ when | date: '%d.%m.%Y' }}", []string{"", "", "2026-05-04", "", ""}, ""},
		{"a loop that a value makes endless", "s", "{% assign n = amount | plus: 0 %}{% for i in (1..n) %}.{% endfor %}", []string{"", "1000000000", "", "", ""}, "the text of step 1 cannot be used: loops too often"},
		{"what is missing is not wrong as well", "s", "{{ amount | times: 2 }}{{ company }}", []string{"", "many", "", "", ""}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			templates := compile(t, columns, drip.Step{Subject: c.subject, Text: c.text})
			err := templates.Check(c.values)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			var ce *ColumnError
			require.ErrorAs(t, err, &ce)
			require.Contains(t, err.Error(), c.want)
			l := letter(c.values...)
			_, err = templates.Render(l)
			require.Error(t, err, "what Check refuses must not be rendered")
		})
	}
}

func TestErrorsOfRenderQuoteNoValue(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	for i, step := range []drip.Step{
		{Subject: "s", Text: "{{ a | times: 2 }}"},
		{Subject: "s", Text: "{{ 1 | divided_by: a }}"},
		{Subject: "s", Text: "{% for i in (1..a) %}{% endfor %}"},
		{Subject: "s", Text: "{% assign x = a | date: a %}"},
		{Subject: "{{ a | append: '%00' | url_decode }}", Text: "t"},
	} {
		templates, err := Compile(sequence(step), []string{"a", "step1.html"})
		require.NoError(t, err)
		for _, values := range [][]string{{secret, ""}, {secret, "{{ a | " + secret + " }}"}, {secret, "{{ " + secret}} {
			_, err = templates.Render(letter(values...))
			require.Error(t, err, fmt.Sprint(i))
			require.NotContains(t, err.Error(), secret)
		}
	}
}

// A template that Check would have to run for every contact makes a preview of many contacts slow.
func TestCommonTemplatesNeedNoTrial(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"{{ a | default: 'you' }}{{ sender.name }}":            false,
		"{% if a == 'x' %}{{ a | capitalize }}{% endif %}text": false,
		"{{ a | split: ' ' | first }} text":                    false,
		"{{ a | truncate: 30, '…' }} text":                     false,
		"{{ a | truncate: 'x' }} text":                         true,
		"{{ a | slice: 0, b }} text":                           true,
		"© {{ 'now' | date: '%Y' }}":                           false,
		"text {{ 'now' | date: a }}":                           true,
		"text {{ a | date: '%Y' }}":                            true,
		"text {{ a | plus: 1 }}":                               true,
	} {
		templates := compile(t, []string{"a", "b"}, drip.Step{Subject: "s", Text: text + "."})
		require.Equal(t, want, templates.steps[0][textField].needsTrial(textField, []string{"x", "y"}), text)
	}
}
