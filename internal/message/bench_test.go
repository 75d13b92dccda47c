package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

var benchColumns = []string{"first_name", "last_name", "company", "city", "Job Title"}

var benchSteps = []drip.Step{
	{
		Subject: "{{ company | default: 'Your team' }} and Acme",
		Text: "Hi {{ first_name }},\n\nI saw that {{ company }} is hiring in {{ city }}. {% if job_title %}As {{ job_title }} you know " +
			"what that takes.{% endif %}\n\nWould a call next week suit you?\n\nBest,\n{{ sender.name }}\n",
	},
	{Text: "Hi {{ first_name }},\n\njust a line to bring this back to the top of your inbox.\n\n{{ sender.name }}\n"},
	{Text: "Hi {{ first_name }}, shall I close your file at {{ company }}?\n\n{{ sender.name }}\n"},
}

var benchValues = []string{"Zoë", "Smith", "Smith & Söhne", "Zürich", ""}

// BenchmarkMissing is one contact over three steps. A million of them have three seconds: 3 µs each.
func BenchmarkMissing(b *testing.B) {
	for name, text := range map[string]string{
		"known without a run": "",
		"needs a run":         "{% if city == 'Zürich' %}{{ job_title }}{% endif %}",
	} {
		b.Run(name, func(b *testing.B) {
			steps := append([]drip.Step(nil), benchSteps...)
			steps[2].Text += text
			templates := compile(b, benchColumns, steps...)
			b.ReportAllocs()
			for b.Loop() {
				templates.Missing(benchValues)
			}
		})
	}
}

// BenchmarkCheck is one contact over three steps.
func BenchmarkCheck(b *testing.B) {
	templates := compile(b, benchColumns, benchSteps...)
	b.ReportAllocs()
	for b.Loop() {
		if err := templates.Check(benchValues); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRender is one short message, from its templates to its bytes. The goal is below 60 µs.
func BenchmarkRender(b *testing.B) {
	columns := append([]string{"step1.text"}, benchColumns...)
	html := benchSteps[0]
	html.HTML = "<p>" + html.Text + "</p>"
	for _, c := range []struct {
		name, own string
		step      drip.Step
	}{
		{"text", "", benchSteps[0]},
		{"text and html", "", html},
		{"plain text of the contact's own", "Hi Zoë, this was written for you alone.\n", benchSteps[0]},
		{"template of the contact's own", benchSteps[0].Text, benchSteps[0]},
	} {
		b.Run(c.name, func(b *testing.B) {
			templates := compile(b, columns, c.step)
			l := letter(append([]string{c.own}, benchValues...)...)
			b.ReportAllocs()
			for b.Loop() {
				_, err := templates.Render(l)
				require.NoError(b, err)
			}
		})
	}
}

// BenchmarkCompile is one sequence of three steps.
func BenchmarkCompile(b *testing.B) {
	for b.Loop() {
		compile(b, benchColumns, benchSteps...)
	}
}
