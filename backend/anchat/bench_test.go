package anchat

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/backup"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// pairOf is two people in a room, on nodes in memory and a real disk.
func pairOf(b *testing.B) (ann, bob *Chat, id wire.Room, nodes *memory) {
	b.Helper()
	nodes = newMemory()
	ctx := context.Background()
	open := func(seed byte, chain wallet.Chain) *Chat {
		signer := benchSigner(b, seed)
		c, stop := openFor(b, nodes, signer, chain)
		b.Cleanup(func() { stop(); signer.Lock() })
		return c
	}
	ann, bob = open(1, wallet.ETH), open(2, wallet.SOL)
	s, err := ann.current()
	check(b, err)
	o, err := bob.current()
	check(b, err)
	check(b, s.refresh(ctx, 0, o.account))
	id, err = s.create(ctx, room.Body{RoomKind: core.ChatRoomGroup, Name: "plans", History: core.ChatHistoryJoined, Members: []room.Seat{
		{Account: s.account, Role: core.ChatOwner}, {Account: o.account, Role: core.ChatMember},
	}})
	check(b, err)
	heard := bob.Events(b.Context())
	check(b, s.do(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil {
			return err
		}
		return t.giveRoom(t.devicesOf(r.state), r.state)
	}))
	for invited := false; !invited; {
		<-heard
		r, err := o.room(id)
		invited = err == nil && r.state.Kind() != ""
	}
	check(b, o.event(ctx, id, room.Body{Kind: room.BodyAccept}))
	return ann, bob, id, nodes
}

// openFor is a chat with a device of a wallet. stop ends it.
func openFor(b testing.TB, nodes *memory, signer *wallet.Signer, chain wallet.Chain) (c *Chat, stop func()) {
	b.Helper()
	account := signer.Accounts()[0]
	if chain == wallet.SOL {
		account = signer.Accounts()[1]
	}
	c, err := New(Settings{
		Dir: b.TempDir(), Network: "net", Open: nodes.open, Keychain: &keychain{has: map[string]string{}}, Log: slog.New(slog.DiscardHandler),
	})
	check(b, err)
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(running, func() {}) }()
	e, err := c.Enrolment(running, account.String(), string(chain), "127.0.0.1:9000")
	check(b, err)
	signature, err := signer.Sign(running, account, e.Text, func(context.Context, wallet.Request) error { return nil })
	check(b, err)
	_, err = c.Enrol(running, core.ChatEnrol{ID: e.ID, Signature: signature, Keychain: true})
	check(b, err)
	return c, func() { cancel(); check(b, <-ended) }
}

func benchSigner(b testing.TB, seed byte) *wallet.Signer {
	b.Helper()
	raw := make([]byte, 64)
	raw[0] = seed
	eth, err := wallet.Ethereum(raw, 0)
	check(b, err)
	sol, err := wallet.Solana(raw, 0)
	check(b, err)
	return wallet.NewSigner(eth, sol)
}

func check(b testing.TB, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkMessageSeen is from Send until the other one can read it.
func BenchmarkMessageSeen(b *testing.B) {
	ann, bob, id, _ := pairOf(b)
	events := bob.Events(b.Context())
	last := ""
	b.ResetTimer()
	for n := range b.N {
		text := fmt.Sprint(n)
		_, err := ann.Send(b.Context(), core.ChatDraft{Room: id.String(), Text: text})
		check(b, err)
		for last != text {
			<-events
			page, err := bob.Messages(b.Context(), core.ChatQuery{Room: id.String(), Limit: 1})
			check(b, err)
			if len(page.Messages) > 0 {
				last = page.Messages[0].Text
			}
		}
	}
}

// BenchmarkCatchUp1000 is how long it takes to read 1,000 messages after having
// been away.
func BenchmarkCatchUp1000(b *testing.B) {
	ann, bob, id, nodes := pairOf(b)
	for range b.N {
		b.StopTimer()
		check(b, bob.Lock(b.Context()))
		events := ann.Events(b.Context())
		for n := range 1000 {
			_, err := ann.Send(b.Context(), core.ChatDraft{Room: id.String(), Text: fmt.Sprint(n)})
			check(b, err)
		}
		for {
			st, err := ann.State(b.Context())
			check(b, err)
			if st.Outbox == 0 {
				break
			}
			<-events
		}
		s, err := ann.current()
		check(b, err)
		r, err := s.room(id)
		check(b, err)
		nodes.mu.Lock()
		wanted := nodes.boxes[r.state.Mailbox().Tag.Name()].last
		nodes.mu.Unlock()
		st, err := bob.State(b.Context())
		check(b, err)
		address := st.Accounts[0].Address
		b.StartTimer()
		began := time.Now()
		_, err = bob.Unlock(b.Context(), address, "")
		check(b, err)
		o, err := bob.current()
		check(b, err)
		heard := bob.Events(b.Context())
		for {
			at, err := o.vault.Cursor(b.Context(), r.state.Mailbox().Tag.Name().String())
			check(b, err)
			if at >= wanted {
				break
			}
			<-heard
		}
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/1000")
	}
}

// BenchmarkRestore10000 opens a backup of 10,000 sessions on a device that has none of
// them: reading, opening, and every key through the one door, each turn on the disk.
func BenchmarkRestore10000(b *testing.B) {
	const sessions = 10_000
	nodes := newMemory()
	code := backup.NewCode()
	key := backup.NewKey()
	signer := benchSigner(b, 3)
	account := wire.AccountID(signer.Accounts()[0])
	wrapped, err := backup.Wrap(b.Context(), key, account, 1, "a passphrase for the bench", code)
	check(b, err)
	kept := &memoryBackup{version: 1, key: wrapped, at: time.Now(), entries: map[wire.Hash][]byte{}}
	for range sessions {
		i := item{Room: wire.NewRoom(), Key: make([]byte, 165)}
		_, _ = rand.Read(i.Key) //nolint:errcheck // it never fails; see crypto/rand
		i.Key[0] = 1
		clear(i.Key[1:5])
		i.Session = wire.Session(i.Key[133:])
		raw, err := i.encode()
		check(b, err)
		id := key.ID(i.name())
		kept.entries[id], err = key.Seal(id, raw)
		check(b, err)
	}
	nodes.backups[signer.Accounts()[0]] = []*memoryBackup{kept}
	for b.Loop() {
		b.StopTimer()
		c, stop := openFor(b, nodes, signer, wallet.ETH)
		b.StartTimer()
		done, err := c.Restore(b.Context(), code, nil)
		check(b, err)
		if done.Keys != sessions {
			b.Fatalf("restored %+v", done)
		}
		b.StopTimer()
		s, err := c.current()
		check(b, err)
		check(b, c.Forget(b.Context(), s.account.String()))
		stop()
		b.StartTimer()
	}
}
