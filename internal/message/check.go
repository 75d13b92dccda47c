package message

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxSubject is the longest subject, in characters. Longer ones are a mistake in a template or a
// column: no mail program shows half of it.
const maxSubject = 255

// maxEasy is the size of values, in bytes, below which no template that has been tried can exceed its
// budget because of them.
const maxEasy = 64 << 10

// Check says what keeps a contact's messages from being rendered: a template of their own that does
// not parse, a line break that would get into a header, a value that a filter cannot use. The error
// is a *ColumnError. A contact for whom something is missing has nothing else wrong.
func (t *Templates) Check(values []string) error {
	large := 0
	for _, v := range values {
		large += len(v)
	}
	r := trial(values)
	for i := range t.steps {
		err := t.checkStep(r, i, large > maxEasy)
		if err == nil {
			continue
		}
		if _, missing := t.Missing(values); missing {
			return nil
		}
		return err
	}
	return nil
}

func (t *Templates) checkStep(r *run, i int, all bool) error {
	body := false
	for f := range fieldCount {
		tmpl, column, err := t.pick(i, f, r.values)
		if err != nil {
			return err
		}
		if tmpl == nil {
			continue
		}
		written := tmpl.solid
		if all || column >= 0 || tmpl.needsTrial(f, r.values) {
			if written, err = t.try(r, tmpl, i, f, column); err != nil {
				return err
			}
		}
		body = body || f != subjectField && written
	}
	if !body {
		return &ColumnError{"", fmt.Sprintf("step %d comes out empty: nothing is written in text or html", i+1)}
	}
	return nil
}

// needsTrial says that only a run tells whether a template works with these values.
func (t *template) needsTrial(f field, values []string) bool {
	if t.fallible || !t.solid || f == subjectField && t.root == nil {
		return true
	}
	if f != subjectField {
		return false
	}
	length := 0
	for _, v := range t.variables {
		if v.source >= 0 {
			length += len(values[v.source])
			if hasControl(values[v.source]) {
				return true
			}
		}
	}
	return t.filtered || t.size+length*len(t.hooks) > maxSubject
}

// try renders one template for a contact, and says whether there is anything in it.
func (t *Templates) try(r *run, tmpl *template, i int, f field, column int) (written bool, err error) {
	out, err := r.exec(tmpl)
	if err == nil && f == subjectField {
		_, err = subjectLine(out)
	}
	if err == nil {
		return !isBlank(out), nil
	}
	where := fmt.Sprintf("the %s of step %d", f, i+1)
	if column >= 0 {
		return false, &ColumnError{t.cols.names[column], "cannot be used: " + problemOf(err)}
	}
	if errors.Is(err, errControl) {
		return false, &ColumnError{t.controlColumn(tmpl, r.values), "has a line break or another control character, and " + where + " uses it"}
	}
	if src := t.cols.source(r.blame); src >= 0 {
		return false, &ColumnError{t.cols.names[src], fmt.Sprintf("cannot be used in %s: %s", where, problemOf(err))}
	}
	return false, &ColumnError{"", fmt.Sprintf("%s cannot be used: %s", where, problemOf(err))}
}

// controlColumn names the column that brought a control character into a template.
func (t *Templates) controlColumn(tmpl *template, values []string) string {
	for _, v := range tmpl.variables {
		if v.source >= 0 && hasControl(values[v.source]) {
			return t.cols.names[v.source]
		}
	}
	for _, v := range tmpl.variables {
		if v.source >= 0 { // a filter made it, out of a column that the template reads
			return t.cols.names[v.source]
		}
	}
	return ""
}

// What a subject may not be.
var (
	errControl = errors.New("has a line break or another control character")
	errEmpty   = errors.New("comes out empty")
	errLong    = fmt.Errorf("is longer than %d characters", maxSubject)
)

// subjectLine is what a template wrote as one line: runs of blanks are one blank. Line breaks are
// never removed here: the template's own are gone, and any other is an injection.
func subjectLine(s string) (string, error) {
	if hasControl(s) {
		return "", errControl
	}
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' || r == '\u2028' || r == '\u2029' }), " ")
	switch {
	case isBlank(s):
		return "", errEmpty
	case utf8.RuneCountInString(s) > maxSubject:
		return "", errLong
	}
	return strings.ToValidUTF8(s, "\ufffd"), nil
}

// hasControl says whether text has a character that no header may have. A tab is a blank.
func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r != '\t' && unicode.IsControl(r) })
}
