// Package open opens the ledger that a URL names. It is apart from package ledger, so that the
// contract does not depend on those who fulfil it.
package open

import (
	"context"
	"strings"

	"github.com/dripline/dripline/internal/drip"
	"github.com/dripline/dripline/internal/ledger"
	"github.com/dripline/dripline/internal/ledger/sqlite"
)

// Open opens the ledger of a URL, `sqlite:PATH`. The file, and the folders above it, are created if
// there are none. What a person can put right is a *drip.InputError.
func Open(ctx context.Context, url string) (ledger.Ledger, error) {
	scheme, path, _ := strings.Cut(url, ":")
	switch {
	case scheme == "sqlite" && path != "":
		store, err := sqlite.Open(ctx, path)
		if err != nil {
			return nil, err
		}
		return store, nil
	case scheme == "postgres" || scheme == "postgresql":
		return nil, &drip.InputError{File: "--ledger", Problem: "this version keeps its ledger in SQLite, not in PostgreSQL",
			Fix: "use sqlite:PATH, such as sqlite:data/dripline.db"}
	default:
		return nil, &drip.InputError{File: "--ledger", Problem: "this is not the URL of a ledger",
			Fix: "use sqlite:PATH, such as sqlite:data/dripline.db"}
	}
}
