// This file turns the backend's types into what JavaScript can hold.

package api

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// Provenance tells where an answer comes from; see core.Provenance.
type Provenance struct {
	Level       string  `json:"level"`
	ServedBy    string  `json:"served_by"`
	Leader      string  `json:"leader"`
	Group       string  `json:"group"`
	Index       string  `json:"index"`
	LeaderIndex string  `json:"leader_index"`
	AgeMS       int64   `json:"age_ms"`
	How         string  `json:"how"`
	Path        string  `json:"path"`
	ElapsedMS   float64 `json:"elapsed_ms"`
}

func provenanceOf(p core.Provenance) Provenance {
	return Provenance{
		Level: string(p.Level), ServedBy: p.ServedBy, Leader: p.Leader, Group: p.Group,
		Index: number(p.Index), LeaderIndex: number(p.LeaderIndex),
		AgeMS: p.AgeMS, How: p.How, Path: p.Path, ElapsedMS: p.ElapsedMS,
	}
}

// Cell is one value of a SQL result. K is "n" (null), "i" (integer), "r" (real),
// "t" (text) or "b" (blob, V in base64). V is exact: an integer keeps all digits.
type Cell struct {
	K string `json:"k"`
	V string `json:"v"`
}

func cellOf(v any) Cell {
	switch v := v.(type) {
	case nil:
		return Cell{K: "n"}
	case int64:
		return Cell{K: "i", V: strconv.FormatInt(v, 10)}
	case bool:
		if v {
			return Cell{K: "i", V: "1"}
		}
		return Cell{K: "i", V: "0"}
	case float64:
		return Cell{K: "r", V: strconv.FormatFloat(v, 'g', -1, 64)}
	case string:
		return Cell{K: "t", V: v}
	case []byte:
		return Cell{K: "b", V: base64.StdEncoding.EncodeToString(v)}
	default: // core.Rows promises that there is no other
		return Cell{K: "t"}
	}
}

// param turns a cell of the page into a parameter.
func (c Cell) param() (any, error) {
	switch c.K {
	case "n":
		return nil, nil
	case "i":
		n, err := strconv.ParseInt(c.V, 10, 64)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "%q is not a whole number of 64 bits.", c.V)
		}
		return n, nil
	case "r":
		f, err := strconv.ParseFloat(c.V, 64)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "%q is not a number.", c.V)
		}
		return f, nil
	case "t":
		return c.V, nil
	case "b":
		blob, err := base64.StdEncoding.DecodeString(c.V)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "A blob is base64 text.")
		}
		return blob, nil
	}
	return nil, core.Errorf(core.Invalid, "A value is null, a whole number, a number, text or a blob, not %q.", c.K)
}

// cellBytes is what a value costs to keep and to send, roughly.
func cellBytes(v any) int {
	const overhead = 16
	switch v := v.(type) {
	case string:
		return overhead + len(v)
	case []byte:
		return overhead + len(v)
	default:
		return overhead
	}
}

// stamp writes a time for the page; "" when there is none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

// list keeps JSON from saying null where the page expects a list.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// short keeps a message from repeating a whole book.
func short(text string) string { return cutText(text, 40) }

// cutText keeps at most that many bytes of a text, without half a character at its end.
func cutText(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

// sinceMS is the time since start in milliseconds.
func sinceMS(start time.Time) float64 {
	return float64(time.Since(start).Microseconds()) / 1000
}
