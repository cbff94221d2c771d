package wallet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	junkWords  = "test test test test test test test test test test test junk"
	passphrase = "correct horse"
)

// A question to the keychain must not outlive who asked, once it is answered.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testStore is a store that derives its keys fast.
func testStore(t testing.TB, k keychain) *Store {
	t.Helper()
	return storeAt(t, filepath.Join(t.TempDir(), "wallets"), k)
}

func storeAt(t testing.TB, dir string, k keychain) *Store {
	t.Helper()
	s, err := open(dir, settings{scryptN: 2, random: rand.Reader, now: time.Now, keychain: k})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustImport(t testing.TB, s *Store, secret core.Secret) Info {
	t.Helper()
	info, err := s.Import(t.Context(), Import{Secret: secret, Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func agree(context.Context, Request) error { return nil }

// files is what lies in the folder, by name.
func files(t testing.TB, s *Store) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(s.dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = string(data)
	}
	return all
}

// What a person does on the first day: make a wallet, sign in with it, come back.
func TestStore_CreateAndSign(t *testing.T) {
	s := testStore(t, nil)
	for _, n := range []int{0, 12, 24} {
		info, words, err := s.Create(t.Context(), New{Words: n, Passphrase: passphrase})
		if err != nil || len(strings.Fields(words.Reveal())) != max(n, 12) || info.Kind != KindWords || len(info.Accounts) != 2 {
			t.Fatal(info, err)
		}
		// The words alone are enough, here and in every other wallet.
		seed := Seed(words.Reveal(), "")
		eth, err := Ethereum(seed, 0)
		if err != nil || eth.Account() != info.Accounts[0] {
			t.Fatal(err)
		}
		again := storeAt(t, s.dir, nil) // another start of the program
		signer, err := again.Unlock(t.Context(), info.ID, passphrase)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range info.Accounts {
			signature, err := signer.Sign(t.Context(), a, proofText, agree)
			if err != nil || Verify(a, proofText, signature) != nil {
				t.Errorf("%s: %v", a, err)
			}
		}
		signer.Lock()
	}
	all, err := s.List()
	if err != nil || len(all) != 3 {
		t.Fatal(all, err)
	}
	labels := []string{all[0].Label, all[1].Label, all[2].Label}
	slices.Sort(labels)
	if !slices.Equal(labels, []string{"wallet 1", "wallet 2", "wallet 3"}) {
		t.Error(labels)
	}
	for _, n := range []int{1, 11, 15, 48, -12} {
		if _, _, err := s.Create(t.Context(), New{Words: n, Passphrase: passphrase}); core.CodeOf(err) != core.Invalid {
			t.Errorf("%d words: %v", n, err)
		}
	}
}

// A wallet must come in from every other program and get out to it again.
func TestStore_Forms(t *testing.T) {
	const aliceHex = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
	for name, c := range map[string]struct {
		secret   core.Secret
		form     Form
		accounts []string
	}{
		"words":            {junkWords, FormWords, []string{aliceETH, aliceSOL}},
		"hex":              {aliceHex, FormHex, []string{aliceETH}},
		"keystore":         {vectorEthers, FormKeystore, []string{"0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"}},
		"base58":           {naclSecret, FormBase58, []string{naclAddress}},
		"Solana's id.json": {core.Secret(naclIDJSON() + "\n"), FormIDJSON, []string{naclAddress}},
	} {
		s := testStore(t, nil)
		if guess := GuessForm(c.secret); guess != c.form {
			t.Errorf("%s is taken for %s", name, guess)
		}
		info, err := s.Import(t.Context(), Import{Secret: c.secret, FilePassphrase: "testpassword", Passphrase: passphrase})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, a := range info.Accounts {
			if len(info.Accounts) != len(c.accounts) || a.String() != c.accounts[i] {
				t.Fatalf("%s: %v", name, info.Accounts)
			}
		}
		for _, form := range []Form{FormWords, FormKeystore, FormHex, FormIDJSON, FormBase58} {
			out, err := s.Export(t.Context(), info.ID, Export{Passphrase: passphrase, Form: form, FilePassphrase: "battery staple"})
			if !slices.Contains(info.Kind.Forms(), form) {
				if core.CodeOf(err) != core.Invalid || out != "" {
					t.Errorf("%s as %s: %v", name, form, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s as %s: %v", name, form, err)
			}
			other, err := testStore(t, nil).Import(t.Context(), Import{Secret: out, FilePassphrase: "battery staple", Passphrase: "another one"})
			if err != nil || !slices.Contains(info.Accounts, other.Accounts[0]) {
				t.Errorf("%s as %s came back as %v, %v", name, form, other.Accounts, err)
			}
			if form == c.form && form != FormKeystore && out.Reveal() != strings.TrimSpace(c.secret.Reveal()) {
				t.Errorf("%s went out in another spelling", name)
			}
		}
	}
}

func TestStore_ImportRefuses(t *testing.T) {
	halves := strings.Split(strings.Trim(naclIDJSON(), "[]"), ",")
	wrongHalf := slices.Clone(halves)
	if wrongHalf[63] = "1"; halves[63] == "1" {
		wrongHalf[63] = "2"
	}
	list := func(numbers []string) core.Secret { return core.Secret("[" + strings.Join(numbers, ",") + "]") }
	swapped := append(slices.Clone(halves[32:]), halves[:32]...)
	s := testStore(t, nil)
	for name, in := range map[string]Import{
		"an id.json with another public half": {Secret: list(wrongHalf)},
		"an id.json with swapped halves":      {Secret: list(swapped)},
		"an id.json that is too short":        {Secret: list(halves[:63])},
		"an id.json that is too long":         {Secret: list(append(slices.Clone(halves), "1"))},
		"a number that is no byte":            {Secret: list(append(slices.Clone(halves[:63]), "256"))},
		"an id.json of text":                  {Secret: `"AAAA"`, Form: FormIDJSON},
		"base58 of the private half alone":    {Secret: naclAddress},
		"base58 with a wrong letter":          {Secret: core.Secret(naclSecret[:80] + "1" + naclSecret[81:])},
		"the zero key":                        {Secret: core.Secret(strings.Repeat("0", 64))},
		"a key above the order":               {Secret: core.Secret(strings.Repeat("f", 64))},
		"half a key":                          {Secret: core.Secret(strings.Repeat("1", 32)), Form: FormHex},
		"words with a wrong checksum":         {Secret: "test test test test test test test test test test test test"},
		"another form":                        {Secret: naclSecret, Form: "pem"},
		"nothing":                             {Secret: ""},
		"a megabyte":                          {Secret: core.Secret(strings.Repeat("a ", 1<<19))},
		"an account out of range":             {Secret: junkWords, Number: hardened},
		"a label with a line break":           {Secret: junkWords, Label: "a\nb"},
		"a label without end":                 {Secret: junkWords, Label: strings.Repeat("a", MaxLabelBytes+1)},
		"a short passphrase":                  {Secret: junkWords, Passphrase: "1234567"},
		"a passphrase without end":            {Secret: junkWords, Passphrase: core.Secret(strings.Repeat("a", MaxPassphraseBytes+1))},
	} {
		if in.Passphrase == "" {
			in.Passphrase = passphrase
		}
		_, err := s.Import(t.Context(), in)
		if core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
		if secret := in.Secret.Reveal(); err != nil && len(secret) > 20 && strings.Contains(err.Error(), secret[:20]) {
			t.Errorf("%s: the error repeats the secret", name)
		}
	}
	if left := files(t, s); len(left) != 0 {
		t.Errorf("something was left: %v", left)
	}
}

// The same key twice would be a wallet that cannot be named, and one that is
// removed would still be there.
func TestStore_NoAccountTwice(t *testing.T) {
	s := testStore(t, nil)
	first := mustImport(t, s, junkWords)
	if _, err := s.Import(t.Context(), Import{Secret: "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", Passphrase: passphrase}); core.CodeOf(err) != core.Conflict {
		t.Error(err)
	}
	if _, err := s.Import(t.Context(), Import{Secret: junkWords, Number: 1, Label: "WALLET 1", Passphrase: passphrase}); core.CodeOf(err) != core.Conflict {
		t.Error("a label that is taken:", err)
	}
	second, err := s.Import(t.Context(), Import{Secret: junkWords, Number: 1, Label: "work", Passphrase: passphrase})
	if err != nil || second.Accounts[0].String() != "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" {
		t.Fatal(second, err)
	}
	for name, want := range map[string]string{first.ID: first.ID, "Work": second.ID, strings.ToLower(aliceETH): first.ID, aliceSOL: first.ID} {
		if found, err := s.Find(name); err != nil || found.ID != want {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	if _, err := s.Find("nobody"); core.CodeOf(err) != core.NotFound {
		t.Error(err)
	}
	// Of several at once one wins.
	fresh := testStore(t, nil)
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = fresh.Import(t.Context(), Import{Secret: naclSecret, Passphrase: passphrase})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if core.CodeOf(err) != core.Conflict {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
}

// A wrong passphrase must not cost anything, nor say how wrong it was.
func TestStore_WrongPassphrase(t *testing.T) {
	s := testStore(t, nil)
	info := mustImport(t, s, junkWords)
	before := files(t, s)
	for _, wrong := range []core.Secret{"", "correct hors", "correct horse ", "Correct horse", core.Secret(strings.Repeat("a", MaxPassphraseBytes+1))} {
		_, unlock := s.Unlock(t.Context(), info.ID, wrong)
		_, export := s.Export(t.Context(), info.ID, Export{Passphrase: wrong, Form: FormWords})
		change := s.ChangePassphrase(t.Context(), info.ID, PassphraseChange{Old: wrong, New: "another one"})
		for _, err := range []error{unlock, export, change} {
			if !errors.Is(err, ErrPassphrase) || core.CodeOf(err) != core.Unauthenticated || core.Sentence(err) != core.Sentence(ErrPassphrase) {
				t.Errorf("%q: %v", wrong.Reveal(), err)
			}
		}
	}
	if after := files(t, s); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("the files were changed")
	}
}

func TestStore_ChangePassphraseRenameRemove(t *testing.T) {
	s := testStore(t, nil)
	info := mustImport(t, s, ethersKey)
	if err := s.ChangePassphrase(t.Context(), info.ID, PassphraseChange{Old: passphrase, New: "short"}); core.CodeOf(err) != core.Invalid {
		t.Error(err)
	}
	if err := s.ChangePassphrase(t.Context(), info.ID, PassphraseChange{Old: passphrase, New: "battery staple"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Unlock(t.Context(), info.ID, passphrase); !errors.Is(err, ErrPassphrase) {
		t.Error("the old passphrase:", err)
	}
	renamed, err := s.Rename(t.Context(), info.ID, "Ärger & Co")
	if err != nil || renamed.Label != "Ärger & Co" || !slices.Equal(renamed.Accounts, info.Accounts) {
		t.Error(renamed, err)
	}
	signer, err := s.Unlock(t.Context(), info.ID, "battery staple")
	if err != nil {
		t.Fatal(err)
	}
	signer.Lock()

	// Another process renames while this one derives a key: the older state must
	// not come back, least of all an old passphrase.
	stale, err := s.read(info.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = storeAt(t, s.dir, nil).Rename(t.Context(), info.ID, "newer"); err != nil {
		t.Fatal(err)
	}
	if err = s.replace(stale); core.CodeOf(err) != core.Conflict {
		t.Error(err)
	}
	found, err := s.Find("newer")
	if err != nil || found.ID != info.ID {
		t.Error(found, err)
	}

	if err = s.Remove(t.Context(), info.ID); err != nil {
		t.Fatal(err)
	}
	if left := files(t, s); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	_, unlock := s.Unlock(t.Context(), info.ID, "battery staple")
	_, rename := s.Rename(t.Context(), info.ID, "a")
	_, hostile := s.Unlock(t.Context(), "../../../../etc/passwd", "battery staple")
	for _, err := range []error{s.Remove(t.Context(), info.ID), s.Remove(t.Context(), "../x"), unlock, rename, hostile, s.replace(stale)} {
		if core.CodeOf(err) != core.NotFound {
			t.Error(err)
		}
	}
}

// Whoever gave up waiting must not find that it happened all the same.
func TestStore_ContextEnds(t *testing.T) {
	s := testStore(t, nil)
	info := mustImport(t, s, junkWords)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, create := s.Create(ctx, New{Passphrase: passphrase})
	_, unlock := s.Unlock(ctx, info.ID, passphrase)
	for _, err := range []error{create, unlock, s.Remove(ctx, info.ID)} {
		if core.CodeOf(err) != core.Unavailable {
			t.Error(err)
		}
	}
	if left := files(t, s); len(left) != 1 {
		t.Error(left)
	}
}

// The strength that is promised is the one that is used, and it opens again.
func TestOpen_RealStrength(t *testing.T) {
	if testing.Short() {
		t.Skip("two seconds and 256 MB")
	}
	s, err := Open(filepath.Join(t.TempDir(), "wallets"))
	if err != nil {
		t.Fatal(err)
	}
	info, _, err := s.Create(t.Context(), New{Passphrase: passphrase})
	if err != nil {
		t.Fatal(err)
	}
	if text := files(t, s)[info.ID+walletSuffix]; !strings.Contains(text, `"n":262144`) || !strings.Contains(text, `"r":8`) {
		t.Error(text)
	}
	signer, err := s.Unlock(t.Context(), info.ID, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	signer.Lock()
}
