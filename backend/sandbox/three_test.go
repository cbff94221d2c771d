package sandbox_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit/load"
)

// Three nodes: written anywhere, read anywhere; the leader's death loses
// nothing; who comes late or again holds the same in the end.
func TestNetwork_ThreeNodes(t *testing.T) {
	b, report := up(t, settings(t, 3))
	t.Logf("ready after %v", report.Took)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	if !strings.HasPrefix(report.Network, "sandbox-") || report.Running != 3 {
		t.Errorf("%d nodes run in the network %s", report.Running, report.Network)
	}
	clients := operators(ctx, t, b)
	for i, writer := range clients {
		key := b.Nodes()[i].Name()
		if err := writer.Storage().Put(ctx, key, []byte("from "+key)); err != nil {
			t.Fatalf("write at %s: %v", key, err)
		}
		for j, reader := range clients {
			if value, err := reader.Storage().Get(ctx, key); err != nil || string(value) != "from "+key {
				t.Errorf("%s at %s: %q, %v", key, b.Nodes()[j].Name(), value, err)
			}
		}
	}
	for _, n := range b.Nodes() { // a new namespace may be used first at any node
		c, err := n.DialOperator(ctx, core.Namespace("new-at-"+n.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.Storage().Put(ctx, "k", nil), c.Disconnect()); err != nil {
			t.Errorf("a new namespace at %s: %v", n.Name(), err)
		}
	}
	l, err := load.Start(ctx, load.Settings{Dial: workers(b), Seed: seed(t), Pace: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	progress(t, l, 200)
	leader, err := b.Node(ctx, "leader")
	if err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	if err = leader.Kill(ctx); err != nil {
		t.Fatal(err)
	}
	back, err := l.Back(ctx, killed)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s, the leader, was killed; written again after %v", leader.Name(), back)
	progress(t, l, 200)
	if err = leader.Start(ctx); err != nil {
		t.Fatal(err)
	}
	progress(t, l, 200)
	judge(ctx, t, b, l)
}
