package program

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/drip"
)

// FlagError makes a wrong flag an input error.
func FlagError(c *cobra.Command, err error) error {
	return &drip.InputError{Problem: err.Error(), Fix: fmt.Sprintf("see `%s --help`", c.CommandPath())}
}

// Args makes a wrong number of arguments an input error.
func Args(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := check(c, args); err != nil {
			return &drip.InputError{Problem: err.Error(), Fix: fmt.Sprintf("usage: %s", c.UseLine())}
		}
		return nil
	}
}
