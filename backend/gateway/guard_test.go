package gateway

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// each calls what for every route of the table that answers on its own.
func (b *bench) each(what func(method, target string, rt route)) {
	fill := regexp.MustCompile(`\{[a-z.]+\}`)
	for _, rt := range b.routes() {
		for method := range strings.FieldsSeq(rt.methods) {
			what(method, fill.ReplaceAllString(rt.path, "x"), rt)
		}
	}
}

// Row I1. A page whose name was rebound to loopback still sends its own name; a
// name that only looks like ours is not ours.
func TestGuard_OnlyOurOwnNames(t *testing.T) {
	b := newBench(t, func(s *Settings, _ *Services) { s.AllowedHosts = []string{"node.example"} })
	_, port, err := net.SplitHostPort(b.Address())
	if err != nil {
		t.Fatal(err)
	}
	good := []string{
		"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port, "127.0.0.2:" + port, "node.example", "node.example:" + port, "NODE.example:1",
	}
	bad := []string{
		"", "evil.test", "evil.test:" + port, "localhost", "127.0.0.1", "localhost:1", "localhost:", ":" + port, "localhost.:" + port, "LOCALHOST:" + port,
		"localhost.evil:" + port, "evil.localhost:" + port, "127.0.0.1.evil.test:" + port, "127.0.0.1:" + port + "0", "127.0.0.1:0" + port, "127.0.0.1:" + port + ":" + port,
		"0.0.0.0:" + port, "[::]:" + port, "0:" + port, "127.1:" + port, "127.0.1:" + port, "2130706433:" + port, "0x7f000001:" + port, "0177.0.0.1:" + port,
		"127.000.000.001:" + port, "[::ffff:127.0.0.1]:" + port, "[::1%25lo]:" + port, "[::1%lo]:" + port, "::1:" + port, "[::1", "[::1]" + port, "[127.0.0.1]:" + port,
		"node.example.", "node.example.evil.test", "xnode.example", "node.example@evil.test", "evil.test#node.example", "node.example/", " node.example", "127.0.0.1 :" + port,
		"192.168.1.2:" + port, "169.254.169.254:" + port, "[fe80::1]:" + port, "127.0.0.1:" + port + ",evil.test", "１２７.0.0.1:" + port,
	}
	for _, host := range good {
		if a := b.ask(t, "GET", "/v1/version", "", "Host: "+host); a.Code != 200 {
			t.Errorf("our own name %q is refused: %d", host, a.Code)
		}
	}
	for _, host := range bad {
		a := b.ask(t, "GET", "/v1/version", "", "Host: "+host)
		if a.Code != 403 || a.body["code"] != "denied" || a.body["version"] != nil {
			t.Errorf("Host %q: %d %v", host, a.Code, a.body)
		}
	}
	if len(bad) < 40 {
		t.Errorf("only %d names were tried", len(bad))
	}
}

// Row I1, on the wire: two names, or one in the target and another in the header.
func TestGuard_TwoNamesAtOnce(t *testing.T) {
	base := serve(t, fakeNode{state: core.StateOK})
	own := strings.TrimPrefix(base, "http://")
	for request, want := range map[string]string{
		"GET /v1/version HTTP/1.1\r\nHost: " + own + "\r\nHost: evil.test\r\n":                 "400",
		"GET http://evil.test/v1/version HTTP/1.1\r\nHost: " + own + "\r\n":                    "403",
		"GET http://" + own + "/v1/version HTTP/1.1\r\nHost: evil.test\r\n":                    "200", // RFC 9112, section 3.2.2: the target decides
		"GET /v1/version HTTP/1.1\r\n":                                                         "400",
		"GET /v1/version HTTP/1.0\r\n":                                                         "403",
		"GET /v1/version HTTP/1.1\r\nHost: evil.test\r\nX-Forwarded-Host: " + own + "\r\n":     "403",
		"GET /v1/version HTTP/1.1\r\nHost: evil.test\r\nX-HTTP-Host-Override: " + own + "\r\n": "403",
	} {
		if status := raw(t, own, request+"Connection: close\r\n\r\n"); status != want {
			t.Errorf("%q: %s, want %s", request, status, want)
		}
	}
}

// raw sends bytes and returns the status of the answer.
func raw(t *testing.T, address, request string) string {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, conn)
	if _, err = io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(line)[1]
}

// Row I2. Pages of other origins reach no route, with a credential or without
// one; nothing is ever allowed to everybody, and no origin is echoed.
func TestGuard_PagesOfOtherOrigins(t *testing.T) {
	const allowed = "https://shop.example"
	b := newBench(t, func(s *Settings, _ *Services) { s.AllowedOrigins = []string{allowed} })
	foreign := []string{
		"null", "https://shop.example:444", "http://shop.example", "https://evil.shop.example", "https://shop.example.evil.test", "file://", "chrome-extension://abc",
		"https://SHOP.example", "https://shop.example/", "https://shop.example ", "*", "http://127.0.0.1:1", "http://localhost:" + b.Address()[strings.LastIndex(b.Address(), ":")+1:],
		"https://" + b.Address(), "https://shop.example, https://evil.test",
	}
	b.each(func(method, target string, _ route) {
		for _, origin := range foreign {
			a := b.ask(t, method, target, "{}", "Origin: "+origin, bearer(operatorKey))
			if a.Code != 403 || a.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s from %q: %d, %v", method, target, origin, a.Code, a.Header())
			}
		}
		for _, site := range []string{"cross-site", "same-site", "strange"} {
			if a := b.ask(t, method, target, "{}", "Sec-Fetch-Site: "+site, bearer(operatorKey)); a.Code != 403 {
				t.Errorf("%s %s loaded %s without an origin: %d", method, target, site, a.Code)
			}
		}
		a := b.ask(t, method, target, "{}", "Origin: "+allowed, "Sec-Fetch-Site: cross-site", bearer(operatorKey))
		if got := a.Header().Get("Access-Control-Allow-Origin"); got != allowed || a.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s %s from the allowed page: %d %q", method, target, a.Code, got)
		}
		if a.Header().Get("Vary") != "Origin" || a.Header().Get("Access-Control-Expose-Headers") != "ETag, Retry-After" {
			t.Errorf("%s %s: %v", method, target, a.Header())
		}
	})
	if a := b.ask(t, "GET", "/v1/version", "", "Origin: http://"+b.Address(), "Sec-Fetch-Site: same-origin"); a.Code != 200 {
		t.Errorf("our own page is refused: %d", a.Code)
	}
	r := b.ask(t, "GET", docsPath, "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document")
	if r.Code != 200 {
		t.Errorf("a link to the documents is refused: %d", r.Code)
	}
	if a := b.ask(t, "GET", "/v1/version", "", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"); a.Code != 403 {
		t.Errorf("a frame is let in: %d", a.Code)
	}
}

// A browser asks before it sends what a form could not; the answer is exact.
func TestGuard_Preflight(t *testing.T) {
	b := newBench(t, func(s *Settings, _ *Services) { s.AllowedOrigins = []string{"https://shop.example"} })
	a := b.ask(t, "OPTIONS", "/v1/auth/verify", "", "Origin: https://shop.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: x-evil")
	want := map[string]string{
		"Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE", "Access-Control-Max-Age": "600", "Vary": "Origin",
		"Access-Control-Allow-Headers": "Authorization, Content-Type, X-API-Key, If-Match, If-None-Match, Idempotency-Key",
	}
	if a.Code != 204 || a.Body.Len() != 0 {
		t.Errorf("got %d %s", a.Code, a.Body)
	}
	for name, value := range want {
		if got := a.Header().Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
	for _, refused := range []string{"https://evil.test", "null"} {
		a = b.ask(t, "OPTIONS", "/v1/auth/verify", "", "Origin: "+refused, "Access-Control-Request-Method: POST")
		if a.Code != 403 || a.Header().Get("Access-Control-Allow-Methods") != "" {
			t.Errorf("%s: %d %v", refused, a.Code, a.Header())
		}
	}
	if a = newBench(t, nil).ask(t, "OPTIONS", "/v1/version", "", "Origin: https://shop.example", "Access-Control-Request-Method: GET"); a.Code != 403 {
		t.Errorf("without a list nobody is allowed: %d", a.Code)
	}
}

// Row I6. What a form or a link of a foreign page can send changes nothing.
func TestGuard_ForgedRequests(t *testing.T) {
	b := newBench(t, func(s *Settings, _ *Services) { s.RequireAuth = false })
	b.auth.open = true // where a page has nothing else to guess
	forged := [][]string{
		{"Content-Type: text/plain"},
		{"Content-Type: application/x-www-form-urlencoded"},
		{"Content-Type: multipart/form-data; boundary=x"},
		{"-: Content-Type"},
		{"Content-Type: text/plain; application/json"},
		{"Content-Type: application/json, text/plain"},
		{"Content-Type: application/jsonp"},
		{"Content-Type: text/plain", "X-HTTP-Method-Override: PUT"},
		{"Content-Type: text/plain", "Cookie: a=b"},
	}
	writes := 0
	b.each(func(method, target string, _ route) {
		if method == http.MethodGet {
			return
		}
		writes++
		for _, headers := range forged {
			if a := b.ask(t, method, target, `{"name":"stolen","wallet":"0x1"}`, headers...); a.Code != 403 {
				t.Errorf("%s %s with %v: %d %v", method, target, headers, a.Code, a.body)
			}
		}
	})
	b.auth.mu.Lock()
	defer b.auth.mu.Unlock()
	if writes < 15 || len(b.auth.seen) != 0 || len(b.auth.apps) != 0 || len(b.auth.grants) != 2 {
		t.Errorf("%d routes tried; something has changed", writes)
	}
}

// Row I6. A method that is not the route's own does nothing, whatever it says.
func TestGuard_MethodsOfTheTableOnly(t *testing.T) {
	b := newBench(t, nil)
	for _, method := range []string{"GET", "HEAD", "PATCH", "TRACE", "BREW"} {
		a := b.ask(t, method, "/v1/auth/challenge", `{"wallet":"0x1"}`, bearer(ownerToken), "X-HTTP-Method-Override: POST")
		if a.Code != 400 || a.Header().Get("Allow") != "POST" {
			t.Errorf("%s: %d %v", method, a.Code, a.Header())
		}
	}
	if len(b.auth.seen) != 0 {
		t.Error("a challenge was made")
	}
}

// Row I7. An answer that a browser takes for a page must be able to do nothing.
func TestGuard_HeadersOfEveryAnswer(t *testing.T) {
	b := newBench(t, nil)
	ids := map[string]bool{}
	check := func(what string, a answered) {
		h := a.Header()
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Referrer-Policy") != "no-referrer" || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", what, h)
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, "frame-ancestors 'none'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", what, policy)
		}
		if cached := h.Get("Cache-Control"); cached != "no-store" && cached != "max-age=300" {
			t.Errorf("%s: Cache-Control %q", what, cached)
		}
		id := h.Get("X-Request-ID")
		if len(id) != 36 || ids[id] {
			t.Errorf("%s: request id %q", what, id)
		}
		if told, failed := a.body["request_id"]; failed && told != id {
			t.Errorf("%s: the body names request %v, the header %s", what, told, id)
		}
		ids[id] = true
	}
	b.each(func(method, target string, _ route) {
		check(method+" "+target, b.ask(t, method, target, "{}", bearer(operatorKey)))
		check(method+" "+target+" for a stranger", b.ask(t, method, target, "{}"))
	})
	check("nothing", b.ask(t, "GET", "/nothing", ""))
	check("a foreign name", b.ask(t, "GET", "/health", "", "Host: evil.test"))
	if a := b.ask(t, "GET", "/v1/version", "", "X-Request-ID: chosen-by-a-stranger"); a.Header().Get("X-Request-ID") == "chosen-by-a-stranger" {
		t.Error("a stranger names requests in our log")
	}
}

// The first thing that is wrong is what is told, and nothing behind it runs.
func TestGuard_Order(t *testing.T) {
	b := newBench(t, nil)
	const forged, foreign, misplaced = "Content-Type: text/plain", "Origin: https://evil.test", "/v1/apps?namespace=bank"
	steps := []struct {
		why     string
		target  string
		headers []string
		want    int
		says    string
	}{
		{"the name before the page", misplaced, []string{"Host: evil.test", foreign, forged}, 403, "not called by that name"},
		{"the page before the form", misplaced, []string{foreign, forged}, 403, "that origin"},
		{"the form before the wallet", "/v1/auth/challenge", []string{forged}, 403, "content type"},
		{"the form has no credential", misplaced, []string{forged}, 401, "credential"},
		{"the credential before the namespace", misplaced, nil, 401, ""},
		{"the namespace before the right", misplaced, []string{bearer(readerToken)}, 403, "not for that namespace"},
		{"the right before the body", "/v1/apps", []string{bearer(readerToken)}, 403, "no right"},
		{"the body last", "/v1/apps", []string{bearer(ownerToken)}, 400, "JSON"},
	}
	for _, s := range steps {
		a := b.ask(t, "POST", s.target, "{", s.headers...)
		if text := fmt.Sprint(a.body["error"]); a.Code != s.want || !strings.Contains(text, s.says) {
			t.Errorf("%s: %d %q", s.why, a.Code, text)
		}
	}
}

// Whoever may see the numbers is on this computer, and not behind a proxy on it.
func TestGuard_MetricsAreLocal(t *testing.T) {
	b := newBench(t, func(s *Settings, _ *Services) { s.AllowedHosts = []string{"node.example"} })
	tests := map[string]struct {
		headers []string
		want    int
	}{
		"this computer":                      {nil, 200},
		"another computer":                   {[]string{"Remote: 203.0.113.9:1", "Host: node.example"}, 401},
		"another computer, the operator":     {[]string{"Remote: 203.0.113.9:1", "Host: node.example", bearer(operatorKey)}, 200},
		"another computer, a tenant":         {[]string{"Remote: 203.0.113.9:1", "Host: node.example", bearer(ownerToken)}, 403},
		"a proxy here for somebody":          {[]string{"X-Forwarded-For: 203.0.113.9"}, 401},
		"a proxy here that hides":            {[]string{"Host: node.example"}, 401},
		"another one that says it is local":  {[]string{"Remote: 203.0.113.9:1", "X-Forwarded-For: 127.0.0.1"}, 401},
		"another one under a loopback name":  {[]string{"Remote: 203.0.113.9:1"}, 401},
		"a tenant on this computer, by name": {[]string{"Host: node.example", bearer(readerToken)}, 403},
	}
	for name, tt := range tests {
		if a := b.ask(t, "GET", "/metrics", "", tt.headers...); a.Code != tt.want {
			t.Errorf("%s: %d, want %d", name, a.Code, tt.want)
		}
	}
	b.ask(t, "GET", "/v1/nothing", "")
	text := b.ask(t, "GET", "/metrics", "").Body.String()
	for _, want := range []string{`debros_gateway_requests_total{route="/metrics",status="200"} 2`, `debros_gateway_requests_total{route="none",status="404"} 1`, "debros_gateway_requests_in_flight 1", "debros_gateway_websockets 0"} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no line %q in\n%s", want, text)
		}
	}
}
