package gateway

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// bodyOf is a call whose body is a stranger's.
func bodyOf(data []byte) *call {
	r := httptest.NewRequest("POST", "/", bytes.NewReader(data))
	return &call{
		g: &Gateway{log: slog.New(slog.DiscardHandler)}, route: &route{access: anyone}, w: httptest.NewRecorder(), r: r,
		who: core.Principal{Namespace: "red"}, ns: "red",
	}
}

// No body may end the program, be refused as our fault, or bring values that the
// database does not know.
func FuzzDataBodies(f *testing.F) {
	for _, seed := range []string{
		`{"sql":"SELECT ?","args":[1,2.5,null,true,"x",{"base64":"AA=="}],"named":{"a":9007199254740993},"timeout":"1s"}`,
		`{"statements":["SELECT 1",{"sql":"SELECT ?","args":[9223372036854775808]}],"ops":[{"kind":"exec"}],"return_results":true}`,
		`{"ops":[{"op":"put","key":"a","value_base64":"AA","ttl":1e99,"if_version":0},{"op":"delete"}]}`,
		`{"table":"t","select":"a","joins":[{"kind":"left","table":"u","on":"a=b"}],"where":[{"conj":"or","expr":"a = ?","args":[1]}],"order_by":["a desc"],"limit":1,"one":true}`,
		`{"table":"t","criteria":{"a":1},"options":{"where":[{"expr":"'"}],"offset":-1}}`, `"x"`, `[]`, `{"statements":[[[[`, "{\"sql\":\"\xff\"}", ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		judge := func(err error) {
			if core.CodeOf(err) == core.Internal {
				t.Errorf("%q: %v", data, err)
			}
		}
		known := func(s core.Statement, err error) {
			judge(err)
			if err != nil {
				return
			}
			for _, arg := range s.Args {
				switch arg.(type) {
				case nil, bool, int64, float64, string, []byte:
				default:
					t.Errorf("%q: a value is a %T", data, arg)
				}
			}
		}
		var q queryRequest
		if err := bodyOf(data).decode(&q); err != nil {
			judge(err)
		} else {
			s, _, err := q.read()
			known(s, err)
		}
		var tx transactionRequest
		if err := bodyOf(data).decode(&tx); err != nil {
			judge(err)
		} else {
			for _, s := range append(tx.Statements, tx.Ops...) {
				known(s.values())
			}
		}
		var b batchRequest
		if err := bodyOf(data).decode(&b); err != nil {
			judge(err)
		} else {
			for _, op := range b.Ops {
				_, err := op.read()
				judge(err)
			}
		}
		var s selectRequest
		if err := bodyOf(data).decode(&s); err != nil {
			judge(err)
		} else {
			known(s.build())
		}
		var found findRequest
		if err := bodyOf(data).decode(&found); err != nil {
			judge(err)
		} else {
			known(found.build())
		}
	})
}

// Whatever a cell or a name holds, the answer must be JSON that says the same.
func FuzzRowsAsJSON(f *testing.F) {
	f.Add("name", "text\x00\"\\\u2028<", int64(1<<53+1), 0.1, []byte{0, 255})
	f.Add("", "\xff", int64(-1), 1e300, []byte(nil))
	f.Fuzz(func(t *testing.T, column, text string, whole int64, fraction float64, blob []byte) {
		if !utf8.ValidString(column) {
			t.Skip("SQLite's names are UTF-8")
		}
		rows := &core.Rows{Columns: []string{column, "text", "whole", "real", "blob"}, Values: [][]any{{nil, text, whole, fraction, blob}}}
		for _, form := range []func([]byte, *core.Rows) ([]byte, error){appendValues, appendItems, func(b []byte, r *core.Rows) ([]byte, error) { return outcome{rows: r}.append(b) }} {
			out, err := form(nil, rows)
			if err != nil {
				if utf8.ValidString(text) || core.CodeOf(err) != core.Invalid {
					t.Fatal(err)
				}
				continue
			}
			if !json.Valid(out) {
				t.Fatalf("no JSON: %s", out)
			}
		}
		out, err := appendValues(nil, rows)
		if err != nil {
			return
		}
		var back [][]any
		d := json.NewDecoder(bytes.NewReader(out))
		d.UseNumber()
		if err := d.Decode(&back); err != nil {
			t.Fatal(err)
		}
		if back[0][1] != text {
			t.Errorf("%q came back as %q", text, back[0][1])
		}
		for i, want := range map[int]any{2: whole, 3: fraction} {
			text, is := back[0][i].(json.Number)
			got, err := value(text)
			if is && (err != nil || got != want) {
				t.Errorf("%v came back as %v, %v", want, got, err)
			}
		}
	})
}
