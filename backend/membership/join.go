package membership

// This file is the protocol by which a node comes into the network. Strangers
// speak it: what they send is bounded before it is read, and counted.

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	libp2pnet "github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"git.debros.io/DeBros/network/backend/core"
)

// JoinProtocol is the libp2p protocol of joining: one request, one answer, each
// four bytes of length, big-endian, and that many bytes of JSON.
const JoinProtocol protocol.ID = "/debros/join/1.0.0"

const (
	askJoin     = "join"
	askDescribe = "describe"
)

// request is what a node that wants to join says.
type request struct {
	Ask       string   `json:"ask"`
	Network   string   `json:"network,omitempty"` // "" when the node does not know it
	Ticket    string   `json:"ticket,omitempty"`
	Secret    string   `json:"secret,omitempty"` //nolint:gosec // hexadecimal; it is said to the network only
	Name      string   `json:"name,omitempty"`
	Version   string   `json:"version,omitempty"`
	Addresses []string `json:"addresses,omitempty"`
}

// Admission is what the network tells a node that it has admitted, and, without
// the system group's places, a guest.
type Admission struct {
	Network string `json:"network"`
	Name    string `json:"name"`
	System  []Hint `json:"system"`
	Members []Hint `json:"members"`
	Removed bool   `json:"removed,omitempty"` // it knows for sure that the asking node is no member
}

// reply carries an admission or the reason why there is none.
type reply struct {
	Code      core.Code  `json:"code,omitempty"`
	Sentence  string     `json:"sentence,omitempty"`
	Admission *Admission `json:"admission,omitempty"`
}

// Me is what a node says of itself when it joins.
type Me struct {
	Name, Version string
	Addresses     []string
}

// Redeem joins the network of a ticket: it asks the members that the ticket
// names, one after another, until one answers. Its error says why it was refused,
// or for each address why nobody answered.
func Redeem(ctx context.Context, h host.Host, ticket Invitation, me Me, progress func(core.JoinProgress)) (Admission, error) {
	if progress == nil {
		progress = func(core.JoinProgress) {}
	}
	ask := request{Ask: askJoin, Network: ticket.Network, Ticket: ticket.ID, Secret: hex.EncodeToString(ticket.secret[:])}
	var failures []error
	for i, info := range ticket.Addresses {
		progress(core.JoinProgress{Phase: core.JoinConnect, Detail: fmt.Sprintf("member %d of %d", i+1, len(ticket.Addresses))})
		a, err := askOne(ctx, h, info, ask, me, progress)
		if err == nil || !unreachable(err) {
			return a, err
		}
		failures = append(failures, err)
	}
	if len(failures) == 0 {
		return Admission{}, core.Errorf(core.Invalid, "the ticket names no member; ask for a new one")
	}
	return Admission{}, core.Wrap(core.Unavailable, errors.Join(failures...), "no member that the ticket names can be reached: %s", core.Sentence(failures[len(failures)-1]))
}

// JoinOpen joins the network of the node at info, which must admit everybody.
func JoinOpen(ctx context.Context, h host.Host, info peer.AddrInfo, me Me, progress func(core.JoinProgress)) (Admission, error) {
	if progress == nil {
		progress = func(core.JoinProgress) {}
	}
	progress(core.JoinProgress{Phase: core.JoinConnect})
	return askOne(ctx, h, info, request{Ask: askJoin}, me, progress)
}

// Describe asks a node which network it belongs to.
func Describe(ctx context.Context, h host.Host, id peer.ID) (Admission, error) {
	return askOne(ctx, h, peer.AddrInfo{ID: id}, request{Ask: askDescribe}, Me{}, func(core.JoinProgress) {})
}

// errUnreachable marks that a member gave no answer at all.
var errUnreachable = errors.New("no answer")

func unreachable(err error) bool { return errors.Is(err, errUnreachable) }

func askOne(ctx context.Context, h host.Host, info peer.AddrInfo, ask request, me Me, progress func(core.JoinProgress)) (Admission, error) {
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	fail := func(err error, what string) error {
		return core.Wrap(core.Unavailable, errors.Join(errUnreachable, err), "%s does not answer: %s", info.ID, what)
	}
	dial, stop := context.WithTimeout(ctx, dialTimeout)
	defer stop()
	if err := h.Connect(dial, info); err != nil {
		return Admission{}, fail(err, "it cannot be reached")
	}
	progress(core.JoinProgress{Phase: core.JoinAdmit})
	s, err := h.NewStream(ctx, info.ID, JoinProtocol)
	if err != nil {
		return Admission{}, fail(err, "it does not let nodes join")
	}
	defer func() { _ = s.Reset() }() //nolint:errcheck // all was said
	ask.Name, ask.Version, ask.Addresses = me.Name, me.Version, bounded(me.Addresses)
	if err := s.SetDeadline(time.Now().Add(joinTimeout)); err != nil {
		return Admission{}, fail(err, "the connection broke")
	}
	if err := writeFrame(s, ask); err != nil {
		return Admission{}, fail(err, "the connection broke")
	}
	var answer reply
	if err := readFrame(s, &answer); err != nil {
		return Admission{}, fail(err, "the connection broke")
	}
	switch {
	case answer.Code != "":
		return Admission{}, core.Errorf(answer.Code, "%s", answer.Sentence)
	case answer.Admission == nil || !ValidID(answer.Admission.Network) || len(answer.Admission.System) > MaxHints:
		return Admission{}, core.Errorf(core.Invalid, "%s gave an answer that makes no sense", info.ID)
	case ask.Network != "" && answer.Admission.Network != ask.Network:
		return Admission{}, core.Errorf(core.Invalid, "%s belongs to another network than the ticket", info.ID)
	}
	return *answer.Admission, nil
}

// serve answers the join protocol until ctx ends and the handler is removed.
func (m *Membership) serve(ctx context.Context) {
	slots := make(chan struct{}, MaxJoins)
	m.host.SetStreamHandler(JoinProtocol, func(s libp2pnet.Stream) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
		default:
			_ = s.Reset() //nolint:errcheck // there is nobody to tell
			return
		}
		inTime, cancel := context.WithTimeout(ctx, joinTimeout)
		defer cancel()
		stop := context.AfterFunc(inTime, func() { _ = s.Reset() }) //nolint:errcheck // as above
		defer stop()
		if m.answer(inTime, s) != nil {
			_ = s.Reset() //nolint:errcheck // as above
			return
		}
		_ = s.Close() //nolint:errcheck // as above
	})
}

func (m *Membership) answer(ctx context.Context, s libp2pnet.Stream) error {
	if err := s.SetDeadline(time.Now().Add(joinTimeout)); err != nil {
		return err
	}
	var ask request
	if err := readFrame(s, &ask); err != nil {
		return err
	}
	id := s.Conn().RemotePeer()
	a, err := Admission{}, error(nil)
	if m.askers.allowed(id) {
		a, err = m.admit(ctx, id, ask)
	} else {
		err = core.Errorf(core.Limited, "this node asked too often; wait a minute")
	}
	if err != nil {
		m.log.Info("a node was not admitted", core.KeyPeer, id.String(), core.KeyError, err)
		return writeFrame(s, reply{Code: core.CodeOf(err), Sentence: core.Sentence(err)})
	}
	return writeFrame(s, reply{Admission: &a})
}

// admit decides about one request.
func (m *Membership) admit(ctx context.Context, id peer.ID, ask request) (Admission, error) {
	r := m.Record()
	a := Admission{Network: r.ID, Name: r.Name}
	switch {
	case ask.Ask == askDescribe:
		a.Members = m.addresses()
		a.Removed = m.isNoMember(ctx, id)
		return a, nil
	case ask.Ask != askJoin:
		return a, core.Errorf(core.Invalid, "this node does not know what %q asks for; update it", clip(ask.Ask, 32))
	case ask.Network != "" && ask.Network != r.ID:
		return a, core.Errorf(core.Denied, "this ticket is for another network than this member's")
	case ask.Ticket == "" && !m.settings.OpenJoin:
		return a, core.Errorf(core.Denied, "this network admits nodes with a ticket only; ask a member for one: debros invite")
	}
	var err error
	if ask.Ticket == "" {
		err = m.addMember(ctx, id, ask)
	} else {
		err = m.redeem(ctx, id, ask)
	}
	if err != nil {
		return a, err
	}
	m.log.Info("a node was admitted", core.KeyPeer, id.String(), "name", clip(ask.Name, MaxNameBytes))
	m.mu.Lock()
	m.members[id.String()] = member{ID: id.String(), State: core.MemberActive, Addresses: bounded(ask.Addresses)}
	m.mu.Unlock()
	m.poke()
	a.System, a.Members = m.systemPlaces(), m.addresses()
	return a, nil
}

// systemPlaces are the places of the system group with addresses.
func (m *Membership) systemPlaces() []Hint {
	hints := slices.Clone(m.Record().System)
	for i := range hints {
		if hints[i].ID == m.self {
			hints[i].Addresses = bounded(m.settings.Addresses())
		}
	}
	return hints
}

// addresses are some members and where they are.
func (m *Membership) addresses() []Hint {
	hints := []Hint{{ID: m.self, Addresses: bounded(m.settings.Addresses())}}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, one := range m.members {
		if id != m.self && len(hints) < MaxTold && len(one.Addresses) > 0 {
			hints = append(hints, Hint{ID: id, Addresses: one.Addresses})
		}
	}
	return hints
}

const memberSQL = `INSERT INTO members(id, name, addresses, version, state, joined_at, seen_at) SELECT ?1, ?2, ?3, ?4, 'active', ?5, ?5`

const memberAgainSQL = ` ON CONFLICT(id) DO UPDATE SET name = excluded.name, addresses = excluded.addresses, version = excluded.version, state = 'active', seen_at = excluded.seen_at`

func (m *Membership) memberArgs(id peer.ID, ask request) []any {
	return []any{
		id.String(), clip(ask.Name, MaxNameBytes), encodeList(bounded(ask.Addresses)), clip(ask.Version, MaxVersionBytes),
		m.settings.Now().UnixMilli(),
	}
}

func (m *Membership) addMember(ctx context.Context, id peer.ID, ask request) error {
	results, err := m.exec(ctx, core.Statement{
		SQL:  memberSQL + ` WHERE (SELECT count(*) FROM members) < ?6` + memberAgainSQL,
		Args: append(m.memberArgs(id, ask), MaxMembers),
	})
	if err == nil && results[0].RowsAffected == 0 {
		return core.Errorf(core.Limited, "the network has %d members, the most there can be", MaxMembers)
	}
	return err
}

// redeem uses a ticket up: of all that try, on whichever members, one wins. The
// same node may repeat it, as its answer may have been lost.
func (m *Membership) redeem(ctx context.Context, id peer.ID, ask request) error {
	secret, err := hex.DecodeString(ask.Secret)
	if err != nil || len(secret) != secretBytes || len(ask.Ticket) != 2*ticketIDBytes {
		return errUnknownTicket()
	}
	hash, now := hashSecret(secret), m.settings.Now().UnixMilli()
	results, err := m.exec(ctx,
		core.Statement{
			SQL: `UPDATE tickets SET used_at = CASE used_at WHEN 0 THEN ?3 ELSE used_at END, used_by = ?4
				WHERE id = ?1 AND secret_hash = ?2 AND revoked_at = 0 AND expires_at > ?3 AND used_by IN ('', ?4)`,
			Args: []any{ask.Ticket, hash, now, id.String()},
		},
		core.Statement{
			SQL: memberSQL + ` WHERE EXISTS (SELECT 1 FROM tickets WHERE id = ?6 AND secret_hash = ?7 AND used_by = ?1 AND revoked_at = 0 AND expires_at > ?5)
				AND (SELECT count(*) FROM members) < ?8` + memberAgainSQL,
			Args: append(m.memberArgs(id, ask), ask.Ticket, hash, MaxMembers),
		})
	switch {
	case err != nil:
		return err
	case results[0].RowsAffected == 1 && results[1].RowsAffected == 1:
		return nil
	case results[0].RowsAffected == 1:
		return core.Errorf(core.Limited, "the network has %d members, the most there can be", MaxMembers)
	}
	return m.whyNot(ctx, ask.Ticket, hash, id.String())
}

// whyNot says why a ticket does not admit. Who does not know the secret learns
// nothing about the ticket.
func (m *Membership) whyNot(ctx context.Context, ticket, hash, node string) error {
	rows, err := m.query(ctx, core.LevelWeak, `SELECT expires_at, used_at, used_by, revoked_at FROM tickets WHERE id = ? AND secret_hash = ?`, ticket, hash)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errUnknownTicket()
	}
	now := m.settings.Now()
	switch row := rows[0]; {
	case number(row[3]) != 0:
		return core.Errorf(core.Denied, "this ticket was revoked %s ago; ask for a new one: debros invite", age(now, moment(row[3])))
	case text(row[2]) != "" && text(row[2]) != node:
		return core.Errorf(core.Denied, "this ticket was used by another node %s ago; a ticket admits one: ask for a new one", age(now, moment(row[1])))
	}
	return core.Errorf(core.Denied, "this ticket expired %s ago; ask for a new one: debros invite", age(now, moment(rows[0][0])))
}

func age(now, then time.Time) string { return max(now.Sub(then), 0).Round(time.Second).String() }

func errUnknownTicket() error {
	return core.Errorf(core.Denied, "the network does not know this ticket; ask for a new one: debros invite")
}

// clip cuts foreign text, and drops the half letter that a cut may leave: the
// tables take whole ones only.
func clip(s string, most int) string { return strings.ToValidUTF8(s[:min(len(s), most)], "") }

// writeFrame and readFrame are the form of a message.
func writeFrame(w io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	if len(data) > MaxFrameBytes {
		return core.Errorf(core.TooLarge, "a message of the join protocol has at most %d bytes", MaxFrameBytes)
	}
	_, err = w.Write(append(binary.BigEndian.AppendUint32(nil, uint32(len(data))), data...)) //nolint:gosec // bounded above
	return err
}

func readFrame(r io.Reader, v any) error {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > MaxFrameBytes {
		return core.Errorf(core.TooLarge, "a message of the join protocol has at most %d bytes", MaxFrameBytes)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// askers count the requests of peers, so that nobody can guess tickets quickly.
type askers struct {
	now func() time.Time

	mu    sync.Mutex
	since time.Time
	count map[peer.ID]int // at most MaxAskers, within one minute
}

func newAskers(now func() time.Time) *askers { return &askers{now: now, count: map[peer.ID]int{}} }

func (a *askers) allowed(id peer.ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now := a.now(); now.Sub(a.since) >= time.Minute || now.Before(a.since) {
		a.since = now
		clear(a.count)
	}
	if _, known := a.count[id]; !known && len(a.count) >= MaxAskers {
		return false
	}
	a.count[id]++
	return a.count[id] <= MaxJoinsPerMinute
}
