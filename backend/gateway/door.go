package gateway

// This file bounds the connections: descriptors run out, and with them the
// files of the node's own databases.

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"golang.org/x/net/netutil"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxConnections bounds the connections of a gateway unless its settings say
	// otherwise: MaxSockets and some hundred of other requests.
	MaxConnections = 11_000
	// spareConnections are taken beyond the bound, only to be told that it is
	// reached. When these are taken too, the next ones wait to be accepted.
	spareConnections = 64
	// plainShare is the part of the connections that WebSockets leave to others:
	// one of so many. Whoever has them all open must still be able to sign out.
	plainShare = 16
)

// door lets connections in and knows which are too many.
type door struct {
	net.Listener
	most int64
	open atomic.Int64
}

func newDoor(l net.Listener, most int) *door {
	return &door{Listener: netutil.LimitListener(l, most+spareConnections), most: int64(most)}
}

// Accept notes whether the connection is one too many.
func (d *door) Accept() (net.Conn, error) {
	conn, err := d.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &entered{Conn: conn, door: d, beyond: d.open.Add(1) > d.most}, nil
}

// entered is a connection that came through a door.
type entered struct {
	net.Conn
	door   *door
	once   sync.Once
	beyond bool
}

// Close gives its place back.
func (e *entered) Close() error {
	e.once.Do(func() { e.door.open.Add(-1) })
	return e.Conn.Close()
}

// beyondKey marks the context of a connection that is one too many.
type beyondKey struct{}

// markBeyond is the server's ConnContext.
func markBeyond(ctx context.Context, conn net.Conn) context.Context {
	if secure, is := conn.(*tls.Conn); is {
		conn = secure.NetConn()
	}
	if e, is := conn.(*entered); is && e.beyond {
		return context.WithValue(ctx, beyondKey{}, true)
	}
	return ctx
}

// checkRoom refuses what came on a connection too many, and ends that connection.
func (g *Gateway) checkRoom(w http.ResponseWriter, r *http.Request) error {
	if r.Context().Value(beyondKey{}) == nil {
		return nil
	}
	w.Header().Set("Connection", "close")
	return core.Errorf(core.Limited, "the gateway has as many connections as it may; come back in a moment, or use another gateway")
}
