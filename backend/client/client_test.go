// A client and real nodes on loopback.

package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	libp2p "github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// A configuration that cannot work must say so before anything is tried, and
// say what to do.
func TestNewClient_Configuration(t *testing.T) {
	const peer = "/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk"
	tests := map[string]struct {
		change func(c *ClientConfig)
		want   core.Code
		says   string
	}{
		"as it is":                    {func(*ClientConfig) {}, "", ""},
		"no bootstrap peer":           {func(c *ClientConfig) { c.BootstrapPeers = nil }, core.Invalid, "debros status"},
		"a peer without its id":       {func(c *ClientConfig) { c.BootstrapPeers = []string{"/ip4/127.0.0.1/tcp/1"} }, core.Invalid, "bootstrap peer 1"},
		"a peer that is no address":   {func(c *ClientConfig) { c.BootstrapPeers = []string{peer, "localhost:4001"} }, core.Invalid, "bootstrap peer 2"},
		"a JWT":                       {func(c *ClientConfig) { c.JWT = "e30.e30." }, core.Invalid, "APIKey"},
		"two credentials":             {func(c *ClientConfig) { c.APIKey, c.Credential = "a", "b" }, core.Invalid, "leave one out"},
		"no time":                     {func(c *ClientConfig) { c.ConnectTimeout = 0 }, core.Invalid, "ConnectTimeout"},
		"no attempt":                  {func(c *ClientConfig) { c.RetryAttempts = 0 }, core.Invalid, "RetryAttempts"},
		"a long delay":                {func(c *ClientConfig) { c.RetryDelay = time.Hour }, core.Invalid, "RetryDelay"},
		"no name":                     {func(c *ClientConfig) { c.AppName = "" }, core.Invalid, "Namespace"},
		"the network's own namespace": {func(c *ClientConfig) { c.Namespace = "system" }, core.Invalid, "reserved"},
		"too many peers":              {func(c *ClientConfig) { c.BootstrapPeers = make([]string, MaxBootstrapPeers+1) }, core.TooLarge, "at most"},
	}
	for name, test := range tests {
		config := DefaultClientConfig("my-app")
		config.BootstrapPeers = []string{peer}
		test.change(config)
		_, err := NewClient(config)
		if core.CodeOf(err) != test.want || err != nil && !strings.Contains(core.Sentence(err), test.says) {
			t.Errorf("%s: %v, want code %q and the words %q", name, err, test.want, test.says)
		}
	}
	if _, err := NewClient(nil); core.CodeOf(err) != core.Invalid {
		t.Errorf("no configuration: %v", err)
	}
}

// Two applications must not end in one namespace by a careless rule, and one
// must find its data again.
func TestNamespaceOf(t *testing.T) {
	for app, want := range map[string]string{
		"my-app": "my-app", "My App": "my-app", "anchat": "anchat-app", "Žluť 2": "-lu--2"[1:], "_x": "x", "system": "system-app",
		strings.Repeat("a", 80): strings.Repeat("a", 63), "": "", "---": "",
	} {
		got := namespaceOf(app)
		if got != want {
			t.Errorf("%q becomes %q, want %q", app, got, want)
		}
		if _, err := core.ParseNamespace(got); err != nil && got != "" {
			t.Errorf("%q becomes %q, which is refused: %v", app, got, err)
		}
	}
}

// Explicit before environment before nothing: the order that programs rely on.
func TestClientConfig_FromEnv(t *testing.T) {
	env := map[string]string{"BOOTSTRAP_PEERS": "/a, /b\t/c", "RQLITE_NODES": "http://x:4001"}
	lookup := func(name string) (string, bool) { v, found := env[name]; return v, found }
	c := DefaultClientConfig("x").FromEnv(lookup)
	if !reflect.DeepEqual(c.BootstrapPeers, []string{"/a", "/b", "/c"}) || !reflect.DeepEqual(c.DatabaseEndpoints, []string{"http://x:4001"}) {
		t.Errorf("from the environment: %v, %v", c.BootstrapPeers, c.DatabaseEndpoints)
	}
	c = DefaultClientConfig("x")
	c.BootstrapPeers = []string{"/mine"}
	if c.FromEnv(lookup); !reflect.DeepEqual(c.BootstrapPeers, []string{"/mine"}) {
		t.Errorf("an explicit peer was replaced by %v", c.BootstrapPeers)
	}
}

// The README's first program.
func TestClient_Storage(t *testing.T) {
	c := connect(t, configFor(startNode(t, nodeSettings{})))
	ctx, s := t.Context(), c.Storage()
	if c.Namespace() != "my-app" {
		t.Errorf("namespace %q", c.Namespace())
	}
	value := []byte{0, 255, 'x'}
	if err := s.Put(ctx, "a/1", value); err != nil {
		t.Fatal(err)
	}
	got, err := s.Get(ctx, "a/1")
	if err != nil || !reflect.DeepEqual(got, value) {
		t.Errorf("Get = %v, %v", got, err)
	}
	if _, err = s.Get(ctx, "nothing"); core.CodeOf(err) != core.NotFound {
		t.Errorf("a key that does not exist: %v", err)
	}
	if _, err = s.PutItem(ctx, "a/1", nil, core.PutOptions{IfAbsent: true}); core.CodeOf(err) != core.PreconditionFailed {
		t.Errorf("a condition that does not hold: %v", err)
	}
	if _, err = s.Batch(ctx, []core.Op{{Key: "a/2", Value: value}, {Key: "b/1", Value: value}}); err != nil {
		t.Error(err)
	}
	keys, err := s.List(ctx, "a/")
	if err != nil || !reflect.DeepEqual(keys, []string{"a/1", "a/2"}) {
		t.Errorf("List = %v, %v", keys, err)
	}
	if keys, err = s.List(ctx, "", 1); err != nil || len(keys) != 1 {
		t.Errorf("List with a limit = %v, %v", keys, err)
	}
	if err = s.Delete(ctx, "a/1"); err != nil {
		t.Error(err)
	}
	if exists, err := s.Exists(ctx, "a/1"); err != nil || exists {
		t.Errorf("Exists = %v, %v", exists, err)
	}
}

// A listing of many pages must be whole.
func TestStorage_ListPages(t *testing.T) {
	shelf := newShelf()
	for i := range 2*core.MaxListKeys + 1 {
		key := strings.Repeat("k", 1+i%3) + string(rune('a'+i%26)) + time.Duration(i).String()
		shelf.items[core.Namespace("my-app").Qualify(key)] = core.Item{Key: key, Version: 1}
	}
	c := connect(t, configFor(startNode(t, nodeSettings{storage: shelf})))
	keys, err := c.Storage().List(t.Context(), "")
	if err != nil || len(keys) != len(shelf.items) {
		t.Errorf("got %d of %d keys, %v", len(keys), len(shelf.items), err)
	}
}

// SQL end to end, on the real database.
func TestClient_Database(t *testing.T) {
	c := connect(t, configFor(startNode(t, nodeSettings{database: startDatabase(t)})))
	ctx, d := t.Context(), c.Database()
	if err := d.CreateTable(ctx, `CREATE TABLE "us""ers" (id INTEGER PRIMARY KEY, name TEXT NOT NULL, photo BLOB, score REAL)`); err != nil {
		t.Fatal(err)
	}
	r, err := d.Execute(ctx, `INSERT INTO "us""ers" (name, photo, score) VALUES (?, ?, ?)`, "Ann", []byte{0, 1}, float32(0.5))
	if err != nil || r.RowsAffected != 1 || r.LastInsertID != 1 {
		t.Fatalf("Execute = %+v, %v", r, err)
	}
	q, err := d.Query(ctx, `SELECT id, name, photo, score, NULL FROM "us""ers" WHERE id = ?`, uint8(1))
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]any{{int64(1), "Ann", []byte{0, 1}, 0.5, nil}}; !reflect.DeepEqual(q.Rows, want) || q.Count != 1 || q.Provenance.Group != "ns::my-app" {
		t.Errorf("Query = %+v", q)
	}
	err = d.Transaction(ctx, []string{`INSERT INTO "us""ers" (name) VALUES ('Bob')`, `INSERT INTO "us""ers" (name) VALUES (NULL)`})
	if err == nil {
		t.Error("a transaction with a failing statement succeeded")
	}
	if q, err = d.Query(ctx, `SELECT count(*) FROM "us""ers"`); err != nil || q.Rows[0][0] != int64(1) {
		t.Errorf("after a failed transaction: %+v, %v", q, err)
	}
	if _, err = d.Query(ctx, `DELETE FROM "us""ers"`); core.CodeOf(err) != core.Invalid {
		t.Errorf("a write by Query: %v, want invalid", err)
	}
	if _, err = d.Query(ctx, `SELECT ?`, time.Now()); core.CodeOf(err) != core.Invalid {
		t.Errorf("a time as parameter: %v, want invalid", err)
	}
	schema, err := d.GetSchema(ctx)
	if err != nil || len(schema.Tables) != 1 || schema.Tables[0].Name != `us"ers` || len(schema.Tables[0].Columns) != 4 {
		t.Errorf("GetSchema = %+v, %v", schema, err)
	}
	if err := d.DropTable(ctx, `us"ers`); err != nil {
		t.Error(err)
	}
}

// Keys and values end to end, on the real storage: what a fake agrees to proves little.
func TestClient_RealStorage(t *testing.T) {
	d := startDatabase(t)
	c := connect(t, configFor(startNode(t, nodeSettings{database: d, storage: startStorage(t, d)})))
	ctx, s := t.Context(), c.Storage()
	value := bytes.Repeat([]byte{0, 255}, core.MaxValueBytes/2)
	first, err := s.PutItem(ctx, "a/large", value, core.PutOptions{IfAbsent: true, TTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	item, provenance, err := s.GetItem(ctx, "a/large", core.ReadOptions{Level: core.LevelNone})
	if err != nil || !bytes.Equal(item.Value, value) || item.Version != first || item.ExpiresAt.IsZero() || provenance.Level != core.LevelNone || provenance.Index == 0 {
		t.Errorf("GetItem = version %d, expires %v, %+v, %v", item.Version, item.ExpiresAt, provenance, err)
	}
	if _, err = s.PutItem(ctx, "a/large", nil, core.PutOptions{IfVersion: first + 1}); core.CodeOf(err) != core.PreconditionFailed {
		t.Errorf("a put on another version: %v, want precondition_failed", err)
	}
	if err = s.Put(ctx, "a/too-large", append(value, 1)); core.CodeOf(err) != core.TooLarge {
		t.Errorf("a value above the limit: %v, want too_large", err)
	}
	ops := make([]core.Op, core.MaxBatchOps)
	for i := range ops {
		ops[i] = core.Op{Key: fmt.Sprintf("b/%04d", i), Value: []byte{}}
	}
	for range 2 { // the second time over what is there
		if _, err = s.Batch(ctx, ops); err != nil {
			t.Fatal(err)
		}
	}
	keys, err := s.List(ctx, "")
	if err != nil || len(keys) != 1+len(ops) || keys[0] != "a/large" || keys[len(ops)] != ops[len(ops)-1].Key {
		t.Errorf("List = %d keys, %v", len(keys), err)
	}
	empty, err := s.Get(ctx, "b/0000")
	if err != nil || empty == nil || len(empty) != 0 {
		t.Errorf("an empty value came back as %#v, %v", empty, err)
	}
	page, err := s.ListPage(ctx, core.ListOptions{Separator: "/"})
	if err != nil || !reflect.DeepEqual(page.Prefixes, []string{"a/", "b/"}) {
		t.Errorf("ListPage folded into %v, %v", page.Prefixes, err)
	}
	if err := s.Delete(ctx, "a/large"); err != nil {
		t.Error(err)
	}
	if exists, err := s.Exists(ctx, "a/large"); err != nil || exists {
		t.Errorf("Exists = %v, %v", exists, err)
	}
}

// Two applications on one node must never see each other.
func TestClient_Namespaces(t *testing.T) {
	n := startNode(t, nodeSettings{})
	one := connect(t, configFor(n))
	config := configFor(n)
	config.Namespace = "my-app-2"
	other := connect(t, config)
	if err := one.Storage().Put(t.Context(), "k", []byte("1")); err != nil {
		t.Fatal(err)
	}
	if _, err := other.Storage().Get(t.Context(), "k"); core.CodeOf(err) != core.NotFound {
		t.Errorf("the other application: %v, want not_found", err)
	}
	config.Namespace = "somebody"
	stranger, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := stranger.Connect(); core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("another namespace: %v, want unauthenticated", err)
	}
}

// Chat between two programs on two nodes of one network, there and back.
func TestClient_PubSub(t *testing.T) {
	first, second := startNode(t, nodeSettings{}), startNode(t, nodeSettings{})
	if err := first.host.Dial(t.Context(), second.address); err != nil {
		t.Fatal(err)
	}
	alice, bob := connect(t, configFor(first)), connect(t, configFor(second))
	heard := make(chan string, 16)
	subscribe := func(who string, c *Client) {
		if err := c.PubSub().Subscribe(t.Context(), "room", func(topic string, data []byte) error {
			heard <- who + " hears " + string(data) + " in " + topic
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	subscribe("alice", alice)
	subscribe("bob", bob)
	sayUntilHeard(t, alice, "room", "hello", heard, "alice hears hello in room", "bob hears hello in room")
	topics, err := bob.PubSub().ListTopics(t.Context())
	if err != nil || !reflect.DeepEqual(topics, []string{"room"}) {
		t.Errorf("ListTopics = %v, %v", topics, err)
	}
	if err := bob.PubSub().Unsubscribe(t.Context(), "room"); err != nil {
		t.Error(err)
	}
	if err := bob.PubSub().Unsubscribe(t.Context(), "room"); core.CodeOf(err) != core.NotFound {
		t.Errorf("a second Unsubscribe: %v, want not_found", err)
	}
}

// A key to read that can publish, or a key to write that cannot, is a broken key.
func TestPubSub_NeedsTheRightToWrite(t *testing.T) {
	var refused atomic.Int64
	n := startNode(t, nodeSettings{})
	// The rule is that of a second node, so that the proof is judged elsewhere.
	far := startNode(t, nodeSettings{rule: func(author libp2p.ID, ns core.Namespace, proof []byte) bool {
		ok := author == n.host.ID() || string(proof) == author.String()+" may in "+string(ns)
		if !ok {
			refused.Add(1)
		}
		return ok
	}})
	if err := n.host.Dial(t.Context(), far.address); err != nil {
		t.Fatal(err)
	}
	s, err := far.gossip.Subscribe(t.Context(), "my-app", "room")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	config := configFor(n)
	config.APIKey = readKey
	reader, writer := connect(t, config), connect(t, configFor(n))
	if err := reader.PubSub().Publish(t.Context(), "room", []byte("psst")); core.CodeOf(err) != core.Denied {
		t.Errorf("publishing with a key to read: %v, want denied", err)
	}
	if err := reader.PubSub().Subscribe(t.Context(), "room", func(string, []byte) error { return nil }); err != nil {
		t.Errorf("listening with a key to read: %v", err)
	}
	if err := writer.PubSub().Publish(t.Context(), "room", []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if m := <-s.Messages(); string(m.Data) != "hello" {
		t.Errorf("heard %q", m.Data)
	}
	if got := refused.Load(); got > 0 {
		t.Errorf("%d messages were refused", got)
	}
}

// A handler that fails or panics must not silence the ones after it.
func TestPubSub_BadHandlers(t *testing.T) {
	c := connect(t, configFor(startNode(t, nodeSettings{})))
	heard := make(chan []byte, 4)
	if err := c.PubSub().Subscribe(t.Context(), "t", func(string, []byte) error { panic("oh no") }); err != nil {
		t.Fatal(err)
	}
	if err := c.PubSub().Subscribe(t.Context(), "t", func(_ string, data []byte) error { heard <- data; return errRefused }); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.PubSub().Publish(t.Context(), "t", []byte("x")); err != nil {
			t.Fatal(err)
		}
		<-heard
	}
	if err := c.PubSub().Subscribe(t.Context(), "t", nil); core.CodeOf(err) != core.Invalid {
		t.Errorf("no handler: %v, want invalid", err)
	}
}

// The limit must come back when a subscription ends, or a program that opens and
// closes rooms stops working some day.
func TestPubSub_Limit(t *testing.T) {
	c := connect(t, configFor(startNode(t, nodeSettings{})))
	nothing := func(string, []byte) error { return nil }
	for i := range MaxSubscriptions {
		topic := "one"
		if i > 0 {
			topic = "many"
		}
		if err := c.PubSub().Subscribe(t.Context(), topic, nothing); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.PubSub().Subscribe(t.Context(), "one", nothing); core.CodeOf(err) != core.Limited {
		t.Errorf("one more: %v, want limited", err)
	}
	if err := c.PubSub().Unsubscribe(t.Context(), "one"); err != nil {
		t.Error(err)
	}
	if err := c.PubSub().Subscribe(t.Context(), "one", nothing); err != nil {
		t.Errorf("after one ended: %v", err)
	}
}

// A node that restarts must cost its clients a moment, not their subscriptions.
func TestClient_NodeRestarts(t *testing.T) {
	key, shelf := newKey(t), newShelf()
	n := startNode(t, nodeSettings{identity: key, storage: shelf})
	listen, _, _ := strings.Cut(n.address, "/p2p/")
	config := configFor(n)
	config.RetryDelay = 10 * time.Millisecond
	c := connect(t, config)
	heard := make(chan string, 100)
	if err := c.PubSub().Subscribe(t.Context(), "room", func(_ string, data []byte) error { heard <- string(data); return nil }); err != nil {
		t.Fatal(err)
	}
	if err := c.Storage().Put(t.Context(), "k", []byte("before")); err != nil {
		t.Fatal(err)
	}
	n.vanish(t)
	n = startNode(t, nodeSettings{identity: key, storage: shelf, listen: listen})
	if got, err := c.Storage().Get(t.Context(), "k"); err != nil || string(got) != "before" {
		t.Errorf("a read after the restart: %q, %v", got, err)
	}
	if err := c.Storage().Put(t.Context(), "k", []byte("after")); err != nil {
		t.Errorf("a write after the restart: %v", err)
	}
	if err := c.PubSub().Publish(t.Context(), "room", []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "still here" {
		t.Errorf("heard %q", got)
	}
	sayUntilHeard(t, connect(t, configFor(n)), "room", "welcome back", heard, "welcome back")
}

// sayUntilHeard publishes until everything wanted was heard: nodes need a moment
// to tell each other who listens.
func sayUntilHeard(t *testing.T, c *Client, topic, text string, heard <-chan string, want ...string) {
	t.Helper()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	missing := make(map[string]bool)
	for _, w := range want {
		missing[w] = true
	}
	for len(missing) > 0 {
		if err := c.PubSub().Publish(t.Context(), topic, []byte(text)); err != nil {
			t.Fatal(err)
		}
		for waiting := true; waiting && len(missing) > 0; {
			select {
			case got := <-heard:
				delete(missing, got)
			case <-again.C:
				waiting = false
			}
		}
	}
}

// A lost node must not stop a client that knows another one, and no write may
// happen twice on the way.
func TestClient_OtherPeerTakesOver(t *testing.T) {
	shelf := newShelf()
	first, second := startNode(t, nodeSettings{storage: shelf}), startNode(t, nodeSettings{storage: shelf})
	config := configFor(first, second)
	config.RetryDelay = 10 * time.Millisecond
	c := connect(t, config)
	began, release := make(chan struct{}), make(chan struct{})
	var puts atomic.Int64
	shelf.onPut = func(context.Context, string) error {
		puts.Add(1)
		began <- struct{}{}
		<-release
		return nil
	}
	write := make(chan error, 1)
	go func() { write <- c.Storage().Put(t.Context(), "k", []byte("1")) }()
	<-began
	for _, conn := range first.host.Network().Conns() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	close(release)
	if err := <-write; core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("the write in flight: %v, want outcome_unknown", err)
	}
	first.stop()
	if _, err := c.Storage().Exists(t.Context(), "k"); err != nil {
		t.Errorf("a read afterwards: %v", err)
	}
	status, err := c.Network().GetStatus(t.Context())
	if err != nil || status.NodeID != second.host.ID().String() {
		t.Errorf("the client is at %+v, %v; want the second node", status, err)
	}
	if got := puts.Load(); got != 1 {
		t.Errorf("the write reached the nodes %d times", got)
	}
}

// A first peer that is down must not keep a program from starting.
func TestConnect_TriesEach(t *testing.T) {
	gone := startNode(t, nodeSettings{})
	gone.stop()
	n := startNode(t, nodeSettings{})
	c := connect(t, configFor(gone, n))
	if err := c.Storage().Put(t.Context(), "k", nil); err != nil {
		t.Error(err)
	}
}

// Whoever cannot connect must hear why, soon, and leave nothing behind.
func TestConnect_Fails(t *testing.T) {
	n := startNode(t, nodeSettings{})
	gone := startNode(t, nodeSettings{})
	gone.stop()
	tests := map[string]struct {
		change func(c *ClientConfig)
		want   core.Code
	}{
		"with a wrong key":                        {func(c *ClientConfig) { c.APIKey = "wrong" }, core.Unauthenticated},
		"with a wrong key and a peer that is off": {func(c *ClientConfig) { c.APIKey, c.BootstrapPeers = "wrong", []string{gone.address, n.address} }, core.Unauthenticated},
		"to a node that is off":                   {func(c *ClientConfig) { c.BootstrapPeers = []string{gone.address} }, core.Unavailable},
	}
	for name, test := range tests {
		config := configFor(n)
		config.RetryAttempts, config.RetryDelay = 2, time.Millisecond
		test.change(config)
		c, err := NewClient(config)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Connect(); core.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
		if err := c.Storage().Put(t.Context(), "k", nil); core.CodeOf(err) != core.Unavailable {
			t.Errorf("%s, then a call: %v, want unavailable", name, err)
		}
		if err := c.Disconnect(); err != nil {
			t.Errorf("%s, then Disconnect: %v", name, err)
		}
	}
}

// A program that is told to end while it connects must not hang.
func TestConnectContext_Ends(t *testing.T) {
	gone := startNode(t, nodeSettings{})
	gone.stop()
	config := configFor(gone)
	config.RetryDelay = MaxRetryDelay
	c, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := c.ConnectContext(ctx); core.CodeOf(err) != core.Unavailable || !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want unavailable", err)
	}
}

// Calls that wait for a lost node must end with the client.
func TestDisconnect_EndsCalls(t *testing.T) {
	shelf := newShelf()
	began := make(chan struct{}, 64)
	shelf.onPut = func(ctx context.Context, _ string) error { began <- struct{}{}; <-ctx.Done(); return ctx.Err() }
	n := startNode(t, nodeSettings{storage: shelf})
	c := connect(t, configFor(n))
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			if err := c.Storage().Put(t.Context(), "k", nil); core.CodeOf(err) != core.OutcomeUnknown {
				t.Errorf("a write that was in flight: %v, want outcome_unknown", err)
			}
		})
		<-began
	}
	if err := c.Disconnect(); err != nil {
		t.Error(err)
	}
	callers.Wait()
	if err := c.Storage().Put(t.Context(), "k", nil); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a call afterwards: %v, want unavailable", err)
	}
	shelf.onPut = nil
	if err := c.Connect(); err != nil {
		t.Errorf("a second Connect: %v", err)
	}
	if err := c.Connect(); err != nil {
		t.Errorf("a Connect while connected: %v", err)
	}
	if err := c.Storage().Put(t.Context(), "k", nil); err != nil {
		t.Errorf("a call after the second Connect: %v", err)
	}
	if err := c.Disconnect(); err != nil {
		t.Error(err)
	}
}

// Health is what a supervisor looks at: it must tell, and never hang.
func TestClient_Health(t *testing.T) {
	n := startNode(t, nodeSettings{health: core.Health{State: core.StateDegraded, Checks: []core.Check{{Name: "discovery", State: core.StateDegraded, Detail: "1 of 2 peers"}}}})
	c, err := NewClient(configFor(n))
	if err != nil {
		t.Fatal(err)
	}
	if h, err := c.Health(); err != nil || h.Status != Unhealthy {
		t.Errorf("before Connect: %+v, %v", h, err)
	}
	if err := c.Connect(); err != nil {
		t.Fatal(err)
	}
	if h, err := c.Health(); err != nil || h.Status != Degraded || h.Checks["discovery"] != "degraded: 1 of 2 peers" {
		t.Errorf("connected: %+v, %v", h, err)
	}
	if err := c.Disconnect(); err != nil {
		t.Error(err)
	}
}

// What the command line asks of a node, and what it may not ask with an app's key.
func TestClient_Operator(t *testing.T) {
	n, other := startNode(t, nodeSettings{}), startNode(t, nodeSettings{})
	ctx := t.Context()
	app := connect(t, configFor(n))
	if err := app.Network().ConnectToPeer(ctx, other.address); core.CodeOf(err) != core.Denied {
		t.Errorf("an app: %v, want denied", err)
	}
	config := configFor(n)
	config.APIKey, config.Credential = "", operatorKey
	c := connect(t, config)
	if err := c.Network().ConnectToPeer(ctx, other.address); err != nil {
		t.Fatal(err)
	}
	peers, err := c.Network().GetPeers(ctx)
	if err != nil || len(peers) != 3 {
		t.Errorf("GetPeers = %d peers, %v; want two clients and a node", len(peers), err)
	}
	if err = c.Network().DisconnectFromPeer(ctx, other.host.ID().String()); err != nil {
		t.Error(err)
	}
	o := c.Operator()
	if status, err := o.Status(ctx); err != nil || status.DataDir != "/data" {
		t.Errorf("Status = %+v, %v", status, err)
	}
	if entries, err := o.Logs(ctx, 6, 1); err != nil || entries[0].Seq != 7 {
		t.Errorf("Logs = %v, %v", entries, err)
	}
	if limits, err := o.Limits(ctx); err != nil || len(limits) != len(Limits()) {
		t.Errorf("Limits = %v, %v", limits, err)
	}
	if url, err := o.Open(ctx, ""); err != nil || url == "" {
		t.Errorf("Open = %q, %v", url, err)
	}
	if err := o.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// Waits must grow, must end, and must differ.
func TestBackOff(t *testing.T) {
	for failed := 1; failed < 100; failed++ {
		for range 10 {
			got := backOff(time.Second, failed)
			full := MaxRetryDelay
			if failed < 6 {
				full = time.Second << (failed - 1)
			}
			if got < full/2 || got > full {
				t.Fatalf("after %d failures: %v, want %v to %v", failed, got, full/2, full)
			}
		}
	}
	if got := backOff(0, 5); got != 0 {
		t.Errorf("without a delay: %v", got)
	}
}

// Two hundred goroutines share one client in every server program.
func TestClient_Concurrent(t *testing.T) {
	c := connect(t, configFor(startNode(t, nodeSettings{})))
	var callers sync.WaitGroup
	for i := range 200 {
		callers.Go(func() {
			key := time.Duration(i).String()
			for range 20 {
				if err := c.Storage().Put(t.Context(), key, []byte(key)); err != nil {
					t.Error(err)
					return
				}
				if got, err := c.Storage().Get(t.Context(), key); err != nil || string(got) != key {
					t.Errorf("%q came back as %q, %v", key, got, err)
					return
				}
			}
		})
	}
	callers.Wait()
}
