package gateway

// This file turns a request into a WebSocket and runs it. Every socket of the
// gateway goes through here: publications, live queries. What it carries is the
// route's business; its credential, its bounds and its end are decided here.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/core"
)

// Subprotocols that a client may ask for. A ticket is offered beside one of
// them, since a browser cannot send a header, and is never answered.
const (
	rawProtocol    = "debros.raw.v1"
	jsonProtocol   = "debros.json.v1"
	ticketProtocol = "ticket."
)

// The bounds of one socket in time, and of its end.
const (
	// PingEvery is how often a client is asked whether it is still there.
	PingEvery = 30 * time.Second
	// MaxSilence is how long one may owe the answer. Only an answered ping counts.
	MaxSilence = 60 * time.Second
	// maxGoodbye is how long the reason of an end may take to be written, and
	// how long the client may then take to close. One that has not read for long
	// finds the reason behind what it has not read yet, hence so much.
	maxGoodbye = 10 * time.Second
	// maxFrameWrite ends a socket whose client takes no byte for so long.
	maxFrameWrite = 30 * time.Second
	// maxDiscarded is how much a client that has been told the end may still send.
	maxDiscarded = 8 << 20
	// maxCloseReason is what a close frame has room for (RFC 6455, section 5.5).
	maxCloseReason = 123
)

// socketReadBuffer is what an idle socket keeps for reading: frames of a chat fit,
// and what is larger is read past it.
const socketReadBuffer = 1 << 10

// upgrader says 101. The buffers for writing are shared by all sockets, because
// nearly all of them are silent nearly always. Origin and subprotocol are judged
// before it is asked.
type upgrader struct {
	buffers sync.Pool
}

func (u *upgrader) upgrade(c *call, protocol string) (*websocket.Conn, error) {
	header := http.Header{}
	if protocol != "" {
		header.Set("Sec-WebSocket-Protocol", protocol)
	}
	up := websocket.Upgrader{
		ReadBufferSize:  socketReadBuffer,
		WriteBufferPool: &u.buffers,
		CheckOrigin:     func(*http.Request) bool { return true },
		Error:           func(http.ResponseWriter, *http.Request, int, error) {}, // fail says it
	}
	conn, err := up.Upgrade(hijacker{c.w}, c.r, header)
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "this route is a WebSocket: ask for it with an upgrade request of version 13 over HTTP/1.1")
	}
	return conn, nil
}

// hijacker finds the connection below whatever the answer is wrapped in.
type hijacker struct{ http.ResponseWriter }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(h.ResponseWriter).Hijack()
}

// socketCredential is what a WebSocket shows when it has no header to show: a
// ticket, or what older clients put into the query.
func (g *Gateway) socketCredential(r *http.Request) (ticket, credential core.Secret) {
	for _, offer := range websocket.Subprotocols(r) {
		if value, is := strings.CutPrefix(offer, ticketProtocol); is {
			return core.Secret(value), ""
		}
	}
	if !g.settings.WSQueryCredentials {
		return "", ""
	}
	query := r.URL.Query()
	if token := query.Get("token"); token != "" {
		return "", core.Secret(token)
	}
	return "", core.Secret(query.Get("api_key"))
}

// subprotocol is the first one offered that this gateway speaks, "" for none.
func subprotocol(r *http.Request) string {
	for _, offer := range websocket.Subprotocols(r) {
		if offer == rawProtocol || offer == jsonProtocol {
			return offer
		}
	}
	return ""
}

// socketUse is what a route does with its socket.
type socketUse struct {
	// need is the permission whose loss ends the socket.
	need core.Permission
	// maxMessage bounds a message of the client; one far larger ends the socket.
	maxMessage int64
	// begin, where there is one, gets what run needs. It is called when there is
	// a place for the socket and before the 101, which its error takes the place of.
	begin func(ctx context.Context) error
	// run sends until ctx ends or it has nothing more to say; then the socket
	// ends too, with the error's code. It must return soon after ctx has ended.
	run func(ctx context.Context, s *socket) error
	// receive takes one message of the client, which waits for the next until it
	// returns. Without it, messages are dropped.
	receive func(ctx context.Context, s *socket, data []byte)
	// done is called once, when the socket has ended or never began. It may be nil.
	done func()
}

// serveSocket answers 101 and leaves the socket to a goroutine of its own, for
// which sockets.end waits: that of the request would keep its buffers and its
// deep stack, more than half of what an idle socket takes, so use must not hold
// the call either. An error comes before the 101; afterwards the client is told
// by a close frame. The caller has been admitted.
func (c *call) serveSocket(use socketUse) (err error) {
	var ends []func()
	finish := func() {
		for _, end := range slices.Backward(ends) {
			end()
		}
	}
	defer func() {
		if err != nil {
			finish()
		}
	}()
	if use.done != nil {
		ends = append(ends, use.done)
	}
	if !websocket.IsWebSocketUpgrade(c.r) {
		c.w.Header().Set("Upgrade", "websocket")
		return core.Errorf(core.Invalid, "this route is a WebSocket: ask for it with an upgrade request of version 13 over HTTP/1.1")
	}
	// The request's own context ends with its handler.
	until, stop := c.g.services.Auth.Until(context.WithoutCancel(c.r.Context()), c.who, c.ns, use.need)
	ends = append(ends, stop)
	ctx, cancel := context.WithCancelCause(until)
	ends = append(ends, func() { cancel(nil) })
	g := c.g
	s := &socket{sockets: &g.sockets, cancel: cancel, freed: make(chan struct{}, 1)}
	if err = g.sockets.enter(s, c.socketAccount()); err != nil {
		return err
	}
	ends = append(ends, func() { g.sockets.leave(s) })
	if use.begin != nil {
		if err = use.begin(ctx); err != nil {
			return err
		}
	}
	conn, err := g.sockets.upgrader.upgrade(c, subprotocol(c.r))
	if err != nil {
		return err
	}
	s.hold(conn)
	go g.runSocket(ctx, s, use, finish)
	return nil
}

// runSocket is a socket from its 101 to its end.
func (g *Gateway) runSocket(ctx context.Context, s *socket, use socketUse, finish func()) {
	defer finish()
	defer func() {
		if p := recover(); p != nil {
			g.metrics.panics.Inc()
			g.log.Error("a WebSocket failed", core.KeyError, fmt.Errorf("panic: %v\n%s", p, debug.Stack()))
			s.abort()
		}
	}()
	s.serve(ctx, use)
}

// socketAccount is whom the socket counts for. Where nobody shows a credential
// there are no accounts, only the total.
func (c *call) socketAccount() string {
	if c.who.Method == core.MethodNone {
		return ""
	}
	return c.who.Account()
}

// serve reads on this goroutine and lets run send on another one; that is all
// that an idle socket costs. A third one writes while something waits.
func (s *socket) serve(ctx context.Context, use socketUse) {
	pace := s.sockets.times()
	s.conn.SetReadLimit(use.maxMessage + socketOverhead)
	s.readUntil(time.Now().Add(pace.silence))
	s.conn.SetPongHandler(func(string) error {
		if ctx.Err() == nil { // else the time of the goodbye holds
			s.readUntil(time.Now().Add(pace.silence))
		}
		return nil
	})
	s.pingAfter(pace.ping)
	// Whatever ends the socket ends ctx, and then the goodbye is said.
	said := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(said)
		s.goodbye(context.Cause(ctx), pace.goodbye)
	})
	var running sync.WaitGroup
	running.Go(func() { s.cancel(endOf(use.run(ctx, s))) })
	s.read(ctx, use)
	running.Wait()
	<-said
	s.abort()
	s.writers.Wait()
}

// read takes the client's messages until the socket ends.
func (s *socket) read(ctx context.Context, use socketUse) {
	for {
		_, data, err := s.conn.ReadMessage()
		if err != nil {
			end := s.endOfReading(err)
			s.cancel(end)
			if errors.Is(end, errClientLeft) {
				return // nothing comes any more: behind its close frame, a client is silent
			}
			break
		}
		if ctx.Err() == nil && use.receive != nil {
			use.receive(ctx, s, data)
		}
	}
	// To close while unread bytes lie here would take the reason of the end away
	// from the client, so they are thrown away first, until it closes.
	io.CopyN(io.Discard, s.conn.NetConn(), maxDiscarded) //nolint:errcheck,gosec // it is over either way
}

// endOfReading says why no more can be read. Of frames that are none, and of
// those past the limit, the client has been told already.
func (s *socket) endOfReading(err error) error {
	if left, is := errors.AsType[*websocket.CloseError](err); is {
		return fmt.Errorf("%w: %w", errClientLeft, left)
	}
	if network, is := errors.AsType[net.Error](err); is {
		if network.Timeout() {
			return core.Wrap(core.Unavailable, err, "no ping was answered for %v; connect again", s.sockets.times().silence)
		}
		return errClientLeft
	}
	if errors.Is(err, websocket.ErrReadLimit) {
		return core.Wrap(core.TooLarge, err, "the message is larger than this socket takes")
	}
	return core.Wrap(core.Invalid, err, "these are no frames of a WebSocket")
}

func (s *socket) readUntil(t time.Time) {
	s.conn.SetReadDeadline(t) //nolint:errcheck,gosec // a connection that has none any more ends the next read
}

// The ends that are no error of anybody.
var (
	errClientLeft  = errors.New("the client has left")
	errServed      = errors.New("there is nothing more to say")
	errGatewayEnds = errors.New("the gateway is ending")
)

func endOf(err error) error {
	if err == nil {
		return errServed
	}
	return err
}

// goodbye tells the client why it ends, behind the frame that is being written,
// and gives it a moment to close.
func (s *socket) goodbye(cause error, patience time.Duration) {
	s.drop()
	if errors.Is(cause, errClientLeft) {
		s.abort()
		return
	}
	deadline := time.Now().Add(patience)
	s.readUntil(deadline)
	code, reason := closeOf(cause)
	err := s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), deadline)
	if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
		s.abort() // it takes nothing any more
	}
}

// closeOf is the close code of an end (RFC 6455, section 7.4) and what it says.
func closeOf(cause error) (code int, reason string) {
	switch {
	case errors.Is(cause, errServed):
		return websocket.CloseNormalClosure, ""
	case errors.Is(cause, errGatewayEnds):
		return websocket.CloseGoingAway, "this gateway is ending; connect to another one, or again later"
	}
	reason = core.Sentence(cause)
	if len(reason) > maxCloseReason {
		reason = reason[:maxCloseReason]
		for !utf8.ValidString(reason) {
			reason = reason[:len(reason)-1]
		}
	}
	return core.CodeOf(cause).CloseCode(), reason
}
