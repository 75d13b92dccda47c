package program

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWrittenIsNoSuccess(t *testing.T) {
	t.Parallel()
	var talk strings.Builder
	status := End(t.Context(), World{Stdout: fullDisk{}, Stderr: &talk}, func(w World) error {
		fmt.Fprintln(w.Stdout, "data")
		return nil
	})
	require.Equal(t, Failed, status)
	require.Equal(t, "error: write the output: no space left\n", talk.String())
}

func TestInterruptedIsSaidInOneWord(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var talk strings.Builder
	status := End(ctx, World{Stdout: &strings.Builder{}, Stderr: &talk}, func(World) error {
		cancel()
		return fmt.Errorf("read this and that: %w", ctx.Err())
	})
	require.Equal(t, Failed, status)
	require.Equal(t, "error: interrupted\n", talk.String())
}
