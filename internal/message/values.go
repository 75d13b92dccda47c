package message

import (
	"strings"

	"github.com/osteele/liquid/values"
)

// Three kinds of value that plain strings cannot stand for. Each is a values.Value, which the library
// takes as it is.

// blank is a cell without text, or a variable that no column provides. A condition takes it for
// false, and it equals nil, "", blank and empty. It remembers which variable it is, through assign
// too, so that writing it can name the variable that is missing.
type blank struct{ variable string }

func (blank) Interface() any                       { return nil }
func (blank) Int() int                             { return 0 }
func (blank) Less(values.Value) bool               { return false }
func (blank) Contains(values.Value) bool           { return false }
func (blank) IndexValue(values.Value) values.Value { return values.ValueOf(nil) }
func (blank) Test() bool                           { return false }

func (blank) Equal(other values.Value) bool {
	v := other.Interface()
	return v == nil || v == "" || v == markup("")
}

func (blank) PropertyValue(name values.Value) values.Value {
	if name.Interface() == "size" {
		return values.ValueOf(0)
	}
	return values.ValueOf(nil)
}

// markup is text that is HTML already, and is not escaped again.
type markup string

func (m markup) plain() values.Value                       { return values.ValueOf(string(m)) }
func (m markup) Interface() any                            { return m }
func (m markup) Int() int                                  { return m.plain().Int() }
func (m markup) Equal(other values.Value) bool             { return m.plain().Equal(unmarked(other)) }
func (m markup) Less(other values.Value) bool              { return m.plain().Less(unmarked(other)) }
func (m markup) Contains(part values.Value) bool           { return m.plain().Contains(unmarked(part)) }
func (m markup) IndexValue(i values.Value) values.Value    { return m.plain().IndexValue(i) }
func (m markup) PropertyValue(n values.Value) values.Value { return m.plain().PropertyValue(n) }
func (m markup) Test() bool                                { return true }

func unmarked(v values.Value) values.Value {
	if m, ok := v.(markup); ok {
		return m.plain()
	}
	return v
}

// sender is the account that writes, as `sender.name` and `sender.email`; alone it is the name.
type sender struct{ name, email string }

func (s sender) plain() values.Value                    { return values.ValueOf(s.name) }
func (s sender) Interface() any                         { return s.name }
func (s sender) Int() int                               { return s.plain().Int() }
func (s sender) Equal(other values.Value) bool          { return s.plain().Equal(other) }
func (s sender) Less(other values.Value) bool           { return s.plain().Less(other) }
func (s sender) Contains(part values.Value) bool        { return s.plain().Contains(part) }
func (s sender) IndexValue(i values.Value) values.Value { return s.PropertyValue(i) }
func (s sender) Test() bool                             { return true }

func (s sender) PropertyValue(name values.Value) values.Value {
	switch name.Interface() {
	case "name":
		return values.ValueOf(s.name)
	case "email":
		return values.ValueOf(s.email)
	default:
		return values.ValueOf(nil)
	}
}

// isBlank says whether there is nothing to read in a value.
func isBlank(s string) bool { return strings.TrimSpace(s) == "" }
