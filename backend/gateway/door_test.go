package gateway

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// With every connection taken, a caller who only waits cannot tell a full
// gateway from a dead one.
func TestRun_OneConnectionTooMany(t *testing.T) {
	b := newBench(t, func(s *Settings, _ *Services) { s.MaxConnections = 2 })
	running(t, b.Run)
	type answer struct {
		status int
		retry  string // Retry-After
		closed bool
	}
	ask := func() (net.Conn, answer) {
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", b.Address())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() }) //nolint:errcheck // the test is over
		if err = conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err = conn.Write([]byte("GET /v1/version HTTP/1.1\r\nHost: " + b.Address() + "\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil) //nolint:bodyclose // shut closes it
		if err != nil {
			t.Fatal(err)
		}
		shut(t, res.Body)
		return conn, answer{res.StatusCode, res.Header.Get("Retry-After"), res.Close}
	}
	first, got := ask()
	if _, second := ask(); got.status != http.StatusOK || second.status != http.StatusOK {
		t.Fatalf("with room: %+v and %+v", got, second)
	}
	if _, got = ask(); got.status != http.StatusTooManyRequests || got.retry == "" || !got.closed {
		t.Errorf("without room: %+v", got)
	}
	shut(t, first)
	eventually(t, "there is room again", func() bool {
		_, got = ask()
		return got.status == http.StatusOK
	})
}

// If the sockets take all connections, nobody who has one can sign out.
func TestNew_SocketsLeaveRoomForRequests(t *testing.T) {
	for connections, want := range map[int]int{0: MaxSockets, 100_000: MaxSockets, 160: 150, 16: 15} {
		b := newBench(t, func(s *Settings, _ *Services) { s.MaxConnections = connections })
		if got := b.sockets.most; got != want {
			t.Errorf("of %d connections %d may be sockets, not %d", connections, got, want)
		}
	}
}

// RFC 6455 leaves it to the server to close the connection. A node that waits for
// its clients to do so ends late.
func TestSocket_ClientLeavesTheClosingToTheGateway(t *testing.T) {
	s := stations(t, 1, newKeyring(), func(g *Gateway) {
		g.sockets.pace = socketTimes{ping: time.Hour, silence: time.Hour, goodbye: time.Hour}
	})[0]
	conn := s.open(t, "topic=news", "red-reader")
	told := make(chan error, 1)
	go func() {
		_, _, err := conn.NextReader() // answers the close frame and keeps the connection
		told <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.sockets.end(ctx)
	if ctx.Err() != nil {
		t.Error("the gateway waited for the client")
	}
	if err := <-told; !websocket.IsCloseError(err, websocket.CloseGoingAway) {
		t.Errorf("the client was told %v", err)
	}
}

// Sleepers that fill the gateway must not cost those who read their connection.
func TestSockets_Share(t *testing.T) {
	const open = 1024
	own := MaxQueuedBytesTotal / open
	tests := map[string]struct {
		queued  int64
		stalled time.Duration
		want    int
	}{
		"there is room":                         {MaxQueuedBytesTotal, time.Hour, MaxSocketQueuedBytes},
		"the gateway is full and one sleeps":    {MaxQueuedBytesTotal + 1, maxStall, own},
		"the gateway is full and one reads":     {MaxQueuedBytesTotal + 1, maxStall - 1, MaxSocketQueuedBytes},
		"full twice, whoever has too much goes": {2*MaxQueuedBytesTotal + 1, 0, own},
	}
	for name, tt := range tests {
		var s sockets
		s.count.Store(open)
		s.queued.Store(tt.queued)
		if got := s.share(tt.stalled); got != tt.want {
			t.Errorf("%s: %d bytes may wait, not %d", name, got, tt.want)
		}
	}
}
