package node_test

// The change feed over real nodes: members with and without a replica, and a guest.

import (
	"context"
	"fmt"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// If a program must know which node keeps its data in order to follow it, it is no
// network. Each of these follows through another node: members, one of which
// keeps no replica, and a guest; one node is stopped meanwhile.
func TestNetwork_ChangesAreToldEverywhere(t *testing.T) {
	key := core.Secret("a-long-random-key-for-demo")
	open := func(c *config.Config) {
		c.Security.OpenJoin = true
		c.Gateway.APIKeys = []config.APIKey{{Key: key, Namespace: demo}}
	}
	first := start(t, t.TempDir(), open)
	put(t, first, "before", "alone")
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nodes := []*running{first}
	for range 3 {
		next := start(t, t.TempDir(), func(c *config.Config) {
			open(c)
			c.Database.RQLiteJoinAddress = first.file.P2P[0]
		})
		joined(t, next, network.ID)
		nodes = append(nodes, next)
	}
	placement := settled(t, first, demo)
	without := 0
	for _, n := range nodes {
		status, errStatus := n.Status(t.Context())
		if errStatus != nil {
			t.Fatal(errStatus)
		}
		has := false
		for _, r := range placement.Replicas {
			has = has || r.Node == status.PeerID
		}
		if !has {
			without++
		}
	}
	if without != 1 {
		t.Fatalf("%d members keep no replica", without)
	}
	guest := start(t, t.TempDir(), func(c *config.Config) {
		c.Discovery.BootstrapPeers = append(nodes[1].file.P2P, nodes[2].file.P2P...)
		c.Gateway.APIKeys = []config.APIKey{{Key: key, Namespace: demo}}
	})
	followed := append(nodes[1:len(nodes):len(nodes)], guest)

	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	position, err := nodes[1].Feed().Watch(ctx, demo, core.WatchOptions{FromNow: true})
	if err != nil {
		t.Fatal(err)
	}
	heard := make([]chan string, len(followed))
	counts := make([]chan int64, len(followed))
	ended := make(chan error, 2*len(followed))
	for i, n := range followed {
		c := n.client(t, string(demo), key)
		heard[i], counts[i] = make(chan string, 100), make(chan int64, 1000)
		go func() { ended <- followKeys(ctx, c, position.Next, heard[i]) }()
		go func() { ended <- followCount(ctx, c, counts[i]) }()
	}
	for i := range 20 {
		if i == 10 {
			first.stop(t)
		}
		put(t, nodes[1+i%3], fmt.Sprint("k", i), fmt.Sprint(i))
		for at := range followed {
			select {
			case got := <-heard[at]:
				if want := fmt.Sprintf("k%d=%d gap=false", i, i); got != want {
					t.Fatalf("through node %d: heard %q, want %q", at+1, got, want)
				}
			case <-ctx.Done():
				t.Fatalf("through node %d: nothing heard of k%d", at+1, i)
			}
		}
	}
	until(t, "make a table", func() error {
		_, errExec := nodes[1].Database().Exec(ctx, demo, []core.Statement{{SQL: "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)"}}, core.ExecOptions{})
		return errExec
	})
	until(t, "fill it", func() error {
		_, errExec := nodes[2].Database().Exec(ctx, demo, []core.Statement{{SQL: "INSERT OR IGNORE INTO t VALUES (1), (2), (3)"}}, core.ExecOptions{})
		return errExec
	})
	for at := range followed {
		for n := int64(0); n != 3; {
			select {
			case n = <-counts[at]:
			case <-ctx.Done():
				t.Fatalf("through node %d: the last state is not told", at+1)
			}
		}
	}
	h, err := guest.Feed().History(ctx, demo, "k3", 0)
	if err != nil || len(h.Versions) != 1 || string(h.Versions[0].Value) != "3" {
		t.Errorf("a history through the guest: %+v, %v", h, err)
	}
	cancel()
	for range cap(ended) {
		if err := <-ended; err != nil {
			t.Errorf("a watch ended with %v", err)
		}
	}
}

// followKeys tells each change of a key, and whether a gap came with it.
func followKeys(ctx context.Context, c *client.Client, since core.Version, heard chan<- string) error {
	return c.Storage().Watch(ctx, "k", since, func(changes core.Changes) error {
		for _, ch := range changes.Changes {
			heard <- fmt.Sprintf("%s=%s gap=%v", ch.Key, ch.Value, changes.Gap)
		}
		return nil
	})
}

// followCount tells how many rows the table t has, from when there is one.
func followCount(ctx context.Context, c *client.Client, counts chan<- int64) error {
	for ctx.Err() == nil {
		err := c.Database().Watch(ctx, "SELECT count(*) FROM t", func(a core.LiveAnswer) error {
			n, ok := a.Rows.Values[0][0].(int64)
			if !ok {
				return fmt.Errorf("a count is %T", a.Rows.Values[0][0])
			}
			counts <- n
			return nil
		})
		if core.CodeOf(err) != core.Invalid { // there is no table yet
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}
