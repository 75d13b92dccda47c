package message

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Templates are the templates of a sequence, compiled for the columns of one contacts file. All
// methods may be called at once.
type Templates struct {
	cols  *columns
	steps []step
}

// step is what a step says when no column of the contact says otherwise; nil where it says nothing.
type step [fieldCount]*template

// Compile parses every template of the sequence and tries it, so that what can never work is found
// before anything starts. The error is a *TemplateError for the first template that is wrong, or a
// *ColumnError for a column that replaces a template which does not exist.
func Compile(seq drip.Sequence, names []string) (*Templates, error) {
	cols, err := newColumns(names, len(seq.Steps))
	if err != nil {
		return nil, err
	}
	t := &Templates{cols: cols, steps: make([]step, len(seq.Steps))}
	for i, s := range seq.Steps {
		for f := range fieldCount {
			if isBlank(f.of(s)) {
				continue
			}
			compiled, err := t.compile(f, f.of(s))
			if fl := asFlaw(err); fl != nil {
				return nil, &TemplateError{i + 1, f.String(), fl.line, fl.problem}
			}
			if err != nil {
				return nil, err
			}
			t.steps[i][f] = compiled
		}
		if err := t.complete(i); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// compile parses one template and tries it with two contacts: one who has a text in every column, and
// one who has none. Only what fails whatever the values are is the template's fault.
func (t *Templates) compile(f field, text string) (*template, error) {
	parsed, err := parseTemplate(text, f, t.cols)
	if err != nil {
		return nil, err
	}
	full := make([]string, len(t.cols.names))
	for i := range full {
		full[i] = "1"
	}
	for _, values := range [][]string{full, make([]string, len(full))} {
		r := trial(values)
		_, err := r.exec(parsed)
		fl := asFlaw(err)
		if fl == nil {
			continue
		}
		if fl.problem == errTooMuch.Error() || len(parsed.variables) == 0 {
			return nil, fl
		}
		parsed.fallible = true
	}
	return parsed, nil
}

// complete says what a step lacks that no column can bring either.
func (t *Templates) complete(i int) error {
	has := func(f field) bool { return t.steps[i][f] != nil || t.cols.overrides[i][f] >= 0 }
	if i == 0 && !has(subjectField) {
		return &TemplateError{i + 1, "subject", 0, "is empty: only a follow-up may leave it out"}
	}
	if !has(textField) && !has(htmlField) {
		return &TemplateError{i + 1, "text", 0, "is empty, and so is html: a message needs one of them"}
	}
	return nil
}

// Unknown lists the variables that the sequence writes without a default and that no column has, each
// once. They hold every contact for whom the template comes to that place.
func (t *Templates) Unknown() []string {
	var out []string
	for _, s := range t.steps {
		for _, tmpl := range s {
			if tmpl == nil {
				continue
			}
			for _, need := range tmpl.needs {
				if need.source == fromNowhere && !need.fallback && !slices.Contains(out, need.path) {
					out = append(out, need.path)
				}
			}
		}
	}
	return out
}

// trial is a run for a contact before there is a letter: the sender and the date are not known, and
// stand for any.
func trial(values []string) *run {
	return &run{
		values: values,
		email:  "someone@example.com",
		sender: sender{"Sender", "sender@example.com"},
		now:    time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC),
	}
}

// Missing names the first variable that the contact would need and does not have: blank, written in
// a message to this contact, and without a default.
func (t *Templates) Missing(values []string) (variable string, missing bool) {
	var r *run
	for i := range t.steps {
		for f := range fieldCount {
			tmpl, _, err := t.pick(i, f, values)
			if err != nil {
				return "", false // Check says so
			}
			if tmpl == nil {
				continue
			}
			name, sure := tmpl.missing(values)
			if !sure {
				if r == nil {
					r = trial(values)
				}
				name = r.track(tmpl)
			}
			if name != "" {
				return name, true
			}
		}
		if name := t.lacks(i, values); name != "" {
			return name, true
		}
	}
	return "", false
}

// lacks names the column that should bring what the sequence leaves to the columns.
func (t *Templates) lacks(i int, values []string) string {
	column := func(f field) string {
		if c := t.cols.overrides[i][f]; c >= 0 && t.steps[i][f] == nil && isBlank(values[c]) {
			return t.cols.names[c]
		}
		return ""
	}
	if i == 0 {
		if name := column(subjectField); name != "" {
			return name
		}
	}
	for _, f := range []field{textField, htmlField} {
		if t.steps[i][f] != nil || t.cols.overrides[i][f] >= 0 && column(f) == "" {
			return ""
		}
	}
	if name := column(textField); name != "" {
		return name
	}
	return column(htmlField)
}

// missing is the variable that is surely missing. sure says that the needs tell all; where they do
// not, only a run does.
func (t *template) missing(values []string) (name string, sure bool) {
	sure = true
	for i := range t.needs {
		n := &t.needs[i]
		if n.source == fromEmail || n.source == fromSender || n.source >= 0 && !isBlank(values[n.source]) {
			continue
		}
		reached, known := reach(n.guards, values)
		if known && !reached {
			continue
		}
		if known && n.certain && !n.fallback {
			return n.name(n.source >= 0), true
		}
		sure = false
	}
	if t.unclear && sure {
		sure = !slices.ContainsFunc(t.variables, func(v variable) bool {
			return v.source == fromNowhere || v.source >= 0 && isBlank(values[v.source])
		})
	}
	return "", sure
}

// reach says whether a place under guards is come to, if that is known.
func reach(guards []guard, values []string) (reached, known bool) {
	known = true
	for _, g := range guards {
		if g.kind == unknown {
			known = false
			continue
		}
		text := g.source == fromEmail || g.source == fromSender || g.source >= 0 && !isBlank(values[g.source])
		if text != (g.kind == present) {
			return false, true
		}
	}
	return true, known
}

// track runs a template to find what is missing.
func (r *run) track(t *template) string {
	r.tracking = true
	defer func() { r.tracking = false }()
	if _, err := r.exec(t); !errors.Is(err, errMissing) {
		return ""
	}
	return r.missing
}

// pick is the template of a step for a contact: the contact's own where its column has one, else the
// sequence's; nil where there is none. column is the index of the contact's own, or -1. The error is
// a *ColumnError.
func (t *Templates) pick(i int, f field, values []string) (tmpl *template, column int, err error) {
	column = t.cols.overrides[i][f]
	if column < 0 || isBlank(values[column]) {
		return t.steps[i][f], -1, nil
	}
	name := t.cols.names[column]
	if f == subjectField && hasControl(values[column]) {
		return nil, column, &ColumnError{name, "has a line break or another control character, which no subject may have"}
	}
	tmpl, err = parseTemplate(values[column], f, t.cols)
	if fl := asFlaw(err); fl != nil {
		return nil, column, &ColumnError{name, fmt.Sprintf("is no template that works: line %d: %s", max(1, fl.line), fl.problem)}
	}
	return tmpl, column, err
}
