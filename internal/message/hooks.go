package message

import (
	"fmt"
	"html"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/osteele/liquid/expressions"
	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
	"github.com/osteele/liquid/tags"
)

// maxWork is how much one run of a template may do. A byte that is written or handed to a filter is
// one unit of work, a round of a loop is roundWork and the text it goes through, a filter
// filterWork. So everything that can grow is counted before it does, and the limit is reached in a
// fraction of a second.
const (
	maxWork    = 2 << 20
	roundWork  = 64
	filterWork = 16
)

// run is one template at work for one contact.
type run struct {
	t      *template
	values []string
	email  string
	sender sender
	now    time.Time
	// tracking looks for a variable that is missing, and stops at the first: missing is its name.
	tracking bool
	missing  string
	// blame is the variable of the expression that failed.
	blame string
	work  int
}

// charge counts work.
func (r *run) charge(n int) error {
	if r.work += n; r.work > maxWork {
		return errTooMuch
	}
	return nil
}

// machine is what a template runs on: the library's configuration, with filters that know the run.
type machine struct {
	cfg render.Config
	run *run
}

// machines are kept, because building one costs more than a run.
var machines = sync.Pool{New: func() any { return newMachine() }}

func newMachine() *machine {
	m := &machine{cfg: render.NewConfig()}
	tags.AddStandardTags(m.cfg)
	m.cfg.AddTag("include", func(string) (func(io.Writer, render.Context) error, error) {
		return nil, fmt.Errorf("include is not possible: a template reads no files")
	})
	for name, f := range filters {
		m.cfg.AddFilter(name, m.bind(name, f))
	}
	return m
}

// runKey is the name under which hooks find the run among the variables; no template can say it.
const runKey = "\x00run"

// exec runs a template and returns what it wrote. The error is a *flaw, errMissing, or nil.
func (r *run) exec(t *template) (out string, err error) {
	if t.root == nil {
		return t.plain, nil
	}
	m := machines.Get().(*machine)
	defer machines.Put(m)
	r.t, r.work, r.missing, r.blame, m.run = t, 0, "", "", r
	defer func() {
		// The library panics where a filter or an operator meets a value it did not expect.
		if p := recover(); p != nil {
			out, err = "", flawf(0, "cannot be worked out with these values")
		}
		m.run = nil
	}()
	var b strings.Builder
	switch rerr := render.Render(t.root, &b, r.bindings(), m.cfg); {
	case rerr == nil:
		return b.String(), nil
	case rerr.Cause() == errMissing:
		return "", errMissing
	default:
		return "", runFlaw(rerr)
	}
}

func (r *run) bindings() map[string]any {
	b := make(map[string]any, len(r.t.variables)+1)
	b[runKey] = r
	for _, v := range r.t.variables {
		switch {
		case v.source == fromSender:
			b[v.name] = r.sender
		case !r.blank(v.source):
			b[v.name] = r.text(v.source)
		default:
			b[v.name] = blank{v.name}
		}
	}
	return b
}

// text is the value of a source.
func (r *run) text(s source) string {
	switch {
	case s >= 0:
		return r.values[s]
	case s == fromEmail:
		return r.email
	case s == fromSender:
		return r.sender.name
	default:
		return ""
	}
}

func (r *run) blank(s source) bool { return isBlank(r.text(s)) }

// hook is a piece of a template that runs here instead of in the library.
type hook func(w io.Writer, ctx render.Context, r *run) error

// hookNode is a node of the library's that runs the hook its arguments name. The library can only
// make such a node by parsing one.
var hookNode = sync.OnceValue(func() render.TagNode {
	cfg := render.NewConfig()
	cfg.AddTag("hook", func(string) (func(io.Writer, render.Context) error, error) {
		return func(w io.Writer, ctx render.Context) error {
			r := ctx.Get(runKey).(*run)
			return r.t.hooks[ctx.TagArgs()](w, ctx, r)
		}, nil
	})
	root, err := cfg.Compile("{% hook %}", parser.SourceLoc{})
	if err != nil {
		panic(err) // the source is the line above
	}
	return *root.(*render.SeqNode).Children[0].(*render.TagNode)
})

// writeHook writes an expression.
func writeHook(source string, c *condition) (hook, error) {
	expr, err := expressions.Parse(source)
	if err != nil {
		return nil, err
	}
	needs := c.needs()
	return func(w io.Writer, ctx render.Context, r *run) error {
		v, err := r.evaluate(ctx, expr, needs)
		if err != nil {
			return err
		}
		s := show(v, r.t.html)
		if r.tracking {
			if name := missingOf(needs, ctx, isBlank(s)); name != "" {
				r.missing = name
				return errMissing
			}
		}
		if err := r.charge(len(s)); err != nil {
			return err
		}
		_, err = io.WriteString(w, s)
		return err
	}, nil
}

// assignHook is `assign`. What comes out blank keeps the name of the variable that made it so.
func assignHook(name, source string, c *condition) (hook, error) {
	expr, err := expressions.Parse(source)
	if err != nil {
		return nil, err
	}
	needs := c.needs()
	return func(_ io.Writer, ctx render.Context, r *run) error {
		v, err := r.evaluate(ctx, expr, needs)
		if err != nil {
			return err
		}
		if v == nil || v == "" || v == markup("") {
			v = blank{missingOf(needs, ctx, true)}
		}
		ctx.Set(name, v)
		return nil
	}, nil
}

// tickHook counts a round of a loop whose text has the size given.
func tickHook(size int) hook {
	return func(_ io.Writer, _ render.Context, r *run) error { return r.charge(roundWork + size) }
}

// capturedHook marks what capture has just captured as the HTML that it is.
func capturedHook(name string) hook {
	return func(_ io.Writer, ctx render.Context, r *run) error {
		s, _ := ctx.Get(name).(string)
		if r.t.html {
			ctx.Set(name, markup(s))
		}
		return r.charge(len(s))
	}
}

// evaluate works an expression out. What a value breaks does not end the search for a missing
// variable: that a contact is held is said before what else is wrong with them.
func (r *run) evaluate(ctx render.Context, expr expressions.Expression, needs []need) (any, error) {
	v, err := ctx.Evaluate(expr)
	if err == nil {
		return v, nil
	}
	if len(needs) > 0 {
		r.blame = needs[0].root
	}
	if r.tracking && r.work <= maxWork {
		return broken, nil
	}
	return nil, err
}

// broken stands for a value that could not be worked out.
const broken = "\ufffd"

// missingOf is the first of the variables that is blank and must not be. empty says that the whole
// expression came out blank.
func missingOf(needs []need, ctx render.Context, empty bool) string {
	for _, n := range needs {
		if n.fallback && !empty {
			continue
		}
		src := fromSender
		switch v := ctx.Get(n.root).(type) {
		case blank:
			if v.variable != n.root {
				return v.variable
			}
			return n.name(hasProperty(0, n.operand))
		case string:
			src = 0
		case sender:
		default: // what a template has made itself has any property
			continue
		}
		if !hasProperty(src, n.operand) {
			return n.path
		}
	}
	return ""
}

// show is a value as it is written.
func show(v any, escaped bool) string {
	switch v := v.(type) {
	case nil:
		return ""
	case markup:
		return string(v)
	case string:
		if escaped {
			return html.EscapeString(v)
		}
		return v
	case float64: // the library would write 1e+06
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Slice {
		var b strings.Builder
		for i := range rv.Len() {
			b.WriteString(show(rv.Index(i).Interface(), escaped))
		}
		return b.String()
	}
	return show(fmt.Sprint(v), escaped)
}
