package anchat

// This file has nodes that keep the rows in memory, honest ones and others.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

type pair struct {
	session wire.Session
	index   uint32
}

type place struct {
	box wire.Name
	at  int
}

type box struct {
	rows   []wire.Stored
	head   wire.Hash
	events uint64
	closed bool
	index  uint64 // of the newest row
	last   uint64 // number of the newest row, which may be gone
}

// memory is the nodes, all of them at once.
type memory struct {
	mu       sync.Mutex
	now      func() time.Time
	index    uint64
	changed  chan struct{}
	boxes    map[wire.Name]*box
	inboxes  map[wire.Fingerprint]*box
	devices  map[wallet.Account]*wire.Devices
	owners   map[wire.Fingerprint]wire.Statement
	sessions map[wire.Session]wire.Announce
	pairs    map[pair]place
	blobs    map[wire.Hash]map[uint32][]byte
	backups  map[wallet.Account][]*memoryBackup
	topics   map[wire.Name]map[chan []byte]struct{}
	shown    map[wire.Fingerprint]map[wire.Name]bool // who has shown which tag

	// before and after are asked at every request with its name; an error is the
	// answer, before without the effect and after with it.
	before, after func(caller wire.Caller, what string) error
	// hide drops a row from what is read.
	hide func(caller wire.Caller, row wire.Row) bool
	// forge changes what is known of an account before it is told.
	forge func(caller wire.Caller, account wallet.Account, d wire.Devices) wire.Devices
	// fail is the answer about an account's devices, when it is an error.
	fail func(caller wire.Caller, account wallet.Account) error
	// lose says which gossip is lost.
	lose func(row []byte) bool
}

type memoryBackup struct {
	version uint64
	key     []byte
	at      time.Time
	entries map[wire.Hash][]byte
}

func newMemory() *memory {
	return &memory{
		now: time.Now, changed: make(chan struct{}), boxes: map[wire.Name]*box{}, inboxes: map[wire.Fingerprint]*box{},
		devices: map[wallet.Account]*wire.Devices{}, owners: map[wire.Fingerprint]wire.Statement{},
		sessions: map[wire.Session]wire.Announce{}, pairs: map[pair]place{}, blobs: map[wire.Hash]map[uint32][]byte{},
		backups: map[wallet.Account][]*memoryBackup{}, topics: map[wire.Name]map[chan []byte]struct{}{},
		shown: map[wire.Fingerprint]map[wire.Name]bool{},
	}
}

// open is Settings.Open.
func (m *memory) open(caller wire.Caller, _ wire.Sign) (wire.Service, wire.Gossip, error) {
	return &memoryService{memory: m, caller: caller}, &memoryGossip{memory: m}, nil
}

type memoryService struct {
	*memory
	caller wire.Caller
}

// enter locks the nodes for one request.
func (s *memoryService) enter(what string) (leave func(error) error, err error) {
	s.mu.Lock()
	before, after := s.before, s.after
	s.mu.Unlock()
	if before != nil {
		if err = before(s.caller, what); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	return func(err error) error {
		s.mu.Unlock()
		if after != nil && err == nil {
			return after(s.caller, what)
		}
		return err
	}, nil
}

func (s *memoryService) Put(_ context.Context, rows [][]byte) ([]wire.Receipt, error) {
	leave, err := s.enter("put")
	if err != nil {
		return nil, err
	}
	size := 0
	for _, r := range rows {
		size += 4 + len(r)
	}
	if len(rows) > wire.MaxPutRows || size > wire.MaxPutBytes {
		return nil, leave(core.Errorf(core.TooLarge, "too many rows"))
	}
	receipts := make([]wire.Receipt, len(rows))
	bad := map[wire.Name]bool{}
	for i, raw := range rows {
		row, err := wire.Decode(raw)
		if err != nil {
			receipts[i] = wire.Receipt{Code: core.Invalid, Why: err.Error()}
			continue
		}
		receipts[i] = s.put(row, raw, bad)
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return receipts, leave(nil)
}

func refused(code core.Code, why string) wire.Receipt { return wire.Receipt{Code: code, Why: why} }

func (s *memoryService) put(row wire.Row, raw []byte, bad map[wire.Name]bool) wire.Receipt {
	switch r := row.(type) {
	case wire.Certificate:
		if _, err := r.Check(); err != nil {
			return refused(core.CodeOf(err), err.Error())
		}
		s.owners[r.Fingerprint()] = r.Statement
		d := s.known(r.Account)
		d.Certificates = append(slices.DeleteFunc(d.Certificates, func(c wire.Certificate) bool {
			return c.Fingerprint() == r.Fingerprint()
		}), r)
	case wire.List:
		d := s.known(r.Account)
		if n := len(d.Lists); n > 0 && d.Lists[n-1].Version >= r.Version {
			for _, have := range d.Lists {
				if bytes.Equal(have.Encode(), raw) {
					return wire.Receipt{Index: s.index}
				}
			}
			return refused(core.Conflict, "another list has this version")
		}
		d.Lists = append(d.Lists, r)
	case wire.Prekey:
		d := s.known(s.owners[r.Device].Account)
		d.Prekeys = append(d.Prekeys, r)
	case wire.Envelope:
		if !s.lives(r.From) {
			return refused(core.Denied, "the sender is no live device")
		}
		b := s.inboxes[r.To]
		if b == nil {
			b = &box{}
			s.inboxes[r.To] = b
		}
		for _, have := range b.rows {
			if bytes.Equal(have.Row, raw) {
				return wire.Receipt{Seq: have.Seq, Index: have.Index}
			}
		}
		return s.append(b, raw)
	case wire.Ack:
		if b := s.inboxes[r.Device]; b != nil {
			for i := range b.rows {
				if e, ok := mustDecode(b.rows[i].Row).(wire.Envelope); ok && slices.Contains(r.Envelopes, e.ID) {
					b.rows[i].Row = nil
				}
			}
			b.rows = slices.DeleteFunc(b.rows, func(r wire.Stored) bool { return r.Row == nil })
		}
	case wire.Erase:
		at, ok := s.pairs[pair{r.Session, r.Index}]
		if !ok || s.sessions[r.Session].Device != r.Device {
			return refused(core.Denied, "not yours")
		}
		s.boxes[at.box].rows[at.at].Row = raw
	default:
		return s.putBoxed(row, raw, bad)
	}
	s.index++
	return wire.Receipt{Index: s.index}
}

func (s *memoryService) putBoxed(row wire.Row, raw []byte, bad map[wire.Name]bool) (out wire.Receipt) {
	name := mailboxOf(row)
	if bad[name] {
		return refused(core.Conflict, "a row before it was refused")
	}
	defer func() { bad[name] = bad[name] || out.Code != "" }()
	b := s.boxes[name]
	if b == nil {
		b = &box{}
	}
	for _, have := range b.rows {
		if bytes.Equal(have.Row, raw) {
			return wire.Receipt{Seq: have.Seq, Index: have.Index}
		}
	}
	if b.closed {
		return refused(core.PreconditionFailed, "the mailbox is closed")
	}
	switch row.Kind() {
	case wire.KindEvent, wire.KindAnnounce:
		if !s.shown[s.caller.Device][name] {
			return refused(core.Limited, "read the mailbox first")
		}
	default:
	}
	switch r := row.(type) {
	case wire.Event:
		if !s.lives(r.Device) || r.Verify(s.owners[r.Device].Signing) != nil {
			return refused(core.Denied, "no live device")
		}
		if r.Seq != b.events+1 || b.events > 0 && r.Previous != b.head {
			return refused(core.Conflict, "not the next event")
		}
		b.events, b.head, b.closed = r.Seq, r.Hash(), r.Closes
	case wire.Announce:
		if _, taken := s.sessions[r.Session]; taken || !s.lives(r.Device) {
			return refused(core.Denied, "the session is taken or the device is not live")
		}
		s.sessions[r.Session] = r
	case wire.Message:
		index, err := r.Check()
		if err != nil {
			return refused(core.CodeOf(err), err.Error())
		}
		if s.sessions[r.Session].Mailbox != name {
			return refused(core.Denied, "not announced here")
		}
		if _, taken := s.pairs[pair{r.Session, index}]; taken {
			return refused(core.Conflict, "the index is taken")
		}
		s.pairs[pair{r.Session, index}] = place{name, len(b.rows)}
	case wire.Knock:
		if !s.lives(r.Device) {
			return refused(core.Denied, "no live device")
		}
	default:
		return refused(core.Invalid, "no such row is kept")
	}
	s.boxes[name] = b
	return s.append(b, raw)
}

func (s *memoryService) append(b *box, raw []byte) wire.Receipt {
	s.index++
	b.last++
	b.rows = append(b.rows, wire.Stored{Seq: b.last, Index: s.index, At: wire.Time(s.now()), Row: bytes.Clone(raw)})
	b.index = s.index
	return wire.Receipt{Seq: b.last, Index: s.index}
}

func mailboxOf(row wire.Row) wire.Name {
	switch r := row.(type) {
	case wire.Event:
		return r.Mailbox
	case wire.Announce:
		return r.Mailbox
	case wire.Message:
		return r.Mailbox
	case wire.Knock:
		return r.Mailbox
	}
	return wire.Name{}
}

func mustDecode(raw []byte) wire.Row {
	row, err := wire.Decode(raw)
	if err != nil {
		panic(err)
	}
	return row
}

func (m *memory) known(a wallet.Account) *wire.Devices {
	if m.devices[a] == nil {
		m.devices[a] = &wire.Devices{}
	}
	return m.devices[a]
}

func (m *memory) lives(f wire.Fingerprint) bool {
	d := m.devices[m.owners[f].Account]
	return d != nil && len(d.Lists) > 0 && d.Lists[len(d.Lists)-1].Lives(f)
}

func (s *memoryService) page(b *box, after uint64, limit int) wire.Page {
	p := wire.Page{Closed: b.closed, Last: b.last}
	for _, r := range b.rows {
		if r.Seq > after && len(p.Rows) < min(limit, wire.MaxPage) && (s.hide == nil || !s.hide(s.caller, mustDecode(r.Row))) {
			p.Rows = append(p.Rows, r)
		}
	}
	return p
}

func (s *memoryService) Mailbox(_ context.Context, tag wire.Tag, after uint64, limit int) (p wire.Page, err error) {
	leave, err := s.enter("mailbox")
	if err != nil {
		return p, err
	}
	s.show(tag)
	b := s.boxes[tag.Name()]
	if b == nil {
		return p, leave(core.Errorf(core.NotFound, "there is no such mailbox"))
	}
	return s.page(b, after, limit), leave(nil)
}

// show notes that the caller knows a tag.
func (s *memoryService) show(tag wire.Tag) {
	if s.shown[s.caller.Device] == nil {
		s.shown[s.caller.Device] = map[wire.Name]bool{}
	}
	s.shown[s.caller.Device][tag.Name()] = true
}

func (s *memoryService) Inbox(_ context.Context, after uint64, limit int) (p wire.Page, err error) {
	leave, err := s.enter("inbox")
	if err != nil {
		return p, err
	}
	if b := s.inboxes[s.caller.Device]; b != nil {
		p = s.page(b, after, limit)
	}
	return p, leave(nil)
}

func (s *memoryService) DevicesOf(_ context.Context, account wallet.Account) (d wire.Devices, err error) {
	leave, err := s.enter("devices")
	if err != nil {
		return d, err
	}
	if s.fail != nil {
		if err = s.fail(s.caller, account); err != nil {
			return d, leave(err)
		}
	}
	if k := s.devices[account]; k != nil {
		d = wire.Devices{Certificates: slices.Clone(k.Certificates), Lists: slices.Clone(k.Lists), Prekeys: slices.Clone(k.Prekeys)}
	}
	if s.forge != nil {
		d = s.forge(s.caller, account, d)
	}
	return d, leave(nil)
}

func (s *memoryService) AccountOf(_ context.Context, device wire.Fingerprint) (wallet.Account, error) {
	leave, err := s.enter("account")
	if err != nil {
		return wallet.Account{}, err
	}
	st, ok := s.owners[device]
	if !ok {
		return wallet.Account{}, leave(core.Errorf(core.NotFound, "there is no such device"))
	}
	return st.Account, leave(nil)
}

func (s *memoryService) StoredAt(_ context.Context, session wire.Session, index uint32) (h wire.Held, err error) {
	leave, err := s.enter("stored")
	if err != nil {
		return h, err
	}
	at, ok := s.pairs[pair{session, index}]
	if !ok {
		return h, leave(core.Errorf(core.NotFound, "it is not stored"))
	}
	r := s.boxes[at.box].rows[at.at]
	return wire.Held{Seq: r.Seq, Index: r.Index, By: []string{"node-1", "node-3"}, All: []string{"node-1", "node-2", "node-3"}}, leave(nil)
}

func (s *memoryService) Follow(ctx context.Context, tags []wire.Tag, after uint64, wait time.Duration) (wire.Change, error) {
	end := time.NewTimer(wait)
	defer end.Stop()
	for {
		leave, err := s.enter("follow")
		if err != nil {
			return wire.Change{}, err
		}
		c := wire.Change{Mailboxes: map[wire.Name]uint64{}, Index: s.index}
		for _, tag := range tags {
			s.show(tag)
			if b := s.boxes[tag.Name()]; b != nil && (b.index > after || after == 0) {
				c.Mailboxes[tag.Name()] = b.last
			}
		}
		if b := s.inboxes[s.caller.Device]; b != nil && b.index > after && len(b.rows) > 0 {
			c.Inbox = b.last
		}
		changed := s.changed
		if err := leave(nil); err != nil {
			return wire.Change{}, err
		}
		if after == 0 || len(c.Mailboxes) > 0 || c.Inbox > 0 {
			return c, nil
		}
		select {
		case <-changed:
		case <-end.C:
			return c, nil
		case <-ctx.Done():
			return wire.Change{}, core.Wrap(core.Unavailable, ctx.Err(), "nobody waits any more")
		}
	}
}

func (s *memoryService) BeginBlob(_ context.Context, id wire.Hash, chunks []wire.Hash) error {
	leave, err := s.enter("begin")
	if err != nil {
		return err
	}
	if wire.BlobID(chunks) != id {
		return leave(core.Errorf(core.Invalid, "these are not the blob's chunks"))
	}
	if s.blobs[id] == nil {
		s.blobs[id] = map[uint32][]byte{}
	}
	return leave(nil)
}

func (s *memoryService) PutChunk(_ context.Context, id wire.Hash, chunk, _ uint32, sealed []byte) error {
	leave, err := s.enter("chunk")
	if err != nil {
		return err
	}
	if s.blobs[id] == nil {
		return leave(core.Errorf(core.NotFound, "this blob was not begun"))
	}
	s.blobs[id][chunk] = bytes.Clone(sealed)
	return leave(nil)
}

func (s *memoryService) HaveChunks(_ context.Context, id wire.Hash) ([]uint32, error) {
	leave, err := s.enter("chunks")
	if err != nil {
		return nil, err
	}
	if s.blobs[id] == nil {
		return nil, leave(core.Errorf(core.NotFound, "this blob was not begun"))
	}
	return slices.Sorted(maps.Keys(s.blobs[id])), leave(nil)
}

func (s *memoryService) ConfirmBlob(_ context.Context, id wire.Hash) error {
	leave, err := s.enter("confirm")
	if err != nil {
		return err
	}
	var hashes []wire.Hash
	for _, n := range slices.Sorted(maps.Keys(s.blobs[id])) {
		hashes = append(hashes, sha256.Sum256(s.blobs[id][n]))
	}
	if wire.BlobID(hashes) != id {
		return leave(core.Errorf(core.Invalid, "the chunks are not those of the blob"))
	}
	return leave(nil)
}

func (s *memoryService) DropBlob(_ context.Context, id wire.Hash) error {
	leave, err := s.enter("drop")
	if err != nil {
		return err
	}
	delete(s.blobs, id)
	return leave(nil)
}

func (s *memoryService) Chunk(_ context.Context, id wire.Hash, chunk uint32) ([]byte, error) {
	leave, err := s.enter("chunk")
	if err != nil {
		return nil, err
	}
	b, ok := s.blobs[id][chunk]
	if !ok {
		return nil, leave(core.Errorf(core.NotFound, "there is no such chunk"))
	}
	return bytes.Clone(b), leave(nil)
}

func (s *memoryService) newest() *memoryBackup {
	all := s.backups[s.caller.Account]
	if len(all) == 0 {
		return &memoryBackup{}
	}
	return all[len(all)-1]
}

func (s *memoryService) Backup(context.Context) (wire.BackupInfo, error) {
	leave, err := s.enter("backup")
	if err != nil {
		return wire.BackupInfo{}, err
	}
	b := s.newest()
	return wire.BackupInfo{Version: b.version, Key: b.key, Entries: int64(len(b.entries)), At: b.at}, leave(nil)
}

func (s *memoryService) PutBackupKey(_ context.Context, version uint64, key []byte) error {
	leave, err := s.enter("backup")
	if err != nil {
		return err
	}
	if version != s.newest().version+1 {
		return leave(core.Errorf(core.Conflict, "another device made a newer backup"))
	}
	s.backups[s.caller.Account] = append(s.backups[s.caller.Account], &memoryBackup{
		version: version, key: bytes.Clone(key), at: wire.Time(s.now()), entries: map[wire.Hash][]byte{},
	})
	return leave(nil)
}

func (s *memoryService) PutBackup(_ context.Context, version uint64, entries []wire.BackupEntry) error {
	leave, err := s.enter("backup")
	if err != nil {
		return err
	}
	for _, b := range s.backups[s.caller.Account] {
		if b.version == version {
			for _, e := range entries {
				b.entries[e.ID] = bytes.Clone(e.Sealed)
			}
			return leave(nil)
		}
	}
	return leave(core.Errorf(core.NotFound, "there is no such backup"))
}

func (s *memoryService) BackupEntries(_ context.Context, version uint64, after wire.Hash, limit int) (out []wire.BackupEntry, err error) {
	leave, err := s.enter("backup")
	if err != nil {
		return nil, err
	}
	for _, b := range s.backups[s.caller.Account] {
		if b.version != version {
			continue
		}
		ids := slices.SortedFunc(maps.Keys(b.entries), func(a, b wire.Hash) int { return bytes.Compare(a[:], b[:]) })
		for _, id := range ids {
			if bytes.Compare(id[:], after[:]) > 0 && len(out) < limit {
				out = append(out, wire.BackupEntry{ID: id, Sealed: b.entries[id]})
			}
		}
	}
	return out, leave(nil)
}

func (s *memoryService) DropBackups(_ context.Context, below uint64) error {
	leave, err := s.enter("backup")
	if err != nil {
		return err
	}
	s.backups[s.caller.Account] = slices.DeleteFunc(s.backups[s.caller.Account], func(b *memoryBackup) bool { return b.version < below })
	return leave(nil)
}

type memoryGossip struct{ *memory }

// Publish hands a row to all who listen; a slow one loses it.
func (g *memoryGossip) Publish(_ context.Context, mailbox wire.Name, row []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.lose != nil && g.lose(row) {
		return nil
	}
	for ch := range g.topics[mailbox] {
		select {
		case ch <- bytes.Clone(row):
		default:
		}
	}
	return nil
}

// Listen takes part in a topic.
func (g *memoryGossip) Listen(_ context.Context, mailbox wire.Name) (<-chan []byte, func() error, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	ch := make(chan []byte, 64)
	if g.topics[mailbox] == nil {
		g.topics[mailbox] = map[chan []byte]struct{}{}
	}
	g.topics[mailbox][ch] = struct{}{}
	var once sync.Once
	return ch, func() error { //nolint:unparam // the interface has it
		once.Do(func() {
			g.mu.Lock()
			defer g.mu.Unlock()
			delete(g.topics[mailbox], ch)
			close(ch)
		})
		return nil
	}, nil
}

// some is a source that repeats.
func some(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, seed)) }
