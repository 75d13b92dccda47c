// Package message turns a sequence's templates and a contact's values into the bytes of one mail.
//
// What it guarantees:
//
//   - The same [Letter] gives the same bytes, on any machine and at any attempt: identifiers, the
//     MIME boundary and the date come from the letter alone, and no clock is read.
//   - A contact for whom [Templates.Missing] finds nothing and [Templates.Check] has no objection can
//     be rendered.
//   - No value reaches a header with a control character in it, and no value reaches HTML unescaped
//     unless the template says `raw`.
//   - No template runs for long: work is counted, and what exceeds the budget is an error. Nothing
//     is left running.
//
// What a failure means: a [TemplateError] from Compile is a mistake in the sequence, a [ColumnError]
// a mistake in the contacts file; both are found before anything is sent. An error from
// [Templates.Render] means that no message could be made for this contact: nothing has left, and
// trying again will not help. None of them quotes a value.
//
// Templates are Liquid (github.com/osteele/liquid). Its parser and its control flow are used as they
// are. What `{{ }}` writes, `assign`, `capture` and the filters go through this package, because the
// library has no limits, no escaping and no notion of a missing variable: after parsing, the nodes
// concerned are replaced by hooks (see hooks.go), and every filter is wrapped (see filters.go).
package message
