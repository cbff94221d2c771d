package signin

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

func openCallback(t *testing.T) (*Callback, *opened[Key]) {
	t.Helper()
	log := &safeBuffer{}
	c, err := ListenCallback(t.Context(), dist(), slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	origin, state, _ := strings.Cut(c.URL(), "/?state=")
	return c, serve(t, origin, state, log, c.Run)
}

// The key that the gateway made reaches the program, once, and no log.
func TestCallback_Key(t *testing.T) {
	c, o := openCallback(t)
	if page := o.send(http.MethodGet, "/?state="+o.secret, "", nil); !strings.Contains(page.body, `data-mode="callback"`) {
		t.Errorf("the page: %d %s", page.status, page.body)
	}
	if r := o.post("/answer", keyCall{"ak_canary", "shop"}); r.status != http.StatusOK {
		t.Fatalf("%d %s", r.status, r.body)
	}
	e := o.await()
	if e.err != nil || e.value.APIKey.Reveal() != "ak_canary" || e.value.Namespace != "shop" {
		t.Errorf("%+v", e)
	}
	if r := o.post("/answer", keyCall{"ak_second", "shop"}); r.status != 0 {
		t.Errorf("a second key: %d", r.status)
	}
	if log := o.log.String(); strings.Contains(log, "ak_canary") || strings.Contains(log, o.secret) {
		t.Error("the log holds the key or the state")
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Another page opens the port with a key of its own: the person would write their
// data into a stranger's namespace.
func TestAttack_ForeignKey(t *testing.T) {
	_, o := openCallback(t)
	const key = `{"api_key":"ak_evil","namespace":"evil"}`
	for name, tt := range map[string]struct {
		change func(*http.Request)
		want   core.Code
	}{
		"no state":       {func(r *http.Request) { r.Header.Del(sessionHeader) }, core.Unauthenticated},
		"another state":  {func(r *http.Request) { r.Header.Set(sessionHeader, strings.Repeat("A", 43)) }, core.Unauthenticated},
		"foreign origin": {func(r *http.Request) { r.Header.Set("Origin", "https://gateway.example") }, core.Denied},
		"cross-site":     {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, core.Denied},
		"rebound name":   {func(r *http.Request) { r.Host = "evil.example" }, core.Denied},
		"a form":         {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, core.Invalid},
	} {
		if r := o.send(http.MethodPost, "/answer", key, tt.change); r.code() != tt.want {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	for name, call := range map[string]keyCall{
		"no key": {"", "shop"}, "a long key": {strings.Repeat("a", 2000), "shop"}, "a key of two lines": {"ak_1\r\nX: y", "shop"},
		"no namespace": {"ak_1", ""}, "a reserved namespace": {"ak_1", "system"}, "an odd namespace": {"ak_1", "../x"},
	} {
		if r := o.post("/answer", call); r.code() != core.Invalid {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	o.stop()
	if e := o.await(); e.err == nil {
		t.Errorf("%+v", e.value)
	}
}

// The browser is sent from the gateway's public page to this port: that one
// navigation must pass, although it comes from another site.
func TestCallback_NavigationFromTheGateway(t *testing.T) {
	c, o := openCallback(t)
	r := o.send(http.MethodGet, "/?state="+o.secret, "", func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	})
	if r.status != http.StatusOK {
		t.Errorf("%d %s", r.status, r.body)
	}
	u, err := url.Parse(c.LoginURL("https://gateway.example/"))
	if err != nil || u.Host != "gateway.example" || u.Path != LoginPath || u.Query().Get("callback") != c.URL() || checkCallback(c.URL()) != nil {
		t.Errorf("%v %v", u, err)
	}
	if c.Host() != strings.TrimPrefix(o.url, "http://") {
		t.Errorf("host %s", c.Host())
	}
}
