package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// logger hands the server's warnings and errors to slog. The rest is dropped: the server tells of
// every shard and queue it starts, which says nothing to somebody who runs a worker.
type logger struct {
	to   *slog.Logger
	tags []tag.Tag
}

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
// panic tells the reason even where the log is silent.
func (l *logger) Fatal(msg string, tags ...tag.Tag) { l.Panic(msg, tags...) }

// With is a logger that adds the tags to every line.
func (l *logger) With(tags ...tag.Tag) log.Logger {
	return &logger{to: l.to, tags: append(l.tags[:len(l.tags):len(l.tags)], tags...)}
}

func (l *logger) write(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if !l.to.Enabled(ctx, level) {
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
