package config

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is a key that a map may have, and what to do with its value.
type field struct {
	key  string
	read func(value) error
}

// fields reads a map in the order of the file. A key that is not among those known is an error.
func (v value) fields(known ...field) error {
	if v.kind != kindMap {
		return v.mismatch(string(kindMap), "write it as the example files have it")
	}
	for _, e := range v.entries {
		i := slices.IndexFunc(known, func(f field) bool { return f.key == e.key })
		if i < 0 {
			return unknownKey(e, known)
		}
		if err := known[i].read(e.value); err != nil {
			return err
		}
	}
	return nil
}

// into is a field's read that keeps what read makes of the value.
func into[T any](dst *T, read func(value) (T, error)) func(value) error {
	return func(v value) (err error) {
		*dst, err = read(v)
		return err
	}
}

// later is a field's read that keeps the value itself, to be read once what it depends on is known.
func later(dst **value) func(value) error {
	return func(v value) error {
		*dst = &v
		return nil
	}
}

// text is what is written; a number is taken as the text it looks like.
func text(v value) (string, error) {
	if v.kind != kindText && v.kind != kindNumber {
		return "", v.mismatch("text", "write text after "+v.key+":, in quotes")
	}
	return v.text, nil
}

// line is a text without line breaks and other control characters, and without blanks around it.
func line(v value) (string, error) {
	s, err := text(v)
	if err != nil {
		return "", err
	}
	if strings.ContainsFunc(s, isLineControl) {
		return "", v.problem("write it on one line, without | or >", "%s must not hold a line break or another control character", v.key)
	}
	return strings.TrimSpace(s), nil
}

// isLineControl is every character that could end a header line, or hide in one.
func isLineControl(r rune) bool {
	return r < ' ' || r >= 0x7f && r <= 0x9f || r == '\u2028' || r == '\u2029'
}

// word is a line that is not empty.
func word(v value) (string, error) {
	s, err := line(v)
	if err == nil && s == "" {
		err = v.problem("write a value after "+v.key+":", "%s is empty", v.key)
	}
	return s, err
}

// maxCount is the largest quota: above any mailbox's, and far from overflowing when multiplied.
const maxCount = 1_000_000_000

// whole reads a whole number between two bounds; the example is what an error shows.
func whole(low, high, example int) func(value) (int, error) {
	return func(v value) (int, error) {
		fix := fmt.Sprintf("write a whole number, for example %s: %d", v.key, example)
		if v.kind != kindNumber {
			return 0, v.mismatch("a whole number", fix)
		}
		n, err := strconv.Atoi(v.text)
		switch {
		case errors.Is(err, strconv.ErrRange):
			return 0, v.problem(fix, "%s must be from %d to %d", v.key, low, high)
		case err != nil:
			return 0, v.problem(fix, "%s must be a whole number, not %s", v.key, v.text)
		case n < low:
			return 0, v.problem(fix, "%s must be at least %d, not %d", v.key, low, n)
		case n > high:
			return 0, v.problem(fix, "%s must be at most %d, not %d", v.key, high, n)
		}
		return n, nil
	}
}

func truth(v value) (bool, error) {
	if v.kind != kindBool {
		return false, v.mismatch(string(kindBool), "write "+v.key+": true or "+v.key+": false, without quotes")
	}
	return v.text == "true", nil
}
