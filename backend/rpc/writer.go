// One goroutine writes all frames of a stream. While it writes, the frames of
// other callers gather behind it and go out together in the next write.

package rpc

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"
)

const (
	// MaxQueuedBytes bounds what waits for one stream. It is a few times what a
	// write takes, so that the next write is never small while callers wait.
	MaxQueuedBytes = 1 << 20
	// MaxWriteStall bounds how long a peer may refuse to read a piece of
	// writePiece bytes before it is cut off: some 3 KiB a second is enough.
	MaxWriteStall = 20 * time.Second

	writePiece = 64 << 10
	keptBuffer = 128 << 10 // a larger buffer is not kept for the next write
)

// outStream is what a writer needs of a libp2p stream.
type outStream interface {
	Write(p []byte) (int, error)
	SetWriteDeadline(t time.Time) error
}

// writer gathers frames and writes them. It is safe for concurrent use.
type writer struct {
	out  outStream
	wake chan struct{} // has room for one: "there is something to do"

	mu     sync.Mutex
	buf    []byte // frames that wait
	spare  []byte // the buffer of the write before, for reuse
	handed uint64 // bytes ever put into buf
	begun  uint64 // bytes whose writing has begun
	stall  time.Duration
	ending bool          // write what there is, then end
	err    error         // why nothing can be sent any more
	room   chan struct{} // closed when buf was taken or err is set; nil when nobody waits
}

func newWriter(out outStream) *writer {
	return &writer{out: out, wake: make(chan struct{}, 1), stall: MaxWriteStall}
}

// run writes until finish or fail is called or a write fails.
func (w *writer) run() error {
	for range w.wake {
		// Whoever else has something to send may put it in line first: with 32
		// callers this halves the work per call, and alone it costs nothing.
		runtime.Gosched()
		for {
			piece, done, err := w.take()
			if err != nil {
				return err
			}
			if done {
				return nil
			}
			if len(piece) == 0 {
				break
			}
			if err := w.write(piece); err != nil {
				w.fail(err)
				return err
			}
		}
	}
	return nil
}

// take hands over what waits, or says that all is done.
func (w *writer) take() (piece []byte, done bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, false, w.err
	}
	if len(w.buf) == 0 {
		return nil, w.ending, nil
	}
	piece = w.buf
	w.buf, w.spare = w.spare[:0], nil
	w.begun = w.handed
	w.signalRoomLocked()
	return piece, false, nil
}

func (w *writer) write(piece []byte) error {
	for rest := piece; len(rest) > 0; {
		n := min(len(rest), writePiece)
		if err := w.limitStall(MaxWriteStall); err != nil {
			return err
		}
		if _, err := w.out.Write(rest[:n]); err != nil {
			return fmt.Errorf("write frames: %w", err)
		}
		rest = rest[n:]
	}
	w.mu.Lock()
	if cap(piece) <= keptBuffer {
		w.spare = piece[:0]
	}
	w.mu.Unlock()
	return nil
}

// send puts a frame with the given head and body in line, in parts when the
// body is large, and waits for room before each part. It returns the place
// after its last byte, for sent.
func (w *writer) send(ctx context.Context, head frame, body []byte) (uint64, error) {
	for {
		n := min(len(body), MaxFrameBytes)
		head.body, head.more = body[:n], n < len(body)
		end, err := w.add(ctx, head)
		if err != nil || !head.more {
			return end, err
		}
		body = body[n:]
		head = frame{kind: head.kind, id: head.id, continues: true}
	}
}

func (w *writer) add(ctx context.Context, f frame) (uint64, error) {
	for {
		end, room, err := w.tryAdd(f)
		if room == nil {
			return end, err
		}
		select {
		case <-room:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// tryAdd returns a channel to wait for when there is no room.
func (w *writer) tryAdd(f frame) (end uint64, room <-chan struct{}, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return 0, nil, w.err
	}
	if len(w.buf) >= MaxQueuedBytes {
		if w.room == nil {
			w.room = make(chan struct{})
		}
		return 0, w.room, nil
	}
	return w.addLocked(f), nil, nil
}

// post puts a small frame in line without waiting. Only frames of which each
// call sends at most one may use it, so that MaxCalls bounds them.
func (w *writer) post(f frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err == nil {
		w.addLocked(f)
	}
}

func (w *writer) addLocked(f frame) uint64 {
	before := len(w.buf)
	w.buf = appendFrame(w.buf, f)
	w.handed += uint64(len(w.buf) - before) //nolint:gosec // a buffer never shrinks by an append
	w.wakeUp()
	return w.handed
}

// sent says whether the frame that ends at this place may have reached the
// peer. It is meant for after fail, when the answer no longer changes.
func (w *writer) sent(end uint64) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return end > 0 && end <= w.begun
}

// finish lets run end once everything in line is written, and gives a peer
// that does not read only this long for each piece.
func (w *writer) finish(stall time.Duration) {
	w.mu.Lock()
	w.ending = true
	w.mu.Unlock()
	if err := w.limitStall(stall); err != nil {
		w.fail(err)
	}
	w.wakeUp()
}

// limitStall sets the deadline of the write that comes or is under way. It
// holds the lock so that an earlier, longer limit never replaces a shorter one;
// setting a deadline waits for nobody.
func (w *writer) limitStall(stall time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stall = min(w.stall, stall)
	if err := w.out.SetWriteDeadline(time.Now().Add(w.stall)); err != nil {
		return fmt.Errorf("set the write deadline: %w", err)
	}
	return nil
}

// fail makes every send return err from now on. The first error stays.
func (w *writer) fail(err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.buf, w.spare = nil, nil
	w.signalRoomLocked()
	w.mu.Unlock()
	w.wakeUp()
}

func (w *writer) signalRoomLocked() {
	if w.room != nil {
		close(w.room)
		w.room = nil
	}
}

func (w *writer) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
