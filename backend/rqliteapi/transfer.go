package rqliteapi

// This file moves whole databases: backups out, files in.

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// sqliteMagic begins every SQLite file.
const sqliteMagic = "SQLite format 3\x00"

// backup sends the namespace's tables.
func (a *API) backup(w http.ResponseWriter, r *http.Request, p params) error {
	for _, name := range []string{"tables", "compress"} {
		if p.values.Has(name) {
			return errUnsupported("a backup with %q is not available; take a whole one, or export with the debros command: debros sql export", name)
		}
	}
	out := &sender{w: w, control: http.NewResponseController(w), kind: "application/octet-stream"}
	kind := core.TransferSQLite
	switch p.values.Get("fmt") {
	case "", "binary", "delete":
	case "sql":
		kind, out.kind = core.TransferSQL, "application/sql"
	default:
		return core.Errorf(core.Invalid, "fmt is sql, or left out for an SQLite file")
	}
	release, err := take(r, a.transfers)
	if err != nil {
		return err
	}
	defer release()
	err = a.database.Export(r.Context(), a.settings.Namespace, kind, out)
	if err != nil && out.begun {
		a.log.WarnContext(r.Context(), "a backup was cut off", core.KeyError, err)
		panic(http.ErrAbortHandler) // the only way to tell: the status is sent already
	}
	return err
}

// sender begins the answer with the first byte, so that what goes wrong before
// it still has a status of its own, and gives a slow reader some time for each piece.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
	kind    string
	begun   bool
}

func (s *sender) Write(p []byte) (int, error) {
	if !s.begun {
		s.w.Header().Set("Content-Type", s.kind)
		s.begun = true
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(maxStallTime)); err != nil {
		return 0, err
	}
	return s.w.Write(p)
}

// load stores an SQLite file or SQL text.
func (a *API) load(w http.ResponseWriter, r *http.Request, p params) error {
	if a.settings.MaxLoadBytes > 0 && r.ContentLength > a.settings.MaxLoadBytes {
		return core.Errorf(core.TooLarge, "a file may have %d bytes here; database.max_database_size decides it", a.settings.MaxLoadBytes)
	}
	release, err := take(r, a.transfers)
	if err != nil {
		return err
	}
	defer release()
	control := http.NewResponseController(w)
	if err = control.SetWriteDeadline(time.Time{}); err != nil { // the answer comes when all is stored
		return err
	}
	body := bufio.NewReader(&receiver{r: limited(w, r.Body, a.settings.MaxLoadBytes), control: control})
	t := core.Transfer{Kind: core.TransferSQL, Existing: p.values.Get("existing")}
	if head, _ := body.Peek(len(sqliteMagic)); string(head) == sqliteMagic { //nolint:errcheck // shorter bodies are text
		t.Kind = core.TransferSQLite
	}
	began := time.Now()
	result, err := a.database.Import(r.Context(), a.settings.Namespace, t, body)
	switch core.CodeOf(err) {
	case "":
	case core.Invalid, core.Conflict:
		err = core.Wrap(core.CodeOf(err), err, "%s (what is there is kept unless the path says /db/load?existing=replace or ?existing=append)", strings.TrimSuffix(core.Sentence(err), "."))
		if t.Kind == core.TransferSQL { // rqlite tells mistakes in SQL in the answer
			a.write(w, r, p, http.StatusOK, answer{Results: []any{errorAnswer{Error: core.Sentence(err)}}})
			return nil
		}
		return err
	case core.Unauthenticated, core.Denied, core.NotFound, core.PreconditionFailed, core.TooLarge, core.Limited, core.OutcomeUnknown, core.Unavailable, core.Internal:
		return err
	}
	done := answer{Results: []any{}}
	if t.Kind == core.TransferSQL {
		done.Results = append(done.Results, outcome{result: core.ExecResult{RowsAffected: result.Rows}, took: time.Since(began)}.form(p))
	}
	if p.timings {
		done.Time = time.Since(began).Seconds()
	}
	a.write(w, r, p, http.StatusOK, done)
	return nil
}

func limited(w http.ResponseWriter, body io.ReadCloser, most int64) io.Reader {
	if most <= 0 {
		return body
	}
	return http.MaxBytesReader(w, body, most)
}

// receiver gives a slow sender some time for each piece instead of for all.
type receiver struct {
	r       io.Reader
	control *http.ResponseController
}

func (b *receiver) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(maxStallTime)); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}
