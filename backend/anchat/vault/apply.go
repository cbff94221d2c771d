package vault

// This file says what a message that was opened does to its room.

import (
	"slices"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Opened is a message that was opened and checked.
type Opened struct {
	Ref     inner.Ref
	Message inner.Message
	Author  wallet.Account
	// Moderator says that the author could delete what others wrote, by the state of
	// the room that the message names.
	Moderator bool
	Flags     []string
}

// Applied is what became of it.
type Applied struct {
	Kind     inner.Kind
	Position int64
	At       time.Time
	Shown    bool // people see a line more
	Mine     bool
	ToMe     bool
	// Files are one's own, of messages that are empty now: nobody needs them.
	Files []wire.Hash
}

// content is what the line of a message needs of its body.
type content struct {
	kind     int
	target   *inner.Ref
	reply    *inner.Ref
	mentions []string
	timer    int64
	receipt  inner.Receipt
}

// contentOf reads a body. A kind that is not known is no error.
func contentOf(m inner.Message) (c content, err error) {
	switch m.Kind {
	case inner.KindText:
		var t inner.Text
		t, err = m.Text()
		c = content{kind: lineText, reply: t.ReplyTo, mentions: t.Mentions, timer: t.Timer}
	case inner.KindEdit:
		var e inner.Edit
		e, err = m.Edit()
		c = content{kind: lineEdit, target: &e.Target}
	case inner.KindDelete:
		var d inner.Delete
		d, err = m.Delete()
		c = content{kind: lineDelete, target: &d.Target}
	case inner.KindReact:
		var r inner.React
		r, err = m.React()
		c = content{kind: lineReact, target: &r.Target}
	case inner.KindReceipt:
		c.kind = lineReceipt
		c.receipt, err = m.Receipt()
	case inner.KindState:
		c.kind = lineState
		_, err = m.State()
	default:
		c.kind = lineNewer
	}
	return c, err
}

// Apply takes in what a merged message says. A second call for one message does
// nothing. It returns core.Invalid for a body that is none; then Reject it.
func (tx *Tx) Apply(o Opened) (Applied, error) {
	l, err := tx.known(o.Ref)
	if err != nil {
		return Applied{}, err
	}
	if l.state == stateOpen || l.state == stateGone {
		return Applied{Kind: l.record.Kind, Position: l.position, At: moment(l.at), Mine: l.mine}, nil
	}
	if err = tx.fill(l, o); err != nil {
		return Applied{}, err
	}
	if err = tx.put(l); err != nil {
		return Applied{}, err
	}
	files, err := tx.follow(l)
	return Applied{
		Kind: l.record.Kind, Position: l.position, At: moment(l.at), Shown: l.shown && l.state == stateOpen,
		Mine: l.mine, ToMe: l.tome, Files: files,
	}, err
}

// fill sets what an opened message says. The line is not written yet.
func (tx *Tx) fill(l *line, o Opened) error {
	c, err := contentOf(o.Message)
	if err != nil {
		return err
	}
	r := &l.record
	r.Kind, r.Body, r.From, r.SentAt = o.Message.Kind, o.Message.Body, wire.AccountID(o.Author), millis(o.Message.At)
	r.Device, r.Awaited, r.Reason = slices.Clone(o.Message.Device[:]), "", ""
	for _, f := range o.Flags {
		r.flag(f)
	}
	l.kind, l.state, l.strong, l.author = c.kind, stateOpen, o.Moderator, tx.v.sealer.account(r.From)
	l.mine = r.From == tx.v.owner
	l.shown = c.kind == lineText || c.kind == lineNewer
	r.Flags = slices.DeleteFunc(r.Flags, func(f string) bool { return f == flagNewer })
	if c.kind == lineNewer {
		r.flag(flagNewer)
	}
	if c.target != nil {
		l.target = tx.v.target(*c.target)
	}
	if c.timer > 0 {
		l.expires = l.at + c.timer*1000
	}
	if l.tome, err = tx.toMe(l, c); err != nil {
		return err
	}
	return tx.noteReader(l, c)
}

// toMe tells whether a text of somebody else names the vault's owner or answers them.
func (tx *Tx) toMe(l *line, c content) (bool, error) {
	if l.mine || c.kind != lineText {
		return false, nil
	}
	if slices.Contains(c.mentions, tx.v.owner) {
		return true, nil
	}
	if c.reply == nil {
		return false, nil
	}
	to, err := tx.v.lineOf(tx, *c.reply)
	return to != nil && to.room == l.room && to.mine, err
}

// noteReader notes that an author was there, and how far they have read. Numbers
// only go up, so that the order in which receipts come does not matter.
func (tx *Tx) noteReader(l *line, c content) error {
	var read, received int64
	if c.kind == lineReceipt {
		room, epoch, err := tx.home(c.receipt.Mailbox)
		if err != nil || room != l.room {
			return core.Errorf(core.Invalid, "this receipt is for another room")
		}
		if c.receipt.Read > MaxSeq || c.receipt.Received > MaxSeq {
			return core.Errorf(core.Invalid, "this receipt is for a message that cannot be")
		}
		read, received = Place{epoch, c.receipt.Read}.Position(), Place{epoch, c.receipt.Received}.Position()
	}
	at := l.at
	return tx.reader(l.room, l.record.From, read, received, at)
}

type readerCell struct {
	Account    string `json:"account"`
	ReadAt     int64  `json:"read_at"`
	ReceivedAt int64  `json:"received_at"`
}

func (tx *Tx) reader(room int64, account string, read, received, at int64) error {
	author := tx.v.sealer.account(account)
	var (
		have     readerCell
		wasRead  int64
		wasGot   int64
		wasAt    int64
		cell     []byte
		cellsKey = append(rowKey(room), author...)
	)
	found, err := one(tx, []any{&wasRead, &wasGot, &wasAt, &cell}, "SELECT read, received, at, cell FROM reader WHERE room = ? AND author = ?", room, []byte(author))
	if err != nil {
		return err
	}
	if found {
		if err = tx.v.openJSON("reader", cellsKey, cell, &have); err != nil {
			return err
		}
		if read <= wasRead && received <= wasGot {
			if at <= wasAt {
				return nil
			}
			return tx.exec("UPDATE reader SET at = ? WHERE room = ? AND author = ?", at, room, []byte(author))
		}
	}
	have.Account = account
	if read > wasRead {
		have.ReadAt = at
	}
	if received > wasGot {
		have.ReceivedAt = at
	}
	if cell, err = tx.v.sealJSON("reader", cellsKey, have); err != nil {
		return err
	}
	return tx.exec("INSERT INTO reader (room, author, read, received, at, cell) VALUES (?, ?, ?, ?, ?, ?) "+
		"ON CONFLICT (room, author) DO UPDATE SET read = excluded.read, received = excluded.received, at = excluded.at, cell = excluded.cell",
		room, []byte(author), max(read, wasRead), max(received, wasGot), max(at, wasAt), cell)
}

// counts is the condition under which a deletion counts for a line: it is of the
// same room, and of the same author or of somebody who may. The plus signs keep
// SQLite from reading the whole room for it.
const counts = "target = ? AND +room = ? AND kind = 3 AND state = 1 AND (author = ? OR strong = 1)"

// follow does what a line means for others and they for it, in whatever order
// they came. Only a stored deletion empties a message: one that is under way may
// still fail.
func (tx *Tx) follow(l *line) ([]wire.Hash, error) {
	if l.state != stateOpen {
		return nil, nil
	}
	switch l.kind {
	case lineText, lineNewer:
		var id int64
		deleted, err := one(tx, []any{&id}, "SELECT id FROM line WHERE "+counts+" AND +position < ?", blob(tx.ownTarget(l)), l.room, blob(l.author), heardFrom)
		if err != nil {
			return nil, err
		}
		if deleted {
			return tx.empty(l)
		}
		return nil, tx.reindex(l)
	case lineEdit, lineDelete:
		target, err := tx.targetOf(l)
		if err != nil || target == nil || target.room != l.room || target.damaged {
			return nil, err
		}
		if l.kind == lineDelete {
			if !stored(l.position) || target.state != stateOpen || !l.strong && string(l.author) != string(target.author) {
				return nil, tx.reindex(target)
			}
			return tx.empty(target)
		}
		if target.state == stateGone {
			_, err = tx.empty(l)
			return nil, err
		}
		return nil, tx.reindex(target)
	}
	return nil, nil
}

// ownTarget is the name by which others point at a line; nil before it has one.
func (tx *Tx) ownTarget(l *line) name {
	if l.record.Ref == nil {
		return nil
	}
	return tx.v.target(*l.record.Ref)
}

// targetOf is the line that another one points at; nil when it is not here.
func (tx *Tx) targetOf(l *line) (*line, error) {
	c, err := contentOf(l.record.message())
	if err != nil || c.target == nil {
		return nil, nil //nolint:nilerr // an emptied edit points nowhere any more
	}
	return tx.v.lineOf(tx, *c.target)
}

// Emptied are the files of one's own messages that this transaction has emptied:
// nobody needs them.
func (tx *Tx) Emptied() []wire.Hash { return tx.emptied }
