// This file is the one door of every bound method: it gives a context with a
// limit, recovers panics, and turns an error into the text that the page reads.

package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxCalls bounds the calls that run at once. A page has some ten in flight.
	MaxCalls = 64
	// MaxCallTime bounds an ordinary call, so that the page never waits for ever.
	MaxCallTime = 15 * time.Second
	// MaxRunTime bounds one SQL script and one dial; both can be slow in good faith.
	MaxRunTime = 60 * time.Second
	// MaxDialogTime bounds a dialog that a person has to answer.
	MaxDialogTime = 30 * time.Minute
)

// Failure is the error of a bound method. Its Error text is one JSON object,
// because that is all that Wails hands to the page.
type Failure struct {
	Sentence  string    `json:"error"`
	Code      core.Code `json:"code"`
	RequestID string    `json:"request_id"`
}

// Error returns the JSON text.
func (f *Failure) Error() string {
	text, err := json.Marshal(f)
	if err != nil { // three strings always encode
		return `{"error":"Something went wrong.","code":"internal","request_id":""}`
	}
	return string(text)
}

// guard runs one bound method. Nothing but a *Failure comes out of it as error,
// whatever fn does: a panic would leave the page's promise pending for ever.
func guard[T any](d *desk, method string, limit time.Duration, fn func(ctx context.Context) (T, error)) (out T, err error) {
	ctx, end, err := d.calls.begin(limit)
	if err != nil {
		return out, d.fail(method, err)
	}
	defer end()
	defer func() {
		if p := recover(); p != nil {
			var zero T
			out, err = zero, d.fail(method, panicError(p))
		}
	}()
	out, err = fn(ctx)
	if err != nil {
		var zero T
		return zero, d.fail(method, err)
	}
	return out, nil
}

// none is the result of a bound method that returns an error only.
type none struct{}

// act is guard for a method without a result.
func act(d *desk, method string, limit time.Duration, fn func(ctx context.Context) error) error {
	_, err := guard(d, method, limit, func(ctx context.Context) (none, error) { return none{}, fn(ctx) })
	return err
}

func panicError(p any) error {
	return core.Wrap(core.Internal, fmt.Errorf("panic: %v\n%s", p, debug.Stack()), "%s", core.Internal.Sentence())
}

// fail logs err once, with its cause, and returns what the page may see of it.
func (d *desk) fail(method string, err error) *Failure {
	f := &Failure{Sentence: core.Sentence(err), Code: core.CodeOf(err), RequestID: newID()}
	log := d.log.Debug // the caller's mistake, which the page shows
	switch f.Code {
	case core.Internal:
		log = d.log.Error
	case core.Unavailable, core.OutcomeUnknown:
		log = d.log.Info
	default:
	}
	log("a call of the page failed",
		"method", method, "code", string(f.Code), core.KeyRequestID, f.RequestID, core.KeyError, err.Error())
	return f
}

// newID makes a name that nobody guesses: of requests, results and tasks.
func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) //nolint:errcheck // crypto/rand.Read never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// calls knows what runs, so that the end of the program ends it.
type calls struct {
	mu      sync.Mutex
	running map[uint64]context.CancelFunc
	next    uint64
	closed  bool
	wg      sync.WaitGroup
}

func newCalls() *calls { return &calls{running: make(map[uint64]context.CancelFunc)} }

// begin makes the context of one call. The caller must call end.
func (c *calls) begin(limit time.Duration) (ctx context.Context, end func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return nil, nil, core.Errorf(core.Unavailable, "The program is ending.")
	case len(c.running) >= MaxCalls:
		return nil, nil, core.Errorf(core.Limited, "Too many calls at once (%d); wait for some to end.", MaxCalls)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	id := c.next
	c.next++
	c.running[id] = cancel
	c.wg.Add(1)
	return ctx, func() {
		cancel()
		c.mu.Lock()
		delete(c.running, id)
		c.mu.Unlock()
		c.wg.Done()
	}, nil
}

// close cancels what runs and waits for it.
func (c *calls) close() {
	c.mu.Lock()
	c.closed = true
	for _, cancel := range c.running {
		cancel()
	}
	c.mu.Unlock()
	c.wg.Wait()
}
