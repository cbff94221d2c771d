// This file asks the node, once a second while somebody listens, what changed.

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	watchEvery = time.Second
	// restEvery is how often a state is sent that differs in its restless numbers
	// only, such as memory and latency: nobody reads those every second.
	restEvery = 5 * time.Second
	// maxEventLines bounds the log lines of one event; a flood is cut to its newest.
	maxEventLines = 500
)

// watcher remembers what was sent last.
type watcher struct {
	d       *desk
	last    map[string][]byte // per event: the state without restless numbers
	full    map[string][]byte // per event: the state as sent
	sent    map[string]time.Time
	lastLog uint64 // Seq of the newest line that was sent
}

// watch runs until ctx ends.
func (d *desk) watch(ctx context.Context) {
	w := &watcher{d: d, last: map[string][]byte{}, full: map[string][]byte{}, sent: map[string]time.Time{}}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.events.woken:
			if d.events.listening() {
				w.own()
			}
		case <-tick.C:
			if d.events.listening() {
				w.own()
				w.node(ctx)
			}
		}
	}
}

// own sends what this package itself knows: it costs nothing to ask.
func (w *watcher) own() {
	info := w.d.info("")
	w.offer(EventApp, info, info, func(m Mode) any { info.Mode = string(m); return info })
	tasks := w.d.tasks.list()
	w.offer(EventTasks, tasks, tasks, func(Mode) any { return tasks })
	wallets := w.d.walletState()
	w.offer(EventWallet, wallets, wallets, func(Mode) any { return wallets })
}

// node sends what the node knows. An error is not sent: the page sees it in the
// calls that it makes itself, and the state of the node is in the app event.
func (w *watcher) node(ctx context.Context) {
	defer func() {
		if p := recover(); p != nil {
			w.d.log.Error("the page's watcher met a fault", core.KeyError, panicError(p).Error())
		}
	}()
	b, err := w.d.node()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, watchEvery)
	defer cancel()
	if s, err := nodeStatus(ctx, b); err == nil {
		w.offer(EventNode, steady(s), s, func(Mode) any { return s })
	}
	if peers, err := peerList(ctx, b); err == nil {
		w.offer(EventPeers, steadyPeers(peers), peers, func(Mode) any { return peers })
	}
	if lines, err := w.newLines(ctx, b); err == nil && len(lines) > 0 {
		w.d.events.send(EventLogs, func(Mode) any { return lines })
	}
}

// offer sends a state when it changed.
func (w *watcher) offer(name string, steady, full any, data func(Mode) any) {
	a, err := json.Marshal(steady)
	if err != nil { // plain structs always encode
		return
	}
	b, err := json.Marshal(full)
	if err != nil {
		return
	}
	now := w.d.program.Now()
	rest := now.Sub(w.sent[name]) >= restEvery && !bytes.Equal(b, w.full[name])
	if bytes.Equal(a, w.last[name]) && !rest {
		return
	}
	w.last[name], w.full[name], w.sent[name] = a, b, now
	w.d.events.send(name, data)
}

// newLines returns what the log got since the last time. The first time that is
// its newest lines, so that none falls between a page's own question and the
// first event; the page drops what it has by Seq.
func (w *watcher) newLines(ctx context.Context, b Backend) ([]LogLine, error) {
	entries, err := b.Machine.Logs(ctx, w.lastLog, maxEventLines)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		w.lastLog = entries[len(entries)-1].Seq
	}
	return newest(entries, func(core.LogEntry) bool { return true }, maxEventLines), nil
}

func steady(s NodeStatus) NodeStatus {
	s.TookMS, s.Goroutines, s.MemoryBytes, s.Descriptors = 0, 0, "", 0
	return s
}

func steadyPeers(peers []Peer) []Peer {
	out := make([]Peer, 0, len(peers))
	for _, p := range peers {
		p.LatencyMS, p.LastSeen = 0, ""
		out = append(out, p)
	}
	return out
}
