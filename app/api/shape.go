// This file sorts and filters rows: those of a kept result here, those of a table
// in SQL that means the same.

package api

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxFilters bounds the conditions of one look at rows.
	MaxFilters = 8
	// MaxFilterBytes bounds what a condition compares with.
	MaxFilterBytes = 4 << 10
)

// Shape is how rows are looked at.
type Shape struct {
	Sort    int      `json:"sort"` // a column, -1: as they came
	Down    bool     `json:"down"`
	Filters []Filter `json:"filters"` // all of them hold
}

// Filter is one condition. Op is "has" (the text is in it, letters of any case),
// "is", "not", "less", "more", "null" or "some" (anything but NULL).
type Filter struct {
	Column int    `json:"column"` // -1, with "has": any column
	Op     string `json:"op"`
	Value  string `json:"value"`
}

// check refuses what a result with so many columns has no answer to.
func (s Shape) check(columns int) error {
	if s.Sort < -1 || s.Sort >= columns {
		return core.Errorf(core.Invalid, "There is no column %d to sort by.", s.Sort)
	}
	if len(s.Filters) > MaxFilters {
		return core.Errorf(core.TooLarge, "At most %d conditions hold at once.", MaxFilters)
	}
	for _, f := range s.Filters {
		known := slices.Contains([]string{"has", "is", "not", "less", "more", "null", "some"}, f.Op)
		switch {
		case !known || f.Column < -1 || f.Column >= columns || (f.Column == -1 && f.Op != "has"):
			return core.Errorf(core.Invalid, "The condition %q on column %d does not exist.", f.Op, f.Column)
		case len(f.Value) > MaxFilterBytes:
			return core.Errorf(core.TooLarge, "A condition compares with at most %d bytes.", MaxFilterBytes)
		}
	}
	return nil
}

// plain says that the rows stay as they came.
func (s Shape) plain() bool { return s.Sort == -1 && len(s.Filters) == 0 }

func (s Shape) key() string {
	text, err := json.Marshal(s)
	if err != nil { // numbers and texts always encode
		return ""
	}
	return string(text)
}

// in returns the rows that pass, in order; nil means all as they came. The last
// answer is remembered, because the page asks for one part after another.
func (r *result) in(s Shape) ([]int32, error) {
	if err := s.check(len(r.columns)); err != nil || s.plain() {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if key := s.key(); r.shape != key {
		r.order = r.sorted(s)
		r.shape = key
	}
	return r.order, nil
}

func (r *result) sorted(s Shape) []int32 {
	order := make([]int32, 0, len(r.rows))
	for i, row := range r.rows {
		if passes(s.Filters, row) {
			order = append(order, int32(i))
		}
	}
	if s.Sort == -1 {
		return order
	}
	values := make([]any, len(r.rows))
	for _, i := range order {
		values[i] = cellAt(r.rows[i], s.Sort)
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		n := compareValues(values[a], values[b])
		if s.Down {
			return -n
		}
		return n
	})
	return order
}

func passes(filters []Filter, row []byte) bool {
	for _, f := range filters {
		if f.Column >= 0 {
			if !f.holds(cellAt(row, f.Column)) {
				return false
			}
			continue
		}
		if !slices.ContainsFunc(unpack(row), f.holds) {
			return false
		}
	}
	return true
}

func (f Filter) holds(v any) bool {
	switch f.Op {
	case "null":
		return v == nil
	case "some":
		return v != nil
	case "has":
		return v != nil && strings.Contains(strings.ToLower(textOf(v)), strings.ToLower(f.Value))
	}
	if v == nil {
		return false
	}
	n := compareValues(v, f.against(v))
	return f.Op == "is" && n == 0 || f.Op == "not" && n != 0 || f.Op == "less" && n < 0 || f.Op == "more" && n > 0
}

// against reads the condition's text as what v is: "5" is a number beside numbers.
func (f Filter) against(v any) any {
	switch v.(type) {
	case int64, float64:
		return numberOrText(f.Value)
	case []byte:
		if raw, err := hex.DecodeString(f.Value); err == nil {
			return raw
		}
	}
	return f.Value
}

func numberOrText(text string) any {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		return n
	}
	return text
}

// textOf is a value as it is searched and copied: a blob is hex.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case []byte:
		return hex.EncodeToString(v)
	default:
		return cellOf(v).V
	}
}

// compareValues orders as SQLite does: NULL, numbers, text, blobs.
func compareValues(a, b any) int {
	if n := cmp.Compare(valueRank(a), valueRank(b)); n != 0 {
		return n
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return strings.Compare(x, y)
		}
	case []byte:
		if y, ok := b.([]byte); ok {
			return bytes.Compare(x, y)
		}
	case int64:
		switch y := b.(type) {
		case int64:
			return cmp.Compare(x, y)
		case float64:
			return compareMixed(x, y)
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return cmp.Compare(x, y)
		case int64:
			return -compareMixed(y, x)
		}
	}
	return 0
}

func valueRank(v any) int {
	switch v.(type) {
	case nil:
		return 0
	case int64, float64:
		return 1
	case string:
		return 2
	default:
		return 3
	}
}

// compareMixed never rounds the integer.
func compareMixed(i int64, f float64) int {
	switch {
	case math.IsNaN(f):
		return 1
	case f >= math.MaxInt64:
		return -1
	case f < math.MinInt64:
		return 1
	}
	whole := math.Floor(f)
	if n := cmp.Compare(i, int64(whole)); n != 0 {
		return n
	}
	if f > whole {
		return -1
	}
	return 0
}

// valueOf reads what the page wrote into a cell.
func (c Cell) valueOf() (any, error) {
	switch c.K {
	case "n":
		return nil, nil
	case "i":
		n, err := strconv.ParseInt(strings.TrimSpace(c.V), 10, 64)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "%q is not a whole number of 64 bits.", short(c.V))
		}
		return n, nil
	case "r":
		n, err := strconv.ParseFloat(strings.TrimSpace(c.V), 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, core.Errorf(core.Invalid, "%q is not a number.", short(c.V))
		}
		return n, nil
	case "t":
		return c.V, nil
	case "b":
		raw, err := base64.StdEncoding.DecodeString(c.V)
		if err != nil {
			return nil, core.Errorf(core.Invalid, "A blob comes as base64 text.")
		}
		return raw, nil
	}
	return nil, core.Errorf(core.Invalid, "A cell is of kind n, i, r, t or b, not %q.", short(c.K))
}
