package logging

// This file keeps the end of the log in memory and hands new entries to who
// follows it.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// Limits of the log in memory.
const (
	MaxRecentEntries = 5000    // some hours of a quiet node
	MaxRecentBytes   = 4 << 20 // text of all entries; a burst of long ones must not grow the process
	MaxFollowers     = 64      // a page and some terminals; each holds a queue
	followQueue      = 256     // entries a follower may lag behind before it misses some
)

// Recent holds the newest entries of the log. Their numbers grow by one, so
// a reader sees what it missed.
type Recent struct {
	mu        sync.Mutex
	entries   []core.LogEntry // oldest first
	bytes     int
	last      uint64
	followers map[chan core.LogEntry]struct{}
}

// Filter chooses entries. The zero value chooses all.
type Filter struct {
	Level  string // least level: debug, info, warn or error
	Part   string
	Search string // text in message, part or attributes, in any case
}

func newRecent() *Recent {
	return &Recent{followers: map[chan core.LogEntry]struct{}{}}
}

// After returns the entries after a number, oldest first; when there are more
// than limit, the newest. A limit of 0 or less sets none but the ring's own.
func (r *Recent) After(after uint64, limit int) []core.LogEntry {
	return r.Select(after, limit, Filter{})
}

// Select is After for those entries that the filter chooses.
func (r *Recent) Select(after uint64, limit int, f Filter) []core.LogEntry {
	f.Search = strings.ToLower(f.Search)
	r.mu.Lock()
	defer r.mu.Unlock()
	chosen := []core.LogEntry{}
	for i := len(r.entries) - 1; i >= 0 && r.entries[i].Seq > after; i-- {
		if limit > 0 && len(chosen) == limit {
			break
		}
		if f.match(r.entries[i]) {
			chosen = append(chosen, r.entries[i])
		}
	}
	slices.Reverse(chosen)
	return chosen
}

// Match says whether the filter chooses an entry.
func (f Filter) Match(e core.LogEntry) bool {
	f.Search = strings.ToLower(f.Search)
	return f.match(e)
}

func (f Filter) match(e core.LogEntry) bool {
	if f.Part != "" && e.Part != f.Part {
		return false
	}
	if rank(e.Level) < rank(f.Level) {
		return false
	}
	if f.Search == "" || contains(e.Message, f.Search) || contains(e.Part, f.Search) {
		return true
	}
	for key, value := range e.Attrs {
		if contains(key, f.Search) || contains(value, f.Search) {
			return true
		}
	}
	return false
}

func contains(text, lower string) bool { return strings.Contains(strings.ToLower(text), lower) }

// rank orders the levels' words; "" is below all.
func rank(level string) int {
	return slices.Index([]string{"debug", "info", "warn", "error"}, level)
}

// Subscribe returns a channel with every entry from now on, until ctx ends;
// then it is closed. A reader that lags more than a queue's length behind
// misses entries, which it sees by a jump in Seq and can fetch with After. It
// returns Limited when there are MaxFollowers already.
func (r *Recent) Subscribe(ctx context.Context) (<-chan core.LogEntry, error) {
	ch := make(chan core.LogEntry, followQueue)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.followers) >= MaxFollowers {
		return nil, core.Errorf(core.Limited, "the log has %d followers already; close one, then try again", MaxFollowers)
	}
	r.followers[ch] = struct{}{}
	context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.followers, ch)
		close(ch)
	})
	return ch, nil
}

// add stores an entry and drops the oldest ones beyond the limits.
func (r *Recent) add(e entry) {
	attrs := make(map[string]string, len(e.attrs))
	for _, a := range e.attrs {
		attrs[a.key] = fmt.Sprint(a.value)
	}
	kept := core.LogEntry{Time: e.time.UTC(), Level: levelName(e.level), Part: e.part, Message: e.message, Attrs: attrs}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last++
	kept.Seq = r.last
	r.entries = append(r.entries, kept)
	r.bytes += size(kept)
	drop := 0
	for len(r.entries)-drop > MaxRecentEntries || r.bytes > MaxRecentBytes {
		r.bytes -= size(r.entries[drop])
		r.entries[drop] = core.LogEntry{} // append moves the rest before long; the text can go now
		drop++
	}
	r.entries = r.entries[drop:]
	for ch := range r.followers {
		select {
		case ch <- kept:
		default: // its reader is told by the jump in Seq
		}
	}
}

// size is roughly the memory of an entry.
func size(e core.LogEntry) int {
	const fixed = 200 // the struct, a map and its buckets
	n := fixed + len(e.Message) + len(e.Part)
	for key, value := range e.Attrs {
		n += len(key) + len(value)
	}
	return n
}
