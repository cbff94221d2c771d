package rqliteapi

// This file reads the statements in the body of a request. The body is read
// token by token, so that what is kept is never much larger than what was sent.

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// statements reads the request's statements: from q, from a body of plain text
// that is one statement, or from JSON.
func statements(r *http.Request, p params) ([]core.Statement, error) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		if p.sql == "" {
			return nil, core.Errorf(core.Invalid, "there is no statement; write it into q, or send it with POST")
		}
		return []core.Statement{{SQL: p.sql}}, nil
	}
	body, err := io.ReadAll(r.Body) //nolint:forbidigo // enter has put a limit around it
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, core.Wrap(core.TooLarge, err, "a request may have %d bytes; send it in parts", tooLarge.Limit)
	}
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the body could not be read to its end; nothing was run")
	}
	if !utf8.Valid(body) { // the decoder would replace what it cannot read
		return nil, core.Errorf(core.Invalid, "the body is not UTF-8 text; send other bytes as an array of numbers or as x'…'")
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && kind == "text/plain" {
		return []core.Statement{{SQL: string(body)}}, nil
	}
	return parseStatements(body)
}

// parseStatements reads ["sql", …] and [["sql", value, …], ["sql", {"name": value}]].
func parseStatements(body []byte) ([]core.Statement, error) {
	d := decoder{json.NewDecoder(bytes.NewReader(body))}
	d.UseNumber()
	if t, err := d.token(); err != nil || t != json.Delim('[') {
		return nil, errForm(err)
	}
	var list []core.Statement
	for d.More() {
		if len(list) == MaxStatements {
			return nil, core.Errorf(core.TooLarge, "one request may have %d statements; send it in parts", MaxStatements)
		}
		s, err := d.statement()
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	if _, err := d.token(); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, core.Errorf(core.Invalid, "there is something behind the list of statements")
	}
	if len(list) == 0 {
		return nil, core.Errorf(core.Invalid, "there is no statement in the list")
	}
	return list, nil
}

// errForm says how a body looks, unless it was no JSON at all.
func errForm(err error) error {
	if err != nil {
		return err
	}
	return core.Errorf(core.Invalid, `the body is a list of statements: ["sql", …], or [["sql", value, …], …]`)
}

type decoder struct{ *json.Decoder }

func (d decoder) token() (json.Token, error) {
	t, err := d.Token()
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the body is not valid JSON")
	}
	return t, nil
}

// statement reads "sql" or ["sql", value, …].
func (d decoder) statement() (core.Statement, error) {
	t, err := d.token()
	if sql, is := t.(string); is {
		return core.Statement{SQL: sql}, nil
	}
	if err != nil || t != json.Delim('[') {
		return core.Statement{}, errForm(err)
	}
	t, err = d.token()
	sql, is := t.(string)
	if err != nil || !is {
		return core.Statement{}, errForm(err)
	}
	s := core.Statement{SQL: sql}
	for d.More() {
		if len(s.Args)+len(s.Named) >= MaxParameters {
			return s, errParameters()
		}
		if t, err = d.token(); err != nil {
			return s, err
		}
		if t == json.Delim('{') {
			err = d.named(&s)
		} else {
			var v any
			v, err = d.value(t)
			s.Args = append(s.Args, v)
		}
		if err != nil {
			return s, err
		}
	}
	_, err = d.token()
	return s, err
}

// named reads the rest of {"name": value, …}.
func (d decoder) named(s *core.Statement) error {
	if s.Named == nil {
		s.Named = map[string]any{}
	}
	for d.More() {
		if len(s.Args)+len(s.Named) >= MaxParameters {
			return errParameters()
		}
		t, err := d.token()
		if err != nil {
			return err
		}
		name, _ := t.(string) //nolint:errcheck // a key is always text
		if t, err = d.token(); err != nil {
			return err
		}
		if s.Named[name], err = d.value(t); err != nil {
			return err
		}
	}
	_, err := d.token()
	return err
}

// value makes a parameter of a token, and of the bytes behind it when it opens
// a list. Text of the form x'…' is a BLOB, as in rqlite.
func (d decoder) value(t json.Token) (any, error) {
	switch v := t.(type) {
	case nil, bool:
		return v, nil
	case json.Number:
		return core.ParseNumber(string(v))
	case string:
		return textOrBlob(v), nil
	case json.Delim:
		if v == '[' {
			return d.bytes()
		}
	}
	return nil, core.Errorf(core.Invalid, "a value is null, true, false, a number, text, or a list of the numbers of its bytes")
}

// bytes reads the rest of a list of bytes.
func (d decoder) bytes() ([]byte, error) {
	b := []byte{}
	for d.More() {
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		n, _ := t.(json.Number) //nolint:errcheck // "" is no number either
		one, err := strconv.ParseUint(string(n), 10, 8)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "a BLOB is a list of whole numbers from 0 to 255")
		}
		b = append(b, byte(one))
	}
	_, err := d.token()
	return b, err
}

func textOrBlob(text string) any {
	t := strings.TrimSpace(text)
	if len(t) < 3 || (t[0] != 'x' && t[0] != 'X') || t[1] != '\'' || t[len(t)-1] != '\'' {
		return text
	}
	b, err := hex.DecodeString(t[2 : len(t)-1])
	if err != nil {
		return text
	}
	return b
}

func errParameters() error {
	return core.Errorf(core.TooLarge, "one statement may have %d values", MaxParameters)
}
