// Raft over libp2p: the network layer that rqlite asks for, made of streams.

package database

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"
)

const (
	// addressPrefix makes a peer id an address that rqlite accepts: it wants a
	// host and a port, and an IP literal asks no name server.
	addressPrefix = "0.0.0.0:"
	// maxPendingStreams bounds streams that Raft has not accepted yet. Each
	// member keeps a handful open; more at once than this is a fault or an attack.
	maxPendingStreams = 64
)

// layer carries one group's Raft traffic. It implements store.Layer.
type layer struct {
	host     host.Host
	protocol protocol.ID
	member   func(peer.ID) bool // who may open streams of this group
	accepted chan net.Conn
	closed   chan struct{}
	close    sync.Once
	asleep   func(peer.ID) // told when a member's replica is not open; may be nil
	silent   atomic.Bool   // members may sleep
	cut      atomic.Bool   // nothing goes in or out any more
}

// raftProtocol is the protocol of a group's streams. Every peer that connects is
// told which protocols a node speaks, and a stranger must not learn from it which
// namespaces there are: so the name is hashed, and only a guess can be checked.
func raftProtocol(group string) protocol.ID {
	hash := sha256.Sum256([]byte(group))
	return protocol.ID("/debros/raft/" + hex.EncodeToString(hash[:16]) + "/1")
}

// listenLayer starts to accept streams of the group from its members.
func listenLayer(h host.Host, group string, member func(peer.ID) bool, asleep func(peer.ID)) *layer {
	l := &layer{
		host:     h,
		protocol: raftProtocol(group),
		member:   member,
		accepted: make(chan net.Conn, maxPendingStreams),
		closed:   make(chan struct{}),
		asleep:   asleep,
	}
	h.SetStreamHandler(l.protocol, l.receive)
	return l
}

// raftAddress is where the group's Raft finds the peer.
func raftAddress(id peer.ID) string { return addressPrefix + id.String() }

// receive takes a stream that a peer opened. A stranger's is reset before its
// first byte is read.
func (l *layer) receive(s network.Stream) {
	if l.cut.Load() || !l.member(s.Conn().RemotePeer()) || !l.offer(l.newStreamConn(s)) {
		_ = s.Reset() //nolint:errcheck // there is nobody to tell
	}
}

// offer hands a connection to Accept, unless the layer is closed or its queue full.
func (l *layer) offer(c net.Conn) bool {
	select {
	case <-l.closed:
		return false
	default:
	}
	select {
	case l.accepted <- c:
		return true
	default:
		return false
	}
}

// Accept waits for the next connection from a member.
func (l *layer) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Dial opens a connection to a member. A host cannot dial itself, so to itself
// it is a pipe.
func (l *layer) Dial(address string, timeout time.Duration) (net.Conn, error) {
	text, found := strings.CutPrefix(address, addressPrefix)
	if !found {
		return nil, fmt.Errorf("raft address %q has no peer id", address)
	}
	id, err := peer.Decode(text)
	if err != nil {
		return nil, fmt.Errorf("raft address %q: %w", address, err)
	}
	if l.cut.Load() {
		return nil, errCutOff
	}
	if id == l.host.ID() {
		near, far := net.Pipe()
		if !l.offer(far) {
			return nil, errors.Join(net.ErrClosed, near.Close(), far.Close())
		}
		return near, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	s, err := l.host.NewStream(ctx, id, l.protocol)
	if errors.As(err, new(multistream.ErrNotSupported[protocol.ID])) && l.asleep != nil && !l.silent.Load() {
		l.asleep(id)
	}
	if err != nil {
		return nil, fmt.Errorf("open raft stream: %w", err)
	}
	return l.newStreamConn(s), nil
}

// errCutOff is what Raft hears from a layer that is cut off.
var errCutOff = errors.New("this replica is cut off from its group")

// cutOff ends all talk with other members for good. What was being sent when it
// is called may still arrive; nothing that is said after it does.
func (l *layer) cutOff() { l.cut.Store(true) }

// quiet makes the layer leave members alone that sleep.
func (l *layer) quiet(on bool) { l.silent.Store(on) }

// Close stops accepting and drops what was not accepted yet. It may be called twice.
func (l *layer) Close() error {
	var err error
	l.close.Do(func() {
		l.host.RemoveStreamHandler(l.protocol)
		close(l.closed)
		for {
			select {
			case c := <-l.accepted:
				err = errors.Join(err, c.Close())
			default:
				return
			}
		}
	})
	return err
}

// Addr is the address that other members dial.
func (l *layer) Addr() net.Addr { return raftAddr(raftAddress(l.host.ID())) }

// raftAddr is an address of the form 0.0.0.0:<peer id>.
type raftAddr string

func (raftAddr) Network() string  { return "libp2p" }
func (a raftAddr) String() string { return string(a) }

// streamConn is a libp2p stream as a net.Conn.
type streamConn struct {
	network.Stream
	cut           *atomic.Bool // the layer's
	local, remote raftAddr
}

func (l *layer) newStreamConn(s network.Stream) *streamConn {
	return &streamConn{
		Stream: s,
		cut:    &l.cut,
		local:  raftAddr(raftAddress(s.Conn().LocalPeer())),
		remote: raftAddr(raftAddress(s.Conn().RemotePeer())),
	}
}

// Read reads, unless the layer is cut off.
func (c *streamConn) Read(p []byte) (int, error) {
	n, err := c.Stream.Read(p)
	if c.cut.Load() {
		return 0, errors.Join(errCutOff, c.Reset())
	}
	return n, err
}

// Write writes, unless the layer is cut off.
func (c *streamConn) Write(p []byte) (int, error) {
	if c.cut.Load() {
		return 0, errors.Join(errCutOff, c.Reset())
	}
	return c.Stream.Write(p)
}

// Close resets the stream: Raft's connections have no tail worth waiting for.
func (c *streamConn) Close() error         { return c.Reset() }
func (c *streamConn) LocalAddr() net.Addr  { return c.local }
func (c *streamConn) RemoteAddr() net.Addr { return c.remote }
