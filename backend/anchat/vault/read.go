package vault

// This file reads rooms as people see them. Names of people are left to the
// caller; where one belongs stands an address.

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

const (
	defaultPage   = 50
	maxQuoteBytes = 200
	// visible is the condition of lines that people see, and of holes.
	visible = "room = ? AND (shown = 1 OR gap > 0)"
)

// Messages reads a part of a room, oldest first. It returns core.NotFound for a
// room that is not here.
func (v *Vault) Messages(ctx context.Context, q core.ChatQuery) (page core.ChatMessages, err error) {
	room, err := wire.ParseRoom(q.Room)
	if err != nil {
		return page, err //nolint:wrapcheck // it says what is wrong
	}
	err = v.read(ctx, func(a asker) (err error) {
		n, err := v.roomNumber(a, room)
		if err != nil {
			return err
		}
		found, err := v.page(a, n, q, &page)
		if err != nil {
			return err
		}
		page.Messages, err = v.messages(a, room, found, q.After)
		return err
	})
	return page, err
}

// page reads the lines of a query and tells what is around them.
func (v *Vault) page(a asker, room int64, q core.ChatQuery, page *core.ChatMessages) (found []*line, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, core.MaxChatPage)
	older := func(before int64, limit int) (all []*line, more bool, err error) {
		all, err = v.lines(a, visible+" AND position < ? ORDER BY position DESC LIMIT ?", room, before, limit+1)
		more = len(all) > limit
		all = all[:min(len(all), limit)]
		slices.Reverse(all)
		return all, more, err
	}
	newer := func(from int64, limit int) (all []*line, more bool, err error) {
		all, err = v.lines(a, visible+" AND position >= ? ORDER BY position LIMIT ?", room, from, limit+1)
		return all[:min(len(all), limit)], len(all) > limit, err
	}
	switch {
	case q.Before != 0:
		if found, page.Older, err = older(q.Before, limit); err == nil {
			_, page.Newer, err = newer(q.Before, 0)
		}
	case q.After != 0:
		if found, page.Newer, err = newer(q.After+1, limit); err == nil {
			_, page.Older, err = older(q.After+1, 0)
		}
	case q.Around != 0:
		var before, after []*line
		if before, page.Older, err = older(q.Around, limit/2); err == nil {
			after, page.Newer, err = newer(q.Around, limit-len(before))
		}
		found = append(before, after...)
	default:
		found, page.Older, err = older(1<<62, limit)
	}
	if err != nil {
		return nil, err
	}
	var shown, holes int64
	if _, err = one(a, []any{&shown}, "SELECT count(*) FROM line WHERE room = ? AND shown = 1", room); err == nil {
		_, err = one(a, []any{&holes}, "SELECT count(*) FROM line WHERE room = ? AND (shown = 1 OR gap > 0) AND gap > 0 AND position < ?", room, heardFrom)
	}
	page.Total = shown + holes
	return found, err
}

// reading is what the messages of one page are made with.
type reading struct {
	v      *Vault
	room   wire.Room
	about  about
	quoted map[inner.Ref]*line
	reads  []int64 // how far the others have read
	outs   map[int64]out
}

type out struct {
	state, place int
	failure      string
}

// messages makes lines into what people see: a hole stands before the line that it
// was noticed at, unless a page that was read before ends with it.
func (v *Vault) messages(a asker, room wire.Room, found []*line, after int64) ([]core.ChatMessage, error) {
	r := reading{v: v, room: room, quoted: map[inner.Ref]*line{}}
	targets := slices.Clone(found)
	for _, l := range found {
		t, err := l.record.message().Text()
		if err != nil || t.ReplyTo == nil || r.quoted[*t.ReplyTo] != nil {
			continue
		}
		to, err := v.lineOf(a, *t.ReplyTo)
		if err != nil {
			return nil, err
		}
		if to != nil && to.room == l.room && !to.damaged {
			r.quoted[*t.ReplyTo] = to
			targets = append(targets, to)
		}
	}
	var err error
	if r.about, err = v.relations(a, targets, "kind <= 4"); err != nil {
		return nil, err
	}
	if err = r.load(a, found); err != nil {
		return nil, err
	}
	all := make([]core.ChatMessage, 0, len(found))
	for _, l := range found {
		if l.gap > 0 && stored(l.position) && l.position-1 > after {
			all = append(all, core.ChatMessage{
				ID: "hole:" + strconv.FormatInt(l.position, 10), Position: l.position - 1, Room: room.String(), Kind: core.ChatHole,
				From: address(l.record.From), Missing: l.gap, SentAt: moment(l.at), StoredAt: moment(l.at),
			})
		}
		if l.shown {
			all = append(all, r.message(l))
		}
	}
	return all, nil
}

// load reads what the lines of one's own need: receipts, and the outbox.
func (r *reading) load(a asker, found []*line) error {
	if !slices.ContainsFunc(found, func(l *line) bool { return l.mine }) {
		return nil
	}
	err := each(a, func(scan func(to ...any) error) (err error) {
		var read int64
		err = scan(&read)
		r.reads = append(r.reads, read)
		return err
	}, "SELECT read FROM reader WHERE room = ? AND author <> ? AND read > 0", found[0].room, []byte(r.v.me))
	if err != nil {
		return err
	}
	r.outs, err = r.v.outs(a)
	return err
}

// outs reads how far the messages of the outbox are.
func (v *Vault) outs(a asker) (map[int64]out, error) {
	all := map[int64]out{}
	place := 0
	err := each(a, func(scan func(to ...any) error) (err error) {
		var (
			id   int64
			o    out
			c    outCell
			cell []byte
		)
		if err = scan(&id, &o.state, &cell); err != nil {
			return err
		}
		if err = v.openJSON("outbox", rowKey(id), cell, &c); err != nil {
			return err
		}
		o.failure = c.Failure
		if o.state == OutQueued || o.state == OutSealed {
			place++
			o.place = place
		}
		all[id] = o
		return nil
	}, "SELECT line, state, cell FROM outbox ORDER BY line")
	return all, err
}

// name is the id of a line for screens and commands.
func (l *line) name() string {
	switch {
	case l.record.Ref != nil:
		return l.record.Ref.String()
	case l.kind == lineNotice || l.kind == lineRow || l.damaged:
		return "at:" + strconv.FormatInt(l.position, 10)
	}
	return OutID(l.id)
}

func (r *reading) message(l *line) core.ChatMessage {
	c := &l.record
	m := core.ChatMessage{
		ID: l.name(), Position: l.position, Room: r.room.String(), Kind: core.ChatText, From: address(c.From),
		Device: wireDevice(c.Device), Mine: l.mine, ToMe: l.tome, SentAt: moment(c.SentAt), ExpiresAt: moment(l.expires),
		Flags: append([]string{}, c.Flags...), Reactions: []core.ChatReaction{}, Mentions: []string{}, Files: []core.ChatAttachment{}, Targets: []string{},
	}
	if stored(l.position) {
		m.StoredAt = moment(l.at)
	}
	switch {
	case l.damaged:
		m.Kind, m.Missing, m.Flags = core.ChatHole, 1, []string{flagDamaged}
		return m
	case l.kind == lineNotice:
		m.Kind, m.Notice, m.Text, m.SentAt = core.ChatNotice, c.Notice, c.Text, moment(l.at)
		for _, t := range c.Targets {
			m.Targets = append(m.Targets, address(t))
		}
		return m
	case l.state == stateUnopened:
		m.Waiting = address(c.Awaited)
		m.SentAt = moment(l.at)
	}
	r.content(l, &m)
	r.step(l, &m)
	return m
}

// content fills in what a message says now.
func (r *reading) content(l *line, m *core.ChatMessage) {
	if by, deleted := r.about.deleted(l); deleted && l.state != stateUnopened {
		m.Deleted, m.DeletedBy = true, address(by)
		return
	}
	if l.kind != lineText {
		return
	}
	t, earlier := r.about.text(l)
	m.Text, m.Earlier, m.Edited = t.Text, earlier, len(earlier) > 0
	for _, who := range t.Mentions {
		m.Mentions = append(m.Mentions, address(who))
	}
	for _, f := range t.Files {
		m.Files = append(m.Files, core.ChatAttachment{ID: f.ID.String(), Name: f.Name, Type: f.Type, Size: f.Size, Width: f.Width, Height: f.Height})
	}
	m.Reactions = r.about.reactions(l)
	if t.ReplyTo != nil {
		m.ReplyTo = r.quote(*t.ReplyTo)
	}
}

func (r *reading) quote(ref inner.Ref) *core.ChatQuote {
	q := &core.ChatQuote{ID: ref.String()}
	l := r.quoted[ref]
	if l == nil || !l.shown {
		return q
	}
	q.Position, q.From = l.position, address(l.record.From)
	if _, deleted := r.about.deleted(l); !deleted {
		t, _ := r.about.text(l)
		q.Text = start(t.Text, maxQuoteBytes)
	}
	return q
}

// step fills in how far a message is on its way.
func (r *reading) step(l *line, m *core.ChatMessage) {
	o, waits := r.outs[l.id]
	switch {
	case waits && o.state == OutFailed:
		m.Step, m.Failure = core.ChatFailed, o.failure
	case waits && o.state == OutSent, !waits && !stored(l.position):
		m.Step = core.ChatSent
	case waits:
		m.Step, m.Place = core.ChatQueued, o.place
	default:
		m.Step = core.ChatStored
		if !l.mine {
			return
		}
		m.StoredOn, m.StoredOf = l.record.Held, l.record.Of
		for _, read := range r.reads {
			if read >= l.position {
				m.SeenBy++
			}
		}
		if m.SeenBy > 0 {
			m.Step = core.ChatSeen
		}
	}
}

// roomID is the room of a number.
func (v *Vault) roomID(a asker, n int64) (wire.Room, error) {
	v.mu.Lock()
	id, ok := v.rooms[n]
	v.mu.Unlock()
	if ok {
		return id, nil
	}
	var (
		key, cell []byte
		l         localCell
	)
	found, err := one(a, []any{&key, &cell}, "SELECT name, local FROM room WHERE id = ?", n)
	if err != nil {
		return id, err
	}
	if !found {
		return id, errRoom()
	}
	if err = v.openJSON("room.local", key, cell, &l); err != nil {
		return id, err
	}
	v.mu.Lock()
	v.rooms[n] = l.ID
	v.mu.Unlock()
	return l.ID, nil
}

// address is an account as people see it; what is no account stays as it is.
func address(id string) string {
	account, err := wire.ParseAccountID(id)
	if err != nil {
		return id
	}
	return account.String()
}

func wireDevice(b []byte) string {
	if len(b) != len(wire.Fingerprint{}) {
		return ""
	}
	return wire.Fingerprint(b).String()
}

// start is the beginning of a text, on one line.
func start(text string, limit int) string {
	if len(text) > limit {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit] + "…"
	}
	return strings.ReplaceAll(text, "\n", " ")
}
