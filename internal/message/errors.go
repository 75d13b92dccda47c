package message

import (
	"errors"
	"fmt"
	"strings"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/values"
)

// TemplateError is what is wrong with a template of the sequence. Its Problem may quote the template,
// which is the user's own file, but never a value.
type TemplateError struct {
	Step    int    // counted from 1
	Field   string // subject, text or html
	Line    int    // within the template, counted from 1; 0 where it is not known
	Problem string
}

func (e *TemplateError) Error() string {
	if e.Line > 1 {
		return fmt.Sprintf("%s of step %d, line %d: %s", e.Field, e.Step, e.Line, e.Problem)
	}
	return fmt.Sprintf("%s of step %d: %s", e.Field, e.Step, e.Problem)
}

// ColumnError is what is wrong with a column of the contacts file, or with what a contact has in it.
type ColumnError struct {
	Column  string // empty where no single column is to blame
	Problem string
}

func (e *ColumnError) Error() string {
	if e.Column == "" {
		return e.Problem
	}
	return fmt.Sprintf("column %s %s", e.Column, e.Problem)
}

// flaw is a problem at a line of one template, before it is known whose template it is.
type flaw struct {
	line    int
	problem string
}

func (f *flaw) Error() string { return f.problem }

// problemOf is what an error says, with the line where there is one.
func problemOf(err error) string {
	if f := asFlaw(err); f != nil && f.line > 1 {
		return fmt.Sprintf("line %d: %s", f.line, f.problem)
	}
	return err.Error()
}

// asFlaw is an error as a flaw, or nil if it is of another kind.
func asFlaw(err error) *flaw {
	var f *flaw
	if errors.As(err, &f) {
		return f
	}
	return nil
}

func flawf(line int, format string, args ...any) *flaw {
	return &flaw{line, fmt.Sprintf(format, args...)}
}

// Reasons why a run of a template is broken off.
var (
	errTooMuch = fmt.Errorf("loops too often or writes too much: the limit is %d KiB of work", maxWork>>10)
	errMissing = errors.New("a variable is missing")
	errFilter  = errors.New("a filter cannot use the value it is given")
)

// sourceName stands for a path in the library's errors, which keep the line of the innermost node
// only where there is a path.
const sourceName = "template"

// parseFlaw is the library's parse error in our words.
func parseFlaw(err parser.Error) *flaw {
	problem := err.Error()
	if cause := err.Cause(); cause != nil {
		problem = cause.Error()
	}
	problem = strings.TrimSuffix(problem, " in "+sourceName)
	if rest, ok := strings.CutPrefix(problem, fmt.Sprintf("Liquid error (line %d): ", err.LineNumber())); ok {
		problem = rest
	}
	// The library marks the kind of a statement with a prefix of its own.
	for _, selector := range []string{
		expressions.AssignStatementSelector, expressions.CycleStatementSelector,
		expressions.LoopStatementSelector, expressions.WhenStatementSelector,
	} {
		problem = strings.Replace(problem, `"`+selector, `"`, 1)
	}
	return &flaw{err.LineNumber(), problem}
}

// runFlaw is the library's error of a run in our words, which never hold a value.
func runFlaw(err parser.Error) *flaw {
	cause := err.Cause()
	var filter expressions.FilterError
	var conversion values.TypeError
	switch {
	case errors.Is(cause, errTooMuch):
		return &flaw{err.LineNumber(), errTooMuch.Error()}
	case errors.As(cause, &filter) && errors.Is(filter.Err, errTooMuch):
		return &flaw{err.LineNumber(), errTooMuch.Error()}
	case errors.As(cause, &filter):
		return flawf(err.LineNumber(), "filter %s cannot use the value it is given", filter.FilterName)
	case errors.As(cause, &conversion):
		return &flaw{err.LineNumber(), "a value is not of the type that is needed here"}
	default:
		return &flaw{err.LineNumber(), "cannot be worked out with these values"}
	}
}
