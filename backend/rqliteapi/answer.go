package rqliteapi

// This file writes answers in rqlite's form.

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// outcome is what one statement came to: rows, a count, or why it failed.
type outcome struct {
	rows   *core.Rows
	result core.ExecResult
	failed string // "" when it did not
	took   time.Duration
}

// answer is the whole body.
type answer struct {
	Results   []any   `json:"results"`
	Error     string  `json:"error,omitempty"`
	Time      float64 `json:"time,omitempty"`
	Sequence  int64   `json:"sequence_number,omitempty"`
	RaftIndex uint64  `json:"raft_index,omitempty"`
}

type resultAnswer struct {
	LastInsertID int64   `json:"last_insert_id,omitempty"`
	RowsAffected int64   `json:"rows_affected,omitempty"`
	Error        string  `json:"error,omitempty"`
	Time         float64 `json:"time,omitempty"`
}

// resultWithRows tells a write from a read where rows are associative.
type resultWithRows struct {
	resultAnswer
	Rows []map[string]any `json:"rows"` // always null
}

type rowsAnswer struct {
	Columns []string `json:"columns,omitempty"`
	Types   []string `json:"types,omitempty"`
	Values  [][]any  `json:"values,omitempty"`
	Time    float64  `json:"time,omitempty"`
}

type associativeAnswer struct {
	Types map[string]string `json:"types,omitempty"`
	Rows  []map[string]any  `json:"rows"`
	Time  float64           `json:"time,omitempty"`
}

type errorAnswer struct {
	Error string `json:"error"`
}

// byteArray is a BLOB as a list of numbers.
type byteArray []byte

// MarshalJSON writes [1,2,3].
func (b byteArray) MarshalJSON() ([]byte, error) {
	out := make([]byte, 0, 4*len(b)+2)
	out = append(out, '[')
	for i, one := range b {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendUint(out, uint64(one), 10)
	}
	return append(out, ']'), nil
}

// form gives an outcome the shape that the parameters ask for.
func (o outcome) form(p params) any {
	var took float64
	if p.timings {
		took = o.took.Seconds()
	}
	switch {
	case o.failed != "":
		return errorAnswer{Error: o.failed}
	case o.rows == nil:
		result := resultAnswer{LastInsertID: o.result.LastInsertID, RowsAffected: o.result.RowsAffected, Time: took}
		if p.associative {
			return resultWithRows{resultAnswer: result}
		}
		return result
	}
	if problem := unspeakable(o.rows); problem != "" {
		return errorAnswer{Error: problem}
	}
	types, values := typesOf(o.rows), o.rows.Values
	if p.blobArray {
		values = withByteArrays(values)
	}
	if !p.associative {
		return rowsAnswer{Columns: o.rows.Columns, Types: types, Values: values, Time: took}
	}
	a := associativeAnswer{Types: make(map[string]string, len(types)), Rows: make([]map[string]any, len(values)), Time: took}
	for i, column := range o.rows.Columns {
		a.Types[column] = types[i]
	}
	for i, row := range values {
		a.Rows[i] = make(map[string]any, len(row))
		for j, cell := range row {
			a.Rows[i][o.rows.Columns[j]] = cell
		}
	}
	return a
}

// typesOf are the declared types in lower case. An expression has none: its
// type is that of its first value.
func typesOf(rows *core.Rows) []string {
	types := make([]string, len(rows.Columns))
	for i := range types {
		if i < len(rows.Types) {
			types[i] = strings.ToLower(rows.Types[i])
		}
		if types[i] != "" || len(rows.Values) == 0 {
			continue
		}
		switch rows.Values[0][i].(type) {
		case int64:
			types[i] = "integer"
		case float64:
			types[i] = "real"
		case string:
			types[i] = "text"
		case []byte:
			types[i] = "blob"
		}
	}
	return types
}

// unspeakable names a cell that JSON cannot hold as it is; writing something
// like it would be a wrong answer.
func unspeakable(rows *core.Rows) string {
	for _, row := range rows.Values {
		for i, cell := range row {
			switch v := cell.(type) {
			case float64:
				if math.IsInf(v, 0) || math.IsNaN(v) {
					return "column " + rows.Columns[i] + " holds an infinite number, which JSON has not; read it with CAST(… AS TEXT)"
				}
			case string:
				if !utf8.ValidString(v) {
					return "column " + rows.Columns[i] + " holds text that is not UTF-8; read it with CAST(… AS BLOB)"
				}
			}
		}
	}
	return ""
}

func withByteArrays(values [][]any) [][]any {
	out := make([][]any, len(values))
	for i, row := range values {
		out[i] = make([]any, len(row))
		for j, cell := range row {
			if blob, is := cell.([]byte); is {
				cell = byteArray(blob)
			}
			out[i][j] = cell
		}
	}
	return out
}

// write sends a body as JSON.
func (a *API) write(w http.ResponseWriter, r *http.Request, p params, status int, body any) {
	var text []byte
	var err error
	if p.pretty {
		text, err = json.MarshalIndent(body, "", "    ")
	} else {
		text, err = json.Marshal(body)
	}
	if err != nil {
		a.log.ErrorContext(r.Context(), "an answer could not be written as JSON", core.KeyError, err)
		status, text = http.StatusInternalServerError, []byte(`{"error":"the answer could not be written as JSON"}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(text); err != nil {
		a.log.DebugContext(r.Context(), "answer not delivered", core.KeyError, err)
	}
}

// errNotHere marks errors about what this API has not.
var errNotHere = errors.New("not part of this API")

func errUnsupported(format string, args ...any) error {
	return core.Wrap(core.Invalid, errNotHere, format, args...)
}

// fail answers a request that was not worked on, or of which nothing is known.
// The body is JSON also where rqlite has plain text: rqlite's shell shows it.
//
// What may have happened is no failure of HTTP: rqlite's clients repeat a
// request at the next node when the status is not 200.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	code := core.CodeOf(err)
	status := code.HTTPStatus()
	switch code {
	case core.Internal:
		a.log.ErrorContext(r.Context(), "request failed", core.KeyError, err)
		status = http.StatusOK
	case core.OutcomeUnknown:
		status = http.StatusOK
	case core.Limited:
		status = http.StatusServiceUnavailable
	case core.Invalid:
		if errors.Is(err, errNotHere) {
			status = http.StatusNotImplemented
		}
	case core.Unauthenticated, core.Denied, core.NotFound, core.Conflict, core.PreconditionFailed, core.TooLarge, core.Unavailable:
	}
	a.write(w, r, params{}, status, errorAnswer{Error: core.Sentence(err)})
}
