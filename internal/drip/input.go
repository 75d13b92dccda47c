package drip

import (
	"fmt"
	"strings"
)

// InputError is something a person gave that cannot be used: a file, an option, an environment. It
// says where, what is wrong and what to do next. Programs print it and exit with status 2; nothing
// was started.
type InputError struct {
	File    string // the file, or the option or variable (`--start`, `ANN_PASSWORD`)
	Line    int    // line of the file, counted from 1; 0 where there is none
	Problem string // what is wrong, in one sentence without a full stop
	Fix     string // what to do, in one sentence without a full stop
	Cause   error  // what it came from, for errors.Is; may be nil, and is not part of the text
}

// Unwrap is the cause.
func (e *InputError) Unwrap() error { return e.Cause }

// Where is the place, as `team.yaml:12` or `--start`.
func (e *InputError) Where() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	return e.File
}

// Error is the place and the problem; the fix is shown on a line of its own.
func (e *InputError) Error() string {
	var b strings.Builder
	if where := e.Where(); where != "" {
		b.WriteString(where + ": ")
	}
	b.WriteString(e.Problem)
	return b.String()
}
