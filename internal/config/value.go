package config

import (
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// kind is what a value of a file looks like; its words are used in errors.
type kind string

const (
	kindText   kind = "text"
	kindNumber kind = "a number"
	kindBool   kind = "true or false"
	kindNull   kind = "nothing"
	kindMap    kind = "a group of keys"
	kindList   kind = "a list"
)

// value is one value of a file, with its place. Values are never changed, so that an alias shares
// what its anchor made instead of copying it.
type value struct {
	key     string // the key it stands under; for an item, that of its list
	line    int
	begins  int // the line its text begins on: below line where it is written as a block
	kind    kind
	text    string // of text, numbers and truth values, as written
	entries []entry
	items   []value
}

// entry is one key of a map.
type entry struct {
	key   string
	line  int
	value value
}

// problem is an InputError at the value's line.
func (v value) problem(fix, format string, args ...any) error {
	return problem(v.line, fix, format, args...)
}

// mismatch says that the value is of another kind than wanted.
func (v value) mismatch(wanted, fix string) error {
	what := v.key
	if what == "" {
		what = "the file"
	}
	if v.kind == kindNull {
		return v.problem(fix+", or delete the line", "%s has no value; it must be %s", what, wanted)
	}
	return v.problem(fix, "%s must be %s, not %s", what, wanted, v.kind)
}

// converter makes values of the parser's nodes.
type converter struct {
	anchors map[string]value
	merges  int // entries that merge keys may still copy
}

func (c *converter) convert(node ast.Node, key string) (value, error) {
	v := value{key: key, line: lineOf(node)}
	v.begins = v.line
	switch n := node.(type) {
	case *ast.NullNode:
		v.kind = kindNull
	case *ast.BoolNode:
		v.kind, v.text = kindBool, n.GetToken().Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		v.kind, v.text = kindNumber, n.GetToken().Value
	case *ast.StringNode:
		v.kind, v.text = kindText, n.Value
	case *ast.LiteralNode:
		v.kind, v.text, v.begins = kindText, n.Value.Value, v.line+1
	case *ast.SequenceNode:
		return c.list(v, n)
	case *ast.MappingNode:
		return c.mapping(v, n.Values)
	case *ast.MappingValueNode:
		return c.mapping(v, []*ast.MappingValueNode{n})
	case *ast.AnchorNode:
		return c.anchor(v, n)
	case *ast.AliasNode:
		return c.alias(v, n)
	default: // tags, and what else YAML can do
		return v, v.problem("write the plain value", "uses a YAML feature that is not used here")
	}
	return v, nil
}

func (c *converter) list(v value, n *ast.SequenceNode) (value, error) {
	v.kind = kindList
	for _, node := range n.Values {
		item, err := c.convert(node, v.key)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
	}
	return v, nil
}

func (c *converter) mapping(v value, nodes []*ast.MappingValueNode) (value, error) {
	v.kind = kindMap
	var merged []value
	for _, node := range nodes {
		e := entry{line: lineOf(node.Key)}
		switch node.Key.(type) {
		case *ast.MergeKeyNode:
			sources, err := c.mergeSources(node.Value)
			if err != nil {
				return v, err
			}
			merged = append(merged, sources...)
			continue
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
			e.key = node.Key.GetToken().Value
		default:
			return v, problem(e.line, "write the key as a plain word", "a key must be a word")
		}
		var err error
		if e.value, err = c.convert(node.Value, e.key); err != nil {
			return v, err
		}
		v.entries = append(v.entries, e)
	}
	if len(v.entries) > 0 {
		v.line = v.entries[0].line
	}
	return c.merge(v, merged)
}

// mergeSources are the maps that a merge key (<<) brings in.
func (c *converter) mergeSources(node ast.Node) ([]value, error) {
	v, err := c.convert(node, "<<")
	if err != nil {
		return nil, err
	}
	sources := []value{v}
	if v.kind == kindList {
		sources = v.items
	}
	for _, s := range sources {
		if s.kind != kindMap {
			return nil, s.mismatch(string(kindMap), "write <<: *name, with the name of an anchor")
		}
	}
	return sources, nil
}

// merge adds the entries of the sources whose keys the map does not have yet.
func (c *converter) merge(v value, sources []value) (value, error) {
	for _, s := range sources {
		if c.merges -= len(s.entries); c.merges < 0 {
			return v, v.problem("write the keys out", "merges too many keys")
		}
		for _, e := range s.entries {
			if !slices.ContainsFunc(v.entries, func(own entry) bool { return own.key == e.key }) {
				v.entries = append(v.entries, e)
			}
		}
	}
	return v, nil
}

func (c *converter) anchor(v value, n *ast.AnchorNode) (value, error) {
	made, err := c.convert(n.Value, v.key)
	if err != nil {
		return v, err
	}
	// Known only from here on, so nothing can contain itself.
	c.anchors[n.Name.GetToken().Value] = made
	return made, nil
}

func (c *converter) alias(v value, n *ast.AliasNode) (value, error) {
	made, ok := c.anchors[n.Value.GetToken().Value]
	if !ok {
		return v, v.problem("define the anchor (&name) above, or put a text that begins with * in quotes",
			"refers to an anchor that is not defined before")
	}
	made.key = v.key
	return made, nil
}
