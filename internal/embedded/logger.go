package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger hands the server's warnings and errors to slog. The rest is dropped: the server tells of
// every shard and queue it starts, which says nothing to somebody who runs a worker.
type logger struct {
	to   *slog.Logger
	tags []tag.Tag
	// stopped is set when the server is told to stop. What it then complains of is that its parts
	// lose each other, and some of its pollers go on complaining for as long as the process lives.
	stopped *atomic.Bool
}

// nexusHint begins the one warning of every start: an interface is off, as it is meant to be.
const nexusHint = "HTTP API port has not been set"

func newLogger(to *slog.Logger) *logger {
	if to == nil {
		to = slog.New(slog.DiscardHandler)
	}
	return &logger{to: to, stopped: new(atomic.Bool)}
}

// stop silences the logger, and everything that was made of it.
func (l *logger) stop() { l.stopped.Store(true) }

var _ interface {
	log.Logger
	log.WithLogger
} = (*logger)(nil)

func (l *logger) Debug(string, ...tag.Tag) {}
func (l *logger) Info(string, ...tag.Tag)  {}

func (l *logger) Warn(msg string, tags ...tag.Tag)   { l.write(slog.LevelWarn, msg, tags) }
func (l *logger) Error(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l *logger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

func (l *logger) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic(l.text(msg, tags))
}

// Fatal panics: the server calls it where it cannot go on and counts on not coming back, and a
// panic tells the reason even where the log is silent. A server that is being stopped calls it too,
// where a part finds another gone; then only that goroutine ends.
func (l *logger) Fatal(msg string, tags ...tag.Tag) {
	if l.stopped.Load() {
		runtime.Goexit()
	}
	l.Panic(msg, tags...)
}

// With is a logger that adds the tags to every line.
func (l *logger) With(tags ...tag.Tag) log.Logger {
	return &logger{to: l.to, stopped: l.stopped, tags: append(l.tags[:len(l.tags):len(l.tags)], tags...)}
}

func (l *logger) write(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if l.stopped.Load() || !l.to.Enabled(ctx, level) || strings.HasPrefix(msg, nexusHint) {
		return
	}
	attrs := make([]slog.Attr, 0, len(l.tags)+len(tags))
	for _, t := range l.tags {
		attrs = append(attrs, slog.Any(t.Key(), t.Value()))
	}
	for _, t := range tags {
		attrs = append(attrs, slog.Any(t.Key(), t.Value()))
	}
	l.to.LogAttrs(ctx, level, msg, attrs...)
}

func (l *logger) text(msg string, tags []tag.Tag) string {
	var b strings.Builder
	b.WriteString("temporal server: " + msg)
	for _, t := range tags {
		fmt.Fprintf(&b, " %s=%v", t.Key(), t.Value())
	}
	return b.String()
}
