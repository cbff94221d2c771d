package paths

// This file carries reports from member to member.
//
//	asker:  own report | {"want":[ids]}
//	answer: {"now":ms,"ages":[ms]} | own report | a report for each further age
//
// Each part is four bytes of length and as many bytes.

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// Protocol is the name under which it is spoken.
const Protocol = "/debros/paths/1.0.0"

const (
	// maxWanted bounds the reports of others in one answer.
	maxWanted = 16
	// maxNote bounds the two small parts: ids, or ages.
	maxNote = 4 << 10
	// maxServed bounds the exchanges that others began.
	maxServed = 16
	// restBetween is the least time between two exchanges that one member begins.
	restBetween = 2 * time.Second
	// exchangeTimeout bounds one exchange, on either side.
	exchangeTimeout = 10 * time.Second
	lengthBytes     = 4
)

// want is what the asker lacks.
type want struct {
	Want []string `json:"want"`
}

// note goes before the reports of an answer.
type note struct {
	Now  int64   `json:"now"` // the answerer's clock, Unix milliseconds
	Ages []int64 `json:"ages"`
}

// ask exchanges reports with one member.
func (p *Paths) ask(ctx context.Context, other peer.ID, missing []string) (err error) {
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(network.WithNoDial(ctx, "only who is here"), "a report is small"), exchangeTimeout)
	defer cancel()
	s, err := p.host.NewStream(ctx, other, Protocol)
	if err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { s.Reset() }) //nolint:errcheck,gosec // it only ends the wait
	defer stop()
	defer func() {
		if err != nil {
			s.Reset() //nolint:errcheck,gosec // nothing more is expected of it
		}
	}()
	began := p.now()
	id := p.settings.Network()
	own, err := p.own(id)
	if err != nil {
		return err
	}
	if err = errors.Join(writePart(s, own), writeJSON(s, want{missing}), s.CloseWrite()); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	var n note
	if err = readJSON(s, &n); err != nil {
		return err
	}
	ended := p.now()
	middle := began.Add(ended.Sub(began) / 2) // when the other looked at its clock
	p.shelf.readClock(other.String(), middle.Sub(time.UnixMilli(n.Now)), ended)
	if len(n.Ages) == 0 || len(n.Ages) > 1+len(missing) {
		return core.Errorf(core.Invalid, "the answer has %d reports, %d were asked for", len(n.Ages), 1+len(missing))
	}
	for i, age := range n.Ages {
		maker := "" // anybody's that was asked for, by the signature
		if i == 0 {
			maker = other.String()
		}
		if err = p.take(s, maker, time.Duration(min(max(age, 0), KeepFor.Milliseconds()))*time.Millisecond); err != nil {
			return err
		}
	}
	return s.Close()
}

// take reads one report and keeps it when it is to be believed. maker, when it is
// not empty, is who must have made it.
func (p *Paths) take(from io.Reader, maker string, age time.Duration) error {
	sealed, err := readPart(from, MaxReportBytes)
	if err != nil {
		return err
	}
	now := p.now()
	r, err := judge{p.settings.Network(), p.settings.Members(), now}.open(sealed)
	if err != nil {
		return err
	}
	if (maker != "" && r.Node != maker) || r.Node == p.self {
		return core.Errorf(core.Denied, "the report is not of whom it should be")
	}
	p.shelf.put(r, sealed, age, now)
	return nil
}

// server answers those who ask.
type server struct {
	p *Paths

	mu     sync.Mutex
	open   bool
	served map[network.Stream]struct{} // at most maxServed
	last   map[peer.ID]time.Time       // when a member began; only members come so far, at most MaxKept
	all    sync.WaitGroup
}

func newServer(p *Paths) *server {
	return &server{p: p, served: make(map[network.Stream]struct{}), last: make(map[peer.ID]time.Time)}
}

// serve answers until stop is called, which waits for the answers under way.
func (v *server) serve() (stop func()) {
	v.mu.Lock()
	v.open = true
	v.mu.Unlock()
	v.p.host.SetStreamHandler(Protocol, v.handle)
	return func() {
		v.p.host.RemoveStreamHandler(Protocol)
		v.mu.Lock()
		v.open = false
		for s := range v.served { // nobody slow holds up the end
			s.Reset() //nolint:errcheck,gosec // it only ends the wait
		}
		v.mu.Unlock()
		v.all.Wait()
	}
}

func (v *server) handle(s network.Stream) {
	if !v.enter(s) {
		s.Reset() //nolint:errcheck,gosec // that is the refusal
		return
	}
	defer v.leave(s)
	defer func() {
		if fault := recover(); fault != nil {
			v.p.log.Error("sharing paths failed; please report this", "fault", fault, "stack", string(debug.Stack()))
			s.Reset() //nolint:errcheck,gosec // nothing more can be done for it
		}
	}()
	if err := v.answer(s); err != nil {
		v.p.log.Debug("a member's paths were refused", core.KeyPeer, s.Conn().RemotePeer().String(), core.KeyError, err)
		s.Reset() //nolint:errcheck,gosec // that is the refusal
	}
}

// enter lets members in, one at a time each and not too often. Nothing was read
// of the stream yet.
func (v *server) enter(s network.Stream) bool {
	other := s.Conn().RemotePeer()
	_, member := v.p.settings.Members()[other.String()]
	if !member || v.p.settings.Network() == "" {
		return false
	}
	now := v.p.now()
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.open || len(v.served) >= maxServed || now.Sub(v.last[other]) < restBetween {
		return false
	}
	if len(v.last) >= MaxKept {
		clear(v.last)
	}
	v.last[other] = now
	v.served[s] = struct{}{}
	v.all.Add(1)
	return true
}

func (v *server) leave(s network.Stream) {
	v.mu.Lock()
	delete(v.served, s)
	v.mu.Unlock()
	v.all.Done()
}

func (v *server) answer(s network.Stream) error {
	p := v.p
	if err := s.SetDeadline(time.Now().Add(exchangeTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if err := p.take(s, s.Conn().RemotePeer().String(), 0); err != nil {
		return err
	}
	var asked want
	if err := readJSON(s, &asked); err != nil {
		return err
	}
	if len(asked.Want) > maxWanted {
		return core.Errorf(core.TooLarge, "one answer has the reports of %d others", maxWanted)
	}
	own, err := p.own(p.settings.Network())
	if err != nil {
		return err
	}
	n, reports := note{Now: p.now().UnixMilli(), Ages: []int64{0}}, [][]byte{own}
	for _, id := range asked.Want {
		if sealed, age, ok := p.shelf.get(id, p.now()); ok {
			n.Ages, reports = append(n.Ages, age.Milliseconds()), append(reports, sealed)
		}
	}
	if err = writeJSON(s, n); err != nil {
		return err
	}
	for _, r := range reports {
		if err = writePart(s, r); err != nil {
			return err
		}
	}
	return s.Close()
}

func writeJSON(to io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	return writePart(to, text)
}

func writePart(to io.Writer, data []byte) error {
	part := binary.BigEndian.AppendUint32(make([]byte, 0, lengthBytes+len(data)), uint32(len(data))) //nolint:gosec // no part is near that long
	if _, err := to.Write(append(part, data...)); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	return nil
}

func readJSON(from io.Reader, v any) error {
	text, err := readPart(from, maxNote)
	if err != nil {
		return err
	}
	if err = json.Unmarshal(text, v); err != nil {
		return core.Wrap(core.Invalid, err, "a part cannot be read")
	}
	return nil
}

// readPart reads a length and judges it before anything is allocated.
func readPart(from io.Reader, most uint32) ([]byte, error) {
	var head [lengthBytes]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		return nil, fmt.Errorf("read length: %w", err)
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > most {
		return nil, core.Errorf(core.TooLarge, "a part may have %d bytes", most)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(from, data); err != nil {
		return nil, fmt.Errorf("read part: %w", err)
	}
	return data, nil
}
