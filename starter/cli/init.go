package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/show"
	"github.com/dripline/dripline/starter/example"
)

func (a *app) init() *cobra.Command {
	c := &cobra.Command{
		Use:   "init DIR",
		Short: "Write example files to begin with: team, sequence, contacts",
		Args:  program.ExactArgs(1),
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		paths, err := example.Write(args[0])
		if err != nil {
			return err
		}
		if a.json {
			return show.JSON(a.Stdout, paths)
		}
		for _, path := range paths {
			fmt.Fprintln(a.Stdout, path)
		}
		a.say("Next: edit them, then\n  starter preview %s %s --team %s --from owners", paths[1], paths[2], paths[0])
		return nil
	}
	return c
}
