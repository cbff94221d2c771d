package sandbox_test

// What a network of several processes promises, in short. The long forms, with
// many rounds, are in system_test.go.

import (
	"context"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/internal/testkit/load"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// workers dial the nodes in turn; a worker whose node is lost goes to another.
func workers(b *sandbox.Sandbox) func(context.Context, int) (*client.Client, error) {
	nodes := b.Nodes()
	return func(ctx context.Context, worker int) (*client.Client, error) {
		report, err := b.Status(ctx)
		if err != nil {
			return nil, err
		}
		return nodes[worker%len(nodes)].Dial(ctx, func(c *client.ClientConfig) {
			for i := range nodes {
				if address := report.Nodes[(worker+i)%len(nodes)].P2P; i > 0 && address != "" {
					c.BootstrapPeers = append(c.BootstrapPeers, address)
				}
			}
			c.ConnectTimeout, c.RetryDelay = time.Second, 50*time.Millisecond
		})
	}
}

// operators are clients of all nodes that run.
func operators(ctx context.Context, t testing.TB, b *sandbox.Sandbox) []*client.Client {
	t.Helper()
	var list []*client.Client
	for _, n := range b.Nodes() {
		if !n.Running() {
			continue
		}
		c, err := n.Client(ctx)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// judge ends a load and asks for everything that was promised of it.
func judge(ctx context.Context, t testing.TB, b *sandbox.Sandbox, l *load.Load) *load.Result {
	t.Helper()
	r := l.Stop()
	t.Logf("seed %d: %d writes acknowledged, %d strong reads, %d failed, %d unknown", r.Seed, r.Acknowledged, r.Reads, r.Failed, r.Unknown)
	for _, line := range r.Errors() {
		t.Log(line)
	}
	if err := r.Check(keepDir(t)); err != nil {
		t.Error(err)
	}
	clients := operators(ctx, t, b)
	losses, err := r.Count(ctx, clients[0])
	if err != nil {
		t.Fatal(err)
	}
	if losses.Any() {
		t.Errorf("writes: %v", losses)
	}
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if took, err := load.Equal(within, clients); err != nil {
		t.Error(err)
	} else {
		t.Logf("%d replicas are equal after %v", len(clients), took)
	}
	return r
}

// One node is a network too: what it acknowledged survives kill -9.
func TestNetwork_OneNodeKilled(t *testing.T) {
	b, _ := up(t, settings(t, 1))
	l, err := load.Start(t.Context(), load.Settings{Dial: workers(b), Seed: seed(t), Pace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	node := b.Nodes()[0]
	for range 2 {
		progress(t, l, 300)
		killed := time.Now()
		if err := node.Kill(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := node.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		back, err := l.Back(t.Context(), killed)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("back after %v", back)
	}
	progress(t, l, 100)
	judge(t.Context(), t, b, l)
}

// progress waits for more acknowledged writes.
func progress(t testing.TB, l *load.Load, writes int) {
	t.Helper()
	target := l.Acknowledged() + writes
	deadline := time.NewTimer(30 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for l.Acknowledged() < target {
		select {
		case <-deadline.C:
			t.Fatalf("%d of %d writes were acknowledged", l.Acknowledged()+writes-target, writes)
		case <-tick.C:
		}
	}
}
