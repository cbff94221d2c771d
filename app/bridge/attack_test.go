package bridge

// Each test here is an attack on the bridge. What breaks for a person if one
// fails: somebody else uses their node.

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A name that its owner re-points at 127.0.0.1 makes a foreign page "same
// origin" for the browser; only the Host value still tells.
func TestAttack_ReboundName(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	_, port, err := net.SplitHostPort(s.host)
	if err != nil {
		t.Fatal(err)
	}
	bad := []string{
		"evil.example", "evil.example:" + port, "127.0.0.1", "localhost", "[::1]", "127.0.0.1:1", "localhost:80",
		"127.0.0.1.:" + port, "localhost.:" + port, "LOCALHOST:" + port, "localhost.evil.example:" + port, "127.0.0.1.evil.example:" + port,
		"evil.localhost:" + port, "0.0.0.0:" + port, "[::]:" + port, "[::ffff:127.0.0.1]:" + port, "[0:0:0:0:0:0:0:1]:" + port, "::1:" + port,
		"127.1:" + port, "127.0.1:" + port, "2130706433:" + port, "0x7f000001:" + port, "0177.0.0.1:" + port, "127.0.0.2:" + port, "127.000.000.001:" + port,
		"user@127.0.0.1:" + port, "127.0.0.1:" + port + ":80", "127.0.0.1:0" + port, "127.0.0.1:+" + port, "localhost:" + port + ".",
		"xn--localhost-:" + port, "localhost%00:" + port, "localhost%2eevil:" + port, "localtest.me:" + port, "127.0.0.1,evil.example:" + port,
		"debros:" + port, "wails:" + port, "wails.localhost:" + port, "169.254.0.1:" + port, "ip6-localhost:" + port,
	}
	for _, host := range bad {
		t.Run(host, func(t *testing.T) {
			for _, path := range []string{"/", "/boot.js", "/login?once=x", "/api/events"} {
				r := s.send(b, http.MethodGet, path, "", func(r *http.Request) { r.Host = host })
				if r.status != http.StatusForbidden && r.status != http.StatusBadRequest {
					t.Errorf("GET %s: %d", path, r.status)
				}
			}
			r := s.send(b, http.MethodPost, "/api/call", putCall, func(r *http.Request) {
				s.asPage(r)
				r.Host = host
				r.Header.Set("Origin", "http://"+host)
			})
			if r.status != http.StatusForbidden && r.status != http.StatusBadRequest {
				t.Errorf("POST: %d", r.status)
			}
		})
	}
	if s.node.keys() != 0 {
		t.Error("a rebound name wrote a key")
	}
	for _, host := range []string{"127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port} {
		if r := s.send(b, http.MethodGet, "/", "", func(r *http.Request) { r.Host = host }); r.status == http.StatusForbidden {
			t.Errorf("the own name %s is refused", host)
		}
	}
	if !strings.Contains(s.log.String(), "evil.example") {
		t.Error("the log does not tell of the attempt")
	}
}

// The same in the forms that a client library cannot send.
func TestAttack_ReboundNameRaw(t *testing.T) {
	s := serve(t)
	tests := map[string]string{
		"no Host":           "GET / HTTP/1.1\r\n\r\n",
		"two Hosts":         "GET / HTTP/1.1\r\nHost: " + s.host + "\r\nHost: evil.example\r\n\r\n",
		"absolute form":     "GET http://evil.example/ HTTP/1.1\r\nHost: " + s.host + "\r\n\r\n",
		"empty Host":        "GET / HTTP/1.1\r\nHost:\r\n\r\n",
		"HTTP/1.0 no Host":  "GET / HTTP/1.0\r\n\r\n",
		"Host with a blank": "GET / HTTP/1.1\r\nHost: " + s.host + " evil.example\r\n\r\n",
		"two Origins":       "GET / HTTP/1.1\r\nHost: " + s.host + "\r\nOrigin: http://" + s.host + "\r\nOrigin: http://evil.example\r\n\r\n",
		"forwarded Host":    "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: " + s.host + "\r\n\r\n",
	}
	for name, request := range tests {
		t.Run(name, func(t *testing.T) {
			connection, err := net.Dial("tcp", s.host)
			if err != nil {
				t.Fatal(err)
			}
			defer closed(t, connection)
			if err = connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err = connection.Write([]byte(request)); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(bufio.NewReader(connection), nil) //nolint:bodyclose // closed below, with its error
			if err != nil {
				t.Fatal(err)
			}
			closed(t, answer.Body)
			if answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusBadRequest {
				t.Errorf("%d", answer.StatusCode)
			}
		})
	}
}

// A page of another site, open in the same browser, has the cookie's company if
// not the cookie: its Origin gives it away.
func TestAttack_ForeignOrigin(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	_, port, err := net.SplitHostPort(s.host)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []string{
		"http://evil.example", "null", "", "https://" + s.host, "http://127.0.0.1", "http://127.0.0.1:1", "http://localhost:" + port,
		"http://" + s.host + "/", "http://" + s.host + ".evil.example", "http://sub." + s.host, "HTTP://" + s.host, "file://", "chrome-extension://abc",
		"wails://wails", "http://" + s.host + " http://evil.example", "http://[::1]:" + port,
	} {
		t.Run(from, func(t *testing.T) {
			for _, request := range [][2]string{{http.MethodPost, "/api/call"}, {http.MethodGet, "/api/events"}, {http.MethodGet, "/"}, {http.MethodOptions, "/api/call"}} {
				r := s.send(b, request[0], request[1], putCall, func(r *http.Request) {
					s.asPage(r)
					r.Header["Origin"] = []string{from}
				})
				if r.status != http.StatusForbidden {
					t.Errorf("%s %s: %d", request[0], request[1], r.status)
				}
				for name := range r.header {
					if strings.HasPrefix(name, "Access-Control-") {
						t.Errorf("%s is sent", name)
					}
				}
			}
		})
	}
	if s.node.keys() != 0 {
		t.Error("a foreign page wrote a key")
	}
}

// Browsers that tell where a request comes from are believed also without Origin.
func TestAttack_CrossSiteFetch(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	for _, site := range []string{"cross-site", "same-site"} {
		for _, path := range []string{"/api/events", "/boot.js", "/", "/login?once=x"} {
			r := s.send(b, http.MethodGet, path, "", func(r *http.Request) {
				r.Header.Set("Sec-Fetch-Site", site)
				r.Header.Set("Sec-Fetch-Mode", "no-cors")
				r.Header.Set("Sec-Fetch-Dest", "script")
			})
			if r.status != http.StatusForbidden {
				t.Errorf("%s %s: %d", site, path, r.status)
			}
		}
		r := s.send(b, http.MethodPost, "/api/call", putCall, func(r *http.Request) {
			s.asPage(r)
			r.Header.Del("Origin")
			r.Header.Set("Sec-Fetch-Site", site)
		})
		if r.status != http.StatusForbidden || s.node.keys() != 0 {
			t.Errorf("%s POST: %d", site, r.status)
		}
	}
}

// A form needs no permission to be sent anywhere, but it can send neither JSON
// nor a header of its own.
func TestAttack_Form(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	tests := map[string]struct {
		change func(*http.Request)
		want   core.Code
	}{
		"without the header": {func(r *http.Request) { r.Header.Del(callHeader) }, core.Denied},
		"with another value": {func(r *http.Request) { r.Header.Set(callHeader, "0") }, core.Denied},
		"text/plain":         {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, core.Invalid},
		"urlencoded":         {func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, core.Invalid},
		"multipart":          {func(r *http.Request) { r.Header.Set("Content-Type", "multipart/form-data; boundary=x") }, core.Invalid},
		"no type":            {func(r *http.Request) { r.Header.Del("Content-Type") }, core.Invalid},
		"nearly JSON":        {func(r *http.Request) { r.Header.Set("Content-Type", "application/json+x") }, core.Invalid},
	}
	for name, tt := range tests {
		r := s.send(b, http.MethodPost, "/api/call", putCall, func(r *http.Request) { s.asPage(r); tt.change(r) })
		if got := r.code(t); got != tt.want {
			t.Errorf("%s: %d %s", name, r.status, got)
		}
	}
	if s.node.keys() != 0 {
		t.Error("a form wrote a key")
	}
}

// A link or a picture is a GET: it must never change anything.
func TestAttack_GetThatWrites(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	for _, verb := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "TRACE"} {
		r := s.send(b, verb, "/api/call?method=KV.Put", putCall, func(r *http.Request) {
			s.asPage(r)
			r.Header.Set("X-HTTP-Method-Override", "POST")
		})
		if r.status < 400 || s.node.keys() != 0 {
			t.Errorf("%s: %d", verb, r.status)
		}
	}
	for _, path := range []string{"/", "/boot.js"} {
		if r := s.send(b, http.MethodPost, path, "", s.asPage); r.status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d", path, r.status)
		}
	}
}

// Another user of the computer reaches the port; without a session it gives nothing.
func TestAttack_NoSession(t *testing.T) {
	s := serve(t)
	_, port, err := net.SplitHostPort(s.host)
	if err != nil {
		t.Fatal(err)
	}
	signed := s.signedIn()
	own := signed.Jar.Cookies(mustURL(t, s.url))[0]
	cookies := map[string]*http.Cookie{
		"none":              nil,
		"guessed":           {Name: "debros_" + port, Value: strings.Repeat("A", 43)},
		"empty":             {Name: "debros_" + port, Value: ""},
		"of another port":   {Name: "debros_1", Value: own.Value},
		"cut":               {Name: own.Name, Value: own.Value[:42]},
		"one letter off":    {Name: own.Name, Value: flip(own.Value)},
		"a link's own text": {Name: own.Name, Value: s.links.add()},
	}
	for name, cookie := range cookies {
		t.Run(name, func(t *testing.T) {
			with := func(r *http.Request) {
				s.asPage(r)
				if cookie != nil {
					r.AddCookie(cookie)
				}
			}
			if r := s.send(s.browser(), http.MethodPost, "/api/call", putCall, with); r.code(t) != core.Unauthenticated || r.status != http.StatusUnauthorized {
				t.Errorf("call: %d", r.status)
			}
			if r := s.send(s.browser(), http.MethodGet, "/api/events", "", with); r.code(t) != core.Unauthenticated {
				t.Errorf("events: %d", r.status)
			}
			r := s.send(s.browser(), http.MethodGet, "/", "", with)
			if r.status != http.StatusUnauthorized || !strings.Contains(r.body, "debros ui") {
				t.Errorf("page: %d %s", r.status, r.body)
			}
			if r := s.send(s.browser(), http.MethodGet, "/assets/main-AbCd1234.js", "", with); r.status != http.StatusUnauthorized {
				t.Errorf("script: %d", r.status)
			}
		})
	}
	if s.node.keys() != 0 {
		t.Error("somebody without a session wrote a key")
	}
	if !own.HttpOnly && own.Name != "debros_"+port { // the jar keeps names only
		t.Errorf("cookie %+v", own)
	}
}

// flip changes the last letter; the very last bits of base64 may not count.
func flip(s string) string {
	last := byte('A')
	if s[10] == 'A' {
		last = 'B'
	}
	return s[:10] + string(last) + s[11:]
}

// A link stands in a terminal's history and on the command line of the browser:
// it works once, and not for long.
func TestAttack_LinkUsedTwiceOrLate(t *testing.T) {
	time0 := &clock{now: time.Now()}
	s := serveAt(t, time0.read)
	open := func() string {
		link, err := s.Open(context.Background(), "")
		if err != nil {
			t.Fatal(err)
		}
		return link
	}
	visit := func(link string) int { return s.send(s.browser(), http.MethodGet, link, "", nil).status }
	link := open()
	if got := visit(link); got != http.StatusSeeOther {
		t.Errorf("first use: %d", got)
	}
	if got := visit(link); got != http.StatusUnauthorized {
		t.Errorf("second use: %d", got)
	}
	link = open()
	time0.move(LinkLife)
	if got := visit(link); got != http.StatusUnauthorized {
		t.Errorf("after five minutes: %d", got)
	}
	for _, bad := range []string{"/login", "/login?once=", "/login?once=AAAA", "/login?twice=" + strings.Repeat("A", 43)} {
		if got := visit(s.url + bad); got != http.StatusUnauthorized {
			t.Errorf("%s: %d", bad, got)
		}
	}
	first := open()
	for range MaxLinks {
		link = open()
	}
	if got := visit(first); got != http.StatusUnauthorized {
		t.Errorf("the oldest of too many: %d", got)
	}
	if got := visit(link); got != http.StatusSeeOther {
		t.Errorf("the newest: %d", got)
	}
}

// A chat program that previews links must not use one up.
func TestAttack_LinkPreview(t *testing.T) {
	s := serve(t)
	link, err := s.Open(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*http.Request){
		"picture":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "image") },
		"frame":    func(r *http.Request) { r.Header.Set("Sec-Fetch-Dest", "iframe") },
		"prefetch": func(r *http.Request) { r.Header.Set("Sec-Purpose", "prefetch;prerender") },
		"HEAD":     func(r *http.Request) { r.Method = http.MethodHead },
	} {
		if r := s.send(s.browser(), http.MethodGet, link, "", change); r.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, r.status)
		}
	}
	r := s.send(s.browser(), http.MethodGet, link, "", nil)
	cookie := r.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/", "debros_"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie %q is not %s", cookie, want)
		}
	}
	if r.status != http.StatusSeeOther || r.header.Get("Location") != "/" {
		t.Errorf("%d to %s", r.status, r.header.Get("Location"))
	}
}

// A session ends when nobody uses it; a forgotten browser is not a key for ever.
func TestAttack_OldSession(t *testing.T) {
	time0 := &clock{now: time.Now()}
	s := serveAt(t, time0.read)
	b := s.signedIn()
	get := func(b *http.Client) int { return s.send(b, http.MethodGet, "/boot.js", "", nil).status }
	time0.move(SessionLife - time.Minute)
	if got := get(b); got != http.StatusOK {
		t.Errorf("within a day: %d", got)
	}
	time0.move(SessionLife + time.Minute)
	if got := get(b); got != http.StatusUnauthorized {
		t.Errorf("after a day without use: %d", got)
	}
	first := s.signedIn()
	for range MaxSessions {
		time0.move(time.Second)
		s.sessions.add()
	}
	if got := get(first); got != http.StatusUnauthorized {
		t.Errorf("the oldest of too many: %d", got)
	}
}

// Nothing outside the built page can be read through it.
func TestAttack_PathEscapes(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	for _, path := range []string{
		"/../go.mod", "/..%2fgo.mod", "/%2e%2e/%2e%2e/etc/passwd", "/assets/../../etc/passwd.js", "/assets/..%2f..%2fx.js", "//etc/passwd", "/assets//main-AbCd1234.js",
		"/./boot.js%00.html", "/boot.js%00", "/boot.js/", "/assets", "/assets/", "/.gitkeep", "/assets/.hidden.js", "/C:/windows/x.js", "/assets%5c..%5cx.js",
		"/assets/notes.exe", "/index.html/..", "/INDEX.HTML", "/boot.js.map", "/~root/x.js", "/file:///etc/x.js", "/login/x", "/api", "/apix.js",
	} {
		r := s.send(b, http.MethodGet, s.url+path, "", nil)
		if r.status == http.StatusOK {
			t.Errorf("%s: %q", path, r.body)
		}
		if target := r.header.Get("Location"); target != "" && !strings.HasPrefix(target, "/") {
			t.Errorf("%s leads to %s", path, target)
		}
	}
}

// A call larger than any value is stopped before it is in memory.
func TestAttack_OversizedBody(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	body := fmt.Sprintf(`{"method":"KV.Put","args":[{"namespace":"default","key":"k","value_base64":%q}]}`, strings.Repeat("A", MaxCallBytes))
	if r := s.call(b, body); r.status != http.StatusRequestEntityTooLarge || r.code(t) != core.TooLarge {
		t.Errorf("%d %s", r.status, r.body)
	}
	request := mustRequest(t, s.url+"/")
	request.Header.Set("X-Long", strings.Repeat("a", 64<<10))
	if r, err := b.Do(request); err == nil { //nolint:bodyclose // closed below; or the server hung up first
		closed(t, r.Body)
		if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
			t.Errorf("headers: %d", r.StatusCode)
		}
	}
	if s.node.keys() != 0 {
		t.Error("the key was written")
	}
}

// The bridge reaches the listed methods of the bound structs and nothing else of them.
func TestAttack_UnknownMethod(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	for _, name := range []string{
		"", "KV", "KV.", ".List", "kv.list", "KV.list", "api.KV.List", "KV.open", "App.d", "App.shell", "KV.List.Call", "Bridge.Open", "API.Attach", "App.String", "Node.Close", "__proto__", "KV.List\u0000",
	} {
		if r := s.call(b, fmt.Sprintf(`{"method":%q,"args":[]}`, name)); r.status != http.StatusNotFound && r.status != http.StatusBadRequest {
			t.Errorf("%q: %d %s", name, r.status, r.body)
		}
	}
}

// Wrong arguments are named, not guessed at, and never reach the method.
func TestAttack_WrongArguments(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	tests := map[string]struct{ body, says string }{
		"none":               {`{"method":"Odd.Sum"}`, "takes 3 arguments, not 0"},
		"one too many":       {`{"method":"Odd.Sum","args":[1,2,[],4]}`, "takes 3 arguments, not 4"},
		"text for a number":  {`{"method":"Odd.Sum","args":["1",2,[]]}`, "Argument 1 of Odd.Sum: it must be a int, not a string"},
		"number too large":   {`{"method":"Odd.Sum","args":[1,256,[]]}`, "Argument 2"},
		"half a number":      {`{"method":"Odd.Sum","args":[1.5,2,[]]}`, "Argument 1"},
		"object for a list":  {`{"method":"Odd.Sum","args":[1,2,{}]}`, "Argument 3"},
		"field of a request": {`{"method":"KV.List","args":[{"limit":"ten"}]}`, "limit must be a int, not a string"},
		"arguments no list":  {`{"method":"Odd.Sum","args":{"a":1}}`, "A call is"},
		"another field":      {`{"method":"Odd.Sum","args":[],"admin":true}`, "A call is"},
		"two calls":          {`{"method":"Odd.Plain","args":[]}{"method":"Odd.Plain","args":[]}`, "follows"},
		"a list":             {`[]`, "A call is"},
		"nothing":            {``, "A call is"},
		"half":               {`{"method":"Odd`, "A call is"},
		"many":               {`{"method":"Odd.Sum","args":[` + strings.Repeat("1,", 5000) + `1]}`, "at most"},
	}
	for name, tt := range tests {
		r := s.call(b, tt.body)
		if r.status != http.StatusBadRequest || r.code(t) != core.Invalid || !strings.Contains(r.body, tt.says) {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if r := s.call(b, `{"method":"Odd.Sum","args":[1,2,["a"]]}`); r.body != `{"result":4}` {
		t.Errorf("a good call: %s", r.body)
	}
}

// A fault in one method is one failed call; the node and the page go on.
func TestAttack_PanicInAMethod(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	for _, body := range []string{`{"method":"Odd.Panic","args":[]}`, `{"method":"Odd.Plain","args":[]}`, `{"method":"KV.List","args":[{"namespace":"default"}]}`} {
		r := s.call(b, body)
		if r.status != http.StatusInternalServerError || r.code(t) != core.Internal || strings.Contains(r.body, "secret") || strings.Contains(r.body, "guard") {
			t.Errorf("%s: %d %s", body, r.status, r.body)
		}
	}
	if r := s.call(b, putCall); r.status != http.StatusOK {
		t.Errorf("afterwards: %d %s", r.status, r.body)
	}
}

// Everything is sent with the headers that keep a browser from misusing it.
func TestAttack_Headers(t *testing.T) {
	s := serve(t)
	b := s.signedIn()
	seen := map[string]bool{}
	for range 2 {
		r := s.send(b, http.MethodGet, "/", "", nil)
		policy := r.header.Get("Content-Security-Policy")
		_, rest, found := strings.Cut(policy, "'nonce-")
		nonce, _, _ := strings.Cut(rest, "'")
		if !found || len(nonce) < 20 || seen[nonce] || !strings.Contains(r.body, `<meta name="csp-nonce" content="`+nonce+`">`) {
			t.Errorf("nonce %q, seen %v, page %s", nonce, seen[nonce], r.body)
		}
		seen[nonce] = true
		if strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "unsafe-eval") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("policy %s", policy)
		}
	}
	for _, path := range []string{"/", "/boot.js", "/nothing.js", "/api/nothing", "/login", "/assets/main-AbCd1234.js"} {
		h := s.send(b, http.MethodGet, path, "", nil).header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: policy %q", path, h.Get("Content-Security-Policy"))
		}
	}
	cache := map[string]string{"/": "no-store", "/boot.js": "no-cache", "/assets/main-AbCd1234.js": "immutable", "/assets/Search-BC-wGXwz.css": "immutable", "/api/nothing": "no-store"}
	for path, want := range cache {
		if got := s.send(b, http.MethodGet, path, "", nil).header.Get("Cache-Control"); !strings.Contains(got, want) {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
	}
	for path, want := range map[string]string{"/boot.js": "text/javascript", "/assets/main-AbCd1234.css": "text/css", "/icon.svg": "image/svg+xml"} {
		if got := s.send(b, http.MethodGet, path, "", nil).header.Get("Content-Type"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: Content-Type %q", path, got)
		}
	}
	if r := s.call(b, putCall); r.header.Get("Cache-Control") != "no-store" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("a call: %v", r.header)
	}
}

// The door is on this computer only, whatever the configuration says.
func TestAttack_OtherInterfaces(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.168.1.2:80", "localhost:0", "example.org:80", "127.0.0.1", "", "[fe80::1]:0"} {
		if err := checkLoopback(address); core.CodeOf(err) != core.Invalid {
			t.Errorf("%q: %v", address, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "127.0.0.2:80", "[::1]:7000"} {
		if err := checkLoopback(address); err != nil {
			t.Errorf("%q: %v", address, err)
		}
	}
}
