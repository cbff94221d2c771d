package auth

// Real groups of three replicas on loopback, and a node that keeps none.

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	p2pcrypto "github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// village is a network whose first three nodes keep the system group.
type village struct {
	fabric *fabric
	hosts  []host.Host

	mu     sync.Mutex
	formed bool
	homes  []*database.Databases // nil while a node is stopped
	stops  []func()
	nodes  []*member
}

func newVillage(t testing.TB, n int) *village {
	t.Helper()
	v := &village{homes: make([]*database.Databases, n), stops: make([]func(), n)}
	v.fabric = &fabric{t: t, clock: &clock{now: time.Now().UTC().Truncate(time.Second)}}
	v.fabric.empty()
	for range n {
		key, _, err := p2pcrypto.GenerateEd25519Key(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableRelay())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if errClose := h.Close(); errClose != nil {
				t.Error(errClose)
			}
		})
		for _, other := range v.hosts {
			h.Peerstore().AddAddrs(other.ID(), other.Addrs(), peerstore.PermanentAddrTTL)
			other.Peerstore().AddAddrs(h.ID(), h.Addrs(), peerstore.PermanentAddrTTL)
		}
		v.hosts = append(v.hosts, h)
	}
	for i, h := range v.hosts {
		r := villager{v, h.ID().String()}
		d, err := database.New(database.Settings{Dir: t.TempDir(), NodeID: r.id}, h, r, r, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		v.stops[i] = run(t, d)
		v.mu.Lock()
		v.homes[i] = d
		v.mu.Unlock()
	}
	for i, name := range []string{"one", "two", "three", "four"}[:n] {
		v.nodes = append(v.nodes, v.fabric.startOn(v.fabric.settings(name), v.homes[i].Internal()))
	}
	return v
}

// stop ends a node's databases, as if its computer were gone.
func (v *village) stop(i int) {
	v.mu.Lock()
	v.homes[i] = nil
	v.mu.Unlock()
	v.stops[i]()
}

// villager is the village as one of its nodes sees it.
type villager struct {
	*village
	id string
}

func (r villager) Place(_ context.Context, ns core.Namespace) (database.Placement, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := database.Placement{Namespace: ns, Revision: 1, Formed: r.formed}
	for _, h := range r.hosts[:3] {
		p.Replicas = append(p.Replicas, database.Place{Node: h.ID().String(), Voter: true})
	}
	return p, nil
}

func (r villager) Find(ctx context.Context, ns core.Namespace) (database.Placement, error) {
	return r.Place(ctx, ns)
}

func (r villager) Formed(context.Context, core.Namespace) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.formed = true
	return nil
}

func (villager) Moved(core.Namespace) {}

func (r villager) to(id string) (*database.Replicas, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, h := range r.hosts {
		if h.ID().String() == id && r.homes[i] != nil {
			return r.homes[i].Replicas(), nil
		}
	}
	return nil, core.Errorf(core.Unavailable, "node %s does not answer", id)
}

func (r villager) Query(ctx context.Context, id string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	n, err := r.to(id)
	if err != nil {
		return nil, err
	}
	return n.Query(ctx, ns, s, o)
}

func (r villager) Exec(ctx context.Context, id string, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	n, err := r.to(id)
	if err != nil {
		return nil, err
	}
	return n.Exec(ctx, ns, list, o)
}

func (r villager) Changed(ctx context.Context, id string, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	n, err := r.to(id)
	if err != nil {
		return core.Change{}, err
	}
	return n.Changed(ctx, ns, after, tables, wait)
}

func (r villager) Wake(ctx context.Context, id string, ns core.Namespace) (database.Standing, error) {
	n, err := r.to(id)
	if err != nil {
		return database.Standing{}, err
	}
	return n.Wake(ctx, r.id, ns)
}

func (r villager) Campaign(ctx context.Context, id string, ns core.Namespace) error {
	n, err := r.to(id)
	if err != nil {
		return err
	}
	return n.Campaign(ctx, ns)
}

func (r villager) Sleep(ctx context.Context, id string, ns core.Namespace) error {
	n, err := r.to(id)
	if err != nil {
		return err
	}
	return n.Sleep(ctx, ns)
}

func (r villager) Standing(ctx context.Context, id string, ns core.Namespace) (database.Standing, error) {
	n, err := r.to(id)
	if err != nil {
		return database.Standing{}, err
	}
	return n.Standing(ctx, ns)
}

// On a real network of three replicas and a node without one: a nonce is spent
// once, a token is good everywhere, whoever signs out is out everywhere, requests
// ask nobody, and without a majority nobody goes by old rights.
func TestNetwork_ThreeReplicas(t *testing.T) {
	v := newVillage(t, 4)
	alice := newPerson(t)
	for round := range 5 {
		p := v.nodes[round%4].proof(alice, red)
		var won atomic.Int64
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				mine := p
				mine.Address = randomText(8)
				if _, err := v.nodes[i%4].Verify(context.Background(), mine); err == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: %d signed in with one nonce", round, won.Load())
		}
	}
	tokens := v.nodes[0].signIn(alice, red)
	key := v.nodes[1].key(v.nodes[1].who(tokens.AccessToken), red, core.KeyOptions{})
	look := func(m *member) {
		for _, credential := range []core.Secret{tokens.AccessToken, key.Secret} {
			if code := m.allowed(m.who(credential), red, core.PermissionWrite); code != "" {
				t.Fatalf("at %s: %s", m.id, code)
			}
		}
	}
	for _, m := range v.nodes {
		look(m)
	}
	eventually(t, "the tables are quiet", func() bool {
		for _, m := range v.nodes {
			if len(m.events) > 0 || !m.view.inTouch() {
				return false
			}
		}
		return true
	})
	for _, m := range v.nodes {
		look(m)
		asked := m.line.asked.Load()
		for range 1000 {
			look(m)
		}
		if n := m.line.asked.Load() - asked; n > 20 { // the beat goes on
			t.Errorf("2,000 look-ups at %s asked %d times", m.id, n)
		}
	}
	began := time.Now()
	if _, err := v.nodes[2].Logout(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	for _, m := range v.nodes {
		eventually(t, "the token is refused at "+m.id, func() bool { return m.good(tokens.AccessToken) == core.Unauthenticated })
	}
	t.Logf("signed out everywhere after %v", time.Since(began).Round(time.Millisecond))

	socket, done := v.nodes[0].Until(t.Context(), v.nodes[0].who(key.Secret), red, core.PermissionRead)
	defer done()
	began = time.Now()
	for _, i := range []int{1, 2} {
		v.nodes[i].stop()
		v.stop(i)
	}
	eventually(t, "a node without a majority says that it does not know", func() bool {
		return v.nodes[0].good(key.Secret) == core.Unavailable && v.nodes[3].good(key.Secret) == core.Unavailable
	})
	<-socket.Done()
	if code := core.CodeOf(context.Cause(socket)); code != core.Unavailable {
		t.Errorf("the socket ended with %v", context.Cause(socket))
	}
	t.Logf("without a majority for %v", time.Since(began).Round(time.Millisecond))
}
