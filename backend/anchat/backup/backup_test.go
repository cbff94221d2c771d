package backup_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/backup"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	account    = "eip155:1:0x00000000000000000000000000000000000000aa"
	passphrase = core.Secret("correct horse battery")
)

func TestWrap_OpensByPassphraseAndByCode(t *testing.T) {
	key, code := backup.NewKey(), backup.NewCode()
	wrapped, err := backup.Wrap(t.Context(), key, account, 3, passphrase, code)
	if err != nil || len(wrapped) > wire.MaxBackupKeyBytes {
		t.Fatal(len(wrapped), err)
	}
	spelt := core.Secret(strings.ToLower(strings.ReplaceAll(strings.ReplaceAll(code.Reveal(), "-", " "), "0", "o")))
	for name, secret := range map[string]core.Secret{"passphrase": passphrase, "code": code, "code spelt otherwise": spelt} {
		if got, err := backup.Unwrap(t.Context(), wrapped, account, 3, secret); err != nil || got != key {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever is wrong, the answer is the same and tells nothing.
func TestUnwrap_RefusesWithoutHint(t *testing.T) {
	key, code := backup.NewKey(), backup.NewCode()
	wrapped, err := backup.Wrap(t.Context(), key, account, 3, passphrase, code)
	if err != nil {
		t.Fatal(err)
	}
	typo := []byte(code.Reveal())
	if typo[7] == 'A' {
		typo[7] = 'B'
	} else {
		typo[7] = 'A'
	}
	changed := bytes.Clone(wrapped)
	changed[len(changed)-1] ^= 1 // the part of the code
	changed[30+40] ^= 1          // the part of the passphrase
	sentences := map[string]bool{}
	for name, try := range map[string]struct {
		wrapped []byte
		account string
		version uint64
		secret  core.Secret
	}{
		"another passphrase":   {wrapped, account, 3, "incorrect horse"},
		"a code with a typo":   {wrapped, account, 3, core.Secret(typo)},
		"another backup's":     {wrapped, account, 3, backup.NewCode()},
		"another version":      {wrapped, account, 4, passphrase},
		"another account":      {wrapped, account + "b", 3, code},
		"changed, passphrase":  {changed, account, 3, passphrase},
		"changed, code":        {changed, account, 3, code},
		"nothing":              {wrapped, account, 3, ""},
		"a very long passage ": {wrapped, account, 3, core.Secret(strings.Repeat("a", 10_000))},
	} {
		_, err := backup.Unwrap(t.Context(), try.wrapped, try.account, try.version, try.secret)
		if core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
		sentences[core.Sentence(err)] = true
	}
	if len(sentences) != 1 {
		t.Errorf("the answers differ: %v", sentences)
	}
	greedy := bytes.Clone(wrapped)
	greedy[21] = 0xff // asks for 4 TiB of memory
	for name, cut := range map[string][]byte{"cut": wrapped[:len(wrapped)-1], "empty": nil, "greedy": greedy, "newer": append([]byte{2}, wrapped[1:]...)} {
		if _, err := backup.Unwrap(t.Context(), cut, account, 3, passphrase); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrap_WantsAPassphrase(t *testing.T) {
	if _, err := backup.Wrap(t.Context(), backup.NewKey(), account, 1, "short", backup.NewCode()); core.CodeOf(err) != core.Invalid {
		t.Error(err)
	}
}

// An entry opens under its own name and key only, and its name tells nothing.
func TestKey_EntriesKeepTheirPlace(t *testing.T) {
	key, other := backup.NewKey(), backup.NewKey()
	id := key.ID([]byte("session 1"))
	sealed, err := key.Seal(id, []byte("the session's key"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := key.Open(id, sealed); err != nil || string(got) != "the session's key" {
		t.Errorf("%q, %v", got, err)
	}
	if id == other.ID([]byte("session 1")) || id == key.ID([]byte("session 2")) {
		t.Error("names repeat")
	}
	for name, err := range map[string]error{
		"another name": second(key.Open(key.ID([]byte("session 2")), sealed)),
		"another key":  second(other.Open(id, sealed)),
		"cut":          second(key.Open(id, sealed[:len(sealed)-1])),
		"empty":        second(key.Open(id, nil)),
	} {
		if core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := key.Seal(id, make([]byte, wire.MaxBackupEntryBytes)); core.CodeOf(err) != core.TooLarge {
		t.Error(err)
	}
}

func second(_ []byte, err error) error { return err }

func TestKey_PrintsAsSecret(t *testing.T) {
	key := backup.NewKey()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, key); text != "[secret]" {
			t.Errorf("%s: %s", verb, text)
		}
	}
}

// A backup that was made before must open for ever.
func TestUnwrap_OpensAnOldBackup(t *testing.T) {
	wrapped, err := hex.DecodeString(strings.Join(strings.Fields(oldBackup), ""))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []core.Secret{"the passphrase of an old backup", oldCode} {
		key, err := backup.Unwrap(t.Context(), wrapped, account, 7, secret)
		if err != nil || hex.EncodeToString(key[:]) != oldKey {
			t.Errorf("%x, %v", key[:], err)
		}
	}
}

func BenchmarkUnwrapByPassphrase(b *testing.B) {
	wrapped, err := backup.Wrap(b.Context(), backup.NewKey(), account, 1, passphrase, backup.NewCode())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err = backup.Unwrap(b.Context(), wrapped, account, 1, passphrase); err != nil {
			b.Fatal(err)
		}
	}
}
