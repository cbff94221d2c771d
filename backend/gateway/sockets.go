package gateway

// This file counts the open WebSockets and holds what waits to be written to
// each: nobody waits for a client that does not read.

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/core"
)

// Limits of WebSockets.
const (
	// MaxSockets bounds the open WebSockets of a gateway; idle, each takes less
	// than 40 KB.
	MaxSockets = 10_240
	// MaxSocketsPerAccount keeps one account from taking them all.
	MaxSocketsPerAccount = 100
	// MaxSocketQueued bounds the messages that wait for one socket. A burst of
	// 5,000 must arrive whole at a client that does other things meanwhile.
	MaxSocketQueued = 8192
	// MaxSocketQueuedBytes bounds the same in memory: thirty-two of the largest
	// messages.
	MaxSocketQueuedBytes = 8 << 20
	// MaxQueuedBytesTotal bounds it for all sockets together. Past it, whoever
	// has more waiting than his share and has taken nothing for maxStall is cut
	// off; past twice as much, whoever has more than his share.
	MaxQueuedBytesTotal = 256 << 20
	// minShare is what a socket may have waiting in any case.
	minShare = 64 << 10
	// maxStall tells those who sleep from those who read and are behind for a
	// moment: a burst must not cost these their connection because those fill
	// the node.
	maxStall = 500 * time.Millisecond

	// socketOverhead is how much larger than allowed a client's message may be
	// and still be answered; one that is larger yet ends the socket unread.
	socketOverhead = 1 << 10
)

// socketLimits lists the bounds that a user of WebSockets may meet.
func socketLimits() []core.Limit {
	return []core.Limit{
		{Name: "WebSockets of one gateway", Value: fmt.Sprint(MaxSockets), Why: "each takes memory, also when it is silent"},
		{Name: "WebSockets of one account", Value: fmt.Sprint(MaxSocketsPerAccount), Why: "one account must not take them all"},
		{Name: "messages waiting for one WebSocket", Value: fmt.Sprintf("%d, or %d MiB", MaxSocketQueued, MaxSocketQueuedBytes>>20), Why: "a client that does not read is cut off; nobody waits for it"},
		{Name: "time until a WebSocket's ping must be answered", Value: MaxSilence.String(), Why: "a client that is gone without a word is noticed"},
	}
}

// socketTimes are the times of a socket; tests are in a hurry.
type socketTimes struct {
	ping, silence, goodbye time.Duration
}

// sockets are the open ones of a gateway. The zero value works.
type sockets struct {
	upgrader upgrader
	most     int          // that may be open; 0 is MaxSockets
	pace     socketTimes  // zero: the constants
	queued   atomic.Int64 // bytes that wait, of all
	count    atomic.Int64 // of open

	mu      sync.Mutex
	ended   bool
	open    map[*socket]string // to its account
	account map[string]int     // open ones of each
	running sync.WaitGroup
}

func (s *sockets) times() socketTimes {
	if s.pace == (socketTimes{}) {
		return socketTimes{ping: PingEvery, silence: MaxSilence, goodbye: maxGoodbye}
	}
	return s.pace
}

// enter takes a place for a socket; leave gives it back.
func (s *sockets) enter(one *socket, account string) error {
	most := cmp.Or(s.most, MaxSockets)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ended:
		return core.Errorf(core.Unavailable, "this gateway is ending; connect to another one, or again later")
	case len(s.open) >= most:
		return core.Errorf(core.Limited, "the gateway has %d WebSockets open; wait, or use another gateway", most)
	case account != "" && s.account[account] >= MaxSocketsPerAccount:
		return core.Errorf(core.Limited, "an account may have %d WebSockets; close one", MaxSocketsPerAccount)
	}
	if s.open == nil {
		s.open, s.account = make(map[*socket]string), make(map[string]int)
	}
	s.open[one] = account
	s.count.Add(1)
	s.account[account]++
	s.running.Add(1)
	return nil
}

func (s *sockets) leave(one *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	account := s.open[one]
	delete(s.open, one)
	s.count.Add(-1)
	if s.account[account]--; s.account[account] == 0 {
		delete(s.account, account)
	}
	s.running.Done()
}

// share is how many bytes may wait for one socket now, which has taken nothing
// for so long.
func (s *sockets) share(stalled time.Duration) int {
	queued := s.queued.Load()
	if queued <= MaxQueuedBytesTotal || stalled < maxStall && queued <= 2*MaxQueuedBytesTotal {
		return MaxSocketQueuedBytes
	}
	return max(minShare, MaxQueuedBytesTotal/int(max(s.count.Load(), 1)))
}

// end takes no more sockets, tells those that are open, and waits for them until
// ctx ends; then it cuts what is left and waits for that.
func (s *sockets) end(ctx context.Context) {
	s.mu.Lock()
	s.ended = true
	open := make([]*socket, 0, len(s.open))
	for one := range s.open {
		open = append(open, one)
	}
	s.mu.Unlock()
	for _, one := range open {
		one.cancel(errGatewayEnds)
	}
	cut := context.AfterFunc(ctx, func() {
		for _, one := range open {
			one.abort()
		}
	})
	defer cut()
	s.running.Wait()
}

// socket is one WebSocket. Its send may be called from any goroutine.
type socket struct {
	sockets *sockets
	conn    *websocket.Conn // nil before the 101; set under mu
	cancel  context.CancelCauseFunc

	mu      sync.Mutex
	queue   []socketFrame // what the writer has not taken yet
	waiting int           // frames in queue or in the writer's hands
	moved   time.Time     // when the client took one of them last, or the first began to wait
	bytes   int           // of those
	writing bool
	ended   bool
	pinging *time.Timer
	writers sync.WaitGroup
	freed   chan struct{} // something was written; of one
}

// socketFrame waits to be written.
type socketFrame struct {
	kind int // as package websocket names them
	data []byte
}

// send queues a message without ever waiting; data must not change afterwards.
// A client that has let too much pile up is cut off with a reason.
func (s *socket) send(kind int, data []byte) {
	if !s.offer(socketFrame{kind, data}) {
		s.cancel(core.Errorf(core.Limited, "too slow: too many messages were waiting to be read; connect again and read faster"))
	}
}

// text and binary are the kinds of message that a route sends.
func (s *socket) text(data []byte)   { s.send(websocket.TextMessage, data) }
func (s *socket) binary(data []byte) { s.send(websocket.BinaryMessage, data) }

func (s *socket) offer(f socketFrame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return true
	}
	switch {
	case s.waiting == 0:
		s.moved = time.Now()
	case s.waiting >= MaxSocketQueued || s.bytes+len(f.data) > s.sockets.share(time.Since(s.moved)):
		return false
	}
	s.queue = append(s.queue, f)
	s.addLocked(1, len(f.data))
	if !s.writing {
		s.writing = true
		s.writers.Go(s.write)
	}
	return true
}

func (s *socket) addLocked(frames, size int) {
	s.waiting += frames
	s.bytes += size
	s.sockets.queued.Add(int64(size))
}

// write writes what waits and ends when nothing does.
func (s *socket) write() {
	for {
		batch, more := s.take()
		if !more {
			return
		}
		failed := false
		for _, f := range batch {
			failed = failed || s.over() || s.writeFrame(f) != nil
			s.wrote(len(f.data))
		}
		if failed {
			s.cancel(core.Errorf(core.Limited, "too slow: nothing was read for %v; connect again and read faster", maxFrameWrite))
		}
	}
}

func (s *socket) writeFrame(f socketFrame) error {
	deadline := time.Now().Add(maxFrameWrite)
	if f.kind == websocket.PingMessage {
		return s.conn.WriteControl(f.kind, f.data, deadline)
	}
	if err := s.conn.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return s.conn.WriteMessage(f.kind, f.data)
}

// pingAfter asks the client whether it is there, again and again.
func (s *socket) pingAfter(wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.pinging = time.AfterFunc(wait, func() {
		s.send(websocket.PingMessage, nil)
		s.pingAfter(wait)
	})
}

func (s *socket) take() (batch []socketFrame, more bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		s.writing = false
		return nil, false
	}
	batch, s.queue = s.queue, nil
	return batch, true
}

func (s *socket) wrote(size int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addLocked(-1, -size)
	s.moved = time.Now()
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// room waits until little is left to be written. It is for routes that could send
// faster than anybody reads.
func (s *socket) room(ctx context.Context) error {
	for {
		s.mu.Lock()
		free := s.bytes <= MaxSocketQueuedBytes/4
		s.mu.Unlock()
		if free {
			return nil
		}
		select {
		case <-s.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (s *socket) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// drop forgets what waits; from now on nothing is queued.
func (s *socket) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	if s.pinging != nil {
		s.pinging.Stop()
	}
	for _, f := range s.queue {
		s.addLocked(-1, -len(f.data))
	}
	s.queue = nil
}

// hold keeps the connection, once there is one.
func (s *socket) hold(conn *websocket.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
}

// abort cuts the connection. It may come before there is one.
func (s *socket) abort() {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn != nil {
		conn.Close() //nolint:errcheck,gosec // it is over either way
	}
}
