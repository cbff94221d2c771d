package node_test

// The gateway of real nodes, called from outside as any program may.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/node"
)

// three nodes of one network, each with its gateway.
func three(t testing.TB) []*running {
	t.Helper()
	return several(t, 3)
}

func several(t testing.TB, count int) []*running {
	t.Helper()
	first := start(t, t.TempDir(), nil)
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	nodes := []*running{first}
	for range count - 1 {
		next := start(t, t.TempDir(), nil)
		ticket, err := first.Invite(t.Context(), core.InviteOptions{})
		if err == nil {
			err = next.Join(t.Context(), ticket.Text)
		}
		if err != nil {
			t.Fatal(err)
		}
		joined(t, next, network.ID)
		nodes = append(nodes, next)
	}
	return nodes
}

// If an app developer cannot sign in with either chain, store, ask, talk and
// sign out over plain HTTP, there is no gateway.
func TestGateway_SignInStoreAskAndTalk(t *testing.T) {
	guest := start(t, t.TempDir(), nil).visit()
	for chain, p := range map[string]person{"eth": ethereumPerson(t), "sol": solanaPerson(t)} {
		ns := "shop-" + chain
		for _, message := range []bool{false, true} {
			r := guest.must(t, http.StatusOK, http.MethodPost, "/v1/auth/verify", guest.proof(t, p, ns, message))
			if r.text("token_type") != "Bearer" || r.get("signature_verified") != true || r.text("refresh_token") == "" || r.text("namespace") != ns {
				t.Errorf("%s: %s", chain, r.body)
			}
		}
		v := guest.signedIn(t, p, ns)
		value := []byte{0, 1, 0xff, '"', '\n'}
		v.must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=a%2Fb", value)
		if r := v.must(t, http.StatusOK, http.MethodGet, "/v1/storage/get?key=a%2Fb", nil); !bytes.Equal(r.body, value) {
			t.Errorf("other bytes came back: %q", r.body)
		}
		v.must(t, http.StatusCreated, http.MethodPost, "/v1/db/create-table", map[string]any{"schema": "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"})
		v.must(t, http.StatusOK, http.MethodPost, "/v1/db/query", `{"sql":"INSERT INTO t (n) VALUES (?)","args":[9007199254740993]}`)
		if r := v.must(t, http.StatusOK, http.MethodPost, "/v1/db/query", map[string]any{"sql": "SELECT n FROM t"}); !strings.Contains(string(r.body), "9007199254740993") {
			t.Errorf("the integer was rounded: %s", r.body)
		}
		heard, _ := v.socket(t, "/v1/pubsub/ws?topic=news")
		v.must(t, http.StatusOK, http.MethodPost, "/v1/pubsub/publish", map[string]any{"topic": "news", "data_base64": []byte("hello")})
		if kind, data, err := heard.ReadMessage(); err != nil || kind != websocket.BinaryMessage || string(data) != "hello" {
			t.Errorf("heard %q, %v", data, err)
		}
		if r := v.must(t, http.StatusOK, http.MethodGet, "/v1/auth/whoami", nil); r.text("method") != "jwt" || r.text("namespace") != ns || !strings.EqualFold(r.text("subject"), p.wallet()) {
			t.Errorf("whoami: %s", r.body)
		}
	}
}

// If one nonce makes two sessions, whoever saw a signature can use it; if a
// token of one gateway is nothing at another, the network is many islands.
func TestGateway_OneNonceOnceOnThreeNodes(t *testing.T) {
	nodes := three(t)
	for round := range 10 {
		p := ethereumPerson(t) // a new one: the rates of one account hold back the losers
		proof := nodes[round%3].visit().proof(t, p, "shop", round%2 == 0)
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 60 {
			all.Go(func() {
				r, err := nodes[i%3].visit().trySend(t, http.MethodPost, "/v1/auth/verify", proof)
				switch {
				case err != nil:
					t.Error(err)
				case r.status == http.StatusOK:
					won.Add(1)
				case r.status != http.StatusUnauthorized && r.status != http.StatusTooManyRequests:
					t.Errorf("round %d: %d %s", round, r.status, r.body)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("round %d: one nonce made %d sessions", round, won.Load())
		}
	}
}

// A token is good at every gateway until its session ends, and then at none,
// and the sockets that it opened are closed.
func TestGateway_LogoutEverywhere(t *testing.T) {
	nodes := three(t)
	p := ethereumPerson(t)
	session := nodes[0].visit().signIn(t, p, "shop")
	var sockets []*websocket.Conn
	for i, n := range nodes {
		v := n.visit().with(session.text("access_token"))
		until(t, fmt.Sprintf("node %d takes the token", i), func() error {
			if r := v.send(t, http.MethodGet, "/v1/auth/whoami", nil); r.status != http.StatusOK {
				return fmt.Errorf("%d %s", r.status, r.body)
			}
			return nil
		})
		v.must(t, http.StatusCreated, http.MethodPost, fmt.Sprintf("/v1/storage/put?key=k%d", i), []byte("v"))
		conn, status := v.socket(t, "/v1/pubsub/ws?topic=t")
		if conn == nil {
			t.Fatalf("socket at node %d: %d", i, status)
		}
		sockets = append(sockets, conn)
	}
	nodes[1].visit().must(t, http.StatusOK, http.MethodPost, "/v1/auth/logout", map[string]any{"refresh_token": session.text("refresh_token")})
	for i, n := range nodes {
		until(t, fmt.Sprintf("node %d refuses the token", i), func() error {
			if r := n.visit().with(session.text("access_token")).send(t, http.MethodGet, "/v1/storage/get?key=k0", nil); r.status != http.StatusUnauthorized {
				return fmt.Errorf("%d %s", r.status, r.body)
			}
			return nil
		})
		if err := sockets[i].SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := sockets[i].ReadMessage(); !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
			t.Errorf("the socket at node %d: %v", i, err)
		}
	}
	nodes[2].visit().must(t, http.StatusUnauthorized, http.MethodPost, "/v1/auth/refresh", map[string]any{"refresh_token": session.text("refresh_token")})
}

// Messages reach subscribers at every gateway, each once, also equal ones.
func TestGateway_MessagesAcrossGateways(t *testing.T) {
	nodes := three(t)
	p := solanaPerson(t)
	token := nodes[0].visit().signIn(t, p, "shop").text("access_token")
	var sockets []*websocket.Conn
	for _, n := range nodes {
		v := n.visit().with(token)
		until(t, "a socket", func() error {
			conn, status := v.socket(t, "/v1/pubsub/ws?topic=news")
			if conn == nil {
				return fmt.Errorf("status %d", status)
			}
			sockets = append(sockets, conn)
			return nil
		})
	}
	const messages = 30
	for i := range messages {
		nodes[i%3].visit().with(token).must(t, http.StatusOK, http.MethodPost, "/v1/pubsub/publish", map[string]any{"topic": "news", "data_base64": []byte("the same")})
	}
	nodes[0].visit().with(token).must(t, http.StatusOK, http.MethodPost, "/v1/pubsub/publish", map[string]any{"topic": "news", "data_base64": []byte("last")})
	for i, conn := range sockets {
		same := 0
		for seen := 0; seen <= messages; seen++ {
			if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			_, data, err := conn.ReadMessage()
			if err != nil {
				t.Fatalf("socket %d after %d messages: %v", i, seen, err)
			}
			if string(data) == "the same" {
				same++
			}
		}
		if same != messages {
			t.Errorf("socket %d heard %d of %d", i, same, messages)
		}
	}
}

// A spent nonce must stay spent when the node starts again.
func TestGateway_ReplayAfterRestart(t *testing.T) {
	dir := t.TempDir()
	first := start(t, dir, nil)
	p := ethereumPerson(t)
	spent, unspent := first.visit().proof(t, p, "shop", false), first.visit().proof(t, p, "shop", false)
	first.visit().must(t, http.StatusOK, http.MethodPost, "/v1/auth/verify", spent)
	first.stop(t)
	again := start(t, dir, func(c *config.Config) { c.Gateway.Addr = strings.TrimPrefix(first.file.Gateway, "http://") }).visit()
	again.must(t, http.StatusUnauthorized, http.MethodPost, "/v1/auth/verify", spent)
	again.must(t, http.StatusOK, http.MethodPost, "/v1/auth/verify", unspent)
}

// A gateway alone, and that of a guest, keep nothing and serve the whole
// contract through a member.
func TestGateway_AloneAndGuest(t *testing.T) {
	member := start(t, t.TempDir(), nil)
	guest := start(t, t.TempDir(), func(c *config.Config) { c.Discovery.BootstrapPeers = member.file.P2P })
	loaded := loopback("")
	loaded.Config.Discovery.BootstrapPeers = member.file.P2P
	logs, err := logging.New(logging.Settings{Level: "warn"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	alone, err := node.OpenGateway(t.Context(), loaded, node.Build{Version: "test"}, logs)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- alone.Run(ctx, func() { close(ready) }) }()
	<-ready
	defer func() {
		cancel()
		outside.CloseIdleConnections()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	for name, v := range map[string]visitor{"guest": guest.visit(), "alone": {base: alone.URL()}} {
		signed := v.signedIn(t, ethereumPerson(t), "shop-"+name)
		audited(t, signed)
		signed.must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte(name))
		if r := signed.must(t, http.StatusOK, http.MethodGet, "/v1/storage/get?key=k", nil); string(r.body) != name {
			t.Errorf("%s: %q", name, r.body)
		}
		there := member.visit().with(signed.credential)
		if r := there.must(t, http.StatusOK, http.MethodGet, "/v1/storage/get?key=k", nil); string(r.body) != name {
			t.Errorf("at the member: %q", r.body)
		}
		conn, status := signed.socket(t, "/v1/pubsub/ws?topic=t")
		if conn == nil {
			t.Fatalf("%s: no socket: %d", name, status)
		}
		there.must(t, http.StatusOK, http.MethodPost, "/v1/pubsub/publish", map[string]any{"topic": "t", "data_base64": []byte("hi")})
		if _, data, err := conn.ReadMessage(); err != nil || string(data) != "hi" {
			t.Errorf("%s: heard %q, %v", name, data, err)
		}
		v.must(t, http.StatusOK, http.MethodGet, "/health", nil)
		v.must(t, http.StatusUnauthorized, http.MethodGet, "/v1/storage/get?key=k", nil)
		_ = conn.Close() //nolint:errcheck // it was read
	}
}

// Whoever reads what happened to an account finds the request in the logs, by
// the id that its caller was told.
func TestGateway_AuditNamesTheRequest(t *testing.T) {
	n := start(t, t.TempDir(), func(c *config.Config) { c.Auth.TokenAlgorithm = "ES256" })
	signed := n.visit().signedIn(t, solanaPerson(t), "shop")
	for _, e := range audited(t, signed) {
		if e.Address != "127.0.0.1" {
			t.Errorf("%s came from %q", e.Event, e.Address)
		}
	}
	if r := n.visit().must(t, http.StatusOK, http.MethodGet, "/v1/auth/jwks", nil); !strings.Contains(string(r.body), `"alg":"ES256"`) {
		t.Errorf("configured for ES256, it publishes %s", r.body)
	}
}

// audited makes and ends a key and registers an app, and returns
// what the audit says of that. Each event carries the id of its request's answer.
func audited(t *testing.T, v visitor) []core.AuditEvent {
	t.Helper()
	made := v.must(t, http.StatusCreated, http.MethodPost, "/v1/auth/keys", map[string]any{"name": "till"})
	want := map[string]string{
		"key_created": made.header.Get("X-Request-ID"),
		"key_revoked": v.must(t, http.StatusOK, http.MethodDelete, "/v1/auth/keys/"+made.text("id"), nil).header.Get("X-Request-ID"),
		"app_created": v.must(t, http.StatusCreated, http.MethodPost, "/v1/apps", map[string]any{"name": "till"}).header.Get("X-Request-ID"),
	}
	var list struct {
		Events []core.AuditEvent `json:"events"`
	}
	until(t, "the audit names the requests", func() error {
		r := v.must(t, http.StatusOK, http.MethodGet, "/v1/auth/audit", nil)
		if err := json.Unmarshal(r.body, &list); err != nil {
			return err
		}
		for event, id := range want {
			if id == "" || !slices.ContainsFunc(list.Events, func(e core.AuditEvent) bool { return e.Event == event && e.RequestID == id }) {
				return fmt.Errorf("%s of request %q is not in %s", event, id, r.body)
			}
		}
		return nil
	})
	for _, e := range list.Events {
		if e.RequestID == "" || e.Address == "" {
			t.Errorf("%s has request %q and address %q", e.Event, e.RequestID, e.Address)
		}
	}
	return list.Events
}

// A namespace that has an owner is not taken by anybody, by whatever route.
func TestGateway_TakeOver(t *testing.T) {
	v := start(t, t.TempDir(), nil).visit()
	owner, thief := ethereumPerson(t), solanaPerson(t)
	v.signedIn(t, owner, "shop").must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte("mine"))
	token := v.signIn(t, thief, "shop")
	stolen := v.with(token.text("access_token"))
	for _, attempt := range []struct{ method, path, body string }{
		{"GET", "/v1/storage/get?key=k", ""},
		{"POST", "/v1/storage/put?key=k", "x"},
		{"POST", "/v1/storage/delete?key=k", "{}"},
		{"POST", "/v1/db/query", `{"sql":"SELECT 1"}`},
		{"GET", "/v1/db/export", ""},
		{"POST", "/v1/db/import", "x"},
		{"POST", "/v1/rqlite/exec", `{"sql":"CREATE TABLE t(x)"}`},
		{"POST", "/v1/pubsub/publish", `{"topic":"t","data_base64":"eA=="}`},
		{"GET", "/v1/pubsub/topics", ""},
		{"GET", "/v1/apps", ""},
		{"GET", "/v1/auth/keys", ""},
		{"POST", "/v1/auth/keys", "{}"},
		{"GET", "/v1/namespaces/shop/grants", ""},
		{"POST", "/v1/namespaces/shop/grants", `{"subject":"` + thief.wallet() + `","role":"owner"}`},
		{"GET", "/v1/auth/audit", ""},
	} {
		var body any
		if attempt.body != "" {
			body = attempt.body
		}
		if r := stolen.send(t, attempt.method, attempt.path, body); r.status != http.StatusForbidden {
			t.Errorf("%s %s: %d %s", attempt.method, attempt.path, r.status, r.body)
		}
	}
	for _, path := range []string{"/v1/auth/register", "/v1/auth/api-key"} {
		if r := v.send(t, http.MethodPost, path, v.proof(t, thief, "shop", true)); r.status != http.StatusForbidden {
			t.Errorf("%s: %d %s", path, r.status, r.body)
		}
	}
	if r := stolen.send(t, http.MethodPost, "/v1/namespaces", map[string]any{"name": "shop"}); r.status != http.StatusForbidden && r.status != http.StatusConflict {
		t.Errorf("claimed again: %d %s", r.status, r.body)
	}
	v.must(t, http.StatusForbidden, http.MethodPost, "/v1/auth/register", v.proof(t, thief, "default", true))
	if conn, status := stolen.socket(t, "/v1/pubsub/ws?topic=t"); conn != nil || status != http.StatusForbidden {
		t.Errorf("socket: %d", status)
	}
	if r := v.signedIn(t, owner, "shop").must(t, http.StatusOK, http.MethodGet, "/v1/storage/get?key=k", nil); string(r.body) != "mine" {
		t.Errorf("it is now %q", r.body)
	}
}

// SQL of a tenant must not see the tables of the network, of other tenants or
// of the machine.
func TestGateway_HostileSQL(t *testing.T) {
	dir := t.TempDir()
	v := start(t, dir, nil).visit()
	v.signedIn(t, ethereumPerson(t), "other").must(t, http.StatusCreated, http.MethodPost, "/v1/db/create-table", map[string]any{"schema": "CREATE TABLE secret (s TEXT)"})
	mine := v.signedIn(t, ethereumPerson(t), "shop")
	for _, sql := range []string{
		"SELECT * FROM auth_keys", "SELECT * FROM auth_sessions", "SELECT * FROM members", "SELECT * FROM secret", "SELECT * FROM other.secret",
		"SELECT * FROM debros_kv", "ATTACH '" + filepath.Join(dir, "x.db") + "' AS x", "VACUUM INTO '" + filepath.Join(dir, "x.db") + "'",
		"/**/PRAGMA writable_schema=ON", "SELECT load_extension('x')", "SELECT readfile('/etc/passwd')", "SELECT writefile('x','y')",
		"BEGIN", "INSERT INTO sqlite_master VALUES (1,2,3,4,5)", "SELECT 1; SELECT 2",
	} {
		for _, path := range []string{"/v1/db/query", "/v1/rqlite/query", "/v1/rqlite/exec", "/v1/db/transaction"} {
			body := map[string]any{"sql": sql, "statements": []string{sql}}
			if r := mine.send(t, http.MethodPost, path, body); r.status != http.StatusBadRequest && r.status != http.StatusForbidden {
				t.Errorf("%s %s: %d %s", path, sql, r.status, r.body)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "x.db")); err == nil {
		t.Error("a statement wrote a file")
	}
}

// When a key may be in other hands, the operator can void all that was signed,
// and nobody else can.
func TestGateway_SignEverybodyOut(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	p := ethereumPerson(t)
	session := n.visit().signIn(t, p, "shop")
	signed := n.visit().with(session.text("access_token"))
	signed.must(t, http.StatusForbidden, http.MethodPost, "/v1/auth/withdraw", map[string]any{"all": true})
	key, err := config.LoadOperatorKey(n.dir)
	if err != nil {
		t.Fatal(err)
	}
	operator := n.visit().with(key.Reveal())
	operator.must(t, http.StatusBadRequest, http.MethodPost, "/v1/auth/withdraw", map[string]any{})
	operator.must(t, http.StatusOK, http.MethodPost, "/v1/auth/withdraw", map[string]any{"node": n.file.PeerID})
	signed.must(t, http.StatusUnauthorized, http.MethodGet, "/v1/storage/get?key=k", nil)
	n.visit().must(t, http.StatusOK, http.MethodPost, "/v1/auth/refresh", map[string]any{"refresh_token": session.text("refresh_token")})
	session = n.visit().signIn(t, p, "shop")
	operator.must(t, http.StatusOK, http.MethodPost, "/v1/auth/withdraw", map[string]any{"all": true})
	n.visit().with(session.text("access_token")).must(t, http.StatusUnauthorized, http.MethodGet, "/v1/storage/get?key=k", nil)
	n.visit().must(t, http.StatusUnauthorized, http.MethodPost, "/v1/auth/refresh", map[string]any{"refresh_token": session.text("refresh_token")})
	n.visit().signedIn(t, p, "shop").must(t, http.StatusNotFound, http.MethodGet, "/v1/storage/get?key=k", nil)
}

// Any node serves any request: an export too, though it keeps no replica itself.
func TestGateway_ExportFromElsewhere(t *testing.T) {
	one := func(c *config.Config) { c.Database.ReplicationFactor = 1 }
	first := start(t, t.TempDir(), one)
	network, err := first.Network(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	v := first.visit().signedIn(t, ethereumPerson(t), "shop")
	v.must(t, http.StatusCreated, http.MethodPost, "/v1/db/create-table", map[string]any{"schema": "CREATE TABLE t (id INTEGER PRIMARY KEY)"})
	second := start(t, t.TempDir(), one)
	ticket, err := first.Invite(t.Context(), core.InviteOptions{})
	if err == nil {
		err = second.Join(t.Context(), ticket.Text)
	}
	if err != nil {
		t.Fatal(err)
	}
	joined(t, second, network.ID)
	there := second.visit().with(v.credential)
	until(t, "the token is known", func() error {
		if r := there.send(t, http.MethodGet, "/v1/auth/whoami", nil); r.status != http.StatusOK {
			return fmt.Errorf("%d %s", r.status, r.body)
		}
		return nil
	})
	if r := there.must(t, http.StatusOK, http.MethodGet, "/v1/db/export?format=sqlite", nil); !bytes.HasPrefix(r.body, []byte("SQLite format 3")) {
		t.Errorf("exported %q", r.body)
	}
}
