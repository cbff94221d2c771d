package anchat

// This file writes chats out, for people, for programs, and with all that shows who
// wrote what.

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"time"

	"filippo.io/age"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// exportFormat is the version of the lines below.
const exportFormat = 1

// Types of an export's lines.
const (
	lineExport   = "export"
	lineDevices  = "devices"
	lineRoom     = "room"
	lineMailbox  = "mailbox"
	lineKey      = "key"
	lineRow      = "row"
	lineMessage  = "message"
	lineComplete = "complete"
)

// exportLine is one line of an export: JSON, of the type that it says. Devices,
// mailboxes, keys and rows are written for core.ChatExportAge alone: with them, and
// without any node, CheckExport shows who wrote what.
type exportLine struct {
	Type string `json:"type"`
	// Of "export", the first line.
	Format  int       `json:"format,omitempty"`
	Network string    `json:"network,omitempty"`
	Address string    `json:"address,omitempty"` // of the reader
	At      time.Time `json:"at,omitzero"`       // also of "row": when it was stored
	// Of "devices": an account's certificates and lists, as rows.
	Account string   `json:"account,omitempty"`
	Rows    [][]byte `json:"rows,omitempty"`
	// Of "room", before all lines of the room.
	Room *exportRoom `json:"room,omitempty"`
	// Of "mailbox": where the room lives or lived, in order.
	Tag string `json:"tag,omitempty"`
	Key []byte `json:"key,omitempty"` // of the mailbox, or of the session
	// Of "key", before the session's first message.
	Session string `json:"session,omitempty"`
	Index   uint32 `json:"index,omitempty"`
	// Of "row", in the order of the store.
	Row []byte `json:"row,omitempty"`
	// Of "message": as the screen has it.
	Message *core.ChatMessage `json:"message,omitempty"`
	// Of "complete", the last line: how many messages there are.
	Count int64 `json:"count,omitempty"`
}

// exportRoom is what an export says of a room.
type exportRoom struct {
	ID      string         `json:"id"`
	Kind    string         `json:"kind"`
	Name    string         `json:"name"`
	Topic   string         `json:"topic,omitempty"`
	Members []exportPerson `json:"members"`
}

type exportPerson struct {
	Address string `json:"address"`
	Name    string `json:"name"`
	Role    string `json:"role"`
}

// exporter writes one export.
type exporter struct {
	s        *session
	to       exportWriter
	evidence bool
	progress func(core.ChatProgress)
	done     core.ChatProgress
}

// exportWriter is a form of an export.
type exportWriter interface {
	line(l exportLine) error
	end() error
}

// Export writes a room, or everything, to w. What is half written when it fails is
// no export: its last line is missing. progress may be nil.
func (c *Chat) Export(ctx context.Context, e core.ChatExport, w io.Writer, progress func(core.ChatProgress)) error {
	s, err := c.current()
	if err != nil {
		return err
	}
	rooms, err := s.toExport(e.Room)
	if err != nil {
		return err
	}
	if progress == nil {
		progress = func(core.ChatProgress) {}
	}
	x := &exporter{s: s, progress: progress}
	buffered := bufio.NewWriterSize(w, 64<<10)
	var sealed io.WriteCloser
	switch e.Format {
	case core.ChatExportJSON:
		x.to = jsonLines{json.NewEncoder(buffered)}
	case core.ChatExportHTML:
		x.to = newPage(buffered)
	case core.ChatExportAge:
		if sealed, err = sealedExport(buffered, e.Passphrase); err != nil {
			return err
		}
		x.to, x.evidence = jsonLines{json.NewEncoder(sealed)}, true
	default:
		return core.Errorf(core.Invalid, "chats are written as %s, %s or %s", core.ChatExportJSON, core.ChatExportHTML, core.ChatExportAge)
	}
	if err = x.all(ctx, rooms); err == nil && sealed != nil {
		err = sealed.Close()
	}
	if err == nil {
		err = buffered.Flush()
	}
	return exportError(err)
}

// sealedExport seals what is written with a passphrase, in the form of age, so that
// its tools open it, too.
func sealedExport(w io.Writer, passphrase core.Secret) (io.WriteCloser, error) {
	if err := vault.CheckPassphrase(passphrase); err != nil {
		return nil, err
	}
	to, err := age.NewScryptRecipient(passphrase.Reveal())
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "this passphrase cannot seal a file; choose another one")
	}
	sealed, err := age.Encrypt(w, to)
	if err != nil {
		return nil, exportError(err)
	}
	return sealed, nil
}

func exportError(err error) error {
	var ours *core.Error
	if err == nil || errors.As(err, &ours) || errors.Is(err, context.Canceled) {
		return err
	}
	return core.Wrap(core.Unavailable, err, "the file could not be written; check the free space and write it anew")
}

// toExport are the rooms of an export, sorted by their names. One whose chain was
// never read has nothing to tell.
func (s *session) toExport(name string) ([]chatRoom, error) {
	if name != "" {
		id, err := wire.ParseRoom(name)
		if err != nil {
			return nil, err
		}
		r, err := s.room(id)
		return []chatRoom{r}, err
	}
	all := slices.DeleteFunc(s.all(), func(r chatRoom) bool { return r.state.Kind() == "" })
	slices.SortFunc(all, func(a, b chatRoom) int {
		return cmp.Or(cmp.Compare(s.titleOf(a), s.titleOf(b)), cmp.Compare(a.state.ID().String(), b.state.ID().String()))
	})
	return all, nil
}

func (x *exporter) all(ctx context.Context, rooms []chatRoom) error {
	for _, r := range rooms {
		page, err := x.s.vault.Messages(ctx, core.ChatQuery{Room: r.state.ID().String(), Limit: 1})
		if err != nil {
			return err
		}
		x.done.Total += page.Total
	}
	x.progress(x.done)
	head := exportLine{Type: lineExport, Format: exportFormat, Network: x.s.chat.set.Network, Address: x.s.account.String(), At: wire.Time(x.s.now())}
	if err := x.to.line(head); err != nil {
		return err
	}
	if x.evidence {
		if err := x.people(ctx, rooms); err != nil {
			return err
		}
	}
	var count int64
	for _, r := range rooms {
		n, err := x.room(ctx, r)
		if err != nil {
			return err
		}
		count += n
	}
	if err := x.to.line(exportLine{Type: lineComplete, Count: count}); err != nil {
		return err
	}
	return x.to.end()
}

// people writes what shows whose devices are whose, of all who are or were in the
// rooms.
func (x *exporter) people(ctx context.Context, rooms []chatRoom) error {
	var accounts []wallet.Account
	for _, r := range rooms {
		for _, m := range r.state.Members() {
			accounts = append(accounts, m.Account)
		}
		accounts = append(append(accounts, r.state.Past()...), r.state.Banned()...)
	}
	room.SortAccounts(accounts)
	for _, a := range slices.Compact(accounts) {
		l := exportLine{Type: lineDevices, Account: wire.AccountID(a)}
		err := x.s.look(ctx, func(t *turn) error {
			d := t.engine.Evidence(a)
			for _, c := range d.Certificates {
				l.Rows = append(l.Rows, c.Encode())
			}
			for _, list := range d.Lists {
				l.Rows = append(l.Rows, list.Encode())
			}
			return nil
		})
		if err == nil {
			err = x.to.line(l)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// room writes one room and returns how many messages it has.
func (x *exporter) room(ctx context.Context, r chatRoom) (int64, error) {
	id := r.state.ID()
	about := exportRoom{ID: id.String(), Kind: r.state.Kind(), Name: x.s.titleOf(r), Topic: r.state.Topic(), Members: []exportPerson{}}
	for _, m := range r.state.Members() {
		about.Members = append(about.Members, exportPerson{m.Account.String(), x.s.nameOf(id, m.Account), m.Role})
	}
	if err := x.to.line(exportLine{Type: lineRoom, Room: &about}); err != nil {
		return 0, err
	}
	if x.evidence {
		if err := x.rows(ctx, r); err != nil {
			return 0, err
		}
	}
	return x.messages(ctx, id)
}

// messages writes the messages of a room as they are now.
func (x *exporter) messages(ctx context.Context, id wire.Room) (count int64, err error) {
	names := x.s.namesIn(id)
	for q := (core.ChatQuery{Room: id.String(), After: 1, Limit: core.MaxChatPage}); ; {
		page, err := x.s.vault.Messages(ctx, q)
		if err != nil {
			return count, err
		}
		for i := range page.Messages {
			m := &page.Messages[i]
			names.fill(m)
			if err = x.to.line(exportLine{Type: lineMessage, Message: m}); err != nil {
				return count, err
			}
			q.After = m.Position
		}
		count += int64(len(page.Messages))
		x.done.Done += int64(len(page.Messages))
		x.progress(x.done)
		if !page.Newer {
			return count, nil
		}
	}
}

// rows writes what a room is made of: its mailboxes, and its rows in order, each
// session's key before its first message.
func (x *exporter) rows(ctx context.Context, r chatRoom) error {
	for _, m := range r.state.Mailboxes() {
		if err := x.to.line(exportLine{Type: lineMailbox, Tag: m.Tag.Reveal(), Key: m.Key[:]}); err != nil {
			return err
		}
	}
	told := map[wire.Session]bool{}
	for after := int64(0); ; {
		rows, err := x.s.vault.Raw(ctx, r.state.ID(), after, core.MaxChatPage)
		if err != nil {
			return err
		}
		for _, stored := range rows {
			after = stored.Position
			if err = x.key(ctx, told, stored.Row); err != nil {
				return err
			}
			if err = x.to.line(exportLine{Type: lineRow, At: stored.At, Row: stored.Row}); err != nil {
				return err
			}
		}
		if len(rows) < core.MaxChatPage {
			return nil
		}
	}
}

// key writes the key of a message's session, once.
func (x *exporter) key(ctx context.Context, told map[wire.Session]bool, raw []byte) error {
	row, err := wire.Decode(raw)
	if err != nil {
		return err
	}
	m, ok := row.(wire.Message)
	if !ok || told[m.Session] {
		return nil
	}
	told[m.Session] = true
	var (
		k     engine.Key
		known bool
	)
	err = x.s.look(ctx, func(t *turn) error {
		k, known = t.engine.Key(m.Session)
		return nil
	})
	if err != nil || !known {
		return err
	}
	return x.to.line(exportLine{Type: lineKey, Session: k.Session.String(), Index: k.Index, Key: k.Key})
}

// jsonLines writes lines as they are.
type jsonLines struct{ encoder *json.Encoder }

func (j jsonLines) line(l exportLine) error { return j.encoder.Encode(l) } //nolint:wrapcheck // Export explains it
func (jsonLines) end() error                { return nil }
