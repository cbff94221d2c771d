package storage

// What the tests of this package share: real databases on a libp2p host on
// loopback, and a clock that stands still.

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/crypto"
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

// clock is a time that only moves when told.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is storage on real databases.
type fixture struct {
	*Storage
	t     testing.TB
	db    *database.Internal
	clock *clock
	// tenant is the door that others' SQL comes through.
	tenant *database.Databases
}

// ns is a namespace of its own for each test, so that all can share one node.
func (f *fixture) ns() core.Namespace { return "red" }

// open starts a node's databases and storage on them.
func open(t testing.TB, s Settings) *fixture {
	t.Helper()
	databases := openDatabases(t)
	db := databases.Internal()
	c := newClock()
	if s.Now == nil {
		s.Now = c.Now
	}
	st, err := New(s, db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	run(t, st)
	return &fixture{Storage: st, t: t, db: db, clock: c, tenant: databases}
}

func openDatabases(t testing.TB) *database.Databases {
	t.Helper()
	key, _, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h, err := libp2p.New(libp2p.Identity(key), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"),
		libp2p.Transport(tcp.NewTCPTransport), libp2p.DisableRelay())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if errClose := h.Close(); errClose != nil {
			t.Error(errClose)
		}
	})
	d, err := database.New(database.Settings{Dir: t.TempDir(), NodeID: h.ID().String(), OwnSchema: Schema()}, h, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	run(t, d)
	return d
}

// run starts a part, waits until it is ready and ends it with the test.
func run(t testing.TB, part interface {
	Run(ctx context.Context, ready func()) error
},
) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- part.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("ended with %v", err)
		}
	})
	select {
	case <-ready:
	case <-time.After(30 * time.Second):
		t.Fatal("not ready after 30 s")
	}
}

// put stores or ends the test, and returns the version.
func (f *fixture) put(key, value string) core.Version {
	f.t.Helper()
	a, err := f.Put(context.Background(), f.ns(), key, []byte(value), core.PutOptions{})
	if err != nil {
		f.t.Fatalf("put %q: %v", key, err)
	}
	return a.Versions[0]
}

// value is what is stored under key, or the code of the error.
func (f *fixture) value(key string) string {
	f.t.Helper()
	it, _, err := f.Get(context.Background(), f.ns(), key, core.ReadOptions{})
	if err != nil {
		return string(core.CodeOf(err))
	}
	return string(it.Value)
}

// fill stores many keys at once by SQL: a batch has a limit.
func (f *fixture) fill(format string, n int) {
	f.t.Helper()
	f.put("~first", "makes the table")
	st := core.Statement{
		SQL: `INSERT INTO _debros_kv(key, value, updated_at) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
 SELECT CAST(printf(?2, i / 1000, i) AS BLOB), CAST('value ' || i AS BLOB), 0 FROM n`,
		Args: []any{int64(n), format},
	}
	if _, err := f.db.Exec(context.Background(), f.ns(), []core.Statement{st}, core.ExecOptions{}); err != nil {
		f.t.Fatal(err)
	}
	if a, err := f.Delete(context.Background(), f.ns(), "~first"); err != nil || !a.Deleted[0] {
		f.t.Fatal(a, err)
	}
}

// keys are the keys of items and the prefixes of a page, as a text.
func keys(p core.Page) string {
	var names []string
	for _, it := range p.Items {
		names = append(names, it.Key)
	}
	return fmt.Sprintf("%q %q", names, p.Prefixes)
}
