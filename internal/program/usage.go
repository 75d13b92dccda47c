package program

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
)

// FlagError makes a wrong flag an input error.
func FlagError(c *cobra.Command, err error) error {
	input := &drip.InputError{Problem: err.Error(), Fix: fmt.Sprintf("see `%s --help`", c.CommandPath())}
	// How Go reads numbers is nothing to tell a user.
	if number := (*strconv.NumError)(nil); errors.As(err, &number) {
		input.Problem = strings.TrimSuffix(input.Problem, ": "+number.Error())
		if number.Func != "ParseBool" {
			input.Fix = "give a whole number"
		}
	}
	return input
}

// NoArgs is for a command without arguments. Where it has subcommands, an argument is one of them
// that is misspelled.
func NoArgs(c *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case c.HasSubCommands():
		return noCommand(c, args[0])
	}
	return &drip.InputError{Problem: fmt.Sprintf("%s takes no arguments, but got %q", c.CommandPath(), args[0]), Fix: usage(c)}
}

// ExactArgs is for a command with n arguments.
func ExactArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return wrongArgs(c, args)
		}
		return nil
	}
}

// MinimumArgs is for a command with n arguments or more.
func MinimumArgs(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < n {
			return wrongArgs(c, args)
		}
		return nil
	}
}

// wrongArgs says what a command needs, in the words of its usage line, and how many it got.
func wrongArgs(c *cobra.Command, args []string) error {
	_, names, _ := strings.Cut(c.Use, " ")
	got := "got none"
	if n := len(args); n > 0 {
		got = fmt.Sprintf("got %d: %q", n, args)
	}
	return &drip.InputError{Problem: fmt.Sprintf("%s needs %s, but %s", c.CommandPath(), names, got), Fix: usage(c)}
}

func noCommand(c *cobra.Command, name string) error {
	fix := fmt.Sprintf("see `%s --help`", c.CommandPath())
	c.SuggestionsMinimumDistance = 2
	if similar := c.SuggestionsFor(name); len(similar) > 0 {
		fix = fmt.Sprintf("did you mean %s? Else %s", strings.Join(similar, " or "), fix)
	}
	return &drip.InputError{Problem: fmt.Sprintf("%s has no command %q", c.CommandPath(), name), Fix: fix}
}

func usage(c *cobra.Command) string { return "usage: " + c.UseLine() }
