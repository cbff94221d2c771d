package gateway

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// Existing clients put, get, list and delete with exactly these requests and read
// exactly these fields.
func TestStorage_Contract(t *testing.T) {
	s := openSite(t)
	s.play([]turn{
		{"GET /v1/storage/get?key=a", "", "", 404, `{"error":"there is no key \"a\"","code":"not_found","request_id":"…"}`},
		{"POST /v1/storage/put?key=a", "one", "", 201, `{"status":"ok","key":"a","size":3,"version":1}`},
		{"GET /v1/storage/get?key=a", "", "", 200, `one`},
		{"POST /v1/storage/get?key=a", "", "", 200, `one`},
		{"POST /v1/storage/get", `{"key":"a","namespace":"red"}`, "", 200, `one`},
		{"GET /v1/storage?key=a", "", "", 200, `one`},
		{"GET /v1/storage/get?key=a", "", `If-None-Match: "1"`, 304, ``},
		{"POST /v1/storage/put", `{"key":"b","value_base64":"AAH/","ttl":"1h"}`, "", 201, `{"status":"ok","key":"b","size":3,"version":2}`},
		{"POST /v1/storage/put", `{"key":"c","value":"text","ttl":60}`, "", 201, `{"status":"ok","key":"c","size":4,"version":3}`},
		{"PUT /v1/storage?key=d&ttl=90", `{"raw":true}`, "", 201, `{"status":"ok","key":"d","size":12,"version":4}`},
		{"GET /v1/storage?key=d", "", "", 200, `{"raw":true}`},
		{"GET /v1/storage/exists?key=d", "", "", 200, `{"exists":true}`},
		{"GET /v1/storage/exists?key=e&level=none&freshness=5s", "", "", 200, `{"exists":false}`},
		{"GET /v1/storage/list", "", "", 200, `{"keys":["a","b","c","d"]}`},
		{"GET /v1/storage/list?limit=2", "", "", 200, `{"keys":["a","b"],"next_cursor":"…"}`},
		{"GET /v1/storage/list?prefix=%25", "", "", 200, `{"keys":[]}`},
		{"POST /v1/storage/list", `{"prefix":"b","values":true}`, "", 200, `{"keys":["b"],"items":[{"key":"b","size":3,"version":2,"updated_at":"…Z","expires_at":"…Z"}]}`},
		{"GET /v1/storage/list?values=true&limit=1", "", "", 200, `{"keys":["a"],"items":[{"key":"a","size":3,"version":1,"updated_at":"…Z"}],"next_cursor":"…"}`},
		{"GET /v1/storage/list?limit=1001", "", "", 400, `…a page has 1 to 1000 keys…`},
		{"POST /v1/storage/delete?key=a", "", "", 200, `{"status":"ok","key":"a","deleted":true}`},
		{"POST /v1/storage/delete", `{"key":"a"}`, "", 200, `{"status":"ok","key":"a","deleted":false}`},
		{
			"POST /v1/storage/batch", `{"ops":[{"op":"put","key":"x","value_base64":"AA=="},{"op":"delete","key":"d"},{"op":"delete","key":"d"}]}`, "", 200,
			`{"status":"ok","results":[{"op":"put","key":"x","version":…},{"op":"delete","key":"d","deleted":true},{"op":"delete","key":"d","deleted":false}]}`,
		},
	})
}

// A caller must hear what to change, and nothing may be stored meanwhile.
func TestStorage_Refusals(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/storage/put?key=a", "one")
	s.play([]turn{
		{"POST /v1/storage/put", "text", "", 400, `…"code":"invalid"…`},
		{"POST /v1/storage/put", `{"key":"b"}`, "", 400, `…send one of the two…`},
		{"POST /v1/storage/put", `{"key":"b","value":"x","value_base64":"eA=="}`, "", 400, `…send one of the two…`},
		{"POST /v1/storage/put", `{"key":"b","value_base64":"!"}`, "", 400, `…is not base64…`},
		{"POST /v1/storage/put", `{"value":"x"}`, "", 400, `…a key has at least one character…`},
		{"POST /v1/storage/put", "{\"key\":\"b\xff\",\"value\":\"x\"}", "", 400, `…not UTF-8…`},
		{"POST /v1/storage/put?key=b%FF", "x", "", 400, `…UTF-8…`},
		{"POST /v1/storage/put?key=b&ttl=-1s", "x", "", 400, `…ttl is longer than nothing…`},
		{"POST /v1/storage/put?key=b&ttl=soon", "x", "", 400, `…ttl is a number of seconds…`},
		{"POST /v1/storage/put?key=b&ttl=1e99", "x", "", 400, `…ttl is a number of seconds…`},
		{"POST /v1/storage/put?key=b", strings.Repeat("x", 4097), "", 413, `…at most 4096 bytes…`},
		{"POST /v1/storage/put?key=" + strings.Repeat("k", 1025), "x", "", 413, `…at most 1024 bytes…`},
		{"POST /v1/storage/put?key=b&namespace=blue", "x", "", 403, `…"code":"denied"…`},
		{"POST /v1/storage/put", `{"key":"b","value":"x","namespace":"blue"}`, "", 403, `…"code":"denied"…`},
		{"POST /v1/storage/put?key=b", "x", "X-API-Key: key:read", 403, `…"code":"denied"…`},
		{"POST /v1/storage/put?key=b", "x", "X-API-Key: none", 401, `…"code":"unauthenticated"…`},
		{"GET /v1/storage/put?key=b", "", "", 400, `…answers POST…`},
		{"POST /v1/storage/batch", `{"ops":[{"op":"put","key":"b","value":"x"},{"op":"put","key":"a","value":"x","if_version":9}]}`, "", 412, `…"code":"precondition_failed"…`},
		{"POST /v1/storage/batch", `{"ops":[{"op":"put","key":"b","value":"x"},{"op":"put","key":"a","value":"x","if_version":0}]}`, "", 412, `…"code":"precondition_failed"…`},
		{"POST /v1/storage/batch", `{"ops":[{"op":"drop","key":"b"}]}`, "", 400, `…operation 1: op is…`},
		{"POST /v1/storage/batch", `{"ops":[]}`, "", 400, `…at least one…`},
		{"GET /v1/storage/list", "", "", 200, `{"keys":["a"]}`},
	})
}

// A value that comes back changed by one byte is a broken store.
func TestStorage_BytesComeBackAsTheyWere(t *testing.T) {
	s := openSite(t)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for name, value := range map[string][]byte{"every": every, "nothing": {}, "json": []byte(`{"key":"no"}`), "long": bytes.Repeat([]byte{0xff}, 4096)} {
		// Older clients send this type whatever the body is.
		s.must("POST /v1/storage/put?key="+name, string(value), "Content-Type: application/json")
		got := s.must("GET /v1/storage/get?key="+name, "")
		if got.body != string(value) || got.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %q came back as %q", name, value, got.body)
		}
		if modified := got.header.Get("Last-Modified"); got.header.Get("ETag") == "" || modified == "" {
			t.Errorf("%s: no ETag or Last-Modified %q", name, modified)
		} else if _, err := http.ParseTime(modified); err != nil {
			t.Error(err)
		}
	}
}

// Two writers with the same condition must not both win.
func TestStorage_Conditions(t *testing.T) {
	s := openSite(t)
	s.play([]turn{
		{"POST /v1/storage/put?key=a", "1", `If-Match: "1"`, 412, `…precondition_failed…`},
		{"POST /v1/storage/put?key=a", "1", "If-None-Match: *", 201, `…"version":1}`},
		{"POST /v1/storage/put?key=a", "2", "If-None-Match: *", 412, `…precondition_failed…`},
		{"POST /v1/storage/put?key=a", "2", `If-Match: "1"`, 201, `…"version":2}`},
		{"POST /v1/storage/put?key=a", "3", `If-Match: 1`, 412, `…precondition_failed…`},
		{"POST /v1/storage/put?key=a", "3", `If-Match: 2`, 201, `…"version":3}`},
		{"POST /v1/storage/put?key=a", "4", `If-Match: 0`, 412, `…precondition_failed…`},
		{"POST /v1/storage/put?key=a", "4", `If-Match: *`, 400, `…"code":"invalid"…`},
		{"POST /v1/storage/put?key=a", "4", `If-None-Match: "3"`, 400, `…"code":"invalid"…`},
		{"POST /v1/storage/delete?key=a", "", `If-Match: 2`, 412, `…precondition_failed…`},
		{"GET /v1/storage?key=a", "", "", 200, `3`},
		{"POST /v1/storage/delete?key=a", "", `If-Match: 3`, 200, `…"deleted":true}`},
	})
}

// A client that repeats a write because it heard no answer must not write twice.
func TestStorage_IdempotencyKey(t *testing.T) {
	s := openSite(t)
	const key = "Idempotency-Key: once"
	first := s.must("POST /v1/storage/put?key=a", "1", key)
	s.must("POST /v1/storage/put?key=a", "2")
	if again := s.must("POST /v1/storage/put?key=a", "1", key); again.body != first.body {
		t.Errorf("the repetition answered %s, the first %s", again.body, first.body)
	}
	s.play([]turn{
		{"GET /v1/storage?key=a", "", "", 200, "2"},
		{"POST /v1/storage/put?key=a", "other", key, 409, `…"code":"conflict"…`},
		{"POST /v1/storage/delete?key=a", "", "Idempotency-Key: gone", 200, `…"deleted":true}`},
		{"POST /v1/storage/put?key=a", "3", "", 201, `…`},
		{"POST /v1/storage/delete?key=a", "", "Idempotency-Key: gone", 200, `…"deleted":true}`},
		{"GET /v1/storage?key=a", "", "", 200, "3"},
	})
}

// follow reads server-sent events, without ids and the times in them.
type follow struct {
	s    *site
	res  *http.Response
	scan *bufio.Scanner
	id   string // of the last event
}

func (s *site) watch(path string, headers ...string) *follow {
	s.t.Helper()
	res, err := http.DefaultClient.Do(s.request("GET "+path, "", headers...))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { res.Body.Close() }) //nolint:errcheck // it may be cut
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%s: %d %v", path, res.StatusCode, res.Header)
	}
	return &follow{s: s, res: res, scan: bufio.NewScanner(res.Body)}
}

// next is "name data" of the next event.
func (f *follow) next() string {
	f.s.t.Helper()
	name, data := "", ""
	for f.scan.Scan() {
		line := f.scan.Text()
		field, value, _ := strings.Cut(line, ": ")
		switch {
		case line == "" && data != "":
			return name + " " + data
		case field == "event":
			name = value
		case field == "data":
			data = value
		case field == "id":
			f.id = value
		}
	}
	return "end"
}

// Whoever follows changes must see each once, in order, also after a break.
func TestStorage_Watch(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/storage/put?key=before", "0")
	f := s.watch("/v1/storage/watch?prefix=a")
	s.must("POST /v1/storage/put?key=a1&ttl=1h", "12345")
	s.must("POST /v1/storage/put?key=b", "other")
	s.must("POST /v1/storage/delete?key=a1", "")
	for _, want := range []string{
		`put {"operation":"put","key":"a1","version":2,"updated_at":"…","size":5,"expires_at":"…"}`,
		`delete {"operation":"delete","key":"a1","version":4,"updated_at":"…"}`,
	} {
		if got := f.next(); !fits(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if f.id != "4" {
		t.Errorf("the last id is %s", f.id)
	}
	s.must("POST /v1/storage/put?key=a2", "x")
	for path, want := range map[string]string{
		"/v1/storage/watch?since=2": `put {"operation":"put","key":"b",…`,
		"/v1/storage/watch?since=9": `gap {"next":5}`,
	} {
		if got := s.watch(path).next(); !fits(got, want) {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	again := s.watch("/v1/storage/watch?prefix=a&since=1", "Last-Event-ID: 4")
	if got := again.next(); !fits(got, `put {"operation":"put","key":"a2","version":5,…`) {
		t.Errorf("after the break: %s", got)
	}
	s.play([]turn{
		{"GET /v1/storage/watch?since=x", "", "", 400, `…since is one version…`},
		{"GET /v1/storage/watch", "", "X-API-Key: none", 401, `…`},
	})
}

// A stream must not outlive the right to read what it tells.
func TestStorage_WatchEndsWithItsCredential(t *testing.T) {
	s := openSite(t)
	f := s.watch("/v1/storage/watch")
	s.auth.end()
	if got := f.next(); !fits(got, `error {"error":"the credential was revoked","code":"unauthenticated","request_id":"…"}`) {
		t.Error(got)
	}
	if got := f.next(); got != "end" {
		t.Errorf("after the end: %s", got)
	}
}
