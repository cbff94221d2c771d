// Strangers who say what they like. Time is made up here, so that patience
// costs nothing.

package rpc

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A stranger that can crash or hold the node with a few bytes takes it from
// everybody. Each of these ends its own stream, at once and with a reason.
func TestServer_MalformedFrames(t *testing.T) {
	length := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	request := frame{kind: kindRequest, method: methodGet, id: 1}
	raw := func(change func(b []byte)) []byte {
		b := appendFrame(nil, request)
		change(b)
		return b
	}
	tests := map[string]struct {
		says []byte
		want core.Code
	}{
		"length 0":                        {length(0), core.Invalid},
		"length 15":                       {length(15), core.Invalid},
		"length 2^31":                     {length(1 << 31), core.TooLarge},
		"length 2^32-1":                   {length(1<<32 - 1), core.TooLarge},
		"one byte above the limit":        {length(headerBytes + MaxFrameBytes + 1), core.TooLarge},
		"kind 0":                          {raw(func(b []byte) { b[4] = 0 }), core.Invalid},
		"kind 9":                          {raw(func(b []byte) { b[4] = 9 }), core.Invalid},
		"unknown flags":                   {raw(func(b []byte) { b[5] = 0x80 }), core.Invalid},
		"a second hello":                  {appendFrame(nil, frame{kind: kindHello}), core.Invalid},
		"a response":                      {appendFrame(nil, frame{kind: kindResponse, id: 1}), core.Invalid},
		"an error":                        {appendFrame(nil, frame{kind: kindError, id: 1}), core.Invalid},
		"a request without an id":         {appendFrame(nil, frame{kind: kindRequest, method: methodGet}), core.Invalid},
		"a cancel without an id":          {appendFrame(nil, frame{kind: kindCancel}), core.Invalid},
		"a cancel with a body":            {appendFrame(nil, frame{kind: kindCancel, id: 1, body: []byte{1}}), core.Invalid},
		"a cancel with a method":          {appendFrame(nil, frame{kind: kindCancel, id: 1, method: 1}), core.Invalid},
		"a continuation of nothing":       {appendFrame(nil, frame{kind: kindRequest, id: 1, continues: true}), core.Invalid},
		"a beginning that begins again":   {slices.Concat(appendFrame(nil, frame{kind: kindRequest, id: 1, more: true, body: make([]byte, MaxFrameBytes)}), appendFrame(nil, request)), core.Invalid},
		"parts of one byte":               {appendFrame(nil, frame{kind: kindRequest, id: 1, more: true, body: []byte{1}}), core.Invalid},
		"parts of nothing":                {appendFrame(nil, frame{kind: kindRequest, id: 1, more: true}), core.Invalid},
		"a request followed by something": {slices.Concat(appendFrame(nil, frame{kind: kindCancel, id: 1}), []byte("GET / HTTP/1.1\r\n\r\n")), core.TooLarge},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t.Context(), t, newFakeNode())
				s.hello()
				go s.pipe.Write(test.says) //nolint:errcheck // the server may hang up in the middle of it
				if got := s.nextError(); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
				<-s.done
			})
		})
	}
}

// The same bytes in pieces of one are the same frames.
func TestServer_SplitFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t.Context(), t, newFakeNode())
		s.hello()
		go func() {
			for _, b := range appendFrame(nil, frame{kind: kindRequest, method: methodHealth, id: 1 << 63}) {
				s.pipe.Write([]byte{b}) //nolint:errcheck // the answer below tells
			}
		}()
		if f := s.next(); f.kind != kindResponse || f.id != 1<<63 {
			t.Errorf("got kind %d, id %x", f.kind, f.id)
		}
		s.leave()
	})
}

// Streams that never say who they are must not pile up.
func TestServer_NeverHello(t *testing.T) {
	says := map[string][]byte{
		"nothing":         nil,
		"half a length":   {0, 0},
		"a length":        {0, 0, 1, 0},
		"half of a hello": appendFrame(nil, frame{kind: kindHello, body: make([]byte, 100)})[:50],
	}
	for name, text := range says {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t.Context(), t, newFakeNode())
				began := time.Now()
				if _, err := s.pipe.Write(text); err != nil {
					t.Fatal(err)
				}
				if got := s.nextError(); got != core.Unavailable {
					t.Errorf("got %s, want unavailable", got)
				}
				<-s.done
				if took := time.Since(began); took != MaxHelloTime {
					t.Errorf("the stream was held for %v, want %v", took, MaxHelloTime)
				}
			})
		})
	}
}

// Whoever has not said hello may not call, and may not send much.
func TestServer_CallBeforeHello(t *testing.T) {
	tests := map[string]struct {
		says frame
		want core.Code
	}{
		"a call":               {frame{kind: kindRequest, method: methodStop, id: 1}, core.Unauthenticated},
		"a cancel":             {frame{kind: kindCancel, id: 1}, core.Unauthenticated},
		"a hello that is long": {frame{kind: kindHello, body: make([]byte, MaxHelloBytes+1)}, core.TooLarge},
		"a hello of garbage":   {frame{kind: kindHello, body: []byte{0xff, 0xff}}, core.Invalid},
		"a hello of version 0": {frame{kind: kindHello}, core.Invalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := servePipe(t.Context(), t, newFakeNode())
				go s.pipe.Write(appendFrame(nil, test.says)) //nolint:errcheck // the server may hang up in the middle of it
				if got := s.nextError(); got != test.want {
					t.Errorf("got %s, want %s", got, test.want)
				}
				<-s.done
			})
		})
	}
}

// A client that asks and never reads must be cut off, with all it holds.
func TestServer_SlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newFakeNode()
		n.onQuery = func(context.Context, core.Statement, core.QueryOptions) (*core.Rows, error) {
			return &core.Rows{Columns: []string{"b"}, Values: [][]any{{make([]byte, 1<<20)}}}, nil
		}
		s := servePipe(t.Context(), t, n)
		s.hello()
		began := time.Now()
		s.send(frame{kind: kindRequest, method: methodQuery, id: 1})
		<-s.done
		if took := time.Since(began); took != MaxWriteStall {
			t.Errorf("cut off after %v, want %v", took, MaxWriteStall)
		}
	})
}

// One client must not start more work than its share, nor by cancelling it at once.
func TestServer_FloodOfCalls(t *testing.T) {
	for name, cancels := range map[string]bool{"that wait": false, "that are cancelled at once": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newFakeNode()
				release := make(chan struct{})
				var running, most atomic.Int64
				n.onPut = func(context.Context, string) error { // deaf to its context
					most.Store(max(most.Load(), running.Add(1)))
					<-release
					running.Add(-1)
					return nil
				}
				s := servePipe(t.Context(), t, n)
				s.hello()
				const all = 10_000
				go func() {
					for id := uint64(1); id <= all; id++ {
						s.pipe.Write(appendFrame(nil, frame{kind: kindRequest, method: methodPut, id: id})) //nolint:errcheck // counted below
						if cancels {
							s.pipe.Write(appendFrame(nil, frame{kind: kindCancel, id: id})) //nolint:errcheck // as above
						}
					}
				}()
				for range all - MaxCalls {
					if got := s.nextError(); got != core.Limited {
						t.Fatalf("got %s, want limited", got)
					}
				}
				synctest.Wait()
				if got := running.Load(); got != MaxCalls {
					t.Errorf("%d handlers run, want %d", got, MaxCalls)
				}
				close(release)
				if !cancels {
					for range MaxCalls {
						if f := s.next(); f.kind != kindResponse {
							t.Fatalf("got kind %d, want a response", f.kind)
						}
					}
				}
				s.leave()
				if most.Load() > MaxCalls {
					t.Errorf("%d handlers ran at once", most.Load())
				}
			})
		})
	}
}

// Requests that are begun and not finished hold memory: it must have an end,
// and be given back.
func TestServer_UnfinishedRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t.Context(), t, newFakeNode())
		s.hello()
		part := make([]byte, MaxFrameBytes)
		const fits = MaxRequestBytesInFlight / MaxFrameBytes
		for id := uint64(1); id <= fits; id++ {
			s.send(frame{kind: kindRequest, method: methodPut, id: id, more: true, body: part})
		}
		s.send(frame{kind: kindRequest, method: methodPut, id: fits + 1, more: true, body: part})
		if got := s.nextError(); got != core.Limited {
			t.Errorf("one request more: %s, want limited", got)
		}
		s.send(frame{kind: kindRequest, id: fits + 1, continues: true, body: part}) // dropped: it was answered
		s.send(frame{kind: kindCancel, id: 1})
		s.send(frame{kind: kindRequest, method: methodHealth, id: fits + 2})
		if f := s.next(); f.kind != kindResponse {
			t.Errorf("after a cancel: %v", unpackError(f.body))
		}
		s.leave()
	})
}

// One request may not grow without end either.
func TestServer_RequestTooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := servePipe(t.Context(), t, newFakeNode())
		s.hello()
		part := make([]byte, MaxFrameBytes)
		s.send(frame{kind: kindRequest, method: methodPut, id: 1, more: true, body: part})
		for range MaxRequestBytes/MaxFrameBytes - 1 {
			s.send(frame{kind: kindRequest, id: 1, more: true, continues: true, body: part})
		}
		s.send(frame{kind: kindRequest, id: 1, more: true, continues: true, body: part})
		if got := s.nextError(); got != core.TooLarge {
			t.Errorf("got %s, want too_large", got)
		}
		s.send(frame{kind: kindRequest, id: 1, continues: true, body: part})
		s.send(frame{kind: kindRequest, method: methodHealth, id: 2})
		if f := s.next(); f.kind != kindResponse || f.id != 2 {
			t.Errorf("the next call: kind %d, id %d", f.kind, f.id)
		}
		s.leave()
	})
}

// A call without a deadline ends some day all the same.
func TestServer_LongestCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newFakeNode()
		n.onPut = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		s := servePipe(t.Context(), t, n)
		s.hello()
		began := time.Now()
		s.send(frame{kind: kindRequest, method: methodPut, id: 1, timeout: 1000 * time.Hour})
		if got := s.nextError(); got != core.Unavailable {
			t.Errorf("got %s, want unavailable", got)
		}
		if took := time.Since(began); took != MaxCallTime {
			t.Errorf("took %v, want %v", took, MaxCallTime)
		}
		s.leave()
	})
}

// A handler that does not end by itself is cancelled, or a node would never stop.
func TestServer_DrainHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newFakeNode()
		n.onPut = func(ctx context.Context, _ string) error { <-ctx.Done(); return ctx.Err() }
		ctx, stop := context.WithCancel(t.Context())
		s := servePipe(ctx, t, n)
		s.hello()
		s.send(frame{kind: kindRequest, method: methodPut, id: 1})
		synctest.Wait()
		began := time.Now()
		stop()
		synctest.Wait()
		s.send(frame{kind: kindRequest, method: methodPut, id: 2})
		if f := s.next(); f.kind != kindError || f.id != 2 {
			t.Errorf("a call after the stop began: kind %d, id %d", f.kind, f.id)
		}
		if f := s.next(); f.kind != kindError || f.id != 1 {
			t.Errorf("the call in flight: kind %d, id %d", f.kind, f.id)
		}
		if took := time.Since(began); took != MaxDrainTime {
			t.Errorf("took %v, want %v", took, MaxDrainTime)
		}
		if f := s.next(); f.kind != kindError || f.id != 0 {
			t.Errorf("the last word: kind %d, id %d", f.kind, f.id)
		}
		if _, err := s.pipe.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("after the last word: %v, want the end", err)
		}
		<-s.done
	})
}
