package gateway

// This file is the door of Anchat, the chat: for devices that do their own
// encryption and come over HTTP, from afar or from a guest of the network. What
// rows say is not the gateway's business; it carries them, and it proves who asks.

import (
	"context"
	"encoding/base64"
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of what a device sends. They are the service's own.
const (
	// MaxChatRowBytes bounds one row, MaxChatPutBytes the rows of one request, with
	// four bytes for the length of each, and MaxChatPutRows their number.
	MaxChatRowBytes = 24 << 10
	MaxChatPutBytes = 1 << 20
	MaxChatPutRows  = 500
	// MaxChatPage bounds the rows of one answer, MaxChatPageBytes their bytes.
	MaxChatPage      = 500
	MaxChatPageBytes = 2 << 20
	// MaxChatFollowed bounds the mailboxes that one question or socket follows.
	MaxChatFollowed = 1000
	// MaxChatWait is how long such a question may wait.
	MaxChatWait = 25 * time.Second
	// MaxChatChunkBytes bounds a chunk of a file.
	MaxChatChunkBytes = 256<<10 + 64
	// MaxChatBackupBytes bounds one entry of a backup, MaxChatBackupEntries those of
	// a request or an answer.
	MaxChatBackupBytes   = 2 << 10
	MaxChatBackupEntries = 1000

	// MaxChatChunks bounds the chunks of a file.
	MaxChatChunks = 145

	maxChatKeyBytes = 4 << 10 // of a backup, as it is wrapped
	maxDoorRows     = 3       // of a new device: its certificate, its list, a prekey
	chatIDBytes     = 32
)

// Chat is the service that keeps the chat's sealed rows. Errors are core's.
type Chat interface {
	// CheckDevice returns nil when the device is one of the wallet's that live, and
	// has signed message. Rows of a device that is new are stored first.
	CheckDevice(ctx context.Context, d ChatDevice, message string) error
	// DevicesOf are the rows that everybody may know of a wallet.
	DevicesOf(ctx context.Context, wallet string) ([][]byte, error)
	// As is the service for one device, which a token of the scope chat has proven.
	// It returns Denied once the device was revoked.
	As(ctx context.Context, p core.Principal) (ChatService, error)
}

// ChatDevice is a device at the door.
type ChatDevice struct {
	Wallet, ChainType string
	Fingerprint       string // hex
	Signature         []byte
	Rows              [][]byte
}

// ChatService is what a device asks; names are in hex. Package wire says what
// each call promises.
type ChatService interface {
	Put(ctx context.Context, rows [][]byte) ([]ChatReceipt, error)
	Mailbox(ctx context.Context, tag string, after uint64, limit int) (ChatPage, error)
	// MailboxName is the name of the mailbox that a tag opens.
	MailboxName(tag string) (string, error)
	Inbox(ctx context.Context, after uint64, limit int) (ChatPage, error)
	StoredAt(ctx context.Context, session string, index uint32) (ChatHeld, error)
	Follow(ctx context.Context, tags []string, after uint64, wait time.Duration) (ChatChange, error)

	// AccountOf is whose device it is, as CAIP-10 writes it.
	AccountOf(ctx context.Context, device string) (string, error)

	// BeginBlob names the SHA-256 of each chunk.
	BeginBlob(ctx context.Context, id string, chunks [][]byte) error
	PutChunk(ctx context.Context, id string, chunk, chunks uint32, sealed []byte) error
	HaveChunks(ctx context.Context, id string) ([]uint32, error)
	ConfirmBlob(ctx context.Context, id string) error
	DropBlob(ctx context.Context, id string) error
	Chunk(ctx context.Context, id string, chunk uint32) ([]byte, error)

	Backup(ctx context.Context) (ChatBackup, error)
	PutBackupKey(ctx context.Context, version uint64, key []byte) error
	PutBackup(ctx context.Context, version uint64, entries []ChatBackupEntry) error
	BackupEntries(ctx context.Context, version uint64, after string, limit int) ([]ChatBackupEntry, error)
	DropBackups(ctx context.Context, below uint64) error

	// Author makes the proof with which a guest's node, by its peer id, publishes
	// this device's rows.
	Author(ctx context.Context, peer string) (proof []byte, expires time.Time, err error)
}

// ChatReceipt is what became of one row that was put.
type ChatReceipt struct {
	Seq   uint64    `json:"seq,omitempty"`        // in its mailbox or inbox
	Index uint64    `json:"raft_index,omitempty"` // the log entry that stored it
	Code  core.Code `json:"code,omitempty"`       // of one that was refused
	Error string    `json:"error,omitempty"`
}

// ChatRow is a row as it is kept.
type ChatRow struct {
	Seq, Index uint64
	At         time.Time
	Row        []byte
}

// ChatPage is a part of a mailbox or an inbox.
type ChatPage struct {
	Rows   []ChatRow
	Last   uint64 // the highest number there is
	Closed bool
}

// ChatHeld tells which replicas hold a message.
type ChatHeld struct {
	Seq   uint64   `json:"seq"`
	Index uint64   `json:"raft_index"`
	By    []string `json:"by"`  // nodes that have it
	All   []string `json:"all"` // nodes that are to have it
}

// ChatChange tells what is new.
type ChatChange struct {
	Mailboxes map[string]uint64 `json:"mailboxes"` // names in hex, with the newest number
	Inbox     uint64            `json:"inbox"`     // its newest number, 0 when unchanged
	Index     uint64            `json:"index"`     // ask again after it
}

// ChatBackup is the newest backup of a wallet's keys.
type ChatBackup struct {
	Version uint64    `json:"version"` // 0: there is none
	Key     []byte    `json:"key"`     // wrapped
	Entries int64     `json:"entries"`
	At      time.Time `json:"at"`
}

// ChatBackupEntry is one sealed thing of a backup.
type ChatBackupEntry struct {
	ID     string // hex
	Sealed []byte
}

type chatSessionRequest struct {
	Wallet    string   `json:"wallet"`
	ChainType string   `json:"chain_type,omitempty"`
	Device    string   `json:"device"` // fingerprint in hex
	Nonce     string   `json:"nonce"`
	Signature []byte   `json:"signature"`      // the device's, over the challenge's message
	Rows      [][]byte `json:"rows,omitempty"` // certificate and list of a device that is new
}

type chatSessionAnswer struct {
	tokenAnswer
	Device string `json:"device"`
}

type chatAccountAnswer struct {
	Account string `json:"account"` // CAIP-10
}

type chatAuthorRequest struct {
	Peer string `json:"peer"` // id
}

type chatAuthorAnswer struct {
	Proof     string    `json:"proof"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (g *Gateway) anchatRoutes() []route {
	list := []route{
		{
			methods: "POST", path: "/v1/anchat/session", access: public, body: jsonBody, rate: rateVerify, serve: chatSession,
			summary: "Opens a session of the chat for a device, which signs a challenge of the purpose \"device\"; the token lasts a quarter of an hour.",
			request: chatSessionRequest{}, response: chatSessionAnswer{},
		},
		{
			methods: "GET", path: "/v1/anchat/devices/{wallet}", access: public, rate: rateDevices, serve: chatDevices, mediaType: string(rawBody),
			summary: "Answers a wallet's certificates, lists of devices and fallback keys, as length-prefixed rows.",
		},
		{
			methods: "GET", path: "/v1/anchat/accounts/{device}", access: needs(core.PermissionChat), serve: withDevice(chatAccount),
			summary: "Tells whose device it is.", response: chatAccountAnswer{},
		},
		{
			methods: "POST", path: "/v1/anchat/author", access: needs(core.PermissionChat), body: jsonBody, serve: withDevice(chatAuthor),
			summary: "Makes the proof with which a guest's node publishes the device's rows.", request: chatAuthorRequest{}, response: chatAuthorAnswer{},
		},
	}
	list = append(append(append(list, chatRowRoutes()...), chatFileRoutes()...), chatBackupRoutes()...)
	if g.services.Chat == nil {
		for i := range list {
			list[i].serve = func(*call) error { return core.Errorf(core.Unavailable, "this gateway has no chat to serve") }
		}
	}
	return list
}

// withDevice hands a request to serve with the service of its device.
func withDevice(serve func(*call, ChatService) error) func(*call) error {
	return func(c *call) error {
		s, err := c.g.services.Chat.As(c.r.Context(), c.who)
		if err != nil {
			return err
		}
		return serve(c, s)
	}
}

func chatSession(c *call) error {
	var in chatSessionRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.limitClaimed(rateVerify, in.Wallet); err != nil {
		return err
	}
	if len(in.Rows) > maxDoorRows {
		return core.Errorf(core.TooLarge, "a new device brings at most %d rows", maxDoorRows)
	}
	ctx := c.r.Context()
	p := core.DeviceProof{Wallet: in.Wallet, ChainType: in.ChainType, Device: in.Device, Nonce: in.Nonce, Address: c.address()}
	p.Domain, p.URI = c.reached()
	p.Verify = func(message string) error {
		return c.g.services.Chat.CheckDevice(ctx, ChatDevice{
			Wallet: in.Wallet, ChainType: in.ChainType, Fingerprint: in.Device, Signature: in.Signature, Rows: in.Rows,
		}, message)
	}
	t, err := c.g.services.Auth.OpenDevice(ctx, p)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, chatSessionAnswer{tokenAnswer: tokenOf(t), Device: in.Device})
}

func chatDevices(c *call) error {
	rows, err := c.g.services.Chat.DevicesOf(c.r.Context(), c.r.PathValue("wallet"))
	if err != nil {
		return err
	}
	var out []byte
	for _, row := range rows {
		out = appendFrame(out, row)
	}
	return c.send(http.StatusOK, string(rawBody), out)
}

func chatAccount(c *call, s ChatService) error {
	account, err := s.AccountOf(c.r.Context(), c.r.PathValue("device"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, chatAccountAnswer{Account: account})
}

func chatAuthor(c *call, s ChatService) error {
	var in chatAuthorRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	proof, expires, err := s.Author(c.r.Context(), in.Peer)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, chatAuthorAnswer{Proof: base64.StdEncoding.EncodeToString(proof), ExpiresAt: expires})
}
