package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"git.debros.io/DeBros/network/backend/core"
)

// What is put must come back byte for byte, however it is given.
func TestKV_BytesUnchanged(t *testing.T) {
	blob := string([]byte{0, 1, 0xff, '\r', '\n', 0x1b})
	file := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(file, []byte(blob), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		args  []string
		stdin string
		want  string
	}{
		"an argument":            {[]string{"red"}, "", "red"},
		"an empty argument":      {[]string{""}, "", ""},
		"standard input":         {nil, blob, blob},
		"a dash":                 {[]string{"-"}, blob, blob},
		"empty standard input":   {nil, "", ""},
		"a file":                 {[]string{"@" + file}, "", blob},
		"a value that begins @":  {[]string{"@@home"}, "", "@home"},
		"a line end is kept":     {nil, "x\n", "x\n"},
		"an argument with space": {[]string{" x "}, "", " x "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			s.stdin = tt.stdin
			if s.run(append([]string{"kv", "put", "k"}, tt.args...)...); s.status != 0 {
				t.Fatal(s.err)
			}
			if s.run("kv", "get", "k"); s.out != tt.want {
				t.Errorf("got %q, want %q", s.out, tt.want)
			}
		})
	}
	s := newScreen(t)
	s.stdin = strings.Repeat("x", MaxInput+1)
	if s.run("kv", "put", "k"); s.status != 2 || !strings.Contains(s.err, "more than 16 MiB") {
		t.Errorf("too much input: %d %s", s.status, s.err)
	}
}

// Each format is read by some other program.
func TestOutput_Formats(t *testing.T) {
	s := newScreen(t)
	s.run("kv", "put", "b", "it's\n1: \"two\"")
	s.run("kv", "put", "a", "1.0")
	list := map[string]string{
		"table": "KEY  SIZE  VERSION  UPDATED AT            EXPIRES AT\na    3     2        2023-11-14T22:13:20Z\nb    13    1        2023-11-14T22:13:20Z\n",
		"csv":   "key,size,version,updated_at,expires_at\na,3,2,2023-11-14T22:13:20Z,\nb,13,1,2023-11-14T22:13:20Z,\n",
		"jsonl": `{"schema":1,"key":"a","size":3,"version":2,"updated_at":"2023-11-14T22:13:20Z","expires_at":null}` + "\n" + `{"schema":1,"key":"b","size":13,"version":1,"updated_at":"2023-11-14T22:13:20Z","expires_at":null}` + "\n",
		"raw":   "a\nb\n",
	}
	for format, want := range list {
		if s.run("kv", "ls", "-o", format); s.out != want {
			t.Errorf("%s:\n%q\nwant\n%q", format, s.out, want)
		}
	}
	if s.run("kv", "ls"); s.out != list["jsonl"] {
		t.Errorf("a list into a pipe is not jsonl: %q", s.out)
	}
	for _, format := range []string{"json", "yaml"} {
		var object struct {
			Schema int
			Keys   []struct {
				Key  string
				Size int
			}
			Provenance map[string]any
		}
		s.run("kv", "ls", "-o", format)
		if err := yaml.Unmarshal([]byte(s.out), &object); err != nil || object.Schema != 1 || len(object.Keys) != 2 || object.Keys[1].Key != "b" || object.Provenance["how"] != "local" {
			t.Errorf("%s: %v %q", format, err, s.out)
		}
	}
	// Text that looks like a number stays text.
	for _, format := range []string{"json", "yaml"} {
		var object map[string]any
		s.run("kv", "get", "a", "-o", format)
		if err := yaml.Unmarshal([]byte(s.out), &object); err != nil || object["value"] != "1.0" || object["value_base64"] != "MS4w" {
			t.Errorf("%s: %v %q", format, err, s.out)
		}
	}
	if s.run("kv", "get", "b", "-o", "env"); !strings.Contains(s.out, "VALUE='it'\\''s\n1: \"two\"'\n") || !strings.Contains(s.out, "SCHEMA='1'\n") || !strings.Contains(s.out, "PROVENANCE_HOW='local'\n") || !strings.Contains(s.out, "EXPIRES_AT=''\n") {
		t.Errorf("env: %q", s.out)
	}
}

// An empty list must not be null, nor look like a failure.
func TestOutput_EmptyLists(t *testing.T) {
	s := newScreen(t)
	for format, want := range map[string]string{"json": `"keys": []`, "jsonl": "", "csv": "key,size,version,updated_at,expires_at\n", "raw": "", "yaml": "keys: []"} {
		if s.run("kv", "ls", "-o", format); s.status != 0 || !strings.Contains(s.out, want) {
			t.Errorf("%s: %d %q", format, s.status, s.out)
		}
	}
}

// Numbers above 2^53 that lose their last digits are wrong numbers.
func TestSQL_Rows(t *testing.T) {
	s := newScreen(t)
	wants := map[string]string{
		"jsonl": `{"schema":1,"id":9007199254740993,"name":"Ann\u001b[2J","id_2":null}` + "\n" + `{"schema":1,"id":2,"name":{"base64":"/wA="},"id_2":1.5}` + "\n",
		"csv":   "id,name,id_2\n9007199254740993,Ann\x1b[2J,\n2,x'ff00',1.5\n",
		"table": "ID                NAME     ID 2\n9007199254740993  Ann\ufffd[2J\n2                 x'ff00'  1.5\n",
	}
	for format, want := range wants {
		if s.run("sql", "query", "SELECT 1", "-o", format); s.out != want {
			t.Errorf("%s:\n%q\nwant\n%q", format, s.out, want)
		}
	}
	for _, format := range []string{"json", "yaml"} {
		s.run("sql", "query", "SELECT 1", "-o", format)
		if !strings.Contains(s.out, "9007199254740993") {
			t.Errorf("%s: %s", format, s.out)
		}
	}
}

// A parameter that arrives as another type finds no rows.
func TestSQL_Parameters(t *testing.T) {
	s := newScreen(t)
	s.run("sql", "query", "--", "SELECT ?", "12", "-3", "1.5", "1e3", "null", "true", `"12"`, "Ann", "007x", "-", "", "Inf")
	want := []any{int64(12), int64(-3), 1.5, 1000.0, nil, true, "12", "Ann", "007x", "-", "", "Inf"}
	if got := s.node.execs[0][0].Args; fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
	s.run("sql", "exec", "INSERT INTO a VALUES (:n, :m)", "-p", "n=5", "-p", "m=a=b")
	if got := s.node.execs[1][0].Named; got["n"] != int64(5) || got["m"] != "a=b" {
		t.Errorf("named %#v", got)
	}
	if s.run("sql", "exec", "x", "1", "-p", "n=5"); s.status != 2 {
		t.Error("parameters of both kinds were accepted")
	}
	if s.run("sql", "query", "SELECT ?", "--", "-1"); s.status != 0 {
		t.Error(s.err)
	}
}

// A batch happens whole or not at all, and a mistake in it names its place.
func TestKV_Batch(t *testing.T) {
	s := newScreen(t)
	s.stdin = `{"op":"put","key":"a","value":"text","ttl":"1h"}
{"op":"put","key":"b","value_base64":"AAE="} {"op":"del","key":"c"}`
	if s.run("kv", "batch"); s.status != 0 || !strings.Contains(s.out, `{"schema":1,"op":"del","key":"c","deleted":false}`) {
		t.Errorf("%d %s%s", s.status, s.out, s.err)
	}
	if s.run("kv", "get", "b"); s.out != "\x00\x01" {
		t.Errorf("value %q", s.out)
	}
	for input, want := range map[string]string{
		`{"op":"put","key":"a","value":"x"} {"op":"put","key":"b"}`:  "operation 2: a put has either value or value_base64",
		`{"op":"put","key":"a","value":"x","value_base64":"eA=="}`:   "operation 1: a put has either",
		`{"op":"move","key":"a"}`:                                    `operation 1: op is put or del, not "move"`,
		`{"op":"del","key":"a","value":"x"}`:                         "operation 1: a del has no value",
		`{"op":"put","key":"a","value":"x","ttl":"5"}`:               "operation 1: ttl",
		`{"op":"put","key":"a","value_base64":"?"}`:                  "operation 1: value_base64",
		`{"op":"put","key":"a","valeu":"x"}`:                         "operation 1 cannot be read",
		`[`:                                                          "operation 1 cannot be read",
		strings.Repeat(`{"op":"del","key":"a"}`, core.MaxBatchOps+1): "at most 1000 operations",
		"": "the batch is empty",
	} {
		s.stdin = input
		if s.run("kv", "batch"); s.status != 2 || !strings.Contains(s.err, want) {
			t.Errorf("%.40s: %d %s", input, s.status, s.err)
		}
	}
}

// Deleting by prefix cannot be taken back.
func TestKV_DeletePrefix(t *testing.T) {
	s := newScreen(t)
	for _, k := range []string{"a/1", "a/2", "b/1"} {
		s.run("kv", "put", k, "x")
	}
	if s.run("kv", "del", "--prefix", "a/", "--yes"); s.status != 0 || len(s.node.items) != 1 {
		t.Errorf("%d keys left: %s%s", len(s.node.items), s.out, s.err)
	}
	if s.run("kv", "del", "b/1", "none", "-o", "csv"); s.out != "key,deleted\nb/1,true\nnone,false\n" {
		t.Errorf("%q", s.out)
	}
}

// A listing of many pages must neither miss keys nor hide that there are more.
func TestKV_Pages(t *testing.T) {
	s := newScreen(t)
	for i := range 7 {
		s.run("kv", "put", fmt.Sprintf("k%d", i), "x")
	}
	if s.run("kv", "ls", "--limit", "3", "-o", "raw"); s.out != "k0\nk1\nk2\n" || !strings.Contains(s.err, `--cursor "k2"`) {
		t.Errorf("%q %q", s.out, s.err)
	}
	if s.run("kv", "ls", "--limit", "3", "--cursor", "k5", "-o", "raw"); s.out != "k6\n" || s.err != "" {
		t.Errorf("%q %q", s.out, s.err)
	}
	if s.run("kv", "ls", "--limit", "3", "--all", "-o", "raw"); strings.Count(s.out, "\n") != 7 {
		t.Errorf("%q", s.out)
	}
}

// Messages into a pipe are lines of JSON or, on request, the bytes themselves.
func TestPubsub(t *testing.T) {
	s := newScreen(t)
	if s.run("pubsub", "sub", "news", "--count", "2"); s.status != 0 || strings.Count(s.out, "\n") != 2 || !strings.Contains(s.out, `"data":"one","data_base64":"b25l"`) || !strings.Contains(s.out, `"data":null,"data_base64":"/w=="`) {
		t.Errorf("%d %s%s", s.status, s.out, s.err)
	}
	if s.run("pubsub", "subscribe", "news", "--count", "3", "-o", "raw"); s.out != "one\n\xff\nthree\n" {
		t.Errorf("%q", s.out)
	}
	s.stdin = "from stdin"
	if s.run("pubsub", "publish", "news"); string(s.node.message) != "from stdin" || s.out != "" {
		t.Errorf("%q %q", s.node.message, s.out)
	}
	if s.run("pubsub", "topics", "-o", "raw"); s.out != "jobs\nnews\n" {
		t.Errorf("%q", s.out)
	}
}
