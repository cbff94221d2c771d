package node

// This file is the chat of whichever network the node is in, for its page and its
// commands. Without one it is core.Unavailable, as while the node changes networks.

import (
	"context"
	"io"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// chatClient is the chat of one network; *anchat.Chat is one. What the calls
// promise is said where it is made.
type chatClient interface {
	State(ctx context.Context) (core.ChatState, error)
	Enrolment(ctx context.Context, address, chain, domain string) (core.ChatEnrolment, error)
	Enrol(ctx context.Context, e core.ChatEnrol) (core.ChatState, error)
	Unlock(ctx context.Context, address string, passphrase core.Secret) (core.ChatState, error)
	Lock(ctx context.Context) error
	Forget(ctx context.Context, address string) error
	Events(ctx context.Context) <-chan core.ChatEvent
	Rooms(ctx context.Context) ([]core.ChatRoom, error)
	Room(ctx context.Context, room string) (core.ChatRoom, error)
	NewRoom(ctx context.Context, n core.ChatNewRoom) (core.ChatRoom, error)
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
	ReadLink(ctx context.Context, url string) (core.ChatLink, error)
	Join(ctx context.Context, url string) (core.ChatRoom, error)
	Messages(ctx context.Context, q core.ChatQuery) (core.ChatMessages, error)
	At(ctx context.Context, room string, at time.Time) (int64, error)
	Send(ctx context.Context, d core.ChatDraft) (core.ChatMessage, error)
	Edit(ctx context.Context, room, id, text string, mentions []string) error
	Delete(ctx context.Context, room, id string) error
	React(ctx context.Context, room, id, sign string, on bool) error
	Resend(ctx context.Context, room, id string) error
	Discard(ctx context.Context, room, id string) error
	MarkRead(ctx context.Context, room string, position int64) error
	SaveDraft(ctx context.Context, room, text string) error
	Search(ctx context.Context, s core.ChatSearch) ([]core.ChatHit, error)
	Ladder(ctx context.Context, room, id string) (core.ChatLadder, error)
	Type(ctx context.Context, room string) error
	Activity(ctx context.Context, room string) (core.ChatActivity, error)
	Attach(ctx context.Context, room, name string, size int64, r io.Reader) (core.ChatAttachment, error)
	Unattach(ctx context.Context, room, id string) error
	Fetch(ctx context.Context, room, message, file string, w io.Writer, progress func(core.ChatProgress)) error
	Person(ctx context.Context, address string) (core.ChatPerson, error)
	Contacts(ctx context.Context) ([]core.ChatPerson, error)
	Nickname(ctx context.Context, address, name string) error
	Block(ctx context.Context, address string, on bool) error
	Safety(ctx context.Context, address string) (core.ChatSafety, error)
	Verify(ctx context.Context, address string, on bool) error
	CheckSafety(ctx context.Context, address, qr string) error
	Devices(ctx context.Context) ([]core.ChatDevice, error)
	NameDevice(ctx context.Context, fingerprint, name string) error
	RevokeDevice(ctx context.Context, fingerprint string) error
	DeviceCode(ctx context.Context) (string, error)
	Approve(ctx context.Context, code string) (core.ChatDevice, error)
	MakeBackup(ctx context.Context, passphrase core.Secret) (core.ChatBackupMade, error)
	Restore(ctx context.Context, secret core.Secret, progress func(core.ChatProgress)) (core.ChatRestored, error)
	PostponeBackup(ctx context.Context) error
	Export(ctx context.Context, e core.ChatExport, w io.Writer, progress func(core.ChatProgress)) error
	Refusals(ctx context.Context) ([]core.ChatRefusal, error)
}

func (own *chats) State(ctx context.Context) (core.ChatState, error) {
	return askChat(own, func(chat chatClient) (core.ChatState, error) { return chat.State(ctx) })
}

func (own *chats) Enrolment(ctx context.Context, address, chain, domain string) (core.ChatEnrolment, error) {
	return askChat(own, func(chat chatClient) (core.ChatEnrolment, error) { return chat.Enrolment(ctx, address, chain, domain) })
}

func (own *chats) Enrol(ctx context.Context, e core.ChatEnrol) (core.ChatState, error) {
	return askChat(own, func(chat chatClient) (core.ChatState, error) { return chat.Enrol(ctx, e) })
}

func (own *chats) Unlock(ctx context.Context, address string, passphrase core.Secret) (core.ChatState, error) {
	return askChat(own, func(chat chatClient) (core.ChatState, error) { return chat.Unlock(ctx, address, passphrase) })
}

func (own *chats) Lock(ctx context.Context) error {
	return own.do(func(chat chatClient) error { return chat.Lock(ctx) })
}

func (own *chats) Forget(ctx context.Context, address string) error {
	return own.do(func(chat chatClient) error { return chat.Forget(ctx, address) })
}

func (own *chats) Rooms(ctx context.Context) ([]core.ChatRoom, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatRoom, error) { return chat.Rooms(ctx) })
}

func (own *chats) Room(ctx context.Context, room string) (core.ChatRoom, error) {
	return askChat(own, func(chat chatClient) (core.ChatRoom, error) { return chat.Room(ctx, room) })
}

func (own *chats) NewRoom(ctx context.Context, n core.ChatNewRoom) (core.ChatRoom, error) {
	return askChat(own, func(chat chatClient) (core.ChatRoom, error) { return chat.NewRoom(ctx, n) })
}

func (own *chats) Direct(ctx context.Context, address string) (core.ChatRoom, error) {
	return askChat(own, func(chat chatClient) (core.ChatRoom, error) { return chat.Direct(ctx, address) })
}

func (own *chats) Accept(ctx context.Context, room string) error {
	return own.do(func(chat chatClient) error { return chat.Accept(ctx, room) })
}

func (own *chats) Refuse(ctx context.Context, room string) error {
	return own.do(func(chat chatClient) error { return chat.Refuse(ctx, room) })
}

func (own *chats) ChangeRoom(ctx context.Context, c core.ChatRoomChange) error {
	return own.do(func(chat chatClient) error { return chat.ChangeRoom(ctx, c) })
}

func (own *chats) SetRoom(ctx context.Context, s core.ChatRoomSettings) error {
	return own.do(func(chat chatClient) error { return chat.SetRoom(ctx, s) })
}

func (own *chats) People(ctx context.Context, room string) ([]core.ChatPerson, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatPerson, error) { return chat.People(ctx, room) })
}

func (own *chats) Invite(ctx context.Context, room string, addresses []string) error {
	return own.do(func(chat chatClient) error { return chat.Invite(ctx, room, addresses) })
}

func (own *chats) Remove(ctx context.Context, room, address string, ban bool) error {
	return own.do(func(chat chatClient) error { return chat.Remove(ctx, room, address, ban) })
}

func (own *chats) Unban(ctx context.Context, room, address string) error {
	return own.do(func(chat chatClient) error { return chat.Unban(ctx, room, address) })
}

func (own *chats) SetRole(ctx context.Context, room, address, role string) error {
	return own.do(func(chat chatClient) error { return chat.SetRole(ctx, room, address, role) })
}

func (own *chats) Leave(ctx context.Context, room string) error {
	return own.do(func(chat chatClient) error { return chat.Leave(ctx, room) })
}

func (own *chats) MakeLink(ctx context.Context, o core.ChatLinkOptions) (core.ChatLink, error) {
	return askChat(own, func(chat chatClient) (core.ChatLink, error) { return chat.MakeLink(ctx, o) })
}

func (own *chats) Links(ctx context.Context, room string) ([]core.ChatLink, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatLink, error) { return chat.Links(ctx, room) })
}

func (own *chats) RevokeLink(ctx context.Context, room, id string) error {
	return own.do(func(chat chatClient) error { return chat.RevokeLink(ctx, room, id) })
}

func (own *chats) ReadLink(ctx context.Context, url string) (core.ChatLink, error) {
	return askChat(own, func(chat chatClient) (core.ChatLink, error) { return chat.ReadLink(ctx, url) })
}

func (own *chats) Join(ctx context.Context, url string) (core.ChatRoom, error) {
	return askChat(own, func(chat chatClient) (core.ChatRoom, error) { return chat.Join(ctx, url) })
}

func (own *chats) Messages(ctx context.Context, q core.ChatQuery) (core.ChatMessages, error) {
	return askChat(own, func(chat chatClient) (core.ChatMessages, error) { return chat.Messages(ctx, q) })
}

func (own *chats) At(ctx context.Context, room string, at time.Time) (int64, error) {
	return askChat(own, func(chat chatClient) (int64, error) { return chat.At(ctx, room, at) })
}

func (own *chats) Send(ctx context.Context, d core.ChatDraft) (core.ChatMessage, error) {
	return askChat(own, func(chat chatClient) (core.ChatMessage, error) { return chat.Send(ctx, d) })
}

func (own *chats) Edit(ctx context.Context, room, id, text string, mentions []string) error {
	return own.do(func(chat chatClient) error { return chat.Edit(ctx, room, id, text, mentions) })
}

func (own *chats) Delete(ctx context.Context, room, id string) error {
	return own.do(func(chat chatClient) error { return chat.Delete(ctx, room, id) })
}

func (own *chats) React(ctx context.Context, room, id, sign string, on bool) error {
	return own.do(func(chat chatClient) error { return chat.React(ctx, room, id, sign, on) })
}

func (own *chats) Resend(ctx context.Context, room, id string) error {
	return own.do(func(chat chatClient) error { return chat.Resend(ctx, room, id) })
}

func (own *chats) Discard(ctx context.Context, room, id string) error {
	return own.do(func(chat chatClient) error { return chat.Discard(ctx, room, id) })
}

func (own *chats) MarkRead(ctx context.Context, room string, position int64) error {
	return own.do(func(chat chatClient) error { return chat.MarkRead(ctx, room, position) })
}

func (own *chats) SaveDraft(ctx context.Context, room, text string) error {
	return own.do(func(chat chatClient) error { return chat.SaveDraft(ctx, room, text) })
}

func (own *chats) Search(ctx context.Context, s core.ChatSearch) ([]core.ChatHit, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatHit, error) { return chat.Search(ctx, s) })
}

func (own *chats) Ladder(ctx context.Context, room, id string) (core.ChatLadder, error) {
	return askChat(own, func(chat chatClient) (core.ChatLadder, error) { return chat.Ladder(ctx, room, id) })
}

func (own *chats) Type(ctx context.Context, room string) error {
	return own.do(func(chat chatClient) error { return chat.Type(ctx, room) })
}

func (own *chats) Activity(ctx context.Context, room string) (core.ChatActivity, error) {
	return askChat(own, func(chat chatClient) (core.ChatActivity, error) { return chat.Activity(ctx, room) })
}

func (own *chats) Attach(ctx context.Context, room, name string, size int64, r io.Reader) (core.ChatAttachment, error) {
	return askChat(own, func(chat chatClient) (core.ChatAttachment, error) { return chat.Attach(ctx, room, name, size, r) })
}

func (own *chats) Unattach(ctx context.Context, room, id string) error {
	return own.do(func(chat chatClient) error { return chat.Unattach(ctx, room, id) })
}

func (own *chats) Fetch(ctx context.Context, room, message, file string, w io.Writer, progress func(core.ChatProgress)) error {
	return own.do(func(chat chatClient) error { return chat.Fetch(ctx, room, message, file, w, progress) })
}

func (own *chats) Person(ctx context.Context, address string) (core.ChatPerson, error) {
	return askChat(own, func(chat chatClient) (core.ChatPerson, error) { return chat.Person(ctx, address) })
}

func (own *chats) Contacts(ctx context.Context) ([]core.ChatPerson, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatPerson, error) { return chat.Contacts(ctx) })
}

func (own *chats) Nickname(ctx context.Context, address, name string) error {
	return own.do(func(chat chatClient) error { return chat.Nickname(ctx, address, name) })
}

func (own *chats) Block(ctx context.Context, address string, on bool) error {
	return own.do(func(chat chatClient) error { return chat.Block(ctx, address, on) })
}

func (own *chats) Safety(ctx context.Context, address string) (core.ChatSafety, error) {
	return askChat(own, func(chat chatClient) (core.ChatSafety, error) { return chat.Safety(ctx, address) })
}

func (own *chats) Verify(ctx context.Context, address string, on bool) error {
	return own.do(func(chat chatClient) error { return chat.Verify(ctx, address, on) })
}

func (own *chats) CheckSafety(ctx context.Context, address, qr string) error {
	return own.do(func(chat chatClient) error { return chat.CheckSafety(ctx, address, qr) })
}

func (own *chats) Devices(ctx context.Context) ([]core.ChatDevice, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatDevice, error) { return chat.Devices(ctx) })
}

func (own *chats) NameDevice(ctx context.Context, fingerprint, name string) error {
	return own.do(func(chat chatClient) error { return chat.NameDevice(ctx, fingerprint, name) })
}

func (own *chats) RevokeDevice(ctx context.Context, fingerprint string) error {
	return own.do(func(chat chatClient) error { return chat.RevokeDevice(ctx, fingerprint) })
}

func (own *chats) DeviceCode(ctx context.Context) (string, error) {
	return askChat(own, func(chat chatClient) (string, error) { return chat.DeviceCode(ctx) })
}

func (own *chats) Approve(ctx context.Context, code string) (core.ChatDevice, error) {
	return askChat(own, func(chat chatClient) (core.ChatDevice, error) { return chat.Approve(ctx, code) })
}

func (own *chats) MakeBackup(ctx context.Context, passphrase core.Secret) (core.ChatBackupMade, error) {
	return askChat(own, func(chat chatClient) (core.ChatBackupMade, error) { return chat.MakeBackup(ctx, passphrase) })
}

func (own *chats) Restore(ctx context.Context, secret core.Secret, progress func(core.ChatProgress)) (core.ChatRestored, error) {
	return askChat(own, func(chat chatClient) (core.ChatRestored, error) { return chat.Restore(ctx, secret, progress) })
}

func (own *chats) PostponeBackup(ctx context.Context) error {
	return own.do(func(chat chatClient) error { return chat.PostponeBackup(ctx) })
}

func (own *chats) Export(ctx context.Context, e core.ChatExport, w io.Writer, progress func(core.ChatProgress)) error {
	return own.do(func(chat chatClient) error { return chat.Export(ctx, e, w, progress) })
}

func (own *chats) Refusals(ctx context.Context) ([]core.ChatRefusal, error) {
	return askChat(own, func(chat chatClient) ([]core.ChatRefusal, error) { return chat.Refusals(ctx) })
}
