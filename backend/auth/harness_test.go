package auth

// What the tests of this package share: nodes of one network over one real
// database, wallets that sign, and a clock that stands still.

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
	"git.debros.io/DeBros/network/backend/wallet"
)

// The gateway asks for exactly this.
var _ gateway.Auth = (*Auth)(nil)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

const (
	red  core.Namespace = "red"
	blue core.Namespace = "blue"

	operatorKey core.Secret = "the operator's own key of the node"
	configKey   core.Secret = "a key of twenty characters or more"
)

// fabric is what the nodes of a test share.
type fabric struct {
	t     testing.TB
	db    *database.Internal
	clock *testkit.Clock

	mu    sync.Mutex
	nodes map[string]ed25519.PublicKey
	away  map[string]bool // nodes that are no members any more
}

func newFabric(t testing.TB) *fabric {
	t.Helper()
	f := &fabric{t: t, db: replicas.Open(t, testkit.NewHost(t), database.Settings{}).Internal(), clock: testkit.NewClock()}
	f.empty()
	return f
}

func (f *fabric) empty() { f.nodes, f.away = map[string]ed25519.PublicKey{}, map[string]bool{} }

// line is a node's way to the database, which can be cut.
type line struct {
	DB
	cut   atomic.Bool
	execs atomic.Int64
	asked atomic.Int64 // questions of any kind
}

func errCut() error { return core.Errorf(core.Unavailable, "the line is cut") }

func (l *line) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	l.asked.Add(1)
	if l.cut.Load() && (o.Level != core.LevelNone || o.Freshness > 0) { // what is here can still be read
		return nil, errCut()
	}
	return l.DB.Query(ctx, ns, s, o)
}

func (l *line) Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	l.execs.Add(1)
	if l.cut.Load() {
		return nil, errCut()
	}
	return l.DB.Exec(ctx, ns, statements, o)
}

func (l *line) Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	if l.cut.Load() {
		return core.Change{}, errCut()
	}
	c, err := l.DB.Changed(ctx, ns, after, tables, wait)
	if l.cut.Load() {
		return core.Change{}, errors.Join(err, errCut())
	}
	return c, err
}

// member is one node of the network.
type member struct {
	*Auth
	fabric *fabric
	id     string
	line   *line
	stop   func()
}

func (f *fabric) isMember(id string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nodes[id] != nil && !f.away[id]
}

func (f *fabric) remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away[id] = true
}

func (f *fabric) verifies(id string, data, signature []byte) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	public := f.nodes[id]
	return public != nil && ed25519.Verify(public, data, signature)
}

// settings are a node's; its gateway is on loopback.
func (f *fabric) settings(id string) Settings {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		f.t.Fatal(err)
	}
	f.mu.Lock()
	f.nodes[id] = public
	f.mu.Unlock()
	return Settings{
		Network: "7Q2F", NodeID: id, Now: f.clock.Now, TokenKeyFile: filepath.Join(f.t.TempDir(), "token.key"),
		Sign:       func(data []byte) ([]byte, error) { return ed25519.Sign(private, data), nil },
		VerifyNode: f.verifies, IsMember: f.isMember,
		Domains: func() []string { return []string{id + ".example"} }, OperatorKey: operatorKey,
		RequireAuth: true, OpenRegistration: true,
	}
}

func (f *fabric) node(id string, change func(*Settings)) *member {
	f.t.Helper()
	s := f.settings(id)
	if change != nil {
		change(&s)
	}
	return f.start(s)
}

// start runs a node and waits until it is in touch and its key is public.
func (f *fabric) start(s Settings) *member {
	f.t.Helper()
	return f.startOn(s, f.db)
}

func (f *fabric) startOn(s Settings, db DB) *member {
	f.t.Helper()
	l := &line{DB: db}
	a, err := New(s, l, slog.New(slog.NewTextHandler(f.t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		f.t.Fatal(err)
	}
	m := &member{Auth: a, fabric: f, id: s.NodeID, line: l}
	m.stop = testkit.Run(f.t, a.Run)
	if _, err = a.signer(context.Background()); err != nil {
		f.t.Fatal(err)
	}
	eventually(f.t, "the node is in touch and has told its names", func() bool {
		rows, errNames := a.here(context.Background(), stmt(`SELECT 1 FROM auth_domains WHERE node = ?1`, s.NodeID))
		return a.view.inTouch() && a.view.lastKeys.Load() != nil && errNames == nil && len(rows) > 0
	})
	return m
}

// eventually waits for what goroutines of the package bring about.
func eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	end := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		if time.Now().After(end) {
			t.Fatalf("it did not come to be that %s", what)
		}
		<-tick.C
	}
}

// person is a wallet that signs.
type person struct {
	key     *ecdsa.PrivateKey
	address string
}

func newPerson(t testing.TB) person {
	t.Helper()
	key, err := crypto.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return person{key, crypto.PubkeyToAddress(key.PublicKey).Hex()}
}

func (p person) sign(t testing.TB, text string) string {
	t.Helper()
	sig, err := crypto.Sign(accounts.TextHash([]byte(text)), p.key)
	if err != nil {
		t.Fatal(err)
	}
	return "0x" + hex.EncodeToString(sig)
}

// challenge asks a node for a text, as somebody who reached it by its name.
func (m *member) challenge(p person, ns core.Namespace) core.Challenge {
	m.fabric.t.Helper()
	name := m.id + ".example"
	c, err := m.Challenge(context.Background(), core.ChallengeRequest{Wallet: p.address, Namespace: ns, Domain: name, URI: "https://" + name + verifyPath})
	if err != nil {
		m.fabric.t.Fatal(err)
	}
	return c
}

// proof answers a challenge with its message signed.
func (m *member) proof(p person, ns core.Namespace) core.Proof {
	m.fabric.t.Helper()
	c := m.challenge(p, ns)
	return core.Proof{Wallet: p.address, Namespace: ns, Nonce: c.Nonce, Signature: p.sign(m.fabric.t, c.Message), Domain: m.id + ".example", Address: "192.0.2.1"}
}

// signIn is a session from begin to end.
func (m *member) signIn(p person, ns core.Namespace) core.Tokens {
	m.fabric.t.Helper()
	tokens, err := m.Verify(context.Background(), m.proof(p, ns))
	if err != nil {
		m.fabric.t.Fatal(err)
	}
	return tokens
}

// who is the principal of a credential that must be good.
func (m *member) who(credential core.Secret) core.Principal {
	m.fabric.t.Helper()
	p, err := m.Authenticate(context.Background(), credential, "192.0.2.1")
	if err != nil {
		m.fabric.t.Fatal(err)
	}
	return p
}

// key makes a key in a namespace that the principal has a role in.
func (m *member) key(p core.Principal, ns core.Namespace, o core.KeyOptions) core.APIKey {
	m.fabric.t.Helper()
	k, err := m.CreateKey(context.Background(), p, ns, o)
	if err != nil {
		m.fabric.t.Fatal(err)
	}
	return k
}

// allowed is the code of what Allow says: "" for yes.
func (m *member) allowed(p core.Principal, ns core.Namespace, need core.Permission) core.Code {
	return core.CodeOf(m.Allow(context.Background(), p, ns, need))
}

// good is the code of what Authenticate says: "" for yes.
func (m *member) good(credential core.Secret) core.Code {
	_, err := m.Authenticate(context.Background(), credential, "192.0.2.1")
	return core.CodeOf(err)
}

func mustAccount(t testing.TB, text string) wallet.Account {
	t.Helper()
	account, err := wallet.ParseAccount(text, "")
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func successorOf(t testing.TB, m *member, tokens core.Tokens) string {
	t.Helper()
	s, err := m.secrets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return successor(s.refresh, tokens.SessionID, tokens.RefreshToken.Reveal())
}
