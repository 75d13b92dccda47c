package message

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/dripline/dripline/internal/drip"
)

var propertyColumns = []string{"a", "b", "Last Name", "step2.text", "step1.subject"}

// drawTemplate draws templates that parse, made of all that templates can do to a variable.
func drawTemplate(t *rapid.T, depth int) string {
	name := func() string {
		return rapid.SampledFrom([]string{"a", "b", "last_name", "nope", "x", "email", "a.size", "b.foo"}).Draw(t, "name")
	}
	expression := func() string {
		return name() + rapid.SampledFrom([]string{
			"", "", " | upcase", " | default: 'd'", " | default: " + name(), " | default: a | append: " + name(), " | append: 'x'", " | truncate: 2", " | truncate: 'x'", " | slice: b",
			" | times: 2", " | split: ',' | first", " | date: '%Y'", " | escape", " | url_decode",
		}).Draw(t, "filters")
	}
	test := func() string {
		return rapid.SampledFrom([]string{
			name(), name() + " == blank", name() + " != ''", name() + " and " + name(), name() + " or " + name(), name() + " == '1'", "true",
		}).Draw(t, "test")
	}
	inner := func() string {
		if depth == 0 {
			return "."
		}
		return drawTemplate(t, depth-1)
	}
	var b strings.Builder
	for range rapid.IntRange(1, 3).Draw(t, "pieces") {
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			b.WriteString("text ")
		case 1, 2, 3:
			b.WriteString("{{ " + expression() + " }}")
		case 4:
			b.WriteString("{% if " + test() + " %}" + inner() + "{% elsif " + test() + " %}" + inner() + "{% else %}" + inner() + "{% endif %}")
		case 5:
			b.WriteString("{% unless " + test() + " %}" + inner() + "{% else %}" + inner() + "{% endunless %}")
		case 6:
			b.WriteString("{% assign " + rapid.SampledFrom([]string{"a", "x"}).Draw(t, "local") + " = " + expression() + " %}")
		case 7:
			b.WriteString("{% capture x %}" + inner() + "{% endcapture %}")
		case 8:
			b.WriteString("{% for x in (1..2) %}" + inner() + "{% endfor %}")
		case 9:
			b.WriteString("{% case " + name() + " %}{% when '1' %}" + inner() + "{% else %}" + inner() + "{% endcase %}")
		}
	}
	return b.String()
}

func drawValue(t *rapid.T) string {
	return rapid.SampledFrom([]string{"", "", " ", "1", "Zoë & <co>", "x\r\ny", "{{ a }}", "%0A"}).Draw(t, "value")
}

func drawTemplates(t *rapid.T) *Templates {
	templates, err := Compile(sequence(
		drip.Step{Subject: drawTemplate(t, 1), Text: drawTemplate(t, 2)},
		drip.Step{HTML: drawTemplate(t, 2)},
	), propertyColumns)
	require.NoError(t, err)
	return templates
}

func drawValues(t *rapid.T) []string {
	values := []string{drawValue(t), drawValue(t), drawValue(t), "", ""}
	if rapid.Bool().Draw(t, "own text") {
		values[3] = drawTemplate(t, 1)
	}
	return values
}

func TestWhatIsCheckedCanBeRendered(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		templates, values := drawTemplates(t), drawValues(t)
		if _, missing := templates.Missing(values); missing || templates.Check(values) != nil {
			return
		}
		for step := 1; step <= 2; step++ {
			l := letter(values...)
			l.Step = step
			m, err := templates.Render(l)
			require.NoError(t, err)
			again, err := templates.Render(l)
			require.NoError(t, err)
			require.Equal(t, m, again)
		}
	})
}

// What is known without running a template must be what running it finds.
func TestMissingIsWhatARunFinds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		templates, values := drawTemplates(t), drawValues(t)
		found := false
		for i := range templates.steps {
			for f := range fieldCount {
				tmpl, _, err := templates.pick(i, f, values)
				require.NoError(t, err)
				if tmpl != nil {
					found = found || trial(values).track(tmpl) != ""
				}
			}
		}
		name, missing := templates.Missing(values)
		require.Equal(t, found, missing, name)
	})
}
