package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"path/filepath"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

var (
	alice = account(1)
	bob   = account(2)
	carol = account(3)
	began = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

func account(n byte) wallet.Account {
	raw := make([]byte, 20)
	raw[19] = n
	a, err := wallet.AccountFromBytes(wallet.ETH, raw)
	if err != nil {
		panic(err)
	}
	return a
}

// bench is a room with its writers, and the vault of one member.
type bench struct {
	*Vault
	t        testing.TB
	settings Settings
	room     wire.Room
	boxes    []wire.Name
	seq      []uint64 // of each mailbox
	clock    time.Time
}

func open(t testing.TB, owner wallet.Account) *bench {
	t.Helper()
	b := &bench{t: t, room: wire.NewRoom(), clock: began}
	b.settings = Settings{
		Path: filepath.Join(t.TempDir(), "alice.db"), Key: [32]byte{1, 2, 3}, Account: owner, Create: true,
		Now: func() time.Time { return b.clock },
	}
	b.start()
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error("close:", err)
		}
	})
	b.move()
	return b
}

func (b *bench) start() {
	b.t.Helper()
	v, err := Open(b.t.Context(), b.settings)
	if err != nil {
		b.t.Fatal("open:", err)
	}
	b.Vault = v
}

func (b *bench) again() {
	b.t.Helper()
	if err := b.Close(); err != nil {
		b.t.Fatal("close:", err)
	}
	b.start()
}

// move gives the room a mailbox more.
func (b *bench) move() {
	b.boxes = append(b.boxes, wire.Name{b.room[0], b.room[1], byte(len(b.boxes))})
	b.seq = append(b.seq, 0)
	b.do(func(tx *Tx) error {
		return tx.PutRoom(Room{ID: b.room, State: []byte("the state"), Mailboxes: b.boxes, Local: Local{State: core.ChatJoined}})
	})
}

func (b *bench) do(do func(tx *Tx) error) {
	b.t.Helper()
	if err := b.Update(b.t.Context(), do); err != nil {
		b.t.Fatalf("update: %v", err)
	}
}

// sealed is a message as its author sealed it, with what is inside.
type sealed struct {
	ref    inner.Ref
	inside inner.Message
	author wallet.Account
	strong bool
	row    []byte
	box    wire.Name
	seq    uint64
	at     time.Time
}

// writer writes in one session.
type writer struct {
	b       *bench
	account wallet.Account
	strong  bool
	session wire.Session
	next    uint32
}

func (b *bench) writer(a wallet.Account, session byte) *writer {
	return &writer{b: b, account: a, session: wire.Session{session}}
}

func (w *writer) write(body any) *sealed {
	w.b.t.Helper()
	raw, err := inner.Marshal(body)
	if err != nil {
		w.b.t.Fatal("marshal:", err)
	}
	return w.raw(inner.KindOf(body), raw)
}

func (w *writer) text(text string) *sealed { return w.write(inner.Text{Text: text}) }

func (w *writer) raw(kind inner.Kind, body []byte) *sealed {
	w.b.clock = w.b.clock.Add(time.Second)
	m := &sealed{
		ref: inner.Ref{Session: w.session, Index: w.next}, author: w.account, strong: w.strong,
		inside: inner.Message{Kind: kind, Room: w.b.room, Session: w.session, Device: wire.Fingerprint{w.session[0]}, At: w.b.clock, Body: body},
		box:    w.b.boxes[len(w.b.boxes)-1], at: w.b.clock,
	}
	w.next++
	m.row = wire.Message{Suite: wire.SuiteOlm, Mailbox: m.box, Session: w.session, Body: megolm(m.ref.Index, body)}.Encode()
	return m
}

// store gives a message its place in the store.
func (m *sealed) store(b *bench) *sealed {
	last := len(b.seq) - 1
	b.seq[last]++
	m.seq = b.seq[last]
	return m
}

// megolm has the form of a sealed message; what is in it tells its plaintext apart.
func megolm(index uint32, plain []byte) []byte {
	sum := sha256.Sum256(plain)
	body := append(make([]byte, 0, wire.Size256+16), sum[:]...)
	out := binary.AppendUvarint([]byte{3, 0x08}, uint64(index))
	out = binary.AppendUvarint(append(out, 0x12), uint64(cap(body)))
	return append(append(out, body[:cap(body)]...), make([]byte, 8+64)...)
}

// receive takes messages in as a device does that has the keys.
func (b *bench) receive(all ...*sealed) {
	b.t.Helper()
	b.do(func(tx *Tx) error {
		for _, m := range all {
			if _, err := take(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

func take(tx *Tx, m *sealed) (Outcome, error) {
	ref, outcome, err := tx.Merge(Arrival{Row: m.row, Mailbox: m.box, Seq: m.seq, At: m.at})
	if err != nil || outcome != Fresh {
		return outcome, err
	}
	_, err = tx.Apply(Opened{Ref: ref, Message: m.inside, Author: m.author, Moderator: m.strong})
	return outcome, err
}

// heard is the same message as gossip brings it.
func (m *sealed) heard() *sealed {
	c := *m
	c.seq = 0
	return &c
}

func (b *bench) read(q core.ChatQuery) core.ChatMessages {
	b.t.Helper()
	q.Room = b.room.String()
	page, err := b.Messages(b.t.Context(), q)
	if err != nil {
		b.t.Fatal("messages:", err)
	}
	return page
}

// texts are the lines of the room, as short as can be told.
func (b *bench) texts() (all []string) {
	b.t.Helper()
	for _, m := range b.read(core.ChatQuery{Limit: core.MaxChatPage}).Messages {
		switch {
		case m.Kind == core.ChatHole:
			all = append(all, "<hole>")
		case m.Kind == core.ChatNotice:
			all = append(all, "<"+m.Notice+">")
		case m.Deleted:
			all = append(all, "<deleted>")
		case m.Waiting != "":
			all = append(all, "<waiting>")
		default:
			all = append(all, m.Text)
		}
	}
	return all
}
