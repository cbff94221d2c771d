package sandbox

// This file brings a sandbox up, and decides whether it works.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
)

// Up starts the nodes that do not run and returns when the network works: all
// members see each other, a leader is elected, a write at one node was read from
// every node's own replica, a message from one node reached all others, and, with
// Settings.Chat, a chat message was opened.
// progress, which may be nil, is told each step in words.
//
// It returns a *StartError when a node does not start. What it started it ends
// again when it fails.
func (b *Sandbox) Up(ctx context.Context, progress func(step string)) (report Report, err error) {
	if progress == nil {
		progress = func(string) {}
	}
	if err = b.take(ctx); err != nil {
		return Report{}, err
	}
	defer b.give()
	began := time.Now()
	ran := b.Running()
	notices := b.notices()
	if err = b.prepare(ctx); err != nil {
		return Report{}, err
	}
	defer func() {
		if err != nil && !ran {
			err = errors.Join(err, b.down(context.WithoutCancel(ctx)))
		}
	}()
	if err = b.start(ctx, progress); err != nil {
		return Report{}, err
	}
	checks, err := b.check(ctx, progress)
	if err != nil {
		return Report{}, err
	}
	took := time.Since(began)
	if report, err = b.Status(ctx); err != nil {
		return Report{}, err
	}
	report.Took, report.Checks, report.Notices = took, checks, notices
	if b.settings.Page {
		c, clientErr := b.nodes[0].Client(ctx)
		if clientErr != nil {
			return report, clientErr
		}
		var pageErr error // a sandbox without a page is one all the same
		if report.Open, pageErr = c.Operator().Open(ctx, ""); pageErr != nil {
			report.Notices = append(report.Notices, "node-1 has no page: "+core.Sentence(pageErr))
		}
	}
	return report, nil
}

// notices says which settings a kept sandbox overrides.
func (b *Sandbox) notices() []string {
	var list []string
	if len(b.nodes) != b.settings.Nodes {
		list = append(list, fmt.Sprintf("the kept sandbox %q has %s, so --nodes %d decides nothing; 'debros sandbox reset %s' drops it",
			b.Name(), core.Count(len(b.nodes), "node"), b.settings.Nodes, b.Name()))
	}
	return list
}

// prepare makes the folder and chooses ports: those of last time when they are
// still free.
func (b *Sandbox) prepare(ctx context.Context) error {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return core.Wrap(core.Unavailable, err, "the sandbox's folder %s cannot be made", b.dir)
	}
	taken := map[int]bool{}
	for i, n := range b.nodes {
		if n.Running() {
			continue
		}
		s := b.nodeState(i + 1)
		for _, port := range []*int{&s.P2P, &s.Gateway, &s.UI} {
			found, err := b.port(ctx, n, *port, taken)
			if err != nil {
				return err
			}
			*port = found
		}
		b.mu.Lock()
		b.state.Nodes[i] = s
		b.mu.Unlock()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Ephemeral = b.settings.Ephemeral
	return b.state.save(b.dir)
}

func (b *Sandbox) port(ctx context.Context, n *Node, want int, taken map[int]bool) (int, error) {
	if n.place.Prefix != nil { // a place of its own has all ports free, and cannot be looked into from here
		if want == 0 {
			want = firstPort + len(taken)
			taken[want] = true
		}
		return want, nil
	}
	return freePort(ctx, n.place.IP, want, taken)
}

// start runs the nodes: the first founds the network, the others join it there
// at the same time.
func (b *Sandbox) start(ctx context.Context, progress func(string)) error {
	progress("starting node-1")
	if err := b.nodes[0].Start(ctx); err != nil {
		return err
	}
	if len(b.nodes) == 1 {
		return nil
	}
	progress("starting the other " + core.Count(len(b.nodes)-1, "node"))
	return b.each(func(n *Node) error {
		if n.number == 1 {
			return nil
		}
		return n.Start(ctx)
	})
}

// check returns in words what was seen to work.
func (b *Sandbox) check(ctx context.Context, progress func(string)) ([]string, error) {
	clients := make([]*client.Client, len(b.nodes))
	if err := b.each(func(n *Node) (err error) {
		clients[n.number-1], err = n.Client(ctx)
		return err
	}); err != nil {
		return nil, err
	}
	progress("waiting until all members see each other")
	if err := b.meet(ctx, clients); err != nil {
		return nil, err
	}
	progress("waiting for a leader, and for a write to reach every node")
	copies, err := b.replicate(ctx, clients)
	if err != nil {
		return nil, err
	}
	progress("sending a message to every node")
	if err := b.converse(ctx, clients); err != nil {
		return nil, err
	}
	seen := []string{"leader", fmt.Sprintf("write on %d of %d", copies, len(b.nodes)), "message through " + core.Count(len(b.nodes), "node")}
	if !b.settings.Chat {
		return seen, nil
	}
	progress("opening the test people's chats")
	if err := b.chat(ctx, clients); err != nil {
		return nil, err
	}
	return append(seen, "chat"), nil
}

// meet waits until every node is connected to every other and knows it as a
// member.
func (b *Sandbox) meet(ctx context.Context, clients []*client.Client) error {
	return b.each(func(n *Node) error {
		err := b.try(ctx, func(ctx context.Context) error {
			operator := clients[n.number-1].Operator()
			peers, err := operator.Peers(ctx)
			if err != nil {
				return err
			}
			if seen := b.count(peers); seen < len(b.nodes)-1 {
				return core.Errorf(core.Unavailable, "%s sees %d of %s", n.Name(), seen, core.Count(len(b.nodes)-1, "other node"))
			}
			members, err := operator.Members(ctx)
			if err == nil && len(members) != len(b.nodes) {
				err = core.Errorf(core.Unavailable, "%s knows %s of %d", n.Name(), core.Count(len(members), "member"), len(b.nodes))
			}
			return err
		})
		if err != nil {
			return n.startError(err)
		}
		return nil
	})
}

// count counts the connected peers that are nodes of this sandbox.
func (b *Sandbox) count(peers []core.Peer) int {
	seen := 0
	for _, p := range peers {
		for i := range b.nodes {
			if p.Connected && p.ID == peerID(b.nodeState(i+1).Address) {
				seen++
			}
		}
	}
	return seen
}

// readyKey is what Up writes to see that writing works.
const readyKey = "sandbox/ready"

// replicate writes at the first node and waits until every node can read it,
// those with a replica in their own. It returns how many have one.
func (b *Sandbox) replicate(ctx context.Context, clients []*client.Client) (copies int, err error) {
	value := []byte(time.Now().UTC().Format(time.RFC3339Nano))
	err = b.try(ctx, func(ctx context.Context) error {
		return clients[0].Storage().Put(ctx, readyKey, value)
	})
	if err != nil {
		return 0, b.nodes[0].startError(fmt.Errorf("write at node-1: %w", err))
	}
	placed, err := b.placed(ctx, clients[0])
	if err != nil {
		return 0, b.nodes[0].startError(fmt.Errorf("ask node-1 where demo is kept: %w", err))
	}
	return len(placed), b.each(func(n *Node) error {
		own := peerID(b.nodeState(n.number).Address)
		err := b.try(ctx, func(ctx context.Context) error {
			item, from, err := clients[n.number-1].Storage().GetItem(ctx, readyKey, core.ReadOptions{Level: core.LevelNone})
			switch {
			case err != nil:
				return err
			case string(item.Value) != string(value):
				return core.Errorf(core.Unavailable, "%s does not have the write of node-1 yet", n.Name())
			case placed[own] && from.ServedBy != own:
				return core.Errorf(core.Unavailable, "%s does not read its own replica yet", n.Name())
			}
			return nil
		})
		if err != nil {
			return n.startError(fmt.Errorf("read at %s: %w", n.Name(), err))
		}
		return nil
	})
}

// placed says which nodes keep a replica of the sandbox's namespace.
func (b *Sandbox) placed(ctx context.Context, c *client.Client) (nodes map[string]bool, err error) {
	err = b.try(ctx, func(ctx context.Context) error {
		all, placeErr := c.Operator().Placements(ctx)
		if placeErr != nil {
			return placeErr
		}
		nodes = map[string]bool{}
		for _, p := range all {
			for _, r := range p.Replicas {
				nodes[r.Node] = nodes[r.Node] || p.Namespace == Namespace
			}
		}
		for node, has := range nodes {
			if !has {
				delete(nodes, node)
			}
		}
		if len(nodes) == 0 {
			return core.Errorf(core.Unavailable, "no node keeps the namespace %s yet", Namespace)
		}
		return nil
	})
	return nodes, err
}

// readyTopic is where Up sends its message.
const readyTopic = "sandbox/ready"

// converse subscribes at every node and publishes at the first until all have
// heard it. Gossip needs a moment to know who listens, so it is said again.
func (b *Sandbox) converse(ctx context.Context, clients []*client.Client) error {
	heard := make([]chan struct{}, len(b.nodes))
	for i, c := range clients {
		heard[i] = make(chan struct{}, 1)
		err := c.PubSub().SubscribeMessages(ctx, readyTopic, func(core.Message) error {
			select {
			case heard[i] <- struct{}{}:
			default: // once is enough
			}
			return nil
		})
		if err != nil {
			return b.nodes[i].startError(fmt.Errorf("subscribe at %s: %w", b.nodes[i].Name(), err))
		}
		defer c.PubSub().Unsubscribe(context.WithoutCancel(ctx), readyTopic) //nolint:errcheck // the client may be gone by then
	}
	say := time.NewTicker(100 * time.Millisecond)
	defer say.Stop()
	publish := func() error { return clients[0].PubSub().Publish(ctx, readyTopic, []byte(b.Name())) }
	err := publish()
	for i := 1; i < len(heard); {
		select {
		case <-heard[i]:
			i++
		case <-say.C:
			err = publish()
		case <-ctx.Done():
			return b.nodes[i].startError(errors.Join(core.Wrap(core.Unavailable, ctx.Err(), "no message from node-1 arrived at %s", b.nodes[i].Name()), err))
		}
	}
	return nil
}

// try does something until it works or ctx ends, and then tells why it did not.
func (b *Sandbox) try(ctx context.Context, do func(context.Context) error) error {
	var last error
	err := until(ctx, func() bool {
		once, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		err := do(once)
		if err != nil && (last == nil || ctx.Err() == nil) {
			last = err // not that of the end of ctx
		}
		return err == nil
	})
	if err != nil {
		return core.Wrap(core.Unavailable, errors.Join(err, last), "the sandbox does not work yet: %s", core.Sentence(last))
	}
	return nil
}
