package wallet

// What may happen to the files, and what must never stand in them.

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// A file that was cut or changed must be told, at every byte: it must never open
// to another key, and never be written over.
func TestStore_DamagedFiles(t *testing.T) {
	for _, secret := range []core.Secret{junkWords, ethersKey, naclSecret} {
		s := testStore(t, nil)
		info := mustImport(t, s, secret)
		path := s.path(info.ID, walletSuffix)
		good := []byte(files(t, s)[info.ID+walletSuffix])
		check := func(what string, data []byte) {
			t.Helper()
			// A new file each time: some disks wait for one that is written over.
			if err := errors.Join(os.Remove(path), os.WriteFile(path, data, 0o600)); err != nil {
				t.Fatal(err)
			}
			signer, err := s.Unlock(t.Context(), info.ID, passphrase)
			switch {
			case err == nil && slices.Equal(signer.Accounts(), info.Accounts): // a label, a time, a letter's case
				signer.Lock()
			case err == nil:
				t.Fatalf("%s: it opened to %v", what, signer.Accounts())
			case core.CodeOf(err) != core.Invalid && core.CodeOf(err) != core.Unauthenticated:
				t.Fatalf("%s: %v", what, err)
			}
			if all, err := s.List(); err != nil || len(all) != 1 || all[0].ID != info.ID {
				t.Fatalf("%s: %v, %v", what, all, err)
			}
			if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, data) {
				t.Fatalf("%s: the file was changed", what)
			}
		}
		for i := range good {
			check(fmt.Sprintf("cut at %d", i), good[:i])
			data := bytes.Clone(good)
			data[i] ^= 1 << (i % 7)
			check(fmt.Sprintf("%q for %q at %d", data[i], good[i], i), data)
		}
		if _, err := s.Unlock(t.Context(), info.ID, passphrase); err == nil {
			t.Fatal("the last change was none; this test proves nothing")
		}
		if err := os.WriteFile(path, good, 0o600); err != nil {
			t.Fatal(err)
		}
		signer, err := s.Unlock(t.Context(), info.ID, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		signer.Lock()
	}
}

// Two wallets whose files were swapped must not sign for one another.
func TestStore_SwappedFiles(t *testing.T) {
	s := testStore(t, nil)
	a, b := mustImport(t, s, junkWords), mustImport(t, s, core.Secret(bip39Vectors()["80808080808080808080808080808080"]))
	if err := os.Rename(s.path(a.ID, walletSuffix), s.path(b.ID, walletSuffix)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unlock(t.Context(), b.ID, passphrase); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	all, err := s.List()
	if err != nil || len(all) != 1 || all[0].Problem == "" || all[0].Label != "" {
		t.Errorf("%+v, %v", all, err)
	}
}

// Other users of the computer must not read the files, also where an older
// version, a backup or a person left them open.
func TestStore_Modes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights are the profile's own")
	}
	keys := &fakeKeychain{}
	s := testStore(t, keys)
	info := mustImport(t, s, junkWords)
	if err := s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
		t.Fatal(err)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	link := s.path("6e64ea4f-c4f8-4bf7-835f-93ca0757dd7e", walletSuffix)
	if err := os.Symlink(outside, link); err != nil {
		t.Fatal(err)
	}
	mode := func(path string) os.FileMode {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	paths := []string{s.path(info.ID, walletSuffix), s.path(info.ID, keychainSuffix)}
	for _, path := range paths {
		if mode(path) != 0o600 {
			t.Errorf("written with %v", mode(path))
		}
		if err := os.Chmod(path, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(s.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	storeAt(t, s.dir, nil)
	for _, path := range paths {
		if mode(path) != 0o600 {
			t.Errorf("left at %v", mode(path))
		}
	}
	if mode(s.dir) != 0o700 || mode(outside) != 0o644 {
		t.Errorf("folder %v, a file elsewhere %v", mode(s.dir), mode(outside))
	}
}

// A secret that stands in a file, a log line or an error is a secret no more.
func TestStore_Canaries(t *testing.T) {
	chain := &fakeKeychain{}
	s := testStore(t, chain)
	var seen strings.Builder
	show := func(values ...any) {
		for _, v := range values {
			body, err := json.Marshal(v)
			fmt.Fprintf(&seen, "%v %+v %#v %s %v\n", v, v, v, body, err)
		}
	}
	var canaries []string
	for _, secret := range []core.Secret{junkWords, ethersKey, naclSecret} {
		in := Import{Secret: secret, Passphrase: passphrase, FilePassphrase: passphrase}
		info, err := s.Import(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		if err = s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
			t.Fatal(err)
		}
		signer, err := s.Unlock(t.Context(), info.ID, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		_, wrong := s.Unlock(t.Context(), info.ID, "a wrong horse")
		show(in, info, signer, *signer.keys, wrong, New{Passphrase: passphrase}, Export{Passphrase: passphrase}, PassphraseChange{passphrase, passphrase})
		err = s.withMaterial(t.Context(), info.ID, passphrase, func(f walletFile, m material, k keys) error {
			show(f, m, k)
			for _, raw := range [][]byte{m.raw, func() []byte {
				if k.eth != nil {
					return k.eth.raw()
				}
				return k.sol.key[:32]
			}()} {
				canaries = append(canaries, string(raw), hex.EncodeToString(raw), base64.StdEncoding.EncodeToString(raw), strings.Trim(fmt.Sprintf("%d", raw), "[]"))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		signer.Lock()
		canaries = append(canaries, secret.Reveal(), chain.entries[info.ID])
	}
	canaries = append(canaries, passphrase, "a wrong horse")
	for name, text := range files(t, s) {
		seen.WriteString(name + text)
	}
	for _, canary := range canaries {
		if len(canary) < 12 {
			t.Fatalf("%q proves nothing", canary)
		}
		if strings.Contains(strings.ToLower(seen.String()), strings.ToLower(canary)) {
			t.Errorf("%q is seen", canary)
		}
	}
}

// A folder that somebody fills must not fill the memory of who lists it.
func TestStore_Bounds(t *testing.T) {
	s := testStore(t, nil)
	id := "6e64ea4f-c4f8-4bf7-835f-93ca0757dd7e"
	if err := os.WriteFile(s.path(id, walletSuffix), make([]byte, MaxKeyFileBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for i := range MaxWallets {
		name := fmt.Sprintf("6e64ea4f-c4f8-4bf7-835f-%012x", i)
		if err := os.WriteFile(s.path(name, walletSuffix), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := s.List(); err != nil || len(all) != MaxWallets+1 || all[0].Problem == "" {
		t.Error(len(all), err)
	}
	if _, err := s.Import(t.Context(), Import{Secret: junkWords, Passphrase: passphrase}); core.CodeOf(err) != core.Limited {
		t.Error(err)
	}
	if err := s.Remove(t.Context(), id); err != nil {
		t.Error("a damaged wallet cannot be removed:", err)
	}
	for i := range maxNames {
		if err := os.WriteFile(filepath.Join(s.dir, fmt.Sprint(i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// A list that leaves wallets out would be worse than none.
	if all, err := s.List(); core.CodeOf(err) != core.Limited || all != nil {
		t.Error(len(all), err)
	}
}
