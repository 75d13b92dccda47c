package message

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
)

func TestMissing(t *testing.T) {
	t.Parallel()
	columns := []string{"first_name", "company", "Job Title"}
	ann := []string{"Ann", "Acme", "CEO"}
	nobody := []string{"", "  ", ""}
	onlyName := []string{"Ann", "", ""}
	cases := []struct {
		name   string
		text   string
		values []string
		want   string
	}{
		{"nothing is needed", "Hello", nobody, ""},
		{"written and there", "Hi {{ first_name }}", ann, ""},
		{"written and blank", "Hi {{ first_name }}", nobody, "first_name"},
		{"blanks are blank", "at {{ company }}", nobody, "company"},
		{"the first in order is named", "{{ company }} {{ first_name }}", nobody, "company"},
		{"a column by its plain name", "{{ job_title }}", onlyName, "job_title"},
		{"no column has it", "{{ first_nam }}", ann, "first_nam"},
		{"a property that text does not have", "{{ contact.first_name }}", ann, "contact.first_name"},
		{"a property of a column", "{{ company.name }}", ann, "company.name"},
		{"the size of a column", "{{ company.size }}", ann, ""},
		{"the size of a blank column", "{{ company.size }}", onlyName, "company"},
		{"the address is always there", "{{ email }} {{ sender.name }} {{ sender.email }}", nobody, ""},
		{"the sender has no such property", "{{ sender.phone }}", ann, "sender.phone"},

		{"a default", "{{ company | default: 'you' }}", nobody, ""},
		{"an empty default", "{{ company | default: '' }}", nobody, ""},
		{"a default at the end of filters", "{{ company | upcase | default: 'you' }}", nobody, ""},
		{"a default before filters", "{{ company | default: 'you' | upcase }}", nobody, ""},
		{"a filter without a default", "{{ company | upcase }}", nobody, "company"},
		{"a filter that makes text of nothing", "{{ company | prepend: 'at ' }}", nobody, "company"},
		{"an argument of a filter", "{{ 'at ' | append: company }}", nobody, "company"},
		{"an argument after a default", "{{ x | default: 'at ' | append: company }}", nobody, "company"},
		{"a default that is a variable", "{{ company | default: first_name }}", onlyName, ""},
		{"a default that is blank too", "{{ company | default: first_name }}", nobody, "first_name"},
		{"a default that is not needed", "{{ first_name | default: company }}", onlyName, ""},
		{"defaults in a row", "{{ company | default: first_name | default: 'you' }}", nobody, ""},
		{"a default in brackets", "{{ (company | default: 'you') | upcase }}", nobody, ""},
		{"a comparison writes true or false", "{{ company == 'Acme' }}", nobody, ""},

		{"only in a condition", "{% if company %}yes{% endif %}", nobody, ""},
		{"under its own condition", "{% if company %}{{ company }}{% endif %}", nobody, ""},
		{"under not blank", "{% if company != blank %}{{ company }}{% endif %}", nobody, ""},
		{"under not empty text", `{% if company != "" %}{{ company }}{% endif %}`, nobody, ""},
		{"in the else of unless", "{% unless company %}-{% else %}{{ company }}{% endunless %}", nobody, ""},
		{"under another's condition", "{% if first_name %}{{ company }}{% endif %}", onlyName, "company"},
		{"under another's that is blank", "{% if first_name %}{{ company }}{% endif %}", nobody, ""},
		{"in the else", "{% if company %}-{% else %}{{ first_name }}{% endif %}", nobody, "first_name"},
		{"in an else not come to", "{% if first_name %}-{% else %}{{ company }}{% endif %}", onlyName, ""},
		{"in an elsif", "{% if company %}-{% elsif first_name %}{{ job_title }}{% endif %}", onlyName, "job_title"},
		{"under and", "{% if company and first_name %}{{ company }}{% endif %}", onlyName, ""},
		{"in the else of and", "{% if company and first_name %}-{% else %}{{ first_name }}{% endif %}", onlyName, ""},
		{"under or", "{% if company or first_name %}{{ company }}{% endif %}", onlyName, "company"},
		{"under a comparison that holds", "{% if first_name == 'Ann' %}{{ company }}{% endif %}", onlyName, "company"},
		{"under a comparison that does not", "{% if first_name == 'Bob' %}{{ company }}{% endif %}", onlyName, ""},
		{"in a case", "{% case first_name %}{% when 'Bob' %}{{ company }}{% when 'Ann' %}{{ job_title }}{% endcase %}", onlyName, "job_title"},
		{"in no case", "{% case first_name %}{% when 'Bob' %}{{ company }}{% else %}-{% endcase %}", onlyName, ""},

		{"assigned with a default", "{% assign company = company | default: 'you' %}{{ company }}", nobody, ""},
		{"before it is assigned", "{{ company }}{% assign company = 'you' %}", nobody, "company"},
		{"assigned under a condition", "{% if company == blank %}{% assign company = 'you' %}{% endif %}{{ company }}", nobody, ""},
		{"not assigned under a condition", "{% if first_name == blank %}{% assign company = 'you' %}{% endif %}{{ company }}", onlyName, "company"},
		{"under another name", "{% assign c = company %}{{ c }}", nobody, "company"},
		{"under another name, with a default", "{% assign c = company %}{{ c | default: 'you' }}", nobody, ""},
		{"under another name, in a condition", "{% assign c = company %}{% if c %}{{ c }}{% endif %}", nobody, ""},
		{"captured", "{% capture g %}Hi {{ first_name }}{% endcapture %}{{ g }}", nobody, "first_name"},
		{"captured from what is there", "{% capture g %}Hi {{ first_name }}{% endcapture %}{{ g }}", onlyName, ""},
		{"in a loop over nothing", "{% assign l = company | split: ',' %}{% for x in l %}{{ x }}{% endfor %}", nobody, ""},
		{"in a loop", "{% for i in (1..2) %}{{ company }}{% endfor %}", onlyName, "company"},
		{"the variable of a loop", "{% for company in (1..2) %}{{ company }}{% endfor %}", onlyName, ""},
		{"after the loop of its name", "{% for company in (1..2) %}{% endfor %}{{ company }}", onlyName, "company"},
		{"assigned in a loop for the next round", "{% for i in (1..2) %}{{ first_name }}{% assign first_name = company %}{% endfor %}", onlyName, "company"},
		{"in a comment", "{% comment %}{{ company }}{% endcomment %}", nobody, ""},
		{"in raw", "{% raw %}{{ company }}{% endraw %}", nobody, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			templates := compile(t, columns, drip.Step{Subject: "s", Text: c.text})
			name, missing := templates.Missing(c.values)
			require.Equal(t, c.want, name)
			require.Equal(t, c.want != "", missing)
		})
	}
}

func TestMissingLooksAtTheContactsOwnTemplates(t *testing.T) {
	t.Parallel()
	columns := []string{"company", "step1.subject", "step2.text", "step2.html"}
	templates := compile(t, columns, drip.Step{Subject: "{{ company }}", Text: "one"}, drip.Step{})
	for _, c := range []struct {
		name   string
		values []string
		want   string
	}{
		{"the sequence's subject", []string{"", "", "two", ""}, "company"},
		{"a subject of their own", []string{"", "Hello", "two", ""}, ""},
		{"a subject of their own that needs something", []string{"", "{{ company }}!", "two", ""}, "company"},
		{"no text at all", []string{"Acme", "", "", ""}, "step2.text"},
		{"only html", []string{"Acme", "", "", "<p>two"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			name, _ := templates.Missing(c.values)
			require.Equal(t, c.want, name)
		})
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	templates := compile(t, []string{"First Name", "company"},
		drip.Step{Subject: "{{ first_nam }}", Text: "{{ company }} {{ first_name }} {{ nick | default: 'you' }} {% if vip %}{{ perk }}{% endif %}"},
		drip.Step{Text: "{{ first_nam }} {{ sender.name }} {{ email }} {% assign x = 'y' %}{{ x }}", HTML: "{{ contact.city }}"})
	require.Equal(t, []string{"first_nam", "perk", "contact.city"}, templates.Unknown())
}

func TestVariable(t *testing.T) {
	t.Parallel()
	for column, want := range map[string]string{
		"First Name": "first_name", "first_name": "first_name", "E-Mail (work)": "e_mail_work", "2nd line": "_2nd_line",
		"  Stadt/Land ": "stadt_land", "Größe": "gr_e", "***": "",
	} {
		require.Equal(t, want, Variable(column), column)
	}
}
