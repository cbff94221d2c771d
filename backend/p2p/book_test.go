package p2p

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// After a restart without its bootstrap peer a node must still find the others.
func TestBook_LastsOverRestart(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t)
	b, _ := start(t, Settings{})
	a, stop := start(t, Settings{Identity: key, PeerstoreDir: dir})
	if err := a.Dial(t.Context(), b.FullAddresses()[0]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "b is remembered", func() bool { return len(a.Stored()) == 1 })
	stop()
	a, _ = start(t, Settings{Identity: key, PeerstoreDir: dir})
	stored := a.Stored()
	if len(stored) != 1 || stored[0].ID != b.ID() || stored[0].Addrs[0].String() != b.Addrs()[0].String() {
		t.Fatalf("remembers %v", stored)
	}
	if list := a.PeerList(); len(list) != 1 || list[0].Connected || list[0].LastSeen.IsZero() {
		t.Errorf("lists %+v", list)
	}
	if err := a.Dial(t.Context(), "/p2p/"+b.ID().String()); err != nil {
		t.Errorf("dial by the remembered address: %v", err)
	}
}

// The private key must be in one place only.
func TestBook_HoldsNoKey(t *testing.T) {
	dir := t.TempDir()
	key := newKey(t)
	b, _ := start(t, Settings{})
	a, stop := start(t, Settings{Identity: key, PeerstoreDir: dir})
	if err := a.Dial(t.Context(), b.FullAddresses()[0]); err != nil {
		t.Fatal(err)
	}
	eventually(t, "b is remembered", func() bool { return len(a.Stored()) == 1 })
	stop()
	secret, err := key.Raw()
	if err != nil {
		t.Fatal(err)
	}
	body, err := os.ReadFile(filepath.Join(dir, bookFile))
	if err != nil || bytes.Contains(body, secret[:16]) {
		t.Fatalf("the file holds the key, or: %v", err)
	}
}

// A damaged cache must neither stop the node nor be thrown away unseen.
func TestBook_DamagedIsSetAside(t *testing.T) {
	id := randomID(t)
	for name, body := range map[string]string{
		"empty":         "",
		"cut short":     `{"version":1,"peers":[{"id":"`,
		"not JSON":      "\x00\x01leveldb",
		"newer version": `{"version":2}`,
		"a bad peer id": `{"version":1,"peers":[{"id":"x"}]}`,
		"a bad address": `{"version":1,"peers":[{"id":"` + id.String() + `","addresses":["somewhere"]}]}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, bookFile), []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			b, err := openBook(dir, slog.New(slog.NewTextHandler(&log, nil)))
			if err != nil || len(b.all()) != 0 {
				t.Fatalf("opened with %v: %v", b, err)
			}
			kept, err := filepath.Glob(filepath.Join(dir, bookFile+".damaged-*"))
			if err != nil || len(kept) != 1 {
				t.Fatalf("kept %v, %v", kept, err)
			}
			if got, err := os.ReadFile(kept[0]); err != nil || string(got) != body {
				t.Errorf("kept %q, %v", got, err)
			}
			if !strings.Contains(log.String(), "WARN") {
				t.Errorf("logged %q", log.String())
			}
		})
	}
	t.Run("a file in place of the folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "peerstore")
		if err := os.WriteFile(dir, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := openBook(dir, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		b.seen(sighting{id: id, at: time.Now(), addresses: []ma.Multiaddr{ma.StringCast("/ip4/127.0.0.1/tcp/1")}})
		if err := b.save(time.Now()); err != nil {
			t.Error(err)
		}
	})
}

// A million strangers must not push out the peers that the node relies on, nor
// fill the disk.
func TestBook_FloodOfStrangers(t *testing.T) {
	b, err := openBook(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	friend := randomID(t)
	b.seen(sighting{id: friend, at: now.Add(-time.Hour), dialled: true, by: ma.StringCast("/ip4/127.0.0.1/tcp/4001")})
	var addrs []ma.Multiaddr
	for port := range 100 {
		addrs = append(addrs, ma.StringCast(fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port+1)))
	}
	for i := range MaxStoredPeers + 2*roomMade {
		b.seen(sighting{id: randomID(t), at: now.Add(time.Duration(i)), addresses: addrs, agent: strings.Repeat("é", 1000)})
	}
	kept := len(b.all())
	if kept > MaxStoredPeers || kept < MaxStoredPeers-roomMade {
		t.Errorf("%d peers are kept, the limit is %d", kept, MaxStoredPeers)
	}
	if len(b.addresses(friend)) != 1 {
		t.Error("the peer that was dialled is forgotten")
	}
	if err = b.save(now); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(b.folder, bookFile))
	if err != nil || info.Size() > MaxBookBytes/4 {
		t.Errorf("the file has %v bytes, %v", info.Size(), err)
	}
	later, err := openBook(b.folder, slog.New(slog.DiscardHandler))
	if err != nil || len(later.all()) != kept {
		t.Errorf("read back %d, %v", len(later.all()), err)
	}
}

// A peer that is long gone must not be dialled for ever.
func TestBook_ForgetsTheOld(t *testing.T) {
	b, err := openBook(t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	b.seen(sighting{id: randomID(t), at: now.Add(-MaxStoredAge - time.Hour), addresses: []ma.Multiaddr{ma.StringCast("/ip4/127.0.0.1/tcp/1")}})
	b.seen(sighting{id: randomID(t), at: now}) // a client: it has no address
	if err = b.save(now); err != nil {
		t.Fatal(err)
	}
	again, err := openBook(b.folder, slog.New(slog.DiscardHandler))
	if err != nil || len(again.all()) != 0 {
		t.Errorf("still remembers %v, %v", again.all(), err)
	}
}

// Whatever stands in the file, the node starts.
func FuzzBookRead(f *testing.F) {
	f.Add([]byte(`{"version":1,"peers":[{"id":"12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf","addresses":["/ip4/127.0.0.1/tcp/1"],"last_seen":"2026-01-01T00:00:00Z"}]}`))
	f.Add([]byte(`{"version":1,"peers":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		b := &book{peers: make(map[peer.ID]known)}
		if b.read(bytes.NewReader(body), time.Now()) == nil && len(b.infos()) > MaxStoredPeers {
			t.Fatal("too many peers")
		}
	})
}

func randomID(t *testing.T) peer.ID {
	t.Helper()
	_, public, err := crypto.GenerateEd25519Key(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id, err := peer.IDFromPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
