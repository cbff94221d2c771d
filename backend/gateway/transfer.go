package gateway

// This file moves whole namespaces over HTTP. Nothing is held in memory: bytes
// go through as they come, for as long as they keep coming.

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// sqliteMagic begins every SQLite file (SQLite's file format, section 1.3).
	sqliteMagic = "SQLite format 3\x00"
	backupMagic = "debros backup\n" // as package database writes it
	// sniffBytes of an import are looked at to see what it is.
	sniffBytes = 512
)

// importAnswer is what an import did.
type importAnswer struct {
	Status string `json:"status"`
	Format string `json:"format"`
	core.TransferResult
}

func (g *Gateway) transferRoutes() []route {
	admin := needs(core.PermissionAdmin)
	const formats = "sqlite (default), sql, backup (everything, to be restored as a whole) or kv (keys, one JSON object per line)."
	return withService(g.services.Transfer != nil, []route{
		{
			methods: "GET", path: "/v1/db/export", access: admin, stream: true, serve: g.exportData,
			summary: "Sends the namespace's data as a file.",
			params:  []param{{name: "format", help: formats}, {name: "prefix", help: "With kv: only keys that begin with this text."}},
		},
		{
			methods: "POST", path: "/v1/db/import", access: admin, body: streamBody, response: importAnswer{}, serve: g.importData,
			summary: "Stores a file that an export made, or any SQLite file or SQL text.",
			params: []param{
				{name: "format", help: "As of an export; left out, the file's beginning decides."},
				{name: "existing", help: "What happens to what is there: fail (default), replace, append (tables) or skip (keys)."},
			},
		},
	})
}

// fileOf is the name and type that a browser gives to an exported file.
func fileOf(kind string, ns core.Namespace) (name, mediaType string, err error) {
	switch kind {
	case core.TransferSQLite:
		return string(ns) + ".sqlite", "application/vnd.sqlite3", nil
	case core.TransferSQL:
		return string(ns) + ".sql", "application/sql", nil
	case core.TransferBackup:
		return string(ns) + ".debros", string(rawBody), nil
	case core.TransferKV:
		return string(ns) + ".jsonl", "application/x-ndjson", nil
	}
	return "", "", core.Errorf(core.Invalid, "format is %s, %s, %s or %s", core.TransferSQLite, core.TransferSQL, core.TransferBackup, core.TransferKV)
}

// exportData sends the file. What goes wrong before its first byte has a status;
// after it, the connection is cut, so that half a file cannot be taken for a whole.
func (g *Gateway) exportData(c *call) error {
	q := c.queries()
	kind := q.Get("format")
	if kind == "" {
		kind = core.TransferSQLite
	}
	name, mediaType, err := fileOf(kind, c.ns)
	if err != nil {
		return err
	}
	// An export is read from a replica. A credential that counts everywhere is
	// passed on to who has one, once.
	if (c.who.Method == core.MethodJWT || c.who.Method == core.MethodAPIKey) && !c.peer() {
		if carrier := g.services.Transfer.Elsewhere(c.r.Context(), c.ns); carrier != nil {
			return c.passCounted(carrier)
		}
	}
	ctx, cancel := g.services.Auth.Until(c.r.Context(), c.who, c.ns, core.PermissionAdmin)
	defer cancel()
	out := &sender{w: c.w, control: http.NewResponseController(c.w), name: name, mediaType: mediaType}
	_, err = g.services.Transfer.Export(ctx, c.ns, core.Transfer{Kind: kind, Prefix: q.Get("prefix")}, out)
	switch {
	case err != nil:
		return err
	case !out.begun: // no key at all: an empty file
		_, err = out.Write(nil)
	}
	return err
}

// sender begins the answer with its first byte and gives a slow reader some time
// for each piece instead of for all.
type sender struct {
	w               http.ResponseWriter
	control         *http.ResponseController
	name, mediaType string
	begun           bool
}

func (s *sender) Write(p []byte) (int, error) {
	if !s.begun {
		s.begun = true
		h := s.w.Header()
		h.Set("Content-Type", s.mediaType)
		h.Set("Content-Disposition", `attachment; filename="`+s.name+`"`)
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(MaxStallTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return s.w.Write(p)
}

func (g *Gateway) importData(c *call) error {
	q := c.queries()
	ctx, cancel := g.services.Auth.Until(c.r.Context(), c.who, c.ns, core.PermissionAdmin)
	defer cancel()
	control := http.NewResponseController(c.w)
	// The answer comes when all is stored, however long that takes.
	if err := control.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	body := bufio.NewReaderSize(&receiver{r: c.r.Body, control: control}, 64<<10)
	t := core.Transfer{Kind: q.Get("format"), Existing: q.Get("existing")}
	if t.Kind == "" {
		head, err := body.Peek(sniffBytes)
		if err != nil && !errors.Is(err, io.EOF) {
			return core.Wrap(core.Invalid, err, "the file did not arrive")
		}
		if t.Kind = sniff(head); t.Kind == "" {
			return core.Errorf(core.Invalid, "the file is empty, or nothing that can be seen from its beginning; name it with ?format=")
		}
	}
	if _, _, err := fileOf(t.Kind, c.ns); err != nil {
		return err
	}
	replace := t.Existing == core.ExistingReplace
	if t.Kind == core.TransferBackup && !replace && t.Existing != "" && t.Existing != core.ExistingFail {
		return core.Errorf(core.Invalid, "a backup is restored as a whole: existing is fail or replace")
	}
	result, err := g.services.Transfer.Import(ctx, c.ns, t, replace, body)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, importAnswer{Status: "ok", Format: t.Kind, TransferResult: result})
}

// sniff says what a file is, "" when it has no text and no known beginning.
func sniff(head []byte) string {
	text := bytes.TrimSpace(head)
	switch {
	case len(text) == 0:
		return ""
	case strings.HasPrefix(string(head), sqliteMagic):
		return core.TransferSQLite
	case strings.HasPrefix(string(head), backupMagic):
		return core.TransferBackup
	case text[0] == '{':
		return core.TransferKV
	case bytes.IndexByte(head, 0) >= 0:
		return ""
	}
	return core.TransferSQL
}

// receiver gives a slow sender some time for each piece instead of for all.
type receiver struct {
	r       io.Reader
	control *http.ResponseController
}

func (b *receiver) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(MaxStallTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	n, err := b.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = core.Wrap(core.Unavailable, err, "the file did not arrive whole: nothing came for %v, or the connection broke", MaxStallTime)
	}
	return n, err
}
