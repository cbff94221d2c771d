package auth

// This file has the node's memory of the tables.

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"git.debros.io/DeBros/network/backend/core"
)

// cache remembers up to a number of answers, until it is emptied. An answer that
// was asked for before it was emptied is not remembered after: it may be old.
type cache[K comparable, V any] struct {
	mu         sync.Mutex
	generation uint64
	entries    *lru.Cache[K, V] // has a lock of its own, for get
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	entries, err := lru.New[K, V](size)
	if err != nil {
		panic("auth: the size of a cache is not positive") // it is a constant
	}
	return &cache[K, V]{entries: entries}
}

func (c *cache[K, V]) get(key K) (V, bool) { return c.entries.Get(key) }

// begin is called before the question whose answer is put.
func (c *cache[K, V]) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

func (c *cache[K, V]) put(key K, value V, begun uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation == begun {
		c.entries.Add(key, value)
	}
}

func (c *cache[K, V]) empty() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	c.entries.Purge()
}

// asking is how statements reach the tables: near or at the leader.
type asking func(ctx context.Context, s core.Statement) ([][]any, error)

func (a *Auth) weak(ctx context.Context, s core.Statement) ([][]any, error) {
	return a.query(ctx, core.LevelWeak, s)
}

// reader reads one answer; found is false where there is nothing.
type reader[V any] func(ctx context.Context, ask asking) (value V, found bool, err error)

// fetch answers from memory, then from this replica, then from the leader: what
// is not here may just be new. A node out of touch with the group asks the
// leader at once, and with offline takes what it has when that fails.
func fetch[K comparable, V any](ctx context.Context, a *Auth, c *cache[K, V], key K, offline bool, read reader[V]) (V, error) {
	touch := a.view.inTouch()
	known, there := c.get(key)
	if touch && there {
		return known, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	begun := c.begin()
	var (
		value V
		found bool
		err   error
	)
	if touch {
		value, found, err = read(ctx, a.near)
	}
	if err == nil && !found {
		value, _, err = read(ctx, a.weak)
	}
	if err == nil {
		c.put(key, value, begun)
		return value, nil
	}
	if offline && a.settings.OfflineReads {
		if there {
			return known, nil
		}
		old, _, errHere := read(ctx, a.here)
		if errHere == nil {
			return old, nil
		}
	}
	return value, core.Wrap(core.Unavailable, err, "the network cannot be asked who may do what; nothing was done; repeat in a moment")
}

// here reads this replica as it is.
func (a *Auth) here(ctx context.Context, s core.Statement) ([][]any, error) {
	return a.query(ctx, core.LevelNone, s)
}

// roleKey names a grant.
type roleKey struct {
	namespace core.Namespace
	subject   string
}

// caches are everything that the feed empties.
type caches struct {
	tokens      *cache[[sha256.Size]byte, verified]
	proofs      *cache[[sha256.Size]byte, verified]
	tokenKeys   *cache[struct{}, map[string]tokenKey]
	revocations *cache[struct{}, revocations]
	revoked     *cache[string, bool] // of ids, where there are too many to hold all
	keys        *cache[string, keyRow]
	roles       *cache[roleKey, core.Role]
	secrets     *cache[struct{}, secrets]
	domains     *cache[struct{}, []string]
}

func newCaches() caches {
	return caches{
		tokens: newCache[[sha256.Size]byte, verified](maxTokens), proofs: newCache[[sha256.Size]byte, verified](maxProofs),
		tokenKeys: newCache[struct{}, map[string]tokenKey](1), revocations: newCache[struct{}, revocations](1),
		revoked: newCache[string, bool](maxTokens), keys: newCache[string, keyRow](maxCachedKeys), roles: newCache[roleKey, core.Role](maxCachedRoles),
		secrets: newCache[struct{}, secrets](1), domains: newCache[struct{}, []string](1),
	}
}

// askFor says whether something that is not known may be asked for at the
// leader: once in a while for each name, so that strangers cannot make this node
// ask all the time.
func (v *view) askFor(name string, every time.Duration) bool {
	v.unknownMu.Lock()
	defer v.unknownMu.Unlock()
	now := v.since()
	if last, there := v.unknown.Get(name); there && now-last < int64(every) {
		return false
	}
	v.unknown.Add(name, now)
	return true
}
