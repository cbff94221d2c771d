// A node that behaves, in memory, and two ways to talk to it: over libp2p on
// loopback, and over a pipe whose time is made up.

package rpc

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	operatorKey = core.Secret("the operator's key")
	redKey      = core.Secret("a key for red")
)

// fakeNode is a node's services over a map. Hooks let a test stand in the way.
type fakeNode struct {
	onQuery func(ctx context.Context, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	onExec  func(ctx context.Context, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	onPut   func(ctx context.Context, key string) error
	onLogs  func(after uint64, limit int)

	mu      sync.Mutex
	items   map[string]core.Item
	version core.Version
	dialled []string
}

func newFakeNode() *fakeNode { return &fakeNode{items: make(map[string]core.Item)} }

func (n *fakeNode) services() Services {
	return Services{Authorize: n.authorize, Database: n, Storage: n, Node: n}
}

func (n *fakeNode) authorize(_ context.Context, credential core.Secret, ns core.Namespace) (Caller, error) {
	switch {
	case credential == operatorKey:
		return Caller{Subject: "operator", Operator: true}, nil
	case credential == redKey && ns == "red":
		return Caller{Subject: "key of red"}, nil
	case credential == redKey:
		return Caller{}, core.Errorf(core.Denied, "this key does not open %q", ns)
	}
	return Caller{}, core.Wrap(core.Unauthenticated, errors.New("hash 5f3a not found"), "this key is not known")
}

var fakeProvenance = core.Provenance{
	Level: core.LevelWeak, ServedBy: "A", Leader: "B", Group: "ns::red", Index: 1 << 60, LeaderIndex: 7,
	AgeMS: 3, How: "forwarded", Path: "direct", ElapsedMS: 0.25,
}

func (n *fakeNode) Query(ctx context.Context, _ core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	if n.onQuery != nil {
		return n.onQuery(ctx, s, o)
	}
	return &core.Rows{Columns: []string{"one"}, Types: []string{""}, Values: [][]any{{int64(1)}}, Provenance: fakeProvenance}, nil
}

func (n *fakeNode) Exec(ctx context.Context, _ core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	if n.onExec != nil {
		return n.onExec(ctx, statements, o)
	}
	return &core.ExecAnswer{Results: make([]core.ExecResult, len(statements)), Provenance: fakeProvenance}, nil
}

func (n *fakeNode) Schema(context.Context, core.Namespace) (core.Schema, error) {
	return core.Schema{Tables: []core.Table{{Name: "users", Kind: "table", SQL: "CREATE TABLE users(id)", Columns: []core.Column{{Name: "id", Nullable: true}}}}}, nil
}

func (n *fakeNode) Get(_ context.Context, ns core.Namespace, key string, _ core.ReadOptions) (core.Item, core.Provenance, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	item, found := n.items[ns.Qualify(key)]
	if !found {
		return core.Item{}, core.Provenance{}, core.Errorf(core.NotFound, "there is no key %q", key)
	}
	return item, fakeProvenance, nil
}

func (n *fakeNode) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	if n.onPut != nil {
		if err := n.onPut(ctx, key); err != nil {
			return core.WriteAnswer{}, err
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	old := n.items[ns.Qualify(key)]
	if o.IfAbsent && old.Version > 0 || o.IfVersion > 0 && o.IfVersion != old.Version {
		return core.WriteAnswer{}, core.Errorf(core.PreconditionFailed, "the key has version %d", old.Version)
	}
	n.version++
	item := core.Item{Key: key, Value: value, Size: len(value), Version: n.version, UpdatedAt: time.Unix(100, 5).UTC()}
	if o.TTL > 0 {
		item.ExpiresAt = item.UpdatedAt.Add(o.TTL)
	}
	n.items[ns.Qualify(key)] = item
	return core.WriteAnswer{Versions: []core.Version{n.version}, Deleted: []bool{false}, Provenance: fakeProvenance}, nil
}

func (n *fakeNode) Delete(_ context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, found := n.items[ns.Qualify(key)]
	delete(n.items, ns.Qualify(key))
	return core.WriteAnswer{Versions: []core.Version{0}, Deleted: []bool{found}, Provenance: fakeProvenance}, nil
}

func (n *fakeNode) List(_ context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	page := core.Page{Items: []core.Item{}, Prefixes: []string{"folded" + o.Separator}, Next: o.Cursor + "next", Provenance: fakeProvenance}
	for _, full := range slices.Sorted(maps.Keys(n.items)) {
		key, ours := ns.Unqualify(full)
		if !ours || !strings.HasPrefix(key, o.Prefix) || len(page.Items) == o.Limit {
			continue
		}
		item := n.items[full]
		if !o.Values {
			item.Value = nil
		}
		page.Items = append(page.Items, item)
	}
	return page, nil
}

func (n *fakeNode) Exists(_ context.Context, ns core.Namespace, key string, _ core.ReadOptions) (bool, core.Provenance, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, found := n.items[ns.Qualify(key)]
	return found, fakeProvenance, nil
}

func (n *fakeNode) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	out := core.WriteAnswer{Provenance: fakeProvenance}
	for _, op := range ops {
		var one core.WriteAnswer
		var err error
		if op.Delete {
			one, err = n.Delete(ctx, ns, op.Key)
		} else {
			one, err = n.Put(ctx, ns, op.Key, op.Value, op.PutOptions)
		}
		if err != nil {
			return core.WriteAnswer{}, err
		}
		out.Versions = append(out.Versions, one.Versions...)
		out.Deleted = append(out.Deleted, one.Deleted...)
	}
	return out, nil
}

func (n *fakeNode) Status(context.Context) (core.Status, error) {
	return core.Status{
		PeerID: "A", Role: "member", DataDir: "/home/ann/.debros", DatabaseSize: 30,
		Groups: []core.Group{{Name: "ns::blue", Size: 20}, {Name: "ns::red", Size: 10}},
	}, nil
}

func (n *fakeNode) Health(context.Context) (core.Health, error) {
	return core.Health{State: core.StateOK, Checks: []core.Check{{Name: "database", State: core.StateOK}}, Took: 5}, nil
}

func (n *fakeNode) Peers(context.Context) ([]core.Peer, error) {
	return []core.Peer{{ID: "B", Connected: true, Since: time.Unix(9, 0).UTC()}}, nil
}

func (n *fakeNode) Connect(_ context.Context, addr string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dialled = append(n.dialled, addr)
	return nil
}

func (n *fakeNode) Disconnect(_ context.Context, id string) error {
	return core.Errorf(core.NotFound, "there is no peer %s", id)
}

func (n *fakeNode) Topics(_ context.Context, ns core.Namespace) ([]string, error) {
	return []string{string(ns) + " news"}, nil
}

func (n *fakeNode) Logs(_ context.Context, after uint64, limit int) ([]core.LogEntry, error) {
	if n.onLogs != nil {
		n.onLogs(after, limit)
	}
	return []core.LogEntry{{Seq: after + 1, Message: "ready"}}, nil
}

func (n *fakeNode) Limits(context.Context) ([]core.Limit, error) { return Limits(), nil }
func (n *fakeNode) Stop(context.Context) error                   { return nil }
func (n *fakeNode) Open(context.Context, string) (string, error) {
	return "http://127.0.0.1:1/#token", nil
}

// logBuffer keeps what a server logs, for tests that read it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func newHost(t testing.TB) host.Host {
	t.Helper()
	h, err := libp2p.New(
		libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.Transport(tcp.NewTCPTransport),
		libp2p.DisableMetrics(), libp2p.DisableRelay(),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// served is a server that runs, on a host of its own.
type served struct {
	host host.Host
	log  *logBuffer
	stop func() // returns when Run has
}

func serve(t testing.TB, services Services) *served {
	t.Helper()
	log := &logBuffer{}
	logger := log.logger()
	if _, bench := t.(*testing.B); bench {
		logger = slog.New(slog.DiscardHandler)
	}
	s := &served{host: newHost(t), log: log}
	server, err := NewServer(services, s.host, logger)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- server.Run(ctx, func() { close(ready) }) }()
	<-ready
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

func (s *served) dial(t testing.TB, h host.Host, c Credentials) *Conn {
	t.Helper()
	conn, err := s.tryDial(t.Context(), h, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func (s *served) tryDial(ctx context.Context, h host.Host, c Credentials) (*Conn, error) {
	h.Peerstore().AddAddrs(s.host.ID(), s.host.Addrs(), peerstore.PermanentAddrTTL)
	return Dial(ctx, h, s.host.ID(), c)
}

var asOperator = Credentials{Credential: operatorKey, Namespace: "red"}

// connected is a server and a connection to it.
func connected(t testing.TB, n *fakeNode) (*served, *Conn) {
	t.Helper()
	s := serve(t, n.services())
	return s, s.dial(t, newHost(t), asOperator)
}

// pipeStream is a stream over a pipe, for tests with made-up time. Methods that
// nobody calls are those of a nil interface.
type pipeStream struct {
	network.Stream
	pipe net.Conn
	id   peer.ID
}

type pipeConn struct {
	network.Conn
	id peer.ID
}

func (c pipeConn) RemotePeer() peer.ID { return c.id }

func (s *pipeStream) Conn() network.Conn                 { return pipeConn{id: s.id} }
func (s *pipeStream) Read(p []byte) (int, error)         { return s.pipe.Read(p) }
func (s *pipeStream) Write(p []byte) (int, error)        { return s.pipe.Write(p) }
func (s *pipeStream) Close() error                       { return s.pipe.Close() }
func (s *pipeStream) Reset() error                       { return s.pipe.Close() }
func (s *pipeStream) SetDeadline(t time.Time) error      { return s.pipe.SetDeadline(t) }
func (s *pipeStream) SetReadDeadline(t time.Time) error  { return s.pipe.SetReadDeadline(t) }
func (s *pipeStream) SetWriteDeadline(t time.Time) error { return s.pipe.SetWriteDeadline(t) }

// stranger is the other end of a served pipe: it says what it likes.
type stranger struct {
	t    *testing.T
	pipe net.Conn
	done chan struct{} // closed when the server is through with the stream
}

// servePipe serves one stream to a stranger. Call it in a synctest bubble.
func servePipe(ctx context.Context, t *testing.T, n *fakeNode) *stranger {
	t.Helper()
	server := &Server{
		services: n.services(), log: slog.New(slog.DiscardHandler), gate: newGate(time.Now),
		requests: &budget{max: MaxServerRequestBytes},
		answers:  &budget{max: MaxServerAnswerBytes, maxWaiting: MaxServerAnswerBytes},
	}
	server.gate.setClosed(false)
	ours, theirs := net.Pipe()
	s := &stranger{t: t, pipe: theirs, done: make(chan struct{})}
	stream := &pipeStream{pipe: ours, id: "stranger"}
	if err := server.gate.enter(stream.id); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(s.done)
		defer server.gate.leave(stream.id)
		server.serve(ctx, stream)
	}()
	return s
}

func (s *stranger) send(frames ...frame) {
	s.t.Helper()
	for _, f := range frames {
		if _, err := s.pipe.Write(appendFrame(nil, f)); err != nil {
			s.t.Fatalf("send a frame of kind %d: %v", f.kind, err)
		}
	}
}

func (s *stranger) next() frame {
	s.t.Helper()
	f, err := (&frameReader{in: s.pipe}).next(MaxFrameBytes)
	if err != nil {
		s.t.Fatalf("read a frame: %v", err)
	}
	return f
}

// nextError reads an error frame and returns its code.
func (s *stranger) nextError() core.Code {
	s.t.Helper()
	f := s.next()
	if f.kind != kindError {
		s.t.Fatalf("got a frame of kind %d, want an error", f.kind)
	}
	return unpackError(f.body).Code
}

// leave hangs up and waits until the server is through.
func (s *stranger) leave() {
	s.t.Helper()
	if err := s.pipe.Close(); err != nil {
		s.t.Error(err)
	}
	<-s.done
}

func (s *stranger) hello() {
	s.t.Helper()
	s.send(frame{kind: kindHello, body: pack(s.t, &WireHello{Version: Version, Credential: []byte(operatorKey.Reveal()), Namespace: "red"})})
	if f := s.next(); f.kind != kindResponse {
		s.t.Fatalf("the hello was refused: %v", unpackError(f.body))
	}
}

func pack(t testing.TB, m proto.Message) []byte {
	t.Helper()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}
