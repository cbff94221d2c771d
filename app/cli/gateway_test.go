package cli

// This file is a gateway in memory that speaks the contract: it judges
// signatures, spends nonces, and knows one refresh token at a time.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// gatewayFake is one gateway. Its tokens begin with the canary, so that a test
// sees where they end up.
type gatewayFake struct {
	*httptest.Server
	domain string // in the texts to sign; its own unless a test lies

	mu      sync.Mutex
	count   int
	nonces  map[string]string // to the text that holds it
	access  map[string]string // access tokens, to the session's subject
	refresh string            // the one that is good
	space   core.Namespace    // of the session
	life    time.Duration     // of access tokens
	keys    []core.APIKey
	secrets map[string]string // API keys, to their ids
	apps    []core.App
	grants  []core.Grant
	asked   []string // "METHOD path?query", of every request
	fail    *core.Error
}

func newGatewayFake(t *testing.T) *gatewayFake {
	t.Helper()
	g := &gatewayFake{nonces: map[string]string{}, access: map[string]string{}, secrets: map[string]string{}, life: time.Hour}
	mux := http.NewServeMux()
	for pattern, serve := range map[string]func(w http.ResponseWriter, r *http.Request, in map[string]any){
		"POST /v1/auth/challenge": g.serveChallenge, "POST /v1/auth/verify": g.serveVerify, "POST /v1/auth/refresh": g.serveRefresh, "POST /v1/auth/logout": g.serveLogout,
	} {
		mux.HandleFunc(pattern, g.public(serve))
	}
	for pattern, serve := range map[string]func(w http.ResponseWriter, r *http.Request, in map[string]any, subject string){
		"GET /v1/auth/whoami": g.serveWhoami, "POST /v1/auth/token": g.serveToken,
		"GET /v1/auth/sessions": g.serveSessions, "DELETE /v1/auth/sessions/{id}": g.serveOK, "GET /v1/auth/audit": g.serveAudit,
		"GET /v1/auth/keys": g.serveKeys, "POST /v1/auth/keys": g.serveNewKey, "DELETE /v1/auth/keys/{id}": g.serveRevokeKey,
		"GET /v1/namespaces": g.serveNamespaces, "POST /v1/namespaces": g.serveNewNamespace,
		"GET /v1/namespaces/{name}/grants": g.serveGrants, "POST /v1/namespaces/{name}/grants": g.serveGrant, "DELETE /v1/namespaces/{name}/grants": g.serveRevoke,
		"GET /v1/apps": g.serveApps, "POST /v1/apps": g.serveNewApp, "GET /v1/apps/{id}": g.serveApp, "DELETE /v1/apps/{id}": g.serveApp,
	} {
		mux.HandleFunc(pattern, g.private(serve))
	}
	g.Server = httptest.NewServer(mux)
	t.Cleanup(g.Close)
	u, err := url.Parse(g.URL)
	if err != nil {
		t.Fatal(err)
	}
	g.domain = u.Host
	return g
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) //nolint:errcheck // whoever does not read it sees it
}

func refuse(w http.ResponseWriter, code core.Code, sentence string) {
	answer(w, code.HTTPStatus(), map[string]any{"error": sentence, "code": code, "request_id": "r-1"})
}

func (g *gatewayFake) public(serve func(w http.ResponseWriter, r *http.Request, in map[string]any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.asked = append(g.asked, r.Method+" "+r.URL.RequestURI())
		in := map[string]any{}
		if r.Method != http.MethodGet && r.ContentLength > 0 {
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				refuse(w, core.Invalid, "the body is no JSON")
				return
			}
		}
		if g.fail != nil {
			refuse(w, g.fail.Code, g.fail.Msg)
			return
		}
		serve(w, r, in)
	}
}

func (g *gatewayFake) private(serve func(w http.ResponseWriter, r *http.Request, in map[string]any, subject string)) http.HandlerFunc {
	return g.public(func(w http.ResponseWriter, r *http.Request, in map[string]any) {
		subject, ok := g.subject(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="gateway"`)
			refuse(w, core.Unauthenticated, "A credential is needed.")
			return
		}
		serve(w, r, in, subject)
	})
}

func (g *gatewayFake) subject(credential string) (string, bool) {
	if strings.HasPrefix(credential, "op_") {
		return "operator", true
	}
	if id, ok := g.secrets[credential]; ok {
		return "key:" + id, true
	}
	subject, ok := g.access[credential]
	return subject, ok
}

// next is a text that was never used before.
func (g *gatewayFake) next(kind string) string {
	g.count++
	return fmt.Sprintf("%s-%s-%d", canary, kind, g.count)
}

func (g *gatewayFake) serveChallenge(w http.ResponseWriter, _ *http.Request, in map[string]any) {
	account, err := wallet.ParseAccount(text(in["wallet"]), wallet.Chain(text(in["chain_type"])))
	if err != nil {
		refuse(w, core.Invalid, core.Sentence(err))
		return
	}
	g.count++
	now := time.Now()
	s := wallet.SignIn{
		Domain: g.domain, Account: account, Statement: "Sign in. This moves no money.", URI: "http://" + g.domain + "/v1/auth/verify", Version: "1", ChainID: "1",
		Nonce: fmt.Sprintf("nonce%040d", g.count), IssuedAt: now, ExpirationTime: now.Add(5 * time.Minute),
	}
	if account.Chain() == wallet.SOL {
		s.ChainID = "mainnet"
	}
	message, err := s.Text()
	if err != nil {
		refuse(w, core.Internal, err.Error())
		return
	}
	g.nonces[s.Nonce] = message
	answer(w, http.StatusOK, map[string]any{"wallet": account.String(), "namespace": in["namespace"], "nonce": s.Nonce, "purpose": in["purpose"], "expires_at": s.ExpirationTime, "message": message})
}

func (g *gatewayFake) serveVerify(w http.ResponseWriter, _ *http.Request, in map[string]any) {
	message, ok := g.nonces[text(in["nonce"])]
	account, err := wallet.ParseAccount(text(in["wallet"]), wallet.Chain(text(in["chain_type"])))
	if err == nil {
		err = wallet.Verify(account, message, text(in["signature"]))
	}
	if !ok || err != nil {
		refuse(w, core.Unauthenticated, "The signature does not prove this wallet.")
		return
	}
	delete(g.nonces, text(in["nonce"]))
	g.space = core.Namespace(text(in["namespace"]))
	if g.space == "" {
		g.space = core.DefaultNamespace
	}
	answer(w, http.StatusOK, g.tokens(account.String()))
}

func (g *gatewayFake) tokens(subject string) map[string]any {
	access := g.next("access")
	g.access[access], g.refresh = subject, g.next("refresh")
	return map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(g.life / time.Second), "refresh_token": g.refresh, "subject": subject, "namespace": g.space,
	}
}

func (g *gatewayFake) serveRefresh(w http.ResponseWriter, _ *http.Request, in map[string]any) {
	if g.refresh == "" || in["refresh_token"] != g.refresh {
		g.refresh = "" // the whole family
		refuse(w, core.Unauthenticated, "This sign-in has ended.")
		return
	}
	subject := ""
	for token, s := range g.access {
		subject = s
		delete(g.access, token)
	}
	answer(w, http.StatusOK, g.tokens(subject))
}

func (g *gatewayFake) serveLogout(w http.ResponseWriter, r *http.Request, in map[string]any) {
	_, signedIn := g.subject(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	if in["refresh_token"] != g.refresh && (in["all"] != true || !signedIn) {
		refuse(w, core.Unauthenticated, "This sign-in has ended.")
		return
	}
	g.refresh = ""
	clear(g.access)
	answer(w, http.StatusOK, map[string]any{"status": "ok", "revoked": 1})
}

func (g *gatewayFake) serveWhoami(w http.ResponseWriter, _ *http.Request, _ map[string]any, subject string) {
	method := core.MethodJWT
	if strings.HasPrefix(subject, "key:") {
		method = core.MethodAPIKey
	}
	answer(w, http.StatusOK, map[string]any{"authenticated": true, "method": method, "subject": subject, "namespace": g.space, "issued_at": 1700000000})
}

func (g *gatewayFake) serveToken(w http.ResponseWriter, _ *http.Request, _ map[string]any, subject string) {
	token := g.next("exchanged")
	g.access[token] = subject
	answer(w, http.StatusOK, map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": 900, "namespace": g.space})
}

func (g *gatewayFake) serveSessions(w http.ResponseWriter, _ *http.Request, _ map[string]any, subject string) {
	answer(w, http.StatusOK, map[string]any{"sessions": []core.Session{{ID: "s-1", Subject: subject, Namespace: g.space, Current: true, Address: "127.0.0.1"}}, "count": 1})
}

func (g *gatewayFake) serveOK(w http.ResponseWriter, _ *http.Request, _ map[string]any, _ string) {
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *gatewayFake) serveAudit(w http.ResponseWriter, _ *http.Request, _ map[string]any, subject string) {
	answer(w, http.StatusOK, map[string]any{"events": []core.AuditEvent{{ID: 1, Time: time.Unix(1700000000, 0), Event: "sign_in", Subject: subject}}, "count": 1})
}

func (g *gatewayFake) serveKeys(w http.ResponseWriter, _ *http.Request, _ map[string]any, _ string) {
	answer(w, http.StatusOK, map[string]any{"keys": g.keys, "count": len(g.keys)})
}

func (g *gatewayFake) serveNewKey(w http.ResponseWriter, _ *http.Request, in map[string]any, subject string) {
	k := core.APIKey{ID: fmt.Sprintf("k-%d", len(g.keys)+1), Name: text(in["name"]), Namespace: g.space, Creator: subject, CreatedAt: time.Unix(1700000000, 0).UTC()}
	if list, ok := in["scopes"].([]any); ok {
		for _, scope := range list {
			k.Scopes = append(k.Scopes, text(scope))
		}
	}
	if seconds, ok := in["expires_in"].(float64); ok {
		k.ExpiresAt = time.Now().Add(time.Duration(seconds) * time.Second)
	}
	g.keys = append(g.keys, k)
	secret := "ak_" + g.next("key")
	g.secrets[secret] = k.ID
	answer(w, http.StatusCreated, struct {
		core.APIKey
		Secret string `json:"api_key"`
	}{k, secret})
}

func (g *gatewayFake) serveRevokeKey(w http.ResponseWriter, r *http.Request, _ map[string]any, _ string) {
	at := slices.IndexFunc(g.keys, func(k core.APIKey) bool { return k.ID == r.PathValue("id") })
	if at < 0 {
		refuse(w, core.NotFound, "There is no such key.")
		return
	}
	g.keys[at].RevokedAt = time.Unix(1700000001, 0)
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *gatewayFake) serveNamespaces(w http.ResponseWriter, _ *http.Request, _ map[string]any, _ string) {
	answer(w, http.StatusOK, map[string]any{"namespaces": []core.NamespaceGrant{{Name: "shop", Role: core.GrantOwner}}, "count": 1})
}

func (g *gatewayFake) serveNewNamespace(w http.ResponseWriter, _ *http.Request, in map[string]any, _ string) {
	if text(in["name"]) == "taken" {
		refuse(w, core.Denied, "That namespace is not yours.")
		return
	}
	answer(w, http.StatusCreated, core.NamespaceGrant{Name: core.Namespace(text(in["name"])), Role: core.GrantOwner})
}

func (g *gatewayFake) serveGrants(w http.ResponseWriter, _ *http.Request, _ map[string]any, _ string) {
	answer(w, http.StatusOK, map[string]any{"grants": g.grants, "count": len(g.grants)})
}

func (g *gatewayFake) serveGrant(w http.ResponseWriter, r *http.Request, in map[string]any, subject string) {
	g.grants = append(g.grants, core.Grant{Namespace: core.Namespace(r.PathValue("name")), Subject: text(in["subject"]), Role: core.Role(text(in["role"])), GrantedBy: subject})
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *gatewayFake) serveRevoke(w http.ResponseWriter, r *http.Request, _ map[string]any, _ string) {
	g.grants = slices.DeleteFunc(g.grants, func(x core.Grant) bool { return x.Subject == r.URL.Query().Get("subject") })
	answer(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (g *gatewayFake) serveApps(w http.ResponseWriter, _ *http.Request, _ map[string]any, _ string) {
	answer(w, http.StatusOK, map[string]any{"items": g.apps, "count": len(g.apps)})
}

func (g *gatewayFake) serveNewApp(w http.ResponseWriter, _ *http.Request, in map[string]any, _ string) {
	x := core.App{ID: fmt.Sprintf("a-%d", len(g.apps)+1), Name: text(in["name"]), PublicKey: text(in["public_key"]), Namespace: g.space}
	g.apps = append(g.apps, x)
	answer(w, http.StatusCreated, x)
}

func (g *gatewayFake) serveApp(w http.ResponseWriter, r *http.Request, _ map[string]any, _ string) {
	at := slices.IndexFunc(g.apps, func(x core.App) bool { return x.ID == r.PathValue("id") })
	switch {
	case at < 0:
		refuse(w, core.NotFound, "There is no such app.")
	case r.Method == http.MethodDelete:
		g.apps = slices.Delete(g.apps, at, at+1)
		answer(w, http.StatusOK, map[string]string{"status": "ok"})
	default:
		answer(w, http.StatusOK, g.apps[at])
	}
}
