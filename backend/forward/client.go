package forward

// This file is the asking side.

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/rpc"
)

const (
	// MaxStreams bounds the streams that are kept open, one for each node and
	// namespace; the one that was used least lately makes room.
	MaxStreams = 512
	// MaxInFlight bounds the calls to one node that wait for an answer. The next
	// one gets "limited" at once.
	MaxInFlight = 1024
	// MaxWaits bounds the waits for changes at one node, beside the above.
	MaxWaits = 512
	// DialTimeout bounds opening a stream.
	DialTimeout = 3 * time.Second
	// CallTimeout bounds a call that brings no deadline of its own.
	CallTimeout = 30 * time.Second
	// IdleTimeout is how long an unused stream stays open.
	IdleTimeout = 2 * time.Minute
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "requests forwarded to one node at once", Value: "1,024", Why: "more would only wait; they get \"limited\" at once"},
		{Name: "waits for changes forwarded to one node at once", Value: "512", Why: "each holds a call there"},
		{Name: "time of a forwarded request", Value: CallTimeout.String(), Why: "unless the caller allows less"},
	}
}

// Client asks other nodes' replicas. It implements database.Remote. Its methods
// may be called at once by many while Run runs.
type Client struct {
	host host.Host
	path func(peer.ID) string // "direct", "relayed" or "lan"
	log  *slog.Logger

	mu      sync.Mutex
	streams map[streamKey]*stream
	flying  map[flight]int
	ended   bool
	work    sync.WaitGroup // dials and closings; none begins once ended is set
}

type streamKey struct {
	node peer.ID
	ns   core.Namespace
}

// flight is what calls under way are counted by.
type flight struct {
	node  peer.ID
	waits bool // for changes
}

func (f flight) most() int {
	if f.waits {
		return MaxWaits
	}
	return MaxInFlight
}

// stream is one place for a connection; whoever comes first makes it.
type stream struct {
	ready chan struct{} // closed when conn or err is set
	conn  *rpc.Conn
	err   error
	used  time.Time
	users int
}

// NewClient makes a client that dials nothing yet. path may be nil.
func NewClient(h host.Host, path func(peer.ID) string, log *slog.Logger) *Client {
	if path == nil {
		path = func(peer.ID) string { return "direct" }
	}
	return &Client{host: h, path: path, log: log, streams: map[streamKey]*stream{}, flying: map[flight]int{}}
}

// Run closes unused streams now and then, and all of them when ctx ends. It
// returns when nothing is being dialled any more.
func (c *Client) Run(ctx context.Context, ready func()) error {
	ready()
	tick := time.NewTicker(IdleTimeout / 4)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			c.sweep(func(s *stream) bool { return s.users == 0 && now.Sub(s.used) > IdleTimeout })
		case <-ctx.Done():
			c.mu.Lock()
			c.ended = true
			c.mu.Unlock()
			c.sweep(func(*stream) bool { return true })
			c.work.Wait()
			return nil
		}
	}
}

// sweep closes the streams that over names.
func (c *Client) sweep(over func(*stream) bool) {
	var closing []*stream
	c.mu.Lock()
	for key, s := range c.streams {
		if over(s) {
			closing = append(closing, s)
			delete(c.streams, key)
		}
	}
	c.mu.Unlock()
	for _, s := range closing {
		s.close()
	}
}

// close ends the stream, once it is known whether there is one.
func (s *stream) close() {
	<-s.ready
	if s.conn != nil {
		_ = s.conn.Close() //nolint:errcheck // it never fails
	}
}

// Query reads at another node's replica.
func (c *Client) Query(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	var rows *core.Rows
	err := c.call(ctx, node, ns, func(ctx context.Context, conn *rpc.Conn) (err error) {
		rows, err = conn.Query(ctx, ns, s, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	rows.Provenance.Path = c.path(mustID(node))
	return rows, nil
}

// Exec writes at another node, which must lead the group.
func (c *Client) Exec(ctx context.Context, node string, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	var answer *core.ExecAnswer
	err := c.call(ctx, node, ns, func(ctx context.Context, conn *rpc.Conn) (err error) {
		answer, err = conn.Exec(ctx, ns, statements, o)
		return err
	})
	if err != nil {
		return nil, err
	}
	answer.Provenance.Path = c.path(mustID(node))
	return answer, nil
}

// Changed waits for changes at another node's replica.
func (c *Client) Changed(ctx context.Context, node string, ns core.Namespace, after uint64, tables []string, wait time.Duration) (change core.Change, err error) {
	err = c.callAs(ctx, node, ns, true, func(ctx context.Context, conn *rpc.Conn) (err error) {
		change, err = conn.Changed(ctx, ns, after, tables, wait)
		return err
	})
	return change, err
}

// Wake opens the node's replica and says how it stands.
func (c *Client) Wake(ctx context.Context, node string, ns core.Namespace) (s database.Standing, err error) {
	err = c.ask(ctx, node, ns, verbWake, &s)
	return s, err
}

// Standing says how the node's replica stands.
func (c *Client) Standing(ctx context.Context, node string, ns core.Namespace) (s database.Standing, err error) {
	err = c.ask(ctx, node, ns, verbStanding, &s)
	return s, err
}

// Campaign lets the node's replica stand for election.
func (c *Client) Campaign(ctx context.Context, node string, ns core.Namespace) error {
	return c.ask(ctx, node, ns, verbCampaign, nil)
}

// Sleep asks the node to close its replica.
func (c *Client) Sleep(ctx context.Context, node string, ns core.Namespace) error {
	return c.ask(ctx, node, ns, verbSleep, nil)
}

// Hash is the content hash of the node's replica, see database.Replicas.Hash.
func (c *Client) Hash(ctx context.Context, node string, ns core.Namespace) (sum string, index uint64, err error) {
	var h hashed
	err = c.ask(ctx, node, ns, verbHash, &h)
	return h.Hash, h.Index, err
}

func (c *Client) ask(ctx context.Context, node string, ns core.Namespace, verb string, out any) error {
	return c.call(ctx, node, ns, func(ctx context.Context, conn *rpc.Conn) error { return conn.Ask(ctx, verb, out) })
}

func (c *Client) call(ctx context.Context, node string, ns core.Namespace, run func(context.Context, *rpc.Conn) error) error {
	return c.callAs(ctx, node, ns, false, run)
}

// callAs runs one call on the stream to the node; waits says that it waits for
// changes. A stream that has ended before the call went out is opened anew, once:
// nothing was sent on it.
func (c *Client) callAs(ctx context.Context, node string, ns core.Namespace, waits bool, run func(context.Context, *rpc.Conn) error) error {
	id, err := peer.Decode(node)
	if err != nil {
		return core.Wrap(core.Invalid, err, "%q is not a peer id", node)
	}
	if id == c.host.ID() {
		return core.Errorf(core.Unavailable, "a node does not forward to itself")
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, CallTimeout)
		defer cancel()
	}
	f := flight{node: id, waits: waits}
	if err := c.begin(f); err != nil {
		return err
	}
	defer c.end(f)
	for attempt := 0; ; attempt++ {
		s, key, err := c.open(ctx, id, ns)
		if err != nil {
			return err
		}
		err = run(ctx, s.conn)
		c.done(key, s)
		ended := errors.Is(err, rpc.ErrStreamEnded) && core.CodeOf(err) == core.Unavailable
		if !ended || attempt > 0 || ctx.Err() != nil {
			return err
		}
	}
}

// begin counts a call to the node.
func (c *Client) begin(f flight) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ended:
		return errStopping()
	case c.flying[f] >= f.most():
		return core.Errorf(core.Limited, "%d requests to that node wait for an answer; repeat in a moment", f.most())
	}
	c.flying[f]++
	return nil
}

func errStopping() error {
	return core.Errorf(core.Unavailable, "the node is stopping; nothing was done")
}

func (c *Client) end(f flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flying[f]--; c.flying[f] == 0 {
		delete(c.flying, f)
	}
}

// open finds or makes the stream; done gives it back. Who asked for it first may
// have less time than others that wait for it too, so the dial does not end with
// its caller.
func (c *Client) open(ctx context.Context, id peer.ID, ns core.Namespace) (*stream, streamKey, error) {
	key := streamKey{id, ns}
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		return nil, key, errStopping()
	}
	s := c.streams[key]
	if s != nil && s.broken() {
		delete(c.streams, key)
		s = nil
	}
	if s == nil {
		c.makeRoomLocked()
		s = &stream{ready: make(chan struct{})}
		c.streams[key] = s
		c.work.Go(func() {
			defer close(s.ready)
			dial, cancel := context.WithTimeout(context.WithoutCancel(ctx), DialTimeout)
			defer cancel()
			s.conn, s.err = rpc.Dial(dial, c.host, id, rpc.Credentials{Namespace: ns, Protocol: Protocol})
		})
	}
	s.users++
	s.used = time.Now()
	c.mu.Unlock()
	select {
	case <-s.ready:
	case <-ctx.Done():
		c.done(key, s)
		return nil, key, core.Wrap(core.Unavailable, ctx.Err(), "the other node was not reached in time; nothing was done")
	}
	if s.err != nil {
		c.done(key, s)
		return nil, key, s.err
	}
	return s, key, nil
}

// broken tells whether the stream is of no use any more.
func (s *stream) broken() bool {
	select {
	case <-s.ready:
	default:
		return false
	}
	if s.err != nil {
		return true
	}
	select {
	case <-s.conn.Done():
		return true
	default:
		return false
	}
}

// done gives the stream back, and forgets it when it is broken.
func (c *Client) done(key streamKey, s *stream) {
	c.mu.Lock()
	s.users--
	s.used = time.Now()
	drop := s.broken() && c.streams[key] == s
	if drop {
		delete(c.streams, key)
	}
	last := s.users == 0 && s.broken()
	c.mu.Unlock()
	if last && s.conn != nil {
		_ = s.conn.Close() //nolint:errcheck // it never fails
	}
}

// makeRoomLocked closes the stream that was used least lately when there are too many.
func (c *Client) makeRoomLocked() {
	if len(c.streams) < MaxStreams {
		return
	}
	var oldest streamKey
	var found *stream
	for key, s := range c.streams {
		if s.users == 0 && (found == nil || s.used.Before(found.used)) {
			oldest, found = key, s
		}
	}
	if found == nil {
		return // all are in use: a few more until they are not
	}
	delete(c.streams, oldest)
	c.work.Go(found.close)
}

// mustID parses an id that was parsed before.
func mustID(node string) peer.ID {
	id, err := peer.Decode(node)
	if err != nil {
		return ""
	}
	return id
}
