// This file follows the changes of keys for the Keys screen, and shows what a
// key was.

package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxWatches bounds the pages that follow keys at once; each has one question open.
	MaxWatches = 16

	maxWatchIDBytes = 64
	watchChanges    = 500 // in one answer: the page draws them all
)

// WatchRequest asks for changes of keys after a version. ID is the page's own:
// a second question with it ends the first.
type WatchRequest struct {
	ID        string `json:"id"`
	Namespace string `json:"namespace"`
	Prefix    string `json:"prefix"`
	Since     string `json:"since"` // KVChanges.Next of the answer before; "" is now
	WaitMS    int    `json:"wait_ms"`
}

// KVChange is one change of a key, without its value.
type KVChange struct {
	Operation string `json:"operation"` // "put", "delete" or "expire"
	Key       string `json:"key"`
	Size      int    `json:"size"`
	Version   string `json:"version"`
	UpdatedAt string `json:"updated_at"`
	ExpiresAt string `json:"expires_at"`
}

// KVChanges are changes in the order in which they happened. Gap says that
// others are missing before them: list the keys anew.
type KVChanges struct {
	Changes []KVChange `json:"changes"`
	Next    string     `json:"next"`
	Gap     bool       `json:"gap"`
}

// Watch waits for changes of keys that begin with the prefix. It answers without
// any when the wait ended or [KV.StopWatch] was called.
func (k *KV) Watch(r WatchRequest) (KVChanges, error) {
	return guard(k.d, "KV.Watch", core.MaxChangeWait+MaxCallTime, func(ctx context.Context) (KVChanges, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return KVChanges{}, err
		}
		o := core.WatchOptions{Prefix: r.Prefix, FromNow: r.Since == "", Limit: watchChanges, Wait: time.Duration(r.WaitMS) * time.Millisecond}
		if r.WaitMS < 0 || o.Wait > core.MaxChangeWait {
			return KVChanges{}, core.Errorf(core.Invalid, "A wait for changes has 0 to %d ms.", core.MaxChangeWait.Milliseconds())
		}
		if o.Since, err = parseSince(r.Since); err != nil {
			return KVChanges{}, err
		}
		ctx, end, err := k.d.watches.begin(ctx, r.ID)
		if err != nil {
			return KVChanges{}, err
		}
		defer end()
		found, err := b.Feed.Watch(ctx, ns, o)
		switch {
		case err != nil && ctx.Err() != nil: // the page has left
			return KVChanges{Changes: []KVChange{}, Next: r.Since}, nil
		case err != nil:
			return KVChanges{}, err
		}
		return KVChanges{Changes: changesOf(found.Changes), Next: number(uint64(found.Next)), Gap: found.Gap}, nil
	})
}

// StopWatch ends the question that a page has open; it is no error when there is none.
func (k *KV) StopWatch(id string) error {
	return act(k.d, "KV.StopWatch", MaxCallTime, func(context.Context) error {
		k.d.watches.stop(id)
		return nil
	})
}

func parseSince(text string) (core.Version, error) {
	if text == "" {
		return 0, nil
	}
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, core.Errorf(core.Invalid, "%q is no version to begin after.", text)
	}
	return core.Version(v), nil
}

func changesOf(changes []core.KVChange) []KVChange {
	out := make([]KVChange, 0, len(changes))
	for _, c := range changes {
		out = append(out, KVChange{
			Operation: string(c.Operation), Key: c.Key, Size: c.Size, Version: number(uint64(c.Version)),
			UpdatedAt: stamp(c.UpdatedAt), ExpiresAt: stamp(c.ExpiresAt),
		})
	}
	return out
}

// KVHistory is what is kept of a key's past, newest first. What happened before
// CompleteSince is not known; it is "" when nothing was dropped.
type KVHistory struct {
	Versions          []KVChange `json:"versions"`
	More              bool       `json:"more"` // older ones are kept, but not in this answer
	CompleteSince     string     `json:"complete_since"`
	CompleteSinceTime string     `json:"complete_since_time"`
	Provenance        Provenance `json:"provenance"`
}

// History lists the versions of a key; limit 0 is the node's own.
func (k *KV) History(namespace, key string, limit int) (KVHistory, error) {
	return guard(k.d, "KV.History", MaxCallTime, func(ctx context.Context) (KVHistory, error) {
		b, ns, err := k.open(namespace)
		if err != nil {
			return KVHistory{}, err
		}
		h, err := b.Feed.History(ctx, ns, key, limit)
		if err != nil {
			return KVHistory{}, err
		}
		out := KVHistory{Versions: changesOf(h.Versions), More: limit > 0 && len(h.Versions) == limit, Provenance: provenanceOf(h.Provenance)}
		if h.CompleteSince > 1 {
			out.CompleteSince, out.CompleteSinceTime = number(uint64(h.CompleteSince)), stamp(h.CompleteSinceTime)
		}
		return out, nil
	})
}

// Version returns the value that a key had at one version, in base64; not_found
// when it is not kept.
func (k *KV) Version(namespace, key, version string) (string, error) {
	return guard(k.d, "KV.Version", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := k.open(namespace)
		if err != nil {
			return "", err
		}
		wanted, err := parseSince(version)
		if err != nil {
			return "", err
		}
		h, err := b.Feed.History(ctx, ns, key, core.MaxHistoryVersions)
		if err != nil {
			return "", err
		}
		for _, v := range h.Versions {
			if v.Version == wanted && v.Operation == core.OperationPut {
				return base64.StdEncoding.EncodeToString(v.Value), nil
			}
		}
		return "", core.Errorf(core.NotFound, "Version %s of this key is not kept any more; list its history anew.", version)
	})
}

// watches knows the questions that are open, so that a page can end its own.
type watches struct {
	mu   sync.Mutex
	open map[string]*openWatch
}

type openWatch struct{ cancel context.CancelFunc }

func newWatches() *watches { return &watches{open: make(map[string]*openWatch)} }

func (w *watches) begin(ctx context.Context, id string) (context.Context, func(), error) {
	if id == "" || len(id) > maxWatchIDBytes {
		return nil, nil, core.Errorf(core.Invalid, "A watch needs an id of 1 to %d bytes.", maxWatchIDBytes)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.open[id]
	switch {
	case before != nil:
		before.cancel()
	case len(w.open) >= MaxWatches:
		return nil, nil, core.Errorf(core.Limited, "%d pages follow keys already; close one, or pause it.", MaxWatches)
	}
	ctx, cancel := context.WithCancel(ctx)
	mine := &openWatch{cancel}
	w.open[id] = mine
	return ctx, func() {
		cancel()
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.open[id] == mine {
			delete(w.open, id)
		}
	}, nil
}

func (w *watches) stop(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if open := w.open[id]; open != nil {
		open.cancel()
	}
}
