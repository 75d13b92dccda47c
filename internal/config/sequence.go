package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

const (
	maxAfter    = 366       // working days: more than a year apart is no sequence
	maxTemplate = 256 << 10 // bytes of one subject, text or html
	maxName     = 200
)

var atPattern = regexp.MustCompile(`^([0-9]{1,2}):([0-9]{2})$`)

// SequenceFile is a sequence with the places where its parts stand, so that what is found wrong with
// a template later can still name its line.
type SequenceFile struct {
	drip.Sequence
	File  string
	steps []map[string]int // for each step, the line each of its keys' values begins on; of the step itself under ""
}

// Line is where a field (`subject`, `text`, `html`, `after`, `at`) of a step, counted from 1, begins:
// for a block (`text: |`), its first line. A field the file does not give has the line of its step;
// what does not exist has 0.
func (f SequenceFile) Line(step int, field string) int {
	if step < 1 || step > len(f.steps) {
		return 0
	}
	lines := f.steps[step-1]
	if at, ok := lines[field]; ok {
		return at
	}
	return lines[""]
}

// LoadSequence reads a sequence file.
func LoadSequence(path string) (SequenceFile, error) {
	data, err := readFile(path)
	if err != nil {
		return SequenceFile{}, err
	}
	return ParseSequence(path, data)
}

// ParseSequence reads the content of a sequence file. Errors name it as name.
func ParseSequence(name string, data []byte) (SequenceFile, error) {
	doc, err := parseDocument(data)
	if err != nil {
		return SequenceFile{}, inFile(name, err)
	}
	f := SequenceFile{File: name}
	if err := f.read(doc); err != nil {
		return SequenceFile{}, inFile(name, err)
	}
	return f, nil
}

func (f *SequenceFile) read(doc value) error {
	var name, steps *value
	err := doc.fields(
		field{"name", later(&name)},
		field{"steps", later(&steps)},
	)
	switch {
	case err != nil:
		return err
	case name == nil:
		return doc.problem("write what people should call it, for example name: Launch", "name is missing")
	case steps == nil:
		return doc.problem("write steps: with one entry for each message, as the example files have it", "steps is missing")
	case steps.kind != kindList:
		return steps.mismatch(string(kindList), "begin each step with a dash")
	case len(steps.items) == 0:
		return steps.problem("write one entry for each message, as the example files have it", "there are no steps")
	}
	if f.Name, err = word(*name); err != nil {
		return err
	}
	if len(f.Name) > maxName {
		return name.problem("shorten it", "name is longer than %d characters", maxName)
	}
	for i, item := range steps.items {
		step, err := readStep(item, i == 0)
		if err != nil {
			return err
		}
		f.Steps = append(f.Steps, step)
		f.steps = append(f.steps, linesOf(item))
	}
	return nil
}

func linesOf(step value) map[string]int {
	lines := map[string]int{"": step.line}
	for _, e := range step.entries {
		lines[e.key] = e.value.begins
	}
	return lines
}

func readStep(v value, first bool) (drip.Step, error) {
	var s drip.Step
	var after, at, subject *value
	err := v.fields(
		field{"after", later(&after)},
		field{"at", later(&at)},
		field{"subject", later(&subject)},
		field{"text", into(&s.Text, template)},
		field{"html", into(&s.HTML, template)},
	)
	if err != nil {
		return s, err
	}
	if first {
		err = refuseDelay(after, at)
	} else {
		s.After, s.At, err = readDelay(v, after, at)
	}
	if err != nil {
		return s, err
	}
	if s.Subject, err = readSubject(v, subject, first); err != nil {
		return s, err
	}
	if strings.TrimSpace(s.Text) == "" && strings.TrimSpace(s.HTML) == "" {
		return s, v.problem("write text:, html: or both", "the step has neither text nor html")
	}
	return s, nil
}

// refuseDelay holds the first step to what --start says.
func refuseDelay(delays ...*value) error {
	for _, v := range delays {
		if v != nil {
			return v.problem("delete the line; when the first step leaves is said with --start", "the first step cannot have %s", v.key)
		}
	}
	return nil
}

func readDelay(step value, after, at *value) (days int, hour *int, err error) {
	if after == nil {
		return 0, nil, step.problem("write how many working days after the step before it leaves, for example after: 3", "the step has no after")
	}
	if days, err = whole(0, maxAfter, 3)(*after); err != nil || at == nil {
		return days, nil, err
	}
	h, err := hourOfDay(*at)
	return days, &h, err
}

// hourOfDay reads a time on the hour, the beginning of a slot.
func hourOfDay(v value) (int, error) {
	const fix = `write an hour of the day in quotes, for example at: "14:00"`
	s, err := word(v)
	if err != nil {
		return 0, err
	}
	m := atPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, v.problem(fix, "at: %s is not a time in the form HH:00", shown(s))
	}
	h, errHour := strconv.Atoi(m[1])
	n, errMinute := strconv.Atoi(m[2])
	switch {
	case errHour != nil || errMinute != nil || h > 23 || n > 59:
		return 0, v.problem(`write a time from "00:00" to "23:00"`, "at: %s does not exist", s)
	case n != 0:
		return 0, v.problem(strconv.Quote(m[1]+":00")+" is the slot that holds it: mail leaves in slots of one hour", "at: %s is not on the hour", s)
	}
	return h, nil
}

func readSubject(step value, v *value, first bool) (string, error) {
	const fix = `write one, for example subject: "{{ company }} and Acme"`
	switch {
	case v == nil && first:
		return "", step.problem(fix, "the first step has no subject")
	case v == nil, v.kind == kindNull && !first:
		return "", nil
	}
	if _, err := template(*v); err != nil {
		return "", err
	}
	s, err := line(*v)
	if err == nil && s == "" && first {
		err = v.problem(fix, "the subject of the first step is empty")
	}
	return s, err
}

// template reads the text of one; whether it is right is judged where it is compiled.
func template(v value) (string, error) {
	s, err := text(v)
	if err == nil && len(s) > maxTemplate {
		err = v.problem("shorten it; link to what is large instead", "%s is larger than %d KiB", v.key, maxTemplate>>10)
	}
	return s, err
}
