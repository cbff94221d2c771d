package signin

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

func login(method, target string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	GatewayPage(dist()).ServeHTTP(w, httptest.NewRequest(method, target, nil))
	return w
}

// A callback elsewhere would hand the key of a person's namespace to a stranger.
func TestAttack_HostileCallbacks(t *testing.T) {
	hostile := []string{
		"", "x", "/", "//127.0.0.1:4000/", "127.0.0.1:4000", "http:", "http://", "http:///", "http://:4000/", "http:127.0.0.1:4000", "http:/127.0.0.1:4000/",
		"https://127.0.0.1:4000/", "ftp://127.0.0.1:4000/", "HTTP://127.0.0.1:4000/", "javascript:alert(1)//127.0.0.1:4000/", "data:text/html,x", "file:///etc/passwd", "view-source:http://127.0.0.1:4000/",
		"http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://127.0.0.1:/", "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:080/", "http://127.0.0.1:+80/", "http://127.0.0.1:-1/", "http://127.0.0.1:4000:80/", "http://127.0.0.1:x/",
		"http://evil.example/", "http://evil.example:4000/", "http://evil.example:4000/?http://127.0.0.1:4000", "http://127.0.0.1.evil.example:4000/", "http://localhost.evil.example:4000/", "http://evil.localhost:4000/", "http://localhost.:4000/", "http://LOCALHOST:4000/",
		"http://127.0.0.2:4000/", "http://127.1:4000/", "http://0x7f.1:4000/", "http://2130706433:4000/", "http://0177.0.0.1:4000/", "http://0.0.0.0:4000/", "http://[::]:4000/", "http://[::ffff:127.0.0.1]:4000/", "http://[::1%25lo]:4000/", "http://[0:0:0:0:0:0:0:1]:4000/", "http://::1:4000/",
		"http://user@127.0.0.1:4000/", "http://user:pass@127.0.0.1:4000/", "http://@127.0.0.1:4000/", "http://127.0.0.1:4000@evil.example/", "http://127.0.0.1:4000%40evil.example/", "http://127.0.0.1:4000\\@evil.example/", "http://127.0.0.1:4000\\.evil.example/",
		"http://127.0.0.1:4000/#", "http://127.0.0.1:4000/#api_key=x", "http://127.0.0.1:4000#@evil.example/", "http://evil.example#127.0.0.1:4000/", "http://127.0.0.1:4000/%", "http://127.0.0.1:4000/%zz",
		" http://127.0.0.1:4000/", "http://127.0.0.1:4000/ ", "http://127.0.0.1:4000/\t", "ht\ntp://127.0.0.1:4000/", "http://127.0.0.1\r\n:4000/", "http://127.0.0.1:4000/\x00", "http://127.0.0.1:4000/\x7f", "http://127.0.0.1:4000/ä", "http://127。0。0。1:4000/", "http://①27.0.0.1:4000/",
		`http://127.0.0.1:4000/"onload="alert(1)`, "http://127.0.0.1:4000/'", "http://127.0.0.1:4000/<script>", "http://127.0.0.1:4000/`", "http://127.0.0.1:4000/?{}",
		"http://127.0.0.1:4000/" + strings.Repeat("a", MaxCallbackBytes), strings.Repeat("http://127.0.0.1:4000/", 1000),
	}
	if len(hostile) < 60 {
		t.Fatalf("only %d", len(hostile))
	}
	for _, callback := range hostile {
		w := login(http.MethodGet, LoginPath+"?callback="+url.QueryEscape(callback))
		if w.Code != http.StatusBadRequest || strings.Contains(w.Body.String(), "data-mode") || strings.Contains(w.Body.String(), "alert") {
			t.Errorf("%q: %d %s", callback, w.Code, w.Body)
		}
	}
	good := "callback=" + url.QueryEscape("http://127.0.0.1:4000/")
	for _, query := range []string{"", "callback", "Callback=x", good + "&" + good, good + ";x", good + "&%zz"} {
		if w := login(http.MethodGet, LoginPath+"?"+query); w.Code != http.StatusBadRequest {
			t.Errorf("query %q: %d", query, w.Code)
		}
	}
}

// What passes stands in an attribute, escaped, and nowhere else.
func TestGatewayPage_Callback(t *testing.T) {
	for _, callback := range []string{"http://127.0.0.1:4000", "http://[::1]:1/", "http://localhost:65535/a/b?state=x&data-mode=%22&amp;", "http://127.0.0.1:4000/?x=data-callback="} {
		w := login(http.MethodGet, LoginPath+"?callback="+url.QueryEscape(callback))
		attribute := strings.ReplaceAll(callback, "&", "&amp;")
		want := strings.Replace(string(dist()["signin/index.html"].Data), `data-mode="" data-callback=""`, `data-mode="gateway" data-callback="`+attribute+`"`, 1)
		if w.Code != http.StatusOK || w.Body.String() != want || w.Header().Get("Content-Security-Policy") != Policy {
			t.Errorf("%s: %d %s", callback, w.Code, w.Body)
		}
	}
}

// The gateway's page has its files and takes nothing.
func TestGatewayPage_Files(t *testing.T) {
	if w := login(http.MethodGet, LoginPath+"/index-AbCd1234.js"); w.Body.String() != "1" {
		t.Errorf("the script: %d %s", w.Code, w.Body)
	}
	for _, path := range []string{"/", "/.hidden.js", "/notes.exe", "/folder.js", "/x/index-AbCd1234.js", "/%2e%2e/index.html", "/..%2f..%2findex.js"} {
		if w := login(http.MethodGet, LoginPath+path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
		if w := login(method, LoginPath); w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
	w := httptest.NewRecorder()
	GatewayPage(fstest.MapFS{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, LoginPath+"?callback=http%3A%2F%2F127.0.0.1%3A1", nil))
	if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("not built: %d %s", w.Code, w.Body)
	}
}

// Whatever is accepted leads to this computer, as Go reads addresses; the page
// looks once more, as the browser reads them.
func FuzzCallback(f *testing.F) {
	for _, seed := range []string{"http://127.0.0.1:4000/", "http://[::1]:1?x", "http://localhost:2/%41", "http://127.0.0.1:1@evil.example/", "http://127.0.0.1:1\\x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, callback string) {
		if checkCallback(callback) != nil {
			return
		}
		u, err := url.Parse(callback)
		if err != nil {
			t.Fatal(err)
		}
		ip, err := netip.ParseAddr(u.Hostname())
		own := u.Hostname() == "localhost" || (err == nil && ip.IsLoopback())
		if !own || u.Scheme != "http" || u.User != nil || u.Port() == "" || u.Fragment != "" || len(callback) > MaxCallbackBytes {
			t.Errorf("%q is accepted", callback)
		}
	})
}
