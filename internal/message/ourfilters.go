package message

import (
	"errors"
	"fmt"
	"html"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// capitalize works on characters; the library's breaks one that is longer than a byte.
func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}

// raw is text that the template's author says is HTML.
func raw(v any) markup { return markup(text(v)) }

func escape(v any) markup {
	if m, ok := v.(markup); ok {
		return m
	}
	return markup(html.EscapeString(text(v)))
}

func escapeOnce(v any) markup { return markup(html.EscapeString(html.UnescapeString(text(v)))) }

func newlineToBR(v any) markup {
	s := strings.ReplaceAll(text(v), "\r\n", "\n")
	if _, done := v.(markup); !done {
		s = html.EscapeString(s)
	}
	return markup(strings.ReplaceAll(s, "\n", "<br />\n"))
}

// stripNewlines takes line breaks of any kind out.
func stripNewlines(s string) string { return strings.NewReplacer("\r", "", "\n", "").Replace(s) }

func first(v any) any {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Slice && rv.Len() > 0 {
		return rv.Index(0).Interface()
	}
	return nil
}

func last(v any) any {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Slice && rv.Len() > 0 {
		return rv.Index(rv.Len() - 1).Interface()
	}
	return nil
}

// slice takes length characters, one if it is not said, from start on; a negative start counts from
// the end. What lies outside is left out.
func slice(s string, start int, length func(int) int) string {
	runes := []rune(s)
	if start < 0 {
		start += len(runes)
	}
	n := length(1)
	if start < 0 || start >= len(runes) || n <= 0 {
		return ""
	}
	return string(runes[start : start+min(n, len(runes)-start)])
}

// truncate cuts to length characters, the ellipsis included.
func truncate(s string, length func(int) int, ellipsis func(string) string) string {
	runes, n, end := []rune(s), length(50), ellipsis("...")
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(0, n-utf8.RuneCountInString(end))]) + end
}

// truncateWords cuts to a number of words.
func truncateWords(s string, length func(int) int, ellipsis func(string) string) string {
	words, n := strings.Fields(s), max(1, length(15))
	if len(words) <= n {
		return s
	}
	return strings.Join(words[:n], " ") + ellipsis("...")
}

// replace and join are the two filters whose result can be larger than all they are given together.

func replace(s, old, with string) (string, error) {
	if n := strings.Count(s, old); n > 0 && len(with) > maxWork/n {
		return "", errTooMuch
	}
	return strings.ReplaceAll(s, old, with), nil
}

func join(items []any, separator func(string) string) (string, error) {
	sep := separator(" ")
	if len(items) > 0 && len(sep) > maxWork/len(items) {
		return "", errTooMuch
	}
	parts := make([]string, 0, len(items))
	for _, item := range items {
		if item != nil {
			parts = append(parts, text(item))
		}
	}
	return strings.Join(parts, sep), nil
}

// uniq keeps the first of equal items.
func uniq(items []any) []any {
	seen := make(map[string]bool, len(items))
	var out []any
	for _, item := range items {
		key := fmt.Sprintf("%T %v", item, item)
		if !seen[key] {
			seen[key] = true
			out = append(out, item)
		}
	}
	return out
}

// dateLayouts are the ways in which dates are written in contact files. Those with digits only and
// slashes are left out, because they mean two things.
var dateLayouts = []string{
	time.DateOnly, time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 -07:00", time.DateTime, "2006-01-02 15:04",
	"2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC1123Z, time.RFC1123,
	"2 January 2006", "2 Jan 2006", "January 2, 2006", "January 2 2006", "Jan 2, 2006", "Jan 2 2006",
}

var (
	errDate   = errors.New("not a date")
	errFormat = errors.New("the format is too long")
)

// maxDateFormat keeps what a format can blow up to small: a directive may ask for a width.
const maxDateFormat = 64

// date writes a date as the library does, but takes "now" and the zone from the message's date, never
// from the machine. What is blank stays blank.
func date(library reflect.Value) any {
	return func(v any, format any, now time.Time) (any, error) {
		t, err := toTime(v, now)
		if v == nil || v == "" || err != nil {
			return nil, err
		}
		layout := text(format)
		if layout == "" {
			layout = "%a, %b %d, %y"
		}
		if len(layout) > maxDateFormat {
			return nil, errFormat
		}
		out := library.Call([]reflect.Value{reflect.ValueOf(t), reflect.ValueOf(func(string) string { return layout })})
		return out[0].Interface(), nil
	}
}

func toTime(v any, now time.Time) (time.Time, error) {
	s := strings.TrimSpace(text(v))
	switch s {
	case "":
		return time.Time{}, nil
	case "now", "today":
		return now, nil
	}
	for _, layout := range dateLayouts {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, errDate
}
