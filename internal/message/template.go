package message

import (
	"fmt"
	"strings"

	"github.com/osteele/liquid/parser"
	"github.com/osteele/liquid/render"
)

// maxTemplate is the size of the largest template, in bytes; maxDepth is how deep blocks may be in
// each other, so that no template is deeper than a stack.
const (
	maxTemplate = 256 << 10
	maxDepth    = 50
)

// template is one parsed template, ready to run and with all that is known of it without running it.
type template struct {
	plain string      // the whole of it, where root is nil: there is nothing to work out
	root  render.Node // the library's tree, with our hooks in it
	hooks map[string]hook
	html  bool

	variables []variable
	needs     []requirement
	// unclear says that needs may not be all, because a loop assigns what it has written before.
	unclear bool
	// fallible says that a value may break it. Where not, any values will do.
	fallible bool
	// filtered says that what it writes may be longer than the values and the template together.
	filtered bool
	size     int // of the source, in bytes
	// solid says that it writes something whatever the values are.
	solid bool
}

// variable is a name that a template reads, and where its value comes from.
type variable struct {
	name string
	source
}

// requirement is a variable that a template writes without a default, with what must hold for the
// template to come to that place.
type requirement struct {
	need
	source
	guards []guard
	// certain says that the variable is still the column at that place, and has not been assigned.
	certain bool
}

// guard is a condition that a place in a template stands under.
type guard struct {
	kind guardKind
	source
}

type guardKind int

const (
	unknown guardKind = iota // only a run can tell
	present                  // the column has text
	absent                   // it has none
)

// parseTemplate makes a template from source. The error is a *flaw, or a *ColumnError where a name is
// ambiguous.
func parseTemplate(text string, f field, cols *columns) (*template, error) {
	if len(text) > maxTemplate {
		return nil, flawf(0, "is larger than %d KiB", maxTemplate>>10)
	}
	if f == subjectField {
		if text = oneLine(text); hasControl(text) {
			return nil, flawf(0, "has a control character, which no subject may have")
		}
	}
	t := &template{html: f == htmlField, size: len(text), solid: !isBlank(text)}
	if !strings.Contains(text, "{{") && !strings.Contains(text, "{%") {
		t.plain = text
		return t, nil
	}
	root, err := parseTree(text)
	if err != nil {
		return nil, err
	}
	a := &analysis{t: t, cols: cols, locals: map[string][]requirement{}, seen: map[string]bool{}}
	t.hooks, t.solid = map[string]hook{}, false
	if err := a.sequence(root.Children); err != nil {
		return nil, err
	}
	t.root = root
	return t, nil
}

// parseTree has the library parse. It panics on some input (a number that is too large), which is the
// template's fault like any other.
func parseTree(text string) (root *render.SeqNode, err error) {
	defer func() {
		if p := recover(); p != nil {
			root, err = nil, flawf(0, "cannot be parsed: %v", p)
		}
	}()
	m := machines.Get().(*machine)
	defer machines.Put(m)
	node, perr := m.cfg.Compile(text, parser.SourceLoc{Pathname: sourceName, LineNo: 1})
	if perr != nil {
		return nil, parseFlaw(perr)
	}
	return node.(*render.SeqNode), nil
}

// analysis walks over a tree in the order of the text. It checks what the library finds out only
// when a template runs, collects what can be known without running it, and puts the hooks in.
type analysis struct {
	t      *template
	cols   *columns
	guards []guard
	loops  int
	depth  int
	// locals are the names that may stand for something else than a column here, with the columns
	// whose text they may be.
	locals map[string][]requirement
	seen   map[string]bool
}

// sequence walks over nodes and replaces those that need a hook, in place: the library keeps copies
// of the slice.
func (a *analysis) sequence(nodes []render.Node) error {
	for i, n := range nodes {
		replacement, err := a.node(n)
		if err != nil {
			return err
		}
		nodes[i] = replacement
	}
	return nil
}

func (a *analysis) node(n render.Node) (render.Node, error) {
	switch n := n.(type) {
	case *render.TextNode:
		return n, a.text(n)
	case *render.ObjectNode:
		return a.object(n.Token)
	case *render.TagNode:
		return a.tag(n)
	case *render.BlockNode:
		return a.block(n)
	case *render.RawNode:
		return plainText(n), nil
	default: // trim marks
		return n, nil
	}
}

func (a *analysis) text(n *render.TextNode) error {
	for _, open := range []string{"{{", "{%"} {
		if before, _, found := strings.Cut(n.Source, open); found {
			line := n.SourceLoc.LineNo + strings.Count(before, "\n")
			return flawf(line, "%s is not closed; to write it as it is, put it into {%% raw %%}…{%% endraw %%}", open)
		}
	}
	if len(a.guards) == 0 && !isBlank(n.Source) {
		a.t.solid = true
	}
	return nil
}

// plainText makes plain text of `raw`, so that its size can be seen. Its text can only be had by having it
// rendered.
func plainText(n *render.RawNode) render.Node {
	var b strings.Builder
	if err := render.Render(n, &b, nil, render.NewConfig()); err != nil {
		panic(err) // a builder takes any text
	}
	return &render.TextNode{Token: parser.Token{Type: parser.TextTokenType, Source: b.String()}}
}

func (a *analysis) object(tok parser.Token) (render.Node, error) {
	c, err := parse(tok.Args, readCondition)
	if err != nil {
		return nil, flawf(tok.SourceLoc.LineNo, "%s", err)
	}
	if err := a.check(tok, c); err != nil {
		return nil, err
	}
	a.t.needs = append(a.t.needs, a.requirements(c.needs())...)
	h, err := writeHook(tok.Args, c)
	if err != nil {
		return nil, flawf(tok.SourceLoc.LineNo, "%s", err)
	}
	return a.t.hook(tok, h), nil
}

func (a *analysis) tag(n *render.TagNode) (render.Node, error) {
	line := n.SourceLoc.LineNo
	switch n.Name {
	case "assign":
		as, err := parse(n.Args, readAssignment)
		if err != nil {
			return nil, flawf(line, "%s", err)
		}
		if err := a.check(n.Token, as.value); err != nil {
			return nil, err
		}
		a.assign(as.variable, a.requirements(as.value.needs()))
		_, value, _ := strings.Cut(n.Args, "=")
		h, err := assignHook(as.variable, value, as.value)
		if err != nil {
			return nil, flawf(line, "%s", err)
		}
		return a.t.hook(n.Token, h), nil
	case "break", "continue", "cycle":
		if a.loops == 0 {
			return nil, flawf(line, "%s works only inside a for loop", n.Name)
		}
	}
	return n, nil
}

// assign notes that a name stands for something else from here on, or perhaps does.
func (a *analysis) assign(name string, from []requirement) {
	if a.loops > 0 {
		a.t.unclear = true
	}
	if len(a.guards) > 0 {
		from = append(a.requirements([]need{{operand: operand{root: name, path: name}}}), from...)
	}
	a.locals[name] = from
}

// requirements are the columns behind needs, at this place.
func (a *analysis) requirements(needs []need) []requirement {
	var out []requirement
	for _, n := range needs {
		if from, ok := a.locals[n.root]; ok {
			for _, r := range from {
				r.guards, r.certain = a.here(), false
				out = append(out, r)
			}
			continue
		}
		src := a.cols.source(n.root)
		if !hasProperty(src, n.operand) {
			src = fromNowhere
		}
		out = append(out, requirement{n, src, a.here(), true})
	}
	return out
}

// hasProperty says whether `variable.property` can be anything: text has a size and nothing else.
func hasProperty(src source, o operand) bool {
	switch {
	case o.path == o.root:
		return true
	case src == fromSender:
		return o.path == o.root+".name" || o.path == o.root+".email"
	default:
		return o.path == o.root+".size"
	}
}

func (a *analysis) here() []guard { return a.guards[:len(a.guards):len(a.guards)] }

// check looks at the names and filters of an expression.
func (a *analysis) check(tok parser.Token, parts ...interface{ visit(visitor) }) error {
	var found error
	fail := func(format string, args ...any) {
		if found == nil {
			found = flawf(tok.SourceLoc.LineNo, format, args...)
		}
	}
	v := visitor{
		operand: func(o operand) {
			switch {
			case o.lo != nil:
				a.t.fallible = true
			case o.root == "forloop" && o.path == o.root:
				fail("forloop is used with what it tells: forloop.index, forloop.first, forloop.last …")
			case o.root != "":
				if err, ok := a.cols.ambiguous[o.root]; ok && found == nil {
					found = err
				}
				a.read(o.root)
			}
		},
		filter: func(in *chain, i int) {
			c := in.filters[i]
			switch f, ok := filters[c.name]; {
			case !ok:
				fail("there is no filter %s", c.name)
			case len(c.args) > f.params():
				fail("filter %s takes %d arguments at most, and has %d", c.name, f.params(), len(c.args))
			default:
				a.t.fallible = a.t.fallible || f.mayFail(in, i)
				a.t.filtered = a.t.filtered || c.name != "default"
			}
		},
	}
	for _, p := range parts {
		p.visit(v)
	}
	return found
}

// read notes a variable, so that a run binds it.
func (a *analysis) read(name string) {
	if !a.seen[name] && name != "forloop" {
		a.seen[name] = true
		a.t.variables = append(a.t.variables, variable{name, a.cols.source(name)})
	}
}

// hook is a node that runs h, in the place of the node whose token is given.
func (t *template) hook(tok parser.Token, h hook) *render.TagNode {
	n := hookNode()
	n.Token = tok
	n.Args = fmt.Sprint(len(t.hooks))
	t.hooks[n.Args] = h
	return &n
}

// oneLine is text without line breaks, as it must be in a subject; those of the template's own
// layout are no injection.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(s)
}
