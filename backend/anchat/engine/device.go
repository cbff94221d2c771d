package engine

// This file has the own device: its keys, its certificate, what it signs.

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"maunium.net/go/mautrix/crypto/goolm/account"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// PrekeyLife is how long a fallback key is the newest one. Two are kept, so a first
// message that was made with one opens for twice as long.
const PrekeyLife = 7 * 24 * time.Hour

// self is the own device.
type self struct {
	account   *account.Account // keys
	statement wire.Statement
	device    wire.Fingerprint
	prekey    *wire.Prekey // newest
	stale     bool         // a newer one may be published, whose secret is not here
	rows      [][]byte     // certificates and wallet-signed lists of this device, as Certify gave them
}

// maxOwnRows bounds what Own repeats: a certificate and a list a year.
const maxOwnRows = 8

// asked is what the wallet is being asked to sign.
type asked struct {
	text string
	list *wire.List // that adds the device; nil when it is listed
}

func newSelf(a wallet.Account, now time.Time) (self, error) {
	if wire.AccountID(a) == "" {
		return self{}, core.Errorf(core.Invalid, "a device belongs to a wallet; none is named")
	}
	keys, err := account.NewAccount()
	if err != nil {
		return self{}, core.Wrap(core.Internal, err, "the keys of this device could not be made")
	}
	s := self{account: keys}
	s.statement = wire.Statement{
		Account: a, Signing: [32]byte(keys.IdKeys.Ed25519.PublicKey), Identity: [32]byte(keys.IdKeys.Curve25519.PublicKey), CreatedAt: wire.Time(now),
	}
	s.device = s.statement.Fingerprint()
	return s, nil
}

func (s self) record() []byte {
	if s.account == nil {
		return nil
	}
	out := record(nil).bytes([]byte(wire.AccountID(s.statement.Account))).time(s.statement.CreatedAt).bytes(s.account.PickleLibOlm())
	var prekey []byte
	if s.prekey != nil {
		prekey = s.prekey.Encode()
	}
	out = out.bytes(prekey).flag(s.stale).number(uint64(len(s.rows)))
	for _, row := range s.rows {
		out = out.bytes(row)
	}
	return out
}

func readSelf(r *reader) self {
	a, err := wire.ParseAccountID(string(r.bytes()))
	created := r.time()
	keys := &account.Account{}
	if err != nil || keys.UnpickleLibOlm(r.bytes()) != nil {
		r.bad = true
		return self{}
	}
	s := self{account: keys, statement: wire.Statement{Account: a, CreatedAt: created}}
	s.statement.Signing, s.statement.Identity = [32]byte(keys.IdKeys.Ed25519.PublicKey), [32]byte(keys.IdKeys.Curve25519.PublicKey)
	s.device = s.statement.Fingerprint()
	if b := r.bytes(); len(b) > 0 {
		row, decodeErr := wire.Decode(b)
		prekey, ok := row.(wire.Prekey)
		r.bad = r.bad || decodeErr != nil || !ok
		s.prekey = &prekey
	}
	s.stale = r.flag()
	for n := r.count(); n > 0 && !r.bad; n-- {
		s.rows = append(s.rows, r.bytes())
	}
	return s
}

func errNoDevice() error {
	return core.Errorf(core.NotFound, "there is no device in this chat's records")
}

// Device names this device.
func (e *Olm) Device() wire.Fingerprint { return e.self.device }

// Account is whose device it is.
func (e *Olm) Account() wallet.Account { return e.self.statement.Account }

// Statement is what the device says of itself.
func (e *Olm) Statement() wire.Statement { return e.self.statement }

// Sign signs what wire.Signed wrote under one of its labels, and nothing else.
func (e *Olm) Sign(signed []byte) ([]byte, error) {
	label, _, ok := bytes.Cut(signed, []byte{0})
	if !ok || !slices.Contains(wire.Labels(), string(label)) {
		return nil, core.Errorf(core.Invalid, "a device signs for the purposes of the chat only")
	}
	signature, err := e.self.account.IdKeys.Ed25519.Sign(signed)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "this device could not sign")
	}
	return signature, nil
}

// SignEvent makes an event of a room this device's.
func (e *Olm) SignEvent(v wire.Event, now time.Time) (wire.Event, error) {
	v.Device, v.At = e.self.device, wire.Time(now)
	return v.SignBy(e.Sign)
}

// SignFleeting makes what is told and never stored this device's.
func (e *Olm) SignFleeting(f wire.Fleeting, now time.Time) (wire.Fleeting, error) {
	f.Device, f.At = e.self.device, wire.Time(now)
	return f.SignBy(e.Sign)
}

// Knock asks to be let in at the mailbox of an invite, whose secret proves it.
func (e *Olm) Knock(mailbox wire.Name, secret [32]byte, now time.Time) (wire.Knock, error) {
	k := wire.Knock{Mailbox: mailbox, Device: e.self.device, At: wire.Time(now), Proof: wire.KnockProof(secret, mailbox, e.self.device)}
	return k.SignBy(e.Sign)
}

// Ack says that envelopes were taken in.
func (e *Olm) Ack(envelopes []wire.EnvelopeID, now time.Time) (wire.Ack, error) {
	if len(envelopes) == 0 || len(envelopes) > wire.MaxAcked {
		return wire.Ack{}, core.Errorf(core.TooLarge, "one receipt names 1 to %d envelopes", wire.MaxAcked)
	}
	return wire.Ack{Device: e.self.device, Envelopes: envelopes, At: wire.Time(now)}.SignBy(e.Sign)
}

// Erase asks to empty a message that this device sealed.
func (e *Olm) Erase(ref inner.Ref, now time.Time) (wire.Erase, error) {
	if s := e.streams[ref.Session]; s == nil || !s.announcedBy(e.self.device) {
		return wire.Erase{}, core.Errorf(core.Denied, "only the device that sent a message can have it erased")
	}
	return wire.Erase{Session: ref.Session, Index: ref.Index, Device: e.self.device, At: wire.Time(now)}.SignBy(e.Sign)
}

// EnrolmentRequest prepares what the wallet is asked to sign: that this device is
// one of its devices, and the list that says so. For a device that is listed it is
// the renewal of its certificate. known is what the service has of the account. It
// returns core.TooLarge when the account has no room for another device.
func (e *Olm) EnrolmentRequest(known wire.Devices, domain, code, nonce string, now time.Time) (wire.Request, error) {
	if _, err := e.Learn(e.Account(), known, now); err != nil {
		return wire.Request{}, err
	}
	list, listed := e.ListOf(e.Account())
	next := &wire.List{Account: e.Account()}
	switch {
	case listed && list.Lives(e.self.device):
		next = nil
	case listed && len(list.Live) >= wire.MaxLiveDevices:
		return wire.Request{}, core.Errorf(core.TooLarge, "this wallet has %d devices already; revoke one first", wire.MaxLiveDevices)
	case listed && e.people[e.Account()].lives[e.self.device] != nil:
		return wire.Request{}, core.Errorf(core.Denied, "this device was revoked; forget it here and begin as a new one")
	case listed:
		*next = list.With(e.self.device, now)
	default:
		*next = next.With(e.self.device, now)
	}
	request := wire.Request{Device: e.self.statement, List: list, Domain: domain, Code: code, Nonce: nonce, IssuedAt: now.UTC().Truncate(time.Second)}
	if next != nil {
		request.List = *next
	}
	text, err := request.Text()
	if err != nil {
		return wire.Request{}, err
	}
	e.asked = &asked{text: text, list: next}
	return request, nil
}

// Certify takes the wallet's signature of the text that was asked for last, and
// returns the rows to store: the certificate and the list. They count once Learn
// has them from the service, since somebody else may have been faster.
func (e *Olm) Certify(text, signature string, now time.Time) ([]wire.Row, error) {
	if e.asked == nil || e.asked.text != text {
		return nil, core.Errorf(core.Conflict, "this is not the text that the wallet was asked to sign last; begin again")
	}
	c := wire.Certificate{Statement: e.self.statement, Text: text, Signature: strings.TrimSpace(signature)}
	certified, err := c.Check()
	if err != nil {
		return nil, err
	}
	if !certified.Covers(now) {
		return nil, core.Errorf(core.Denied, "this certificate does not hold now; check the clock of this computer")
	}
	rows := []wire.Row{c}
	if e.asked.list != nil {
		if !certified.Backs(*e.asked.list) {
			return nil, core.Errorf(core.Internal, "the certificate does not name the list that it was asked for")
		}
		rows = append(rows, *e.asked.list)
	}
	err = e.atomic(func() error {
		e.touch(keySelf)
		for _, row := range rows {
			e.self.rows = append(e.self.rows, row.Encode())
		}
		if over := len(e.self.rows) - maxOwnRows; over > 0 {
			e.self.rows = e.self.rows[over:]
		}
		return nil
	})
	e.asked = nil
	return rows, err
}

// Own is all that this device has published of itself: certificates, lists that
// its wallet signed for it, the prekey. Rows may be stored any number of times, so
// after an outcome that is unknown all of them are.
func (e *Olm) Own() []wire.Row {
	var rows []wire.Row
	for _, b := range e.self.rows {
		if row, err := wire.Decode(b); err == nil {
			rows = append(rows, row)
		}
	}
	if e.self.prekey != nil {
		rows = append(rows, *e.self.prekey)
	}
	return rows
}

// Publish returns a new prekey when one is due: at first, every PrekeyLife, and after
// Restored.
func (e *Olm) Publish(now time.Time) (rows []wire.Row, err error) {
	if p := e.self.prekey; p != nil && !e.self.stale && now.Before(p.At.Add(PrekeyLife)) && !now.Before(p.At.Add(-wire.MaxSkew)) {
		return nil, nil
	}
	err = e.atomic(func() error {
		e.touch(keySelf)
		id := uint64(now.UnixMilli()) // above what an older copy of this device has published
		if e.self.prekey != nil {
			id = max(id, e.self.prekey.ID+1)
		}
		if err = e.self.account.GenFallbackKey(); err != nil {
			return core.Wrap(core.Internal, err, "a new key of this device could not be made")
		}
		key := e.self.account.CurrentFallbackKey.Key.PublicKey
		prekey, signErr := wire.Prekey{Device: e.self.device, ID: id, Key: [32]byte(key), At: wire.Time(now)}.SignBy(e.Sign)
		e.self.prekey, e.self.stale, rows = &prekey, false, []wire.Row{prekey}
		return signErr
	})
	return rows, err
}

// Approve vouches for a device of the own account: its next list, signed by this
// device. It counts once Learn has it from the service.
func (e *Olm) Approve(f wire.Fingerprint, now time.Time) ([]wire.Row, error) {
	k, ok := e.Lookup(f)
	if !ok || k.Statement.Account != e.Account() {
		return nil, core.Errorf(core.NotFound, "there is no such device of this wallet")
	}
	return e.nextList(now, func(l wire.List) (wire.List, error) {
		if l.RevokedAt(f) != (time.Time{}) {
			return l, core.Errorf(core.Denied, "this device was revoked; it has to begin as a new one")
		}
		return l.With(f, now), nil
	})
}

// Revoke ends a device of the own account: its next list, signed by this device. It
// counts once Learn has it from the service.
func (e *Olm) Revoke(f wire.Fingerprint, now time.Time) ([]wire.Row, error) {
	return e.nextList(now, func(l wire.List) (wire.List, error) {
		if !l.Lives(f) {
			return l, core.Errorf(core.NotFound, "there is no such live device of this wallet")
		}
		return l.Without(f, now), nil
	})
}

func (e *Olm) nextList(now time.Time, change func(wire.List) (wire.List, error)) ([]wire.Row, error) {
	if err := e.mayAct(now); err != nil {
		return nil, err
	}
	list, _ := e.ListOf(e.Account())
	next, err := change(list)
	if err == nil {
		err = next.Check()
	}
	if err != nil {
		return nil, err
	}
	next, err = next.SignBy(e.self.device, e.Sign)
	if err != nil {
		return nil, err
	}
	return []wire.Row{next}, nil
}

// mayAct returns core.Denied unless this device is certified, listed and not revoked.
func (e *Olm) mayAct(now time.Time) error {
	k, ok := e.Lookup(e.self.device)
	switch {
	case !ok:
		return core.Errorf(core.Denied, "this device is not certified by its wallet yet")
	case !k.Live:
		return core.Errorf(core.Denied, "this device was revoked; it sends and reads nothing new")
	case !k.covers(now):
		return core.Errorf(core.Denied, "the certificate of this device has ended; renew it with the wallet")
	}
	return nil
}
