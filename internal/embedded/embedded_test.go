package embedded

import (
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

func TestQuick(t *testing.T) {
	for _, dir := range []string{"", t.TempDir()} {
		t0 := time.Now()
		s, err := Start(t.Context(), Options{Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		require.NoError(t, err)
		t.Log("start", time.Since(t0), s.UIURL())
		c, err := client.Dial(client.Options{HostPort: s.Address(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
		require.NoError(t, err)
		c.Close()
		t0 = time.Now()
		s.Stop()
		t.Log("stop", time.Since(t0))
		t0 = time.Now()
		s, err = Start(t.Context(), Options{Dir: dir, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		require.NoError(t, err)
		t.Log("start again", time.Since(t0), s.UIURL())
		t0 = time.Now()
		s.Stop()
		t.Log("stop", time.Since(t0))
	}
}
