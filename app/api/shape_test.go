package api

import (
	"math"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// What is packed comes out as it went in.
func TestPacker(t *testing.T) {
	var p packer
	rows := [][]any{
		{nil, int64(math.MinInt64), int64(math.MaxInt64), 0.1, math.Inf(-1)},
		{"", "ü\x00🙂", []byte{}, []byte{0, 255}, strings.Repeat("x", 2*packedBlock)},
		{},
	}
	var packed [][]byte
	for _, row := range rows {
		packed = append(packed, p.row(row))
	}
	for i, row := range rows {
		got := unpack(packed[i])
		for c, v := range row {
			if compareValues(got[c], v) != 0 || compareValues(cellAt(packed[i], c), v) != 0 || valueRank(got[c]) != valueRank(v) {
				t.Errorf("row %d, column %d: %v came out as %v", i, c, v, got[c])
			}
		}
		if len(got) != len(row) {
			t.Errorf("row %d has %d values", i, len(got))
		}
	}
	if cellAt(packed[2], 0) != nil {
		t.Error("an empty row has a value")
	}
}

// Sorting and filtering mean the same as in SQLite: NULL first, numbers by value
// without rounding, then texts, then blobs.
func TestResult_Shape(t *testing.T) {
	r := keep(&core.Rows{Columns: []string{"v"}, Values: [][]any{
		{"b"}, {int64(9007199254740993)}, {nil}, {9007199254740992.0}, {[]byte{1}}, {int64(-1)}, {"Ab"}, {2.5},
	}})
	order := func(s Shape) []int32 {
		t.Helper()
		got, err := r.in(s)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	up := []int32{2, 5, 7, 3, 1, 6, 0, 4}
	if got := order(Shape{Sort: 0}); !slices.Equal(got, up) {
		t.Errorf("up: %v", got)
	}
	slices.Reverse(up)
	if got := order(Shape{Sort: 0, Down: true}); !slices.Equal(got, up) {
		t.Errorf("down: %v", got)
	}
	if got := order(Shape{Sort: -1}); got != nil {
		t.Errorf("as it came: %v", got)
	}
	for f, want := range map[Filter][]int32{
		{Op: "has", Value: "B", Column: -1}:   {0, 6},
		{Op: "is", Value: "9007199254740993"}: {1},
		{Op: "more", Value: "2"}:              {0, 1, 3, 4, 6, 7},
		{Op: "less", Value: "2.5"}:            {5},
		{Op: "null"}:                          {2},
		{Op: "some"}:                          {0, 1, 3, 4, 5, 6, 7},
		{Op: "not", Value: "b"}:               {1, 3, 4, 5, 6, 7},
	} {
		got := order(Shape{Sort: -1, Filters: []Filter{f}})
		if !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", f, got, want)
		}
	}
	for name, s := range map[string]Shape{
		"no such column": {Sort: 1}, "no such condition": {Sort: -1, Filters: []Filter{{Op: "x"}}}, "any column is": {Sort: -1, Filters: []Filter{{Op: "is", Column: -1}}},
	} {
		if _, err := r.in(s); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The selection adds up exactly, however large its numbers are.
func TestTally(t *testing.T) {
	var whole, mixed tally
	for _, v := range []any{int64(math.MaxInt64), int64(math.MaxInt64), nil, "3"} {
		whole.add(v)
	}
	if got := whole.summary(); got.Sum != "18446744073709551614" || got.Numbers != 2 || got.Cells != 4 || got.Least != "9223372036854775807" {
		t.Errorf("%+v", got)
	}
	for _, v := range []any{int64(1), 0.5} {
		mixed.add(v)
	}
	if got := mixed.summary(); got.Sum != "1.5" || got.Average != "0.75" || got.Least != "0.5" || got.Most != "1" {
		t.Errorf("%+v", got)
	}
	if got := new(tally).summary(); got.Sum != "" {
		t.Errorf("%+v", got)
	}
}

// Each format keeps what can be kept: NULL is not empty, digits stay, and what
// has a meaning in the format is escaped.
func TestRowWriter(t *testing.T) {
	rows := [][]any{{int64(9007199254740993), "a|'\"\n"}, {2.0, ""}, {[]byte{0, 255}, nil}}
	for format, want := range map[string]string{
		"csv":   "n,\"x,y\"\r\n9007199254740993,\"a|'\"\"\n\"\r\n2,\"\"\r\nx'00ff',\r\n",
		"json":  "[\n  {\"n\": 9007199254740993, \"x,y\": \"a|'\\\"\\n\"},\n  {\"n\": 2.0, \"x,y\": \"\"},\n  {\"n\": {\"$base64\": \"AP8=\"}, \"x,y\": null}\n]\n",
		"jsonl": "{\"n\": 9007199254740993, \"x,y\": \"a|'\\\"\\n\"}\n{\"n\": 2.0, \"x,y\": \"\"}\n{\"n\": {\"$base64\": \"AP8=\"}, \"x,y\": null}\n",
		"sql":   "INSERT INTO \"t\" (\"n\", \"x,y\") VALUES (9007199254740993, 'a|''\"\n');\nINSERT INTO \"t\" (\"n\", \"x,y\") VALUES (2.0, '');\nINSERT INTO \"t\" (\"n\", \"x,y\") VALUES (x'00ff', NULL);\n",
		"md":    "| n | x,y |\n| --- | --- |\n| 9007199254740993 | a\\|'\"<br> |\n| 2 |  |\n| `x'00ff'` | NULL |\n",
		"text":  "9007199254740993\ta|'\" \n2\t\nx'00ff'\t\n",
	} {
		var text strings.Builder
		w, err := newRowWriter(&text, format, "t", []string{"n", "x,y"})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if err := w.row(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.end(); err != nil || text.String() != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", format, err, text.String(), want)
		}
	}
}
