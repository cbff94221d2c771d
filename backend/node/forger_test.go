package node_test

// This file is a thief of a node's signing key: it makes tokens that are right in
// every point but the one that a test is about.

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
)

// operatorKey is the key in the node's own data folder.
func (r *running) operatorKey(t testing.TB) string {
	t.Helper()
	key, err := config.LoadOperatorKey(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	return key.Reveal()
}

// seeds are the node's signing keys by the id that tokens name.
func (r *running) seeds(t testing.TB) map[string]ed25519.PrivateKey {
	t.Helper()
	keys := map[string]ed25519.PrivateKey{}
	err := filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() != "token.key" {
			return err
		}
		var file struct{ Keys []struct{ Seed []byte } }
		raw, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(raw, &file)
		}
		for _, k := range file.Keys {
			key := ed25519.NewKeyFromSeed(k.Seed)
			keys[thumbprint(key)] = key
		}
		return err
	})
	if err != nil || len(keys) == 0 {
		t.Fatalf("%d signing keys, %v", len(keys), err)
	}
	return keys
}

// thumbprint is a key's id (RFC 8037, appendix A.3).
func thumbprint(key ed25519.PrivateKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(key[32:]) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// resigned is a token of this node with some things changed, signed with the
// node's own key.
func (r *running) resigned(t testing.TB, token string, change func(header, claims map[string]any)) string {
	t.Helper()
	header, claims := opened(t, token)
	id, _ := header["kid"].(string) //nolint:errcheck // no key has the empty id
	key, there := r.seeds(t)[id]
	if !there {
		t.Fatal("another node has signed this token")
	}
	change(header, claims)
	text := segment(t, header) + "." + segment(t, claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
}

// opened is what a token says.
func opened(t testing.TB, token string) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	for i, to := range []*map[string]any{&header, &claims} {
		raw, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err == nil {
			err = json.Unmarshal(raw, to)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

func segment(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}
