package inner

import (
	"bytes"
	"fmt"
	"reflect"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// secretBodies is one of each body with a kind that carries it.
func secretBodies(t testing.TB) map[SecretKind]any {
	boxes := make(Mailboxes, MaxMailboxes)
	for i := range boxes {
		boxes[i] = Mailbox{Tag: wire.Tag{byte(i)}, Key: [32]byte{byte(i), 1}}
	}
	keys := make(History, MaxHistoryKeys)
	for i := range keys {
		keys[i] = SessionKey{Session: wire.Session{byte(i)}, Key: bytes.Repeat([]byte{byte(i)}, 220)}
	}
	return map[SecretKind]any{
		SecretHistory:    keys,
		SecretInvite:     Invitation{Kind: core.ChatRoomGroup, Name: "Tea", By: account(t, somebody), Mailboxes: boxes},
		SecretMailbox:    boxes[:1],
		SecretKeyRequest: KeyRequest{{Session: wire.Session{1}, Index: 9}},
		SecretSelf:       boxes[:2],
		SecretBackup:     BackupKey{Version: 3, Key: [32]byte{4}},
		SecretWithheld:   Withheld{Sessions: []wire.Session{{1}, {2}}, Why: "you came later"},
	}
}

func readSecret(s Secret) (any, error) {
	switch s.Kind {
	case SecretHistory:
		return s.History()
	case SecretInvite:
		return s.Invitation()
	case SecretMailbox, SecretSelf:
		return s.Mailboxes()
	case SecretKeyRequest:
		return s.KeyRequest()
	case SecretBackup:
		return s.BackupKey()
	default:
		return s.Withheld()
	}
}

// What one device sends another arrives as it was, the largest ones too.
func TestSecret_comesBack(t *testing.T) {
	for kind, body := range secretBodies(t) {
		raw, err := MarshalSecret(body)
		if err != nil {
			t.Fatal(err)
		}
		s := Secret{Kind: kind, From: wire.Fingerprint{1}, To: wire.Fingerprint{2}, Room: wire.Room{3}, Session: wire.Session{4}, At: noon, Body: raw}
		b, err := s.Encode()
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		back, err := DecodeSecret(b)
		if err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%s came back as %v, %v", kind, back, err)
		}
		if got, readErr := readSecret(back); readErr != nil || !reflect.DeepEqual(got, body) {
			t.Errorf("%s came back as %v, %v", kind, got, readErr)
		}
		for cut := range b { // no part of it is taken for the whole
			if _, err = DecodeSecret(b[:cut]); err == nil {
				t.Fatalf("%s was read from %d of %d bytes", kind, cut, len(b))
			}
		}
	}
}

// A secret that is printed by mistake must not be told.
func TestSecret_hides(t *testing.T) {
	canary := bytes.Repeat([]byte{0xca}, 32)
	for _, v := range []any{
		Secret{Kind: SecretBackup, Body: canary},
		Mailbox{Tag: wire.Tag(canary[:16]), Key: [32]byte(canary)},
		SessionKey{Key: canary},
		BackupKey{Key: [32]byte(canary)},
	} {
		for _, form := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(form, v); bytes.Contains([]byte(text), []byte("202")) || bytes.Contains([]byte(text), []byte("ca")) {
				t.Errorf("%T prints %s by %s", v, text, form)
			}
		}
	}
}

// Lists in secrets have bounds, so that a friend's broken program costs no memory.
func TestSecret_bounds(t *testing.T) {
	bodies := map[string]any{
		"too many mailboxes": make(Mailboxes, MaxMailboxes+1),
		"no mailbox":         Mailboxes{},
		"too many keys":      make(History, MaxHistoryKeys+1),
		"an empty key":       History{{}},
		"too many requests":  make(KeyRequest, MaxRequested+1),
		"too many sessions":  Withheld{Sessions: make([]wire.Session, MaxRequested+1)},
	}
	for name, body := range bodies {
		if _, err := MarshalSecret(body); core.CodeOf(err) != core.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	raw := map[string]Secret{
		"mailboxes": {Kind: SecretMailbox, Body: make([]byte, 48*(MaxMailboxes+1))},
		"half one":  {Kind: SecretMailbox, Body: make([]byte, 47)},
		"requests":  {Kind: SecretKeyRequest, Body: make([]byte, 36*(MaxRequested+1))},
		"none":      {Kind: SecretKeyRequest},
		"keys":      {Kind: SecretHistory, Body: make([]byte, 34)},
	}
	for name, s := range raw {
		if _, err := readSecret(s); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (Secret{Kind: SecretHistory, At: noon, Body: make([]byte, MaxSecretBytes)}).Encode(); core.CodeOf(err) != core.TooLarge {
		t.Errorf("a secret above the limit: %v", err)
	}
}
