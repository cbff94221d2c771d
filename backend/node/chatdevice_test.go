package node_test

// This file is a device of the chat that knows package wire and the HTTP contract,
// and nothing of this program's own chat.

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"net/http"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/wallet"
)

// chatDevice is one device of a wallet.
type chatDevice struct {
	owner     person
	key       ed25519.PrivateKey
	statement wire.Statement
	list      wire.List
	rows      [][]byte // its certificate and its list
}

// newChatDevice is the first device of a wallet, certified by it.
func newChatDevice(t testing.TB, owner person) chatDevice {
	t.Helper()
	account, err := wallet.ParseAccount(owner.wallet(), "")
	if err != nil {
		t.Fatal(err)
	}
	return nextChatDevice(t, owner, wire.List{Account: account})
}

// nextChatDevice is one more device, on the list that its siblings have.
func nextChatDevice(t testing.TB, owner person, siblings wire.List) chatDevice {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	d := chatDevice{owner: owner, key: private, statement: wire.Statement{Account: siblings.Account, Signing: [32]byte(public), CreatedAt: wire.Time(now)}}
	if _, err = rand.Read(d.statement.Identity[:]); err != nil {
		t.Fatal(err)
	}
	d.list = siblings.With(d.name(), now)
	text, err := wire.Request{
		Device: d.statement, List: d.list, Domain: "127.0.0.1:8080", Code: "123456", Nonce: "abcdefgh12345678", IssuedAt: now.UTC().Truncate(time.Second),
	}.Text()
	if err != nil {
		t.Fatal(err)
	}
	certificate := wire.Certificate{Statement: d.statement, Text: text, Signature: owner.sign(t, text)}
	d.rows = [][]byte{certificate.Encode(), d.list.Encode()}
	return d
}

func (d chatDevice) name() wire.Fingerprint { return d.statement.Fingerprint() }

func (d chatDevice) sign(signed []byte) ([]byte, error) { return ed25519.Sign(d.key, signed), nil }

// knock answers a challenge of the gateway, with the device's rows when it is new.
func (d chatDevice) knock(t testing.TB, v visitor, fresh bool) map[string]any {
	t.Helper()
	c := v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/challenge", map[string]any{"wallet": d.owner.wallet(), "purpose": "device"})
	signature, err := d.sign(wire.Signed(wire.LabelDoor, []byte(c.text("message"))))
	if err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"wallet": d.owner.wallet(), "device": d.name().String(), "nonce": c.text("nonce"), "signature": signature}
	if fresh {
		body["rows"] = d.rows
	}
	return body
}

// enter is the visitor with a session of the device.
func (d chatDevice) enter(t testing.TB, v visitor, fresh bool) visitor {
	t.Helper()
	return v.with(v.must(t, http.StatusOK, http.MethodPost, "/v1/anchat/session", d.knock(t, v, fresh)).text("access_token"))
}

// session is a sending session: messages that any node can check.
type chatSession struct {
	device chatDevice
	key    ed25519.PrivateKey
	tag    wire.Tag
	next   uint32
}

func (d chatDevice) begin(t testing.TB, tag wire.Tag) *chatSession {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &chatSession{device: d, key: key, tag: tag}
}

func (s *chatSession) id() wire.Session { return wire.Session(s.key[32:]) }

// announce is the row that begins the session.
func (s *chatSession) announce(t testing.TB) []byte {
	t.Helper()
	a, err := wire.Announce{
		Mailbox: s.tag.Name(), Session: s.id(), Device: s.device.name(),
		ListVersion: s.device.list.Version, ListHash: s.device.list.Hash(), At: wire.Time(time.Now()),
	}.SignBy(s.device.sign)
	if err != nil {
		t.Fatal(err)
	}
	return a.Encode()
}

// message is the next row of the session, with noise of one of the sizes inside.
func (s *chatSession) message(t testing.TB) []byte {
	t.Helper()
	cipher := make([]byte, wire.Size256+16)
	if _, err := rand.Read(cipher); err != nil {
		t.Fatal(err)
	}
	body := append([]byte{3, 0x08}, binary.AppendUvarint(nil, uint64(s.next))...)
	body = binary.AppendUvarint(append(body, 0x12), uint64(len(cipher)))
	body = append(append(body, cipher...), make([]byte, 8)...)
	s.next++
	return wire.Message{Suite: wire.SuiteOlm, Mailbox: s.tag.Name(), Session: s.id(), Body: append(body, ed25519.Sign(s.key, body)...)}.Encode()
}

// putRows stores rows and expects each to be taken.
func putRows(t testing.TB, v visitor, rows ...[]byte) {
	t.Helper()
	for i, r := range tryPut(t, v, rows...) {
		if r != "" {
			t.Fatalf("row %d: %s", i, r)
		}
	}
}

// tryPut stores rows and returns the code of each.
func tryPut(t testing.TB, v visitor, rows ...[]byte) []core.Code {
	t.Helper()
	answer := v.must(t, http.StatusOK, http.MethodPost, "/v1/anchat/rows", gateway.AppendChatFrames(nil, rows...))
	list, _ := answer.get("rows").([]any) //nolint:errcheck // the length tells
	if len(list) != len(rows) {
		t.Fatalf("%d rows answered: %s", len(rows), answer.body)
	}
	codes := make([]core.Code, len(list))
	for i, one := range list {
		fields, _ := one.(map[string]any)  //nolint:errcheck // nothing is no code
		text, _ := fields["code"].(string) //nolint:errcheck // as above
		codes[i] = core.Code(text)
	}
	return codes
}

// readRows is a page of a mailbox.
func readRows(t testing.TB, v visitor, tag wire.Tag, after uint64) gateway.ChatPage {
	t.Helper()
	r := v.must(t, http.StatusOK, http.MethodGet, "/v1/anchat/mailboxes/"+tag.Reveal()+"?after="+jsonNumber(after), nil)
	p, err := gateway.ReadChatPage(r.header, r.body)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
