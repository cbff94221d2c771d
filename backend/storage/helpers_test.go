package storage

// What the tests of this package share: storage on real databases, and a clock
// that stands still.

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

// fixture is storage on real databases.
type fixture struct {
	*Storage
	t     testing.TB
	db    *database.Internal
	clock *testkit.Clock
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
	c := testkit.NewClock()
	if s.Now == nil {
		s.Now = c.Now
	}
	st, err := New(s, db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, st.Run)
	return &fixture{Storage: st, t: t, db: db, clock: c, tenant: databases}
}

// openDatabases are those of one node that has the tables of this package.
func openDatabases(t testing.TB) *database.Databases {
	t.Helper()
	return replicas.Open(t, testkit.NewHost(t), database.Settings{OwnSchema: Schema()})
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
