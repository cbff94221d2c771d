package anchat

// This file has people with wallets and devices in a world of made-up time.

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// inWorld runs a test with nodes in memory. Time stands still while anybody works.
func inWorld(t *testing.T, test func(t *testing.T, nodes *memory)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newMemory()) })
}

// keychain is the system's, in memory.
type keychain struct {
	mu  sync.Mutex
	has map[string]string
}

func (k *keychain) Get(name string) (string, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.has[name], nil
}

func (k *keychain) Set(name, secret string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.has[name] = secret
	return nil
}

func (k *keychain) Delete(name string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.has, name)
	return nil
}

// device is one program on one computer, with the wallet of its person.
type device struct {
	t       *testing.T
	nodes   *memory
	dir     string
	keys    *keychain
	seed    byte
	eth     *wallet.Signer
	account wallet.Account
	chat    *Chat
	stop    context.CancelFunc
	ended   chan struct{}
}

// newDevice starts a program for a wallet, without a device yet.
func newDevice(t *testing.T, nodes *memory, seed byte, chain wallet.Chain) *device {
	t.Helper()
	d := &device{t: t, nodes: nodes, dir: t.TempDir(), keys: &keychain{has: map[string]string{}}, seed: seed, eth: signerOf(t, seed)}
	for _, a := range d.eth.Accounts() {
		if a.Chain() == chain {
			d.account = a
		}
	}
	d.start()
	t.Cleanup(func() { d.shutdown(); d.eth.Lock() })
	return d
}

// signerOf is the wallet of a seed.
func signerOf(t testing.TB, seed byte) *wallet.Signer {
	t.Helper()
	raw := make([]byte, 64)
	raw[0] = seed
	ethKey, err := wallet.Ethereum(raw, 0)
	must(t, err)
	solKey, err := wallet.Solana(raw, 0)
	must(t, err)
	signer := wallet.NewSigner(ethKey, solKey)
	signer.LockAfter(wallet.MaxIdleLock)
	return signer
}

func (d *device) start() {
	d.t.Helper()
	chat, err := New(Settings{
		Dir: d.dir, Network: "net", Node: "node", Open: d.nodes.open, Keychain: d.keys, Log: slog.New(slog.DiscardHandler),
	})
	must(d.t, err)
	ctx, stop := context.WithCancel(context.Background())
	d.chat, d.stop, d.ended = chat, stop, make(chan struct{})
	go func() {
		defer close(d.ended)
		if err := chat.Run(ctx, func() {}); err != nil {
			d.t.Error(err)
		}
	}()
}

func (d *device) shutdown() {
	d.stop()
	<-d.ended
}

// restart ends the program and starts it again, with the chat open.
func (d *device) restart() {
	d.t.Helper()
	d.shutdown()
	d.start()
	d.unlock()
}

func (d *device) unlock() {
	d.t.Helper()
	_, err := d.chat.Unlock(d.t.Context(), d.account.String(), "")
	must(d.t, err)
}

// sign is what the wallet says to a text.
func (d *device) sign(text string) string {
	d.t.Helper()
	signature, err := d.eth.Sign(d.t.Context(), d.account, text, func(context.Context, wallet.Request) error { return nil })
	must(d.t, err)
	return signature
}

// enrol makes the program one of the wallet's devices.
func (d *device) enrol() *device {
	d.t.Helper()
	e, err := d.chat.Enrolment(d.t.Context(), d.account.String(), string(d.account.Chain()), "127.0.0.1:9000")
	must(d.t, err)
	_, err = d.chat.Enrol(d.t.Context(), core.ChatEnrol{ID: e.ID, Signature: d.sign(e.Text), Keychain: true, DeviceName: "laptop"})
	must(d.t, err)
	settle()
	return d
}

func (d *device) session() *session {
	d.t.Helper()
	s, err := d.chat.current()
	must(d.t, err)
	return s
}

// make makes a room with others, who are invited to it.
func (d *device) make(name string, others ...*device) wire.Room {
	d.t.Helper()
	ctx, s := d.t.Context(), d.session()
	seats := []room.Seat{{Account: d.account, Role: core.ChatOwner}}
	for _, o := range others {
		must(d.t, s.refresh(ctx, 0, o.account))
		seats = append(seats, room.Seat{Account: o.account, Role: core.ChatMember})
	}
	id, err := s.create(ctx, room.Body{RoomKind: core.ChatRoomGroup, Name: name, History: core.ChatHistoryJoined, Members: seats})
	must(d.t, err)
	must(d.t, s.do(ctx, func(t *turn) error {
		r, err := t.room(id)
		if err != nil {
			return err
		}
		return t.giveRoom(t.devicesOf(r.state), r.state)
	}))
	settle()
	for _, o := range others {
		must(d.t, o.session().event(ctx, id, room.Body{Kind: room.BodyAccept}))
	}
	settle()
	return id
}

// say queues a text.
func (d *device) say(id wire.Room, text string) core.ChatMessage {
	d.t.Helper()
	m, err := d.chat.Send(d.t.Context(), core.ChatDraft{Room: id.String(), Text: text})
	must(d.t, err)
	return m
}

// lines are the texts of a room as its reader sees them, with what is special.
func (d *device) lines(id wire.Room) []string {
	d.t.Helper()
	var out []string
	for after := int64(0); ; {
		page, err := d.session().vault.Messages(d.t.Context(), core.ChatQuery{Room: id.String(), After: max(after, 1), Limit: core.MaxChatPage})
		must(d.t, err)
		for _, m := range page.Messages {
			after = m.Position
			switch {
			case m.Kind == core.ChatHole:
				out = append(out, fmt.Sprintf("(%d missing)", m.Missing))
			case m.Kind == core.ChatNotice:
			case m.Waiting != "":
				out = append(out, "(waits for its key)")
			case m.Deleted:
				out = append(out, "(deleted)")
			case m.StoredAt.IsZero():
				out = append(out, m.Text+" ("+m.Step+")")
			default:
				out = append(out, m.Text)
			}
		}
		if !page.Newer {
			return out
		}
	}
}

// want compares what devices see of a room.
func want(t *testing.T, id wire.Room, lines []string, devices ...*device) {
	t.Helper()
	for i, d := range devices {
		if got := d.lines(id); !slices.Equal(got, lines) {
			t.Errorf("device %d sees %q, want %q; refused: %v", i, got, lines, d.refusals())
		}
	}
}

func (d *device) refusals() (all []string) {
	d.t.Helper()
	list, err := d.chat.Refusals(d.t.Context())
	must(d.t, err)
	for _, r := range list {
		all = append(all, r.What+": "+r.Reason)
	}
	return all
}

// settle waits until nobody has anything to do but wait.
func settle() { synctest.Wait() }

// later lets time pass.
func later(d time.Duration) {
	time.Sleep(d) // made-up time
	synctest.Wait()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// cut makes the nodes unreachable for some devices.
func (m *memory) cut(devices ...*device) (mend func()) {
	gone := map[wire.Fingerprint]bool{}
	for _, d := range devices {
		s, err := d.chat.current()
		if err == nil {
			gone[s.device] = true
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	gone = maps.Clone(gone)
	m.before = func(caller wire.Caller, _ string) error {
		if gone[caller.Device] {
			return core.Errorf(core.Unavailable, "the nodes do not answer")
		}
		return nil
	}
	close(m.changed)
	m.changed = make(chan struct{})
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.before = nil
	}
}

// copyFolder copies the files of a folder, with those below it.
func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	must(t, os.CopyFS(to, os.DirFS(from)))
}

// down makes the nodes unreachable for everybody.
func (m *memory) down() (mend func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = func(wire.Caller, string) error { return core.Errorf(core.Unavailable, "the nodes do not answer") }
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.before = nil
	}
}

// wakeWallet opens the wallet again, which locks itself when it is not used.
func (d *device) wakeWallet() {
	d.t.Helper()
	d.eth.Lock()
	d.eth = signerOf(d.t, d.seed)
}
