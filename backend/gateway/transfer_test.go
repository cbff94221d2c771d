package gateway

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// What was exported must come back as it was, whatever form it had.
func TestTransfer_ThereAndBack(t *testing.T) {
	from := openSite(t)
	from.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (id INTEGER PRIMARY KEY, v, b BLOB)"}`)
	from.must("POST /v1/db/query", `{"sql":"INSERT INTO t (v, b) VALUES (9007199254740993, x'00ff'), ('text; -- é', NULL)"}`)
	from.must("POST /v1/storage/put?key=k", "\x00\xff")
	rows := from.must("POST /v1/db/query", `{"sql":"SELECT * FROM t"}`).field("rows")
	tests := map[string]struct{ file, magic, answer string }{
		"sqlite": {"red.sqlite", "SQLite format 3\x00", `{"status":"ok","format":"sqlite","tables":1,"rows":2,…`},
		"sql":    {"red.sql", "-- ", `{"status":"ok","format":"sql","tables":1,"rows":2,…`},
		"backup": {"red.debros", "debros backup\n", `{"status":"ok","format":"backup","backup":{…`},
		"kv":     {"red.jsonl", `{"key":"k"`, `{"status":"ok","format":"kv","tables":0,…"keys":1,…`},
	}
	for format, want := range tests {
		t.Run(format, func(t *testing.T) {
			file := from.must("GET /v1/db/export?format="+format, "")
			if name := file.header.Get("Content-Disposition"); name != `attachment; filename="`+want.file+`"` || !strings.HasPrefix(file.body, want.magic) {
				t.Errorf("%s, begins with %.20q", name, file.body)
			}
			to := openSite(t)
			got := to.must("POST /v1/db/import", file.body, "Content-Type: application/octet-stream")
			if !fits(strings.TrimSpace(got.body), want.answer) {
				t.Errorf("import: %s", got.body)
			}
			if format != "kv" {
				if back := to.must("POST /v1/db/query", `{"sql":"SELECT * FROM t"}`).field("rows"); back != rows {
					t.Errorf("came back as %s, was %s", back, rows)
				}
			}
			if format == "kv" || format == "backup" {
				if back := to.must("GET /v1/storage?key=k", "").body; back != "\x00\xff" {
					t.Errorf("the key came back as %q", back)
				}
			}
			again := to.do("POST /v1/db/import?existing=fail", file.body, "Content-Type: application/octet-stream")
			if again.status < 400 || again.status >= 500 {
				t.Errorf("over what is there: %d %s", again.status, again.body)
			}
			to.must("POST /v1/db/import?existing=replace", file.body, "Content-Type: application/octet-stream")
		})
	}
}

// A caller must hear what is wrong with a file, with nothing changed by it.
func TestTransfer_Refusals(t *testing.T) {
	s := openSite(t)
	s.play([]turn{
		{"GET /v1/db/export", "", "", 404, `…"code":"not_found"…`},
		{"GET /v1/db/export?format=zip", "", "", 400, `…format is sqlite, sql, backup or kv…`},
		{"GET /v1/db/export?format=kv", "", "", 200, ``},
		{"POST /v1/db/import", "", "", 400, `…the file is empty…`},
		{"POST /v1/db/import", "\x00\x01\x02", "", 400, `…name it with ?format=…`},
		{"POST /v1/db/import?format=zip", "x", "", 400, `…format is sqlite, sql, backup or kv…`},
		{"POST /v1/db/import?existing=maybe", "CREATE TABLE t (v);", "", 400, `…not with \"maybe\"…`},
		{"POST /v1/db/import?existing=append", "debros backup\n", "", 400, `…existing is fail or replace…`},
		{"POST /v1/db/import", "CREATE TABLE t (v); ATTACH 'x' AS y;", "", 400, `…ATTACH is not available…`},
		{"POST /v1/db/import", "SQLite format 3\x00 and nothing", "", 400, `…"code":"invalid"…`},
		{"POST /v1/db/import", "{\"key\":1}\n", "", 400, `…line 1: …`},
	})
}

// slowTransfer takes an import as it comes.
type slowTransfer struct {
	Transfer
	first chan string
}

func (s slowTransfer) Import(_ context.Context, _ core.Namespace, _ core.Transfer, _ bool, r io.Reader) (core.TransferResult, error) {
	head := make([]byte, sniffBytes)
	if _, err := io.ReadFull(r, head); err != nil {
		return core.TransferResult{}, err
	}
	s.first <- string(head)
	n, err := io.Copy(io.Discard, r)
	return core.TransferResult{Rows: n}, err
}

// An import that waits for the whole body before it begins needs as much memory
// as the largest database.
func TestTransfer_ImportIsStreamed(t *testing.T) {
	s := openSite(t)
	slow := slowTransfer{first: make(chan string, 1)}
	s.g.services.Transfer = slow
	body, feed := io.Pipe()
	r := s.request("POST /v1/db/import", "")
	r.Body, r.ContentLength = body, -1
	r.Header.Set("Content-Type", "application/octet-stream")
	sent := make(chan error, 1)
	go func() {
		_, err := io.WriteString(feed, strings.Repeat("-", sniffBytes))
		if head := <-slow.first; err == nil && head != strings.Repeat("-", sniffBytes) { // before the rest is sent
			err = errors.New("the beginning came as " + head)
		}
		_, errRest := io.WriteString(feed, "rest")
		sent <- errors.Join(err, errRest, feed.Close())
	}()
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(<-sent, res.Body.Close()); err != nil || res.StatusCode != http.StatusOK {
		t.Error(res.StatusCode, err)
	}
}

// A sender whose line breaks must not leave the gateway waiting for the rest.
func TestTransfer_BrokenImport(t *testing.T) {
	s := openSite(t)
	body, feed := io.Pipe()
	r := s.request("POST /v1/db/import", "")
	r.Body, r.ContentLength = body, -1
	r.Header.Set("Content-Type", "application/octet-stream")
	broken := errors.New("the line is cut")
	done := make(chan error, 1)
	go func() {
		_, err := io.WriteString(feed, "CREATE TABLE t (v);\n"+strings.Repeat("INSERT INTO t VALUES (1);\n", 100))
		done <- errors.Join(err, feed.CloseWithError(broken))
	}()
	res, err := http.DefaultClient.Do(r)
	if err == nil {
		err = res.Body.Close()
		t.Errorf("answered %d, %v", res.StatusCode, err)
	} else if !errors.Is(err, broken) {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	s.must("POST /v1/db/query", `{"sql":"SELECT 1"}`)
}

// deadlines notes how long a connection would wait.
type deadlines struct {
	http.ResponseWriter
	read, write []time.Duration
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.read = append(d.read, time.Until(at))
	return nil
}

func (d *deadlines) SetWriteDeadline(at time.Time) error {
	d.write = append(d.write, time.Until(at))
	return nil
}

// Who sends or reads nothing for half a minute must be cut off, and who is only
// slow must not: each piece has its own time.
func TestTransfer_EachPieceHasItsTime(t *testing.T) {
	d := &deadlines{ResponseWriter: httptest.NewRecorder()}
	control := http.NewResponseController(d)
	in := &receiver{r: strings.NewReader("abc"), control: control}
	out := &sender{w: d, control: control, name: "x", mediaType: "y"}
	for piece := make([]byte, 1); ; {
		if _, err := in.Read(piece); err != nil {
			break
		}
		if _, err := out.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.read) != 4 || len(d.write) != 3 {
		t.Fatalf("%d and %d deadlines", len(d.read), len(d.write))
	}
	for _, left := range append(d.read, d.write...) {
		if left <= 0 || left > MaxStallTime {
			t.Errorf("a piece has %v", left)
		}
	}
}
