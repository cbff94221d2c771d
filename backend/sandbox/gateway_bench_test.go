package sandbox_test

// Figures of the gateway of one node, beside one rqlited and one etcd in the
// same run. The callers are in this process, with the same HTTP client for all.

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// gatewayOf starts one node and returns its gateway, an API key of it and the node.
func gatewayOf(b *testing.B) (base, key string, node *sandbox.Node) {
	b.Helper()
	box, report := up(b, settings(b, 1))
	node, err := box.Node(b.Context(), "node-1")
	if err != nil {
		b.Fatal(err)
	}
	return report.Nodes[0].Gateway, report.APIKey, node
}

// call makes one kind of request again and again.
func httpCall(key, method, url, kind, body string, want int) func(context.Context) error {
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", kind)
		req.Header.Set("X-API-Key", key)
		resp, err := web.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close() //nolint:errcheck // it was only read
		answer, err := io.ReadAll(resp.Body)
		if err == nil && resp.StatusCode != want {
			err = fmt.Errorf("%s: %s", resp.Status, answer)
		}
		return err
	}
}

// oneRQLite is the base URL of one rqlited, "" when it is not found.
func oneRQLite(b *testing.B) string {
	path := program(b, "rqlited")
	if path == "" {
		return ""
	}
	at := "127.0.0.1:" + strconv.Itoa(testkit.FreePort(b))
	run(b, path, "-node-id", "1", "-http-addr", at, "-raft-addr", "127.0.0.1:"+strconv.Itoa(testkit.FreePort(b)), b.TempDir())
	answers(b, "http://"+at+"/readyz")
	for _, sql := range []string{"CREATE TABLE bench (id INTEGER PRIMARY KEY, v TEXT)", "INSERT INTO bench (v) VALUES ('" + benchValue + "')"} {
		if _, err := post(b.Context(), "http://"+at+"/db/execute", `["`+sql+`"]`); err != nil {
			b.Fatal(err)
		}
	}
	return "http://" + at
}

// oneEtcd is host and port of one etcd, "" when it is not found.
func oneEtcd(b *testing.B) string {
	path := program(b, "etcd")
	if path == "" || program(b, "etcdbench") == "" {
		return ""
	}
	client, peer := "127.0.0.1:"+strconv.Itoa(testkit.FreePort(b)), "http://127.0.0.1:"+strconv.Itoa(testkit.FreePort(b))
	run(b, path, "--name", "m0", "--data-dir", b.TempDir(), "--log-level", "error", "--listen-client-urls", "http://"+client,
		"--advertise-client-urls", "http://"+client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "m0="+peer)
	answers(b, "http://"+client+"/health")
	return client
}

// BenchmarkGateway measures writes, reads and checks of credentials over HTTP,
// and the same through the Go client over streams.
func BenchmarkGateway(b *testing.B) {
	base, key, node := gatewayOf(b)
	ctx := b.Context()
	setup := []func(context.Context) error{
		httpCall(key, http.MethodPost, base+"/v1/db/create-table", "application/json", `{"schema":"CREATE TABLE bench (id INTEGER PRIMARY KEY, v TEXT)"}`, 201),
		httpCall(key, http.MethodPost, base+"/v1/db/query", "application/json", `{"sql":"INSERT INTO bench (v) VALUES (?)","args":["`+benchValue+`"]}`, 200),
		httpCall(key, http.MethodPost, base+"/v1/storage/put?key=key", "application/octet-stream", benchValue, 201),
	}
	for _, step := range setup {
		if err := step(ctx); err != nil {
			b.Fatal(err)
		}
	}
	rqlite, etcd := oneRQLite(b), oneEtcd(b)
	client, err := node.Dial(ctx, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = client.Disconnect() }) //nolint:errcheck // the figures are in
	var turn atomic.Int64
	put := func(ctx context.Context) error {
		url := base + "/v1/storage/put?key=key/" + strconv.FormatInt(turn.Add(1)%25600, 10)
		return httpCall(key, http.MethodPost, url, "application/octet-stream", benchValue, 201)(ctx)
	}
	for _, callers := range []int{1, 32, 256} {
		one := func(name string, call func(context.Context) error) {
			figure(b, fmt.Sprintf("%s/%d", name, callers), func(b *testing.B) float64 { return rate(b, callers, call) })
		}
		one("http-put/debros", put)
		one("http-insert/debros", httpCall(key, http.MethodPost, base+"/v1/db/query", "application/json", `{"sql":"INSERT INTO bench (v) VALUES (?)","args":["`+benchValue+`"]}`, 200))
		if rqlite != "" {
			one("http-insert/rqlited", rqliteInsert(rqlite))
		}
		one("http-get/debros", httpCall(key, http.MethodGet, base+"/v1/storage/get?key=key", "", "", 200))
		one("http-get-weak/debros", httpCall(key, http.MethodGet, base+"/v1/storage/get?key=key&level=weak", "", "", 200))
		one("http-select/debros", httpCall(key, http.MethodPost, base+"/v1/db/query", "application/json", `{"sql":"SELECT v FROM bench WHERE id = 1"}`, 200))
		if rqlite != "" {
			one("http-select-weak/rqlited", func(ctx context.Context) error {
				_, err := post(ctx, rqlite+"/db/query?level=weak", `[["SELECT v FROM bench WHERE id = 1"]]`)
				return err
			})
		}
		one("http-whoami/debros", httpCall(key, http.MethodGet, base+"/v1/auth/whoami", "", "", 200))
		one("stream-put/debros", func(ctx context.Context) error {
			return client.Storage().Put(ctx, fmt.Sprintf("key/%d", turn.Add(1)%25600), []byte(benchValue))
		})
		one("stream-get/debros", func(ctx context.Context) error {
			_, err := client.Storage().Get(ctx, "key")
			return err
		})
		if etcd != "" {
			for _, op := range []string{"put", "get"} {
				figure(b, fmt.Sprintf("stream-%s/etcd/%d", op, callers), func(b *testing.B) float64 { return etcdRate(b, etcd, op, callers) })
			}
		}
	}
}

// BenchmarkGatewaySockets measures how long a message takes to a WebSocket.
func BenchmarkGatewaySockets(b *testing.B) {
	c := crowdOf(b, 100, nil)
	const messages, pause = 1000, 5 * time.Millisecond // 200 a second
	publishers := map[string]func(context.Context, *websocket.Conn, []byte) error{
		"rest-to-socket": func(ctx context.Context, _ *websocket.Conn, data []byte) error {
			body, err := json.Marshal(map[string]any{"topic": "bench", "data_base64": data})
			if err != nil {
				return err
			}
			return httpCall(c.keys[0], http.MethodPost, c.base+"/v1/pubsub/publish", "application/json", string(body), 200)(ctx)
		},
		"socket-to-socket": func(_ context.Context, from *websocket.Conn, data []byte) error {
			return from.WriteMessage(websocket.BinaryMessage, data)
		},
	}
	for name, publish := range publishers {
		b.Run(name, func(b *testing.B) {
			pair := c.open(b, "bench", 2)
			reader, from := pair[0], pair[1]
			go func() {
				for { // its own messages come back; they are not what is measured
					if _, _, err := from.NextReader(); err != nil {
						return
					}
				}
			}()
			took := make([]time.Duration, 0, messages*b.N)
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for range b.N * messages {
				<-tick.C
				var data [220]byte
				binary.BigEndian.PutUint64(data[:], uint64(time.Now().UnixNano()))
				began := time.Now()
				if err := publish(b.Context(), from, data[:]); err != nil {
					b.Fatal(err)
				}
				_, got, err := reader.ReadMessage()
				if err != nil || !bytes.Equal(got, data[:]) {
					b.Fatal("another message came", err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}

// BenchmarkGatewayIdleSockets reports what an idle WebSocket takes of the node.
func BenchmarkGatewayIdleSockets(b *testing.B) {
	sockets, err := strconv.Atoi(os.Getenv("DEBROS_SOCKETS"))
	if err != nil {
		sockets = 5000
	}
	c := crowdOf(b, sockets, nil)
	before := resident(b, c.node.PID())
	c.open(b, "idle", sockets)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(resident(b, c.node.PID())-before)/float64(sockets)/1024, "KB/socket")
}

// BenchmarkGatewayDescriptors reports how many descriptors the node has more
// after 100,000 requests.
func BenchmarkGatewayDescriptors(b *testing.B) {
	base, key, node := gatewayOf(b)
	call := httpCall(key, http.MethodGet, base+"/v1/auth/whoami", "", "", 200)
	if err := call(b.Context()); err != nil {
		b.Fatal(err)
	}
	before := descriptors(b, node.PID())
	var left atomic.Int64
	left.Store(100_000)
	rate(b, 32, func(ctx context.Context) error {
		left.Add(-1)
		return call(ctx)
	})
	for left.Load() > 0 {
		left.Add(-1)
		if err := call(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	web.CloseIdleConnections()
	if err := call(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(descriptors(b, node.PID())-before), "descriptors-more")
}

// BenchmarkGatewayReady measures how long after its node's start the gateway
// answers that it can serve.
func BenchmarkGatewayReady(b *testing.B) {
	const starts = 5
	c := crowdOf(b, 1, nil)
	took := make([]time.Duration, 0, starts*b.N)
	for range starts * b.N {
		if err := c.node.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := c.node.Start(b.Context()); err != nil {
			b.Fatal(err)
		}
		began, tick := time.Now(), time.NewTicker(time.Millisecond)
		for status := 0; status != http.StatusOK; <-tick.C {
			status, _, _, _ = c.ask(b.Context(), http.MethodGet, "/health", "", "", nil) //nolint:errcheck // it is asked again
			if time.Since(began) > time.Minute {
				b.Fatalf("not ready after %v: %d", time.Since(began), status)
			}
		}
		took = append(took, time.Since(began))
		tick.Stop()
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-p50")
	b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-max")
}
