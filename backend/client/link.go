// The connection to one bootstrap peer: made, watched, made again.

package client

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/rpc"
)

// lastingConnection is how long a connection must have lived for the next one
// to be tried for at once: a node that accepts and drops is not asked in a circle.
const lastingConnection = 5 * time.Second

// link keeps one connection to one of the bootstrap peers.
type link struct {
	settings settings
	host     *p2p.Host
	log      *slog.Logger

	mu      sync.Mutex
	conn    *rpc.Conn     // nil while there is none
	err     error         // why the last attempt failed
	ended   bool          // run is over
	changed chan struct{} // closed at the next change of the above
}

func newLink(s settings, h *p2p.Host, log *slog.Logger) *link {
	return &link{settings: s, host: h, log: log, changed: make(chan struct{})}
}

// run makes the first connection, calls ready, and makes a new one whenever it
// is lost, until ctx ends. It fails only when the first cannot be made.
func (l *link) run(ctx context.Context, ready func()) error {
	defer l.set(func() { l.conn, l.ended = nil, true })
	conn, at, err := l.first(ctx)
	if err != nil {
		return err
	}
	for failed := 0; ; {
		l.set(func() { l.conn, l.err = conn, nil })
		l.log.Info("connected", slog.String(core.KeyPeer, conn.Peer().String()), slog.String(core.KeyNamespace, string(conn.Namespace())))
		ready()
		if time.Since(l.watch(ctx, conn)) >= lastingConnection {
			failed = 0
		}
		for conn = nil; conn == nil; failed++ {
			if !l.pause(ctx, failed) {
				return nil
			}
			// Another one first: the one that was lost may be restarting.
			if conn, at, err = l.round(ctx, at+1); err != nil && ctx.Err() == nil {
				l.log.Debug("no bootstrap peer answers; trying again", slog.String(core.KeyError, err.Error()))
				l.set(func() { l.err = err })
			}
		}
	}
}

// first tries all peers RetryAttempts times. What will not get better by
// repeating is returned at once.
func (l *link) first(ctx context.Context) (conn *rpc.Conn, at int, err error) {
	for attempt := range l.settings.RetryAttempts {
		if !l.pause(ctx, attempt) {
			break
		}
		if conn, at, err = l.round(ctx, 0); err == nil || lasting(err) {
			return conn, at, err
		}
	}
	if ctx.Err() != nil {
		return nil, 0, core.Wrap(core.Unavailable, ctx.Err(), "no bootstrap peer answered in the time given")
	}
	return nil, 0, err
}

// watch waits for the end of a connection and returns when it began.
func (l *link) watch(ctx context.Context, conn *rpc.Conn) (began time.Time) {
	began = time.Now()
	select {
	case <-conn.Done():
		l.log.Warn("the connection was lost; making a new one",
			slog.String(core.KeyPeer, conn.Peer().String()), slog.String(core.KeyError, conn.Err().Error()))
	case <-ctx.Done():
	}
	l.set(func() { l.conn = nil })
	if err := conn.Close(); err != nil {
		l.log.Debug("a connection was not closed cleanly", slog.String(core.KeyError, err.Error()))
	}
	return began
}

// pause waits before the next round, the longer the more have failed. It
// returns false when ctx ended.
func (l *link) pause(ctx context.Context, failed int) bool {
	if failed == 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(backOff(l.settings.RetryDelay, failed))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backOff doubles with each failure, within MaxRetryDelay, and takes a random
// half of itself off, so that the clients of a lost node do not return as one.
func backOff(base time.Duration, failed int) time.Duration {
	full := MaxRetryDelay
	if failed <= 16 { // beyond, any base has reached the limit
		full = min(MaxRetryDelay, base<<(failed-1))
	}
	if full <= 0 {
		return 0
	}
	return full - rand.N(full/2+1) //nolint:gosec // spreading load needs no secrecy
}

// round tries every peer once, from the given place on. Its error is that of
// the peer that answered most to the point.
func (l *link) round(ctx context.Context, from int) (conn *rpc.Conn, at int, err error) {
	n := len(l.settings.peers)
	for i := range n {
		at = (from + i) % n
		conn, attemptErr := l.dial(ctx, l.settings.peers[at])
		if attemptErr == nil {
			return conn, at, nil
		}
		if ctx.Err() != nil {
			return nil, at, attemptErr
		}
		if err == nil || lasting(attemptErr) && !lasting(err) {
			err = attemptErr
		}
	}
	if n > 1 && !lasting(err) {
		err = core.Wrap(core.CodeOf(err), err, "none of %d bootstrap peers can be used; the first says: %s", n, core.Sentence(err))
	}
	return nil, at, err
}

func (l *link) dial(ctx context.Context, to bootstrapPeer) (*rpc.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.settings.ConnectTimeout)
	defer cancel()
	if err := l.host.Dial(ctx, to.text); err != nil {
		return nil, err
	}
	return rpc.Dial(ctx, l.host, to.id, rpc.Credentials{Credential: l.settings.credential, Namespace: l.settings.namespace})
}

// lasting says whether a failure stays the same when it is repeated.
func lasting(err error) bool {
	switch core.CodeOf(err) {
	case core.Unauthenticated, core.Denied, core.Invalid, core.TooLarge:
		return true
	default:
		return false
	}
}

// set changes the state and wakes whoever waits for it.
func (l *link) set(change func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change()
	close(l.changed)
	l.changed = make(chan struct{})
}

// acquire returns the connection, or waits for one up to ConnectTimeout. What
// keeps the next one from being made is the error.
func (l *link) acquire(ctx context.Context) (*rpc.Conn, error) {
	var late <-chan time.Time
	for {
		conn, changed, err := l.state()
		if conn != nil || err != nil {
			return conn, err
		}
		if late == nil {
			timer := time.NewTimer(l.settings.ConnectTimeout)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-changed:
		case <-late:
			return nil, l.lateError(core.Errorf(core.Unavailable, "there is no connection to the network; the client goes on trying"))
		case <-ctx.Done():
			return nil, l.lateError(core.Wrap(core.Unavailable, ctx.Err(), "there is no connection to the network; the client goes on trying"))
		}
	}
}

// state returns a connection that works, or what to wait for.
func (l *link) state() (*rpc.Conn, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.ended:
		return nil, nil, errNotConnected()
	case l.conn != nil && l.conn.Err() == nil:
		return l.conn, nil, nil
	case l.conn == nil && l.err != nil && lasting(l.err):
		return nil, nil, l.err
	}
	return nil, l.changed, nil
}

func (l *link) lateError(err *core.Error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		err.Err = errors.Join(err.Err, l.err)
	}
	return err
}

// call makes a call on the connection of the day. One that certainly was not
// run because the connection ended is made once more on the next connection.
func (c *Client) call(ctx context.Context, do func(conn *rpc.Conn) error) error {
	s, err := c.current()
	if err != nil {
		return err
	}
	return s.link.call(ctx, do)
}

// call is Client.call for the parts of a session.
func (l *link) call(ctx context.Context, do func(conn *rpc.Conn) error) error {
	for again := false; ; again = true {
		conn, err := l.acquire(ctx)
		if err != nil {
			return err
		}
		err = do(conn)
		// Unavailable is a promise: a read, or a write that never left. A write
		// that may have been run is OutcomeUnknown.
		if again || core.CodeOf(err) != core.Unavailable || !errors.Is(err, rpc.ErrStreamEnded) || ctx.Err() != nil {
			return err
		}
	}
}
