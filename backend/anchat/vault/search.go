package vault

// This file has the index for searching. It lives in memory: what it holds is
// readable.

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	fillBatch   = 2000
	defaultHits = 50
)

// indexed is a text for the index; without a text it is taken out.
type indexed struct {
	id, room, at int64
	author       []byte
	text         string
}

// latest bounds times in the index, so that a key has room for the rest: the store
// could name any.
const latest = 1<<42 - 1

// key orders the index by time; the rest keeps two texts of one moment apart.
func (d indexed) key() int64 { return max(0, min(d.at, latest))<<20 | d.id&(1<<20-1) }

func (d indexed) tags() string { return roomTag(d.room) + " " + authorTag(d.author) }

func roomTag(room int64) string      { return fmt.Sprintf("r%d", room) }
func authorTag(author []byte) string { return "p" + hex.EncodeToString(author) }

// index is a database in memory: the words of every text, its room and its author,
// without the text itself.
type index struct {
	db *sql.DB

	mu      sync.Mutex
	filled  bool
	touched map[int64]struct{} // by updates while it is being filled
	fault   error              // of an update: it can no more be trusted
}

const indexSchema = `
PRAGMA temp_store = MEMORY;
CREATE VIRTUAL TABLE words USING fts5(text, tags, content='', contentless_delete=1, tokenize='ascii');
CREATE TABLE doc (key INTEGER PRIMARY KEY, id INTEGER NOT NULL UNIQUE);
`

func newIndex(ctx context.Context) (*index, error) {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		return nil, explain(err)
	}
	db.SetMaxOpenConns(1) // another connection would be another database
	db.SetMaxIdleConns(1)
	if _, err = db.ExecContext(ctx, indexSchema); err != nil {
		return nil, errors.Join(explain(err), db.Close())
	}
	return &index{db: db, touched: map[int64]struct{}{}}, nil
}

func (x *index) close() error { return x.db.Close() } //nolint:wrapcheck // the caller explains it

// update takes in what a transaction has changed, once that is on the disk. A
// fault is told by the next search: the transaction has happened.
func (x *index) update(ctx context.Context, news []indexed) {
	if len(news) == 0 {
		return
	}
	x.mu.Lock()
	if !x.filled {
		for _, d := range news {
			x.touched[d.id] = struct{}{}
		}
	}
	x.mu.Unlock()
	if err := x.write(ctx, news, true); err != nil {
		x.mu.Lock()
		x.fault = err
		x.mu.Unlock()
	}
}

// fill takes in older texts, but for those that were changed meanwhile. The index
// wants them oldest first: each one that is older than the one before makes it
// write out what it has gathered.
func (x *index) fill(ctx context.Context, old []indexed) error {
	x.mu.Lock()
	kept := old[:0]
	for _, d := range old {
		if _, changed := x.touched[d.id]; !changed {
			kept = append(kept, d)
		}
	}
	x.mu.Unlock()
	slices.SortFunc(kept, func(a, b indexed) int { return cmp.Compare(a.key(), b.key()) })
	return x.write(ctx, kept, false)
}

// write puts texts into the index, in place of what it has of them when some may
// be there.
func (x *index) write(ctx context.Context, all []indexed, replace bool) (err error) {
	ctx = context.WithoutCancel(ctx) // the driver starts a goroutine for each row otherwise
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return explain(err)
	}
	defer func() {
		if end := tx.Rollback(); end != nil && !errors.Is(end, sql.ErrTxDone) {
			err = errors.Join(err, end)
		}
	}()
	var prepared [4]*sql.Stmt
	for i, query := range []string{
		"DELETE FROM words WHERE rowid = (SELECT key FROM doc WHERE id = ?)", "DELETE FROM doc WHERE id = ?",
		"INSERT INTO doc (key, id) VALUES (?, ?)", "INSERT INTO words (rowid, text, tags) VALUES (?, ?, ?)",
	} {
		if prepared[i], err = tx.PrepareContext(ctx, query); err != nil { //nolint:sqlclosecheck // it is, below
			return explain(err)
		}
		defer prepared[i].Close() //nolint:errcheck // the transaction's end closes them, too
	}
	for _, d := range all {
		for _, remove := range prepared[:2] {
			if !replace {
				break
			}
			if _, err = remove.ExecContext(ctx, d.id); err != nil {
				return explain(err)
			}
		}
		if d.text == "" {
			continue
		}
		if _, err = prepared[2].ExecContext(ctx, d.key(), d.id); err != nil {
			return explain(err)
		}
		if _, err = prepared[3].ExecContext(ctx, d.key(), indexText(d.text), d.tags()); err != nil {
			return explain(err)
		}
	}
	return explain(tx.Commit())
}

// search gives the ids of the lines that match, newest first.
func (x *index) search(ctx context.Context, match string, since, until int64, limit int) (ids []int64, err error) {
	x.mu.Lock()
	fault := x.fault
	x.mu.Unlock()
	if fault != nil {
		return nil, core.Wrap(core.Internal, fault, "the index for searching has failed; lock the chat and unlock it again to make it anew")
	}
	ctx = context.WithoutCancel(ctx) // as in write
	rows, err := x.db.QueryContext(ctx, "SELECT doc.id FROM words JOIN doc ON doc.key = words.rowid WHERE words MATCH ? AND words.rowid >= ? AND words.rowid < ? ORDER BY words.rowid DESC LIMIT ?",
		match, indexed{at: since}.key(), indexed{at: until}.key(), limit)
	if err != nil {
		return nil, explain(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		if err = rows.Scan(&id); err != nil {
			return nil, explain(err)
		}
		ids = append(ids, id)
	}
	return ids, explain(rows.Err())
}

// Fill makes the index, newest texts first; searching finds what is in it so far.
// It is called once, after Open. progress may be nil.
func (v *Vault) Fill(ctx context.Context, progress func(core.ChatProgress)) error {
	v.index.mu.Lock()
	filled := v.index.filled
	v.index.mu.Unlock()
	if filled {
		return nil
	}
	var p core.ChatProgress
	err := v.read(ctx, func(a asker) (err error) {
		_, err = one(a, []any{&p.Total}, "SELECT count(*) FROM line WHERE kind = 1 AND state = 1 AND shown = 1")
		return err
	})
	if err != nil {
		return err
	}
	for before := int64(1<<62 - 1); ; {
		var batch []indexed
		read := 0
		err = v.read(ctx, func(a asker) (err error) {
			found, err := v.lines(a, "id < ? AND kind = 1 AND state = 1 AND shown = 1 ORDER BY id DESC LIMIT ?", before, fillBatch)
			if err != nil {
				return err
			}
			if read = len(found); read > 0 {
				before = found[read-1].id
			}
			batch, err = v.texts(a, found)
			return err
		})
		if err == nil {
			err = v.index.fill(ctx, batch)
		}
		if err != nil {
			return err
		}
		p.Done += int64(read)
		if progress != nil {
			progress(p)
		}
		if read < fillBatch {
			v.index.mu.Lock()
			v.index.filled, v.index.touched = true, nil
			v.index.mu.Unlock()
			return nil
		}
	}
}

// texts are lines as the index takes them, with the text that they have now.
func (v *Vault) texts(a asker, found []*line) ([]indexed, error) {
	about, err := v.relations(a, found, "kind = 2")
	if err != nil {
		return nil, err
	}
	all := make([]indexed, 0, len(found))
	for _, l := range found {
		if l.damaged {
			continue
		}
		all = append(all, indexed{l.id, l.room, l.at, l.author, about.searched(l)})
	}
	return all, nil
}

// reindex brings the index up to what a text says now.
func (tx *Tx) reindex(l *line) error {
	if l.kind != lineText {
		return nil
	}
	if l.state != stateOpen || !l.shown {
		tx.news = append(tx.news, indexed{id: l.id})
		return nil
	}
	now, err := tx.v.texts(tx, []*line{l})
	tx.news = append(tx.news, now...)
	return err
}

// Search finds messages by words, room, author and time, newest first. Names of
// people and rooms are left to the caller.
func (v *Vault) Search(ctx context.Context, s core.ChatSearch) (hits []core.ChatHit, err error) {
	if len(s.Words) > MaxSearchBytes {
		return nil, core.Errorf(core.TooLarge, "search for at most %d characters", MaxSearchBytes)
	}
	wanted := phrases(s.Words)
	if len(wanted) == 0 {
		return nil, core.Errorf(core.Invalid, "type a word to search for")
	}
	limit := s.Limit
	if limit <= 0 {
		limit = defaultHits
	}
	limit = min(limit, core.MaxChatPage)
	until := int64(latest)
	if !s.Until.IsZero() {
		until = min(until, millis(s.Until))
	}
	err = v.read(ctx, func(a asker) (err error) {
		match, err := v.match(a, wanted, s)
		if err != nil || match == "" {
			return err
		}
		ids, err := v.index.search(ctx, match, max(0, millis(s.Since)), until, limit)
		if err != nil {
			return err
		}
		hits, err = v.hits(a, ids, wanted)
		return err
	})
	return hits, err
}

// match writes a search in the language of the index; "" finds nothing.
func (v *Vault) match(a asker, wanted []phrase, s core.ChatSearch) (string, error) {
	parts := make([]string, len(wanted))
	for i, p := range wanted {
		parts[i] = p.match()
	}
	match := "{text} : (" + strings.Join(parts, " AND ") + ")"
	if s.Room != "" {
		room, err := wire.ParseRoom(s.Room)
		if err != nil {
			return "", err //nolint:wrapcheck // it says what is wrong
		}
		number, err := v.roomNumber(a, room)
		if err != nil {
			return "", err
		}
		match += ` AND {tags} : "` + roomTag(number) + `"`
	}
	if s.From != "" {
		account, err := wallet.ParseAccount(s.From, "")
		if err != nil {
			return "", err //nolint:wrapcheck // as above
		}
		match += ` AND {tags} : "` + authorTag(v.sealer.account(wire.AccountID(account))) + `"`
	}
	return match, nil
}

// hits reads the lines that were found and marks the words in them.
func (v *Vault) hits(a asker, ids []int64, wanted []phrase) ([]core.ChatHit, error) {
	hits := []core.ChatHit{}
	if len(ids) == 0 {
		return hits, nil
	}
	args := make([]any, len(ids))
	for i, id := range ids {
		args[i] = id
	}
	found, err := v.lines(a, "id IN (?"+strings.Repeat(", ?", len(ids)-1)+") AND kind = 1 AND state = 1 AND shown = 1", args...)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(found, func(a, b *line) int { return slices.Index(ids, a.id) - slices.Index(ids, b.id) })
	about, err := v.relations(a, found, "kind = 2")
	if err != nil {
		return nil, err
	}
	for _, l := range found {
		text := about.searched(l)
		ranges, ok := marks(text, wanted)
		if !ok || l.damaged { // the index is a hint: what is shown was looked at
			continue
		}
		room, err := v.roomID(a, l.room)
		if err != nil {
			return nil, err
		}
		short, ranges := cut(text, ranges)
		hits = append(hits, core.ChatHit{
			Room: room.String(), ID: l.name(), Position: l.position, From: address(l.record.From), At: moment(l.at), Text: short, Ranges: ranges,
		})
	}
	return hits, nil
}
