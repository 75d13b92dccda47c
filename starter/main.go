// Command starter is Dripline's command line: preview, engage, steer, report.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/starter/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Run(ctx, program.Process()))
}
