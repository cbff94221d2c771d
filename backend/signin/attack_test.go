package signin

// Each test here is an attack on a loopback page. What breaks for a person if one
// fails: somebody else signs in as them, or has them sign in as somebody else.

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

const goodCall = `{"wallet":"0xabc","chain_type":"ETH"}`

// A name that its owner re-points at 127.0.0.1 makes a foreign page "same
// origin" for the browser; only the Host value still tells.
func TestAttack_ReboundName(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	_, port, _ := strings.Cut(strings.TrimPrefix(o.url, "http://"), ":")
	for _, host := range []string{
		"evil.example", "evil.example:" + port, "127.0.0.1", "127.0.0.1:1", "localhost", "[::1]:" + port, "localhost.:" + port, "LOCALHOST:" + port,
		"127.0.0.1.evil.example:" + port, "evil.localhost:" + port, "0.0.0.0:" + port, "127.1:" + port, "2130706433:" + port, "127.0.0.2:" + port,
		"user@127.0.0.1:" + port, "127.0.0.1:0" + port, "127.0.0.1:" + port + ":80",
	} {
		for _, request := range [][2]string{{http.MethodGet, "/"}, {http.MethodGet, "/login/index-AbCd1234.js"}, {http.MethodPost, "/challenge"}} {
			r := o.send(request[0], request[1], goodCall, func(r *http.Request) {
				r.Host = host
				if request[0] == http.MethodPost {
					r.Header.Set("Origin", "http://"+host)
				}
			})
			if r.status != http.StatusForbidden && r.status != http.StatusBadRequest {
				t.Errorf("%s %s for %s: %d", request[0], request[1], host, r.status)
			}
		}
	}
	if k.begun.Load() != 0 {
		t.Error("a rebound name was given a text")
	}
	r := o.send(http.MethodPost, "/challenge", goodCall, func(r *http.Request) {
		r.Host = "localhost:" + port
		r.Header.Set("Origin", "http://localhost:"+port)
	})
	if r.status != http.StatusOK {
		t.Errorf("the own name localhost is refused: %d %s", r.status, r.body)
	}
}

// The same in the forms that a client library cannot send.
func TestAttack_ReboundNameRaw(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	host := strings.TrimPrefix(o.url, "http://")
	for name, request := range map[string]string{
		"no Host":        "GET / HTTP/1.1\r\n\r\n",
		"two Hosts":      "GET / HTTP/1.1\r\nHost: " + host + "\r\nHost: evil.example\r\n\r\n",
		"absolute form":  "GET http://evil.example/ HTTP/1.1\r\nHost: " + host + "\r\n\r\n",
		"HTTP/1.0":       "GET / HTTP/1.0\r\n\r\n",
		"two Origins":    "GET / HTTP/1.1\r\nHost: " + host + "\r\nOrigin: http://" + host + "\r\nOrigin: http://evil.example\r\n\r\n",
		"forwarded Host": "GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: " + host + "\r\n\r\n",
	} {
		var dialer net.Dialer
		c, err := dialer.DialContext(t.Context(), "tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Write([]byte(request)); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil) //nolint:bodyclose // the connection is closed below
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if answer.StatusCode != http.StatusForbidden && answer.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d", name, answer.StatusCode)
		}
		if err = c.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A page of another site that learnt the secret still cannot use it: the browser
// tells on it, and gives it no leave to send the header.
func TestAttack_ForeignPage(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	tests := map[string]func(*http.Request){
		"another site":        func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") },
		"another port":        func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"the other own name":  func(r *http.Request) { r.Header.Set("Origin", strings.Replace(o.url, "127.0.0.1", "localhost", 1)) },
		"no origin":           func(r *http.Request) { r.Header.Del("Origin") },
		"a sandboxed frame":   func(r *http.Request) { r.Header.Set("Origin", "null") },
		"two origins":         func(r *http.Request) { r.Header.Add("Origin", o.url) },
		"https":               func(r *http.Request) { r.Header.Set("Origin", strings.Replace(o.url, "http", "https", 1)) },
		"cross-site metadata": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"same-site metadata":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"metadata of no page": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") },
		"no metadata":         func(r *http.Request) { r.Header.Del("Sec-Fetch-Site") },
		"a preflight":         func(r *http.Request) { r.Method = http.MethodOptions },
		"a put":               func(r *http.Request) { r.Method = http.MethodPut },
		"a delete":            func(r *http.Request) { r.Method = http.MethodDelete },
		"a head":              func(r *http.Request) { r.Method = http.MethodHead },
		"a form's cross-site": func(r *http.Request) {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			r.Header.Set("Sec-Fetch-Mode", "navigate")
			r.Header.Set("Sec-Fetch-Dest", "document")
		},
	}
	for name, change := range tests {
		for _, path := range []string{"/challenge", "/answer"} {
			r := o.send(http.MethodPost, path, goodCall, change)
			if r.status != http.StatusForbidden {
				t.Errorf("%s to %s: %d %s", name, path, r.status, r.body)
			}
			for header := range r.header {
				if strings.HasPrefix(header, "Access-Control-") {
					t.Errorf("%s: %s is sent", name, header)
				}
			}
		}
	}
	for _, path := range []string{"/", "/login/index-AbCd1234.js"} {
		r := o.send(http.MethodGet, path, "", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") })
		if r.status != http.StatusForbidden {
			t.Errorf("a foreign page loads %s: %d", path, r.status)
		}
	}
	if k.begun.Load() != 0 {
		t.Error("a foreign page was given a text")
	}
}

// Another user of the computer reaches the port; without the secret it gives nothing.
func TestAttack_WrongSecret(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	other, _ := openFor(t, &k)
	tests := map[string][]string{
		"none": nil, "empty": {""}, "guessed": {strings.Repeat("A", 43)}, "cut": {o.secret[:42]}, "longer": {o.secret + "A"},
		"of another page": {other.door.secret}, "sent twice": {o.secret, o.secret}, "in a list": {o.secret + "," + o.secret},
	}
	for name, secret := range tests {
		r := o.send(http.MethodPost, "/challenge", goodCall, func(r *http.Request) { r.Header[http.CanonicalHeaderKey(sessionHeader)] = secret })
		if r.status != http.StatusUnauthorized || r.code() != core.Unauthenticated {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	for _, path := range []string{"/", "/login/index-AbCd1234.js", "/challenge"} {
		if r := o.send(http.MethodGet, path, "", nil); strings.Contains(r.body, o.secret) {
			t.Errorf("GET %s gives the secret away", path)
		}
	}
	if k.begun.Load() != 0 || strings.Contains(o.log.String(), o.secret) {
		t.Error("a text was made without the secret, or the log holds it")
	}
}

// The secret works for one answer: afterwards nobody can sign in with it again.
func TestAttack_ReusedSecret(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	text := o.choose("0xabc")
	if r := o.post("/answer", answerCall{"0xabc", reversed(text)}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	if e := o.await(); e.err != nil {
		t.Fatal(e.err)
	}
	for _, path := range []string{"/challenge", "/answer"} {
		if r := o.send(http.MethodPost, path, goodCall, nil); r.status != 0 {
			t.Errorf("%s after the answer: %d", path, r.status)
		}
	}
	if k.finished.Load() != 1 {
		t.Errorf("%d answers were judged", k.finished.Load())
	}
}

// What a form or a stranger's program can send is not a call.
func TestAttack_Bodies(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	tests := map[string]struct {
		kind, body string
		want       core.Code
	}{
		"text/plain":      {"text/plain", goodCall, core.Invalid},
		"a form":          {"application/x-www-form-urlencoded", "wallet=0xabc", core.Invalid},
		"multipart":       {"multipart/form-data; boundary=x", goodCall, core.Invalid},
		"no type":         {"", goodCall, core.Invalid},
		"nearly JSON":     {"application/json+x", goodCall, core.Invalid},
		"oversized":       {"application/json", `{"wallet":"` + strings.Repeat("a", MaxBodyBytes) + `"}`, core.TooLarge},
		"blanks for ever": {"application/json", goodCall + strings.Repeat(" ", MaxBodyBytes), core.TooLarge},
		"nothing":         {"application/json", "", core.Invalid},
		"half":            {"application/json", goodCall[:10], core.Invalid},
		"two objects":     {"application/json", goodCall + goodCall, core.Invalid},
		"another field":   {"application/json", `{"wallet":"0xabc","chain_type":"ETH","code":"000000"}`, core.Invalid},
		"a list":          {"application/json", "[]", core.Invalid},
		"null":            {"application/json", "null", core.Invalid},
		"another chain":   {"application/json", `{"wallet":"0xabc","chain_type":"BTC"}`, core.Invalid},
		"a long wallet":   {"application/json", `{"wallet":"` + strings.Repeat("a", 200) + `","chain_type":"ETH"}`, core.Invalid},
	}
	for name, tt := range tests {
		r := o.send(http.MethodPost, "/challenge", tt.body, func(r *http.Request) { r.Header.Set("Content-Type", tt.kind) })
		if r.code() != tt.want {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if k.begun.Load() != 0 {
		t.Error("a text was made of it")
	}
}

// Fifty answers to one text at once: one is judged.
func TestAttack_ParallelAnswers(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	text := o.choose("0xabc")
	var won atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if r := o.post("/answer", answerCall{"0xabc", reversed(text)}); r.status == http.StatusOK {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if e := o.await(); won.Load() != 1 || k.finished.Load() != 1 || e.err != nil || e.value.Wallet != "0xabc" {
		t.Errorf("%d won, %d judged, %+v", won.Load(), k.finished.Load(), e)
	}
}

// A signature belongs to the text and the wallet that it was asked for.
func TestAttack_OtherWalletsAnswer(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	first := o.choose("0xabc")
	second := o.choose("0xdef")
	for name, c := range map[string]answerCall{
		"a text that was given up": {"0xabc", reversed(first)},
		"another wallet":           {"0x123", reversed(second)},
		"another case":             {"0xDEF", reversed(second)},
	} {
		if r := o.post("/answer", c); r.code() != core.Conflict {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	if k.finished.Load() != 0 {
		t.Error("it was judged")
	}
}

// A page gone wrong, or whoever holds the secret, gets no endless row of texts.
func TestAttack_EndlessChoices(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	for range MaxChoices {
		o.choose("0xabc")
	}
	if r := o.send(http.MethodPost, "/challenge", goodCall, nil); r.code() != core.Limited || k.begun.Load() != MaxChoices {
		t.Errorf("%d %s after %d texts", r.status, r.body, k.begun.Load())
	}
}

// Nothing outside the page's own folder can be read through it.
func TestAttack_PathEscapes(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	for _, path := range []string{
		"/index.html", "/login/", "/login", "/login/.hidden.js", "/login/notes.exe", "/login/folder.js", "/login/..%2findex.html", "/login/..%2f..%2findex.js",
		"/login/%2e%2e/index.html", "/login/..%5cindex.js", "/signin/index.html", "/login/index-AbCd1234.js%00.css", "/login/index-AbCd1234.js/", "/answer", "/challenge",
	} {
		if r := o.send(http.MethodGet, path, "", nil); r.status == http.StatusOK {
			t.Errorf("%s: %q", path, r.body)
		}
	}
	if r := o.send(http.MethodGet, "/login/index-AbCd1234.js", "", nil); r.body != "1" || r.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("the script itself: %+v", r)
	}
}

// Every answer, also a refusal, forbids framing, sniffing, keeping and telling.
func TestAttack_Headers(t *testing.T) {
	var k wallets
	_, o := openFor(t, &k)
	for _, request := range [][2]string{{http.MethodGet, "/"}, {http.MethodGet, "/login/index-AbCd1234.css"}, {http.MethodGet, "/none"}, {http.MethodPost, "/challenge"}, {http.MethodPut, "/"}} {
		r := o.send(request[0], request[1], goodCall, nil)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
			"Referrer-Policy":         "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		} {
			if got := r.header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q", request[0], request[1], name, got)
			}
		}
	}
}
