// Package internal_test holds the tree to the table of who may import whom. A rule that no test keeps
// is a wish: workflow code that imports "os" cannot be replayed, and a planner that imports a
// database cannot be tried over a million random inputs.
package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	module = "github.com/dripline/dripline/"
	sdk    = "go.temporal.io/sdk/"
	api    = "go.temporal.io/api/"
)

// A rule says what the files of a folder, and of the folders below it, may import. Test files are
// free. Entries are import paths; one that ends in a slash stands for all below it.
type rule struct {
	ours   []string // of this module, without its name
	theirs []string // of others; of the standard library what pure code would otherwise not get
	// pure code has no way to the world outside of it, so it does the same wherever it runs.
	pure bool
}

// rules are the architecture. The longest folder that matches counts.
var rules = map[string]rule{
	"workflows":  {ours: []string{"internal/drip"}, theirs: []string{sdk}, pure: true},
	"activities": {ours: []string{"internal/"}, theirs: []string{sdk}},
	"starter":    {ours: []string{"internal/", "starter/", "worker/engine", "activities", "workflows"}, theirs: []string{"github.com/spf13/cobra", sdk, api, "google.golang.org/grpc"}},
	"worker":     {ours: []string{"internal/", "worker/", "activities", "workflows"}, theirs: []string{"github.com/spf13/cobra", sdk, api}},

	"internal/drip":     {pure: true},
	"internal/calendar": {ours: []string{"internal/drip"}, theirs: []string{"sync/atomic"}, pure: true}, // it remembers days
	"internal/plan":     {ours: []string{"internal/drip", "internal/calendar"}, pure: true},
	"internal/roster":   {ours: []string{"internal/drip"}},
	"internal/message":  {ours: []string{"internal/drip"}, theirs: []string{"github.com/osteele/liquid/", "github.com/wneessen/go-mail", "golang.org/x/net/idna"}},
	"internal/smtp":     {ours: []string{"internal/drip"}, theirs: []string{"github.com/wneessen/go-mail/smtp"}},
	"internal/catcher":  {theirs: []string{"github.com/emersion/"}},
	"internal/config":   {ours: []string{"internal/drip"}, theirs: []string{"github.com/goccy/go-yaml", "github.com/goccy/go-yaml/"}},

	"internal/ledger":             {ours: []string{"internal/drip"}},
	"internal/ledger/sqlite":      {ours: []string{"internal/drip", "internal/ledger"}, theirs: []string{"github.com/pressly/goose/v3", "modernc.org/sqlite", "modernc.org/sqlite/lib"}},
	"internal/ledger/open":        {ours: []string{"internal/drip", "internal/ledger", "internal/ledger/"}},
	"internal/ledger/conformance": {ours: []string{"internal/drip", "internal/ledger"}, theirs: []string{"github.com/stretchr/testify/", "pgregory.net/rapid"}},

	"internal/embedded": {ours: []string{"internal/drip", "internal/embedded/"}, theirs: []string{
		"go.temporal.io/server/", "github.com/temporalio/ui-server/", api, "google.golang.org/", "modernc.org/sqlite",
	}},
	"internal/cluster": {ours: []string{"internal/drip", "workflows"}, theirs: []string{sdk, api}},
	"internal/show":    {ours: []string{"internal/drip"}, theirs: []string{"github.com/jedib0t/go-pretty/", "golang.org/x/term"}},
	"internal/program": {ours: []string{"internal/drip", "internal/show"}, theirs: []string{"github.com/spf13/cobra", "golang.org/x/term"}},
}

// forTests are imported by tests only, and free like them.
var forTests = []string{"internal/e2e", "internal/scripted"}

// outside are the standard library's ways out of pure code, each with all below it.
var outside = []string{
	"os", "net", "sync", "database/sql", "math/rand", "crypto/rand", "syscall", "unsafe", "runtime", "plugin", "log",
}

func TestEveryPackageImportsOnlyWhatItMay(t *testing.T) {
	t.Parallel()
	for file, source := range sources(t, parser.ImportsOnly) {
		folder := path.Dir(file)
		r, ok := ruleOf(folder)
		require.Truef(t, ok, "%s: no rule says what it may import: add one", folder)
		for _, spec := range source.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			require.NoError(t, err)
			require.Truef(t, r.allows(imported), "%s imports %s, which its rule does not allow", file, imported)
			require.NotContainsf(t, forTests, strings.TrimPrefix(imported, module), "%s imports what is for tests", file)
		}
	}
}

func TestEveryRuleIsOfAFolder(t *testing.T) {
	t.Parallel()
	for folder := range rules {
		require.DirExists(t, filepath.Join("..", folder))
	}
}

// worldly are the names by which a program reaches its arguments, environment, streams and clock.
var worldly = map[string][]string{
	"os":   {"Args", "Getenv", "LookupEnv", "Environ", "Stdin", "Stdout", "Stderr", "Exit"},
	"time": {"Now", "Since", "Until", "Local"},
}

// worldlyFiles may say them, each for its reason.
var worldlyFiles = map[string]string{
	"starter/main.go":                "a main ends its process",
	"worker/main.go":                 "a main ends its process",
	"internal/program/program.go":    "hands the world to the mains",
	"activities/clock.go":            "is the wall clock that is handed in",
	"internal/smtp/deliver.go":       "deadlines of sockets are in the kernel's time",
	"internal/smtp/pool.go":          "time.Now is a default that callers replace",
	"internal/catcher/catcher.go":    "time.Now is a default that callers replace",
	"starter/rehearsal/rehearsal.go": "reports of a run whose clock is that of its own server",
}

func TestTheWorldIsHandedIn(t *testing.T) {
	t.Parallel()
	for file, source := range sources(t, parser.SkipObjectResolution) {
		if worldlyFiles[file] != "" {
			continue
		}
		ast.Inspect(source, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := selector.X.(*ast.Ident); ok {
				require.NotContainsf(t, worldly[pkg.Name], selector.Sel.Name,
					"%s uses %s.%s: have it handed in", file, pkg.Name, selector.Sel.Name)
			}
			return true
		})
	}
}

func ruleOf(folder string) (rule, bool) {
	for ; folder != "."; folder = path.Dir(folder) {
		if r, ok := rules[folder]; ok {
			return r, true
		}
	}
	return rule{}, false
}

func (r rule) allows(imported string) bool {
	if name, ok := strings.CutPrefix(imported, module); ok {
		return matches(r.ours, name)
	}
	if matches(r.theirs, imported) {
		return true
	}
	if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
		return false
	}
	return !r.pure || !slices.ContainsFunc(outside, func(way string) bool {
		return imported == way || strings.HasPrefix(imported, way+"/")
	})
}

func matches(entries []string, imported string) bool {
	return slices.ContainsFunc(entries, func(entry string) bool {
		return imported == entry || strings.HasSuffix(entry, "/") && strings.HasPrefix(imported, entry)
	})
}

// sources are the parsed files of the module that are no tests, by their names from its top.
func sources(t *testing.T, mode parser.Mode) map[string]*ast.File {
	t.Helper()
	files := map[string]*ast.File{}
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() != ".." && strings.HasPrefix(entry.Name(), ".")):
			return filepath.SkipDir
		case slices.Contains(forTests, strings.TrimPrefix(filepath.ToSlash(path.Dir(name)), "../")):
			return nil
		case !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := parser.ParseFile(token.NewFileSet(), name, nil, mode)
		files[strings.TrimPrefix(filepath.ToSlash(name), "../")] = source
		return err
	})
	require.NoError(t, err)
	require.Contains(t, slices.Collect(maps.Keys(files)), "workflows/sequence.go")
	return files
}
