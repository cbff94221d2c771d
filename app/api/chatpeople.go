// This file is the people of the chat: who they are to the person, and whether
// their devices are the ones that were compared.

package api

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
)

// ChatPeople is bound as "ChatPeople".
type ChatPeople struct{ d *desk }

// Person tells about somebody.
func (p *ChatPeople) Person(address string) (ChatPerson, error) {
	return chatAsk(p.d, "ChatPeople.Person", MaxCallTime, func(ctx context.Context, c Chat) (ChatPerson, error) {
		person, err := c.Person(ctx, address)
		return chatPersonOf(person), err
	})
}

// Contacts lists whom the person has a room with, and whom they blocked.
func (p *ChatPeople) Contacts() ([]ChatPerson, error) {
	return chatAsk(p.d, "ChatPeople.Contacts", MaxCallTime, func(ctx context.Context, c Chat) ([]ChatPerson, error) {
		all, err := c.Contacts(ctx)
		return each(all, chatPersonOf), err
	})
}

// Nickname gives somebody a name that the person alone sees; "" takes it back.
func (p *ChatPeople) Nickname(address, name string) error {
	return chatAct(p.d, "ChatPeople.Nickname", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Nickname(ctx, address, name) })
}

// Block hides somebody, or no longer. They are not told.
func (p *ChatPeople) Block(address string, on bool) error {
	return chatAct(p.d, "ChatPeople.Block", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Block(ctx, address, on) })
}

// Safety is the number that two people compare.
func (p *ChatPeople) Safety(address string) (ChatSafety, error) {
	return chatAsk(p.d, "ChatPeople.Safety", MaxCallTime, func(ctx context.Context, c Chat) (ChatSafety, error) {
		s, err := c.Safety(ctx, address)
		return chatSafetyOf(s), err
	})
}

// Verify says that the numbers were the same, or takes that back.
func (p *ChatPeople) Verify(address string, on bool) error {
	return chatAct(p.d, "ChatPeople.Verify", MaxCallTime, func(ctx context.Context, c Chat) error { return c.Verify(ctx, address, on) })
}

// maxQRText bounds what a picture said; the largest code holds 2,953 bytes.
const maxQRText = 3 << 10

// CheckSafety compares what the code on the other's screen said. When it is the
// same number, the person is verified.
func (p *ChatPeople) CheckSafety(address, qr string) error {
	return chatAct(p.d, "ChatPeople.CheckSafety", MaxCallTime, func(ctx context.Context, c Chat) error {
		if len(qr) > maxQRText {
			return core.Errorf(core.TooLarge, "This is no safety number; take the code from the other's screen.")
		}
		return c.CheckSafety(ctx, address, qr)
	})
}
