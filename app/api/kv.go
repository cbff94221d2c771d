// This file is the Keys screen.

package api

import (
	"context"
	"encoding/base64"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxCount bounds what Count looks at: beyond it the page says "more than".
	maxCount = 1_000_000
	// maxCountTime does the same on a slow node.
	maxCountTime = 5 * time.Second
)

// KV is bound as "KV".
type KV struct{ d *desk }

// ListRequest chooses a page of keys; see core.ListOptions.
type ListRequest struct {
	Namespace string `json:"namespace"`
	Prefix    string `json:"prefix"`
	Separator string `json:"separator"`
	Cursor    string `json:"cursor"`
	Level     string `json:"level"`
	Limit     int    `json:"limit"`
}

// KVEntry is one key of a listing, without its value.
type KVEntry struct {
	Key       string `json:"key"`
	Size      int    `json:"size"`
	Version   string `json:"version"`
	UpdatedAt string `json:"updated_at"`
	ExpiresAt string `json:"expires_at"`
}

// KVPage is one page of a listing; Next is "" on the last.
type KVPage struct {
	Items      []KVEntry  `json:"items"`
	Prefixes   []string   `json:"prefixes"`
	Next       string     `json:"next"`
	Provenance Provenance `json:"provenance"`
}

// KVItem is one key with its value.
type KVItem struct {
	Key         string     `json:"key"`
	ValueBase64 string     `json:"value_base64"`
	Size        int        `json:"size"`
	Version     string     `json:"version"`
	UpdatedAt   string     `json:"updated_at"`
	ExpiresAt   string     `json:"expires_at"`
	Provenance  Provenance `json:"provenance"`
}

// PutRequest is one value to store; see core.PutOptions. IfVersion is "" for any.
type PutRequest struct {
	Namespace   string `json:"namespace"`
	Key         string `json:"key"`
	ValueBase64 string `json:"value_base64"`
	TTLSeconds  int64  `json:"ttl_seconds"`
	IfVersion   string `json:"if_version"`
	IfAbsent    bool   `json:"if_absent"`
}

// KVWritten tells what a write did.
type KVWritten struct {
	Version    string     `json:"version"` // "0" after a delete
	Deleted    bool       `json:"deleted"` // whether the deleted key was there
	Provenance Provenance `json:"provenance"`
}

// KVCount is a number of keys; More says that there are at least that many.
type KVCount struct {
	Count int  `json:"count"`
	More  bool `json:"more"`
}

// List returns one page of keys in byte order.
func (k *KV) List(r ListRequest) (KVPage, error) {
	return guard(k.d, "KV.List", MaxCallTime, func(ctx context.Context) (KVPage, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return KVPage{}, err
		}
		level, err := core.ParseLevel(r.Level)
		if err != nil {
			return KVPage{}, err
		}
		page, err := b.Storage.List(ctx, ns, core.ListOptions{
			ReadOptions: core.ReadOptions{Level: level},
			Prefix:      r.Prefix, Separator: r.Separator, Cursor: r.Cursor, Limit: r.Limit,
		})
		if err != nil {
			return KVPage{}, err
		}
		out := KVPage{Items: []KVEntry{}, Prefixes: list(page.Prefixes), Next: page.Next, Provenance: provenanceOf(page.Provenance)}
		for _, i := range page.Items {
			out.Items = append(out.Items, entryOf(i))
		}
		return out, nil
	})
}

func entryOf(i core.Item) KVEntry {
	return KVEntry{Key: i.Key, Size: i.Size, Version: number(uint64(i.Version)), UpdatedAt: stamp(i.UpdatedAt), ExpiresAt: stamp(i.ExpiresAt)}
}

// Get returns one value; not_found when there is none.
func (k *KV) Get(namespace, key, level string) (KVItem, error) {
	return guard(k.d, "KV.Get", MaxCallTime, func(ctx context.Context) (KVItem, error) {
		b, ns, err := k.open(namespace)
		if err != nil {
			return KVItem{}, err
		}
		l, err := core.ParseLevel(level)
		if err != nil {
			return KVItem{}, err
		}
		i, p, err := b.Storage.Get(ctx, ns, key, core.ReadOptions{Level: l})
		if err != nil {
			return KVItem{}, err
		}
		return KVItem{
			Key: i.Key, ValueBase64: base64.StdEncoding.EncodeToString(i.Value), Size: len(i.Value), Version: number(uint64(i.Version)),
			UpdatedAt: stamp(i.UpdatedAt), ExpiresAt: stamp(i.ExpiresAt), Provenance: provenanceOf(p),
		}, nil
	})
}

// Put stores one value. It returns precondition_failed when if_version or
// if_absent does not hold.
func (k *KV) Put(r PutRequest) (KVWritten, error) {
	return guard(k.d, "KV.Put", MaxCallTime, func(ctx context.Context) (KVWritten, error) {
		b, ns, err := k.open(r.Namespace)
		if err != nil {
			return KVWritten{}, err
		}
		value, options, err := r.decode()
		if err != nil {
			return KVWritten{}, err
		}
		w, err := b.Storage.Put(ctx, ns, r.Key, value, options)
		return written(w), err
	})
}

func (r PutRequest) decode() ([]byte, core.PutOptions, error) {
	if err := checkTTL(r.TTLSeconds); err != nil {
		return nil, core.PutOptions{}, err
	}
	value, err := base64.StdEncoding.DecodeString(r.ValueBase64)
	if err != nil {
		return nil, core.PutOptions{}, core.Errorf(core.Invalid, "The value is not base64 text.")
	}
	o := core.PutOptions{TTL: time.Duration(r.TTLSeconds) * time.Second, IfAbsent: r.IfAbsent}
	if r.IfVersion != "" {
		if o.IfVersion, err = parseVersion(r.IfVersion); err != nil {
			return nil, core.PutOptions{}, err
		}
	}
	return value, o, nil
}

func parseVersion(text string) (core.Version, error) {
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil || v == 0 {
		return 0, core.Errorf(core.Invalid, "A version is a number above 0, not %q.", text)
	}
	return core.Version(v), nil
}

func checkTTL(seconds int64) error {
	const century = 100 * 365 * 24 * 3600 // seconds; far below what a duration holds
	if seconds < 0 || seconds > century {
		return core.Errorf(core.Invalid, "A value expires after 1 second to 100 years; 0 keeps it for ever.")
	}
	return nil
}

// Delete removes one key; deleting what is not there is no error.
func (k *KV) Delete(namespace, key string) (KVWritten, error) {
	return guard(k.d, "KV.Delete", MaxCallTime, func(ctx context.Context) (KVWritten, error) {
		b, ns, err := k.open(namespace)
		if err != nil {
			return KVWritten{}, err
		}
		w, err := b.Storage.Delete(ctx, ns, key)
		return written(w), err
	})
}

// DeleteVersion removes one key as long as it has this version. It returns
// precondition_failed when somebody has written since.
func (k *KV) DeleteVersion(namespace, key, version string) (KVWritten, error) {
	return guard(k.d, "KV.DeleteVersion", MaxCallTime, func(ctx context.Context) (KVWritten, error) {
		b, ns, err := k.open(namespace)
		if err != nil {
			return KVWritten{}, err
		}
		v, err := parseVersion(version)
		if err != nil {
			return KVWritten{}, err
		}
		w, err := b.Storage.Batch(ctx, ns, []core.Op{{Delete: true, Key: key, PutOptions: core.PutOptions{IfVersion: v}}})
		return written(w), err
	})
}

// Count counts keys that begin with prefix, up to limit and for a few seconds.
func (k *KV) Count(namespace, prefix string, limit int) (KVCount, error) {
	return guard(k.d, "KV.Count", MaxCallTime, func(ctx context.Context) (KVCount, error) {
		b, ns, err := k.open(namespace)
		if err != nil {
			return KVCount{}, err
		}
		if limit <= 0 || limit > maxCount {
			limit = maxCount
		}
		return countKeys(ctx, b.Storage, ns, prefix, limit)
	})
}

func (k *KV) open(namespace string) (Backend, core.Namespace, error) {
	ns, err := core.ParseNamespace(namespace)
	if err != nil {
		return Backend{}, "", err
	}
	b, err := k.d.node()
	return b, ns, err
}

func countKeys(ctx context.Context, s Storage, ns core.Namespace, prefix string, limit int) (KVCount, error) {
	var out KVCount
	o := core.ListOptions{Prefix: prefix, Limit: core.MaxListKeys, ReadOptions: core.ReadOptions{Level: core.LevelWeak}}
	o.Limit = min(o.Limit, limit)
	for start := time.Now(); ; {
		page, err := s.List(ctx, ns, o)
		if err != nil {
			return KVCount{}, err
		}
		out.Count += len(page.Items)
		switch {
		case out.Count > limit, out.Count == limit && page.Next != "":
			return KVCount{Count: limit, More: true}, nil
		case page.Next == "":
			return out, nil
		case time.Since(start) > maxCountTime:
			out.More = true
			return out, nil
		}
		o.Cursor = page.Next
	}
}

func written(w core.WriteAnswer) KVWritten {
	out := KVWritten{Version: "0", Provenance: provenanceOf(w.Provenance)}
	if len(w.Versions) > 0 {
		out.Version = number(uint64(w.Versions[0]))
	}
	out.Deleted = len(w.Deleted) > 0 && w.Deleted[0]
	return out
}
