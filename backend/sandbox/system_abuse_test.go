//go:build system && linux

package sandbox_test

// Rows D3 and D4 of the scoreboard: clients that hold connections and send
// nothing, and clients that ask for more than anybody may.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// slack is how much later than its limit a connection may be seen to end on a
// machine that has other things to do.
const slack = 15 * time.Second

// crawler is a client that sends one byte a second.
type crawler struct {
	name  string
	first string // what it sends at once
	limit time.Duration
}

// D3: two thousand connections that do next to nothing end at their limits, and
// nobody who works notices them.
func TestSystemD3_Slowloris(t *testing.T) {
	connections := rounds(2_000, 200)
	crawlers := []crawler{
		{"half a header", "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", gateway.MaxHeaderTime},
		{"no byte", "", gateway.MaxHeaderTime},
		{"a body of one byte a second", "", gateway.MaxBodyTime},
	}
	c := crowdOf(t, connections, nil)
	crawlers[2].first = "POST /v1/storage/put?key=slow HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: " + c.keys[0] +
		"\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\n"
	if !testing.Short() {
		crawlers = append(crawlers, crawler{"idle after an answer", "GET /v1/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", gateway.MaxIdleTime})
	}
	calm, err := c.steady(t, 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	longest := time.Duration(0)
	ended := make([]time.Duration, connections)
	failed := make([]error, connections)
	var all sync.WaitGroup
	for i := range connections {
		one := crawlers[i%len(crawlers)]
		longest = max(longest, one.limit)
		all.Go(func() { ended[i], failed[i] = one.crawl(t.Context(), strings.TrimPrefix(c.base, "http://")) })
	}
	busy, err := c.steady(t, gateway.MaxHeaderTime)
	if err != nil {
		t.Errorf("while %d connections crawl: %v", connections, err)
	}
	all.Wait()
	var words []string
	for k, one := range crawlers {
		most, n := time.Duration(0), 0
		for i := k; i < connections; i += len(crawlers) {
			if failed[i] != nil {
				t.Errorf("%s: %v", one.name, failed[i])
				break
			}
			most, n = max(most, ended[i]), n+1
		}
		if most > one.limit+slack {
			t.Errorf("%s: still open after %v, %v are allowed", one.name, most, one.limit)
		}
		words = append(words, fmt.Sprintf("%d × %s ended after %v at most", n, one.name, most.Round(time.Millisecond)))
	}
	if _, err := c.works(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	t.Logf("D3 %s; slowest request of a good client p50 %v p99 %v before, p50 %v p99 %v meanwhile",
		strings.Join(words, ", "), percentile(calm, 0.5), percentile(calm, 0.99), percentile(busy, 0.5), percentile(busy, 0.99))
}

// steady is a good client that works for so long.
func (c *crowd) steady(t *testing.T, d time.Duration) (took []time.Duration, err error) {
	for began := time.Now(); time.Since(began) < d; {
		slowest, err := c.works(t.Context())
		if err != nil {
			return took, err
		}
		took = append(took, slowest)
	}
	return took, nil
}

// crawl returns how long the gateway let the connection live.
func (w crawler) crawl(ctx context.Context, address string) (time.Duration, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close() //nolint:errcheck // it is over either way
	began := time.Now()
	if _, err = io.WriteString(conn, w.first); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	var writing sync.WaitGroup
	if w.limit != gateway.MaxIdleTime && w.first != "" {
		writing.Go(func() {
			tick := time.NewTicker(time.Second)
			defer tick.Stop()
			for {
				select {
				case <-ended:
					return
				case <-tick.C:
					_, _ = io.WriteString(conn, "x") //nolint:errcheck // the reader sees the end
				}
			}
		})
	}
	err = conn.SetReadDeadline(began.Add(w.limit + 2*slack))
	if err == nil {
		_, err = io.Copy(io.Discard, conn)
	}
	took := time.Since(began)
	close(ended)
	writing.Wait()
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return took, fmt.Errorf("the gateway keeps it open after %v", took)
	}
	return took, nil
}

// excess is one rate, asked for ten times as often as it allows.
type excess struct {
	name                string
	path, key, body     string
	allowed             int // within a minute
	everyoneIsDifferent bool
}

// D4: whoever asks ten times as often as he may is told to wait, and when.
func TestSystemD4_TenTimesEachRate(t *testing.T) {
	const wallet = "0x%040x"
	c := crowdOf(t, gateway.MaxSocketsPerAccount, func(s *sandbox.Settings) {
		s.Config["gateway.trusted_proxies"] = `["127.0.0.1"]` // this test is many addresses
	})
	signed := `{"wallet":"` + wallet + `","nonce":"abcdefghijklmnopqrstuvwx","signature":"0x` + strings.Repeat("11", 65) + `"}`
	var words []string
	for i, one := range []excess{
		{"challenge of an address", "/v1/auth/challenge", "", `{"wallet":"` + wallet + `"}`, 10, true},
		{"challenge of a wallet at this computer", "/v1/auth/challenge", "", `{"wallet":"0x00000000000000000000000000000000000000aa"}`, 10, true},
		{"verify of an address", "/v1/auth/verify", "", signed, 20, true},
		{"refresh of an address", "/v1/auth/refresh", "", `{"refresh_token":"rt_%x"}`, 10, true},
		{"token of a key", "/v1/auth/token", c.keys[0], `{}`, 10, false},
		{"ticket of a key", "/v1/ws-ticket", c.keys[0], `{}`, 60, false},
		{"keys that nobody has", "/v1/storage/get?key=a", "ak_nobody_has_this_key_at_all", `{}`, 30, true},
		{"no credential at all", "/v1/nothing", "", `{}`, 500, true},
	} {
		passed, refused := 0, 0
		began := time.Now()
		for n := range 10 * one.allowed {
			address := fmt.Sprintf("203.0.%d.9", 100+i)
			if strings.HasSuffix(one.name, "at this computer") {
				address = "127.0.0.1" // where an address may ask 200 times, but for one wallet 10 times
			}
			if !one.everyoneIsDifferent {
				address = fmt.Sprintf("198.%d.%d.9", 18+n>>8, n&255) // the account is the same
			}
			body := one.body
			if strings.Contains(body, "%") {
				body = fmt.Sprintf(body, n+1)
			}
			status, head, answer, err := c.ask(t.Context(), http.MethodPost, one.path, one.key, body, http.Header{"X-Forwarded-For": {address}})
			switch {
			case err != nil || status >= http.StatusInternalServerError:
				t.Fatalf("%s: %d %s %v", one.name, status, answer, err)
			case status == http.StatusTooManyRequests && head.Get("Retry-After") == "":
				t.Errorf("%s: 429 without Retry-After", one.name)
			case status == http.StatusTooManyRequests:
				refused++
			default:
				passed++
			}
		}
		// Tokens come back while the row runs.
		period := time.Minute
		if one.allowed == 500 {
			period = 5 * time.Second
		}
		most := one.allowed + int(float64(one.allowed)*time.Since(began).Seconds()/period.Seconds()) + 1
		if passed > most || refused == 0 {
			t.Errorf("%s: %d of %d passed, %d may", one.name, passed, 10*one.allowed, most)
		}
		words = append(words, fmt.Sprintf("%s %d of %d", one.name, passed, passed+refused))
	}
	opened, refused := c.storm(t, c.keys[:1], 10*gateway.MaxSocketsPerAccount)
	if len(opened) != gateway.MaxSocketsPerAccount || refused != 9*gateway.MaxSocketsPerAccount {
		t.Errorf("%d sockets of one account opened, %d were told to wait", len(opened), refused)
	}
	shut(opened)
	if _, err := c.works(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	t.Logf("D4 passed: %s, sockets of an account %d of %d", strings.Join(words, ", "), len(opened), len(opened)+refused)
}

// storm opens as many WebSockets as it is let, and counts those that were told
// to wait.
func (c *crowd) storm(t *testing.T, keys []string, sockets int) (opened []*websocket.Conn, refused int) {
	t.Helper()
	var mu sync.Mutex
	var next atomic.Int64
	var all sync.WaitGroup
	for range dialers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < sockets; i = int(next.Add(1)) - 1 {
				conn, resp, err := c.dial(t.Context(), "storm", keys[i%len(keys)]) //nolint:bodyclose // dial has read it
				mu.Lock()
				switch {
				case err == nil:
					opened = append(opened, conn)
				case resp != nil && resp.StatusCode == http.StatusTooManyRequests && resp.Header.Get("Retry-After") != "":
					refused++
				default:
					t.Errorf("a socket too many: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return opened, refused
}

// D4: a node that may have 1,024 files open keeps those of its databases, and
// those who are connected, whoever else knocks.
func TestSystemD4_FewDescriptors(t *testing.T) {
	const limit = 1024
	c := crowdOf(t, 400, func(s *sandbox.Settings) {
		delete(s.Config, "gateway.max_connections") // as it is by default
		s.Place = func(int) sandbox.Place {
			return sandbox.Place{IP: "127.0.0.1", Prefix: []string{"sh", "-c", fmt.Sprintf(`ulimit -n %d; exec "$@"`, limit), "sh"}}
		}
	})
	opened, refused := c.storm(t, c.keys, 400)
	defer shut(opened)
	if len(opened) == 0 || refused == 0 {
		t.Errorf("void: %d sockets opened, %d were refused", len(opened), refused)
	}
	// Connections that say nothing take what is left.
	var d net.Dialer
	var idle []net.Conn
	defer func() {
		for _, conn := range idle {
			_ = conn.Close() //nolint:errcheck // the row is over
		}
	}()
	for range 2 * limit {
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(c.base, "http://"))
		if err != nil {
			break // the listener's own queue is full
		}
		idle = append(idle, conn)
	}
	most := descriptors(t, c.node.PID())
	// New databases need new files, now of all times, until as many are awake as
	// may be.
	databases := rounds(database.DefaultMaxAwake+20, 30)
	for i := range databases {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		err := use(ctx, c.node, i, func(ctx context.Context, tenant tenant) error { return tenant.Put(ctx, "key", []byte("x")) })
		cancel()
		if err != nil {
			t.Fatalf("namespace %d while strangers knock: %v (code %s)", i, err, core.CodeOf(err))
		}
	}
	most = max(most, descriptors(t, c.node.PID()))
	heard := make(chan listener, 1)
	go func() { heard <- listen(opened[0], 1, nil) }()
	for _, conn := range idle {
		_ = conn.Close() //nolint:errcheck // they have had their time
	}
	idle = nil
	if err := c.publish(t.Context(), "storm", 0, messageBytes); err != nil {
		t.Error(err)
	}
	stop := time.AfterFunc(arrival, func() { shut(opened) })
	defer stop.Stop()
	if l := <-heard; l.end != nil {
		t.Errorf("an old socket hears nothing any more: %v", l.end)
	}
	if _, err := c.works(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if most >= limit {
		t.Errorf("%d descriptors are open", most)
	}
	t.Logf("D4 with %d descriptors: %d sockets opened, %d told to wait, %d at most in use, %d new databases opened meanwhile", limit, len(opened), refused, most, databases)
}
