// Command worker runs Dripline's Temporal worker, and with --embedded everything it needs beside it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/dripline/dripline/internal/program"
	"github.com/dripline/dripline/worker/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(cli.Run(ctx, program.Process()))
}
