package membership

// This file builds members for the tests: real hosts on loopback, each with its
// databases.

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

// alone is the only member of a new network. Nobody else can be asked.
type alone struct {
	*Membership
	clock *testkit.Clock
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
	h, root, log := testkit.NewHost(t), t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil))
	r, err := Create(root, "home", "at home", h.ID().String())
	if err != nil {
		t.Fatal(err)
	}
	c := testkit.NewClock()
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
	testkit.Run(t, d.Run)
	testkit.Run(t, m.Run)
	return &alone{Membership: m, clock: c, host: h}
}
