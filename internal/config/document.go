package config

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/dripline/dripline/internal/drip"
)

// Bounds of a file. The parser recurses once a level and takes quadratic time in the tokens of one
// list or map, so both are counted before it runs. Merge keys are the one thing that could make more
// of a file than it holds.
const (
	maxFile   = 1 << 20
	maxTokens = 100_000
	maxDepth  = 32
	maxMerged = 20_000
)

// parseDocument turns the one YAML document of a file into a value. Errors have no file name yet.
func parseDocument(data []byte) (value, error) {
	text, err := checkText(data)
	if err != nil {
		return value{}, err
	}
	file, err := parseText(text)
	if err != nil {
		return value{}, err
	}
	body, err := onlyBody(file)
	if err != nil {
		return value{}, err
	}
	c := converter{anchors: map[string]value{}, merges: maxMerged}
	return c.convert(body, "")
}

// checkText refuses what is no text of ours, and returns it without byte order mark and with line
// feeds only.
func checkText(data []byte) (string, error) {
	if len(data) > maxFile {
		return "", problem(0, "write less: a file of this kind has a few kilobytes", "is larger than %d KiB", maxFile>>10)
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return "", problem(1, "save the file as UTF-8", "is UTF-16")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return "", problem(i+1, "save the file as UTF-8", "is not UTF-8")
		}
		if at := bytes.IndexFunc(line, isControl); at >= 0 {
			r, _ := utf8.DecodeRune(line[at:])
			return "", problem(i+1, "delete the character, or write it as an escape in double quotes",
				"has the control character U+%04X", r)
		}
	}
	return string(data), nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f || r == 0xfeff }

// checkTokens bounds what the parser has to do. Levels begun by indentation need no counting: a file
// is too short for many of them. Those begun on one line, or in brackets, are.
func checkTokens(tokens token.Tokens) error {
	if len(tokens) > maxTokens {
		return problem(0, "write less: a team of a thousand accounts has half of that", "has more than %d words and signs", maxTokens)
	}
	brackets, line, opened := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, opened = t.Position.Line, 0
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			opened++
		}
		if brackets > maxDepth || opened > maxDepth {
			return problem(line, "write it as the example files have it", "is nested more than %d levels deep", maxDepth)
		}
	}
	return nil
}

// onlyBody is the content of a file that must have exactly one document.
func onlyBody(file *ast.File) (ast.Node, error) {
	var body ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case doc.Body.Type() == ast.DirectiveType:
			return nil, problem(lineOf(doc.Body), "delete the line", "YAML directives are not used here")
		case body != nil:
			return nil, problem(lineOf(doc.Body), "delete the line --- and what follows, or make it a file of its own",
				"a second YAML document begins here")
		default:
			body = doc.Body
		}
	}
	if body == nil {
		return nil, problem(0, "begin with the example files: starter init DIR", "is empty")
	}
	return body, nil
}

// parseText runs the parser within the bounds. A file it panics on is a file it cannot read.
func parseText(text string) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			file, err = nil, syntaxError(text, errors.New("the parser gave up"))
		}
	}()
	tokens := lexer.Tokenize(text)
	if err := checkTokens(tokens); err != nil {
		return nil, err
	}
	if file, err = parser.Parse(tokens, 0); err != nil {
		return nil, syntaxError(text, err)
	}
	return file, nil
}

// syntaxError says what the parser said, without the source line it would show: a secret may be on it.
func syntaxError(text string, err error) error {
	line, what := 0, "cannot be understood"
	var syntax yaml.Error
	if errors.As(err, &syntax) {
		what = syntax.GetMessage()
		if t := syntax.GetToken(); t != nil && t.Position != nil {
			line = t.Position.Line
		}
	}
	if at := tabIndent(text, line); at > 0 {
		return problem(at, "indent with spaces", "is indented with a tab, which YAML does not allow")
	}
	return problem(line, `check the indentation, and put values with any of : # { } [ ] " ' in quotes`, "is not valid YAML: %s", what)
}

// tabIndent is the first line, at or after the one given, whose indentation holds a tab; 0 if none.
func tabIndent(text string, from int) int {
	for i, line := range bytes.Split([]byte(text), []byte("\n")) {
		content := bytes.TrimLeft(line, " \t")
		if i+1 >= from && len(content) > 0 && bytes.ContainsRune(line[:len(line)-len(content)], '\t') {
			return i + 1
		}
	}
	return 0
}

// problem is an InputError whose file is not known yet.
func problem(line int, fix, format string, args ...any) *drip.InputError {
	return &drip.InputError{Line: line, Problem: fmt.Sprintf(format, args...), Fix: fix}
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}
