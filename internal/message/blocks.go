package message

import (
	"fmt"
	"strings"

	"github.com/osteele/liquid/render"
)

// block walks over `{% tag %}…{% endtag %}`.
func (a *analysis) block(n *render.BlockNode) (render.Node, error) {
	if a.depth++; a.depth > maxDepth {
		return nil, flawf(n.SourceLoc.LineNo, "more than %d blocks in each other", maxDepth)
	}
	defer func() { a.depth-- }()
	switch n.Name {
	case "if", "unless":
		return n, a.conditional(n)
	case "case":
		return n, a.choice(n)
	case "for", "tablerow":
		return n, a.loop(n)
	case "capture":
		return a.capture(n)
	default:
		return nil, flawf(n.SourceLoc.LineNo, "undefined tag %q", n.Name)
	}
}

// under walks over the body of a block that is entered only where guards hold.
func (a *analysis) under(guards []guard, body []render.Node) error {
	kept := a.guards
	a.guards = append(a.here(), guards...)
	err := a.sequence(body)
	a.guards = kept
	return err
}

func (a *analysis) conditional(n *render.BlockNode) error {
	c, err := parse(n.Args, readCondition)
	if err != nil {
		return flawf(n.SourceLoc.LineNo, "%s", err)
	}
	if err := a.check(n.Token, c); err != nil {
		return err
	}
	yes, no := a.guardsOf(c)
	if n.Name == "unless" {
		yes, no = no, yes
	}
	if err := a.under(yes, n.Body); err != nil {
		return err
	}
	before := no
	for _, clause := range n.Clauses {
		if clause.Name == "elsif" {
			c, err := parse(clause.Args, readCondition)
			if err != nil {
				return flawf(clause.SourceLoc.LineNo, "%s", err)
			}
			if err := a.check(clause.Token, c); err != nil {
				return err
			}
			yes, no = a.guardsOf(c)
		} else {
			yes, no = nil, nil
		}
		if err := a.under(append(before[:len(before):len(before)], yes...), clause.Body); err != nil {
			return err
		}
		before = append(before[:len(before):len(before)], no...)
	}
	return nil
}

// choice walks over `case`. Which clause is taken, only a run can tell; what stands before the first
// is never written.
func (a *analysis) choice(n *render.BlockNode) error {
	c, err := parse(n.Args, readCondition)
	if err != nil {
		return flawf(n.SourceLoc.LineNo, "%s", err)
	}
	if err := a.check(n.Token, c); err != nil {
		return err
	}
	n.Body = nil
	for _, clause := range n.Clauses {
		if clause.Name == "when" {
			whens, err := parse(clause.Args, readOperands)
			if err != nil {
				return flawf(clause.SourceLoc.LineNo, "%s", err)
			}
			for i := range whens {
				if err := a.check(clause.Token, &whens[i]); err != nil {
					return err
				}
			}
		}
		if err := a.under([]guard{{kind: unknown}}, clause.Body); err != nil {
			return err
		}
	}
	return nil
}

func (a *analysis) loop(n *render.BlockNode) error {
	l, err := parse(n.Args, readLoop)
	if err != nil {
		return flawf(n.SourceLoc.LineNo, "%s", err)
	}
	if err := a.check(n.Token, &l.over); err != nil {
		return err
	}
	for i := range l.options {
		if err := a.check(n.Token, &l.options[i]); err != nil {
			return err
		}
	}
	if len(n.Clauses) > 1 {
		return flawf(n.Clauses[1].SourceLoc.LineNo, "a loop has one else at most")
	}
	if problem := tooLong(l.over.base); problem != "" {
		return flawf(n.SourceLoc.LineNo, "%s", problem)
	}
	a.t.fallible = true
	outer, shadowed := a.locals[l.variable]
	a.locals[l.variable] = nil
	a.loops++
	err = a.under([]guard{{kind: unknown}}, n.Body)
	a.loops--
	if delete(a.locals, l.variable); shadowed {
		a.locals[l.variable] = outer
	}
	if err != nil {
		return err
	}
	for _, clause := range n.Clauses {
		if err := a.under([]guard{{kind: unknown}}, clause.Body); err != nil {
			return err
		}
	}
	tick := a.t.hook(n.Token, tickHook(sourceSize(n.Body)))
	n.Body = append([]render.Node{tick}, n.Body...)
	return nil
}

// maxRange is the longest range that a template may write down. Those it works out meet the budget
// of the run.
const maxRange = 10_000

// tooLong says what is wrong with a range of two written numbers that nobody can mean.
func tooLong(o operand) string {
	if o.lo == nil {
		return ""
	}
	var lo, hi int
	if _, err := fmt.Sscan(o.lo.literal, &lo); err != nil {
		return ""
	}
	if _, err := fmt.Sscan(o.hi.literal, &hi); err != nil || hi < lo || uint(hi-lo) < maxRange {
		return ""
	}
	return fmt.Sprintf("the loop over (%d..%d) is too long: at most %d rounds", lo, hi, maxRange)
}

// sourceSize is how much text there is to work through in nodes.
func sourceSize(nodes []render.Node) int {
	size := 0
	for _, n := range nodes {
		switch n := n.(type) {
		case *render.TextNode:
			size += len(n.Source)
		case *render.TagNode:
			size += len(n.Source)
		case *render.SeqNode:
			size += sourceSize(n.Children)
		case *render.BlockNode:
			size += len(n.Source) + sourceSize(n.Body)
			for _, c := range n.Clauses {
				size += len(c.Source) + sourceSize(c.Body)
			}
		}
	}
	return size
}

// capture walks over `capture`. What it has captured in HTML is HTML already.
func (a *analysis) capture(n *render.BlockNode) (render.Node, error) {
	name := strings.TrimSpace(n.Args)
	if !isName(name) {
		return nil, flawf(n.SourceLoc.LineNo, "capture needs the name of a variable")
	}
	// What is captured is not written at this place.
	solid := a.t.solid
	if err := a.sequence(n.Body); err != nil {
		return nil, err
	}
	a.t.solid = solid
	a.assign(name, nil)
	captured := a.t.hook(n.Token, capturedHook(name))
	return &render.SeqNode{Children: []render.Node{n, captured}}, nil
}

// guardsOf says what holds for the columns where a condition is true, and where it is not. It knows
// tests for text (`company`, `company != blank`) and their `and`.
func (a *analysis) guardsOf(c *condition) (yes, no []guard) {
	for _, t := range c.terms {
		yes = append(yes, a.guardOf(t))
	}
	if c.or {
		yes = []guard{{kind: unknown}}
	}
	if len(yes) != 1 {
		return yes, []guard{{kind: unknown}}
	}
	opposite := map[guardKind]guardKind{present: absent, absent: present}
	return yes, []guard{{opposite[yes[0].kind], yes[0].source}}
}

func (a *analysis) guardOf(c comparison) guard {
	o := c.left.base
	if _, local := a.locals[o.root]; local || o.root == "" || o.path != o.root || len(c.left.filters) > 0 {
		return guard{kind: unknown}
	}
	src := a.cols.source(o.root)
	nothing := c.right.literal == "nil" || c.right.literal == `""` || c.right.literal == `''` ||
		(c.right.path == "blank" || c.right.path == "empty") && a.cols.source(c.right.path) == fromNowhere
	switch {
	case c.op == "", c.op == "!=" && nothing:
		return guard{present, src}
	case c.op == "==" && nothing:
		return guard{absent, src}
	default:
		return guard{kind: unknown}
	}
}
