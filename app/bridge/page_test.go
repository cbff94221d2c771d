package bridge

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"git.debros.io/DeBros/network/backend/core"
)

func mustURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path}, Header: http.Header{}})
	return w
}

// A program that was built without its page says how to build it, in the window
// and in a browser.
func TestPage_NotBuilt(t *testing.T) {
	w := get(Page(fstest.MapFS{".gitkeep": {}}), "/")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// However the builder of the page writes the slot, the nonce lands in it: without
// it the editor has no styles.
func TestPage_NonceSlot(t *testing.T) {
	for _, slot := range []string{
		`<meta name="csp-nonce" content="" />`, `<meta name="csp-nonce" content="">`, `<meta name="csp-nonce" content>`, `<meta name=csp-nonce>`, `<meta name='csp-nonce' content=''/>`,
	} {
		w := get(Page(fstest.MapFS{"index.html": {Data: []byte("<head>" + slot + "</head>")}}), "/index.html")
		if body := w.Body.String(); !strings.Contains(body, `<meta name="csp-nonce" content="`) || strings.Contains(body, slot) {
			t.Errorf("%s became %s", slot, body)
		}
	}
}

// Whatever path a stranger sends, only files of the page come back.
func FuzzPage(f *testing.F) {
	for _, path := range []string{"/", "/boot.js", "/../x.js", "/assets/main-AbCd1234.js", "//", "/\x00.js", "/.gitkeep"} {
		f.Add(path)
	}
	files := dist()
	page := Page(files)
	f.Fuzz(func(t *testing.T, path string) {
		w := get(page, path)
		if w.Code != http.StatusOK {
			return
		}
		name := strings.TrimPrefix(path, "/")
		if name == "" || name == indexName {
			return
		}
		if file := files[name]; file == nil || string(file.Data) != w.Body.String() || strings.HasPrefix(name, ".") {
			t.Errorf("%q gave %q", path, w.Body)
		}
	})
}

// Whatever body a stranger sends is a call or a refusal, never a crash.
func FuzzCall(f *testing.F) {
	for _, body := range []string{putCall, `{"method":"Odd.Sum","args":[1,2,["a"]]}`, `{}`, `[]`, `null`, `{"args":[null]}`} {
		f.Add([]byte(body))
	}
	list, err := methodsOf([]any{&Odd{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := parseCall(body)
		if err != nil {
			return
		}
		m := list["Odd.Sum"]
		request.Method = "Odd.Sum"
		args, err := m.decode(request)
		if err != nil {
			return
		}
		if _, err := m.invoke(args); err != nil {
			t.Error(err)
		}
	})
}

// A struct that the page could not call properly is found when the program
// starts, not when somebody clicks.
func TestMethodsOf_Refuses(t *testing.T) {
	for name, bound := range map[string]any{"a value": Odd{}, "no struct": new(int), "no error": &noError{}, "variadic": &variadic{}} {
		if _, err := methodsOf([]any{bound}); err == nil {
			t.Errorf("%s is bound", name)
		}
	}
}

type noError struct{}

func (*noError) Get() string { return "" }

type variadic struct{}

func (*variadic) Get(...string) error { return nil }

// A page that takes a wrong passphrase for the end of its session throws the
// person out of the app.
func TestCall_LockedWalletIsNoLostSession(t *testing.T) {
	s := serve(t)
	r := s.call(s.signedIn(), `{"method":"Odd.Locked","args":[]}`)
	if r.status == http.StatusUnauthorized || r.code(t) != core.Unauthenticated {
		t.Errorf("%d %s", r.status, r.body)
	}
}
