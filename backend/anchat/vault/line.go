package vault

// This file reads and writes single lines.

import (
	"crypto/sha256"
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// What a line is, as the column kind has it.
const (
	lineRow     = 0 // something that no person sees: an announcement, an unknown row
	lineText    = 1
	lineEdit    = 2
	lineDelete  = 3
	lineReact   = 4
	lineReceipt = 5
	lineState   = 6
	lineNotice  = 7
	lineNewer   = 8 // of a kind that only a newer version knows
)

// How far a line is, as the column state has it.
const (
	stateUnopened = 0 // its key is not here
	stateOpen     = 1
	stateRefused  = 2 // it could not be opened, or nobody believed it
	stateGone     = 3 // emptied: deleted, or it has disappeared
)

// announced is the index under which a session's announcement stands: it comes
// right before the session's first message.
const announced = -1

// Flags that the vault itself puts on messages.
const (
	flagSecond  = "second_content"
	flagNewer   = "newer_version"
	flagDamaged = "damaged"
)

// line is a line with its cell opened.
type line struct {
	id, room, position int64
	session            []byte
	idx                *int64
	kind, state, gap   int
	shown, mine, tome  bool
	seen, strong       bool
	at, expires        int64
	author, target     []byte
	record             record
	damaged            bool // its cell does not open
}

// record is what the cell of a line holds.
type record struct {
	Ref    *inner.Ref `json:"ref,omitempty"`
	Sum    []byte     `json:"sum,omitempty"` // SHA-256 of what was sealed
	Kind   inner.Kind `json:"kind,omitempty"`
	From   string     `json:"from,omitempty"` // an account as CAIP-10
	Device []byte     `json:"device,omitempty"`
	SentAt int64      `json:"sent_at,omitempty"`
	Body   []byte     `json:"body,omitempty"`
	Flags  []string   `json:"flags,omitempty"`
	// Awaited is from whom the key of an unopened line is awaited; Reason says why a
	// refused one was.
	Awaited string `json:"awaited,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Of a notice.
	Notice  string   `json:"notice,omitempty"`
	Targets []string `json:"targets,omitempty"`
	Text    string   `json:"text,omitempty"`
	// Of a message of one's own: its steps, and on how many replicas it was last seen.
	QueuedAt int64  `json:"queued_at,omitempty"`
	SealedAt int64  `json:"sealed_at,omitempty"`
	OutAt    int64  `json:"out_at,omitempty"`
	Index    uint64 `json:"index,omitempty"`
	Held     int    `json:"held,omitempty"`
	Of       int    `json:"of,omitempty"`
}

func (r record) message() inner.Message { return inner.Message{Kind: r.Kind, Body: r.Body} }

func (r *record) flag(f string) {
	if !slices.Contains(r.Flags, f) {
		r.Flags = append(r.Flags, f)
	}
}

const lineColumns = "id, room, position, session, idx, kind, state, gap, shown, mine, tome, seen, strong, at, expires, author, target, cell"

// key names the line for its cell: a cell that is moved to another line, or a
// line to another room or pair, does not open.
func (l *line) key() []byte {
	idx := int64(announced) - 1
	if l.idx != nil {
		idx = *l.idx
	}
	return append(rowKey(l.id, l.room, idx), l.session...)
}

// lines reads lines by a condition. One whose cell does not open is marked, and
// does not keep the others from being read.
func (v *Vault) lines(a asker, condition string, args ...any) (all []*line, err error) {
	err = each(a, func(scan func(to ...any) error) (err error) {
		var (
			l    line
			cell []byte
		)
		err = scan(&l.id, &l.room, &l.position, &l.session, &l.idx, &l.kind, &l.state, &l.gap, &l.shown, &l.mine, &l.tome, &l.seen, &l.strong,
			&l.at, &l.expires, &l.author, &l.target, &cell)
		if err != nil {
			return err
		}
		l.damaged = v.openJSON("line", l.key(), cell, &l.record) != nil
		all = append(all, &l)
		return nil
	}, "SELECT "+lineColumns+" FROM line WHERE "+condition, args...)
	return all, err
}

// lineWith is the one line of a condition; nil when there is none.
func (v *Vault) lineWith(a asker, condition string, args ...any) (*line, error) {
	all, err := v.lines(a, condition, args...)
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return all[0], nil
}

// lineOf is the line of a message; nil when it is not here.
func (v *Vault) lineOf(a asker, r inner.Ref) (*line, error) {
	return v.lineWith(a, "session = ? AND idx = ?", []byte(v.session(r.Session)), int64(r.Index))
}

// known is the line of a message that must be here.
func (tx *Tx) known(r inner.Ref) (*line, error) {
	l, err := tx.v.lineOf(tx, r)
	if err == nil && l == nil {
		err = errMessage()
	}
	if err == nil && l.damaged {
		err = ErrDamaged
	}
	return l, err
}

// nextID is the id of the next line. Ids are never used twice.
func (tx *Tx) nextID() (id int64, err error) {
	_, err = one(tx, []any{&id}, "SELECT seq FROM sqlite_sequence WHERE name = 'line'")
	return id + 1, err
}

// add writes a new line, which gets its id here.
func (tx *Tx) add(l *line) (err error) {
	if l.id == 0 {
		if l.id, err = tx.nextID(); err != nil {
			return err
		}
	}
	return tx.write(l, "INSERT INTO line (room, position, session, idx, kind, state, gap, shown, mine, tome, seen, strong, at, expires, author, target, cell, id) "+
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
}

// put writes a line that is there.
func (tx *Tx) put(l *line) error {
	return tx.write(l, "UPDATE line SET room = ?, position = ?, session = ?, idx = ?, kind = ?, state = ?, gap = ?, shown = ?, mine = ?, tome = ?, "+
		"seen = ?, strong = ?, at = ?, expires = ?, author = ?, target = ?, cell = ? WHERE id = ?")
}

func (tx *Tx) write(l *line, query string) error {
	cell, err := tx.v.sealJSON("line", l.key(), l.record)
	if err != nil {
		return err
	}
	return tx.exec(query, l.room, l.position, blob(l.session), l.idx, l.kind, l.state, l.gap, l.shown, l.mine, l.tome,
		l.seen, l.strong, l.at, l.expires, blob(l.author), blob(l.target), cell, l.id)
}

// blob is NULL for no bytes.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// keepRow keeps the bytes of a row: to open it later, and for an export that can
// be checked.
func (tx *Tx) keepRow(l *line, row []byte) error {
	return tx.exec("INSERT INTO raw (line, cell) VALUES (?, ?) ON CONFLICT (line) DO UPDATE SET cell = excluded.cell", l.id, tx.v.seal("raw", rowKey(l.id), row))
}

func (v *Vault) row(a asker, id int64) ([]byte, error) {
	var cell []byte
	found, err := one(a, []any{&cell}, "SELECT cell FROM raw WHERE line = ?", id)
	if err != nil || !found {
		return nil, err
	}
	return v.open("raw", rowKey(id), cell)
}

// pair sets the session and the index that a line stands for.
func (tx *Tx) pair(l *line, r inner.Ref) {
	index := int64(r.Index)
	l.session, l.idx, l.record.Ref = tx.v.session(r.Session), &index, &r
}

// gaps counts anew how many messages are missing right before a line of a session
// and before the one that follows. Nothing is missing before the first that is
// here, unless the session's announcement is here, too.
func (tx *Tx) gaps(l *line) error {
	if l.session == nil {
		return nil
	}
	var before, after *int64
	if _, err := one(tx, []any{&before}, "SELECT max(idx) FROM line WHERE session = ? AND idx < ?", l.session, *l.idx); err != nil {
		return err
	}
	if _, err := one(tx, []any{&after}, "SELECT min(idx) FROM line WHERE session = ? AND idx > ?", l.session, *l.idx); err != nil {
		return err
	}
	gap := 0
	if before != nil {
		gap = int(*l.idx - 1 - *before)
	}
	if gap != l.gap {
		l.gap = gap
		if err := tx.exec("UPDATE line SET gap = ? WHERE id = ?", gap, l.id); err != nil {
			return err
		}
	}
	if after == nil {
		return nil
	}
	return tx.exec("UPDATE line SET gap = ? WHERE session = ? AND idx = ? AND gap <> ?", *after-1-*l.idx, l.session, *after, *after-1-*l.idx)
}

// closeGap counts anew what is missing before the line after one that was removed, or
// that stands for another message now.
func (tx *Tx) closeGap(session []byte, idx *int64) error {
	if session == nil || idx == nil {
		return nil
	}
	next, err := tx.v.lineWith(tx, "session = ? AND idx > ? ORDER BY idx LIMIT 1", session, *idx)
	if err != nil || next == nil {
		return err
	}
	return tx.gaps(next)
}

func sum(m wire.Message) []byte {
	h := sha256.Sum256(append([]byte{byte(m.Suite)}, m.Body...))
	return h[:]
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func errMessage() error {
	return core.Errorf(core.NotFound, "this message is not here; it may have disappeared or been removed")
}
