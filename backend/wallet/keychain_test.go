package wallet

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zalando/go-keyring"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeKeychain is a keychain in memory that can fail, or hang like one whose
// dialog nobody answers.
type fakeKeychain struct {
	entries map[string]string
	fail    error
	hang    chan struct{}
	asked   atomic.Int32
}

func (f *fakeKeychain) ask() error {
	f.asked.Add(1)
	if f.hang != nil {
		<-f.hang
	}
	return f.fail
}

func (f *fakeKeychain) Get(name string) (string, error) {
	if err := f.ask(); err != nil {
		return "", err
	}
	secret, ok := f.entries[name]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return secret, nil
}

func (f *fakeKeychain) Set(name, secret string) error {
	if err := f.ask(); err != nil {
		return err
	}
	if f.entries == nil {
		f.entries = map[string]string{}
	}
	f.entries[name] = secret
	return nil
}

func (f *fakeKeychain) Delete(name string) error {
	if err := f.ask(); err != nil {
		return err
	}
	if _, ok := f.entries[name]; !ok {
		return keyring.ErrNotFound
	}
	delete(f.entries, name)
	return nil
}

func TestKeychain_OpensWithoutPassphrase(t *testing.T) {
	keys := &fakeKeychain{}
	s := testStore(t, keys)
	info := mustImport(t, s, junkWords)
	if _, err := s.UnlockFromKeychain(t.Context(), info.ID); !errors.Is(err, ErrKeychainOff) {
		t.Error(err)
	}
	if err := s.TurnOnKeychain(t.Context(), info.ID, "a wrong horse"); !errors.Is(err, ErrPassphrase) || keys.asked.Load() != 0 {
		t.Error(err, keys.asked.Load())
	}
	if err := s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
		t.Fatal(err)
	}
	// A new passphrase and a new name leave the second door open.
	if err := s.ChangePassphrase(t.Context(), info.ID, PassphraseChange{Old: passphrase, New: "battery staple"}); err != nil {
		t.Fatal(err)
	}
	found, err := s.Rename(t.Context(), info.ID, "work")
	if err != nil || !found.Keychain {
		t.Error(found, err)
	}
	signer, err := s.UnlockFromKeychain(t.Context(), info.ID)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := signer.Sign(t.Context(), info.Accounts[1], proofText, agree)
	if err != nil || Verify(info.Accounts[1], proofText, signature) != nil {
		t.Error(err)
	}
	signer.Lock()
	if err = s.TurnOffKeychain(t.Context(), info.ID); err != nil || len(keys.entries) != 0 {
		t.Error(err, keys.entries)
	}
	if err = s.TurnOffKeychain(t.Context(), info.ID); !errors.Is(err, ErrKeychainOff) {
		t.Error(err)
	}
	if err = s.TurnOnKeychain(t.Context(), info.ID, "battery staple"); err != nil {
		t.Fatal(err)
	}
	if err = s.Remove(t.Context(), info.ID); err != nil || len(keys.entries) != 0 || len(files(t, s)) != 0 {
		t.Error(err, keys.entries)
	}
}

// Keychains get lost with an update, a new computer, a forgotten login password.
// Nothing may be lost with them.
func TestKeychain_GoneOrChanged(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(k *fakeKeychain, id string)
		want    error
		code    core.Code
	}{
		"the entry is gone":             {func(k *fakeKeychain, id string) { delete(k.entries, id) }, ErrKeychainLost, core.Unauthenticated},
		"the entry is another":          {func(k *fakeKeychain, id string) { k.entries[id] = "something else" }, ErrKeychainLost, core.Unauthenticated},
		"the entry is empty":            {func(k *fakeKeychain, id string) { k.entries[id] = "" }, ErrKeychainLost, core.Unauthenticated},
		"there is no keychain any more": {func(k *fakeKeychain, _ string) { k.fail = keyring.ErrUnsupportedPlatform }, ErrNoKeychain, core.Unavailable},
		"the keychain is locked":        {func(k *fakeKeychain, _ string) { k.fail = errors.New("org.freedesktop.Secret.Error.IsLocked") }, ErrNoKeychain, core.Unavailable},
	} {
		keys := &fakeKeychain{}
		s := testStore(t, keys)
		info := mustImport(t, s, junkWords)
		if err := s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
			t.Fatal(err)
		}
		before := files(t, s)
		c.happens(keys, info.ID)
		if _, err := s.UnlockFromKeychain(t.Context(), info.ID); !errors.Is(err, c.want) || core.CodeOf(err) != c.code || core.Sentence(err) != core.Sentence(c.want) {
			t.Errorf("%s: %v", name, err)
		}
		for file, text := range files(t, s) {
			if before[file] != text {
				t.Errorf("%s: %s was changed", name, file)
			}
		}
		signer, err := s.Unlock(t.Context(), info.ID, passphrase)
		if err != nil {
			t.Fatalf("%s: the passphrase does not open it: %v", name, err)
		}
		signer.Lock()
		keys.fail = nil
		if err = s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
			t.Fatalf("%s: it cannot be turned on again: %v", name, err)
		}
		if signer, err = s.UnlockFromKeychain(t.Context(), info.ID); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		signer.Lock()
	}
}

// Who closes the window has not lost the keychain.
func TestKeychain_CallerGivesUp(t *testing.T) {
	keys := &fakeKeychain{}
	s := testStore(t, keys)
	info := mustImport(t, s, junkWords)
	if err := s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
		t.Fatal(err)
	}
	keys.hang = make(chan struct{})
	defer close(keys.hang)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.UnlockFromKeychain(ctx, info.ID); !errors.Is(err, context.Canceled) || core.CodeOf(err) != core.Unavailable {
		t.Error(err)
	}
}

// On a server there is no keychain: turning it on must fail and leave no trace.
func TestKeychain_NoneAtAll(t *testing.T) {
	s := testStore(t, &fakeKeychain{fail: keyring.ErrUnsupportedPlatform})
	info := mustImport(t, s, junkWords)
	if err := s.TurnOnKeychain(t.Context(), info.ID, passphrase); !errors.Is(err, ErrNoKeychain) {
		t.Error(err)
	}
	if now, err := s.Find(info.ID); err != nil || now.Keychain || len(files(t, s)) != 1 {
		t.Error(now, err)
	}
}

// A dialog that nobody sees must not hold the wallets up, nor pile up questions.
func TestKeychain_DialogNobodyAnswers(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		keys := &fakeKeychain{}
		s := storeAt(t, dir, keys)
		info := mustImport(t, s, junkWords)
		if err := s.TurnOnKeychain(t.Context(), info.ID, passphrase); err != nil {
			t.Fatal(err)
		}
		keys.asked.Store(0)
		keys.hang = make(chan struct{})
		for range 3 {
			started := time.Now()
			if _, err := s.UnlockFromKeychain(t.Context(), info.ID); !errors.Is(err, ErrNoKeychain) || time.Since(started) != KeychainWait {
				t.Errorf("after %v: %v", time.Since(started), err)
			}
		}
		if keys.asked.Load() != 1 {
			t.Errorf("%d questions wait", keys.asked.Load())
		}
		signer, err := s.Unlock(t.Context(), info.ID, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		signer.Lock()
		close(keys.hang)
		synctest.Wait()
		if signer, err = s.UnlockFromKeychain(t.Context(), info.ID); err != nil {
			t.Fatal(err)
		}
		signer.Lock()
	})
}
