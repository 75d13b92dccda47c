package embedded

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log/tag"
)

func TestLogger(t *testing.T) {
	t.Parallel()
	written := func() (*logger, *bytes.Buffer) {
		var b bytes.Buffer
		return newLogger(slog.New(slog.NewTextHandler(&b, nil))), &b
	}
	t.Run("passes warnings and errors on, with what they are about", func(t *testing.T) {
		t.Parallel()
		l, b := written()
		part := l.With(tag.NewStringTag("service", "history"))
		part.Warn("slow", tag.NewInt("seconds", 3))
		part.Error("broken")
		require.Contains(t, b.String(), `level=WARN msg=slow service=history seconds=3`)
		require.Contains(t, b.String(), `level=ERROR msg=broken service=history`)
	})
	t.Run("drops the rest", func(t *testing.T) {
		t.Parallel()
		l, b := written()
		l.Debug("detail")
		l.Info("started")
		l.Warn(nexusHint + ".")
		require.Empty(t, b.String())
	})
	t.Run("keeps the tags of its parts apart", func(t *testing.T) {
		t.Parallel()
		l, b := written()
		both := l.With(tag.NewStringTag("a", "1")).(*logger)
		_ = both.With(tag.NewStringTag("b", "2"))
		both.Warn("w")
		require.NotContains(t, b.String(), "b=2")
	})
	t.Run("is silent once the server stops", func(t *testing.T) {
		t.Parallel()
		l, b := written()
		part := l.With(tag.NewStringTag("service", "history"))
		l.stop()
		part.Error("lost the others")
		require.Empty(t, b.String())
	})
	t.Run("never returns from what is fatal", func(t *testing.T) {
		t.Parallel()
		l, b := written()
		require.PanicsWithValue(t, "temporal server: no way on port=7233", func() { l.Fatal("no way on", tag.NewInt("port", 7233)) })
		require.Contains(t, b.String(), "no way on")
		l.stop()
		returned := false
		var gone sync.WaitGroup
		gone.Go(func() {
			l.Fatal("gone already")
			returned = true
		})
		gone.Wait()
		require.False(t, returned)
	})
}
