package bridge

import (
	"bufio"
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/app/api"
	"git.debros.io/DeBros/network/backend/core"
)

// listener reads a stream of events as a browser does.
type listener struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

// listen opens the stream and waits until it stands.
func (s *server) listen(b *http.Client, after string) *listener {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/api/events?after="+after, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := b.Do(r) //nolint:bodyclose // the listener closes it
	if err != nil {
		s.t.Fatal(err)
	}
	if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || got != "text/event-stream" {
		s.t.Fatalf("%d %s", answer.StatusCode, got)
	}
	l := &listener{t: s.t, lines: bufio.NewScanner(answer.Body), close: func() { cancel(); closed(s.t, answer.Body) }}
	l.lines.Buffer(nil, MaxRingBytes)
	s.t.Cleanup(l.close)
	if !l.lines.Scan() || !strings.HasPrefix(l.lines.Text(), "retry:") {
		s.t.Fatalf("first line %q, %v", l.lines.Text(), l.lines.Err())
	}
	return l
}

type heard struct{ id, name, data string }

// next is the next event, or a zero one at the stream's end.
func (l *listener) next() heard {
	var e heard
	for l.lines.Scan() {
		key, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch {
		case key == "id":
			e.id = value
		case key == "event":
			e.name = value
		case key == "data":
			e.data = value
		case key == "" && value == "" && e.name != "":
			return e
		}
	}
	return heard{}
}

// say sends events of our own; "test" is a name that the page's watcher never sends.
func (s *server) say(n int) {
	for i := range n {
		s.stream.Emit("test", api.Event{Seq: uint64(i + 1), Data: "line\nbreak"})
	}
}

// nextTest skips what the page's watcher says of itself.
func (l *listener) nextTest() heard {
	for {
		if e := l.next(); e.name != "app" && e.name != "tasks" {
			return e
		}
	}
}

// A tab that was hidden comes back with the number that it saw last: it gets
// exactly what it missed, once.
func TestEvents_Resume(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	first := s.listen(b, "")
	s.say(3)
	one, two, three := first.nextTest(), first.nextTest(), first.nextTest()
	if one.name != "test" || one.data != `{"seq":1,"data":"line\nbreak"}` || three.data == two.data {
		t.Errorf("%+v %+v %+v", one, two, three)
	}
	first.close()
	s.say(2)
	again := s.listen(b, two.id)
	if e := again.nextTest(); e != three {
		t.Errorf("resumed with %+v, want %+v", e, three)
	}
	again.nextTest()
	last := again.nextTest()
	third := s.listen(b, last.id)
	s.say(1)
	if e := third.nextTest(); number(t, e) != number(t, last)+1 {
		t.Errorf("after %+v came %+v", last, e)
	}
}

// A number that is too old, or from another start of the node, is answered with
// a gap: the page asks for everything again instead of missing something.
func TestEvents_Gap(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	l := s.listen(b, "")
	s.say(1)
	old := l.nextTest()
	l.close()
	s.say(MaxRingEvents + 1)
	future := strconv.FormatUint(number(t, old)+1<<40, 10)
	for _, after := range []string{old.id, "1", future} {
		l := s.listen(b, after)
		if e := l.nextTest(); e.name != "gap" {
			t.Errorf("after %s came %+v", after, e)
		}
		s.say(1)
		if e := l.nextTest(); e.name != "test" {
			t.Errorf("after the gap came %+v", e)
		}
		l.close()
	}
	if r := s.send(b, http.MethodGet, "/api/events?after=x", "", nil); r.code(t) != core.Invalid {
		t.Errorf("no number: %d", r.status)
	}
}

func number(t *testing.T, e heard) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(e.id, 10, 64)
	if err != nil {
		t.Fatalf("%+v: %v", e, err)
	}
	return n
}

// A tab that hangs is cut, and no other waits for it.
func TestEvents_SlowTabIsCut(t *testing.T) {
	s := newStream(time.Now)
	slow, _, _, err := s.open(0)
	if err != nil {
		t.Fatal(err)
	}
	fast, _, _, err := s.open(0)
	if err != nil {
		t.Fatal(err)
	}
	for range MaxQueue + 1 {
		s.Emit("node", 1)
		<-fast.queue
	}
	select {
	case <-slow.lost:
	default:
		t.Error("the slow tab is kept")
	}
	select {
	case <-fast.lost:
		t.Error("the fast tab was cut")
	default:
	}
	if len(s.tabs) != 1 {
		t.Errorf("%d tabs", len(s.tabs))
	}
}

// What is kept for tabs that come back has a bound, in number and in bytes.
func TestEvents_RingIsBounded(t *testing.T) {
	s := newStream(time.Now)
	large := strings.Repeat("x", MaxRingBytes/4)
	for range 10 {
		s.Emit("node", large)
	}
	if s.bytes > MaxRingBytes || len(s.ring) != 3 {
		t.Errorf("%d events, %d bytes", len(s.ring), s.bytes)
	}
	s.Emit("node", strings.Repeat("x", 2*MaxRingBytes))
	if len(s.ring) != 0 || s.bytes != 0 {
		t.Errorf("an event beyond the bound is kept: %d, %d bytes", len(s.ring), s.bytes)
	}
	last := s.last
	if _, missed, gap, err := s.open(last - 1); err != nil || !gap || len(missed) != 0 {
		t.Errorf("gap %v, %d missed, %v", gap, len(missed), err)
	}
	if _, _, gap, err := s.open(last); err != nil || gap {
		t.Errorf("up to date, but gap %v, %v", gap, err)
	}
	for range MaxRingEvents + 10 {
		s.Emit("node", 1)
	}
	if len(s.ring) != MaxRingEvents {
		t.Errorf("%d events", len(s.ring))
	}
	for range MaxStreams { // the two from above were cut: they did not read
		if _, _, _, err := s.open(0); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, _, err := s.open(0); core.CodeOf(err) != core.Limited {
		t.Errorf("one tab too many: %v", err)
	}
}

// The node is asked for states only while somebody may look.
func TestEvents_Listening(t *testing.T) {
	time0 := &clock{now: time.Now()}
	s := newStream(time0.read)
	if s.Listening() {
		t.Error("before the first tab")
	}
	tab, _, _, err := s.open(0)
	if err != nil || !s.Listening() {
		t.Errorf("with a tab: %v", err)
	}
	s.close(tab)
	if !s.Listening() {
		t.Error("a reload would lose events")
	}
	time0.move(lingering)
	if s.Listening() {
		t.Error("long after the last tab")
	}
}

// Ctrl+C in the terminal must not hang on an open tab.
func TestRun_EndsWithOpenStreams(t *testing.T) {
	s := serve(t)
	l := s.listen(s.signedIn(), "")
	start := time.Now()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > stopTime {
		t.Errorf("it took %v", took)
	}
	e := l.next()
	for e.name != "" {
		e = l.next()
	}
	if s.URL() != "" {
		t.Error("the page still has an address")
	}
	if _, err := s.Open(context.Background(), ""); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a link to nowhere: %v", err)
	}
}

// A taken port is told with its remedy.
func TestRun_PortTaken(t *testing.T) {
	s := serve(t)
	b, err := New(Settings{Address: s.host, Dist: dist()}, s.page, s.Bridge.log)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Run(context.Background(), func() {}); core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), s.host) {
		t.Errorf("%v", err)
	}
}

// The whole way of a page: link, page, write, read, refused read.
func TestBridge_Journey(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	if r := s.send(b, http.MethodGet, "/", "", nil); r.status != http.StatusOK || !strings.Contains(r.body, "main-AbCd1234.js") {
		t.Fatalf("page: %d %s", r.status, r.body)
	}
	if r := s.call(b, putCall); r.status != http.StatusOK || !strings.Contains(r.body, `"version":"1"`) {
		t.Errorf("put: %d %s", r.status, r.body)
	}
	if r := s.call(b, `{"method":"KV.Get","args":["default","k","none"]}`); !strings.Contains(r.body, `"value_base64":"AA=="`) {
		t.Errorf("get: %d %s", r.status, r.body)
	}
	if r := s.call(b, `{"method":"KV.Get","args":["default","other",""]}`); r.status != http.StatusNotFound || r.code(t) != core.NotFound {
		t.Errorf("get nothing: %d %s", r.status, r.body)
	}
	if r := s.call(b, `{"method":"App.Info","args":[]}`); !strings.Contains(r.body, `"mode":"browser"`) {
		t.Errorf("info: %s", r.body)
	}
	if r := s.call(b, `{"method":"SQL.Close","args":["x"]}`); r.body != `{"result":null}` {
		t.Errorf("no result: %s", r.body)
	}
}
