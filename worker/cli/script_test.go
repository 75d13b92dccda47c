package cli_test

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/scripted"
	"github.com/dripline/dripline/worker/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"worker": func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		context.AfterFunc(ctx, stop)
		os.Exit(cli.Run(ctx, program.Process()))
	}})
}

// The scripts are the specification of the command line.
func TestScripts(t *testing.T) {
	scripted.Run(t, "testdata/script")
}
