package service

// What the tests of this package share: a service on a real database, wallets that
// sign, and devices that write rows.

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
	"git.debros.io/DeBros/network/backend/wallet"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

// desk is a service on one node.
type desk struct {
	t     testing.TB
	clock *testkit.Clock
	db    *database.Internal
	*Service
}

// lifted are Settings that no test of the load meets.
func lifted() Settings {
	far := Rate{1 << 30, 1 << 30}
	return Settings{Messages: far, Envelopes: far, Changes: far}
}

func newDesk(t testing.TB, s Settings) *desk {
	t.Helper()
	db := replicas.Open(t, testkit.NewHost(t), database.Settings{}).Internal()
	clock := testkit.NewClock()
	s.Now = clock.Now
	return &desk{t: t, clock: clock, db: db, Service: New(s, db, alone{db}, slog.New(slog.DiscardHandler))}
}

// run serves until the test ends.
func (d *desk) run() {
	d.t.Helper()
	testkit.Run(d.t, d.Run)
}

// alone is the one replica that there is.
type alone struct{ db *database.Internal }

func (alone) Keepers(context.Context, core.Namespace) ([]string, error) {
	return []string{"here"}, nil
}

func (a alone) QueryAt(ctx context.Context, _ string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	o.Level = core.LevelNone
	return a.db.Query(ctx, ns, s, o)
}

func (alone) Name(node string) string { return node + "-name" }

// person is a wallet with its newest list.
type person struct {
	t       testing.TB
	key     *ecdsa.PrivateKey
	account wallet.Account
	list    wire.List
	now     func() time.Time
}

func newPerson(t testing.TB, now func() time.Time) *person {
	t.Helper()
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	account, err := wallet.ParseAccount(crypto.PubkeyToAddress(key.PublicKey).Hex(), wallet.ETH)
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, key: key, account: account, list: wire.List{Account: account}, now: now}
}

// device is one that signs rows.
type device struct {
	*person
	wire.Statement
	private ed25519.PrivateKey
	id      wire.Fingerprint
}

func (p *person) newDevice() *device {
	p.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	d := &device{person: p, private: private, Statement: wire.Statement{Account: p.account, CreatedAt: wire.Time(p.now())}}
	copy(d.Signing[:], public)
	copy(d.Identity[:], randomBytes(len(d.Identity)))
	d.id = d.Fingerprint()
	return d
}

func (d *device) sign(signed []byte) ([]byte, error) { return ed25519.Sign(d.private, signed), nil }

func (d *device) caller() wire.Caller { return wire.Caller{Account: d.account, Device: d.id} }

// certify is the wallet's signature for the device and the list that adds it.
func (d *device) certify(l wire.List) wire.Certificate {
	d.t.Helper()
	request := wire.Request{Device: d.Statement, List: l, Domain: "127.0.0.1:8080", Code: "123456", Nonce: "abcdefgh12345678", IssuedAt: d.now().Truncate(time.Second)}
	text, err := request.Text()
	if err != nil {
		d.t.Fatal(err)
	}
	sig, err := crypto.Sign(accounts.TextHash([]byte(text)), d.key)
	if err != nil {
		d.t.Fatal(err)
	}
	return wire.Certificate{Statement: d.Statement, Text: text, Signature: "0x" + hex.EncodeToString(sig)}
}

// enrolled is a new device of the person that is certified and live.
func (p *person) enrolled(s *Service) *device {
	p.t.Helper()
	d := p.newDevice()
	p.list = p.list.With(d.id, p.now())
	must(p.t, s, d.certify(p.list), p.list)
	return d
}

// signs is a row after its device has signed it.
func signs[R interface {
	SignBy(sign wire.Sign) (R, error)
}](d *device, row R) R {
	d.t.Helper()
	out, err := row.SignBy(d.sign)
	if err != nil {
		d.t.Fatal(err)
	}
	return out
}

// signList is a list after one of its account's devices has signed it.
func signList(d *device, l wire.List) wire.List {
	d.t.Helper()
	l, err := l.SignBy(d.id, d.sign)
	if err != nil {
		d.t.Fatal(err)
	}
	return l
}

// talk is a sending session of a device in a mailbox.
type talk struct {
	*device
	mailbox wire.Name
	session wire.Session
	private ed25519.PrivateKey
}

func (d *device) talk(mailbox wire.Name) *talk {
	d.t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	return &talk{device: d, mailbox: mailbox, session: wire.Session(public), private: private}
}

func (k *talk) announce() wire.Announce {
	k.t.Helper()
	return signs(k.device, wire.Announce{
		Mailbox: k.mailbox, Session: k.session, Device: k.id, ListVersion: k.list.Version, ListHash: k.list.Hash(), At: wire.Time(k.now()),
	})
}

// message is one of random content, in the form of Megolm's.
func (k *talk) message(index uint32) wire.Message {
	return k.messageOf(index, randomBytes(wire.Size256+16))
}

func (k *talk) messageOf(index uint32, content []byte) wire.Message {
	body := binary.AppendUvarint([]byte{3, 0x08}, uint64(index))
	body = binary.AppendUvarint(append(body, 0x12), uint64(len(content)))
	body = append(append(body, content...), make([]byte, 8)...)
	return wire.Message{Suite: wire.SuiteOlm, Mailbox: k.mailbox, Session: k.session, Body: append(body, ed25519.Sign(k.private, body)...)}
}

func (d *device) event(mailbox wire.Name, seq uint64, previous wire.Hash, closes bool) wire.Event {
	d.t.Helper()
	return signs(d, wire.Event{Mailbox: mailbox, Seq: seq, Previous: previous, Device: d.id, At: wire.Time(d.now()), Closes: closes, Sealed: randomBytes(100)})
}

func (d *device) envelope(to wire.Fingerprint) wire.Envelope {
	d.t.Helper()
	return signs(d, wire.Envelope{To: to, From: d.id, ID: wire.NewEnvelopeID(), At: wire.Time(d.now()), Suite: wire.SuiteOlm, Body: randomBytes(500)})
}

func (d *device) erase(s wire.Session, index uint32) wire.Erase {
	d.t.Helper()
	return signs(d, wire.Erase{Session: s, Index: index, Device: d.id, At: wire.Time(d.now())})
}

func (d *device) knock(mailbox wire.Name) wire.Knock {
	d.t.Helper()
	return signs(d, wire.Knock{Mailbox: mailbox, Device: d.id, At: wire.Time(d.now()), Proof: sha256.Sum256(randomBytes(8))})
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) //nolint:errcheck // it never fails; see crypto/rand
	return b
}

// insider puts rows as somebody who has shown the tags of all mailboxes.
var insider = wire.Fingerprint{1}

// puts stores rows and returns what became of them.
func puts(t testing.TB, s *Service, rows ...wire.Row) []wire.Receipt {
	t.Helper()
	encoded := make([][]byte, len(rows))
	for i, r := range rows {
		encoded[i] = r.Encode()
		if box := (&facts{}).box(&entry{row: r}); len(box) == len(wire.Name{}) {
			s.shown.add(insider, wire.Name(box))
		}
	}
	receipts, err := s.As(wire.Caller{Device: insider}).Put(t.Context(), encoded)
	if err != nil {
		t.Fatal(err)
	}
	return receipts
}

// must stores rows that have to be stored.
func must(t testing.TB, s *Service, rows ...wire.Row) []wire.Receipt {
	t.Helper()
	receipts := puts(t, s, rows...)
	for i, r := range receipts {
		if r.Code != "" {
			t.Fatalf("row %d, a %s: %s: %s", i+1, rows[i].Kind(), r.Code, r.Why)
		}
	}
	return receipts
}

// codes of receipts, "" for stored.
func codes(receipts []wire.Receipt) []core.Code {
	list := make([]core.Code, len(receipts))
	for i, r := range receipts {
		list[i] = r.Code
	}
	return list
}

// box is all rows of a mailbox, read page by page.
func box(t testing.TB, s *Service, tag wire.Tag) (rows []wire.Stored) {
	t.Helper()
	for after := uint64(0); ; {
		page, err := s.As(wire.Caller{}).Mailbox(t.Context(), tag, after, 0)
		if core.CodeOf(err) == core.NotFound {
			return nil
		} else if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, page.Rows...)
		if len(page.Rows) == 0 {
			return rows
		}
		after = page.Rows[len(page.Rows)-1].Seq
	}
}
