// Another file takes the place of the one in use: a restored backup, and a
// snapshot that a replica gets from its leader.

package database

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// If a restored backup is not kept before it is acknowledged, a power cut brings
// the old data back, or nothing.
func TestSwap_OfARestoreIsKept(t *testing.T) {
	dir := t.TempDir()
	n := open(t, testkit.NewHost(t), Settings{Dir: dir, SnapshotEvery: everyFew})
	n.must(t, red, `CREATE TABLE t (i INTEGER PRIMARY KEY, x TEXT)`)
	insert(t, n, 0, 5)
	var backup bytes.Buffer
	if _, err := n.Backup(t.Context(), red, &backup, nil); err != nil {
		t.Fatal(err)
	}
	insert(t, n, 5, 9)
	if _, err := n.Restore(t.Context(), red, &backup, core.RestoreOptions{Replace: true}, nil); err != nil {
		t.Fatal(err)
	}
	if k := keptOf(t, dir); k == nil {
		t.Fatal("nothing was kept")
	}
	insert(t, n, 5, 7)
	for range 2 { // the log has a gap where the restore was
		if got := n.number(t, `SELECT count(*) FROM t`); got != 7 {
			t.Errorf("%d rows of 7", got)
		}
		if err := n.stop(); err != nil {
			t.Fatal(err)
		}
		n = open(t, n.host, Settings{Dir: dir, SnapshotEvery: everyFew})
	}
}

// replica is a store without a group around it, as another member has one.
type replica struct {
	store  *store.Store
	keeper *keeper
	layer  *layer
	swaps  chan struct{}
}

func openReplica(t *testing.T, h host.Host, f folder) *replica {
	t.Helper()
	_, _, err := f.inspect()
	if err != nil {
		t.Fatal(err)
	}
	if err = os.MkdirAll(f.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	k, err := f.readKept()
	if err == nil {
		err = f.restoreKept(k)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &replica{layer: listenLayer(h, f.group, func(peer.ID) bool { return true }, nil), swaps: make(chan struct{}, 10)}
	r.keeper = newKeeper(f, everyFew, newGate(f.group, r.layer.cutOff, testLog(t)), slog.New(slog.DiscardHandler))
	r.keeper.live.opening = 1
	if k != nil {
		r.keeper.live.opening = 2
	}
	r.keeper.live.swapped = func() error {
		r.swaps <- struct{}{}
		return f.keepNewest()
	}
	r.keeper.live.register()
	r.store = newStore(r.layer, f.dir, f.node, r.keeper.storeLog(io.Discard))
	if err := openStore(r.store.Open); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *replica) close(t *testing.T) {
	t.Helper()
	r.keeper.live.forget()
	if err := r.store.Close(true); err != nil {
		t.Error(err)
	}
}

// If a snapshot from the leader is not kept before the replica goes on, a power
// cut leaves a log that starts nowhere.
func TestSwap_OfASnapshotFromTheLeaderIsKept(t *testing.T) {
	dir := t.TempDir()
	n, _ := snapshotted(t, dir)
	g := n.groupOf(t, red)
	waitFor(t, func() bool { // the log is cut, so that a newcomer needs the snapshot
		n.must(t, red, `INSERT INTO t(x) VALUES ('more')`)
		return keptOf(t, dir).Meta.Index > 3*everyFew
	})
	other := testkit.NewHost(t)
	for a, b := range map[host.Host]host.Host{n.host: other, other: n.host} {
		a.Peerstore().AddAddrs(b.ID(), b.Addrs(), peerstore.PermanentAddrTTL)
	}
	f := folder{dir: filepath.Join(t.TempDir(), "red"), group: red.Group(), node: other.ID().String()}
	r := openReplica(t, other, f)
	if err := g.store.Join(&proto.JoinRequest{Id: f.node, Address: r.layer.Addr().String(), Voter: false}); err != nil {
		t.Fatal(err)
	}
	last := func() uint64 { return r.store.DBAppliedIndex() }
	waitFor(t, func() bool { return len(r.swaps) > 0 && last() >= g.store.DBAppliedIndex() })
	k, err := f.readKept()
	if err != nil || k == nil {
		t.Fatalf("the snapshot was not kept: %v", err)
	}
	n.must(t, red, `INSERT INTO t(x) VALUES ('later')`)
	waitFor(t, func() bool { return last() >= g.store.DBAppliedIndex() })
	r.close(t)
	// What rqlite itself left may be torn by a power cut; the kept one is enough.
	if err = os.RemoveAll(filepath.Join(f.dir, snapshotsFolder)); err != nil {
		t.Fatal(err)
	}
	r = openReplica(t, other, f)
	waitFor(t, func() bool { return last() >= g.store.DBAppliedIndex() })
	reader, err := openReader(filepath.Join(f.dir, liveFile))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.close()
	var got int64
	if err := eachRow(t.Context(), reader.conn, `SELECT count(*) FROM t`, func(cells []driver.Value) error { got = numberOf(cells[0]); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := n.number(t, `SELECT count(*) FROM t`); got != want {
		t.Errorf("the replica has %d rows of %d", got, want)
	}
	r.close(t)
}

// If a folder of the first format no longer opens, an update takes the data.
func TestOpen_FormatOne(t *testing.T) {
	h, dir := testkit.NewHost(t), t.TempDir()
	fill(t, h, dir)
	old, err := json.Marshal(map[string]any{"format": 1, "group": red.Group(), "node": h.ID().String(), "created": "2026-01-01T00:00:00Z", "index": 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "red", markerFile), old, 0o600); err != nil {
		t.Fatal(err)
	}
	n := open(t, h, Settings{Dir: dir, SnapshotEvery: everyFew})
	if got := n.number(t, `SELECT count(*) FROM t`); got != 20 {
		t.Errorf("%d rows of 20", got)
	}
	waitFor(t, func() bool {
		n.must(t, red, `INSERT INTO t VALUES ('more')`)
		return keptOf(t, dir) != nil
	})
	if m, _, err := readMarker(filepath.Join(dir, "red")); err != nil || m.Format != formatVersion {
		t.Errorf("with a snapshot, the folder is of format %d, %v: an older program would take it", m.Format, err)
	}
}
