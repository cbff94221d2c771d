package engine

// This file has the small world that the tests play in: wallets that sign, a
// service that keeps what it is given, a room whose chain is told, and devices that
// save after each step.

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const (
	domain = "127.0.0.1:8080"
	code   = "123456"
	nonce  = "abcdefgh12345678"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// owner is somebody with a wallet.
type owner struct {
	account wallet.Account
	key     ed25519.PrivateKey
}

func newOwner(t testing.TB, name string) owner {
	t.Helper()
	seed := make([]byte, ed25519.SeedSize)
	copy(seed, name)
	key := ed25519.NewKeyFromSeed(seed)
	account, err := wallet.AccountFromBytes(wallet.SOL, key[32:])
	must(t, err)
	return owner{account: account, key: key}
}

func (o owner) sign(text string) string {
	return base64.StdEncoding.EncodeToString(ed25519.Sign(o.key, []byte(text)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stored is a row as the service keeps it.
type stored struct {
	row  wire.Row
	at   time.Time
	step int // of the room's chain when it was stored
}

// world is the service and the clock.
type world struct {
	t       testing.TB
	now     time.Time
	known   map[wallet.Account]wire.Devices
	mailbox []stored
	inbox   map[wire.Fingerprint][]stored
	taken   map[inner.Ref][16]byte
	clashes int // pairs of session and index with two contents
	named   map[wire.Session]bool
	room    *chain
}

func newWorld(t testing.TB) *world {
	return &world{
		t: t, now: noon, known: map[wallet.Account]wire.Devices{}, inbox: map[wire.Fingerprint][]stored{},
		taken: map[inner.Ref][16]byte{}, named: map[wire.Session]bool{}, room: newChain(),
	}
}

// put stores rows as the service does: one list a version, one announcement a
// session, one message a pair, nothing of a mailbox that is closed.
func (w *world) put(rows ...wire.Row) error {
	for _, row := range rows {
		decoded, err := wire.Decode(row.Encode())
		if err != nil {
			return err
		}
		s := stored{row: decoded, at: w.now, step: len(w.room.steps) - 1}
		switch r := decoded.(type) {
		case wire.Certificate:
			d := w.known[r.Account]
			if !slices.Contains(d.Certificates, r) {
				d.Certificates = append(d.Certificates, r)
			}
			w.known[r.Account] = d
		case wire.List:
			d := w.known[r.Account]
			if n := len(d.Lists); n > 0 && d.Lists[n-1].Version >= r.Version {
				return core.Errorf(core.Conflict, "there is such a list")
			}
			d.Lists = append(d.Lists, r)
			w.known[r.Account] = d
		case wire.Prekey:
			for a, d := range w.known {
				if slices.ContainsFunc(d.Certificates, func(c wire.Certificate) bool { return c.Fingerprint() == r.Device }) {
					d.Prekeys = append(d.Prekeys, r)
					w.known[a] = d
				}
			}
		case wire.Envelope:
			w.inbox[r.To] = append(w.inbox[r.To], s)
		case wire.Announce:
			if w.named[r.Session] || r.Mailbox != w.room.last().Mailbox().Tag.Name() {
				return core.Errorf(core.Conflict, "closed, or announced")
			}
			w.named[r.Session] = true
			w.mailbox = append(w.mailbox, s)
		case wire.Message:
			index, checkErr := r.Check()
			ref := inner.Ref{Session: r.Session, Index: index}
			have, taken := w.taken[ref]
			if taken && have != sumOf(r.Body) {
				w.clashes++
			}
			if checkErr != nil || taken || r.Mailbox != w.room.last().Mailbox().Tag.Name() {
				return core.Errorf(core.Conflict, "closed, or taken: %v", checkErr)
			}
			w.taken[ref] = sumOf(r.Body)
			w.mailbox = append(w.mailbox, s)
		default:
			return fmt.Errorf("a %s is not kept", r.Kind())
		}
	}
	return nil
}

// device is one that saves after each step and reads what it can.
type device struct {
	*Olm
	w       *world
	owner   owner
	records map[string][]byte // as they are on the disk
	read    map[inner.Ref]string
	order   []inner.Ref
	twice   int // messages that were opened a second time
	box     int // of the mailbox's rows
	mail    int // of the inbox
	late    []stored
	letters []stored
	opened  []wire.Envelope // letters, since the state that it has
	refused []error
}

// enrol makes a device, certified and listed.
func (w *world) enrol(o owner) *device {
	w.t.Helper()
	e, err := New(o.account, w.now)
	must(w.t, err)
	d := &device{Olm: e, w: w, owner: o, records: map[string][]byte{}, read: map[inner.Ref]string{}}
	d.certify()
	d.learn(o.account)
	rows, err := e.Publish(w.now)
	must(w.t, err)
	must(w.t, w.put(rows...))
	d.learn(o.account)
	d.save()
	return d
}

func (d *device) certify() {
	d.w.t.Helper()
	request, err := d.EnrolmentRequest(d.w.known[d.owner.account], domain, code, nonce, d.w.now)
	must(d.w.t, err)
	text, err := request.Text()
	must(d.w.t, err)
	rows, err := d.Certify(text, d.owner.sign(text), d.w.now)
	must(d.w.t, err)
	must(d.w.t, d.w.put(rows...))
}

func (d *device) learn(accounts ...wallet.Account) News {
	d.w.t.Helper()
	var news News
	for _, a := range accounts {
		var err error
		news, err = d.Learn(a, d.w.known[a], d.w.now)
		must(d.w.t, err)
	}
	return news
}

// save puts the records on the disk, as the vault does.
func (d *device) save() {
	for key, value := range d.Dirty() {
		if value == nil {
			delete(d.records, key)
			continue
		}
		d.records[key] = value
	}
}

// restart reads the device from the disk: what was not saved is gone.
func (d *device) restart() {
	d.w.t.Helper()
	e, err := Load(d.records)
	must(d.w.t, err)
	d.Olm = e
}

func text(body string) inner.Message {
	b, err := inner.Marshal(inner.Text{Text: body})
	if err != nil {
		panic(err)
	}
	return inner.Message{Kind: inner.KindText, At: noon, Body: b}
}

// seal makes the rows of a message and saves.
func (d *device) seal(body string) ([]wire.Row, inner.Ref) {
	d.w.t.Helper()
	d.learn(d.w.room.accounts()...)
	rows, ref, err := d.Seal(d.w.room.last(), text(body), d.w.now)
	must(d.w.t, err)
	d.save()
	d.note(ref, body)
	return rows, ref
}

// send stores a message.
func (d *device) send(body string) inner.Ref {
	d.w.t.Helper()
	rows, ref := d.seal(body)
	must(d.w.t, d.w.put(rows...))
	return ref
}

func (d *device) note(ref inner.Ref, body string) {
	if _, ok := d.read[ref]; ok {
		d.twice++
	}
	d.read[ref] = body
	d.order = append(d.order, ref)
}

// sync reads the inbox and the mailbox to their ends.
func (d *device) sync() {
	d.w.t.Helper()
	inbox := d.w.inbox[d.Device()]
	letters := append(d.letters, inbox[d.mail:]...)
	d.letters, d.mail = nil, len(inbox)
	for _, s := range letters {
		d.letter(s)
	}
	for ; d.box < len(d.w.mailbox); d.box++ {
		d.row(d.w.mailbox[d.box])
	}
	late := d.late
	d.late = nil
	for _, s := range late {
		if k := d.streams[only[wire.Message](s.row).Session]; k == nil || len(k.keys) == 0 {
			d.late = append(d.late, s) // nothing new about it
			continue
		}
		d.open(s)
	}
	d.save()
}

func (d *device) letter(s stored) {
	d.w.t.Helper()
	env := only[wire.Envelope](s.row)
	_, _, err := d.OpenEnvelope(env, s.at)
	var need *NeedDevices
	if errors.As(err, &need) {
		for a := range d.w.known {
			d.learn(a)
		}
		_, _, err = d.OpenEnvelope(env, s.at)
	}
	if errors.As(err, &need) {
		d.letters = append(d.letters, s)
		return
	}
	if err == nil {
		d.opened = append(d.opened, env)
	}
	d.refuse(err)
}

func (d *device) row(s stored) {
	d.w.t.Helper()
	switch r := s.row.(type) {
	case wire.Announce:
		err := d.Accept(view{d.w.room, s.step}, r, s.at)
		var need *NeedDevices
		if errors.As(err, &need) {
			for a := range d.w.known {
				d.learn(a)
			}
			err = d.Accept(view{d.w.room, s.step}, r, s.at)
		}
		d.refuse(err)
	case wire.Message:
		d.open(s)
	}
}

func (d *device) open(s stored) {
	d.w.t.Helper()
	o, err := d.Open(view{d.w.room, s.step}, only[wire.Message](s.row), s.at)
	var missing *MissingKey
	switch {
	case errors.As(err, &missing):
		d.late = append(d.late, s)
	case errors.Is(err, ErrKnown):
	case err != nil:
		d.refuse(err)
	default:
		body, textErr := o.Message.Text()
		must(d.w.t, textErr)
		d.note(o.Ref, body.Text)
	}
}

func (d *device) refuse(err error) {
	if err != nil && !errors.Is(err, ErrKnown) {
		d.refused = append(d.refused, err)
	}
}

// has fails unless the device has read a message.
func (d *device) has(ref inner.Ref, body string) {
	d.w.t.Helper()
	if got, ok := d.read[ref]; !ok || got != body {
		d.w.t.Fatalf("%s was not read (%q); refused: %v", body, got, d.refused)
	}
}

func (d *device) hasNot(ref inner.Ref) {
	d.w.t.Helper()
	if got, ok := d.read[ref]; ok {
		d.w.t.Fatalf("%q was read by somebody who must not", got)
	}
}

// isRefusal fails unless an error says that a row is not believed.
func isRefusal(t testing.TB, err error) {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) || core.CodeOf(err) != core.Denied || r.Error() == "" {
		t.Fatalf("want a refusal, got %v", err)
	}
}

// unchanged runs what must fail, and fails when it left a trace.
func (d *device) unchanged(call func() error) error {
	d.w.t.Helper()
	before := d.all()
	err := call()
	if err == nil {
		d.w.t.Fatal("want an error")
	}
	if !maps.EqualFunc(before, d.all(), bytes.Equal) {
		d.w.t.Fatal("a call that failed left traces")
	}
	return err
}

// all is every record as it is in memory.
func (d *device) all() map[string][]byte {
	out := map[string][]byte{keySelf: d.record(keySelf)}
	add := func(key string) { out[key] = d.record(key) }
	for a := range d.people {
		add(keyPerson(a))
	}
	for f := range d.peers {
		add(keyPeer(f))
	}
	for s := range d.streams {
		add(keyStream(s))
	}
	for k := range d.seen {
		add(keySeen(k))
	}
	for r := range d.outbound {
		add(keyOut(r))
	}
	for r := range d.shared {
		add(keyShared(r))
	}
	return out
}

// only is a row of a type that it is known to have.
func only[R wire.Row](row wire.Row) R {
	r, ok := row.(R)
	if !ok {
		panic("a row of another type")
	}
	return r
}

// pick is the rows of one type.
func pick[R wire.Row](rows []wire.Row) []R {
	var out []R
	for _, row := range rows {
		if r, ok := row.(R); ok {
			out = append(out, r)
		}
	}
	return out
}
