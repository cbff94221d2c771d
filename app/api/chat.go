// This file is the chat on this node: how it is, which wallets have it, and the
// lock before it. What happens in it is told by the chat event.

package api

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Anchat is bound as "Anchat".
type Anchat struct {
	d     *desk
	shell Shell
}

// chat returns the node's chat, or why there is none.
func (d *desk) chat() (Chat, error) {
	b, err := d.node()
	if err != nil {
		return nil, err
	}
	if b.Chat == nil {
		return nil, core.Errorf(core.Unavailable, "This node has no chat; update it, then start it again.")
	}
	return b.Chat, nil
}

// chatAsk is guard for a method of the chat; chatAct is act for one.
func chatAsk[T any](d *desk, method string, limit time.Duration, fn func(context.Context, Chat) (T, error)) (T, error) {
	return guard(d, method, limit, func(ctx context.Context) (out T, err error) {
		c, err := d.chat()
		if err != nil {
			return out, err
		}
		return fn(ctx, c)
	})
}

func chatAct(d *desk, method string, limit time.Duration, fn func(context.Context, Chat) error) error {
	return act(d, method, limit, func(ctx context.Context) error {
		c, err := d.chat()
		if err != nil {
			return err
		}
		return fn(ctx, c)
	})
}

// State tells how the chat is.
func (a *Anchat) State() (ChatState, error) {
	return chatAsk(a.d, "Anchat.State", MaxCallTime, chatState)
}

func chatState(ctx context.Context, c Chat) (ChatState, error) {
	s, err := c.State(ctx)
	return chatStateOf(s), err
}

// Unlock opens the chat of a wallet that has a device here. With "" as passphrase
// the keychain of the system opens it.
func (a *Anchat) Unlock(address, passphrase string) (ChatState, error) {
	return chatAsk(a.d, "Anchat.Unlock", MaxRunTime, func(ctx context.Context, c Chat) (ChatState, error) {
		if len(passphrase) > maxPassphraseText {
			return ChatState{}, errPassphraseLength()
		}
		s, err := c.Unlock(ctx, address, core.Secret(passphrase))
		return chatStateOf(s), err
	})
}

// Lock closes the chat; its keys leave the memory.
func (a *Anchat) Lock() error {
	return chatAct(a.d, "Anchat.Lock", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Lock(ctx) })
}

// Forget removes a wallet's device from this node, with all that it keeps here.
func (a *Anchat) Forget(address string) error {
	return chatAct(a.d, "Anchat.Forget", MaxRunTime, func(ctx context.Context, c Chat) error { return c.Forget(ctx, address) })
}

// ChatAddress is an address that a person typed.
type ChatAddress struct {
	Chain   string `json:"chain"`
	Address string `json:"address"` // as it is shown
	// Problem says what is wrong with it, "" when nothing is.
	Problem string `json:"problem"`
	// Unchecked is true for an Ethereum address without the capital letters that
	// guard against a slip.
	Unchecked bool `json:"unchecked"`
}

// ReadAddress judges an address while it is typed. It asks nobody.
func (a *Anchat) ReadAddress(text string) (ChatAddress, error) {
	return guard(a.d, "Anchat.ReadAddress", MaxCallTime, func(context.Context) (ChatAddress, error) {
		if len(text) > maxAddressText {
			return ChatAddress{Problem: "This is too long for an address."}, nil
		}
		account, err := a.d.wallets.store.ParseAddress(text)
		if err != nil {
			return ChatAddress{Problem: core.Sentence(err)}, nil
		}
		return ChatAddress{Chain: account.Chain, Address: account.Address, Unchecked: account.Chain == chainETH && account.Address != text}, nil
	})
}

const (
	// maxAddressText bounds an address before it is read; the longest has 44 letters.
	maxAddressText = 200

	chainETH = "ETH"
)

// EventChatOpen is the kind of a chat event that asks the page to show a room:
// the person clicked its notification.
const EventChatOpen = "open"

// EventChatCode is the kind of a chat event that brings, as its title, the check
// code of the text that a page in the browser shows now.
const EventChatCode = "code"

// OpenRoom asks every page that is open to show a room of the chat.
func (a *API) OpenRoom(room string) {
	a.desk.events.send(EventChat, func(Mode) any { return ChatEvent{Kind: EventChatOpen, Room: room} })
}

// followChat hands what the chat tells to the pages until ctx ends. It waits for
// the node first.
func (d *desk) followChat(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-d.attached:
	}
	d.mu.Lock()
	c := d.backend.Chat
	d.mu.Unlock()
	if c == nil {
		return
	}
	for e := range c.Events(ctx) {
		d.events.send(EventChat, func(Mode) any { return chatEventOf(e) })
	}
}
