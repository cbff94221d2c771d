package node_test

// A device of a guest: it reaches the service at a member, and the members' gossip.

import (
	"bytes"
	"crypto/sha256"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/node"
)

func (d chatDevice) caller() wire.Caller {
	return wire.Caller{Account: d.statement.Account, Device: d.name()}
}

// open is the service and the gossip of the node for the device.
func (r *running) open(t testing.TB, d chatDevice) (wire.Service, wire.Gossip) {
	t.Helper()
	s, g, err := node.OpenRows(r.Node, d.caller(), d.sign)
	if err != nil {
		t.Fatal(err)
	}
	return s, g
}

// stores puts rows and expects each to be taken.
func stores(t testing.TB, s wire.Service, rows ...[]byte) []wire.Receipt {
	t.Helper()
	receipts, err := s.Put(t.Context(), rows)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range receipts {
		if r.Code != "" {
			t.Fatalf("row %d: %s %s", i, r.Code, r.Why)
		}
	}
	return receipts
}

// A guest's people must have the same chat as a member's, over a way on which
// nobody is believed but the device itself.
func TestChatGuest_HasTheWholeService(t *testing.T) {
	member := start(t, t.TempDir(), nil)
	guest := start(t, t.TempDir(), func(c *config.Config) {
		c.Discovery.BootstrapPeers = member.file.P2P
		c.Gateway.Enabled = false // the chat does not need it
	})
	alice, bob := newChatDevice(t, ethereumPerson(t)), newChatDevice(t, solanaPerson(t))
	here, _ := member.open(t, alice)
	there, _ := guest.open(t, bob)
	ctx := t.Context()
	if d, err := there.DevicesOf(ctx, bob.statement.Account); err != nil || len(d.Certificates)+len(d.Lists)+len(d.Prekeys) != 0 {
		t.Fatalf("before it is certified: %+v, %v", d, err)
	}
	if _, err := there.Inbox(ctx, 0, 10); core.CodeOf(err) != core.Denied {
		t.Errorf("a device that nobody knows: %v", err)
	}
	stores(t, here, alice.rows...)
	stores(t, there, bob.rows...)
	if d, err := there.DevicesOf(ctx, alice.statement.Account); err != nil || len(d.Certificates) != 1 || d.Certificates[0].Fingerprint() != alice.name() || len(d.Lists) != 1 {
		t.Errorf("the other's devices: %+v, %v", d, err)
	}
	if a, err := there.AccountOf(ctx, alice.name()); err != nil || a != alice.statement.Account {
		t.Errorf("whose device it is: %v, %v", a, err)
	}
	tag := wire.NewTag()
	s := bob.begin(t, tag)
	change, err := there.Follow(ctx, []wire.Tag{tag}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	rows := [][]byte{s.announce(t), s.message(t)}
	receipts := stores(t, there, rows...)
	if again := stores(t, there, rows...); again[1].Seq != receipts[1].Seq || receipts[1].Seq != 2 {
		t.Errorf("the same rows again: %+v, %+v", receipts, again)
	}
	if change, err = there.Follow(ctx, []wire.Tag{tag}, change.Index, 5*time.Second); err != nil || change.Mailboxes[tag.Name()] != 2 {
		t.Errorf("what is new: %+v, %v", change, err)
	}
	page, err := there.Mailbox(ctx, tag, 0, 10)
	if err != nil || len(page.Rows) != 2 || !bytes.Equal(page.Rows[1].Row, rows[1]) {
		t.Errorf("%d rows, %v", len(page.Rows), err)
	}
	if held, errHeld := there.StoredAt(ctx, s.id(), 0); errHeld != nil || held.Seq != 2 || len(held.All) != 1 {
		t.Errorf("held: %+v, %v", held, errHeld)
	}
	sealed := []byte("a sealed chunk")
	hash := wire.Hash(sha256.Sum256(sealed))
	id := wire.BlobID([]wire.Hash{hash})
	for name, err := range map[string]error{
		"begin": there.BeginBlob(ctx, id, []wire.Hash{hash}), "put": there.PutChunk(ctx, id, 0, 1, sealed), "confirm": there.ConfirmBlob(ctx, id),
	} {
		if err != nil {
			t.Errorf("%s a file: %v", name, err)
		}
	}
	if chunk, errChunk := here.Chunk(ctx, id, 0); errChunk != nil || !bytes.Equal(chunk, sealed) {
		t.Errorf("a chunk: %q, %v", chunk, errChunk)
	}
	if have, errHave := there.HaveChunks(ctx, id); errHave != nil || len(have) != 1 {
		t.Errorf("chunks: %v, %v", have, errHave)
	}
	if err = there.DropBlob(ctx, id); err != nil {
		t.Errorf("drop a file: %v", err)
	}
	entry := wire.BackupEntry{ID: hash, Sealed: []byte("an entry")}
	if err = there.PutBackupKey(ctx, 1, []byte("a wrapped key")); err != nil {
		t.Fatal(err)
	}
	if err = there.PutBackup(ctx, 1, []wire.BackupEntry{entry}); err != nil {
		t.Fatal(err)
	}
	if list, errList := there.BackupEntries(ctx, 1, wire.Hash{}, 10); errList != nil || len(list) != 1 || list[0].ID != hash || string(list[0].Sealed) != "an entry" {
		t.Errorf("entries: %v, %v", list, errList)
	}
	if info, errInfo := there.Backup(ctx); errInfo != nil || info.Version != 1 || info.Entries != 1 || string(info.Key) != "a wrapped key" {
		t.Errorf("a backup: %+v, %v", info, errInfo)
	}
	if err = there.DropBackups(ctx, 1); err != nil {
		t.Errorf("drop backups: %v", err)
	}
	if info, errInfo := here.Backup(ctx); errInfo != nil || info.Version != 0 {
		t.Errorf("another wallet's backup: %+v, %v", info, errInfo)
	}
}

// What a guest publishes arrives at once, and what nobody would store does not.
func TestChatGuest_Gossip(t *testing.T) {
	member := start(t, t.TempDir(), nil)
	guest := start(t, t.TempDir(), func(c *config.Config) { c.Discovery.BootstrapPeers = member.file.P2P })
	bob := newChatDevice(t, solanaPerson(t))
	tag := wire.NewTag()
	s := bob.begin(t, tag)
	_, listens, err := node.OpenRows(member.Node, wire.Caller{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	rows, end, err := listens.Listen(t.Context(), tag.Name())
	if err != nil {
		t.Fatal(err)
	}
	message := s.message(t)
	_, mute, err := node.OpenRows(guest.Node, wire.Caller{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err = mute.Publish(t.Context(), tag.Name(), message); core.CodeOf(err) != core.Denied {
		t.Errorf("without a device: %v", err)
	}
	there, gossip := guest.open(t, bob)
	stores(t, there, bob.rows...)
	forged := bytes.Clone(message)
	forged[len(forged)-1] ^= 1
	for name, row := range map[string][]byte{
		"a forged message": forged, "junk": []byte("junk"), "a row of the store alone": bob.rows[0], "another mailbox's": bob.begin(t, wire.NewTag()).message(t),
	} {
		if err = gossip.Publish(t.Context(), tag.Name(), row); core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err = gossip.Publish(t.Context(), tag.Name(), message); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-rows:
		if !bytes.Equal(got, message) {
			t.Error("another row came")
		}
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
	}
	if err = end(); err != nil {
		t.Error(err)
	}
	if _, open := <-rows; open {
		t.Error("the channel is open after its end")
	}
}
