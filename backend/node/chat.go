package node

// This file joins the chat with the network that the node is in: the service where
// the node is a member, a way to one where it is a guest, and gossip.

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"git.debros.io/DeBros/network/backend/anchat"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
	"git.debros.io/DeBros/network/backend/membership"
)

const (
	// guestAsks is between two questions of a guest which network it uses, and
	// guestPatience how long it waits for an answer before it takes what it was told
	// the last time.
	guestAsks     = 500 * time.Millisecond
	guestPatience = 3 * time.Second
	// guestNetwork is the file, in the folder of a guest's network, of what it was told.
	guestNetwork = "chat-network"
	// chatFolder is, in the data folder, where the chat keeps its sealed files.
	chatFolder = "anchat"
)

// chats hands calls to the chat of the network in use. Its zero value has none.
type chats struct {
	mu      sync.Mutex
	current chatClient    // nil: none
	remote  *remoteChat   // the device that is open on a guest, nil on a member
	news    chan struct{} // closed at the next change; nil when nobody waits
}

// set takes the chat of another network; nil is none.
func (own *chats) set(chat chatClient) {
	own.mu.Lock()
	defer own.mu.Unlock()
	own.current = chat
	if chat == nil {
		own.remote = nil
	}
	if own.news != nil {
		close(own.news)
		own.news = nil
	}
}

// now is the chat, nil for none, and a channel that is closed when that changes.
func (own *chats) now() (chatClient, <-chan struct{}) {
	own.mu.Lock()
	defer own.mu.Unlock()
	if own.news == nil {
		own.news = make(chan struct{})
	}
	return own.current, own.news
}

func (own *chats) do(f func(chatClient) error) error {
	_, err := askChat(own, func(chat chatClient) (struct{}, error) { return struct{}{}, f(chat) })
	return err
}

func askChat[T any](own *chats, f func(chatClient) (T, error)) (answer T, err error) {
	chat, _ := own.now()
	if chat == nil {
		return answer, core.Errorf(core.Unavailable, "the chat is not there yet: the node is changing networks, or as a guest it has not reached a member; try again in a moment")
	}
	return f(chat)
}

// Events follow the chat through changes of the network, until ctx ends.
func (own *chats) Events(ctx context.Context) <-chan core.ChatEvent {
	out := make(chan core.ChatEvent)
	go func() { // it ends with ctx, as the one who asked does
		defer close(out)
		for ctx.Err() == nil {
			chat, changed := own.now()
			if chat != nil {
				own.pass(ctx, chat, changed, out)
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return
			}
			select { // whoever listens has to read anew
			case out <- core.ChatEvent{Kind: core.ChatEventState}:
			case <-ctx.Done():
			}
		}
	}()
	return out
}

func (own *chats) pass(ctx context.Context, chat chatClient, changed <-chan struct{}, out chan<- core.ChatEvent) {
	ctx, cancel := context.WithCancel(ctx)
	events := chat.Events(ctx)
	defer func() {
		cancel()
		for range events {
			continue // it is closed once the chat has seen the end
		}
	}()
	for {
		select {
		case e, open := <-events:
			if !open {
				return
			}
			select {
			case out <- e:
			case <-changed:
				return
			case <-ctx.Done():
				return
			}
		case <-changed:
			return
		case <-ctx.Done():
			return
		}
	}
}

// publishAs notes the device in whose name a guest publishes.
func (own *chats) publishAs(r *remoteChat) {
	own.mu.Lock()
	defer own.mu.Unlock()
	own.remote = r
}

// author is what a guest's rows carry as gossip.
func (own *chats) author(ctx context.Context) ([]byte, error) {
	own.mu.Lock()
	r := own.remote
	own.mu.Unlock()
	if r == nil {
		return nil, core.Errorf(core.Denied, "only a device of the chat publishes there; open the chat first")
	}
	return r.author(ctx)
}

// Chat is the chat of this node's people, in whichever network it is.
func (n *Node) Chat() *chats { return n.chats } //nolint:revive // what it has is a small interface of whoever takes it

// chatPart is the chat in one network. It never ends the node: one that cannot be
// opened is named in the log.
type chatPart struct {
	n *Node
	s *session
}

// Run serves the chat until ctx ends. Nobody waits for it: a guest learns later
// which network it uses.
func (p chatPart) Run(ctx context.Context, ready func()) error {
	ready()
	if err := p.serve(ctx); err != nil && ctx.Err() == nil {
		p.n.log.Error("the chat has ended; the node goes on without it until its next start", core.KeyError, err)
		<-ctx.Done()
	}
	return nil
}

func (p chatPart) serve(ctx context.Context) error {
	id, err := p.network(ctx)
	if err != nil {
		return err
	}
	chat, err := anchat.New(anchat.Settings{
		Dir: filepath.Join(p.n.folder.path, chatFolder), Network: id, Node: p.n.loaded.Config.Node.ID,
		Open: p.openChat, Keychain: vault.SystemKeychain{}, Now: time.Now, Log: p.n.logs.Logger("anchat"),
	})
	if err != nil {
		return err
	}
	p.n.chats.set(chat)
	defer p.n.chats.set(nil)
	return chat.Run(ctx, func() {})
}

// openChat gives the nodes that keep the rows to a device.
func (p chatPart) openChat(caller wire.Caller, sign wire.Sign) (wire.Service, wire.Gossip, error) {
	gossip := chatGossip{p.n.pubsub.Internal()}
	if p.s.guest == nil {
		return p.s.rows.As(caller), gossip, nil
	}
	r := newRemoteChat(p.n.carrier, caller, sign, p.n.host.ID().String())
	if sign != nil {
		p.n.chats.publishAs(r)
	}
	return r, gossip, nil
}

// network is the id of the network whose rows these are. A guest has to ask for it.
func (p chatPart) network(ctx context.Context) (string, error) {
	if p.s.guest == nil {
		return p.s.record.ID, nil
	}
	file := filepath.Join(p.n.networks.root, p.s.record.ID, guestNetwork)
	tick := time.NewTicker(guestAsks)
	defer tick.Stop()
	for began := time.Now(); ; {
		if id := p.s.guest.ask(ctx); membership.ValidID(id) {
			if err := disk.Write(file, []byte(id)); err != nil {
				p.n.log.Warn("the name of the guest's network could not be written down", core.KeyError, err)
			}
			return id, nil
		}
		if time.Since(began) > guestPatience {
			if known, err := os.ReadFile(file); err == nil && membership.ValidID(string(known)) { //nolint:gosec // G304: a file of our own
				return string(known), nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// ask asks a connected member which network this is, "" when none answers.
func (g *guest) ask(ctx context.Context) string {
	for _, info := range g.peers {
		if g.n.host.Network().Connectedness(info.ID) != network.Connected {
			continue
		}
		if a, err := membership.Describe(ctx, g.n.host, info.ID); err == nil {
			return a.Network
		}
	}
	return ""
}
