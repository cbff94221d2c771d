package sandbox

// This file is the sandbox as a whole: opened, started, ended, dropped.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Sandbox is several nodes of one network on this machine. Its methods may be
// called from any goroutine; Up, Down and Reset exclude each other.
type Sandbox struct {
	settings Settings
	dir      string
	nodes    []*Node

	turn chan struct{} // held by Up, Down and Reset

	mu    sync.Mutex
	state state
}

// Open finds a kept sandbox, or prepares a new one; nothing is started. It
// returns core.Invalid for settings that cannot work.
func Open(s Settings) (*Sandbox, error) {
	s, err := s.check()
	if err != nil {
		return nil, err
	}
	b := &Sandbox{settings: s, dir: folder(s.DataDir, s.Name), turn: make(chan struct{}, 1)}
	b.state, err = loadState(b.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.state = state{Schema: stateSchema, Name: s.Name, CreatedAt: time.Now(), APIKey: newAPIKey(), Nodes: make([]nodeState, s.Nodes)}
	case err != nil:
		return nil, err
	}
	for i := range b.state.Nodes {
		n := &Node{sandbox: b, number: i + 1, place: Place{IP: "127.0.0.1"}}
		if s.Place != nil {
			n.place = s.Place(i + 1)
		}
		if n.place.DataDir == "" {
			n.place.DataDir = filepath.Join(b.dir, n.Name())
		}
		if p := b.state.Nodes[i].Process; p.PID > 0 {
			n.process = &p
		}
		b.nodes = append(b.nodes, n)
	}
	return b, nil
}

// Find opens a sandbox that is there already. It returns core.NotFound when
// none has this name.
func Find(s Settings) (*Sandbox, error) {
	checked, err := s.check()
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(folder(checked.DataDir, checked.Name), stateName)); errors.Is(err, fs.ErrNotExist) {
		return nil, core.Errorf(core.NotFound, "there is no sandbox %q; 'debros sandbox up --name %s' makes it", checked.Name, checked.Name)
	}
	return Open(s)
}

// Name is the sandbox's name.
func (b *Sandbox) Name() string { return b.settings.Name }

// Dir is the folder with everything of the sandbox.
func (b *Sandbox) Dir() string { return b.dir }

// APIKey is the key of namespace demo; every node of the sandbox takes it.
func (b *Sandbox) APIKey() core.Secret { return core.Secret(b.apiKey()) }

// Nodes are the sandbox's nodes, in order.
func (b *Sandbox) Nodes() []*Node { return slices.Clone(b.nodes) }

// Running says whether any node runs.
func (b *Sandbox) Running() bool { return slices.ContainsFunc(b.nodes, (*Node).Running) }

// Node finds a node by its name or number ("node-2", "2"), its peer id, or what
// it does: "leader" or "leader:<namespace>" is the node that leads that
// namespace's group, "follower" the first other one. Without a namespace it is
// demo's. It returns core.NotFound when no node is meant.
func (b *Sandbox) Node(ctx context.Context, who string) (*Node, error) {
	role, ns, _ := strings.Cut(who, ":")
	if ns == "" {
		ns = string(Namespace)
	}
	if role == "leader" || role == "follower" {
		leader, err := b.leader(ctx, core.Namespace(ns))
		if err != nil || role == "leader" {
			return leader, err
		}
		for _, n := range b.nodes {
			if n != leader && n.Running() {
				return n, nil
			}
		}
		return nil, core.Errorf(core.NotFound, "no other node runs")
	}
	for _, n := range b.nodes {
		address := b.nodeState(n.number).Address
		if who == n.Name() || who == strconv.Itoa(n.number) || address != "" && strings.HasSuffix(address, "/p2p/"+who) {
			return n, nil
		}
	}
	return nil, core.Errorf(core.NotFound, "the sandbox %q has no node %q; it has node-1 to node-%d", b.Name(), who, len(b.nodes))
}

// leader asks the nodes which of them leads a group. Of two that both say so
// the one that saw more is it.
func (b *Sandbox) leader(ctx context.Context, ns core.Namespace) (*Node, error) {
	var found *Node
	var index uint64
	for _, n := range b.nodes {
		status, err := n.status(ctx)
		if err != nil {
			continue
		}
		for _, g := range status.Groups {
			if g.Name == ns.Group() && g.State == "leader" && (found == nil || g.Index > index) {
				found, index = n, g.Index
			}
		}
	}
	if found == nil {
		return nil, core.Errorf(core.NotFound, "no node leads %s", ns.Group())
	}
	return found, nil
}

// askTimeout is how long one node may take to say how it is.
const askTimeout = 3 * time.Second

func (n *Node) status(ctx context.Context) (core.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	if !n.Running() {
		return core.Status{}, core.Errorf(core.Unavailable, "%s does not run", n.Name())
	}
	c, err := n.Client(ctx)
	if err != nil {
		return core.Status{}, err
	}
	return c.Operator().Status(ctx)
}

// Down ends all nodes within 5 seconds: it asks them to, and kills those that
// take longer than StopTimeout. An ephemeral sandbox loses its data then.
func (b *Sandbox) Down(ctx context.Context) error {
	if err := b.take(ctx); err != nil {
		return err
	}
	defer b.give()
	err := b.down(ctx)
	if err == nil && b.ephemeral() {
		return b.drop()
	}
	return err
}

func (b *Sandbox) down(ctx context.Context) error {
	ask, cancel := context.WithTimeout(ctx, StopTimeout)
	defer cancel()
	return b.each(func(n *Node) error {
		if err := n.Resume(); err != nil { // a paused one does not hear
			return err
		}
		if n.Stop(ask) == nil {
			return nil
		}
		kill, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := n.Kill(kill); err != nil {
			return core.Wrap(core.Unavailable, err, "%s does not end; its process is %d", n.Name(), n.PID())
		}
		return nil
	})
}

// Reset ends all nodes and drops everything that the sandbox kept.
func (b *Sandbox) Reset(ctx context.Context) error {
	if err := b.take(ctx); err != nil {
		return err
	}
	defer b.give()
	if err := b.down(ctx); err != nil {
		return err
	}
	return b.drop()
}

func (b *Sandbox) drop() error {
	for _, n := range b.nodes {
		if err := os.RemoveAll(n.Dir()); err != nil {
			return core.Wrap(core.Unavailable, err, "the data of %s cannot be removed", n.Name())
		}
	}
	if err := os.RemoveAll(b.dir); err != nil {
		return core.Wrap(core.Unavailable, err, "the sandbox's folder %s cannot be removed", b.dir)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.state.Nodes {
		b.state.Nodes[i] = nodeState{}
	}
	return nil
}

// Close ends the clients that were made. The nodes run on.
func (b *Sandbox) Close() error {
	return b.each((*Node).disconnect)
}

// Wait returns when no node runs any more, or when ctx ends.
func (b *Sandbox) Wait(ctx context.Context) error {
	return until(ctx, func() bool { return !b.Running() })
}

// each does something with all nodes at once.
func (b *Sandbox) each(do func(*Node) error) error {
	errs := make([]error, len(b.nodes))
	var all sync.WaitGroup
	for i, n := range b.nodes {
		all.Go(func() { errs[i] = do(n) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// take waits until no other Up, Down or Reset is under way.
func (b *Sandbox) take(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the sandbox: %w", ctx.Err())
	}
}

func (b *Sandbox) give() { <-b.turn }

func (b *Sandbox) apiKey() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.APIKey
}

func (b *Sandbox) ephemeral() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.Ephemeral
}

func (b *Sandbox) nodeState(number int) nodeState {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state.Nodes[number-1]
}

// note changes what is kept about a node, and keeps it.
func (b *Sandbox) note(number int, change func(*nodeState)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.state.Nodes[number-1]
	change(&b.state.Nodes[number-1])
	if b.state.Nodes[number-1] == before {
		return nil
	}
	return b.state.save(b.dir)
}
