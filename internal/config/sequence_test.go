package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

const exampleSequence = `name: Launch
steps:
  - subject: "{{ company | default: 'Your team' }} and Acme"
    text: |
      Hi {{ first_name }},

        # not a comment
      bye
    html: "<p>Hi</p>"
  - after: 3
    at: "14:00"
    subject: ""
    text: "again"
  - after: 0
    at: 09:00
    html: >-
      folded
      text
`

func TestParseSequence(t *testing.T) {
	t.Parallel()
	f, err := ParseSequence("seq.yaml", []byte(exampleSequence))
	require.NoError(t, err)
	fourteen, nine := 14, 9
	require.Equal(t, drip.Sequence{
		Name: "Launch",
		Steps: []drip.Step{
			{
				Subject: "{{ company | default: 'Your team' }} and Acme",
				Text:    "Hi {{ first_name }},\n\n  # not a comment\nbye\n",
				HTML:    "<p>Hi</p>",
			},
			{After: 3, At: &fourteen, Text: "again"},
			{After: 0, At: &nine, HTML: "folded text"},
		},
	}, f.Sequence)
	require.Equal(t, "seq.yaml", f.File)
}

func TestSequenceFileLine(t *testing.T) {
	t.Parallel()
	f, err := ParseSequence("seq.yaml", []byte(exampleSequence))
	require.NoError(t, err)
	for _, c := range []struct {
		step  int
		field string
		line  int
	}{
		{1, "subject", 3}, {1, "text", 5}, {1, "html", 9}, {2, "at", 11}, {2, "text", 13}, {3, "html", 17},
		{3, "subject", 14}, {3, "", 14}, {0, "text", 0}, {4, "text", 0},
	} {
		require.Equal(t, c.line, f.Line(c.step, c.field), "step %d, %s", c.step, c.field)
	}
}

func TestParseSequenceRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		old, new string // in the example
		line     int
		problem  string
		fix      string
	}{
		{"an unknown key", "name: Launch", "title: Launch", 1, "unknown key title", "name, steps"},
		{"an unknown key in a step", `subject: ""`, `subjekt: ""`, 12, "unknown key subjekt", "did you mean subject?"},
		{"a key one level too high", "name: Launch", "name: Launch\nsubject: Hi", 2, "the key subject does not belong here", "steps:"},
		{"no name", "name: Launch\n", "", 1, "name is missing", ""},
		{"an empty name", "name: Launch", `name: " "`, 1, "name is empty", ""},
		{"a name without value", "name: Launch", "name:", 1, "name has no value", ""},
		{"a name of two lines", "name: Launch", `name: "a\nb"`, 1, "name must not hold a line break", ""},
		{"a long name", "Launch", strings.Repeat("x", 201), 1, "name is longer than 200", ""},
		{"a delay of the first step", "  - subject: \"{{", "  - after: 1\n    subject: \"{{", 3, "the first step cannot have after", "--start"},
		{"a time of the first step", "  - subject: \"{{", "  - at: \"09:00\"\n    subject: \"{{", 3, "the first step cannot have at", "--start"},
		{"a later step without delay", "  - after: 3\n    at:", "  - at:", 10, "the step has no after", "after: 3"},
		{"a negative delay", "after: 3", "after: -1", 10, "after must be at least 0, not -1", ""},
		{"a delay of more than a year", "after: 3", "after: 367", 10, "after must be at most 366, not 367", ""},
		{"a delay with a unit", "after: 3", "after: 3d", 10, "after must be a whole number, not text", "after: 3"},
		{"half a day", "after: 3", "after: 1.5", 10, "after must be a whole number, not 1.5", ""},
		{"a time between hours", `"14:00"`, `"14:30"`, 11, "at: 14:30 is not on the hour", `"14:00" is the slot`},
		{"a time between hours without quotes", `"14:00"`, `14:30`, 11, "at: 14:30 is not on the hour", ""},
		{"an hour alone", `"14:00"`, `14`, 11, "at: 14 is not a time in the form HH:00", `at: "14:00"`},
		{"an hour of another clock", `"14:00"`, `2pm`, 11, "at: 2pm is not a time", ""},
		{"an hour beyond the day", `"14:00"`, `"24:00"`, 11, "at: 24:00 does not exist", "23:00"},
		{"no subject at first", "  - subject: \"{{ company | default: 'Your team' }} and Acme\"\n    text", "  - text", 3, "the first step has no subject", "subject:"},
		{"an empty subject at first", `"{{ company | default: 'Your team' }} and Acme"`, `""`, 3, "the subject of the first step is empty", ""},
		{"a blank subject at first", `"{{ company | default: 'Your team' }} and Acme"`, `"  "`, 3, "the subject of the first step is empty", ""},
		{"a subject without value at first", ` "{{ company | default: 'Your team' }} and Acme"`, ``, 3, "subject has no value", ""},
		{"a subject of two lines", `subject: ""`, `subject: "a\nb"`, 12, "subject must not hold a line break", "one line"},
		{"a step without content", `    text: "again"` + "\n", "", 10, "neither text nor html", ""},
		{"a step with blank content", `"again"`, `" "`, 10, "neither text nor html", ""},
		{"a template that is too large", `"again"`, strings.Repeat("x", maxTemplate+1), 13, "text is larger than 256 KiB", ""},
		{"a text that is none", `"again"`, `true`, 13, "text must be text, not true or false", ""},
		{"unquoted Liquid", `"again"`, `{{ first_name }}`, 13, "is not valid YAML", "in quotes"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, exampleSequence, c.old)
			_, err := ParseSequence("seq.yaml", []byte(strings.Replace(exampleSequence, c.old, c.new, 1)))
			requireInput(t, err, c.line, c.problem, c.fix)
		})
	}
}

func TestParseSequenceRefusesWhatIsNoSequence(t *testing.T) {
	t.Parallel()
	for text, problem := range map[string]string{
		"":                            "is empty",
		"name: x\n":                   "steps is missing",
		"name: x\nsteps:\n":           "steps has no value",
		"name: x\nsteps: []\n":        "there are no steps",
		"name: x\nsteps: {a: 1}\n":    "steps must be a list",
		"name: x\nsteps: [Hi, Hey]\n": "steps must be a group of keys, not text",
	} {
		_, err := ParseSequence("seq.yaml", []byte(text))
		var input *drip.InputError
		require.ErrorAs(t, err, &input)
		require.Contains(t, input.Problem, problem)
	}
}

func TestParseSequenceKeepsLargeTemplates(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789abcde\n", maxTemplate/16)
	yaml := "name: x\nsteps:\n- subject: s\n  text: |\n" + strings.ReplaceAll("    "+strings.TrimSuffix(body, "\n"), "\n", "\n    ") + "\n"
	f, err := ParseSequence("seq.yaml", []byte(yaml))
	require.NoError(t, err)
	require.Equal(t, body, f.Steps[0].Text)
}

func TestLoadSequence(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "seq.yaml")
	require.NoError(t, os.WriteFile(path, []byte(exampleSequence), 0o600))
	f, err := LoadSequence(path)
	require.NoError(t, err)
	require.Equal(t, "Launch", f.Name)
	require.Equal(t, path, f.File)

	_, err = LoadSequence(path + ".none")
	requireInput(t, err, 0, "does not exist", "")
}
