package room

// This file has the words for what became of a room, as screens show them.

import (
	"strconv"

	"git.debros.io/DeBros/network/backend/wallet"
)

// Notice is what an event means to its readers: a word of core.ChatMessage, who did
// it, to whom, and the new text or value. notice is "" for what is not shown.
func (b Body) Notice(author wallet.Account) (notice string, by wallet.Account, about []wallet.Account, value string) {
	notice, about, value = b.notice(author)
	if b.Kind == BodyLinkUsed { // who answered the knock is not who came
		author = b.Account
	}
	return notice, author, about, value
}

func (b Body) notice(author wallet.Account) (notice string, about []wallet.Account, value string) {
	switch b.Kind {
	case BodyCreate:
		for _, seat := range b.Members {
			if seat.Account != author {
				about = append(about, seat.Account)
			}
		}
		return "created", about, b.Name
	case BodyName:
		return "renamed", nil, b.Name
	case BodyTopic:
		return "topic", nil, b.Topic
	case BodyHistory:
		return "history", nil, b.History
	case BodyTimer:
		return "timer", nil, strconv.FormatInt(b.Timer, 10)
	case BodyFreeInvite:
		if b.FreeInvite {
			return "free_invite", nil, "on"
		}
		return "free_invite", nil, "off"
	case BodyAdd:
		return "invited", []wallet.Account{b.Account}, ""
	case BodyAccept, BodyLinkUsed:
		return "joined", nil, ""
	case BodyLeave:
		return "left", nil, ""
	case BodyRemove:
		if b.Ban {
			return "banned", []wallet.Account{b.Account}, ""
		}
		return "removed", []wallet.Account{b.Account}, ""
	case BodyUnban:
		return "unbanned", []wallet.Account{b.Account}, ""
	case BodyCalled:
		return "called", nil, b.Name
	case BodyRole:
		return "role", []wallet.Account{b.Account}, b.Role
	case BodyLink:
		return "link", nil, ""
	case BodyLinkRevoked:
		return "link_revoked", nil, ""
	case BodyMoved:
	}
	return "", nil, ""
}
