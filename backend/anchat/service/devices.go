package service

// This file keeps what everybody may know of accounts: certificates, lists,
// fallback keys. It also removes envelopes that have arrived.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// single is a row that is stored by itself and has no number in a box.
type single struct {
	put   *put
	entry *entry // nil when it turned out to be stored
	made  core.Statement
	// why finds out why the statement did nothing; nil when it cannot do nothing.
	why func(ctx context.Context) (verdict, error)
}

// verdict says why a row was not stored. The zero value says that it can be now.
type verdict struct {
	refusal error
	stored  bool // before, and the log entry is not after index
	index   uint64
}

func (s *single) all() []*entry {
	if s.entry == nil {
		return nil
	}
	return []*entry{s.entry}
}

func (s *single) statement() (core.Statement, error) { return s.made, nil }

func (s *single) stored(r core.ExecResult) ([]uint64, bool) {
	return []uint64{0}, s.why == nil || r.RowsAffected > 0
}

func (s *single) refused(ctx context.Context) (done []receipted, why *fault, err error) {
	v, err := s.why(ctx)
	switch {
	case err != nil:
		return nil, nil, err
	case v.stored:
		done = []receipted{{s.entry, 0, v.index}}
		s.entry = nil
	case v.refusal != nil:
		why = &fault{s.entry, v.refusal}
	}
	return done, why, nil
}

// single makes the step of a row that belongs to no box.
func (p *put) single(e *entry, f *facts) step {
	one := &single{put: p, entry: e}
	switch r := e.row.(type) {
	case wire.Certificate:
		one.certificate(r, f.certs[e])
	case wire.List:
		one.list(r)
	case wire.Prekey:
		one.prekey(r)
	case wire.Ack:
		one.ack(r)
	}
	return one
}

func (s *single) certificate(c wire.Certificate, certified wire.Certified) {
	account, hash := wire.AccountID(c.Account), sha256.Sum256(s.entry.encoded)
	s.made = stmt(`INSERT INTO device_certs(device, hash, account, signing, list_version, list_hash, expires_at, row)
 SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM device_certs WHERE account = ?) < ?
 ON CONFLICT DO NOTHING RETURNING 1`,
		certified.Device[:], hash[:], account, c.Signing[:], certified.ListVersion, certified.ListHash[:], certified.ExpiresAt, s.entry.encoded, account, MaxCertificates)
	s.why = func(ctx context.Context) (v verdict, err error) {
		rows, err := s.put.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT EXISTS (SELECT 1 FROM device_certs WHERE device = ? AND hash = ?),
 (SELECT count(*) FROM device_certs WHERE account = ?)`, certified.Device[:], hash[:], account))
		switch {
		case err != nil || len(rows.Values) == 0:
		case number(rows.Values[0][0]) != 0:
			v = verdict{stored: true, index: rows.Provenance.Index}
		case number(rows.Values[0][1]) >= MaxCertificates:
			v.refusal = core.Errorf(core.Limited, "this wallet has %d certificates, and more are not kept", MaxCertificates)
		}
		return v, err
	}
}

// list takes the next version. One that a device has signed follows the newest,
// and that device lives in it. One that the wallet has signed may follow an earlier
// one, so that what a stolen device has written in between counts for nothing.
func (s *single) list(l wire.List) {
	account, hash, now := wire.AccountID(l.Account), l.Hash(), s.put.settings.Now()
	byWallet, most := 0, MaxLists
	if l.Signer == (wire.Fingerprint{}) {
		byWallet, most = 1, MaxCertificates
	}
	var b builder
	b.add(`INSERT INTO device_lists(account, version, hash, wallet, live, row) SELECT ?, ?, ?, ?, ?, ?
 WHERE coalesce((SELECT max(version) FROM device_lists WHERE account = ?), 0) = ?
 AND (SELECT count(*) FROM device_lists WHERE account = ? AND wallet = ?) < ?`,
		account, l.Version, hash[:], byWallet, liveText(l.Live), s.entry.encoded, account, l.Version-1, account, byWallet, most)
	if l.Version > 1 {
		b.add(` AND EXISTS (SELECT 1 FROM device_lists WHERE account = ? AND hash = ? AND (? OR version = ?))`, account, l.Parent[:], byWallet, l.Version-1)
	}
	b.signedList(l, account, now)
	b.all(` AND (SELECT count(*) FROM devices WHERE account = ? AND device IN `, fingerprints(l.Live), account)
	b.add(` RETURNING 1`)
	s.made = stmt(b.sql.String(), b.args...)
	s.why = func(ctx context.Context) (verdict, error) { return s.whyNoList(ctx, l, account, most) }
}

// signedList demands that who signed the list may: a device that lives in the
// newest one, or the wallet through the certificate of a device that the list names.
func (b *builder) signedList(l wire.List, account string, now time.Time) {
	if l.Signer != (wire.Fingerprint{}) {
		b.add(` AND EXISTS (SELECT 1 FROM devices WHERE device = ? AND account = ? AND live AND expires_at > ?)`, l.Signer[:], account, now)
		return
	}
	hash := l.Hash()
	b.add(` AND EXISTS (SELECT 1 FROM device_certs WHERE account = ? AND list_version = ? AND list_hash = ? AND expires_at > ? AND device IN `,
		account, l.Version, hash[:], now)
	b.in(fingerprints(l.Live))
	b.add(`)`)
}

func (s *single) whyNoList(ctx context.Context, l wire.List, account string, most int) (v verdict, err error) {
	rows, err := s.put.atLeader(ctx, core.QueryOptions{}, stmt(
		`SELECT version, hash, row, wallet FROM device_lists WHERE account = ? ORDER BY version`, account))
	if err != nil {
		return v, err
	}
	var last, same uint64
	parent := l.Version == 1
	for _, row := range rows.Values {
		last = count(row[0])
		switch {
		case last == l.Version && s.entry.sameRow(raw(row[2])):
			return verdict{stored: true, index: rows.Provenance.Index}, nil
		case last == l.Version:
			v.refusal = core.Errorf(core.Conflict, "another version %d of the list of devices is stored; read it, then make the next one", l.Version)
			return v, nil
		}
		parent = parent || bytes.Equal(raw(row[1]), l.Parent[:]) && (l.Signer == wire.Fingerprint{} || last == l.Version-1)
		if (number(row[3]) != 0) == (l.Signer == wire.Fingerprint{}) {
			same++
		}
	}
	switch {
	case last != l.Version-1 || !parent:
		v.refusal = core.Errorf(core.Conflict, "this list of devices does not follow the one that is stored, which has version %d; read that first", last)
	case same >= uint64(most): //nolint:gosec // a constant above 0
		v.refusal = core.Errorf(core.Limited, "the list of devices was changed %d times, and more versions are not kept", most)
	default:
		v.refusal, err = s.whyNotSigned(ctx, l, account)
	}
	return v, err
}

// whyNotSigned tells what is missing of a list whose place is right: a refusal, or
// nil when nothing is by now.
func (s *single) whyNotSigned(ctx context.Context, l wire.List, account string) (refusal, err error) {
	var b builder
	b.add(`SELECT (SELECT count(*) FROM devices WHERE account = ? AND device IN `, account)
	b.in(fingerprints(l.Live))
	b.add(`), EXISTS (SELECT 1 WHERE true`)
	b.signedList(l, account, s.put.settings.Now())
	b.add(`)`)
	rows, err := s.put.atLeader(ctx, core.QueryOptions{}, stmt(b.sql.String(), b.args...))
	switch {
	case err != nil || len(rows.Values) == 0:
		return nil, err
	case number(rows.Values[0][0]) < int64(len(l.Live)):
		return core.Errorf(core.NotFound, "the list names a device without a certificate; put that first"), nil
	case number(rows.Values[0][1]) == 0 && l.Signer == wire.Fingerprint{}:
		return core.Errorf(core.Denied, "no certificate of the wallet names this list of devices"), nil
	case number(rows.Values[0][1]) == 0:
		return errNotLive(), nil
	}
	return nil, nil
}

// prekey keeps a key that is newer than those before it.
func (s *single) prekey(p wire.Prekey) {
	now := s.put.settings.Now()
	s.made = stmt(`INSERT INTO prekeys(device, id, row) SELECT ?, ?, ?
 WHERE EXISTS (SELECT 1 FROM devices WHERE device = ? AND live AND expires_at > ?)
 AND coalesce((SELECT max(id) FROM prekeys WHERE device = ?), -1) < ? RETURNING 1`,
		p.Device[:], p.ID, s.entry.encoded, p.Device[:], now, p.Device[:], p.ID)
	s.why = func(ctx context.Context) (v verdict, err error) {
		rows, err := s.put.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT (SELECT row FROM prekeys WHERE device = ? AND id = ?),
 EXISTS (SELECT 1 FROM devices WHERE device = ? AND live AND expires_at > ?), coalesce((SELECT max(id) FROM prekeys WHERE device = ?), -1)`,
			p.Device[:], p.ID, p.Device[:], now, p.Device[:]))
		switch {
		case err != nil || len(rows.Values) == 0:
		case s.entry.sameRow(raw(rows.Values[0][0])):
			v = verdict{stored: true, index: rows.Provenance.Index}
		case number(rows.Values[0][1]) == 0:
			v.refusal = errNotLive()
		case number(rows.Values[0][2]) >= int64(p.ID): //nolint:gosec // judged by judge
			v.refusal = core.Errorf(core.Conflict, "this key is not newer than the one that is stored; make another with a higher number")
		}
		return v, err
	}
}

// ack removes what has arrived. What is not there any more has been removed before.
func (s *single) ack(a wire.Ack) {
	var b builder
	b.add(`DELETE FROM log WHERE box = ? AND kind = ? AND key IN `, a.Device[:], int(wire.KindEnvelope))
	keys := make([][]byte, 0, len(a.Envelopes))
	for _, id := range a.Envelopes {
		keys = append(keys, envelopeKey(a.Device, id))
	}
	b.in(keys)
	s.made = stmt(b.sql.String(), b.args...)
}

func envelopeKey(to wire.Fingerprint, id wire.EnvelopeID) []byte {
	return append(append([]byte{}, to[:]...), id[:]...)
}

func fingerprints(list []wire.Fingerprint) [][]byte {
	out := make([][]byte, 0, len(list))
	for _, f := range list {
		out = append(out, f[:])
	}
	return out
}

// liveText is how the tables hold the devices of a list, see device_lists.
func liveText(list []wire.Fingerprint) string {
	var b strings.Builder
	b.WriteByte(',')
	for _, f := range list {
		b.WriteString(strings.ToUpper(f.String()))
		b.WriteByte(',')
	}
	return b.String()
}

// DevicesOf reads what is known of an account.
func (c *caller) DevicesOf(ctx context.Context, account wallet.Account) (wire.Devices, error) {
	id := wire.AccountID(account)
	rows, err := c.atLeader(ctx, core.QueryOptions{}, stmt(`SELECT 1 AS part, rowid AS place, row FROM device_certs WHERE account = ?
 UNION ALL SELECT 2, version, row FROM device_lists WHERE account = ?
 UNION ALL SELECT 3, id, row FROM prekeys WHERE device IN (SELECT device FROM devices WHERE account = ? AND live) ORDER BY part, place`, id, id, id))
	if err != nil {
		return wire.Devices{}, err
	}
	if rows.Truncated {
		return wire.Devices{}, core.Errorf(core.TooLarge, "more is known of this account than one answer holds")
	}
	var d wire.Devices
	for _, row := range rows.Values {
		decoded, err := wire.Decode(raw(row[2]))
		if err != nil {
			return wire.Devices{}, core.Wrap(core.Internal, err, "a row of the tables cannot be read")
		}
		switch r := decoded.(type) {
		case wire.Certificate:
			d.Certificates = append(d.Certificates, r)
		case wire.List:
			d.Lists = append(d.Lists, r)
		case wire.Prekey:
			d.Prekeys = append(d.Prekeys, r)
		}
	}
	return d, nil
}
