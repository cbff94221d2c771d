package vault

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/zalando/go-keyring"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// memory is a keychain that forgets with the test.
type memory map[string]string

func (m memory) Get(name string) (string, error) {
	if s, ok := m[name]; ok {
		return s, nil
	}
	return "", keyring.ErrNotFound
}

func (m memory) Set(name, secret string) error {
	m[name] = secret
	return nil
}

func (m memory) Delete(name string) error {
	delete(m, name)
	return nil
}

func mustOpen(t *testing.T, k *Keys, passphrase core.Secret) Unlocked {
	t.Helper()
	u, err := k.Open(t.Context(), passphrase)
	if err != nil {
		t.Fatal("open:", err)
	}
	return u
}

// mustStart opens and goes on.
func mustStart(t *testing.T, k *Keys) Unlocked {
	t.Helper()
	u := mustOpen(t, k, "")
	if marked, err := k.Started(t.Context()); err != nil || !marked {
		t.Fatalf("started: marked is %v (%v)", marked, err)
	}
	return u
}

// A thief of the folder would read the chats, or learn from errors how near a guess was.
func TestKeys_Passphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alice.key")
	k := NewKeys(path, nil)
	who := Public{Account: wire.AccountID(alice), Device: "ab"}
	made, err := k.New(t.Context(), who, "correct horse", false)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, made.Key[:]) {
		t.Error("the key lies in its file")
	}
	if _, err = k.New(t.Context(), who, "correct horse", false); core.CodeOf(err) != core.Conflict {
		t.Errorf("a second key gave %v: the first would be lost", err)
	}
	if _, wrong := k.Open(t.Context(), "wrong horse"); !errors.Is(wrong, ErrPassphrase) {
		t.Errorf("a wrong passphrase gave %v", wrong)
	}
	if err = k.ChangePassphrase(t.Context(), "wrong horse", "another horse"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("changed with a wrong passphrase: %v", err)
	}
	if err = k.ChangePassphrase(t.Context(), "correct horse", "another horse"); err != nil {
		t.Fatal(err)
	}
	u := mustOpen(t, k, "another horse")
	if u.Key != made.Key || u.Public != who {
		t.Error("another key came back")
	}
	if !u.Copied {
		t.Error("without a keychain nobody can tell a copy, and it said there was none")
	}
	if _, err = k.Open(t.Context(), "correct horse"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("the old passphrase gave %v", err)
	}
	// Somebody else's account in the file, or a bit of the sealed key: the same error.
	other := bytes.Replace(data, []byte(wire.AccountID(alice)), []byte(wire.AccountID(bob)), 1)
	if err = os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err = k.Open(t.Context(), "correct horse"); !errors.Is(err, ErrPassphrase) {
		t.Errorf("a changed file gave %v", err)
	}
}

// A copy of the folder would go on with the same sending sessions, and two
// different messages would be sealed under one number.
func TestKeys_ACopyIsNoticed(t *testing.T) {
	chain := memory{}
	folder := t.TempDir()
	path := filepath.Join(folder, "alice.key")
	k := NewKeys(path, chain)
	if _, err := k.New(t.Context(), Public{Account: wire.AccountID(alice)}, "", true); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if mustStart(t, k).Copied {
			t.Error("the only folder is taken for a copy")
		}
	}
	old, err := os.ReadFile(path)
	must(t, err)
	if mustStart(t, k).Copied {
		t.Error("the only folder is taken for a copy")
	}
	must(t, os.WriteFile(path, old, 0o600)) // last week's folder is put back
	for range 2 {                           // also after a crash before what it asks for was done
		if !mustOpen(t, k, "").Copied {
			t.Error("an older folder went on as if it were the newest")
		}
	}
	mustStart(t, k)
	if mustStart(t, k).Copied {
		t.Error("it is the newest now")
	}
	k = NewKeys(path, deaf{chain})
	if marked, err := k.Started(t.Context()); err != nil || marked {
		t.Errorf("a keychain that keeps nothing has a mark: %v (%v)", marked, err)
	}
}

// deaf is a keychain that can be read alone.
type deaf struct{ memory }

func (deaf) Set(string, string) error { return errors.New("no") }

// The keychain would be the only way in, or stay one after it was turned off.
func TestKeys_Keychain(t *testing.T) {
	chain := memory{}
	k := NewKeys(filepath.Join(t.TempDir(), "alice.key"), chain)
	made, err := k.New(t.Context(), Public{Account: wire.AccountID(alice)}, "correct horse", false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = k.Open(t.Context(), ""); !errors.Is(err, ErrKeychainOff) {
		t.Errorf("a keychain that was never asked gave %v", err)
	}
	if err = k.UseKeychain(t.Context(), "correct horse", true); err != nil {
		t.Fatal(err)
	}
	if mustOpen(t, k, "").Key != made.Key || mustOpen(t, k, "correct horse").Key != made.Key {
		t.Error("another key came back")
	}
	for name := range chain {
		chain[name] = "00"
	}
	if _, err = k.Open(t.Context(), ""); !errors.Is(err, ErrKeychainLost) {
		t.Errorf("a changed entry gave %v", err)
	}
	if err = k.UseKeychain(t.Context(), "correct horse", false); err != nil {
		t.Fatal(err)
	}
	if _, err = k.Open(t.Context(), ""); !errors.Is(err, ErrKeychainOff) || len(chain) > 0 {
		t.Errorf("turned off, it gave %v and kept %d entries", err, len(chain))
	}
}
