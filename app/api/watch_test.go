package api

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// ear is a place where the page is shown.
type ear struct {
	mu        sync.Mutex
	listening bool
	heard     map[string][]Event
}

func (e *ear) Emit(name string, payload any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.heard == nil {
		e.heard = make(map[string][]Event)
	}
	event, ok := payload.(Event)
	if !ok {
		panic("the payload is no Event")
	}
	e.heard[name] = append(e.heard[name], event)
}

func (e *ear) Listening() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.listening
}

func (e *ear) listen(on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listening = on
}

func (e *ear) take(name string) []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := e.heard[name]
	delete(e.heard, name)
	return out
}

// firstLine is the first message of a logs event.
func firstLine(e Event) string {
	if lines, ok := e.Data.([]LogLine); ok && len(lines) > 0 {
		return lines[0].Message
	}
	return ""
}

// advance lets time pass inside a bubble and waits until all is quiet.
func advance(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// watched runs an API inside a bubble, with one ear, until the test ends.
func watched(t *testing.T, f *fake) (*API, *ear) {
	a, e := f.page(t), &ear{listening: true}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx, func() {}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(a.Subscribe(ModeBrowser, e))
	advance(watchEvery)
	return a, e
}

// Screens follow the node by themselves, and a quiet node sends nothing.
func TestEvents_OnlyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.say("info", "before")
		_, e := watched(t, f)
		for _, name := range []string{EventApp, EventNode, EventPeers, EventTasks, EventLogs} {
			if got := e.take(name); len(got) != 1 || got[0].Seq != 1 {
				t.Errorf("%s: first %+v", name, got)
			}
		}
		advance(3 * watchEvery)
		if got := e.take(EventPeers); len(got) != 0 {
			t.Errorf("nothing changed, but %d events came", len(got))
		}
		f.mu.Lock()
		f.peers = []core.Peer{{ID: "a", LatencyMS: 1}}
		f.mu.Unlock()
		f.say("warn", "after")
		advance(watchEvery)
		if got := e.take(EventPeers); len(got) != 1 || got[0].Seq != 2 {
			t.Errorf("peers: %+v", got)
		}
		if got := e.take(EventLogs); len(got) != 1 || firstLine(got[0]) != "after" {
			t.Errorf("logs: %+v", got)
		}
		f.mu.Lock()
		f.peers[0].LatencyMS = 2
		f.mu.Unlock()
		advance(watchEvery)
		if got := e.take(EventPeers); len(got) != 0 {
			t.Error("latency alone is sent every second")
		}
		advance(restEvery)
		if got := e.take(EventPeers); len(got) != 1 {
			t.Errorf("latency is never sent: %+v", got)
		}
	})
}

// A page that nobody looks at costs nothing, and misses nothing when it is
// looked at again.
func TestEvents_NobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		_, e := watched(t, f)
		e.listen(false)
		e.take(EventLogs)
		f.mu.Lock()
		before := f.asked
		f.mu.Unlock()
		f.say("info", "while away")
		advance(time.Minute)
		f.mu.Lock()
		after := f.asked
		f.mu.Unlock()
		if after != before || len(e.take(EventLogs)) != 0 {
			t.Errorf("the node was asked %d times for nobody", after-before)
		}
		e.listen(true)
		advance(watchEvery)
		if got := e.take(EventLogs); len(got) != 1 || firstLine(got[0]) != "while away" {
			t.Errorf("missed: %+v", got)
		}
	})
}

// The page waits for "ready" on its first screen: it must hear of it at once,
// and each place is told what it is.
func TestEvents_StateAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, browser := watched(t, newFake())
		window := &ear{listening: true}
		t.Cleanup(a.Subscribe(ModeWindow, window))
		browser.take(EventApp)
		a.Failed(core.Errorf(core.Unavailable, "port taken"))
		synctest.Wait()
		for e, mode := range map[*ear]string{browser: "browser", window: "window"} {
			got := e.take(EventApp)
			if len(got) != 1 {
				t.Fatalf("%s heard %+v", mode, got)
			}
			if info, ok := got[0].Data.(Info); !ok || info.State != StateFailed || info.Failure != "port taken" || info.Mode != mode {
				t.Errorf("%+v", info)
			}
		}
	})
}

// A node that panics when asked must not end the events of everything else.
func TestEvents_PanicInTheNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		a, e := watched(t, f)
		f.first(func() error { panic("broken") })
		advance(watchEvery)
		e.take(EventApp)
		a.Failed(core.Errorf(core.Internal, "broken"))
		synctest.Wait()
		if len(e.take(EventApp)) != 1 {
			t.Error("the watcher died")
		}
	})
}
