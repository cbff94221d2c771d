package engine

// This file has the device as a whole: what it holds, how it is saved, and how a
// call that fails leaves no trace.

import (
	"maps"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Engine is what seals and opens, whatever the suite. Olm is the one of suite 1.
type Engine interface {
	Suite() wire.Suite
	Device() wire.Fingerprint
	Account() wallet.Account
	// Dirty is how a caller saves, Rollback and Unsaved how it takes back.
	Dirty() map[string][]byte
	Rollback()
	Unsaved()

	Learn(account wallet.Account, d wire.Devices, now time.Time) (News, error)
	Publish(now time.Time) ([]wire.Row, error)
	Seal(r Room, m inner.Message, now time.Time) ([]wire.Row, inner.Ref, error)
	Accept(r Room, a wire.Announce, at time.Time) error
	Open(r Room, m wire.Message, at time.Time) (Opened, error)
	SealSecret(to []wire.Fingerprint, s inner.Secret, now time.Time) ([]wire.Row, error)
	OpenEnvelope(env wire.Envelope, at time.Time) (inner.Secret, wallet.Account, error)
	Share(r Room, to []wire.Fingerprint, sessions []wire.Session, now time.Time) ([]wire.Row, error)
	DropOutbound(r wire.Room)
}

// Room is what the engine asks of the state of a room; *room.State has it.
type Room interface {
	ID() wire.Room
	// Head is the last event; MemberAt says whether somebody was a member who may
	// write when head was the last one. known is false for heads that are not of this
	// room, or not here yet.
	Head() wire.Hash
	MemberAt(head wire.Hash, a wallet.Account) (member, known bool)
	// Members are all who may read, those who are invited too.
	Members() []room.Member
	// History is one of core.ChatHistoryJoined and core.ChatHistoryAll.
	History() string
	Mailbox() room.Mailbox     // where it lives
	Mailboxes() []room.Mailbox // where it lives and has lived
}

// Olm is one device: suite 1, Olm between devices and Megolm in rooms. It may be
// used from one goroutine at a time.
type Olm struct {
	self     self
	people   map[wallet.Account]*person
	devices  map[wire.Fingerprint]wallet.Account // whose a certified device is
	peers    map[wire.Fingerprint]*peer
	streams  map[wire.Session]*stream
	seen     map[seenKey]*seenPage
	outbound map[wire.Room]*outbound
	shared   map[wire.Room]*shared

	waiting int                    // keys that wait for an announcement
	brought map[wallet.Account]int // the same by who brought them
	changes uint64                 // goes up with everything that is learned of devices
	asked   *asked                 // what the wallet is being asked to sign

	journal map[string][]byte // records as they were at the last Dirty
	handed  map[string][]byte // those that it returned, as they were before
	// Records that Restored has changed; no Rollback takes that back.
	kept, keptHanded map[string][]byte
	running          map[string][]byte // the same since the running call began; nil between calls
}

var _ Engine = (*Olm)(nil)

// New makes a device with new keys for an account. It is nobody's until its wallet
// has signed for it: see EnrolmentRequest.
func New(account wallet.Account, now time.Time) (*Olm, error) {
	e := empty()
	err := e.atomic(func() error {
		e.touch(keySelf)
		var err error
		e.self, err = newSelf(account, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Load makes the device whose records Dirty returned. It returns core.Internal when
// they are damaged, and core.NotFound when there is no device among them.
func Load(records map[string][]byte) (*Olm, error) {
	e := empty()
	for key, value := range records {
		if err := e.restore(key, value); err != nil {
			return nil, err
		}
	}
	if e.self.account == nil {
		return nil, errNoDevice()
	}
	return e, nil
}

func empty() *Olm {
	return &Olm{
		people: map[wallet.Account]*person{}, devices: map[wire.Fingerprint]wallet.Account{},
		peers: map[wire.Fingerprint]*peer{}, streams: map[wire.Session]*stream{}, seen: map[seenKey]*seenPage{},
		outbound: map[wire.Room]*outbound{}, shared: map[wire.Room]*shared{}, journal: map[string][]byte{}, brought: map[wallet.Account]int{},
	}
}

// Suite is SuiteOlm.
func (*Olm) Suite() wire.Suite { return wire.SuiteOlm }

// Dirty returns the records that changed since it was called last, nil for one that
// is gone. The caller saves them together with what the calls gave.
func (e *Olm) Dirty() map[string][]byte {
	out := make(map[string][]byte, len(e.journal)+len(e.kept))
	for key := range e.journal {
		out[key] = e.record(key)
	}
	for key := range e.kept {
		out[key] = e.record(key)
	}
	e.handed, e.journal = e.journal, map[string][]byte{}
	e.keptHanded, e.kept = e.kept, nil
	return out
}

// Rollback takes back all calls since Dirty was called last, but for Restored.
func (e *Olm) Rollback() {
	back := e.journal
	e.journal = map[string][]byte{}
	e.takeBack(back)
}

// Unsaved says that the records of the last Dirty could not be saved: what they stand
// for is taken back, too.
func (e *Olm) Unsaved() {
	e.Rollback()
	e.takeBack(e.handed)
	e.keep(e.keptHanded)
	e.handed, e.keptHanded = nil, nil
}

// keep has records saved whatever is taken back.
func (e *Olm) keep(records map[string][]byte) {
	if e.kept == nil {
		e.kept = map[string][]byte{}
	}
	maps.Copy(e.kept, records)
}

// atomic runs a call that leaves all as it was when it returns an error.
func (e *Olm) atomic(call func() error) error {
	if e.running != nil { // part of a call that is atomic already
		return call()
	}
	e.running = map[string][]byte{}
	err := call()
	touched := e.running
	e.running = nil
	if err != nil {
		e.takeBack(touched)
		return err
	}
	for key, before := range touched {
		if _, ok := e.journal[key]; !ok {
			e.journal[key] = before
		}
	}
	return nil
}

// touch has to be called before what a record stands for is changed.
func (e *Olm) touch(key string) {
	if _, ok := e.running[key]; !ok {
		e.running[key] = e.record(key)
	}
}

func (e *Olm) takeBack(records map[string][]byte) {
	for key, value := range records {
		if err := e.restore(key, value); err != nil {
			panic("engine: a record that was just written cannot be read: " + err.Error())
		}
	}
}
