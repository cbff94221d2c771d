package node

// This file is a node without a ticket: it keeps nothing and uses the network
// through its members.

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/membership"
	"git.debros.io/DeBros/network/backend/rpc"
)

const (
	// guestDial bounds finding a member that serves a namespace.
	guestDial = 10 * time.Second
	// maxGuestConns bounds the namespaces that a guest has a stream for.
	maxGuestConns = 64
)

// guest asks members over the protocol of the Go client, with the API key that
// this node's gateway.api_keys has for the namespace, or without one.
type guest struct {
	n     *Node
	peers []peer.AddrInfo

	mu     sync.Mutex
	conns  map[core.Namespace]*rpc.Conn
	proofs map[core.Namespace]proof // that this node may publish
	ended  bool
	told   membership.Admission // what the last member said of the network
	toldAt time.Time
}

// proof is what a member gave this node to publish with.
type proof struct {
	text    []byte
	expires time.Time
}

func newGuest(n *Node) *guest {
	g := &guest{n: n, conns: map[core.Namespace]*rpc.Conn{}, proofs: map[core.Namespace]proof{}}
	for _, text := range n.loaded.Config.Discovery.BootstrapPeers {
		if info, err := peer.AddrInfoFromString(text); err == nil { // checked when the host was built
			g.peers = append(g.peers, *info)
		}
	}
	return g
}

// Run keeps the streams until ctx ends.
func (g *guest) Run(ctx context.Context, ready func()) error {
	ready()
	<-ctx.Done()
	g.mu.Lock()
	g.ended = true
	conns := g.conns
	g.conns = nil
	g.mu.Unlock()
	for _, c := range conns {
		_ = c.Close() //nolint:errcheck // it never fails
	}
	return nil
}

// conn finds or makes a stream for ns, to any member that lets this guest in.
func (g *guest) conn(ctx context.Context, ns core.Namespace) (*rpc.Conn, error) {
	g.mu.Lock()
	c := g.conns[ns]
	ended := g.ended
	g.mu.Unlock()
	switch {
	case ended:
		return nil, core.Errorf(core.Unavailable, "the node is changing networks; repeat in a moment")
	case c != nil && c.Err() == nil:
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, guestDial)
	defer cancel()
	c, err := g.dial(ctx, ns)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended {
		return nil, errors.Join(core.Errorf(core.Unavailable, "the node is changing networks; repeat in a moment"), c.Close())
	}
	if have := g.conns[ns]; have != nil && have.Err() == nil { // somebody was faster
		return have, c.Close()
	}
	if len(g.conns) >= maxGuestConns {
		for old, conn := range g.conns {
			if conn.Err() != nil || len(g.conns) >= maxGuestConns {
				delete(g.conns, old)
				go func() { _ = conn.Close() }() //nolint:errcheck // its goroutines end with the stream
			}
		}
	}
	g.conns[ns] = c
	return c, nil
}

func (g *guest) dial(ctx context.Context, ns core.Namespace) (*rpc.Conn, error) {
	var credential core.Secret
	for _, k := range g.n.loaded.Config.Gateway.APIKeys {
		if k.Namespace == ns {
			credential = k.Key
			break
		}
	}
	err := error(core.Errorf(core.Unavailable, "this node is a guest and is connected to no member of the network; nothing was done"))
	for _, info := range g.peers {
		if errDial := g.n.host.Connect(ctx, info); errDial != nil {
			err = core.Wrap(core.Unavailable, errDial, "no member of the network can be reached; nothing was done")
			continue
		}
		c, errDial := rpc.Dial(ctx, g.n.host, info.ID, rpc.Credentials{Credential: credential, Namespace: ns})
		if errDial == nil {
			return c, nil
		}
		err = errDial
	}
	if code := core.CodeOf(err); code == core.Unauthenticated || code == core.Denied {
		err = core.Wrap(core.Denied, err, "the member asks for a credential of the namespace %q: put the API key that you were given into gateway.api_keys of this node", ns)
	}
	return nil, err
}

// publishProof is a proof that lives for a minute yet.
func (g *guest) publishProof(ctx context.Context, ns core.Namespace) ([]byte, error) {
	g.mu.Lock()
	have := g.proofs[ns]
	g.mu.Unlock()
	if time.Until(have.expires) > time.Minute {
		return have.text, nil
	}
	c, err := g.conn(ctx, ns)
	if err != nil {
		return nil, err
	}
	text, expires, err := c.AuthorProof(ctx, "")
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.proofs) >= maxGuestConns {
		clear(g.proofs)
	}
	g.proofs[ns] = proof{text, expires}
	return text, nil
}

// authorProof asks a member for a proof for a client of this node.
func (g *guest) authorProof(ctx context.Context, ns core.Namespace, id string) ([]byte, time.Time, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return nil, time.Time{}, err
	}
	return c.AuthorProof(ctx, id)
}

// status completes what is said of the network with what a member tells.
func (g *guest) status(ctx context.Context, s core.NetworkStatus) core.NetworkStatus {
	s.Role = core.RoleGuest
	g.mu.Lock()
	told, fresh := g.told, time.Since(g.toldAt) < 30*time.Second
	g.mu.Unlock()
	for _, info := range g.peers {
		if fresh || g.n.host.Network().Connectedness(info.ID) != network.Connected {
			continue
		}
		if a, err := membership.Describe(ctx, g.n.host, info.ID); err == nil {
			told, fresh = a, true
			g.mu.Lock()
			g.told, g.toldAt = a, time.Now()
			g.mu.Unlock()
		}
	}
	s.State, s.Detail = core.StateOK, "guest of the network "+told.Network
	if told.Network == "" {
		s.State, s.Detail = core.StateDegraded, "guest, connected to no member yet"
	} else {
		s.ID = told.Network
	}
	return s
}

func (g *guest) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return nil, err
	}
	rows, err := c.Query(ctx, ns, s, o)
	if err != nil {
		return nil, err
	}
	rows.Provenance.How = "forwarded"
	return rows, nil
}

func (g *guest) Exec(ctx context.Context, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return nil, err
	}
	return c.Exec(ctx, ns, list, o)
}

func (g *guest) Schema(ctx context.Context, ns core.Namespace) (core.Schema, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.Schema{}, err
	}
	return c.Schema(ctx, ns)
}

func (g *guest) Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	return c.Get(ctx, ns, key, o)
}

func (g *guest) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return c.Put(ctx, ns, key, value, o)
}

func (g *guest) Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return c.Delete(ctx, ns, key)
}

func (g *guest) List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.Page{}, err
	}
	return c.List(ctx, ns, o)
}

func (g *guest) Exists(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (bool, core.Provenance, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return false, core.Provenance{}, err
	}
	return c.Exists(ctx, ns, key, o)
}

func (g *guest) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return c.Batch(ctx, ns, ops)
}

// network is the id of the network that members told, "" before.
func (g *guest) network() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.told.Network
}

// check says whether a member is there to ask.
func (g *guest) check() core.Check {
	for _, info := range g.peers {
		if g.n.host.Network().Connectedness(info.ID) == network.Connected {
			return core.Check{Name: "database", State: core.StateOK, Detail: "a guest keeps none; members answer"}
		}
	}
	return core.Check{Name: "database", State: core.StateDegraded, Detail: "a guest keeps none, and no member is connected"}
}
