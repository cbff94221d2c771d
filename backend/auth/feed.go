package auth

// This file keeps the node's memory true: it follows the tables, and knows when
// it cannot.

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"git.debros.io/DeBros/network/backend/core"
)

// view is what this node believes of the tables, and how well it is in touch.
type view struct {
	caches
	started time.Time
	beat    atomic.Int64  // nanoseconds from started to the last sign of the leader; 0 is none
	index   atomic.Uint64 // the last entry that this node was told of or has written

	// What author proofs are judged by: what was true last, so that nobody waits.
	lastKeys    atomic.Pointer[map[string]tokenKey]
	lastRevoked atomic.Pointer[revocations]

	unknownMu sync.Mutex
	unknown   *lru.Cache[string, int64] // what was asked for in vain, and when
}

func newView() *view {
	unknown, err := lru.New[string, int64](maxUnknownKeys)
	if err != nil {
		panic("auth: the number of unknown keys is not positive") // it is a constant
	}
	return &view{caches: newCaches(), started: time.Now(), unknown: unknown}
}

// heard notes an entry that a later answer must not be older than.
func (v *view) heard(index uint64) {
	for {
		known := v.index.Load()
		if known >= index || v.index.CompareAndSwap(known, index) {
			return
		}
	}
}

func (v *view) known() uint64 { return v.index.Load() }

// since counts on the monotonic clock: setting the other one must not make an
// old beat young.
func (v *view) since() int64 { return int64(time.Since(v.started)) }

// inTouch says whether what is remembered may be believed.
func (v *view) inTouch() bool {
	beat := v.beat.Load()
	return beat != 0 && v.since()-beat < int64(beatWindow)
}

// part is a group of tables and what is forgotten when one of them changes.
type part struct {
	tables []string
	forget func()
}

func (v *view) parts() []part {
	return []part{
		{[]string{"auth_revocations"}, v.forgetRevocations},
		{[]string{"auth_keys"}, v.keys.empty},
		{[]string{"auth_grants", "auth_namespaces"}, v.roles.empty},
		{[]string{"auth_token_keys"}, v.forgetTokenKeys},
		{[]string{"auth_secrets"}, v.secrets.empty},
		{[]string{"auth_domains"}, v.domains.empty},
	}
}

func (v *view) forgetRevocations() {
	v.revocations.empty()
	v.revoked.empty()
}

// forgetTokenKeys also forgets what the keys have verified.
func (v *view) forgetTokenKeys() {
	v.tokenKeys.empty()
	v.tokens.empty()
	v.proofs.empty()
}

// follow waits for changes and forgets what they touch. Twice a second it makes
// sure that this replica still hears its leader. While either fails there is no
// beat, and each check asks the group.
func (a *Auth) follow(ctx context.Context) {
	var all []string
	for _, p := range a.view.parts() {
		all = append(all, p.tables...)
	}
	after, looked := uint64(0), time.Time{}
	for ctx.Err() == nil {
		change, err := a.db.Changed(ctx, core.SystemNamespace, after, all, beatEvery)
		if err == nil && (change.Changed || change.Gap) {
			err = a.forget(ctx, after, change)
		}
		if err == nil && (looked.IsZero() || time.Since(looked) >= beatEvery/2) {
			looked = time.Now()
			err = a.hearBeat(ctx)
		}
		if err == nil {
			after = change.Index
			continue
		}
		if ctx.Err() == nil {
			a.log.Debug("the system group is not heard", core.KeyError, err)
		}
		wait(ctx, retryEvery)
	}
}

// forget empties what a change touches. What happens meanwhile is told again.
func (a *Auth) forget(ctx context.Context, after uint64, change core.Change) error {
	a.view.heard(change.Index)
	for _, p := range a.view.parts() {
		touched := change.Gap
		if !touched {
			one, err := a.db.Changed(ctx, core.SystemNamespace, after, p.tables, time.Nanosecond)
			if err != nil {
				return err
			}
			touched = one.Changed || one.Gap
		}
		if touched {
			p.forget()
		}
		if touched && p.tables[0] == "auth_token_keys" {
			a.nudge()
		}
	}
	return a.warm(ctx)
}

// warm reads anew what every request needs.
func (a *Auth) warm(ctx context.Context) error {
	keys, err := a.tokenKeys(ctx)
	if err != nil {
		return err
	}
	held, err := fetch(ctx, a, a.view.revocations, struct{}{}, false, readRevocations)
	if err != nil {
		return err
	}
	a.view.lastKeys.Store(&keys)
	a.view.lastRevoked.Store(&held)
	return nil
}

// hearBeat reads nothing from this replica, which refuses when it has not heard
// its leader of late.
func (a *Auth) hearBeat(ctx context.Context) error {
	at := a.view.since()
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	if _, err := a.rows(ctx, core.ReadOptions{Level: core.LevelNone, Freshness: beatFreshness}, stmt(`SELECT 1`)); err != nil {
		return err
	}
	a.view.beat.Store(max(at, 1))
	return nil
}

// wait ends early with ctx.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// revocations are the ids of sessions and keys that ended of late. Where there
// are too many to hold, whole is false and each id is looked up.
type revocations struct {
	ids   map[string]struct{}
	whole bool
}

// isRevoked tells whether a session or a key ("key:<id>") has ended.
func (a *Auth) isRevoked(ctx context.Context, id string) (bool, error) {
	if a.view.inTouch() {
		held, err := fetch(ctx, a, a.view.revocations, struct{}{}, true, readRevocations)
		if err != nil {
			return false, err
		}
		if _, ended := held.ids[id]; ended || held.whole {
			return ended, nil
		}
	}
	return fetch(ctx, a, a.view.revoked, id, true, func(ctx context.Context, ask asking) (bool, bool, error) {
		rows, err := ask(ctx, stmt(`SELECT 1 FROM auth_revocations WHERE id = ?1`, id))
		return len(rows) > 0, true, err
	})
}

func readRevocations(ctx context.Context, ask asking) (revocations, bool, error) {
	rows, err := ask(ctx, stmt(`SELECT id FROM auth_revocations LIMIT ?1`, maxRevocations))
	if err != nil {
		return revocations{}, false, err
	}
	held := revocations{ids: make(map[string]struct{}, len(rows)), whole: len(rows) < maxRevocations}
	for _, row := range rows {
		held.ids[text(row[0])] = struct{}{}
	}
	return held, true, nil
}
