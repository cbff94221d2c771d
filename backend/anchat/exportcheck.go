package anchat

// This file checks an export that was sealed: years later, without any node, it
// shows that the messages in it were written by those who are named.

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"filippo.io/age"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	// maxExportLine bounds a line: the longest has all lists of devices that are
	// kept of somebody.
	maxExportLine = 32 << 20
	// MaxExportFaults bounds the faults that a report names.
	MaxExportFaults = 100
)

// ExportReport is what CheckExport found.
type ExportReport struct {
	Address  string // whose chats they are
	Network  string
	At       time.Time // when they were written out, by their own word
	Rooms    int
	Messages int // with a text that is there
	// Proved of them are signed: row, session, device and wallet all hold, and what is
	// sealed in the row is what the export says.
	Proved int
	// Unproved of them have no key or no row in the export.
	Unproved int
	Faults   []string // what contradicts itself; none in an export that was not changed
}

// CheckExport reads an export of core.ChatExportAge and checks everything in it. It
// returns core.Unauthenticated for a wrong passphrase and core.Invalid for a file
// that is cut or none; what does not hold is in the report.
func CheckExport(r io.Reader, passphrase core.Secret) (ExportReport, error) {
	identity, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return ExportReport{}, core.Wrap(core.Invalid, err, "type the passphrase of the file")
	}
	plain, err := age.Decrypt(r, identity)
	if err != nil {
		return ExportReport{}, core.Wrap(core.Unauthenticated, err, "the passphrase is wrong, or the file was changed")
	}
	lines := bufio.NewScanner(plain)
	lines.Buffer(make([]byte, 0, 64<<10), maxExportLine)
	c := &exportCheck{}
	for lines.Scan() {
		var l exportLine
		if err = json.Unmarshal(lines.Bytes(), &l); err == nil {
			err = c.line(l)
		}
		if err != nil {
			return c.report, core.Wrap(core.Invalid, err, "a line of this export cannot be read; it may be of a newer version")
		}
	}
	if err = lines.Err(); err != nil || !c.complete {
		return c.report, core.Wrap(core.Invalid, err, "this export is cut or was changed; write it out again")
	}
	return c.report, nil
}

// exportCheck is a check in the middle. Its engine is a device that nobody knows: it
// opens what the keys in the export open, and judges rows as any other does.
type exportCheck struct {
	report   ExportReport
	engine   *engine.Olm
	complete bool
	// Of the present room.
	id    wire.Room
	boxes []room.Mailbox
	state *room.State
	wrote map[inner.Ref]written
	edits map[inner.Ref][]string // by their author, of a message
}

// written is a message that was opened.
type written struct {
	text   string
	author wallet.Account
}

func (c *exportCheck) line(l exportLine) error {
	if c.engine == nil && l.Type != lineExport {
		return core.Errorf(core.Invalid, "an export begins with its format")
	}
	switch l.Type {
	case lineExport:
		return c.begin(l)
	case lineDevices:
		return c.devices(l)
	case lineRoom:
		return c.room(l)
	case lineMailbox:
		return c.mailbox(l)
	case lineKey:
		return c.key(l)
	case lineRow:
		return c.row(l)
	case lineMessage:
		return c.message(l.Message)
	case lineComplete:
		c.complete = true
	}
	return nil
}

func (c *exportCheck) begin(l exportLine) (err error) {
	if l.Format != exportFormat {
		return core.Errorf(core.Invalid, "the export has format %d, this version reads %d", l.Format, exportFormat)
	}
	c.report.Address, c.report.Network, c.report.At = l.Address, l.Network, l.At
	account, err := wallet.ParseAccount(l.Address, "")
	if err == nil {
		c.engine, err = engine.New(account, l.At)
	}
	return err
}

func (c *exportCheck) fault(format string, args ...any) {
	if len(c.report.Faults) < MaxExportFaults {
		c.report.Faults = append(c.report.Faults, fmt.Sprintf(format, args...))
	}
}

func (c *exportCheck) devices(l exportLine) error {
	account, err := wire.ParseAccountID(l.Account)
	if err != nil {
		return err
	}
	var d wire.Devices
	for _, raw := range l.Rows {
		row, errRow := wire.Decode(raw)
		if errRow != nil {
			return errRow
		}
		switch r := row.(type) {
		case wire.Certificate:
			d.Certificates = append(d.Certificates, r)
		case wire.List:
			d.Lists = append(d.Lists, r)
		}
	}
	news, err := c.engine.Learn(account, d, c.report.At)
	for _, refused := range news.Refused {
		c.fault("a device of %s does not hold: %s", account, core.Sentence(refused))
	}
	return err
}

func (c *exportCheck) room(l exportLine) (err error) {
	if l.Room == nil {
		return core.Errorf(core.Invalid, "a room without a name")
	}
	c.report.Rooms++
	c.boxes, c.state, c.wrote, c.edits = nil, nil, map[inner.Ref]written{}, map[inner.Ref][]string{}
	c.id, err = wire.ParseRoom(l.Room.ID)
	return err
}

func (c *exportCheck) mailbox(l exportLine) error {
	tag, err := wire.ParseTag(l.Tag)
	if err != nil {
		return err
	}
	if len(l.Key) != len(room.Mailbox{}.Key) || c.wrote == nil {
		return core.Errorf(core.Invalid, "the key of a mailbox has 32 bytes, and stands in a room")
	}
	c.boxes = append(c.boxes, room.Mailbox{Tag: tag, Key: [32]byte(l.Key)})
	if c.state == nil {
		c.state = room.New(c.id, c.boxes[0])
	}
	return nil
}

func (c *exportCheck) key(l exportLine) error {
	session, err := wire.ParseSession(l.Session)
	if err != nil {
		return err
	}
	if _, err = c.engine.ImportKey(engine.Key{Room: c.id, Session: session, Index: l.Index, Key: l.Key}); err != nil {
		c.fault("the key of a session does not hold: %s", core.Sentence(err))
	}
	return nil
}

// row judges a row as a device does that reads the room from its start. What a
// device refused when it came is refused again, and is no fault of the export.
func (c *exportCheck) row(l exportLine) error {
	row, err := wire.Decode(l.Row)
	if err != nil || c.state == nil {
		return core.Wrap(core.Invalid, err, "a row of a room cannot be read")
	}
	switch r := row.(type) {
	case wire.Event:
		return c.event(r, l.At)
	case wire.Announce:
		if err = c.engine.Accept(c.state, r, l.At); err != nil {
			c.fault("the announcement of a session does not hold: %s", core.Sentence(err))
		}
	case wire.Message:
		if o, errOpen := c.engine.Open(c.state, r, l.At); errOpen == nil {
			c.opened(o)
		}
	}
	return nil
}

func (c *exportCheck) event(e wire.Event, at time.Time) error {
	author, body, err := c.author(e, at)
	var next *room.State
	if err != nil {
		next, err = c.state.Skip(e, author)
	} else {
		next, err = c.state.Apply(e, author, body)
	}
	if next == nil {
		c.fault("the changes of a room are no chain: %s", core.Sentence(err))
		return nil
	}
	c.state = next
	closed, _, _ := next.Closed()
	i := slices.Index(c.boxes, next.Mailbox())
	if closed && i >= 0 && i+1 < len(c.boxes) && len(next.Members()) > 0 {
		c.state = next.WithMailbox(c.boxes[i+1], next.Members()[0].Account)
	}
	return nil
}

func (c *exportCheck) author(e wire.Event, at time.Time) (wallet.Account, room.Body, error) {
	author, err := c.engine.CheckEvent(e, at)
	if err != nil {
		return wallet.Account{}, room.Body{}, err
	}
	box, ok := boxOf(c.state, e.Mailbox)
	if !ok {
		return author, room.Body{}, core.Errorf(core.Denied, "the room does not live in this mailbox")
	}
	body, err := room.Open(box, e)
	return author, body, err
}

func (c *exportCheck) opened(o engine.Opened) {
	if t, err := o.Message.Text(); err == nil {
		c.wrote[o.Ref] = written{t.Text, o.Author}
	}
	if e, err := o.Message.Edit(); err == nil && c.wrote[e.Target].author == o.Author {
		c.edits[e.Target] = append(c.edits[e.Target], e.Text)
	}
}

// message compares what the export says with what its rows show.
func (c *exportCheck) message(m *core.ChatMessage) error {
	if m == nil {
		return core.Errorf(core.Invalid, "a message without anything")
	}
	if m.Kind != core.ChatText || m.Deleted || m.Waiting != "" || m.StoredAt.IsZero() {
		return nil
	}
	c.report.Messages++
	ref, err := inner.ParseRef(m.ID)
	if err != nil {
		return err
	}
	w, ok := c.wrote[ref]
	if !ok {
		c.report.Unproved++
		return nil
	}
	said := []string{m.Text}
	for _, v := range m.Earlier {
		said = append(said, v.Text)
	}
	for _, text := range said {
		if text != w.text && !slices.Contains(c.edits[ref], text) || m.From != w.author.String() {
			c.fault("%s did not write the message %s as it is told here", m.From, m.ID)
			return nil
		}
	}
	c.report.Proved++
	return nil
}
