package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
)

func (a *app) blocklist() *cobra.Command {
	c := &cobra.Command{
		Use:   "blocklist",
		Short: "Addresses and domains that are never written to",
		Args:  program.NoArgs,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		a.blocklistChange("add ADDRESS|DOMAIN…", "Never write to these again, also in engagements that run", "added", program.MinimumArgs(1), asGiven, a.block),
		a.blocklistChange("remove ADDRESS|DOMAIN…", "Allow these again", "removed", program.MinimumArgs(1), asGiven, unblock),
		a.blocklistChange("import FILE", "Add every line of a file", "added", program.ExactArgs(1), fromFile, a.block),
		a.blocklistList(),
	)
	return c
}

// entry is one blocklist entry and where it was given.
type entry struct {
	text string
	file string
	line int
}

func asGiven(args []string) ([]entry, error) {
	entries := make([]entry, len(args))
	for i, arg := range args {
		entries[i] = entry{text: arg, file: "blocklist"}
	}
	return entries, nil
}

// fromFile reads one entry a line; blank lines and what follows a # are left out.
func fromFile(args []string) ([]entry, error) {
	data, err := os.ReadFile(args[0])
	if err != nil {
		return nil, &drip.InputError{File: args[0], Problem: "the file cannot be read", Fix: "check its name and rights"}
	}
	var entries []entry
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")); text != "" {
			entries = append(entries, entry{text, args[0], n})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, &drip.InputError{File: args[0], Problem: "a line is too long", Fix: "put one address or domain on each line"}
	}
	return entries, nil
}

// normal is an entry as the blocklist keeps it: lower case, a domain without a leading @ or dot.
func (e entry) normal() (string, error) {
	text := strings.ToLower(strings.TrimSpace(e.text))
	if !strings.Contains(strings.TrimPrefix(text, "@"), "@") {
		text = strings.TrimLeft(text, "@.")
	}
	local, domain, isAddress := strings.Cut(text, "@")
	if !isAddress {
		domain = text
	}
	if strings.ContainsAny(text, " \t,;<>\"") || !strings.Contains(domain, ".") || strings.Contains(domain, "@") || isAddress && local == "" {
		return "", &drip.InputError{File: e.file, Line: e.line, Problem: fmt.Sprintf("%q is neither an address nor a domain", e.text),
			Fix: "write it as ann@acme.test or acme.test"}
	}
	return text, nil
}

func (a *app) block(ctx context.Context, l ledger.Ledger, entries []string) (int, error) {
	return l.Block(ctx, entries, a.Now())
}

func unblock(ctx context.Context, l ledger.Ledger, entries []string) (int, error) {
	return l.Unblock(ctx, entries)
}

// blocklistChange is a command that changes the blocklist by all of its entries, or by none.
func (a *app) blocklistChange(use, short, done string, args cobra.PositionalArgs,
	read func([]string) ([]entry, error), change func(context.Context, ledger.Ledger, []string) (int, error),
) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: args}
	c.RunE = func(c *cobra.Command, args []string) error {
		entries, err := read(args)
		if err != nil {
			return err
		}
		texts := make([]string, len(entries))
		for i, e := range entries {
			if texts[i], err = e.normal(); err != nil {
				return err
			}
		}
		l, err := a.openLedger(c.Context())
		if err != nil {
			return err
		}
		defer l.Close()
		n, err := change(c.Context(), l, texts)
		if err != nil {
			return err
		}
		if a.json {
			return show.JSON(a.Stdout, map[string]int{done: n})
		}
		fmt.Fprintf(a.Stdout, "%s: %d\n", done, n)
		return nil
	}
	return c
}

func (a *app) blocklistList() *cobra.Command {
	c := &cobra.Command{Use: "list", Short: "List what is blocked", Args: program.NoArgs}
	c.RunE = func(c *cobra.Command, _ []string) error {
		l, err := a.openLedger(c.Context())
		if err != nil {
			return err
		}
		defer l.Close()
		entries, err := l.Blocked(c.Context())
		if err != nil {
			return err
		}
		if a.json {
			return show.JSON(a.Stdout, entries)
		}
		for _, e := range entries {
			fmt.Fprintln(a.Stdout, e)
		}
		return nil
	}
	return c
}
