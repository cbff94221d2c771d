// This file finds the parameters of statements and binds what the person gave
// them. Values are never written into the text.

package api

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxParams bounds the parameters of one statement that the page has a form for.
	MaxParams = 100
	// maxParamFile bounds a file that becomes one value, as the database does.
	maxParamFile = 16 << 20
)

// Param is the value of one parameter. Kind is "n" (NULL), "i", "r", "t", "b"
// (hex) or "f" (the id of a file whose bytes are meant).
type Param struct {
	Name  string `json:"name"` // as in Piece.Params
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

// token is a piece of SQL. Kind is 'w' (a bare word), 'q' (a quoted name), 's' (a
// text or blob), '0' (a number), '?' (a parameter) or the sign itself.
type token struct {
	kind byte
	text string
}

// tokens cuts a statement for a look at its shape. It judges nothing: what may
// run is the database's business.
func tokens(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		from, kind := i, text[i]
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
			continue
		case strings.HasPrefix(text[i:], "--"):
			i = after(text, i, "\n")
			continue
		case strings.HasPrefix(text[i:], "/*"):
			i = after(text, i+2, "*/")
			continue
		case c == '\'':
			i, kind = quoted(text, i, c), 's'
		case c == '"' || c == '`':
			i, kind = quoted(text, i, c), 'q'
		case c == '[':
			i, kind = after(text, i, "]"), 'q'
		case c == '?' || (c == ':' || c == '@' || c == '$') && i+1 < len(text) && wordByte(text[i+1]):
			i, kind = word(text, i+1), '?'
		case c >= '0' && c <= '9':
			i, kind = word(text, i), '0'
		case wordByte(c):
			i, kind = word(text, i), 'w'
		default:
			i++
		}
		out = append(out, token{kind: kind, text: text[from:i]})
	}
	return out
}

func wordByte(c byte) bool {
	return c == '_' || c >= 0x80 || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func word(text string, i int) int {
	for i < len(text) && wordByte(text[i]) {
		i++
	}
	return i
}

// after is the place behind the next end, or the end of the text.
func after(text string, from int, end string) int {
	if n := strings.Index(text[from:], end); n >= 0 {
		return from + n + len(end)
	}
	return len(text)
}

// quoted is the place behind a quoted stretch; a doubled quote stands for itself.
func quoted(text string, i int, quote byte) int {
	for i++; i < len(text); i++ {
		if text[i] != quote {
			continue
		}
		if i+1 >= len(text) || text[i+1] != quote {
			return i + 1
		}
		i++
	}
	return len(text)
}

// parameters names the parameters of one statement in SQLite's order of numbers;
// one without a name is "?" and its number.
func parameters(text string) []string {
	names := []string{}
	place := func(n int, name string) {
		for len(names) < n {
			names = append(names, "?"+strconv.Itoa(len(names)+1))
		}
		names[n-1] = name
	}
	for _, t := range tokens(text) {
		if t.kind != '?' || len(names) > MaxParams {
			continue
		}
		if t.text[0] != '?' {
			if !slices.Contains(names, t.text) {
				place(len(names)+1, t.text)
			}
			continue
		}
		n := len(names) + 1
		if len(t.text) > 1 {
			var err error
			if n, err = strconv.Atoi(t.text[1:]); err != nil || n < 1 || n > MaxParams {
				continue // the database says that there is no such number
			}
			if n <= len(names) {
				continue
			}
		}
		place(n, "?"+strconv.Itoa(n))
	}
	return names
}

// bind gives a statement the values of its parameters.
func (d *desk) bind(p Piece, given []Param) (core.Statement, error) {
	out := core.Statement{SQL: p.Text}
	if len(p.Params) > MaxParams {
		return out, core.Errorf(core.TooLarge, "A statement here has at most %d parameters; run it with the command line.", MaxParams)
	}
	for _, name := range p.Params {
		i := slices.IndexFunc(given, func(g Param) bool { return g.Name == name })
		if i < 0 {
			return out, core.Errorf(core.Invalid, "Give the parameter %s a value, below the text.", name)
		}
		v, err := d.paramValue(given[i])
		if err != nil {
			return out, err
		}
		out.Args = append(out.Args, v)
	}
	return out, nil
}

func (d *desk) paramValue(p Param) (any, error) {
	switch p.Kind {
	case "b":
		raw, err := hex.DecodeString(strings.Join(strings.Fields(p.Value), ""))
		if err != nil {
			return nil, core.Errorf(core.Invalid, "The value of %s is not hex; write two digits for each byte.", p.Name)
		}
		return raw, nil
	case "f":
		return d.fileValue(p.Value)
	}
	v, err := Cell{K: p.Kind, V: p.Value}.valueOf()
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "%s", fmt.Sprintf("The parameter %s: %s", p.Name, core.Sentence(err)))
	}
	return v, nil
}

// fileValue reads a chosen file as one value.
func (d *desk) fileValue(id string) (_ any, err error) {
	file, name, size, err := d.files.read(id)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if size > maxParamFile {
		return nil, core.Errorf(core.TooLarge, "%q has %d bytes; one value has at most %d.", name, size, maxParamFile)
	}
	raw := make([]byte, size)
	if _, err = io.ReadFull(file, raw); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "%q could not be read to its end.", name)
	}
	return raw, nil
}
