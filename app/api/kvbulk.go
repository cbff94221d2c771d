// This file changes many keys as one task: chosen ones and whole branches.

package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxChosenKeys bounds the keys that are chosen one by one; more is a branch.
	MaxChosenKeys = 1000
	// MaxChosenPrefixes bounds the branches that are chosen together.
	MaxChosenPrefixes = 100

	// bulkOps and bulkBytes bound one batch of a task, behind which other writers wait.
	bulkOps   = 500
	bulkBytes = 2 << 20
)

// What a bulk change does.
const (
	bulkDelete = "delete"
	bulkTTL    = "ttl"
	bulkCopy   = "copy"
	bulkRename = "rename"
)

// Chosen are keys and whole branches of one namespace.
type Chosen struct {
	Namespace string   `json:"namespace"`
	Keys      []string `json:"keys"`
	Prefixes  []string `json:"prefixes"`
}

// BulkRequest says what happens to the chosen keys. Copy and rename put To in
// the place of From at the beginning of each name.
type BulkRequest struct {
	Chosen     Chosen `json:"chosen"`
	Do         string `json:"do"`          // "delete", "ttl", "copy" or "rename"
	TTLSeconds int64  `json:"ttl_seconds"` // of ttl; 0 keeps the keys for ever
	From       string `json:"from"`
	To         string `json:"to"`
	Existing   string `json:"existing"` // of copy and rename, for names that are taken: "fail", "skip" or "replace"
}

// Bulk starts a task that changes the chosen keys, and returns its id. What is
// cancelled or fails half-way stays done so far.
func (k *KV) Bulk(r BulkRequest) (string, error) {
	return guard(k.d, "KV.Bulk", MaxCallTime, func(ctx context.Context) (string, error) {
		b, ns, err := k.open(r.Chosen.Namespace)
		if err != nil {
			return "", err
		}
		if err := r.check(); err != nil {
			return "", err
		}
		j := &bulk{s: b.Storage, ns: ns, r: r, now: k.d.program.Now}
		return k.d.tasks.start(ctx, work{
			kind: "kv." + r.Do, title: r.title(ns), unit: "keys",
			run: func(ctx context.Context, p *progress) (string, error) { j.progress = p; return j.run(ctx) },
		})
	})
}

func (c Chosen) check() error {
	switch {
	case len(c.Keys) == 0 && len(c.Prefixes) == 0:
		return core.Errorf(core.Invalid, "Choose at least one key or branch.")
	case len(c.Keys) > MaxChosenKeys || len(c.Prefixes) > MaxChosenPrefixes:
		return core.Errorf(core.TooLarge, "At most %d keys and %d branches can be chosen at once; a branch holds any number of keys.", MaxChosenKeys, MaxChosenPrefixes)
	}
	for i, prefix := range c.Prefixes {
		for _, other := range c.Prefixes[:i] {
			if strings.HasPrefix(prefix, other) || strings.HasPrefix(other, prefix) {
				return core.Errorf(core.Invalid, "The branch %q lies in the branch %q; choose one of them.", prefix, other)
			}
		}
	}
	return nil
}

func (r BulkRequest) check() error {
	if err := r.Chosen.check(); err != nil {
		return err
	}
	if slices.Contains(r.Chosen.Prefixes, "") {
		return core.Errorf(core.Invalid, "Name at least one letter of the keys; an empty prefix means them all.")
	}
	switch r.Do {
	case bulkDelete:
		return nil
	case bulkTTL:
		return checkTTL(r.TTLSeconds)
	case bulkCopy, bulkRename:
		return r.checkNames()
	}
	return core.Errorf(core.Invalid, "Keys can be met with delete, ttl, copy or rename, not with %q.", r.Do)
}

func (r BulkRequest) checkNames() error {
	switch {
	case r.From == r.To:
		return core.Errorf(core.Invalid, "The new beginning is the old one; write another.")
	case r.Existing != core.ExistingFail && r.Existing != core.ExistingSkip && r.Existing != core.ExistingReplace:
		return core.Errorf(core.Invalid, "Names that are taken can be met with fail, skip or replace, not with %q.", r.Existing)
	}
	for _, prefix := range r.Chosen.Prefixes {
		if strings.HasPrefix(r.To, prefix) { // the listing would meet its own copies without end
			return core.Errorf(core.Invalid, "The new names would lie in the branch %q itself; choose a beginning outside of it.", prefix)
		}
	}
	for _, name := range slices.Concat(r.Chosen.Keys, r.Chosen.Prefixes) {
		if !strings.HasPrefix(name, r.From) {
			return core.Errorf(core.Invalid, "%q does not begin with %q.", name, r.From)
		}
	}
	return nil
}

func (r BulkRequest) title(ns core.Namespace) string {
	what := fmt.Sprintf("%d keys", len(r.Chosen.Keys))
	switch {
	case len(r.Chosen.Keys) == 0 && len(r.Chosen.Prefixes) == 1:
		what = fmt.Sprintf("keys that begin with %q", r.Chosen.Prefixes[0])
	case len(r.Chosen.Prefixes) > 0:
		what = fmt.Sprintf("%d keys and %d branches", len(r.Chosen.Keys), len(r.Chosen.Prefixes))
	}
	switch r.Do {
	case bulkTTL:
		return fmt.Sprintf("Change the time to live of %s in %s", what, ns)
	case bulkCopy:
		return fmt.Sprintf("Copy %s in %s to %q", what, ns, r.To)
	case bulkRename:
		return fmt.Sprintf("Rename %s in %s to %q", what, ns, r.To)
	}
	return fmt.Sprintf("Delete %s in %s", what, ns)
}

// bulk is one such task under way.
type bulk struct {
	s        Storage
	ns       core.Namespace
	r        BulkRequest
	now      func() time.Time
	progress *progress

	units   [][]core.Op // what belongs together, such as the two halves of a rename
	ops     int
	bytes   int
	done    int
	skipped int
}

func (b *bulk) run(ctx context.Context) (string, error) {
	b.progress.phase("counting")
	if err := b.count(ctx); err != nil {
		return "", err
	}
	b.progress.phase("writing")
	err := b.r.Chosen.each(ctx, b.s, b.ns, b.r.Do != bulkDelete, func(i core.Item) error {
		unit, size := b.unit(i)
		b.units, b.ops, b.bytes = append(b.units, unit), b.ops+len(unit), b.bytes+size
		if b.ops+2 > bulkOps || b.bytes >= bulkBytes {
			return b.flush(ctx)
		}
		return nil
	})
	if err == nil {
		err = b.flush(ctx)
	}
	if err != nil {
		return "", core.Wrap(core.CodeOf(err), err, "%s (%d keys were changed before)", core.Sentence(err), b.done)
	}
	return b.result(), nil
}

func (b *bulk) count(ctx context.Context) error {
	total := len(b.r.Chosen.Keys)
	for _, prefix := range b.r.Chosen.Prefixes {
		n, err := countKeys(ctx, b.s, b.ns, prefix, maxCount)
		if err != nil {
			return err
		}
		if n.More {
			return nil
		}
		total += n.Count
	}
	b.progress.total(int64(total))
	return nil
}

// unit is what one key asks for. A key that somebody changes after it was read
// is left alone.
func (b *bulk) unit(i core.Item) (ops []core.Op, size int) {
	switch b.r.Do {
	case bulkDelete:
		return []core.Op{{Delete: true, Key: i.Key}}, len(i.Key)
	case bulkTTL:
		o := core.PutOptions{TTL: time.Duration(b.r.TTLSeconds) * time.Second, IfVersion: i.Version}
		return []core.Op{{Key: i.Key, Value: i.Value, PutOptions: o}}, len(i.Key) + len(i.Value)
	}
	put := core.Op{
		Key: b.r.To + strings.TrimPrefix(i.Key, b.r.From), Value: i.Value,
		PutOptions: core.PutOptions{IfAbsent: b.r.Existing != core.ExistingReplace},
	}
	if !i.ExpiresAt.IsZero() {
		put.TTL = max(time.Millisecond, i.ExpiresAt.Sub(b.now()))
	}
	ops = []core.Op{put}
	if b.r.Do == bulkRename {
		ops = append(ops, core.Op{Delete: true, Key: i.Key, PutOptions: core.PutOptions{IfVersion: i.Version}})
	}
	return ops, len(i.Key) + len(put.Key) + len(i.Value)
}

// flush stores what was gathered. When a condition does not hold, each unit is
// tried by itself, and those that fail are counted.
func (b *bulk) flush(ctx context.Context) error {
	if len(b.units) == 0 {
		return nil
	}
	var all []core.Op
	for _, unit := range b.units {
		all = append(all, unit...)
	}
	w, err := b.s.Batch(ctx, b.ns, all)
	switch {
	case err == nil:
		b.done += b.changed(w)
	case core.CodeOf(err) == core.PreconditionFailed && b.r.Existing != core.ExistingFail:
		for _, unit := range b.units {
			switch _, errUnit := b.s.Batch(ctx, b.ns, unit); {
			case errUnit == nil:
				b.done++
			case core.CodeOf(errUnit) == core.PreconditionFailed:
				b.skipped++
			default:
				return errUnit
			}
		}
	default:
		return err
	}
	b.progress.add(int64(len(b.units)))
	clear(b.units)
	b.units, b.ops, b.bytes = b.units[:0], 0, 0
	return nil
}

// changed counts the keys of a batch that were stored as a whole.
func (b *bulk) changed(w core.WriteAnswer) int {
	if b.r.Do != bulkDelete {
		return len(b.units)
	}
	n := 0
	for _, there := range w.Deleted {
		if there {
			n++
		}
	}
	return n
}

func (b *bulk) result() string {
	verb := map[string]string{bulkDelete: "deleted", bulkTTL: "changed", bulkCopy: "copied", bulkRename: "renamed"}[b.r.Do]
	text := fmt.Sprintf("%d keys %s", b.done, verb)
	if b.done == 1 {
		text = "1 key " + verb
	}
	if b.skipped > 0 {
		text += fmt.Sprintf(", %d left as they were", b.skipped)
	}
	return text
}

// each calls fn with every chosen key, with its value when values is set. It
// goes forward by cursor, so that it ends even while others add keys behind it.
func (c Chosen) each(ctx context.Context, s Storage, ns core.Namespace, values bool, fn func(core.Item) error) error {
	for _, key := range c.Keys {
		item := core.Item{Key: key}
		if values {
			var err error
			item, _, err = s.Get(ctx, ns, key, core.ReadOptions{})
			if core.CodeOf(err) == core.NotFound {
				continue
			}
			if err != nil {
				return err
			}
		}
		if err := fn(item); err != nil {
			return err
		}
	}
	for _, prefix := range c.Prefixes {
		for o := (core.ListOptions{Prefix: prefix, Limit: core.MaxListKeys, Values: values}); ; {
			page, err := s.List(ctx, ns, o)
			if err != nil {
				return err
			}
			for _, i := range page.Items {
				if err := fn(i); err != nil {
					return err
				}
			}
			if page.Next == "" {
				break
			}
			o.Cursor = page.Next
		}
	}
	return nil
}
