package calendar

import (
	"fmt"
	"strings"
	"time"

	"github.com/dripline/dripline/internal/drip"
)

// Time reads a date and time as Start does, past or not, for the option named. An error is a
// *drip.InputError.
func (c *Calendar) Time(option, text string) (time.Time, error) {
	text = strings.TrimSpace(text)
	for _, layout := range localLayouts {
		if t, err := time.ParseInLocation(layout, text, c.zone); err == nil {
			return t, nil
		}
	}
	for _, layout := range zonedLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &drip.InputError{
		File:    option,
		Problem: fmt.Sprintf("%q is not a time", text),
		Fix:     `write a date and time ("2026-11-24 10:40") or one with an offset (2026-11-24T10:40:00+01:00)`,
	}
}
