package message

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dripline/dripline/internal/drip"
)

// field is one of the three templates of a step.
type field int

const (
	subjectField field = iota
	textField
	htmlField
	fieldCount
)

var fieldNames = [fieldCount]string{"subject", "text", "html"}

func (f field) String() string { return fieldNames[f] }

// of is the field's source in a step of the sequence.
func (f field) of(s drip.Step) string { return [fieldCount]string{s.Subject, s.Text, s.HTML}[f] }

// source says where a variable's value comes from: the index of a column, or one of these.
type source int

const (
	fromNowhere source = -1 - iota // no column has it
	fromEmail                      // the contact's address
	fromSender                     // the account that writes
)

// columns says what the columns of a contacts file are to the templates.
type columns struct {
	names     []string
	sources   map[string]source       // of every name that a template may use
	ambiguous map[string]*ColumnError // names that several columns would have
	overrides [][fieldCount]int       // for each step; -1 where there is none
}

var overrideColumn = regexp.MustCompile(`(?i)^step([0-9]+)\.(.*)$`)

func newColumns(names []string, steps int) (*columns, error) {
	c := &columns{
		names:     names,
		sources:   map[string]source{"email": fromEmail, "sender": fromSender},
		ambiguous: map[string]*ColumnError{},
		overrides: make([][fieldCount]int, steps),
	}
	for i := range c.overrides {
		c.overrides[i] = [fieldCount]int{-1, -1, -1}
	}
	var variables []int
	for i, name := range names {
		m := overrideColumn.FindStringSubmatch(name)
		if m == nil {
			variables = append(variables, i)
			continue
		}
		if err := c.addOverride(i, m[1], m[2]); err != nil {
			return nil, err
		}
	}
	c.addVariables(variables)
	return c, nil
}

// addVariables gives every column its own name, and the plain form of it where that is still free.
func (c *columns) addVariables(indexes []int) {
	for _, i := range indexes {
		c.sources[c.names[i]] = source(i)
	}
	taken := map[string]int{}
	for _, i := range indexes {
		plain := Variable(c.names[i])
		if first, ok := taken[plain]; ok {
			c.ambiguous[plain] = &ColumnError{c.names[i],
				fmt.Sprintf("and column %s are both %s in templates; rename one of them", c.names[first], plain)}
			continue
		}
		if _, ok := c.sources[plain]; !ok {
			c.sources[plain] = source(i)
			taken[plain] = i
		}
	}
}

func (c *columns) addOverride(index int, step, name string) error {
	column := c.names[index]
	n, err := strconv.Atoi(step)
	if err != nil || n < 1 || n > len(c.overrides) {
		return &ColumnError{column, fmt.Sprintf("is for a step that does not exist: the sequence has %d", len(c.overrides))}
	}
	for f, known := range fieldNames {
		if !strings.EqualFold(name, known) {
			continue
		}
		if c.overrides[n-1][f] >= 0 {
			return &ColumnError{column, "is there twice"}
		}
		c.overrides[n-1][f] = index
		return nil
	}
	return &ColumnError{column, fmt.Sprintf("replaces nothing: use step%d.subject, step%d.text or step%d.html", n, n, n)}
}

// source says where a variable of a template comes from.
func (c *columns) source(variable string) source {
	if s, ok := c.sources[variable]; ok {
		return s
	}
	return fromNowhere
}

// Variable is the name by which a template can use a column whatever characters its own name has:
// lower case, runs of what Liquid cannot use as one _, and none at the ends. "First Name" is
// first_name.
func Variable(column string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(column) {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			gap = true
			continue
		}
		if gap && b.Len() > 0 || b.Len() == 0 && r <= '9' {
			b.WriteByte('_')
		}
		gap = false
		b.WriteRune(r)
	}
	return b.String()
}
