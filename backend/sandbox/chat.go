package sandbox

// This file gives the test people chats: alice on the first node, bob on the
// second, carol on the third, and sees that a message is opened.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// ChatPassphrase opens the chats of the test people. It is as public as Phrase.
const ChatPassphrase = "sandbox chat"

// chatDomain is named in the texts that their wallets sign.
const chatDomain = "127.0.0.1"

// chatPerson is one of the test people at their node.
type chatPerson struct {
	node    *Node
	client  *client.Client
	address string
}

// chat makes the test people's chats, as far as there are nodes, and has the first
// write to the last.
func (b *Sandbox) chat(ctx context.Context, clients []*client.Client) error {
	all, err := Wallets()
	if err != nil {
		return err
	}
	people := make([]chatPerson, min(len(all), len(b.nodes)))
	if err = b.each(func(n *Node) error {
		i := n.number - 1
		if i >= len(people) {
			return nil
		}
		people[i] = chatPerson{node: n, client: clients[i], address: all[i].Ethereum}
		if i == 1 {
			people[i].address = all[i].Solana // both chains
		}
		if errOpen := b.openChat(ctx, people[i], all[i].Account); errOpen != nil {
			return n.startError(fmt.Errorf("open the chat of %s: %w", all[i].Name, errOpen))
		}
		return nil
	}); err != nil {
		return err
	}
	return b.correspond(ctx, people[0], people[len(people)-1])
}

// openChat opens a person's chat at their node; the first time the node becomes a
// device of their wallet.
func (b *Sandbox) openChat(ctx context.Context, p chatPerson, account uint32) error {
	var state core.ChatState
	err := b.try(ctx, func(ctx context.Context) error { return p.ask(ctx, "State", &state) })
	if err != nil || state.State == core.ChatReady {
		return err
	}
	for _, a := range state.Accounts {
		if a.Address == p.address {
			return b.try(ctx, func(ctx context.Context) error { return p.ask(ctx, "Unlock", &state, p.address, ChatPassphrase) })
		}
	}
	return b.try(ctx, func(ctx context.Context) error { return p.enrol(ctx, account) })
}

// enrol has the test wallet sign what makes the node its device.
func (p chatPerson) enrol(ctx context.Context, account uint32) error {
	seed := wallet.Seed(Phrase, "")
	eth, err := wallet.Ethereum(seed, account)
	if err != nil {
		return core.Wrap(core.Internal, err, "the test wallets cannot be made")
	}
	sol, err := wallet.Solana(seed, account)
	if err != nil {
		return core.Wrap(core.Internal, err, "the test wallets cannot be made")
	}
	signer := wallet.NewSigner(eth, sol)
	defer signer.Lock()
	own, err := wallet.ParseAccount(p.address, "")
	if err != nil {
		return err
	}
	var asked core.ChatEnrolment
	if err = p.ask(ctx, "Enrolment", &asked, p.address, string(own.Chain()), chatDomain); err != nil {
		return err
	}
	signature, err := signer.Sign(ctx, own, asked.Text, func(context.Context, wallet.Request) error { return nil })
	if err != nil {
		return err
	}
	return p.ask(ctx, "Enrol", nil, map[string]any{
		"id": asked.ID, "signature": signature, "passphrase": ChatPassphrase, "device_name": p.node.Name(),
	})
}

func (p chatPerson) ask(ctx context.Context, method string, out any, in ...any) error {
	return p.client.Operator().Chat(ctx, method, in, out)
}

// correspond sends a message and waits until the other side has opened it.
func (b *Sandbox) correspond(ctx context.Context, from, to chatPerson) error {
	var room core.ChatRoom
	err := b.try(ctx, func(ctx context.Context) error { return from.ask(ctx, "Direct", &room, to.address) })
	if err != nil {
		return from.node.startError(fmt.Errorf("begin a chat at %s: %w", from.node.Name(), err))
	}
	text := "The sandbox is ready: " + time.Now().UTC().Format(time.RFC3339Nano)
	if err = from.ask(ctx, "Send", nil, core.ChatDraft{Room: room.ID, Text: text}); err != nil {
		return from.node.startError(fmt.Errorf("write at %s: %w", from.node.Name(), err))
	}
	err = b.try(ctx, func(ctx context.Context) error { return to.read(ctx, room.ID, text) })
	if err != nil {
		return to.node.startError(fmt.Errorf("read the chat at %s: %w", to.node.Name(), err))
	}
	return nil
}

// read accepts the room, if that was not done before, and looks for a message.
func (p chatPerson) read(ctx context.Context, room, text string) error {
	var here core.ChatRoom
	if err := p.ask(ctx, "Room", &here, room); err != nil {
		return errors.Join(core.Errorf(core.Unavailable, "the chat has not reached %s yet", p.node.Name()), err)
	}
	if here.State == core.ChatInvited {
		if err := p.ask(ctx, "Accept", nil, room); err != nil {
			return err
		}
	}
	var page core.ChatMessages
	if err := p.ask(ctx, "Messages", &page, core.ChatQuery{Room: room}); err != nil {
		return err
	}
	for _, m := range page.Messages {
		if m.Text == text {
			return nil
		}
	}
	return core.Errorf(core.Unavailable, "the message has not been opened at %s yet", p.node.Name())
}
