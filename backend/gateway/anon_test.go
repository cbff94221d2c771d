package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

const minuteAndMore = 61 * time.Second

type deadDialer struct{}

func (deadDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	return nil, core.Errorf(core.Unavailable, "the proxy does not serve")
}

// fakeProxy stands for a SOCKS5 proxy: it notes what it is asked for and leads
// everything to one server.
type fakeProxy struct {
	to string

	mu    sync.Mutex
	asked []string
}

func (p *fakeProxy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	p.mu.Lock()
	p.asked = append(p.asked, address)
	p.mu.Unlock()
	var d net.Dialer
	return d.DialContext(ctx, network, p.to)
}

func (p *fakeProxy) seen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.asked, " ")
}

// newSite is what is found behind the proxy.
func newSite(t *testing.T) *fakeProxy {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", fmt.Sprint(r.Method, " ", r.Host, " ", r.Header.Get("X-Own"), " [", r.UserAgent(), r.Header.Get("X-Forwarded-For"), "]"))
		w.WriteHeader(http.StatusTeapot)
		if _, err := w.Write([]byte("hello")); err != nil {
			t.Error(err)
		}
	})
	for path, body := range map[string][]byte{"/bytes": {0xff, 0}, "/large": make([]byte, MaxAnonBytes+1)} {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			if _, err := w.Write(body); err != nil {
				t.Error(err)
			}
		})
	}
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Query().Get("u"), http.StatusFound)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return &fakeProxy{to: server.Listener.Addr().String()}
}

// Section 7: what comes back through the proxy, and what is told when none runs.
func TestAnon_Contract(t *testing.T) {
	proxy := newSite(t)
	b := newBench(t, func(_ *Settings, services *Services) { services.Dialer = proxy })
	a := b.ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/echo","method":"PUT","headers":{"X-Own":"1","X-Forwarded-For":"10.0.0.1","Host":"evil"},"body":"x"}`, bearer(ownerToken))
	if a.Code != 200 || fmt.Sprint(a.body["status_code"]) != "418" || a.body["body"] != "hello" || !strings.Contains(fmt.Sprint(a.body["headers"]), "PUT shop.example 1 []") {
		t.Errorf("got %d %s", a.Code, a.Body)
	}
	if a = b.ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/bytes"}`, bearer(ownerToken)); a.body["body_base64"] != "/wA=" {
		t.Errorf("bytes: %s", a.Body)
	}
	if a = b.ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/large"}`, bearer(ownerToken)); a.Code != 413 {
		t.Errorf("a large answer: %d", a.Code)
	}
	for credential, want := range map[string]int{readerToken: 403, readerKey: 403, otherToken: 403, "": 401} {
		if a = b.ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/echo"}`, bearer(credential)); a.Code != want {
			t.Errorf("as %q: %d", credential, a.Code)
		}
	}
	if a = newBench(t, nil).ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/"}`, bearer(ownerToken)); a.Code != 503 || a.body["code"] != "unavailable" {
		t.Errorf("without a proxy: %d %v", a.Code, a.body)
	}
	dead := newBench(t, func(_ *Settings, services *Services) { services.Dialer = deadDialer{} })
	if a = dead.ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/"}`, bearer(ownerToken)); a.Code != 503 || a.body["error"] != "the proxy does not serve" {
		t.Errorf("with a dead proxy: %d %v", a.Code, a.body)
	}
}

// Row I10. Whoever may use the proxy must not reach this computer, its network or
// its provider's services, directly or sent there by somebody else.
func TestAnon_NothingPrivateIsReached(t *testing.T) {
	proxy, now := newSite(t), testkit.NewClock()
	b := newBench(t, func(s *Settings, services *Services) { s.Now, services.Dialer = now.Now, proxy })
	hosts := []string{
		"127.0.0.1", "127.1", "127.0.0.1.", "0.0.0.0", "0", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1:6001",
		"[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001::1]", "[fec0::1]",
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "203.0.113.1",
		"router", "printer.local", "metadata.google.internal", "nas.lan", "db.corp", "x.home.arpa", "a.test", "1.2.3", "1.2.3.0x4", "ex ample.com", "exa\tmple.com", "host.invalid", "..", "a..", "-", "☃.local",
	}
	for _, host := range hosts {
		for _, target := range []string{"http://" + host + "/echo", "http://shop.example/to?u=http://" + host + "/echo"} {
			now.Pass(minuteAndMore)
			raw := strings.ReplaceAll(target, "\t", `\t`)
			a := b.ask(t, "POST", "/v1/proxy/anon", `{"url":"`+raw+`"}`, bearer(ownerToken))
			if a.Code != 403 && a.Code != 400 {
				// a redirect that the client itself cannot read ends as unavailable
				if !strings.Contains(target, "/to?") || a.Code != 503 {
					t.Errorf("%s: %d %s", target, a.Code, a.Body)
				}
			}
		}
	}
	now.Pass(minuteAndMore)
	for _, url := range []string{"ftp://shop.example/", "file:///etc/passwd", "http:shop.example", "//shop.example", "http://user:pass@shop.example/", "http://shop.example:0/", "http://shop.example:99999/", "gopher://shop.example", "", "http://", "javascript:alert(1)"} {
		if a := b.ask(t, "POST", "/v1/proxy/anon", `{"url":"`+url+`"}`, bearer(ownerToken)); a.Code != 400 && a.Code != 403 {
			t.Errorf("%s: %d", url, a.Code)
		}
	}
	for asked := range strings.FieldsSeq(proxy.seen()) {
		if asked != "shop.example:80" {
			t.Errorf("the proxy was asked for %s", asked)
		}
	}
	for _, public := range []string{"1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "shop.example", "xn--bcher-kva.example", "a_b.example.com", "172.32.0.1", "100.128.0.1"} {
		if err := checkAnonHost(public); err != nil {
			t.Errorf("%s is public and is refused", public)
		}
	}
}

// A site that redirects for ever holds a place for ever.
func TestAnon_RedirectsEnd(t *testing.T) {
	proxy := newSite(t)
	b := newBench(t, func(_ *Settings, services *Services) { services.Dialer = proxy })
	a := b.ask(t, "POST", "/v1/proxy/anon", `{"url":"http://shop.example/to?u=/to%3Fu=/to%253Fu=/to%25253Fu=/to%2525253Fu=/to%252525253Fu=/to%25252525253Fu=/echo"}`, bearer(ownerToken))
	if a.Code != 503 || !strings.Contains(fmt.Sprint(a.body["error"]), "redirects more than") {
		t.Errorf("got %d %v", a.Code, a.body)
	}
}
