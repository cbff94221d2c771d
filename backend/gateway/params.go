package gateway

// This file reads what many requests bring: times, versions, levels, SQL values.

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// brings tells whether a request has a body. One of unknown length has.
func (c *call) brings() bool {
	return c.r.Method != http.MethodGet && c.r.Method != http.MethodHead && c.r.ContentLength != 0
}

// isJSON tells whether the request says that its body is JSON.
func (c *call) isJSON() bool {
	kind, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	return err == nil && (kind == string(jsonBody) || strings.HasSuffix(kind, "+json"))
}

// idempotencyKey is the request's, "" when it has none.
func (c *call) idempotencyKey() string { return c.r.Header.Get("Idempotency-Key") }

// allow asks whether the caller may do what a statement or operation turned out
// to be, beyond what the route itself asks for.
func (c *call) allow(p core.Permission) error {
	return c.g.services.Auth.Allow(c.r.Context(), c.who, c.ns, p)
}

// readFields are the fields of every read.
type readFields struct {
	Level string `json:"level,omitempty"`
	// Freshness is how old an answer at level none may be: seconds, or "2s".
	Freshness any `json:"freshness,omitempty"`
}

// options reads the fields; those of the query count more.
func (f readFields) options(q url.Values) (o core.ReadOptions, err error) {
	if q.Has("level") {
		f.Level = q.Get("level")
	}
	if q.Has("freshness") {
		f.Freshness = q.Get("freshness")
	}
	if o.Level, err = core.ParseLevel(f.Level); err != nil {
		return o, err
	}
	o.Freshness, err = span("freshness", f.Freshness)
	return o, err
}

// levelParams are the parameters of every read.
func levelParams(more ...param) []param {
	return append(more,
		param{name: "level", help: "How fresh the answer must be: linearizable (default), weak or none."},
		param{name: "freshness", help: "With level none: refuse an answer older than this, as 2s or in seconds."})
}

// span reads a length of time: a number of seconds, or text such as "90s" or
// "1.5". Nothing is 0; else it is positive.
func span(name string, v any) (time.Duration, error) {
	var text string
	switch v := v.(type) {
	case nil:
		return 0, nil
	case json.Number:
		text = string(v)
	case string:
		if text = v; text == "" {
			return 0, nil
		}
	default:
		return 0, core.Errorf(core.Invalid, "%s is a number of seconds or a text such as \"90s\"", name)
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		seconds, errNumber := strconv.ParseFloat(text, 64)
		if errNumber != nil || math.IsNaN(seconds) || math.Abs(seconds) > math.MaxInt64/float64(2*time.Second) {
			return 0, core.Errorf(core.Invalid, "%s is a number of seconds or a text such as \"90s\"", name)
		}
		d = time.Duration(seconds * float64(time.Second))
	}
	if d <= 0 {
		return 0, core.Errorf(core.Invalid, "%s is longer than nothing; leave it out for none", name)
	}
	return d, nil
}

// whole reads a whole number of the query, 0 when it is not there.
func whole(q url.Values, name string) (int, error) {
	text := q.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, core.Errorf(core.Invalid, "%s is a whole number", name)
	}
	return n, nil
}

// yes reads a switch of the query.
func yes(q url.Values, name string) (bool, error) {
	text := q.Get(name)
	if text == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(text)
	if err != nil {
		return false, core.Errorf(core.Invalid, "%s is true or false", name)
	}
	return on, nil
}

// version reads the version of an item, with or without quotes.
func version(name, text string) (core.Version, error) {
	bare := strings.TrimSpace(text)
	if len(bare) > 1 && bare[0] == '"' && bare[len(bare)-1] == '"' {
		bare = bare[1 : len(bare)-1]
	}
	n, err := strconv.ParseUint(bare, 10, 63)
	if err != nil {
		return 0, core.Errorf(core.Invalid, "%s is one version, as ETag or \"version\" told it", name)
	}
	return core.Version(n), nil
}

// unbase64 reads base64 with or without padding (RFC 4648, section 4).
func unbase64(name, text string) ([]byte, error) {
	value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "%s is not base64", name)
	}
	return value, nil
}

// statement is one SQL statement in a body: its text alone, or an object. Kind
// is of the older clients: "exec" or "query".
//
// A value is null, true, false, a number, a text, or {"base64": "…"} for a BLOB.
// A whole number is kept whole; one that 64 bits do not hold is refused and never
// rounded.
type statement struct {
	Kind  string         `json:"kind,omitempty"`
	SQL   string         `json:"sql"`
	Args  []any          `json:"args,omitempty"`
	Named map[string]any `json:"named,omitempty"`
}

// UnmarshalJSON reads "sql" or {"sql": …, "args": …}.
func (s *statement) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &s.SQL)
	}
	type plain statement
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*plain)(s))
}

// values makes the statement that the database takes.
func (s statement) values() (core.Statement, error) {
	out := core.Statement{SQL: s.SQL, Args: s.Args, Named: s.Named}
	if s.SQL == "" {
		return out, core.Errorf(core.Invalid, "sql is missing")
	}
	var err error
	for i, v := range s.Args {
		if s.Args[i], err = value(v); err != nil {
			return out, core.Wrap(core.Invalid, err, "value %d: %s", i+1, core.Sentence(err))
		}
	}
	for name, v := range s.Named {
		if s.Named[name], err = value(v); err != nil {
			return out, core.Wrap(core.Invalid, err, "value %q: %s", name, core.Sentence(err))
		}
	}
	return out, nil
}

// value makes a parameter of what JSON brought.
func value(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, string:
		return v, nil
	case json.Number:
		return core.ParseNumber(string(v))
	case map[string]any:
		if text, is := v["base64"].(string); is && len(v) == 1 {
			return unbase64("base64", text)
		}
	}
	return nil, core.Errorf(core.Invalid, `it is null, true, false, a number, text, or {"base64": "…"} for bytes`)
}

// names is a list of names; one alone may stand without brackets.
type names []string

// UnmarshalJSON reads ["a", "b"] or "a".
func (n *names) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*n = names{""}
		return json.Unmarshal(data, &(*n)[0])
	}
	return json.Unmarshal(data, (*[]string)(n))
}

// decodeIfAny is decode for requests that may say all in the query.
func (c *call) decodeIfAny(v any) error {
	if !c.brings() {
		return nil
	}
	if c.r.ContentLength < 0 { // it may be empty
		raw, err := c.read(MaxJSONBytes, "a JSON body")
		if err != nil || len(raw) == 0 {
			return err
		}
		c.r.Body, c.r.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
	}
	return c.decode(v)
}

// ended says why a stream ends: the credential's end brings its own reason.
func ended(cause error) error {
	if coded, ok := errors.AsType[*core.Error](cause); ok {
		return coded
	}
	return core.Wrap(core.Unavailable, cause, "the stream was ended; connect again")
}
