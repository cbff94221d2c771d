package membership

// This file builds members for the tests: real hosts on loopback, each with its
// databases.

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

// clock is the time that a member goes by.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newHost(t testing.TB) host.Host {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableRelay(), libp2p.UserAgent("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// alone is the only member of a new network. Nobody else can be asked.
type alone struct {
	*Membership
	clock *clock
	host  host.Host
}

// nobody is the other members of a network that has none.
type nobody struct{ database.Remote }

func (nobody) Wake(context.Context, string, core.Namespace) (database.Standing, error) {
	return database.Standing{}, core.Errorf(core.Unavailable, "there is nobody")
}

func (nobody) Standing(context.Context, string, core.Namespace) (database.Standing, error) {
	return database.Standing{}, core.Errorf(core.Unavailable, "there is nobody")
}

// founder starts a network of one member, until the end of the test.
func founder(t testing.TB, change func(*Settings)) *alone {
	t.Helper()
	h, root, log := newHost(t), t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil))
	r, err := Create(root, "home", "at home", h.ID().String())
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := Settings{Root: root, Record: r, Name: "elder", Version: "test", Now: c.Now, Addresses: func() []string {
		var list []string
		for _, addr := range h.Addrs() {
			list = append(list, addr.String())
		}
		return list
	}}
	if change != nil {
		change(&s)
	}
	m, err := New(s, h, log)
	if err != nil {
		t.Fatal(err)
	}
	d, err := database.New(database.Settings{Dir: filepath.Join(root, "home"), NodeID: h.ID().String(), Network: "home"}, h, m, nobody{}, log)
	if err != nil {
		t.Fatal(err)
	}
	m.SetDatabase(d.Internal(), d, nobody{})
	run(t, d.Run)
	run(t, m.Run)
	return &alone{Membership: m, clock: c, host: h}
}

// run runs a part until the end of the test.
func run(t testing.TB, part func(context.Context, func()) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- part(ctx, func() { close(ready) }) }()
	select {
	case <-ready:
	case err := <-ended:
		cancel()
		t.Fatalf("it ended before it was ready: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
