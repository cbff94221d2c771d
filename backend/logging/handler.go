package logging

// This file turns what parts log into entries: cleaned, bounded and flat.

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// entry is one line before it is written. Values are nil, bool, int64, uint64,
// float64 or string.
type entry struct {
	time    time.Time
	level   slog.Level
	part    string
	message string
	attrs   []attr
}

type attr struct {
	key   string
	value any
}

// output writes entries; it may be called from many goroutines.
type output interface {
	write(ctx context.Context, e entry) error
}

// handler is the slog.Handler of one part. Groups become a prefix of the keys,
// "group.key", so that every output shows the same flat list.
type handler struct {
	log    *Logging
	part   *part
	prefix string
	attrs  []attr
}

func (h *handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.part.level.Level()
}

// Handle writes the record to every output. An output that fails does not keep
// the others from the entry.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	e := entry{time: r.Time, level: r.Level, part: h.part.name, message: clean(r.Message), attrs: slices.Clip(h.attrs)}
	if e.time.IsZero() {
		e.time = time.Now()
	}
	r.Attrs(func(a slog.Attr) bool {
		e.attrs = appendAttr(e.attrs, h.prefix, a)
		return len(e.attrs) < MaxAttrs
	})
	h.log.recent.add(e)
	if h.log.file != nil {
		h.log.file.log(ctx, e)
	}
	return h.log.console.write(ctx, e)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = slices.Clip(h.attrs)
	for _, a := range attrs {
		with.attrs = appendAttr(with.attrs, h.prefix, a)
	}
	return &with
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix = h.prefix + name + "."
	return &with
}

// appendAttr adds a, cleaned and flat, as long as there is room.
func appendAttr(to []attr, prefix string, a slog.Attr) []attr {
	value := a.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range value.Group() {
			to = appendAttr(to, prefix, inner)
		}
		return to
	}
	if a.Key == "" || len(to) >= MaxAttrs {
		return to
	}
	if prefix == "" && a.Key == core.KeyPart {
		return to // the part is told already
	}
	key := clean(prefix + a.Key)
	if isSecretKey(a.Key) {
		return append(to, attr{key, blanked})
	}
	return append(to, attr{key, plain(value)})
}
