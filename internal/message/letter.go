package message

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Letter is one message to be made: to whom, which step, from whom and when.
type Letter struct {
	Engagement string
	Contact    int // number of the contact in its engagement
	Step       int // counted from 1
	Date       time.Time
	From       drip.Account
	To         string   // the contact's address
	Values     []string // one for each column that the templates were compiled for
}

// Mail is a message ready to be handed over.
type Mail struct {
	MessageID string // without angle brackets
	From, To  string // the envelope: addresses alone, in ASCII
	Subject   string // as a reader sees it
	Raw       []byte // the whole message, with CRLF
}

// Render makes the message of a letter. A follow-up whose subject is empty is a reply in the thread
// of the step before; one with its own begins a new thread. An error means that there is no such
// message, now or later.
func (t *Templates) Render(l Letter) (*Mail, error) {
	if l.Step < 1 || l.Step > len(t.steps) {
		return nil, fmt.Errorf("step %d does not exist: the sequence has %d", l.Step, len(t.steps))
	}
	if len(l.Values) != len(t.cols.names) {
		return nil, fmt.Errorf("the contact has %d values for %d columns", len(l.Values), len(t.cols.names))
	}
	from, err := newAddress(l.From.Name, l.From.Email)
	if err != nil {
		return nil, fmt.Errorf("the sender's address: %w", err)
	}
	to, err := newAddress("", l.To)
	if err != nil {
		return nil, fmt.Errorf("the contact's address: %w", err)
	}
	r := &run{values: l.Values, email: l.To, sender: sender{l.From.Name, l.From.Email}, now: l.Date}
	if isBlank(r.sender.name) {
		r.sender.name = r.sender.email
	}
	first := t.threadStart(l)
	subject, err := t.subject(r, first, l.Step)
	if err != nil {
		return nil, err
	}
	text, err := t.write(r, l.Step, textField)
	if err != nil {
		return nil, err
	}
	html, err := t.write(r, l.Step, htmlField)
	if err != nil {
		return nil, err
	}
	// A contact's own text beside the sequence's HTML would never be seen: readers show the HTML.
	switch ownText, ownHTML := t.own(l, textField), t.own(l, htmlField); {
	case ownText && !ownHTML:
		html = ""
	case ownHTML && !ownText:
		text = ""
	}
	if isBlank(text) && isBlank(html) {
		return nil, fmt.Errorf("step %d comes out empty", l.Step)
	}
	id := func(step int) string { return MessageID(l.Engagement, l.Contact, step, from.domain()) }
	e := envelope{
		from: from, to: to, subject: subject, date: l.Date, text: text, html: html, id: id(l.Step),
		dripline: DriplineID(l.Engagement, l.Contact, l.Step), boundary: boundary(l.Engagement, l.Contact, l.Step),
	}
	for step := first; step < l.Step; step++ {
		e.thread = append(e.thread, id(step))
	}
	raw, err := e.bytes()
	if err != nil {
		return nil, err
	}
	return &Mail{MessageID: e.id, From: from.ascii, To: to.ascii, Subject: subject, Raw: raw}, nil
}

// threadStart is the step whose thread the letter belongs to: the last up to its own with a subject.
func (t *Templates) threadStart(l Letter) int {
	for step := l.Step; step > 1; step-- {
		column := t.cols.overrides[step-1][subjectField]
		if t.steps[step-1][subjectField] != nil || column >= 0 && !isBlank(l.Values[column]) {
			return step
		}
	}
	return 1
}

// own says whether the contact has a template of their own for a field of the letter's step.
func (t *Templates) own(l Letter, f field) bool {
	column := t.cols.overrides[l.Step-1][f]
	return column >= 0 && !isBlank(l.Values[column])
}

// subject is the subject of a thread that began with step first, in the message of a step.
func (t *Templates) subject(r *run, first, step int) (string, error) {
	out, err := t.write(r, first, subjectField)
	if err != nil {
		return "", err
	}
	line, err := subjectLine(out)
	if err != nil {
		return "", &TemplateError{first, subjectField.String(), 0, err.Error()}
	}
	if step > first && !isReply(line) {
		line = "Re: " + line
	}
	return line, nil
}

// isReply says whether a subject says already that it is a reply.
func isReply(subject string) bool { return len(subject) >= 3 && strings.EqualFold(subject[:3], "re:") }

// write runs one template of a step. Its errors quote nothing.
func (t *Templates) write(r *run, step int, f field) (string, error) {
	tmpl, column, err := t.pick(step-1, f, r.values)
	if err != nil {
		return "", fmt.Errorf("column %s holds no template that works", t.cols.names[column])
	}
	if tmpl == nil {
		return "", nil
	}
	out, err := r.exec(tmpl)
	var fl *flaw
	if errors.As(err, &fl) {
		return "", &TemplateError{step, f.String(), fl.line, fl.problem}
	}
	return strings.ToValidUTF8(out, "\ufffd"), err
}
