package program

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dripline/dripline/internal/show"
)

// End runs a program in its world, says what went wrong, and returns the exit status.
func End(ctx context.Context, w World, run func(World) error) int {
	out := &output{to: w.Stdout}
	w.Stdout = out
	err := run(w)
	switch {
	case err == nil && out.err != nil:
		err = fmt.Errorf("write the output: %w", out.err)
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		err = errors.New("interrupted")
	}
	if err != nil {
		show.Error(w.Stderr, err, w.ErrStyle)
	}
	return Status(err)
}

// output remembers that data could not be written: a full disk must not look like success.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}
