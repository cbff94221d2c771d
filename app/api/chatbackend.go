// This file says what the chat's screens need from a node.

package api

import (
	"context"
	"io"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Chat is Anchat on this node; *anchat.Chat has it. Its methods may be called from
// any goroutine. While the chat is not open they return core.Unauthenticated, but
// for those of the first group.
type Chat interface {
	State(ctx context.Context) (core.ChatState, error)
	// Enrolment prepares a device for a wallet, or renews the certificate of the one
	// that is here. domain is the loopback address of the page that shows the text.
	// It is forgotten after five minutes.
	Enrolment(ctx context.Context, address, chain, domain string) (core.ChatEnrolment, error)
	Enrol(ctx context.Context, e core.ChatEnrol) (core.ChatState, error)
	// Unlock opens the chat of a wallet; an empty passphrase asks the keychain.
	Unlock(ctx context.Context, address string, passphrase core.Secret) (core.ChatState, error)
	Lock(ctx context.Context) error
	// Forget removes a wallet's device from this node, and revokes it where it can.
	Forget(ctx context.Context, address string) error
	// Events tells what changed until ctx ends; the channel is then closed. Events
	// that nobody takes are merged, but for ChatEventNotify, of which the oldest
	// are dropped.
	Events(ctx context.Context) <-chan core.ChatEvent

	Rooms(ctx context.Context) ([]core.ChatRoom, error)
	Room(ctx context.Context, room string) (core.ChatRoom, error)
	NewRoom(ctx context.Context, n core.ChatNewRoom) (core.ChatRoom, error)
	// Direct finds or makes the room with one other wallet; with the own address it
	// is the note to self.
	Direct(ctx context.Context, address string) (core.ChatRoom, error)
	Accept(ctx context.Context, room string) error
	Refuse(ctx context.Context, room string) error
	ChangeRoom(ctx context.Context, c core.ChatRoomChange) error
	SetRoom(ctx context.Context, s core.ChatRoomSettings) error
	People(ctx context.Context, room string) ([]core.ChatPerson, error)
	Invite(ctx context.Context, room string, addresses []string) error
	Remove(ctx context.Context, room, address string, ban bool) error
	Unban(ctx context.Context, room, address string) error
	SetRole(ctx context.Context, room, address, role string) error
	Leave(ctx context.Context, room string) error
	MakeLink(ctx context.Context, o core.ChatLinkOptions) (core.ChatLink, error)
	Links(ctx context.Context, room string) ([]core.ChatLink, error)
	RevokeLink(ctx context.Context, room, id string) error
	// ReadLink says what a link is for. It asks nobody.
	ReadLink(ctx context.Context, url string) (core.ChatLink, error)
	Join(ctx context.Context, url string) (core.ChatRoom, error)

	Messages(ctx context.Context, q core.ChatQuery) (core.ChatMessages, error)
	// At is the position of the first message at or after a time.
	At(ctx context.Context, room string, at time.Time) (int64, error)
	Send(ctx context.Context, d core.ChatDraft) (core.ChatMessage, error)
	Edit(ctx context.Context, room, id, text string, mentions []string) error
	Delete(ctx context.Context, room, id string) error
	React(ctx context.Context, room, id, sign string, on bool) error
	Resend(ctx context.Context, room, id string) error
	Discard(ctx context.Context, room, id string) error // a message that is not sent yet or failed
	MarkRead(ctx context.Context, room string, position int64) error
	SaveDraft(ctx context.Context, room, text string) error
	Search(ctx context.Context, s core.ChatSearch) ([]core.ChatHit, error)
	Ladder(ctx context.Context, room, id string) (core.ChatLadder, error)
	Type(ctx context.Context, room string) error // the reader types; say it again every 4 s
	Activity(ctx context.Context, room string) (core.ChatActivity, error)

	// Attach takes a file in for the next message of a room. It is sealed and kept
	// here until it is sent or a day has passed.
	Attach(ctx context.Context, room, name string, size int64, r io.Reader) (core.ChatAttachment, error)
	Unattach(ctx context.Context, room, id string) error
	// Fetch brings a file of a message. progress may be nil.
	Fetch(ctx context.Context, room, message, file string, w io.Writer, progress func(core.ChatProgress)) error

	Person(ctx context.Context, address string) (core.ChatPerson, error)
	Contacts(ctx context.Context) ([]core.ChatPerson, error)
	Nickname(ctx context.Context, address, name string) error
	Block(ctx context.Context, address string, on bool) error
	Safety(ctx context.Context, address string) (core.ChatSafety, error)
	Verify(ctx context.Context, address string, on bool) error
	// CheckSafety compares what a QR of the other's screen says.
	CheckSafety(ctx context.Context, address, qr string) error

	Devices(ctx context.Context) ([]core.ChatDevice, error)
	NameDevice(ctx context.Context, fingerprint, name string) error
	RevokeDevice(ctx context.Context, fingerprint string) error
	// DeviceCode is what this device shows so that a sibling lets it in.
	DeviceCode(ctx context.Context) (string, error)
	// Approve lets in the device whose code was read and sends it all keys.
	Approve(ctx context.Context, code string) (core.ChatDevice, error)

	// MakeBackup begins a backup, or a new version of it.
	MakeBackup(ctx context.Context, passphrase core.Secret) (core.ChatBackupMade, error)
	// Restore opens the backup by passphrase or recovery code and reads it.
	Restore(ctx context.Context, secret core.Secret, progress func(core.ChatProgress)) (core.ChatRestored, error)
	PostponeBackup(ctx context.Context) error
	Export(ctx context.Context, e core.ChatExport, w io.Writer, progress func(core.ChatProgress)) error
	Refusals(ctx context.Context) ([]core.ChatRefusal, error)
}
