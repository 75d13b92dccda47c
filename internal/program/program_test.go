package program_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/program"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	log := program.Logger(&b).With("queue", "dripline").WithGroup("call")
	log.Info("started")
	log.Warn("given up", "error", fmt.Errorf("poll: %w", context.Canceled))
	log.Warn("given up", "Error", context.Canceled.Error())
	require.Empty(t, b.String())
	log.Warn("broken", "error", errors.New("no disk"))
	log.Warn("slow", "seconds", 3)
	require.Equal(t, 2, strings.Count(b.String(), "level=WARN"))
	require.Contains(t, b.String(), `msg=broken queue=dripline call.error="no disk"`)
}

func TestStatus(t *testing.T) {
	t.Parallel()
	require.Equal(t, program.Done, program.Status(nil))
	require.Equal(t, program.Failed, program.Status(errors.New("lost")))
	input := &drip.InputError{Problem: "wrong"}
	require.Equal(t, program.Usage, program.Status(fmt.Errorf("read: %w", input)))
	require.Equal(t, program.Usage, program.Status(errors.Join(input, input)))
}

func TestArguments(t *testing.T) {
	t.Parallel()
	root := &cobra.Command{Use: "starter"}
	list := &cobra.Command{Use: "list", Run: func(*cobra.Command, []string) {}}
	plan := &cobra.Command{Use: "plan ID", Run: func(*cobra.Command, []string) {}}
	root.AddCommand(list, plan)
	for _, c := range []struct {
		name    string
		check   cobra.PositionalArgs
		command *cobra.Command
		args    []string
		problem string // empty: they are right
		fix     string
	}{
		{"none, as it should be", program.NoArgs, list, nil, "", ""},
		{"one too many", program.NoArgs, list, []string{"all"}, `starter list takes no arguments, but got "all"`, "usage: starter list"},
		{"a misspelled command", program.NoArgs, root, []string{"lst"}, `starter has no command "lst"`, "did you mean list? Else see `starter --help`"},
		{"an unknown command", program.NoArgs, root, []string{"frobnicate"}, `starter has no command "frobnicate"`, "see `starter --help`"},
		{"as many as needed", program.ExactArgs(1), plan, []string{"a"}, "", ""},
		{"none of one", program.ExactArgs(1), plan, nil, "starter plan needs ID, but got none", "usage: starter plan ID"},
		{"two of one", program.ExactArgs(1), plan, []string{"a", "b"}, `starter plan needs ID, but got 2: ["a" "b"]`, "usage: starter plan ID"},
		{"more than the least", program.MinimumArgs(1), plan, []string{"a", "b"}, "", ""},
		{"fewer than the least", program.MinimumArgs(1), plan, nil, "starter plan needs ID, but got none", "usage: starter plan ID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.check(c.command, c.args)
			if c.problem == "" {
				require.NoError(t, err)
				return
			}
			var input *drip.InputError
			require.ErrorAs(t, err, &input)
			require.Equal(t, c.problem, input.Problem)
			require.Equal(t, c.fix, input.Fix)
		})
	}
}
