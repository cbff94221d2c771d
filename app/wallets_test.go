//go:build !bindings

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/app/cli"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sandbox"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Everybody has the keys of the test people: whoever took one over would sign in
// as an account that is not his alone.
func TestWallets_TestPeopleAreRefused(t *testing.T) {
	f := &walletFolder{userDir: t.TempDir()}
	shown := func(form wallet.Form) core.Secret {
		store, err := wallet.Open(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		info, err := store.Import(t.Context(), wallet.Import{Secret: sandbox.Phrase, Number: 1, Passphrase: "long enough"})
		if err != nil {
			t.Fatal(err)
		}
		secret, err := store.Export(t.Context(), info.ID, wallet.Export{Passphrase: "long enough", Form: form})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	for name, secret := range map[string]core.Secret{
		"the phrase, oddly written": "  Test test TEST test test test test test test test test\njunk ",
		"bob's key in hex":          shown(wallet.FormHex),
	} {
		_, err := f.Import(t.Context(), api.WalletSecret{Secret: secret, Passphrase: "long enough"})
		if core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if all, err := f.List(); err != nil || len(all) > 0 {
		t.Errorf("left behind: %+v, %v", all, err)
	}
}

// The page and the command line have one folder of wallets, and a node whose page
// nobody opens makes none.
func TestWallets_AreThoseOfTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	f := &walletFolder{userDir: dir}
	if _, err := os.Stat(filepath.Join(dir, "wallets")); !os.IsNotExist(err) {
		t.Fatalf("made before it was needed: %v", err)
	}
	made, err := f.Create(t.Context(), "home", "long enough")
	if err != nil {
		t.Fatal(err)
	}
	store, err := wallet.Open(filepath.Join(dir, "wallets"))
	if err != nil {
		t.Fatal(err)
	}
	info, err := store.Find("home")
	if err != nil || info.ID != made.ID || info.Accounts[0].String() != made.Accounts[0].Address {
		t.Fatalf("%+v is not %+v: %v", info, made, err)
	}
	s, err := f.Unlock(t.Context(), made.ID, "long enough", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Lock()
	var shown api.SigningText
	const nonce = "abcdefghijklmnopqrstuvwxyz0123456789"
	signature, err := s.Sign(t.Context(), made.Accounts[1], nonce, func(_ context.Context, text api.SigningText) error {
		shown = text
		return nil
	})
	if err != nil || shown.Text != nonce {
		t.Fatalf("shown %+v, %v", shown, err)
	}
	if err := f.Verify(made.Accounts[1], nonce, signature); err != nil {
		t.Error(err)
	}
	if err := f.Verify(made.Accounts[0], nonce, signature); err == nil {
		t.Error("a signature is good for another account")
	}
}

// A wallet that the page removed must not stay the one that commands sign in with.
func TestWallets_RemovedIsNotInUse(t *testing.T) {
	f := &walletFolder{userDir: t.TempDir()}
	made, err := f.Create(t.Context(), "home", "long enough")
	if err != nil {
		t.Fatal(err)
	}
	run := func(words ...string) (string, int) {
		var out, problems bytes.Buffer
		status := cli.Main(t.Context(), cli.Env{
			Args: words, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &problems,
			Lookup: func(name string) (string, bool) { return f.userDir, name == "DEBROS_USER_DIR" },
		})
		return out.String() + problems.String(), status
	}
	if told, status := run("wallet", "use", "home"); status != 0 {
		t.Fatal(told)
	}
	if err = f.Remove(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	if told, status := run("wallet", "keychain", "off"); status == 0 || !strings.Contains(told, "you have no wallet yet") {
		t.Errorf("it is still in use: %d %s", status, told)
	}
}

// Without a place for wallets the person is told how to name one.
func TestWallets_NoFolder(t *testing.T) {
	if _, err := (&walletFolder{}).List(); core.CodeOf(err) != core.Unavailable {
		t.Error(err)
	}
}
