package workflows_test

import (
	"context"
	"flag"
	"log/slog"
	"os"
	"sync"
	"testing"

	"github.com/dripline/dripline/internal/embedded"
)

// record has the histories in testdata recorded anew. It is for a change of the workflow that is meant
// to break with running ones; else the histories stay as they are, and say whether it does.
var record = flag.Bool("record", false, "record the histories that are replayed")

var silent = slog.New(slog.DiscardHandler)

// continueAfter is so low that long runs continue as new, and so high that short ones do not.
const continueAfter = 400

// shared is the Temporal server of all tests.
var shared = sync.OnceValues(func() (*embedded.Server, error) {
	return embedded.Start(context.Background(), embedded.Options{TimeSkipping: true, UIPort: -1, ContinueAfter: continueAfter})
})

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if !testing.Short() {
		if s, err := shared(); err == nil {
			s.Stop()
		}
	}
	os.Exit(code)
}
