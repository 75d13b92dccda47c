package message

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// The library hides what an expression is made of. What has to be known before a template runs, which
// variables it reads, which filters it applies, what must not be blank, is read from the source text
// by this parser of the same grammar (the library's expressions.y and scanner.rl).

// condition is the whole of an expression: comparisons joined by and, or.
type condition struct {
	terms []comparison
	or    bool // at least one of the joints is an or
}

// comparison is `left op right`, or left alone where op is empty.
type comparison struct {
	left  chain
	op    string
	right operand
}

// chain is an operand with filters.
type chain struct {
	base    operand
	filters []call
}

// call is one filter with its arguments.
type call struct {
	name string
	args []operand
}

// operand is a variable, a literal, a range or an expression in brackets.
type operand struct {
	root    string     // the variable's name; empty for anything else
	path    string     // the variable with its properties, as written
	literal string     // as written, quotes included
	lo, hi  *operand   // of a range
	inner   *condition // in brackets
	index   []operand  // what stands in [ ]
}

// need is a variable that an expression writes.
type need struct {
	operand
	// fallback says that it is the argument of the last default: it matters only where the whole
	// expression comes out blank.
	fallback bool
}

// name is what the user should look for: the variable, or, where it has no such property, all that is
// written there.
func (o *operand) name(known bool) string {
	if known {
		return o.root
	}
	return o.path
}

// needs are the variables that must not be blank for the expression to be written as its author
// meant it: all that no default stands behind. A comparison writes true or false, and needs none.
func (c *condition) needs() []need {
	if len(c.terms) != 1 || c.terms[0].op != "" {
		return nil
	}
	return c.terms[0].left.needs()
}

func (c *chain) needs() []need {
	needs := c.base.needs()
	for _, f := range c.filters {
		var args []need
		for _, a := range f.args {
			args = append(args, a.needs()...)
		}
		if f.name != "default" {
			needs = append(needs, args...)
			continue
		}
		for i := range args {
			args[i].fallback = true
		}
		needs = args
	}
	return needs
}

func (o *operand) needs() []need {
	switch {
	case o.root != "":
		return []need{{operand: *o}}
	case o.inner != nil:
		return o.inner.needs()
	default:
		return nil
	}
}

// visitor sees every part of an expression; a nil function sees nothing.
type visitor struct {
	operand func(operand)
	filter  func(c *chain, i int) // the i-th filter of the chain
}

func (c *condition) visit(v visitor) {
	for _, t := range c.terms {
		t.left.visit(v)
		t.right.visit(v)
	}
}

func (c *chain) visit(v visitor) {
	c.base.visit(v)
	for i, f := range c.filters {
		v.filter(c, i)
		for _, a := range f.args {
			a.visit(v)
		}
	}
}

func (o *operand) visit(v visitor) {
	v.operand(*o)
	if o.lo != nil {
		o.lo.visit(v)
		o.hi.visit(v)
	}
	if o.inner != nil {
		o.inner.visit(v)
	}
	for i := range o.index {
		o.index[i].visit(v)
	}
}

var tokens = regexp.MustCompile(`^(?:\s+|"[^"]*"|'[^']*'|[A-Za-z_][A-Za-z0-9_-]*\??:?|\.[A-Za-z_][A-Za-z0-9_-]*\??|` +
	`-?[0-9]+(?:\.[0-9]+)?|\.\.|==|!=|<=|>=|[<>()\[\]|,=])`)

var errSyntax = errors.New("syntax error")

// lex cuts an expression into tokens, without the blanks between.
func lex(source string) ([]string, error) {
	var out []string
	for source != "" {
		tok := tokens.FindString(source)
		if tok == "" {
			return nil, fmt.Errorf("%w at %q", errSyntax, source)
		}
		source = source[len(tok):]
		if tok = strings.TrimSpace(tok); tok != "" {
			out = append(out, tok)
		}
	}
	return out, nil
}

// reader walks over tokens. A syntax error ends the walk by panic with errSyntax, which parse turns
// into an error: the library has accepted the syntax before, so this is the exception.
type reader struct{ toks []string }

func (r *reader) peek() string {
	if len(r.toks) == 0 {
		return ""
	}
	return r.toks[0]
}

func (r *reader) next() string {
	tok := r.peek()
	if tok == "" {
		panic(errSyntax)
	}
	r.toks = r.toks[1:]
	return tok
}

func (r *reader) take(tok string) bool {
	if r.peek() != tok {
		return false
	}
	r.toks = r.toks[1:]
	return true
}

func (r *reader) expect(tok string) {
	if !r.take(tok) {
		panic(errSyntax)
	}
}

// parse reads the whole of a source with one of the read functions below.
func parse[T any](source string, read func(*reader) T) (out T, err error) {
	toks, err := lex(source)
	if err != nil {
		return out, err
	}
	defer func() {
		if p := recover(); p == error(errSyntax) {
			err = fmt.Errorf("%w in %q", errSyntax, source)
		} else if p != nil {
			panic(p)
		}
	}()
	r := &reader{toks}
	out = read(r)
	if len(r.toks) > 0 {
		panic(errSyntax)
	}
	return out, nil
}

func readCondition(r *reader) *condition {
	c := &condition{terms: []comparison{readComparison(r)}}
	for r.peek() == "and" || r.peek() == "or" {
		if r.next() == "or" {
			c.or = true
		}
		c.terms = append(c.terms, readComparison(r))
	}
	return c
}

func readComparison(r *reader) comparison {
	c := comparison{left: readChain(r)}
	switch r.peek() {
	case "==", "!=", "<", ">", "<=", ">=", "contains":
		c.op = r.next()
		c.right = readOperand(r)
	}
	return c
}

func readChain(r *reader) chain {
	c := chain{base: readOperand(r)}
	for r.take("|") {
		name, hasArgs := strings.CutSuffix(r.next(), ":")
		f := call{name: name}
		if hasArgs {
			f.args = readOperands(r)
		}
		c.filters = append(c.filters, f)
	}
	return c
}

func readOperands(r *reader) []operand {
	out := []operand{readOperand(r)}
	for r.take(",") {
		out = append(out, readOperand(r))
	}
	return out
}

func readOperand(r *reader) operand {
	var o operand
	switch tok := r.next(); {
	case tok == "(":
		o = readBracket(r)
	case tok == "true" || tok == "false" || tok == "nil" || strings.IndexByte(`"'-0123456789`, tok[0]) >= 0:
		o.literal = tok
	case isName(tok):
		o.root, o.path = tok, tok
	default:
		panic(errSyntax)
	}
	for {
		switch tok := r.peek(); {
		case len(tok) > 1 && tok[0] == '.' && tok != "..":
			o.path += tok
			r.next()
		case tok == "[":
			r.next()
			o.index = append(o.index, readOperand(r))
			o.path += "[]"
			r.expect("]")
		default:
			return o
		}
	}
}

// readBracket reads a range or an expression, up to the closing bracket.
func readBracket(r *reader) operand {
	inner := readCondition(r)
	o := operand{inner: inner}
	if r.take("..") {
		lo, hi := inner.terms[0].left.base, readOperand(r)
		o = operand{lo: &lo, hi: &hi}
	}
	r.expect(")")
	return o
}

var names = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*\??$`)

func isName(tok string) bool {
	switch tok {
	case "and", "or", "contains", "in":
		return false
	}
	return names.MatchString(tok)
}

// loop is the head of `for` and `tablerow`.
type loop struct {
	variable string
	over     chain
	options  []operand // of limit, offset, cols
}

func readLoop(r *reader) loop {
	l := loop{variable: r.next()}
	r.expect("in")
	l.over = readChain(r)
	for r.peek() != "" {
		if strings.HasSuffix(r.next(), ":") {
			l.options = append(l.options, readOperand(r))
		}
	}
	return l
}

// assignment is `name = expression`.
type assignment struct {
	variable string
	value    *condition
}

func readAssignment(r *reader) assignment {
	a := assignment{variable: r.next()}
	r.expect("=")
	a.value = readCondition(r)
	return a
}
