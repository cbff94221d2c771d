package gateway

// This file is an Auth in memory, and how tests ask a gateway. It knows a few
// credentials and decides by the grants that it holds, as the real one does.

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Credentials of memoryAuth: tokens have two dots, keys none.
const (
	ownerToken  = "token.owner.canary"
	readerToken = "token.reader.canary"
	otherToken  = "token.other.canary" // of a wallet without any grant
	ownerKey    = "ak_owner_canary"
	readerKey   = "ak_reader_canary"
	operatorKey = "operator-canary"
)

type memoryAuth struct {
	Auth
	open bool // asks for no credential

	mu       sync.Mutex
	grants   map[core.Namespace]map[string]core.Role
	nonces   map[string]core.Challenge
	sessions map[string]string // refresh token → subject
	apps     map[string]core.App
	keys     map[string]core.APIKey
	seen     []core.ChallengeRequest
}

func newMemoryAuth() *memoryAuth {
	return &memoryAuth{
		grants: map[core.Namespace]map[string]core.Role{"shop": {"0xowner": core.GrantOwner, "0xreader": core.GrantReader}, "bank": {"0xbanker": core.GrantOwner}},
		nonces: map[string]core.Challenge{}, sessions: map[string]string{}, apps: map[string]core.App{}, keys: map[string]core.APIKey{},
	}
}

func (a *memoryAuth) Authenticate(_ context.Context, credential core.Secret, _ string) (core.Principal, error) {
	jwt := func(subject string) core.Principal {
		return core.Principal{Subject: subject, Method: core.MethodJWT, Namespace: "shop", SessionID: "s-" + subject, Issuer: "debros:test", Audience: "debros-gateway:test", IssuedAt: time.Unix(1000, 0), NotBefore: time.Unix(1000, 0), ExpiresAt: time.Unix(1900, 0)}
	}
	key := func(id string) core.Principal {
		return core.Principal{Subject: "key:" + id, KeyID: id, Method: core.MethodAPIKey, Namespace: "shop"}
	}
	switch credential.Reveal() {
	case ownerToken:
		return jwt("0xowner"), nil
	case readerToken:
		return jwt("0xreader"), nil
	case otherToken:
		return jwt("0xother"), nil
	case ownerKey:
		return key("owner"), nil
	case readerKey:
		return key("reader"), nil
	case operatorKey:
		return core.Principal{Subject: "operator", Method: core.MethodOperator}, nil
	case "":
		if a.open {
			return core.Principal{Subject: "anonymous", Method: core.MethodNone, Namespace: "shop"}, nil
		}
	}
	return core.Principal{}, core.Errorf(core.Unauthenticated, "the credential is not valid")
}

func (a *memoryAuth) Allow(_ context.Context, p core.Principal, ns core.Namespace, need core.Permission) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	role := a.grants[ns][strings.Replace(p.Subject, "key:", "0x", 1)]
	order := []core.Permission{core.PermissionRead, core.PermissionWrite, core.PermissionSchema, core.PermissionAdmin, core.PermissionOwner}
	most := map[core.Role]int{core.GrantReader: 0, core.GrantWriter: 2, core.GrantAdmin: 3, core.GrantOwner: 4}
	level, granted := most[role]
	if p.Operator() || (p.Method == core.MethodNone && ns == "shop") || (granted && level >= slices.Index(order, need)) {
		return nil
	}
	return core.Errorf(core.Denied, "your credential has no right to that here")
}

func (a *memoryAuth) Challenge(_ context.Context, r core.ChallengeRequest) (core.Challenge, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.Wallet == "" {
		return core.Challenge{}, core.Errorf(core.Invalid, "wallet is missing")
	}
	a.seen = append(a.seen, r)
	c := core.Challenge{Wallet: r.Wallet, Namespace: r.Namespace, Nonce: "nonce" + r.Wallet, Purpose: r.Purpose, ExpiresAt: time.Unix(300, 0).UTC(), Message: r.Domain + " " + r.URI}
	a.nonces[c.Nonce] = c
	return c, nil
}

// spend takes a challenge whose signature is "signed <nonce>".
func (a *memoryAuth) spend(p core.Proof) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.nonces[p.Nonce]; !ok || p.Signature != "signed "+p.Nonce {
		return core.Errorf(core.Unauthenticated, "the proof is not valid")
	}
	delete(a.nonces, p.Nonce)
	return nil
}

func (a *memoryAuth) Verify(_ context.Context, p core.Proof) (core.Tokens, error) {
	if err := a.spend(p); err != nil {
		return core.Tokens{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sessions["art_1_canary"] = p.Wallet
	return core.Tokens{AccessToken: "a.b.canary", ExpiresIn: 15 * time.Minute, RefreshToken: "art_1_canary", Subject: p.Wallet, Namespace: p.Namespace}, nil
}

func (a *memoryAuth) Register(_ context.Context, p core.Proof, name string) (core.App, error) {
	return core.App{ID: "app-1", Name: name, PublicKey: "pk", Namespace: p.Namespace, Wallet: p.Wallet}, a.spend(p)
}

func (a *memoryAuth) KeyByProof(_ context.Context, p core.Proof, o core.KeyOptions) (core.APIKey, error) {
	return core.APIKey{ID: "k", Secret: "ak_new_canary", Namespace: p.Namespace, Plan: o.Plan, Creator: p.Wallet}, a.spend(p)
}

func (a *memoryAuth) Exchange(_ context.Context, p core.Principal) (core.Tokens, error) {
	return core.Tokens{AccessToken: "a.b.canary", ExpiresIn: 15 * time.Minute, Subject: p.Subject, Namespace: p.Namespace}, nil
}

func (a *memoryAuth) Refresh(_ context.Context, token core.Secret, _ core.Namespace, _ string) (core.Tokens, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	subject, ok := a.sessions[token.Reveal()]
	if !ok {
		return core.Tokens{}, core.Errorf(core.Unauthenticated, "the session has ended")
	}
	delete(a.sessions, token.Reveal())
	a.sessions["art_1_canary2"] = subject
	return core.Tokens{AccessToken: "a.b.canary2", ExpiresIn: 15 * time.Minute, RefreshToken: "art_1_canary2", Subject: subject, Namespace: "shop"}, nil
}

func (a *memoryAuth) Logout(_ context.Context, token core.Secret) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.sessions[token.Reveal()]; !ok {
		return 0, nil
	}
	delete(a.sessions, token.Reveal())
	return 1, nil
}

func (a *memoryAuth) LogoutAll(context.Context, core.Principal) (int, error) { return 3, nil }

func (a *memoryAuth) Sessions(_ context.Context, p core.Principal) ([]core.Session, error) {
	return []core.Session{{ID: p.SessionID, Subject: p.Subject, Current: true}}, nil
}

func (a *memoryAuth) RevokeSession(_ context.Context, p core.Principal, id string) error {
	if id != p.SessionID {
		return core.Errorf(core.NotFound, "there is no such session")
	}
	return nil
}

func (a *memoryAuth) JWKS(context.Context) ([]core.JWK, error) {
	return []core.JWK{{KeyType: "OKP", Curve: "Ed25519", X: "x", KeyID: "kid", Algorithm: "EdDSA", Use: "sig"}}, nil
}

func (a *memoryAuth) Ticket(_ context.Context, p core.Principal, origin string) (core.WebSocketTicket, error) {
	return core.WebSocketTicket{Ticket: core.Secret("canary for " + p.Subject + " at " + origin), ExpiresIn: 30 * time.Second}, nil
}

func (a *memoryAuth) Namespaces(_ context.Context, p core.Principal) (list []core.NamespaceGrant, _ error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for ns, roles := range a.grants {
		if role, ok := roles[p.Subject]; ok {
			list = append(list, core.NamespaceGrant{Name: ns, Role: role})
		}
	}
	return list, nil
}

func (a *memoryAuth) CreateNamespace(_ context.Context, p core.Principal, ns core.Namespace) (core.NamespaceGrant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.grants[ns] != nil {
		return core.NamespaceGrant{}, core.Errorf(core.Denied, "that namespace is not free")
	}
	a.grants[ns] = map[string]core.Role{p.Subject: core.GrantOwner}
	return core.NamespaceGrant{Name: ns, Role: core.GrantOwner}, nil
}

func (a *memoryAuth) Grants(_ context.Context, _ core.Principal, ns core.Namespace) (list []core.Grant, _ error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for subject, role := range a.grants[ns] {
		list = append(list, core.Grant{Namespace: ns, Subject: subject, Role: role})
	}
	return list, nil
}

func (a *memoryAuth) Grant(_ context.Context, _ core.Principal, ns core.Namespace, subject string, role core.Role) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.grants[ns] == nil:
		return core.Errorf(core.Denied, "your credential has no right to that here")
	case role == "":
		delete(a.grants[ns], subject)
		return nil
	}
	a.grants[ns][subject] = role
	return nil
}

func (a *memoryAuth) Keys(context.Context, core.Principal, core.Namespace) (list []core.APIKey, _ error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range a.keys {
		list = append(list, k)
	}
	return list, nil
}

func (a *memoryAuth) CreateKey(_ context.Context, p core.Principal, ns core.Namespace, o core.KeyOptions) (core.APIKey, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys["k1"] = core.APIKey{ID: "k1", Secret: "ak_new_canary", Name: o.Name, Namespace: ns, Creator: p.Subject, Scopes: o.Scopes}
	return a.keys["k1"], nil
}

func (a *memoryAuth) RevokeKey(_ context.Context, _ core.Principal, _ core.Namespace, id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, ok := a.keys[id]; !ok {
		return core.Errorf(core.NotFound, "there is no such key")
	}
	delete(a.keys, id)
	return nil
}

func (a *memoryAuth) Apps(context.Context, core.Namespace) (list []core.App, _ error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, app := range a.apps {
		list = append(list, app)
	}
	return list, nil
}

func (a *memoryAuth) App(_ context.Context, _ core.Namespace, id string) (core.App, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	app, ok := a.apps[id]
	if !ok {
		return app, core.Errorf(core.NotFound, "there is no such app")
	}
	return app, nil
}

func (a *memoryAuth) CreateApp(_ context.Context, _ core.Principal, ns core.Namespace, name, publicKey string) (core.App, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apps["app-1"] = core.App{ID: "app-1", Name: name, PublicKey: publicKey, Namespace: ns}
	return a.apps["app-1"], nil
}

func (a *memoryAuth) UpdateApp(ctx context.Context, _ core.Principal, ns core.Namespace, id, name, publicKey string) error {
	if _, err := a.App(ctx, ns, id); err != nil {
		return err
	}
	_, err := a.CreateApp(ctx, core.Principal{}, ns, name, publicKey)
	return err
}

func (a *memoryAuth) DeleteApp(ctx context.Context, _ core.Principal, ns core.Namespace, id string) error {
	_, err := a.App(ctx, ns, id)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.apps, id)
	return err
}

func (a *memoryAuth) Audit(_ context.Context, _ core.Namespace, limit int) ([]core.AuditEvent, error) {
	return make([]core.AuditEvent, min(limit, 2)), nil
}

// Peers, Connect and Disconnect of the node that tests share.
func (n fakeNode) Peers(context.Context) ([]core.Peer, error) {
	return []core.Peer{{ID: "12D3KooWpeer", Protocols: []string{nodeProtocol}, Direction: "inbound"}}, n.err
}
func (n fakeNode) Connect(context.Context, string) error    { return n.err }
func (n fakeNode) Disconnect(context.Context, string) error { return n.err }

// bench is a gateway that a test asks without a network.
type bench struct {
	*Gateway
	auth    *memoryAuth
	handler http.Handler
}

func newBench(t testing.TB, change func(*Settings, *Services)) *bench {
	t.Helper()
	b := &bench{auth: newMemoryAuth()}
	s := Settings{Address: "127.0.0.1:0", Namespace: "shop", RequireAuth: true, Now: time.Now}
	services := Services{Node: fakeNode{state: core.StateOK}, Auth: b.auth}
	if change != nil {
		change(&s, &services)
	}
	g, err := New(t.Context(), s, services, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	b.Gateway, b.handler = g, g.Handler()
	return b
}

// answered is what came back.
type answered struct {
	*httptest.ResponseRecorder
	body map[string]any // of a JSON object
}

// ask sends a request; headers are "Name: value". A body goes as JSON unless a
// header says otherwise.
func (b *bench) ask(t testing.TB, method, target, body string, headers ...string) answered {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host, r.RemoteAddr = b.Address(), "127.0.0.1:50000"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Host":
			r.Host = value
		case "Remote":
			r.RemoteAddr = value
		case "-":
			r.Header.Del(value)
		default:
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	a := answered{ResponseRecorder: w}
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(w.Body.Bytes(), &a.body); err != nil {
			t.Fatalf("%s %s: %v in %s", method, target, err, w.Body)
		}
	}
	return a
}

// shut closes what a test has done with.
func shut(t testing.TB, c io.Closer) {
	t.Helper()
	if err := c.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func bearer(credential string) string { return "Authorization: Bearer " + credential }
