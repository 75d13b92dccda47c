package program

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// Logger writes warnings and worse to w, as text. Whoever stops, or stops waiting, gives calls up;
// Temporal's server and SDK then complain of each, and those lines are left out: nothing is wrong, and
// a person who pressed Ctrl-C would look for what is.
func Logger(w io.Writer) *slog.Logger {
	return slog.New(withoutGivenUp{slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn})})
}

// withoutGivenUp drops what is about a call that its caller gave up.
type withoutGivenUp struct{ slog.Handler }

func (h withoutGivenUp) Handle(ctx context.Context, r slog.Record) error {
	givenUp := false
	r.Attrs(func(a slog.Attr) bool {
		givenUp = strings.EqualFold(a.Key, "error") && strings.HasSuffix(a.Value.String(), context.Canceled.Error())
		return !givenUp
	})
	if givenUp {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h withoutGivenUp) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withoutGivenUp{h.Handler.WithAttrs(attrs)}
}

func (h withoutGivenUp) WithGroup(name string) slog.Handler {
	return withoutGivenUp{h.Handler.WithGroup(name)}
}
