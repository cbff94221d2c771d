package gateway

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

func httptestRequest(remote, forwarded string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.RemoteAddr = remote
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
	}
	return r
}

// step is one request of a contract, told as it is sent and answered. In the
// answer, a value "*" is any that is not empty.
type step struct {
	line, body string
	as         string // credential
	status     int
	answer     map[string]string
}

func (b *bench) play(t *testing.T, steps []step) {
	t.Helper()
	for _, s := range steps {
		method, target, _ := strings.Cut(s.line, " ")
		var headers []string
		if s.as != "" {
			headers = append(headers, bearer(s.as))
		}
		a := b.ask(t, method, target, s.body, headers...)
		if a.Code != s.status {
			t.Errorf("%s %s: %d, want %d; %s", s.line, s.body, a.Code, s.status, a.Body)
			continue
		}
		for field, want := range s.answer {
			value, there := a.body[field]
			got := fmt.Sprint(value)
			if !there || (want != "*" && got != want) || (want == "*" && got == "") {
				t.Errorf("%s: %s is %q, want %q", s.line, field, got, want)
			}
		}
	}
}

// Section 3 of the contract, as existing clients speak it.
func TestContract_SignIn(t *testing.T) {
	b := newBench(t, nil)
	const proof = `"wallet":"0xA","nonce":"nonce0xA","signature":"signed nonce0xA"`
	challenge := step{line: "POST /v1/auth/challenge", body: `{"wallet":"0xA","purpose":"login","unknown":1}`, status: 200, answer: map[string]string{
		"wallet": "0xA", "namespace": "shop", "nonce": "nonce0xA", "purpose": "login", "expires_at": "1970-01-01T00:05:00Z", "message": b.Address() + " http://" + b.Address() + "/v1/auth/verify",
	}}
	b.play(t, []step{
		challenge,
		{line: "POST /v1/auth/verify", body: `{"wallet":"0xA","nonce":"nonce0xA","signature":"wrong"}`, status: 401, answer: map[string]string{"code": "unauthenticated", "request_id": "*"}},
		{line: "POST /v1/auth/verify", body: `{` + proof + `}`, status: 200, answer: map[string]string{
			"access_token": "a.b.canary", "token_type": "Bearer", "expires_in": "900", "refresh_token": "art_1_canary", "subject": "0xA", "namespace": "shop", "nonce": "nonce0xA", "signature_verified": "true",
		}},
		{line: "POST /v1/auth/verify", body: `{` + proof + `}`, status: 401},
		challenge,
		{line: "POST /v1/auth/register", body: `{` + proof + `,"name":"till"}`, status: 201, answer: map[string]string{
			"client_id": "app-1", "signature_verified": "true", "app": "map[app_id:app-1 name:till namespace:shop public_key:pk wallet:0xA]",
		}},
		challenge,
		{line: "POST /v1/auth/api-key", body: `{` + proof + `,"plan":"free","expires_in":-1}`, status: 400},
		{line: "POST /v1/auth/api-key", body: `{` + proof + `,"plan":"free"}`, status: 200, answer: map[string]string{"api_key": "ak_new_canary", "namespace": "shop", "plan": "free", "wallet": "0xA"}},
		{line: "POST /v1/auth/token", as: ownerKey, status: 200, answer: map[string]string{"access_token": "a.b.canary", "token_type": "Bearer", "expires_in": "900", "namespace": "shop"}},
		{line: "POST /v1/auth/token", as: ownerToken, status: 400},
		{line: "POST /v1/auth/token", status: 401},
		{line: "POST /v1/auth/refresh", body: `{}`, status: 400},
		{line: "POST /v1/auth/refresh", body: `{"refresh_token":"art_1_canary","namespace":"No"}`, status: 400},
		{line: "POST /v1/auth/refresh", body: `{"refresh_token":"art_1_canary"}`, status: 200, answer: map[string]string{
			"access_token": "a.b.canary2", "token_type": "Bearer", "expires_in": "900", "refresh_token": "art_1_canary2", "subject": "0xA", "namespace": "shop",
		}},
		{line: "POST /v1/auth/refresh", body: `{"refresh_token":"art_1_canary"}`, status: 401},
		{line: "POST /v1/auth/logout", body: `{"refresh_token":"art_1_canary2"}`, status: 200, answer: map[string]string{"status": "ok", "revoked": "1"}},
		{line: "POST /v1/auth/logout", body: `{"all":true}`, as: ownerToken, status: 200, answer: map[string]string{"status": "ok", "revoked": "3"}},
		{line: "POST /v1/auth/logout", body: `{"all":true}`, as: ownerKey, status: 403},
		{line: "POST /v1/auth/logout", body: `{"all":true}`, status: 401},
		{line: "POST /v1/auth/logout", body: `{}`, status: 400},
		{line: "GET /v1/auth/whoami", as: ownerToken, status: 200, answer: map[string]string{
			"authenticated": "true", "method": "jwt", "subject": "0xowner", "namespace": "shop", "issuer": "debros:test", "audience": "debros-gateway:test", "issued_at": "1000", "not_before": "1000", "expires_at": "1900",
		}},
		{line: "GET /v1/auth/whoami", as: ownerKey, status: 200, answer: map[string]string{"method": "api_key", "subject": "key:owner", "namespace": "shop"}},
		{line: "GET /v1/auth/whoami?namespace=bank", as: ownerKey, status: 403},
		{line: "GET /v1/auth/sessions", as: ownerToken, status: 200, answer: map[string]string{"count": "1", "sessions": "*"}},
		{line: "DELETE /v1/auth/sessions/s-0xowner", as: ownerToken, status: 200, answer: map[string]string{"status": "ok"}},
		{line: "DELETE /v1/auth/sessions/s-0xreader", as: ownerToken, status: 404},
		{line: "POST /v1/ws-ticket", as: ownerToken, status: 200, answer: map[string]string{"ticket": "canary for 0xowner at ", "expires_in": "30"}},
		{line: "POST /v1/ws-ticket", status: 401},
		{line: "GET /v1/auth/login?callback=http://127.0.0.1:1/", status: 404},
		{line: "GET /v1/auth/audit?limit=2", as: ownerToken, status: 200, answer: map[string]string{"count": "2"}},
		{line: "GET /v1/auth/audit?limit=x", as: ownerToken, status: 400},
		{line: "GET /v1/auth/audit", as: readerToken, status: 403},
	})
}

// The rest of sections 3 and 7: keys, namespaces, grants, apps, the network.
func TestContract_NamespacesKeysAndApps(t *testing.T) {
	b := newBench(t, nil)
	b.play(t, []step{
		{line: "GET /v1/auth/keys", as: ownerToken, status: 200, answer: map[string]string{"keys": "[]", "count": "0"}},
		{line: "POST /v1/auth/keys", body: `{"name":"till","scopes":["read"],"expires_in":60}`, as: ownerToken, status: 201, answer: map[string]string{"id": "k1", "api_key": "ak_new_canary", "name": "till", "scopes": "[read]"}},
		{line: "POST /v1/auth/keys", body: `{"namespace":"bank"}`, as: ownerToken, status: 403},
		{line: "POST /v1/auth/keys", body: `{}`, as: otherToken, status: 403},
		{line: "GET /v1/auth/keys", as: ownerToken, status: 200, answer: map[string]string{"count": "1"}},
		{line: "GET /v1/auth/keys", as: readerToken, status: 200, answer: map[string]string{"count": "0"}},
		{line: "DELETE /v1/auth/keys/k1", as: readerToken, status: 404},
		{line: "DELETE /v1/auth/keys/k2", as: ownerToken, status: 404},
		{line: "DELETE /v1/auth/keys/k1", as: ownerToken, status: 200, answer: map[string]string{"status": "ok"}},

		{line: "GET /v1/namespaces", as: otherToken, status: 200, answer: map[string]string{"namespaces": "[]", "count": "0"}},
		{line: "POST /v1/namespaces", body: `{"name":"Bad Name"}`, as: otherToken, status: 400},
		{line: "POST /v1/namespaces", body: `{"name":"system"}`, as: otherToken, status: 400},
		{line: "POST /v1/namespaces", body: `{"name":"bank"}`, as: otherToken, status: 403},
		{line: "POST /v1/namespaces", body: `{"name":"cafe"}`, as: otherToken, status: 201, answer: map[string]string{"name": "cafe", "role": "owner"}},
		{line: "POST /v1/namespaces/cafe/grants", body: `{"subject":"0xfriend","role":"king"}`, as: otherToken, status: 400},
		{line: "POST /v1/namespaces/cafe/grants", body: `{"role":"reader"}`, as: otherToken, status: 400},
		{line: "POST /v1/namespaces/cafe/grants", body: `{"subject":"0xfriend","role":"reader"}`, as: otherToken, status: 200, answer: map[string]string{"status": "ok"}},
		{line: "GET /v1/namespaces/cafe/grants", as: otherToken, status: 200, answer: map[string]string{"count": "2"}},
		{line: "DELETE /v1/namespaces/cafe/grants?subject=0xfriend", as: otherToken, status: 200, answer: map[string]string{"status": "ok"}},
		{line: "DELETE /v1/namespaces/cafe/grants", body: `{"wallet":"0xfriend"}`, as: otherToken, status: 200},
		{line: "GET /v1/namespaces/cafe/grants", as: otherToken, status: 200, answer: map[string]string{"count": "1"}},

		{line: "GET /v1/namespaces/shop/grants", as: readerToken, status: 200, answer: map[string]string{"count": "2"}},
		{line: "POST /v1/namespaces/shop/grants", body: `{"subject":"0xreader","role":"owner"}`, as: readerToken, status: 403},
		{line: "POST /v1/namespaces/shop/grants", body: `{"subject":"0xfriend","role":"owner"}`, as: readerKey, status: 403},
		{line: "GET /v1/namespaces/cafe/grants", as: ownerKey, status: 403},
		{line: "GET /v1/apps", as: ownerToken, status: 200, answer: map[string]string{"items": "[]", "count": "0"}},
		{line: "POST /v1/apps", body: `{"name":"till","public_key":"pk"}`, as: ownerToken, status: 201, answer: map[string]string{"app_id": "app-1", "name": "till", "public_key": "pk", "namespace": "shop", "created_at": "*"}},
		{line: "GET /v1/apps/app-1", as: ownerToken, status: 200, answer: map[string]string{"app_id": "app-1"}},
		{line: "PUT /v1/apps/app-1", body: `{"name":"desk"}`, as: ownerToken, status: 200, answer: map[string]string{"status": "ok"}},
		{line: "GET /v1/apps", as: ownerKey, status: 200, answer: map[string]string{"count": "1"}},
		{line: "DELETE /v1/apps/app-1", as: ownerToken, status: 200, answer: map[string]string{"status": "ok"}},
		{line: "GET /v1/apps/app-1", as: ownerToken, status: 404},
		{line: "GET /v1/apps", as: readerToken, status: 403},

		{line: "GET /v1/network/status", as: readerToken, status: 200, answer: map[string]string{"node_id": "12D3KooWtest", "connected": "true", "peer_count": "2", "database_size": "4096", "uptime": "*", "role": "", "version": "", "groups": "0", "leader_of": "0"}},
		{line: "POST /v1/network/peers", body: "{}", as: readerToken, status: 200, answer: map[string]string{"peers": "*"}},
		{line: "POST /v1/network/connect", body: `{"multiaddr":"/ip4/203.0.113.7/tcp/1/p2p/x"}`, as: operatorKey, status: 200, answer: map[string]string{"status": "ok"}},
		{line: "POST /v1/network/connect", body: `{"peer_addr":"/ip4/203.0.113.7/tcp/1/p2p/x"}`, as: operatorKey, status: 200},
		{line: "POST /v1/network/connect", body: `{}`, as: operatorKey, status: 400},
		{line: "POST /v1/network/connect", body: `{"multiaddr":"x"}`, as: ownerToken, status: 403},
		{line: "POST /v1/network/disconnect", body: `{"peer_id":"x"}`, as: operatorKey, status: 200},
		{line: "POST /v1/network/disconnect", body: `{"peer_id":"x"}`, as: ownerKey, status: 403},
	})
}

// What is somebody else's and what is not there must look the same, or names can
// be found out.
func TestContract_NotYoursLooksLikeNotThere(t *testing.T) {
	b := newBench(t, nil)
	for _, as := range []string{ownerToken, ownerKey, readerToken, otherToken} {
		for _, request := range []struct{ method, body string }{{"GET", ""}, {"POST", `{"subject":"0xme","role":"owner"}`}, {"DELETE", `{"subject":"0xbanker"}`}} {
			told := map[string]bool{}
			for _, ns := range []string{"bank", "nothing", "system", "Bad%20Name"} {
				if ns == "Bad%20Name" && as != ownerKey {
					continue // a wallet's refusal comes from its grants; a key's from the name
				}
				a := b.ask(t, request.method, "/v1/namespaces/"+ns+"/grants", request.body, bearer(as))
				if ns != "system" || as == ownerKey {
					told[fmt.Sprint(a.Code, a.body["error"], a.body["code"])] = true
				}
				if a.Code != 403 {
					t.Errorf("%s %s as %s: %d", request.method, ns, as, a.Code)
				}
			}
			if len(told) != 1 {
				t.Errorf("%s as %s: answers differ: %v", request.method, as, told)
			}
		}
	}
	b.auth.mu.Lock()
	defer b.auth.mu.Unlock()
	if len(b.auth.grants["bank"]) != 1 {
		t.Error("a grant in a foreign namespace has changed")
	}
}

// Whoever reads a log must not be able to sign in with what stands there.
func TestLog_HoldsNoCredential(t *testing.T) {
	var log bytes.Buffer
	b := newBench(t, nil)
	b.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.each(func(method, target string, _ route) {
		for _, credential := range []string{ownerToken, ownerKey, "ak_wrong_canary", "x.y.canary"} {
			b.ask(t, method, target+"?api_key=canary&token=canary&callback=canary", `{"wallet":"0xA","refresh_token":"art_9_canary","signature":"canary","nonce":"canary","name":"x"}`, bearer(credential))
		}
	})
	b.ask(t, "GET", "/v1/canary/canary", "", "X-API-Key: canary")
	b.ask(t, "GET", "/v1/version", "", "Origin: https://canary.test")
	b.ask(t, "GET", "/v1/version", "", "Host: canary.test")
	b.ask(t, "CANARY", "/v1/version", "")
	text := log.String()
	if strings.Contains(strings.ToLower(text), "canary") {
		t.Errorf("the log holds a canary:\n%s", text)
	}
	for _, want := range []string{"route=/v1/auth/whoami status=200", "level=INFO msg=request method=GET route=/v1/auth/whoami status=401", "account=0xowner", "route=none status=404", "method=other", "code=denied", "address=127.0.0.1 request_id="} {
		if !strings.Contains(text, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

// Gateways of one network are asked for the keys by many; an answer that has not
// changed need not travel.
func TestJWKS_MayBeKept(t *testing.T) {
	b := newBench(t, nil)
	for _, path := range []string{"/v1/auth/jwks", "/.well-known/jwks.json"} {
		a := b.ask(t, "GET", path, "")
		if a.Code != 200 || a.Header().Get("Cache-Control") != "max-age=300" || fmt.Sprint(a.body["keys"]) != "[map[alg:EdDSA crv:Ed25519 kid:kid kty:OKP use:sig x:x]]" {
			t.Errorf("%s: %d %v %v", path, a.Code, a.Header(), a.body)
		}
		if again := b.ask(t, "GET", path, "", "If-None-Match: "+a.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
			t.Errorf("%s again: %d", path, again.Code)
		}
	}
}

// Row E1. Whatever a stranger puts into a body, it is answered, and never as our
// own fault.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `1`, `"x"`, `{"wallet":"0xA"}`, `{"wallet":{}}`, `{"wallet":null,"nonce":1e999}`, `{"expires_in":9223372036854775807}`, `{"expires_in":1e400}`, `{"scopes":[[[[]]]]}`,
		`{"name":"a","name":"b"}`, `{"namespace":"bank"}`, `{"name":"\ud800"}`, "{\"name\":\"\xff\"}", `{"url":"http://[::1]:99999/"}`, `{"url":"http://a.b/","headers":{"\n":"x"}}`, `{"url":"http://a.b/","method":"G T"}`,
		`{"refresh_token":"art_` + strings.Repeat("x", 100) + `_y"}`, strings.Repeat("[", 20_000), `{"a":1}{"b":2}`, `{"subject":"0xme","role":"owner"}`, `{"multiaddr":"\u0000"}`,
	} {
		f.Add(seed)
	}
	now := testkit.NewClock()
	b := newBench(f, func(s *Settings, services *Services) { s.Now, services.Dialer = now.Now, deadDialer{} })
	f.Fuzz(func(t *testing.T, body string) {
		b.each(func(method, target string, rt route) {
			switch rt.group() {
			case "auth", "namespaces", "apps", "network", "proxy":
			default:
				return // data has targets of its own
			}
			if rt.body != jsonBody {
				return
			}
			now.Pass(minuteAndMore)
			for _, as := range []string{ownerToken, operatorKey} {
				a := b.ask(t, method, target, body, bearer(as), "Content-Type: application/json")
				if code := core.Code(fmt.Sprint(a.body["code"])); a.Code >= 500 && code != core.Unavailable {
					t.Errorf("%s %s with %q: %d %v", method, target, body, a.Code, a.body)
				}
			}
		})
	})
}
