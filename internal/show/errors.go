package show

import (
	"errors"
	"io"

	"github.com/dripline/dripline/internal/drip"
)

// Error shows what went wrong on one line and, where somebody's input is at fault, what to do on the
// next. Errors that were joined are shown one after the other.
func Error(w io.Writer, err error, s Style) {
	if err == nil {
		return
	}
	var out page
	for _, one := range parts(err) {
		out.line(s.paint(inkBad, "error:") + " " + clean(one.Error()))
		var input *drip.InputError
		if errors.As(one, &input) && input.Fix != "" {
			out.line(s.paint(inkFix, "fix:") + " " + clean(input.Fix))
		}
	}
	out.to(w)
}

// parts are the errors that were joined into err with nothing said around them.
func parts(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || err.Error() != errors.Join(joined.Unwrap()...).Error() {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, parts(one)...)
	}
	return all
}
