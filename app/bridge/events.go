// This file is the page's stream of events in a browser: server-sent events with
// numbers, so that a tab that was hidden resumes where it stopped.

package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxStreams bounds open streams: one per visible tab.
	MaxStreams = 32
	// MaxRingEvents bounds what is kept for tabs that come back,
	MaxRingEvents = 512
	// MaxRingBytes too, as one event may be large.
	MaxRingBytes = 8 << 20
	// MaxQueue is how far a tab may lag before it is cut; it then resumes by number.
	MaxQueue = 64

	heartbeat = 15 * time.Second // shorter than what proxies of a tunnel wait
	writeTime = 10 * time.Second // for one event; a browser that takes longer hangs
	retryMS   = 1000             // a cut browser comes back after this

	// lingering is how long the page's watcher goes on after the last tab left:
	// a reload and a change of tab lose nothing.
	lingering = 30 * time.Second
)

// stream numbers events, keeps the last ones and hands them to the open tabs.
type stream struct {
	now func() time.Time

	mu      sync.Mutex
	last    uint64  // number of the newest event
	ring    []event // oldest first, without holes
	bytes   int
	tabs    map[*tab]struct{}
	left    time.Time // when the last tab went
	visited bool      // one was there
}

// event is one event, ready to be sent.
type event struct {
	number uint64
	name   string
	data   []byte
}

// tab is one reader. Lost is closed when it lagged too far.
type tab struct {
	queue chan event
	lost  chan struct{}
}

// newStream starts at a number that no earlier start has reached: the clock in
// milliseconds grows faster than events come.
func newStream(now func() time.Time) *stream {
	return &stream{now: now, last: uint64(max(0, now().UnixMilli())), tabs: make(map[*tab]struct{})}
}

// Emit takes an event from package api. It never waits: a tab whose queue is
// full is cut off, comes back and resumes.
func (s *stream) Emit(name string, payload any) {
	data, err := json.Marshal(payload)
	if err != nil { // plain data always encodes
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	e := event{number: s.last, name: name, data: data}
	s.ring = append(s.ring, e)
	s.bytes += len(data)
	drop := 0
	for len(s.ring)-drop > MaxRingEvents || (s.bytes > MaxRingBytes && drop < len(s.ring)) {
		s.bytes -= len(s.ring[drop].data)
		drop++
	}
	if drop > 0 {
		s.ring = append([]event(nil), s.ring[drop:]...)
	}
	for t := range s.tabs {
		select {
		case t.queue <- e:
		default:
			delete(s.tabs, t)
			close(t.lost)
		}
	}
}

// Listening tells whether a tab is open or was a moment ago.
func (s *stream) Listening() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.tabs) > 0 || (s.visited && s.now().Sub(s.left) < lingering)
}

// open adds a tab that has seen everything up to after, 0 for nothing. It
// returns what the tab missed; gap says that some of it is gone.
func (s *stream) open(after uint64) (t *tab, missed []event, gap bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tabs) >= MaxStreams {
		return nil, nil, false, core.Errorf(core.Limited, "%d pages are open already; close one.", MaxStreams)
	}
	switch oldest := s.last + 1 - uint64(len(s.ring)); {
	case after == 0: // a new page asks for snapshots itself
	case after > s.last || after+1 < oldest:
		gap = true
	default:
		missed = append(missed, s.ring[len(s.ring)-int(s.last-after):]...) //nolint:gosec // at most the ring's length
	}
	t = &tab{queue: make(chan event, MaxQueue), lost: make(chan struct{})}
	s.tabs[t] = struct{}{}
	s.visited = true
	return t, missed, gap, nil
}

func (s *stream) close(t *tab) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tabs, t)
	s.left = s.now()
}

func (s *stream) newest() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// events serves GET /api/events until the browser leaves or streams ends.
func (d *door) events(streams context.Context) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, err := lastSeen(r)
		if err != nil {
			d.refuse(w, r, err)
			return
		}
		t, missed, gap, err := d.stream.open(after)
		if err != nil {
			d.refuse(w, r, err)
			return
		}
		defer d.stream.close(t)
		out := &sender{w: w, control: http.NewResponseController(w)}
		out.err = out.control.SetReadDeadline(time.Time{}) // the server's limit is for requests that end
		w.Header().Set("Content-Type", "text/event-stream")
		out.text(fmt.Sprintf("retry: %d\n\n", retryMS))
		if gap {
			out.event(event{number: d.stream.newest(), name: "gap", data: []byte("{}")})
		}
		for _, e := range missed {
			out.event(e)
		}
		d.follow(streams, r, t, out)
	})
}

// follow sends what comes until somebody has enough.
func (d *door) follow(streams context.Context, r *http.Request, t *tab, out *sender) {
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for out.err == nil {
		select {
		case <-streams.Done():
			return
		case <-r.Context().Done():
			return
		case <-t.lost:
			return
		case e := <-t.queue:
			out.event(e)
		case <-beat.C:
			if !d.hasSession(r) {
				return
			}
			out.text(": still here\n\n")
		}
	}
}

// lastSeen reads the number that the page or the browser resumes from.
func lastSeen(r *http.Request) (uint64, error) {
	text := r.Header.Get("Last-Event-ID") // a browser that comes back by itself knows better
	if text == "" {
		text = r.URL.Query().Get("after")
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, core.Errorf(core.Invalid, "An event's number is made of digits.")
	}
	return n, nil
}

// sender writes to one tab, each time within a limit, and remembers a failure.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

// event writes one event. The data is one line of JSON, so it needs no splitting.
func (s *sender) event(e event) {
	s.text(fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", e.number, e.name, e.data))
}

func (s *sender) text(text string) {
	if s.err != nil {
		return
	}
	if s.err = s.control.SetWriteDeadline(time.Now().Add(writeTime)); s.err != nil {
		return
	}
	if _, s.err = s.w.Write([]byte(text)); s.err != nil {
		return
	}
	s.err = s.control.Flush()
}
