package auth

// This file ends what is open when its credential ends: sockets and streams.

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// watchers wait for the end of their credential. One goroutine looks at all.
type watchers struct {
	mu  sync.Mutex
	all map[*watcher]struct{}
}

type watcher struct {
	principal core.Principal
	namespace core.Namespace
	need      core.Permission
	end       context.CancelCauseFunc
	recheck   time.Time // when the session's own row is looked at; only watch uses it
}

// Until is a context that ends, with a coded cause, within [RevokeWithin] after
// the caller's session or key has ended, or he may no longer do what he needs to.
// It does not end with the token that opened it: a socket cannot send a new one.
// An empty need is the credential alone. The caller calls cancel in any case.
func (a *Auth) Until(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) (context.Context, context.CancelFunc) {
	ctx, end := context.WithCancelCause(ctx)
	w := &watcher{principal: p, namespace: ns, need: need, end: end, recheck: time.Now().Add(recheckEvery)}
	a.watchers.mu.Lock()
	defer a.watchers.mu.Unlock()
	if len(a.watchers.all) >= MaxWatchers {
		end(core.Errorf(core.Limited, "this node serves at most %d open sockets and streams; try another gateway", MaxWatchers))
		return ctx, func() {}
	}
	a.watchers.all[w] = struct{}{}
	stop := context.AfterFunc(ctx, func() { a.watchers.remove(w) })
	return ctx, func() {
		stop()
		a.watchers.remove(w)
		end(context.Canceled)
	}
}

func (l *watchers) remove(w *watcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.all, w)
}

func (l *watchers) list() []*watcher {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.all))
}

// watch looks at the watchers when something has changed, now and then, and all
// the time while this node is out of touch.
func (a *Auth) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	seen, looked := uint64(0), time.Time{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		index := a.view.known()
		if index == seen && a.view.inTouch() && time.Since(looked) < watchAtLeast {
			continue
		}
		seen, looked = index, time.Now()
		a.look(ctx)
	}
}

// look ends the watchers whose time has come. Out of touch, whoever cannot be
// judged in time ends too: a node that does not know does not guess.
func (a *Auth) look(ctx context.Context) {
	list := a.watchers.list()
	if len(list) == 0 {
		return
	}
	if !a.view.inTouch() {
		probe, cancel := context.WithTimeout(ctx, probeLimit)
		_, err := a.weak(probe, stmt(`SELECT 1`))
		cancel()
		if err != nil {
			a.lostTouch(ctx, list)
			return
		}
	}
	within, cancel := context.WithTimeout(ctx, watchLimit)
	defer cancel()
	for _, w := range list {
		if err := a.judge(within, w); err != nil && ctx.Err() == nil {
			w.end(err)
		}
	}
}

// lostTouch ends those whose rights cannot be known.
func (a *Auth) lostTouch(ctx context.Context, list []*watcher) {
	for _, w := range list {
		local := w.principal.Method == core.MethodOperator || w.principal.Method == core.MethodNone
		reads := a.settings.OfflineReads && w.need == core.PermissionRead
		if ctx.Err() == nil && !local && !reads {
			w.end(core.Errorf(core.Unavailable, "this node is out of touch with the network and cannot know who may do what; connect again in a moment"))
		}
	}
}

// judge says why a watcher is to end, or nil.
func (a *Auth) judge(ctx context.Context, w *watcher) error {
	if err := a.standing(ctx, w.principal); err != nil {
		return err
	}
	if w.need != "" {
		if err := a.Allow(ctx, w.principal, w.namespace, w.need); err != nil {
			return err
		}
	}
	if w.principal.SessionID == "" || w.principal.Device != "" || time.Now().Before(w.recheck) { // a device's session has no row
		return nil
	}
	w.recheck = time.Now().Add(recheckEvery)
	alive, err := a.alive(ctx, w.principal.SessionID)
	if err == nil && !alive {
		err = core.Errorf(core.Unauthenticated, "the session has ended; sign in again")
	}
	return err
}
