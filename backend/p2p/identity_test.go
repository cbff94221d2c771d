package p2p

import (
	"bytes"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// A node that gets a new name at a restart is a stranger to its own network.
func TestIdentity_LastsAndIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "identity.key")
	first, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	if !first.Equals(second) {
		t.Fatal("the second start got another key")
	}
	if first.Type() != crypto.Ed25519 {
		t.Fatalf("key of type %v", first.Type())
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		info, statErr := os.Stat(name)
		if statErr != nil {
			t.Fatal(statErr)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %04o, want %04o", name, info.Mode().Perm(), want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder holds %v (%v), want the key only", entries, err)
	}
}

// Two starts at once must agree on one key, or one of them runs under a name
// that the disk does not hold.
func TestIdentity_TwoStartsAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.key")
	var ids [8]peer.ID
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			key, err := LoadIdentity(path)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i], err = peer.IDFromPrivateKey(key)
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("different names: %v", ids)
		}
	}
}

// A damaged key that is replaced in silence loses the node its membership; one
// that others can read can be stolen. Each is refused, named and left as it is.
func TestIdentity_Refused(t *testing.T) {
	rsa, _, err := crypto.GenerateKeyPairWithReader(crypto.Secp256k1, 256, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	otherKind, err := crypto.MarshalPrivateKey(rsa)
	if err != nil {
		t.Fatal(err)
	}
	good, err := crypto.MarshalPrivateKey(newKey(t))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		body []byte
		mode os.FileMode
		says string
	}{
		"empty":                   {body: nil, mode: 0o600, says: "is empty"},
		"cut short":               {body: good[:40], mode: 0o600, says: "is damaged"},
		"one bit wrong":           {body: flip(good), mode: 0o600, says: "is damaged"},
		"text":                    {body: []byte("-----BEGIN KEY-----"), mode: 0o600, says: "is damaged"},
		"of another kind":         {body: otherKind, mode: 0o600, says: "needs Ed25519"},
		"far too long":            {body: bytes.Repeat([]byte{8}, MaxIdentityBytes+1), mode: 0o600, says: "more than"},
		"readable by the group":   {body: good, mode: 0o640, says: "chmod 600"},
		"readable by everybody":   {body: good, mode: 0o604, says: "chmod 600"},
		"writable by the group":   {body: good, mode: 0o620, says: "chmod 600"},
		"executable by everybody": {body: good, mode: 0o601, says: "chmod 600"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "identity.key")
			if err := os.WriteFile(path, test.body, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := LoadIdentity(path)
			wantCode(t, err, core.Invalid)
			if text := core.Sentence(err); !strings.Contains(text, test.says) || !strings.Contains(text, path) {
				t.Errorf("says %q; want the file's name and %q", text, test.says)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(after, test.body) {
				t.Errorf("the file was changed (%v)", err)
			}
		})
	}
	t.Run("a folder", func(t *testing.T) {
		_, err := LoadIdentity(t.TempDir())
		wantCode(t, err, core.Invalid)
	})
}

// flip breaks the public half, which the private half proves wrong.
func flip(key []byte) []byte {
	broken := bytes.Clone(key)
	broken[len(broken)-1] ^= 1
	return broken
}

// A damaged key file must end in an error, never in a crash at start.
func FuzzParseIdentity(f *testing.F) {
	good, err := crypto.MarshalPrivateKey(newKey(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte{})
	f.Add([]byte{8, 1, 18, 64})
	f.Fuzz(func(t *testing.T, body []byte) {
		key, err := parseIdentity("identity.key", body)
		if err == nil && key.Type() != crypto.Ed25519 {
			t.Fatalf("accepted a key of type %v", key.Type())
		}
	})
}
