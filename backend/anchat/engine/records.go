package engine

// This file has the records: one small one for each thing that changes by itself,
// so that a message saves two or three of them.

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// The kinds of records, and the key of the one that there is once.
const (
	keySelf     = "self"
	kindPerson  = "person/"  // an account: certificates, lists, prekeys
	kindPeer    = "peer/"    // a device: Olm sessions with it
	kindStream  = "session/" // a session of a room: announcement and key
	kindSeen    = "seen/"    // which of its messages were here
	kindOut     = "out/"     // the session that we send with in a room
	kindShared  = "shared/"  // to whom its key was given
	seenPerPage = 32
)

// seenKey names a page of messages of a session.
type seenKey struct {
	session wire.Session
	page    uint32
}

// seenPage has the start of each message's hash; zero when it was not here.
type seenPage [seenPerPage][16]byte

func keyPerson(a wallet.Account) string { return kindPerson + wire.AccountID(a) }

func keyPeer(f wire.Fingerprint) string { return kindPeer + f.String() }

func keyStream(s wire.Session) string { return kindStream + s.String() }

func keySeen(k seenKey) string {
	return kindSeen + k.session.String() + "/" + strconv.FormatUint(uint64(k.page), 10)
}

func keyOut(r wire.Room) string { return kindOut + r.String() }

func keyShared(r wire.Room) string { return kindShared + r.String() }

// IsSession tells whether a record of Dirty is about a session of a room: its
// announcement or its key.
func IsSession(record string) bool { return strings.HasPrefix(record, kindStream) }

// record is what a key stands for at present, nil for nothing.
func (e *Olm) record(key string) []byte {
	if key == keySelf {
		return e.self.record()
	}
	kind, name := split(key)
	switch kind {
	case kindPerson:
		if a, err := wire.ParseAccountID(name); err == nil && e.people[a] != nil {
			return e.people[a].record()
		}
	case kindPeer:
		if p := e.peers[wire.Fingerprint(named(name))]; p != nil {
			return p.record()
		}
	case kindStream:
		if s := e.streams[wire.Session(named(name))]; s != nil {
			return s.record()
		}
	case kindSeen:
		if k, ok := seenName(name); ok && e.seen[k] != nil {
			return e.seen[k].record()
		}
	case kindOut:
		if o := e.outbound[wire.Room(named(name))]; o != nil {
			return o.record()
		}
	case kindShared:
		if s := e.shared[wire.Room(named(name))]; s != nil {
			return s.record()
		}
	}
	return nil
}

// restore makes what a key stands for as a record says; nil removes it.
func (e *Olm) restore(key string, value []byte) error {
	r := &reader{rest: value}
	if key == keySelf {
		e.self = self{}
		if value == nil {
			return nil
		}
		e.self = readSelf(r)
		return r.end()
	}
	kind, name := split(key)
	switch kind {
	case kindPerson:
		a, err := wire.ParseAccountID(name)
		if err != nil {
			return err
		}
		e.forget(a)
		if value != nil {
			e.remember(a, readPerson(r))
		}
		e.changes++
	case kindPeer:
		restoreInto(e.peers, wire.Fingerprint(named(name)), value, func() *peer { return readPeer(r) })
	case kindStream:
		s := wire.Session(named(name))
		e.weigh(e.streams[s], -1)
		restoreInto(e.streams, s, value, func() *stream { return readStream(r, s) })
		e.weigh(e.streams[s], 1)
	case kindSeen:
		k, ok := seenName(name)
		r.bad = !ok
		restoreInto(e.seen, k, value, func() *seenPage { return readSeen(r) })
	case kindOut:
		room := wire.Room(named(name))
		restoreInto(e.outbound, room, value, func() *outbound { return readOutbound(r) })
	case kindShared:
		room := wire.Room(named(name))
		restoreInto(e.shared, room, value, func() *shared { return readShared(r) })
	default:
		return core.Errorf(core.Internal, "this chat was saved by a newer version of the program; update it")
	}
	return r.end()
}

func restoreInto[K comparable, V any](m map[K]*V, key K, value []byte, read func() *V) {
	if value == nil {
		delete(m, key)
		return
	}
	m[key] = read()
}

func split(key string) (kind, name string) {
	if at := strings.IndexByte(key, '/'); at >= 0 {
		return key[:at+1], key[at+1:]
	}
	return key, ""
}

// named is the 32 bytes that a name in hex stands for; keys are made here alone.
func named(name string) (out [32]byte) {
	b, err := hex.DecodeString(name)
	if err == nil {
		copy(out[:], b)
	}
	return out
}

func seenName(name string) (seenKey, bool) {
	session, page, _ := strings.Cut(name, "/")
	n, err := strconv.ParseUint(page, 10, 32)
	return seenKey{session: wire.Session(named(session)), page: uint32(n)}, err == nil
}

func (s *seenPage) record() []byte {
	var mask [4]byte
	out := mask[:]
	for i, hash := range s {
		if hash != [16]byte{} {
			out[i/8] |= 1 << (i % 8)
			out = append(out, hash[:]...)
		}
	}
	return record(nil).bytes(out)
}

func readSeen(r *reader) *seenPage {
	b := r.bytes()
	if len(b) < 4 {
		r.bad = true
		return nil
	}
	mask, rest := binary.LittleEndian.Uint32(b), b[4:]
	page := &seenPage{}
	for i := range page {
		if mask&(1<<i) == 0 {
			continue
		}
		if len(rest) < 16 {
			r.bad = true
			return nil
		}
		page[i] = [16]byte(rest) //nolint:gosec // i is an index of page
		rest = rest[16:]
	}
	r.bad = r.bad || len(rest) > 0
	return page
}
