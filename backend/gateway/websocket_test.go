package gateway

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// A credential must work from each of its places, one place decides, and a
// ticket works once, for the page that it was made for.
func TestSocket_Credentials(t *testing.T) {
	const page = "https://app.example"
	offer := func(ticket string) []string { return []string{rawProtocol, "ticket." + ticket} }
	tests := map[string]struct {
		handshake
		want int
	}{
		"a key in the header":                     {handshake{key: "red-reader"}, 101},
		"a wrong key in the header":               {handshake{key: "wrong"}, 401},
		"a key in the query":                      {handshake{query: "api_key=red-reader"}, 101},
		"a token in the query":                    {handshake{query: "token=red-reader"}, 101},
		"a wrong token beside a key in the query": {handshake{query: "token=wrong&api_key=red-reader"}, 401},
		"a wrong key beside a good query":         {handshake{key: "wrong", query: "api_key=red-reader"}, 401},
		"a wrong key beside a good ticket":        {handshake{key: "wrong", protocols: offer("plain")}, 401},
		"a ticket":                                {handshake{protocols: offer("plain")}, 101},
		"a wrong ticket beside a good query":      {handshake{query: "api_key=red-reader", protocols: offer("wrong")}, 401},
		"a ticket of a page":                      {handshake{origin: page, protocols: offer("page")}, 101},
		"a ticket of a page without its origin":   {handshake{protocols: offer("page")}, 401},
		"a ticket of no page with an origin":      {handshake{origin: page, protocols: offer("plain")}, 401},
		"nothing":                                 {handshake{}, 401},
		"a foreign page":                          {handshake{origin: "https://evil.example", key: "red-reader"}, 403},
		"a page of another port":                  {handshake{origin: page + ":8443", key: "red-reader"}, 403},
		"a page in clear":                         {handshake{origin: "http://app.example", key: "red-reader"}, 403},
		"a page whose name only begins like that": {handshake{origin: page + ".evil.example", key: "red-reader"}, 403},
		"a file": {handshake{origin: "null", key: "red-reader"}, 403},
		"a foreign page with a ticket of its victim": {handshake{origin: "https://evil.example", protocols: offer("page")}, 403},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			keys := newKeyring()
			keys.issue("plain", "red-reader", "")
			keys.issue("page", "red-reader", page)
			g := stations(t, 1, keys)[0]
			tt.query += "&topic=t"
			conn, answer := g.dial(t, tt.handshake)
			if answer.status != tt.want {
				t.Fatalf("answers %d", answer.status)
			}
			if tt.want != 101 {
				return
			}
			if got := answer.header.Get("Sec-WebSocket-Protocol"); strings.Contains(got, "ticket") || len(tt.protocols) > 0 && got != rawProtocol {
				t.Errorf("it answers the subprotocol %q", got)
			}
			write(t, conn, websocket.TextMessage, "x") // a reader: the refusal shows that it lives
			if _, got := take(t, conn); !strings.Contains(got, `"denied"`) {
				t.Errorf("it says %q", got)
			}
			if len(tt.protocols) > 0 {
				if _, again := g.dial(t, tt.handshake); again.status != 401 {
					t.Errorf("the ticket's second use is answered %d", again.status)
				}
			}
		})
	}
	g := stations(t, 1, newKeyring(), func(g *Gateway) { g.settings.WSQueryCredentials = false })[0]
	if _, answer := g.dial(t, handshake{query: "topic=t&api_key=red-reader"}); answer.status != 401 {
		t.Errorf("with queries switched off a key in one is answered %d", answer.status)
	}
}

// A stolen session that was revoked must not go on through an open socket.
func TestSocket_EndsWithItsCredential(t *testing.T) {
	keys := newKeyring()
	g := stations(t, 1, keys)[0]
	theft, owner := g.open(t, "topic=t", "red-writer"), g.open(t, "topic=t", "red-reader")
	keys.revoke("red-writer")
	if code, reason := closing(t, theft); code != websocket.ClosePolicyViolation || reason != "the session was ended" {
		t.Errorf("it ends with %d %q", code, reason)
	}
	write(t, owner, websocket.TextMessage, "x")
	if _, got := take(t, owner); !strings.Contains(got, `"denied"`) {
		t.Errorf("another one's says %q", got)
	}
}

// A phone in a tunnel must not hold up the chat of the others, and must learn
// that it has missed something.
func TestSocket_SlowReaderIsCutOff(t *testing.T) {
	g := stations(t, 1, newKeyring())[0]
	slow, res, err := (&websocket.Dialer{NetDialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return conn, tcpOf(t, conn).SetReadBuffer(16 << 10)
	}}).DialContext(t.Context(), "ws://"+g.Address()+"/v1/pubsub/ws?topic=t&api_key=red-reader", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()     //nolint:errcheck // the test is over
	defer res.Body.Close() //nolint:errcheck // it is empty
	quick := g.open(t, "topic=t", "red-writer")
	large := strings.Repeat("x", core.MaxMessageBytes)
	for range 128 { // 32 MiB: more than any buffer in between holds
		write(t, quick, websocket.BinaryMessage, large)
		if _, got := take(t, quick); len(got) != len(large) {
			t.Fatalf("the quick one got %d bytes", len(got))
		}
	}
	if code, reason := closing(t, slow); code != websocket.CloseTryAgainLater || !strings.HasPrefix(reason, "too slow") {
		t.Errorf("the slow one ends with %d %q", code, reason)
	}
	eventually(t, "nothing waits for it any more", func() bool { return g.sockets.queued.Load() == 0 })
	write(t, quick, websocket.BinaryMessage, "done")
	if _, got := take(t, quick); got != "done" {
		t.Errorf("the quick one got %q", got)
	}
}

// A client that is gone without a word must be noticed; a silent one that is
// there must be left alone.
func TestSocket_Silence(t *testing.T) {
	g := stations(t, 1, newKeyring(), func(g *Gateway) {
		g.sockets.pace = socketTimes{ping: 10 * time.Millisecond, silence: 2 * time.Second, goodbye: patience}
	})[0]
	mute, alive := g.open(t, "topic=t", "red-reader"), g.open(t, "topic=t", "red-reader")
	pings := make(chan struct{}, 1024)
	alive.SetPingHandler(func(data string) error {
		select {
		case pings <- struct{}{}:
		default:
		}
		return alive.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(patience))
	})
	var reading sync.WaitGroup
	heard := make(chan string, 1)
	reading.Go(func() {
		_, data, err := alive.ReadMessage()
		heard <- fmt.Sprint(string(data), err)
	})
	mute.SetPingHandler(func(string) error { return nil })
	if code, reason := closing(t, mute); code != websocket.CloseTryAgainLater || !strings.HasPrefix(reason, "no ping was answered") {
		t.Errorf("the mute one ends with %d %q", code, reason)
	}
	<-pings
	g.post(t, "/v1/pubsub/publish", "red-writer", `{"topic":"t","data_base64":"aGk="}`)
	if got := <-heard; got != "hi<nil>" {
		t.Errorf("the one that answers hears %s", got)
	}
	reading.Wait()
}

// One account must not take all sockets of a gateway.
func TestSocket_BoundOfAnAccount(t *testing.T) {
	g := stations(t, 1, newKeyring())[0]
	var last *websocket.Conn
	for range MaxSocketsPerAccount {
		last = g.open(t, "topic=t", "red-reader")
	}
	if _, answer := g.dial(t, handshake{query: "topic=t", key: "red-reader"}); answer.status != http.StatusTooManyRequests || answer.header.Get("Retry-After") == "" {
		t.Errorf("one more is answered %+v", answer)
	}
	g.open(t, "topic=t", "red-writer") // somebody else
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the place is free", func() bool { return g.openSockets() == MaxSocketsPerAccount })
	g.open(t, "topic=t", "red-reader")
}

// When slow readers fill the memory that all share, the quick ones must stay.
func TestSocket_ShareOfAFullHouse(t *testing.T) {
	house := &sockets{}
	text := make([]byte, MaxSocketQueuedBytes) // one for all
	at := func(waiting int) *socket {
		s := &socket{sockets: house, writing: true} // what is queued stays queued
		if err := house.enter(s, ""); err != nil {
			t.Fatal(err)
		}
		if waiting > 0 && !s.offer(socketFrame{websocket.BinaryMessage, text[:waiting]}) {
			t.Fatalf("%d bytes have no room in an empty queue", waiting)
		}
		return s
	}
	one := socketFrame{websocket.BinaryMessage, text[:core.MaxMessageBytes]}
	slow, quick, idle := at(MaxSocketQueuedBytes-1), at(1000), at(0)
	for house.queued.Load() <= MaxQueuedBytesTotal {
		at(MaxSocketQueuedBytes - 1)
	}
	if slow.offer(one) {
		t.Error("a slow one may still let more pile up")
	}
	if !quick.offer(one) || !idle.offer(one) {
		t.Error("a quick one is cut off with them")
	}
	quick.drop()
	idle.drop()
	if !idle.offer(one) || idle.waiting != 0 {
		t.Error("what has ended still queues")
	}
}

// A gateway that is updated must let its clients go to another one at once.
func TestSocket_GatewayEnds(t *testing.T) {
	g := stations(t, 1, newKeyring())[0]
	polite, dead := g.open(t, "topic=t", "red-reader"), g.open(t, "topic=t", "red-writer")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		g.stop() // ends although one of them does not read its goodbye
	}()
	if code, _ := closing(t, polite); code != websocket.CloseGoingAway {
		t.Errorf("it ends with %d", code)
	}
	<-ended
	if n := g.openSockets(); n != 0 {
		t.Errorf("%d sockets are open", n)
	}
	if code, _ := closing(t, dead); code != websocket.CloseGoingAway {
		t.Errorf("the other one ends with %d", code)
	}
}

// inbox is a PubSub that keeps what is published.
type inbox struct {
	PubSub
	mu   sync.Mutex
	got  int
	most int
}

type silence struct{}

func (silence) Messages() <-chan core.Message { return nil }
func (silence) Err() error                    { return nil }
func (silence) Close()                        {}

func (b *inbox) Subscribe(context.Context, core.Namespace, string) (Subscription, error) {
	return silence{}, nil
}

func (b *inbox) Publish(_ context.Context, _ core.Namespace, _ string, data []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.got++
	b.most = max(b.most, len(data))
	return nil
}

// alone is a gateway without a network.
func alone(t testing.TB, auth Auth, topics PubSub) *station {
	t.Helper()
	g, err := New(t.Context(), Settings{Address: "127.0.0.1:0", Now: time.Now, WSQueryCredentials: true}, Services{Node: fakeNode{}, Auth: auth, PubSub: topics}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return &station{Gateway: g, stop: testkit.Run(t, g.Run)}
}

func tcpOf(t testing.TB, conn net.Conn) *net.TCPConn {
	t.Helper()
	socket, is := conn.(*net.TCPConn)
	if !is {
		t.Fatalf("%T is not TCP", conn)
	}
	return socket
}

// rawSocket is an open WebSocket without a library at its other end.
func rawSocket(t testing.TB, g *station, key string) *net.TCPConn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", g.Address())
	if err != nil {
		t.Fatal(err)
	}
	socket := tcpOf(t, conn)
	if _, err = fmt.Fprintf(socket, "GET /v1/pubsub/ws?topic=t HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nX-API-Key: %s\r\n\r\n", g.Address(), key); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 0, 1024)
	for !bytes.HasSuffix(answer, []byte("\r\n\r\n")) {
		n, readErr := socket.Read(answer[len(answer) : len(answer)+1])
		if readErr != nil || len(answer)+n == cap(answer) {
			t.Fatalf("%s: %v", answer, readErr)
		}
		answer = answer[:len(answer)+n]
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 101 ")) {
		t.Fatalf("%s", answer)
	}
	return socket
}

// frameOf is a masked frame of a client (RFC 6455, section 5.2) that may lie
// about its length.
func frameOf(first byte, length uint64, payload string) []byte {
	b := []byte{first}
	switch {
	case length < 126:
		b = append(b, 0x80|byte(length))
	case length < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), length)
	}
	b = append(b, 0, 0, 0, 0) // the mask that changes nothing
	return append(b, payload...)
}

// Whatever bytes a client sends as frames, nobody else may notice, and nothing
// past the limit may be believed.
func FuzzSocketFrames(f *testing.F) {
	f.Add(frameOf(0x82, 5, "hello"))
	f.Add(append(frameOf(0x01, 3, "hel"), frameOf(0x80, 2, "lo")...))                       // in two parts
	f.Add(append(frameOf(0x01, 3, "hel"), frameOf(0x82, 2, "lo")...))                       // a part that never ends
	f.Add(frameOf(0x82, 1<<62, "x"))                                                        // a lie
	f.Add(frameOf(0x82, 1<<63, "x"))                                                        // a negative one
	f.Add(frameOf(0xf2, 5, "hello"))                                                        // reserved bits
	f.Add(frameOf(0x89, 200, strings.Repeat("p", 200)))                                     // a ping that is too long
	f.Add(frameOf(0x88, 2, "\x03\xe8"))                                                     // a close
	f.Add(frameOf(0x88, 4, "\x03\xe8\xff\xfe"))                                             // one whose reason is no text
	f.Add(frameOf(0x88, 1, "\x03"))                                                         // half a code
	f.Add([]byte{0x82, 5, 'h', 'e', 'l', 'l', 'o'})                                         // without a mask
	f.Add(frameOf(0x82, core.MaxMessageBytes+socketOverhead+1, strings.Repeat("x", 1<<12))) // past the limit
	f.Add(bytes.Repeat(frameOf(0x02, 0, ""), 1000))                                         // parts of nothing
	f.Add([]byte("GET / HTTP/1.1\r\n\r\n"))
	box := &inbox{}
	g := alone(f, newKeyring(), box)
	f.Fuzz(func(t *testing.T, sent []byte) {
		conn := rawSocket(t, g, "red-writer")
		defer conn.Close() //nolint:errcheck // the test is over
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		conn.Write(sent) //nolint:errcheck // it may have been refused before its end
		if err := conn.CloseWrite(); err != nil {
			return // reset: refused
		}
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Errorf("the socket of one who has gone stays open: %v", err)
		}
		eventually(t, "the socket is forgotten", func() bool { return g.openSockets() == 0 })
		box.mu.Lock()
		defer box.mu.Unlock()
		if box.most > core.MaxMessageBytes+socketOverhead {
			t.Errorf("a message of %d bytes was read", box.most)
		}
	})
}

// BenchmarkSocket_Idle tells what an idle WebSocket takes of memory, without
// what its topic takes. Run it with -benchtime=1x.
func BenchmarkSocket_Idle(b *testing.B) {
	keys := newKeyring()
	g := stations(b, 1, keys)[0]
	const count = 2000
	for i := range count / MaxSocketsPerAccount {
		keys.add(core.Secret(fmt.Sprint("key", i)), "red", core.PermissionRead)
	}
	for b.Loop() {
		before := inUse()
		conns := make([]*net.TCPConn, count)
		for i := range conns {
			conns[i] = rawSocket(b, g, fmt.Sprint("key", i%(count/MaxSocketsPerAccount)))
		}
		b.ReportMetric(float64(inUse()-before)/count, "B/socket")
		for _, conn := range conns {
			conn.Close() //nolint:errcheck // it is over
		}
		eventually(b, "all are closed", func() bool { return g.openSockets() == 0 })
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC() // the first one empties pools into the second one's victims
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
