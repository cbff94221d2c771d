package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeNode behaves like a node in the state that a test gives it.
type fakeNode struct {
	Node
	state string
	err   error
	panic bool
}

func (n fakeNode) Status(context.Context) (core.Status, error) {
	if n.panic {
		panic("planted")
	}
	return core.Status{PeerID: "12D3KooWtest", Peers: 2, DatabaseSize: 4096}, n.err
}

func (n fakeNode) Health(context.Context) (core.Health, error) {
	return core.Health{State: n.state, Took: time.Millisecond, Checks: []core.Check{{Name: "database", State: n.state}}}, n.err
}

func serve(t *testing.T, node Node, hosts ...string) string {
	t.Helper()
	g, err := New(t.Context(), Settings{
		Address: "127.0.0.1:0", AllowedHosts: hosts, Now: time.Now,
		Build: Build{Version: "v1.2.3", Commit: "abc", Time: "2026-01-02T03:04:05Z"},
	}, Services{Node: node}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	ready := make(chan struct{})
	go func() { ended <- g.Run(ctx, func() { close(ready) }) }()
	<-ready
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return "http://" + g.Address()
}

func get(t *testing.T, url, host string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if host != "" {
		req.Host = host
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		t.Fatal(err)
	}
	var answer map[string]any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v in %s", url, err, body)
	}
	return res.StatusCode, answer
}

// Existing clients and load balancers read these fields by name.
func TestGateway_Answers(t *testing.T) {
	base := serve(t, fakeNode{state: core.StateOK})
	tests := map[string][]string{
		"/health":     {"status", "server", "client"},
		"/v1/health":  {"status", "server", "client"},
		"/status":     {"healthy", "peers", "server", "network"},
		"/v1/status":  {"healthy", "peers", "server", "network"},
		"/v1/version": {"version", "commit", "build_time", "started_at", "uptime"},
	}
	for path, fields := range tests {
		status, answer := get(t, base+path, "")
		if status != http.StatusOK {
			t.Errorf("%s answered %d", path, status)
		}
		for _, f := range fields {
			if _, ok := answer[f]; !ok {
				t.Errorf("%s has no field %s", path, f)
			}
		}
	}
}

// A node that cannot serve must not be sent traffic.
func TestGateway_HealthDown(t *testing.T) {
	base := serve(t, fakeNode{state: core.StateDown})
	if status, _ := get(t, base+"/health", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a node that is down answers %d", status)
	}
}

// A page whose name was rebound to loopback would otherwise read the node's state.
func TestGateway_ForeignHostIsRefused(t *testing.T) {
	base := serve(t, fakeNode{state: core.StateOK}, "node.example")
	own := strings.TrimPrefix(base, "http://")
	_, port, _ := strings.Cut(own, ":")
	tests := map[string]int{
		own:                          200,
		"localhost:" + port:          200,
		"[::1]:" + port:              200,
		"node.example":               200,
		"NODE.example:1":             200,
		"evil.test":                  403,
		"evil.test:" + port:          403,
		"localhost":                  403,
		"localhost:1":                403,
		"localhost.:" + port:         403,
		"localhost.evil:" + port:     403,
		"127.0.0.1.evil.test":        403,
		"0.0.0.0:" + port:            403,
		"[::]:" + port:               403,
		"[::ffff:127.0.0.1]:" + port: 403,
	}
	for host, want := range tests {
		if status, _ := get(t, base+"/health", host); status != want {
			t.Errorf("Host %q: %d, want %d", host, status, want)
		}
	}
}

// A caller must be able to tell our faults from their own, and never sees a trace.
func TestGateway_Errors(t *testing.T) {
	t.Run("unknown route", func(t *testing.T) {
		status, answer := get(t, serve(t, fakeNode{})+"/v1/nothing", "")
		if status != 404 || answer["code"] != "not_found" || answer["request_id"] == "" {
			t.Errorf("got %d %v", status, answer)
		}
	})
	t.Run("panic", func(t *testing.T) {
		status, answer := get(t, serve(t, fakeNode{panic: true})+"/status", "")
		if status != 500 || answer["code"] != "internal" || strings.Contains(fmt.Sprint(answer["error"]), "planted") {
			t.Errorf("got %d %v", status, answer)
		}
	})
	t.Run("cause stays inside", func(t *testing.T) {
		err := core.Wrap(core.Unavailable, errors.New("/secret/path"), "the database is asleep")
		status, answer := get(t, serve(t, fakeNode{err: err})+"/status", "")
		if status != 503 || answer["error"] != "the database is asleep" {
			t.Errorf("got %d %v", status, answer)
		}
	})
}

// A taken port must be told before anything else starts.
func TestGateway_TakenPort(t *testing.T) {
	base := serve(t, fakeNode{})
	_, err := New(t.Context(), Settings{Address: strings.TrimPrefix(base, "http://"), Now: time.Now}, Services{Node: fakeNode{}}, slog.New(slog.DiscardHandler))
	if core.CodeOf(err) != core.Unavailable || !strings.Contains(core.Sentence(err), "--gateway-addr") {
		t.Errorf("got %v", err)
	}
}
