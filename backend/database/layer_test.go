// Raft over libp2p streams, with real stores on it.

package database

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// If Raft does not run over the streams as it does over TCP, no group can ever
// have a second replica. Two stores join a third; a write on the leader is then
// read on the others, and a new leader takes over when the first one goes.
func TestLayer_CarriesRaft(t *testing.T) {
	if err := installWriterLock(); err != nil {
		t.Fatal(err)
	}
	hosts := []host.Host{testkit.NewHost(t), testkit.NewHost(t), testkit.NewHost(t)}
	stores := make([]*store.Store, len(hosts))
	for i, h := range hosts {
		for _, other := range hosts[:i] {
			testkit.Introduce(h, other)
		}
		stores[i] = joinable(t, h)
	}
	first := stores[0]
	if err := first.Bootstrap(&store.Server{ID: first.ID(), Addr: first.Addr()}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, first.IsLeader)
	for _, s := range stores[1:] {
		if err := first.Join(&proto.JoinRequest{Id: s.ID(), Address: s.Addr(), Voter: true}); err != nil {
			t.Fatal(err)
		}
	}
	execute(t, first, `CREATE TABLE t (x)`, `INSERT INTO t VALUES (1)`)
	for _, s := range stores {
		waitFor(t, func() bool { return count(s) == 1 })
	}
	if err := first.Close(true); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return stores[1].IsLeader() || stores[2].IsLeader() })
	leader := stores[1]
	if stores[2].IsLeader() {
		leader = stores[2]
	}
	execute(t, leader, `INSERT INTO t VALUES (2)`)
	waitFor(t, func() bool { return count(stores[1]) == 2 && count(stores[2]) == 2 })
}

// joinable is a store that may be joined to a group by anyone.
func joinable(t *testing.T, h host.Host) *store.Store {
	t.Helper()
	ly := listenLayer(h, "ns::test", func(peer.ID) bool { return true }, nil)
	s := newStore(ly, t.TempDir(), h.ID().String(), stdLogger(testLog(t)))
	if err := openStore(s.Open); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(closeQuietly(storeCloser{s}))
	return s
}

func execute(t *testing.T, s *store.Store, texts ...string) {
	t.Helper()
	for _, sql := range texts {
		responses, _, err := s.Execute(&proto.ExecuteRequest{Request: &proto.Request{Statements: []*proto.Statement{{Sql: sql}}}})
		if err != nil || responses[0].GetError() != "" {
			t.Fatalf("%s: %v, %v", sql, err, responses)
		}
	}
}

func count(s *store.Store) int64 {
	rows, _, err := s.Query(&proto.QueryRequest{Request: &proto.Request{Statements: []*proto.Statement{{Sql: `SELECT count(*) FROM t`}}}})
	if err != nil || len(rows) == 0 || len(rows[0].GetValues()) == 0 {
		return -1
	}
	return rows[0].GetValues()[0].GetParameters()[0].GetI()
}

// If a stranger's stream reaches Raft, he can depose leaders and write rows.
func TestLayer_RefusesStrangers(t *testing.T) {
	h, stranger := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(h, stranger)
	n := open(t, h, Settings{Dir: t.TempDir()})
	n.must(t, red, `CREATE TABLE t (x)`)
	g := n.groupOf(t, red)
	if !g.member(h.ID()) || g.member(stranger.ID()) {
		t.Errorf("members: self %t, stranger %t", g.member(h.ID()), g.member(stranger.ID()))
	}
	id := raftProtocol("ns::red")
	s, err := stranger.NewStream(t.Context(), h.ID(), id)
	if err != nil {
		return // refused before it was a stream
	}
	if err = s.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Write([]byte{3, 0x80}) // stand for election, now
	if err == nil {
		_, err = io.ReadFull(s, make([]byte, 1))
	}
	if err == nil || isTimeout(err) {
		t.Errorf("the stream was not reset: %v", err)
	}
}

func isTimeout(err error) bool {
	timeout, ok := err.(net.Error) //nolint:errorlint // as libp2p returns it
	return ok && timeout.Timeout()
}

// If an address is misread, Raft talks to the wrong node or to the network.
func TestLayer_Dial(t *testing.T) {
	h := testkit.NewHost(t)
	ly := listenLayer(h, "ns::test", func(peer.ID) bool { return true }, nil)
	for _, address := range []string{"", "127.0.0.1:80", "0.0.0.0:", "0.0.0.0:80", h.ID().String()} {
		if _, err := ly.Dial(address, time.Second); err == nil {
			t.Errorf("%q was dialled", address)
		}
	}
	near, err := ly.Dial(ly.Addr().String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	far, err := ly.Accept()
	if err != nil {
		t.Fatal(err)
	}
	go fmt.Fprint(near, "hello")
	text := make([]byte, 5)
	if _, err := io.ReadFull(far, text); err != nil || string(text) != "hello" {
		t.Errorf("to itself: %q, %v", text, err)
	}
	closeQuietly(near)()
	closeQuietly(far)()
	if err := ly.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ly.Dial(ly.Addr().String(), time.Second); err == nil {
		t.Error("a closed layer was dialled")
	}
	if err := ly.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
}

// Whoever connects is told the protocols of a node; they must not be a list of
// its tenants.
func TestLayer_ProtocolsNameNoTenant(t *testing.T) {
	h := testkit.NewHost(t)
	d := open(t, h, Settings{Dir: t.TempDir()})
	d.must(t, "acme-payroll", "CREATE TABLE t(x)")
	for _, p := range h.Mux().Protocols() {
		if strings.Contains(string(p), "acme") {
			t.Errorf("a stranger can read %s", p)
		}
	}
}
