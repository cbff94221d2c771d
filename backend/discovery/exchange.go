package discovery

// This file is peer exchange: a peer asks whom we are connected with. JSON
// {"limit":n} is answered by {"peers":[{"id":"…","addrs":["…"]}]}.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

// Protocol is the name under which peer exchange is spoken.
const Protocol = "/debros/peer-exchange/1.0.0"

const (
	// MaxPeersPerAnswer bounds one answer: enough to find a network, too little
	// to map it.
	MaxPeersPerAnswer = 32
	// MaxAddressesPerPeer bounds what is told of one peer.
	MaxAddressesPerPeer = 8
	// MaxAddressBytes bounds one address as text; a relayed one has about 110.
	MaxAddressBytes = 160
	// MaxRequestBytes bounds a question, which is a single number.
	MaxRequestBytes = 1 << 10
	// MaxAnswerBytes bounds an answer: all peers with all addresses at their
	// longest take 44 KiB.
	MaxAnswerBytes = 64 << 10
	// MaxAsksPerMinute bounds the questions of one peer; ours come every few
	// seconds at most.
	MaxAsksPerMinute = 20
	// MaxAskers bounds the peers whose questions are counted. Every connected
	// peer has a place; beyond it strangers are not answered.
	MaxAskers = 4096
	// MaxAnswers bounds questions that are being answered.
	MaxAnswers = 32
	// exchangeTimeout bounds one exchange, on either side.
	exchangeTimeout = 10 * time.Second

	serviceName = "debros.peer-exchange" // libp2p counts resources by it
)

type request struct {
	Limit int `json:"limit"`
}

type answer struct {
	Peers []namedPeer `json:"peers"`
}

type namedPeer struct {
	ID    string   `json:"id"`
	Addrs []string `json:"addrs"`
}

// exchange asks and answers.
type exchange struct {
	host host.Host
	log  *slog.Logger
	rate *rate

	mu      sync.Mutex
	closed  bool
	streams map[network.Stream]struct{} // being answered, at most MaxAnswers
	all     sync.WaitGroup
}

func newExchange(h host.Host, log *slog.Logger) *exchange {
	return &exchange{host: h, log: log, rate: newRate(), closed: true, streams: make(map[network.Stream]struct{})}
}

// serve answers until the function that it returns is called, which waits for
// every answer under way.
func (e *exchange) serve() (stop func()) {
	e.mu.Lock()
	e.closed = false
	e.mu.Unlock()
	e.host.SetStreamHandler(Protocol, e.handle)
	return func() {
		e.host.RemoveStreamHandler(Protocol)
		e.mu.Lock()
		e.closed = true
		for s := range e.streams { // nobody slow holds up the end
			s.Reset() //nolint:errcheck,gosec // it only ends the wait
		}
		e.mu.Unlock()
		e.all.Wait()
	}
}

// handle answers one stream; libp2p calls it in a goroutine of its own.
func (e *exchange) handle(s network.Stream) {
	if !e.enter(s) {
		s.Reset() //nolint:errcheck,gosec // that is the refusal
		return
	}
	defer e.leave(s)
	defer func() {
		if fault := recover(); fault != nil {
			e.log.Error("peer exchange failed; please report this", "fault", fault, "stack", string(debug.Stack()))
			s.Reset() //nolint:errcheck,gosec // nothing more can be done for it
		}
	}()
	if err := e.reply(s, time.Now()); err != nil {
		e.log.Debug("a peer's question was refused", core.KeyPeer, s.Conn().RemotePeer().String(), core.KeyError, err)
		s.Reset() //nolint:errcheck,gosec // that is the refusal
	}
}

func (e *exchange) enter(s network.Stream) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.streams) >= MaxAnswers {
		return false
	}
	e.streams[s] = struct{}{}
	e.all.Add(1)
	return true
}

func (e *exchange) leave(s network.Stream) {
	e.mu.Lock()
	delete(e.streams, s)
	e.mu.Unlock()
	e.all.Done()
}

func (e *exchange) reply(s network.Stream, now time.Time) error {
	asker := s.Conn().RemotePeer()
	if !e.rate.allow(asker, now) {
		return core.Errorf(core.Limited, "a peer may ask %d times a minute", MaxAsksPerMinute)
	}
	if err := s.Scope().SetService(serviceName); err != nil {
		return fmt.Errorf("count the stream: %w", err)
	}
	if err := s.SetDeadline(now.Add(exchangeTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	limit, err := decodeRequest(s)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(s).Encode(e.tell(asker, vantage(s.Conn()), limit)); err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return s.Close()
}

// tell names connected peers, in random order, with those of their addresses
// that the asker can dial from where it is.
func (e *exchange) tell(asker peer.ID, from class, limit int) answer {
	told := answer{Peers: []namedPeer{}}
	peers := e.host.Network().Peers()
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for _, p := range peers {
		if len(told.Peers) >= limit {
			break
		}
		if p == asker || p == e.host.ID() {
			continue
		}
		var addrs []string
		for _, a := range e.addresses(p) {
			text := a.String()
			if len(addrs) < MaxAddressesPerPeer && len(text) <= MaxAddressBytes && tellable(a, from) && !slices.Contains(addrs, text) {
				addrs = append(addrs, text)
			}
		}
		if len(addrs) > 0 { // a client cannot be dialled
			told.Peers = append(told.Peers, namedPeer{p.String(), addrs})
		}
	}
	return told
}

// addresses are those that we dialled ourselves, which surely work, and then
// those that the peer says it has.
func (e *exchange) addresses(p peer.ID) []ma.Multiaddr {
	var addrs []ma.Multiaddr
	for _, c := range e.host.Network().ConnsToPeer(p) {
		if c.Stat().Direction == network.DirOutbound && !c.Stat().Limited {
			addrs = append(addrs, c.RemoteMultiaddr())
		}
	}
	return append(addrs, e.host.Peerstore().Addrs(p)...)
}

// ask learns peers from a connected one. Only addresses that can be dialled
// from here and that the other side may know are returned: a stranger far away
// must not make us knock at our own doors.
func (e *exchange) ask(ctx context.Context, p peer.ID, limit int) ([]peer.AddrInfo, error) {
	ctx, cancel := context.WithTimeout(network.WithAllowLimitedConn(network.WithNoDial(ctx, "only who is connected is asked"), "asking is small"), exchangeTimeout)
	defer cancel()
	s, err := e.host.NewStream(ctx, p, Protocol)
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	defer s.Reset()                                         //nolint:errcheck // after the answer nothing is lost
	release := context.AfterFunc(ctx, func() { s.Reset() }) //nolint:errcheck,gosec // it only ends the wait
	defer release()
	if err = s.Scope().SetService(serviceName); err != nil {
		return nil, fmt.Errorf("count the stream: %w", err)
	}
	if err = json.NewEncoder(s).Encode(request{limit}); err != nil {
		return nil, fmt.Errorf("write question: %w", err)
	}
	if err = s.CloseWrite(); err != nil {
		return nil, fmt.Errorf("end question: %w", err)
	}
	infos, err := decodeAnswer(s, limit)
	if err != nil {
		return nil, err
	}
	from := vantage(s.Conn())
	for i := range infos {
		infos[i].Addrs = slices.DeleteFunc(infos[i].Addrs, func(a ma.Multiaddr) bool { return !tellable(a, from) })
	}
	return infos, nil
}

// decodeRequest reads a question; a stranger wrote it.
func decodeRequest(r io.Reader) (limit int, err error) {
	var q request
	if err := json.NewDecoder(io.LimitReader(r, MaxRequestBytes)).Decode(&q); err != nil {
		return 0, core.Wrap(core.Invalid, err, "a question is JSON with a limit, of at most %d bytes", MaxRequestBytes)
	}
	if q.Limit < 0 {
		return 0, core.Errorf(core.Invalid, "a limit is 0 or more")
	}
	if q.Limit == 0 {
		return MaxPeersPerAnswer, nil
	}
	return min(q.Limit, MaxPeersPerAnswer), nil
}

// decodeAnswer reads an answer; a stranger wrote it. What goes beyond the limits
// is left out, one wrong id or address makes the whole answer suspect.
func decodeAnswer(r io.Reader, limit int) ([]peer.AddrInfo, error) {
	var told answer
	if err := json.NewDecoder(io.LimitReader(r, MaxAnswerBytes)).Decode(&told); err != nil {
		return nil, core.Wrap(core.Invalid, err, "an answer is JSON with peers, of at most %d bytes", MaxAnswerBytes)
	}
	infos := make([]peer.AddrInfo, 0, min(len(told.Peers), limit))
	for _, named := range told.Peers[:min(len(told.Peers), limit)] {
		id, err := peer.Decode(named.ID)
		if err != nil {
			return nil, core.Wrap(core.Invalid, err, "the answer holds a wrong peer id")
		}
		info := peer.AddrInfo{ID: id}
		for _, text := range named.Addrs[:min(len(named.Addrs), MaxAddressesPerPeer)] {
			if len(text) > MaxAddressBytes {
				return nil, core.Errorf(core.TooLarge, "an address has at most %d bytes", MaxAddressBytes)
			}
			addr, err := ma.NewMultiaddr(text)
			if err != nil {
				return nil, core.Wrap(core.Invalid, err, "the answer holds a wrong address")
			}
			info.Addrs = append(info.Addrs, addr)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// rate counts the questions of each peer within a minute.
type rate struct {
	mu     sync.Mutex
	askers map[peer.ID]window
}

type window struct {
	began time.Time
	asks  int
}

func newRate() *rate { return &rate{askers: make(map[peer.ID]window)} }

func (r *rate) allow(p peer.ID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	w, known := r.askers[p]
	if !known && len(r.askers) >= MaxAskers && !r.makeRoomLocked(now) {
		return false
	}
	if now.Sub(w.began) >= time.Minute {
		w = window{began: now}
	}
	w.asks++
	r.askers[p] = w
	return w.asks <= MaxAsksPerMinute
}

// makeRoomLocked forgets the askers whose minute is over.
func (r *rate) makeRoomLocked(now time.Time) bool {
	for p, w := range r.askers {
		if now.Sub(w.began) >= time.Minute {
			delete(r.askers, p)
		}
	}
	return len(r.askers) < MaxAskers
}
