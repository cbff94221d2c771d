package wire

// This file has what a device asks of the nodes that keep the rows.

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Namespace is where the rows are. Only the Anchat service reaches it.
const Namespace = core.ChatNamespace

// Bounds of requests.
const (
	// MaxPutBytes bounds the rows of one request, with four bytes for the length of
	// each; MaxPutRows their number.
	MaxPutBytes = 1 << 20
	MaxPutRows  = 500
	// MaxPage bounds the rows of one answer, MaxPageBytes their bytes.
	MaxPage      = 500
	MaxPageBytes = 2 << 20
	// MaxFollowed bounds the mailboxes that one follower follows.
	MaxFollowed = 1000
	// MaxFollowWait is how long a follower's question may wait.
	MaxFollowWait = 25 * time.Second
	// ChunkBytes is the size of every chunk of a blob before it is sealed, but the last.
	ChunkBytes = 256 << 10
	// MaxChunkBytes bounds a sealed one.
	MaxChunkBytes = ChunkBytes + 64
	// MaxFileBytes bounds a file.
	MaxFileBytes = 32 << 20
	// MaxBlobChunks bounds the chunks of a blob: padding adds an eighth at most.
	MaxBlobChunks = MaxFileBytes/ChunkBytes*9/8 + 1
	// MaxBackupEntryBytes bounds one entry of a backup, MaxBackupEntries those of a
	// request or an answer.
	MaxBackupEntryBytes = 2 << 10
	MaxBackupEntries    = 1000
	// MaxBackupKeyBytes bounds the wrapped key of a backup.
	MaxBackupKeyBytes = 4 << 10
)

// Caller is the device that asks, as it proved itself at the door.
type Caller struct {
	Account wallet.Account
	Device  Fingerprint
}

// Receipt is what became of one row. Code is "" when it is stored: by now or, for
// the very same bytes, before. core.PreconditionFailed says that its mailbox is
// closed, core.Conflict that its place is taken by other bytes (an event that is
// not the next one of its chain, an index, a version), core.Limited that it may be
// put later; after every other code the same bytes never will be stored.
type Receipt struct {
	Seq   uint64 // in its mailbox or inbox; 0 for rows that have none
	Index uint64 // a log entry at or after the one that stored it: who has that entry has the row
	Code  core.Code
	Why   string // a sentence, when Code is not ""
}

// Stored is a row as it is kept. Of an erased message Row is the Erase that
// emptied it, in the message's place.
type Stored struct {
	Seq   uint64
	Index uint64 // a log entry at or after the one that stored it
	At    time.Time
	Row   []byte
}

// Page is a part of a mailbox or an inbox, in the order in which it was stored.
type Page struct {
	Rows []Stored
	Last uint64 // the highest number there is; when it is above the last row's, ask again
	// Closed says that the mailbox takes no more rows.
	Closed bool
}

// Devices is what everybody may know of an account: its certificates, its newest
// lists (each version there is, oldest first) and the newest two prekeys of each
// live device. Who reads checks all of it.
type Devices struct {
	Certificates []Certificate
	Lists        []List
	Prekeys      []Prekey
}

// Held tells which replicas hold a message.
type Held struct {
	Seq   uint64
	Index uint64   // a log entry at or after the one that stored it
	By    []string // names of the nodes whose replica has it
	All   []string // names of all nodes that are to keep it
}

// Change tells a follower that there is something new. It is a hint: the rows are
// read with Mailbox and Inbox.
type Change struct {
	Mailboxes map[Name]uint64 // the newest number of each one that has changed
	Inbox     uint64          // newest number, 0 when unchanged
	Index     uint64          // ask again after it: a count of the database's own, never 0
}

// BackupEntry is one sealed thing of a backup.
type BackupEntry struct {
	ID     Hash // chosen by the device, tells nothing
	Sealed []byte
}

// BackupInfo is the newest backup of an account.
type BackupInfo struct {
	Version uint64 // 0: there is none
	Key     []byte // wrapped; see package backup
	Entries int64
	At      time.Time
}

// Service is the nodes that keep the rows, as one device uses them. Nothing of
// what it answers is believed before it is checked. Errors: core.Unavailable when
// nobody answers and nothing was done, core.OutcomeUnknown when a Put may have
// been done: the very same rows may be put again.
type Service interface {
	// Put stores rows in order. Rows of one mailbox are stored all or none; a row
	// that is refused leaves the other mailboxes' rows alone. An event or an
	// announcement is taken only of a device that has shown the mailbox's tag to the
	// node, by reading or following it, has spoken there before, or makes the mailbox;
	// else the receipt says core.Limited.
	Put(ctx context.Context, rows [][]byte) ([]Receipt, error)
	// Mailbox reads what came after a number. It returns core.NotFound for a mailbox
	// that nothing was put into.
	Mailbox(ctx context.Context, tag Tag, after uint64, limit int) (Page, error)
	// Inbox reads the envelopes to the caller's device.
	Inbox(ctx context.Context, after uint64, limit int) (Page, error)
	// DevicesOf reads what is known of an account; empty when it never was here.
	DevicesOf(ctx context.Context, account wallet.Account) (Devices, error)
	// AccountOf says whose device it is, so that DevicesOf can be asked for somebody
	// who was never met: envelopes, events and knocks name their device alone. It
	// returns core.NotFound for a device without a certificate here. It is believed
	// only when DevicesOf then brings that device's certificate.
	AccountOf(ctx context.Context, device Fingerprint) (wallet.Account, error)
	// StoredAt tells which replicas hold a message. core.NotFound: it is not stored.
	StoredAt(ctx context.Context, session Session, index uint32) (Held, error)
	// Follow waits for changes after Change.Index of an answer before, for at most
	// wait. With after 0 it answers at once with where things are.
	Follow(ctx context.Context, tags []Tag, after uint64, wait time.Duration) (Change, error)

	// BeginBlob names the sealed chunks of a blob of the caller's account before they
	// are put, so that a wrong one is refused at once: id is their BlobID. A blob that
	// is not confirmed within a day is dropped. To begin one again changes nothing.
	BeginBlob(ctx context.Context, id Hash, chunks []Hash) error
	// PutChunk keeps a sealed chunk of a blob that was begun. It returns core.Invalid
	// when its hash is not the one that was named, core.NotFound for a blob that was
	// not begun or is dropped.
	PutChunk(ctx context.Context, id Hash, chunk, chunks uint32, sealed []byte) error
	// HaveChunks lists the chunks of a blob that are there, to go on with the rest. It
	// returns core.NotFound for a blob that was not begun.
	HaveChunks(ctx context.Context, id Hash) (have []uint32, err error)
	// ConfirmBlob says that a stored message names the blob. It returns core.Conflict
	// while chunks are missing.
	ConfirmBlob(ctx context.Context, id Hash) error
	// DropBlob removes a blob of the caller's own account.
	DropBlob(ctx context.Context, id Hash) error
	// Chunk reads one.
	Chunk(ctx context.Context, id Hash, chunk uint32) ([]byte, error)

	// Backup is the newest backup of the caller's account.
	Backup(ctx context.Context) (BackupInfo, error)
	// PutBackupKey begins a version: one more than the newest, else core.Conflict.
	PutBackupKey(ctx context.Context, version uint64, key []byte) error
	// PutBackup keeps entries; an id that is there gets the new bytes.
	PutBackup(ctx context.Context, version uint64, entries []BackupEntry) error
	// BackupEntries reads them in the order of their ids, after one.
	BackupEntries(ctx context.Context, version uint64, after Hash, limit int) ([]BackupEntry, error)
	// DropBackups removes all versions below one, once that one was read back.
	DropBackups(ctx context.Context, below uint64) error
}

// Gossip is the live path: the bytes that Put stores, a moment sooner, and what
// is never stored.
type Gossip interface {
	// Publish tells everybody who listens at a mailbox.
	Publish(ctx context.Context, mailbox Name, row []byte) error
	// Listen's channel is closed when listening ends; end closes it, and says why it
	// had ended before.
	Listen(ctx context.Context, mailbox Name) (rows <-chan []byte, end func() error, err error)
}
