// A node for the tests: a real host, real gossip and the real RPC server, in
// front of a real database or of a map that behaves.

package client

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
	"git.debros.io/DeBros/network/backend/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	operatorKey = core.Secret("the operator's key")
	appKey      = core.Secret("the key of my-app")
	readKey     = core.Secret("the key of my-app to read")
)

// shelf is what a node stores. It outlives the node.
type shelf struct {
	onPut func(ctx context.Context, key string) error // stands in the way of a put

	mu      sync.Mutex
	items   map[string]core.Item
	version core.Version
	gets    int
}

func newShelf() *shelf { return &shelf{items: make(map[string]core.Item)} }

func (s *shelf) Get(_ context.Context, ns core.Namespace, key string, _ core.ReadOptions) (core.Item, core.Provenance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	item, found := s.items[ns.Qualify(key)]
	if !found {
		return core.Item{}, core.Provenance{}, core.Errorf(core.NotFound, "there is no key %q", key)
	}
	return item, core.Provenance{Group: ns.Group()}, nil
}

func (s *shelf) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	if s.onPut != nil {
		if err := s.onPut(ctx, key); err != nil {
			return core.WriteAnswer{}, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.IfAbsent && s.items[ns.Qualify(key)].Version > 0 {
		return core.WriteAnswer{}, core.Errorf(core.PreconditionFailed, "there is such a key")
	}
	s.version++
	s.items[ns.Qualify(key)] = core.Item{Key: key, Value: value, Size: len(value), Version: s.version}
	return core.WriteAnswer{Versions: []core.Version{s.version}, Deleted: []bool{false}}, nil
}

func (s *shelf) Delete(_ context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.items[ns.Qualify(key)]
	delete(s.items, ns.Qualify(key))
	return core.WriteAnswer{Versions: []core.Version{0}, Deleted: []bool{found}}, nil
}

func (s *shelf) List(_ context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := core.Page{Items: []core.Item{}}
	for _, full := range slices.Sorted(maps.Keys(s.items)) {
		key, ours := ns.Unqualify(full)
		if !ours || !strings.HasPrefix(key, o.Prefix) || key <= o.Cursor {
			continue
		}
		if len(page.Items) == o.Limit {
			page.Next = page.Items[o.Limit-1].Key
			break
		}
		page.Items = append(page.Items, core.Item{Key: key})
	}
	return page, nil
}

func (s *shelf) Exists(_ context.Context, ns core.Namespace, key string, _ core.ReadOptions) (bool, core.Provenance, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, found := s.items[ns.Qualify(key)]
	return found, core.Provenance{}, nil
}

func (s *shelf) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	var all core.WriteAnswer
	for _, op := range ops {
		one, err := s.Delete(ctx, ns, op.Key)
		if err == nil && !op.Delete {
			one, err = s.Put(ctx, ns, op.Key, op.Value, op.PutOptions)
		}
		if err != nil {
			return core.WriteAnswer{}, err
		}
		all.Versions, all.Deleted = append(all.Versions, one.Versions...), append(all.Deleted, one.Deleted...)
	}
	return all, nil
}

// node is one running node of a test.
type node struct {
	host    *p2p.Host
	gossip  *pubsub.PubSub
	address string
	stop    func() // ends it as SIGTERM does
}

// nodeSettings say what stands behind a node. The zero value is a new node
// without a database.
type nodeSettings struct {
	identity crypto.PrivKey
	listen   string
	storage  rpc.StorageService
	database rpc.DatabaseService
	feed     rpc.FeedService
	health   core.Health
	rule     func(author peer.ID, ns core.Namespace, proof []byte) bool // nil lets everybody publish
}

func newKey(t testing.TB) crypto.PrivKey {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func startNode(t testing.TB, s nodeSettings) *node {
	t.Helper()
	if s.identity == nil {
		s.identity = newKey(t)
	}
	if s.listen == "" {
		s.listen = "/ip4/127.0.0.1/tcp/0"
	}
	if s.storage == nil {
		s.storage = newShelf()
	}
	if s.database == nil {
		s.database = noDatabase{}
	}
	log := slog.New(slog.DiscardHandler)
	n := &node{}
	var err error
	if n.host, err = p2p.New(p2p.Settings{Identity: s.identity, ListenAddrs: []string{s.listen}}, log); err != nil {
		t.Fatal(err)
	}
	stopHost := runPart(t, n.host.Run)
	if n.gossip, err = pubsub.New(pubsub.Settings{Relay: true, Allow: s.rule}, n.host, log); err != nil {
		t.Fatal(err)
	}
	stopGossip := runPart(t, n.gossip.Run)
	face := &nodeFace{node: n, health: s.health}
	server, err := rpc.NewServer(rpc.Services{Authorize: authorize, Database: s.database, Storage: s.storage, Node: face, Feed: s.feed, AuthorProof: proofFor}, n.host, log)
	if err != nil {
		t.Fatal(err)
	}
	stopServer := runPart(t, server.Run)
	n.address = n.host.FullAddresses()[0]
	n.stop = sync.OnceFunc(func() { stopServer(); stopGossip(); stopHost() })
	t.Cleanup(n.stop)
	return n
}

// vanish cuts every connection, as a node does that loses its power.
func (n *node) vanish(t testing.TB) {
	t.Helper()
	for _, conn := range n.host.Network().Conns() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	n.stop()
}

// runPart runs a part until stop is called.
func runPart(t testing.TB, run func(context.Context, func()) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- run(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		t.Fatal(err)
	}
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// proofFor stands for a signed proof.
func proofFor(_ context.Context, _ rpc.Caller, ns core.Namespace, author string) ([]byte, time.Time, error) {
	return []byte(author + " may in " + string(ns)), time.Now().Add(time.Hour), nil
}

func authorize(_ context.Context, credential core.Secret, ns core.Namespace) (rpc.Caller, error) {
	switch {
	case credential == operatorKey:
		return rpc.Caller{Subject: "operator", Operator: true}, nil
	case credential == appKey && strings.HasPrefix(string(ns), "my-app"):
		return rpc.Caller{Subject: "key of my-app"}, nil
	case credential == readKey && strings.HasPrefix(string(ns), "my-app"):
		return rpc.Caller{Subject: "key of my-app to read", Allow: func(_ context.Context, need core.Permission) error {
			if need != core.PermissionRead {
				return core.Errorf(core.Denied, "this key may only read")
			}
			return nil
		}}, nil
	}
	return rpc.Caller{}, core.Errorf(core.Unauthenticated, "this key is not known")
}

// startDatabase runs a real database on a host of its own.
func startDatabase(t testing.TB) *database.Databases {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	host, err := p2p.New(p2p.Settings{Identity: newKey(t), ListenAddrs: []string{"/ip4/127.0.0.1/tcp/0"}}, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(runPart(t, host.Run))
	d, err := database.New(database.Settings{Dir: t.TempDir(), NodeID: host.ID().String(), MaxAwake: 8}, host, nil, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(runPart(t, d.Run))
	return d
}

// startStorage runs the real storage on a real database.
func startStorage(t testing.TB, d *database.Databases) *storage.Storage {
	t.Helper()
	s, err := storage.New(storage.Settings{}, d.Internal(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(runPart(t, s.Run))
	return s
}

// noDatabase stands where a test asks no SQL.
type noDatabase struct{ rpc.DatabaseService }

// nodeFace is what a node says about itself.
type nodeFace struct {
	node   *node
	health core.Health
}

func (f *nodeFace) Status(context.Context) (core.Status, error) {
	return core.Status{PeerID: f.node.host.ID().String(), Role: "member", Peers: len(f.node.host.Network().Peers()), DataDir: "/data"}, nil
}

func (f *nodeFace) Health(context.Context) (core.Health, error) { return f.health, nil }

func (f *nodeFace) Peers(context.Context) ([]core.Peer, error) { return f.node.host.PeerList(), nil }

func (f *nodeFace) Connect(ctx context.Context, addr string) error {
	return f.node.host.Dial(ctx, addr)
}

func (f *nodeFace) Disconnect(_ context.Context, id string) error { return f.node.host.Hangup(id) }

func (f *nodeFace) Topics(_ context.Context, ns core.Namespace) ([]string, error) {
	return f.node.gossip.Topics(ns), nil
}

func (f *nodeFace) Logs(_ context.Context, after uint64, _ int) ([]core.LogEntry, error) {
	return []core.LogEntry{{Seq: after + 1, Message: "ready"}}, nil
}

func (f *nodeFace) Limits(context.Context) ([]core.Limit, error) { return Limits(), nil }
func (f *nodeFace) Stop(context.Context) error                   { return nil }
func (f *nodeFace) Open(context.Context, string) (string, error) {
	return "http://127.0.0.1:1/#once", nil
}

// configFor is a client's configuration for these nodes, with short waits.
func configFor(nodes ...*node) *ClientConfig {
	config := DefaultClientConfig("My App")
	config.APIKey = appKey
	for _, n := range nodes {
		config.BootstrapPeers = append(config.BootstrapPeers, n.address)
	}
	return config
}

func connect(t testing.TB, config *ClientConfig) *Client {
	t.Helper()
	c, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Disconnect(); err != nil {
			t.Error(err)
		}
	})
	return c
}

var errRefused = errors.New("refused")
