package vault

// This file opens and closes the vault and runs its transactions.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// The reasons for which a vault does not open, or stops in the middle.
var (
	// ErrDamaged is for a file or a cell of it that was changed by something else
	// than the vault.
	ErrDamaged error = core.Errorf(core.Invalid, "the file of this chat is damaged or was changed by something else; take the data folder from a backup, or set this device up anew: the stored messages come back with the key backup or from another device of yours")
	// ErrMissing is for a file that is gone while its key is there.
	ErrMissing error = core.Errorf(core.NotFound, "the file of this chat is gone; take the data folder from a backup, or set this device up anew: the stored messages come back with the key backup or from another device of yours")
	// ErrClosed is for use after Close.
	ErrClosed error = core.Errorf(core.Unauthenticated, "the chat is locked; unlock it first")
)

const (
	// maxReaders bounds the connections that read beside the writer.
	maxReaders = 3
	// maxPrepared bounds the statements that the writer keeps prepared; this package
	// has fewer.
	maxPrepared = 128
	busyMillis  = 5000
)

// Settings say whose vault is opened.
type Settings struct {
	Path    string
	Key     [keyBytes]byte
	Account wallet.Account // whose chats these are
	Create  bool           // make the file; otherwise it must be there
	Now     func() time.Time
}

// Vault is an open vault. Close it.
type Vault struct {
	*sealer
	owner   string // as CAIP-10
	account wallet.Account
	me      name
	now     func() time.Time
	db      *sql.DB // the writer's
	conn    *sql.Conn
	readers *sql.DB
	index   *index
	turn    chan struct{} // held by the writer

	prepared map[string]*sql.Stmt // the writer's
	closed   bool                 // with turn

	mu     sync.Mutex
	shut   bool
	rooms  map[int64]wire.Room // by number, as far as they were asked for
	closes sync.Once
	err    error
}

// Tx is a transaction. Everything it reads has its own changes in it.
type Tx struct {
	v       *Vault
	ctx     context.Context //nolint:containedctx // it lives for one Update
	news    []indexed       // for the index, once the transaction is on the disk
	numbers map[wire.Room]int64
	emptied []wire.Hash // files of one's own that nobody needs any more
}

// Open opens a vault. It returns ErrMissing, ErrDamaged (also for the key of
// another vault), or core.Unavailable.
func Open(ctx context.Context, s Settings) (*Vault, error) {
	cells, err := newSealer(s.Key)
	if err != nil {
		return nil, err
	}
	if _, err = os.Stat(s.Path); errors.Is(err, fs.ErrNotExist) {
		if !s.Create {
			return nil, ErrMissing
		}
		if err = makeFile(s.Path); err != nil {
			return nil, err
		}
	} else if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the file of this chat cannot be read; check the data folder's permissions")
	}
	v := &Vault{
		sealer: cells, owner: wire.AccountID(s.Account), account: s.Account, now: s.Now,
		turn: make(chan struct{}, 1), prepared: map[string]*sql.Stmt{}, rooms: map[int64]wire.Room{},
	}
	v.me = v.sealer.account(v.owner)
	if err = v.connect(ctx, s); err != nil {
		return nil, errors.Join(err, v.Close()) //nolint:contextcheck // closing takes milliseconds and is not given up
	}
	return v, nil
}

// makeFile makes an empty file that only its owner can read.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the caller's own folder
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		return core.Wrap(core.Unavailable, err, "the file of this chat cannot be made; check the data folder's permissions and the free space")
	}
	return nil
}

func (v *Vault) connect(ctx context.Context, s Settings) (err error) {
	// synchronous=FULL: what Update confirmed survives a power cut. secure_delete
	// overwrites what was removed; what SQLite sorts stays in memory.
	query := fmt.Sprintf("_journal_mode=WAL&_synchronous=FULL&_secure_delete=true&_busy_timeout=%d", busyMillis)
	if v.db, err = sql.Open("sqlite3", dsn(s.Path, query)); err != nil {
		return explain(err)
	}
	if v.conn, err = v.db.Conn(ctx); err != nil {
		return explain(err)
	}
	if err = v.begin(ctx); err != nil {
		return err
	}
	if v.readers, err = sql.Open("sqlite3", dsn(s.Path, fmt.Sprintf("_query_only=true&_busy_timeout=%d", busyMillis))); err != nil {
		return explain(err)
	}
	v.readers.SetMaxOpenConns(maxReaders)
	v.index, err = newIndex(ctx)
	return err
}

// begin looks at the file before anything else uses it, and marks it as in use.
func (v *Vault) begin(ctx context.Context) error {
	var version int
	if err := v.conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return explain(err)
	}
	switch {
	case version > format:
		return core.Errorf(core.Invalid, "the file of this chat was written by a newer version of the program; use that version")
	case version == 0:
		return v.create(ctx)
	}
	var (
		clean bool
		cell  []byte
		owner string
	)
	if err := v.conn.QueryRowContext(ctx, "SELECT clean, cell FROM meta WHERE id = 1").Scan(&clean, &cell); err != nil {
		return explain(err)
	}
	if err := v.openJSON("meta", rowKey(1), cell, &owner); err != nil || owner != v.owner {
		return ErrDamaged
	}
	if !clean { // it was not closed: look at all of it
		var verdict string
		if err := v.conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
			return explain(err)
		}
		if verdict != "ok" {
			return ErrDamaged
		}
	}
	_, err := v.conn.ExecContext(ctx, "UPDATE meta SET clean = 0 WHERE id = 1")
	return explain(err)
}

func (v *Vault) create(ctx context.Context) error {
	var tables int
	if err := v.conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return explain(err)
	}
	if tables > 0 {
		return ErrDamaged
	}
	cell, err := v.sealJSON("meta", rowKey(1), v.owner)
	if err != nil {
		return err
	}
	// One transaction: a crash leaves an empty file, which is made again.
	_, err = v.conn.ExecContext(ctx, fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA application_id = %d; PRAGMA user_version = %d;", schema, appID, format))
	if err == nil {
		_, err = v.conn.ExecContext(ctx, "INSERT INTO meta (id, clean, cell) VALUES (1, 0, ?)", cell)
	}
	if err == nil {
		_, err = v.conn.ExecContext(ctx, "COMMIT")
	}
	return explain(err)
}

// Close writes the file to its end and forgets the keys. It may be called twice.
func (v *Vault) Close() error {
	v.closes.Do(func() {
		v.turn <- struct{}{} // whoever writes comes to an end first
		v.closed = true
		<-v.turn
		v.mu.Lock()
		v.shut = true
		v.mu.Unlock()
		v.err = v.disconnect()
		clear(v.names)
	})
	return v.err
}

func (v *Vault) disconnect() error {
	ctx := context.Background() // there is no caller whose end could matter: it takes milliseconds
	var all error
	if v.readers != nil {
		all = errors.Join(all, v.readers.Close())
	}
	if v.index != nil {
		all = errors.Join(all, v.index.close())
	}
	for _, s := range v.prepared {
		all = errors.Join(all, s.Close())
	}
	if v.conn != nil {
		if v.readers != nil { // it was open
			_, err := v.conn.ExecContext(ctx, "UPDATE meta SET clean = 1 WHERE id = 1")
			all = errors.Join(all, err)
		}
		all = errors.Join(all, v.conn.Close())
	}
	if v.db != nil {
		all = errors.Join(all, v.db.Close()) // the last connection moves the log into the file
	}
	return explain(all)
}

// Update runs do in a transaction. When it returns nil, all changes are on the
// disk; otherwise none is. The error of do is returned as it is.
func (v *Vault) Update(ctx context.Context, do func(tx *Tx) error) (err error) {
	select {
	case v.turn <- struct{}{}:
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the chat's file was busy; repeat")
	}
	defer func() { <-v.turn }()
	if v.closed {
		return ErrClosed
	}
	if err = ctx.Err(); err != nil {
		return core.Wrap(core.Unavailable, err, "nothing was changed; repeat")
	}
	// A transaction that has begun is not interrupted in the middle of a statement:
	// it is short, and SQLite would take back more than the statement.
	tx := &Tx{v: v, ctx: context.WithoutCancel(ctx), numbers: map[wire.Room]int64{}}
	if err = tx.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	ended := false
	defer func() { // also when do panics
		if !ended {
			err = errors.Join(err, tx.exec("ROLLBACK"))
		}
	}()
	if err = do(tx); err != nil {
		return err
	}
	if err = tx.exec("COMMIT"); err != nil {
		return err
	}
	ended = true
	v.index.update(tx.ctx, tx.news) //nolint:contextcheck // what is committed goes into the index, whoever waits for it
	return nil
}

func dsn(path, query string) string {
	path = filepath.ToSlash(path)
	if runtime.GOOS == "windows" {
		path = "/" + path
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: query}).String()
}

// explain puts an error of SQLite into our words.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var ours *core.Error
	if errors.As(err, &ours) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed" {
		return ErrClosed
	}
	if lite, ok := errors.AsType[sqlite3.Error](err); ok {
		switch lite.Code { // the others are faults of ours
		case sqlite3.ErrCorrupt, sqlite3.ErrNotADB, sqlite3.ErrFormat:
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		case sqlite3.ErrFull:
			return core.Wrap(core.Unavailable, err, "the disk is full: nothing was changed; free some space and repeat")
		case sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen, sqlite3.ErrPerm:
			return core.Wrap(core.Unavailable, err, "the file of this chat cannot be read or written; check the disk and the data folder's permissions")
		case sqlite3.ErrBusy, sqlite3.ErrLocked:
			return core.Wrap(core.Unavailable, err, "another program holds the file of this chat; close it and repeat")
		}
	}
	return core.Wrap(core.Internal, err, "the file of this chat could not be used")
}
