package scripted

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// jsonIs holds what stands at a path against a text.
func jsonIs(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: json FILE PATH WANT…")
	}
	got, want := at(ts, args[0], args[1]), strings.Join(args[2:], " ")
	if (got == want) == neg {
		ts.Fatalf("%s of %s is %s, want %s (negated: %v)", args[1], args[0], got, want, neg)
	}
}

func jsonSame(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: [!] jsonsame FILE PATH FILE PATH")
	}
	one, other := at(ts, args[0], args[1]), at(ts, args[2], args[3])
	if (one == other) == neg {
		ts.Fatalf("%s of %s is %s, and %s of %s is %s (negated: %v)", args[1], args[0], one, args[3], args[2], other, neg)
	}
}

func at(ts *testscript.TestScript, file, path string) string {
	decoder := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	decoder.UseNumber()
	var v any
	ts.Check(decoder.Decode(&v))
	if decoder.More() {
		ts.Fatalf("%s has more than one JSON value", file)
	}
	var steps []string
	if path != "." {
		steps = strings.Split(path, ".")
	}
	found, err := lookup(v, steps)
	if err != nil {
		ts.Fatalf("%s of %s: %v", path, file, err)
	}
	return found
}

// lookup follows a path, `slots.0.sends.*.account`: a key; an index, from the end if below 0; `*`
// for each of a list, joined with spaces; and last, `len` how many there are, `keys` the keys in
// order, `sum` of numbers, `tally` how often each stands there ("ann:75 ben:75"). A text is shown
// without quotes, everything else as JSON.
func lookup(v any, path []string) (string, error) {
	found, err := collect(v, path)
	if err != nil {
		return "", err
	}
	return strings.Join(found, " "), nil
}

func collect(v any, path []string) ([]string, error) {
	if len(path) == 0 {
		if text, ok := v.(string); ok {
			return []string{text}, nil
		}
		data, err := json.Marshal(v)
		return []string{string(data)}, err
	}
	step, rest := path[0], path[1:]
	switch step {
	case "keys":
		object, ok := v.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("no object for keys")
		}
		return slices.Sorted(maps.Keys(object)), nil
	case "*":
		return each(v, rest)
	case "len":
		list, ok := v.([]any)
		if !ok {
			return nil, fmt.Errorf("no list to count")
		}
		return []string{strconv.Itoa(len(list))}, nil
	}
	switch v := v.(type) {
	case map[string]any:
		next, ok := v[step]
		if !ok {
			return nil, fmt.Errorf("no key %s", step)
		}
		return collect(next, rest)
	case []any:
		i, err := strconv.Atoi(step)
		if i < 0 {
			i += len(v)
		}
		if err != nil || i < 0 || i >= len(v) {
			return nil, fmt.Errorf("no index %s in a list of %d", step, len(v))
		}
		return collect(v[i], rest)
	}
	return nil, fmt.Errorf("nothing is below %s", step)
}

// each collects from all of a list, and folds where the path says so.
func each(v any, path []string) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("no list for *")
	}
	fold := ""
	if n := len(path); n > 0 && (path[n-1] == "sum" || path[n-1] == "tally") {
		path, fold = path[:n-1], path[n-1]
	}
	all := []string{}
	for _, one := range list {
		found, err := collect(one, path)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	switch fold {
	case "sum":
		return sum(all)
	case "tally":
		return tally(all), nil
	}
	return all, nil
}

func sum(numbers []string) ([]string, error) {
	total := 0
	for _, text := range numbers {
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		total += n
	}
	return []string{strconv.Itoa(total)}, nil
}

func tally(texts []string) []string {
	counts := map[string]int{}
	for _, text := range texts {
		counts[text]++
	}
	all := []string{}
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%s:%d", text, counts[text]))
	}
	return all
}
