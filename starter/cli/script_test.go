package cli_test

import (
	"context"
	"os"
	"os/signal"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/internal/scripted"
	starter "github.com/dripline/dripline/starter/cli"
	worker "github.com/dripline/dripline/worker/cli"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"starter": func() { run(starter.Run) },
		"worker":  func() { run(worker.Run) },
	})
}

// run is a program's main.
func run(main func(context.Context, program.World) int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	context.AfterFunc(ctx, stop)
	os.Exit(main(ctx, program.Process()))
}

// The scripts are the specification of the command line.
func TestScripts(t *testing.T) {
	scripted.Run(t, "testdata/script")
}
