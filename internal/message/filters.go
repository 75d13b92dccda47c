package message

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	liquid "github.com/osteele/liquid/filters"
	"github.com/osteele/liquid/values"
)

// filter is one filter: the library's, or ours where the library's can panic, break a character, read
// the clock or cost more than its input is large.
type filter struct {
	fn   reflect.Value // its first parameter is what it is applied to
	kind filterKind
	// timed filters get the time of the run as one more argument, the last.
	timed bool
}

type filterKind int

const (
	mayBreak filterKind = iota // some values make it fail
	literal                    // none does where its arguments fit and are written in the template
	safe                       // nothing does
)

// params is how many arguments it takes at most.
func (f filter) params() int {
	n := f.fn.Type().NumIn() - 1
	if f.timed {
		n--
	}
	return n
}

// mayFail says whether some value makes it fail as the i-th filter of a chain.
func (f filter) mayFail(c *chain, i int) bool {
	args := c.filters[i].args
	switch {
	case f.kind == safe:
		return false
	case f.kind == literal:
		return !f.fit(args)
	case f.timed: // any day may be none, but today
		base := strings.Trim(c.base.literal, `"'`)
		today := i == 0 && c.base.literal != base && (base == "now" || base == "today")
		return !today || !f.fit(args) || len(args) > 0 && len(args[0].literal) > maxDateFormat
	default:
		return true
	}
}

// fit says whether arguments are written in the template, numbers where numbers are needed.
func (f filter) fit(args []operand) bool {
	for i, a := range args {
		in := f.fn.Type().In(i + 1)
		if in.Kind() == reflect.Func {
			in = in.Out(0)
		}
		if a.literal == "" || in.Kind() == reflect.Int && strings.IndexByte("-0123456789", a.literal[0]) < 0 {
			return false
		}
	}
	return true
}

// filters are all that templates may use.
var filters = collect()

// collected takes the library's filters down.
type collected map[string]filter

func (c collected) AddFilter(name string, fn any) { c[name] = filter{fn: reflect.ValueOf(fn)} }

func collect() map[string]filter {
	all := collected{}
	liquid.AddStandardFilters(all)
	for _, name := range []string{"inspect", "type"} { // for debugging, and different by version
		delete(all, name)
	}
	for name, fn := range map[string]any{
		"capitalize": capitalize, "date": date(all["date"].fn), "first": first, "join": join, "last": last,
		"newline_to_br": newlineToBR, "raw": raw, "escape": escape, "escape_once": escapeOnce,
		"replace": replace, "slice": slice, "strip_newlines": stripNewlines,
		"truncate": truncate, "truncatewords": truncateWords, "uniq": uniq,
	} {
		all.AddFilter(name, fn)
	}
	kinds := map[filterKind][]string{
		safe: {
			"append", "capitalize", "default", "downcase", "escape", "escape_once", "first", "json", "last", "lstrip",
			"newline_to_br", "prepend", "raw", "remove", "remove_first", "replace", "replace_first", "rstrip", "size",
			"split", "strip", "strip_html", "strip_newlines", "upcase", "url_encode",
		},
		literal: {"slice", "truncate", "truncatewords"},
	}
	for kind, names := range kinds {
		for _, name := range names {
			f := all[name]
			f.kind = kind
			all[name] = f
		}
	}
	d := all["date"]
	d.timed = true
	all["date"] = d
	return all
}

// keepMarkup are the filters after which escaped text is still escaped text.
var keepMarkup = map[string]bool{"strip": true, "lstrip": true, "rstrip": true, "strip_newlines": true}

// bind makes the function that the library calls for a filter: it counts the work before it is done,
// keeps panics in, and leaves no number in a form that nobody writes.
func (m *machine) bind(name string, f filter) any {
	in := f.fn.Type()
	return func(args ...any) (out any, err error) {
		defer func() {
			if recover() != nil {
				out, err = nil, errFilter
			}
		}()
		work := filterWork
		for i, a := range args {
			work += weight(a)
			if number, ok := a.(float64); ok && i < in.NumIn() && in.In(i).Kind() == reflect.String {
				args[i] = strconv.FormatFloat(number, 'f', -1, 64)
			}
		}
		if err := m.run.charge(work); err != nil {
			return nil, err
		}
		if f.timed {
			for len(args) < in.NumIn()-1 {
				args = append(args, nil)
			}
			args = append(args, m.run.now)
		}
		out, err = values.Call(f.fn, args)
		if err != nil {
			return nil, err
		}
		out = m.finish(name, args, out)
		return out, m.run.charge(weight(out))
	}
}

// finish makes whole numbers whole, and what a filter for HTML has made in another template text.
func (m *machine) finish(name string, args []any, out any) any {
	switch v := out.(type) {
	case []byte:
		return string(v)
	case float64:
		if v == float64(int64(v)) && v > -1e15 && v < 1e15 {
			return int(v)
		}
	case markup:
		if !m.run.t.html {
			return string(v)
		}
	case string:
		if _, was := args[0].(markup); was && keepMarkup[name] {
			return markup(v)
		}
	}
	return out
}

// weight is how large a value is, as work.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case markup:
		return len(v)
	case []string:
		n := 0
		for _, s := range v {
			n += filterWork + len(s)
		}
		return n
	case []any:
		n := 0
		for _, item := range v {
			n += filterWork + weight(item)
		}
		return n
	case values.Range:
		// Filters make a slice of it. A length that overflows is as bad as one that is too large.
		if v.Len() < 0 || v.Len() > maxWork {
			return maxWork + 1
		}
		return filterWork * v.Len()
	default:
		return 0
	}
}

// text is a value as a filter for strings sees it.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}
