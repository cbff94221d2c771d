package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func thisProcess() int { return os.Getpid() }

// Scripts branch on the exit status; a wrong one makes them repeat what must
// not be repeated.
func TestMain_ExitStatus(t *testing.T) {
	for _, code := range core.Codes() {
		s := newScreen(t)
		s.node.fail = core.Errorf(code, "a sentence")
		if s.run("kv", "put", "k", "v"); s.status != code.ExitStatus() || s.out != "" || !strings.HasPrefix(s.err, "error: a sentence\n") {
			t.Errorf("%s: exit status %d, want %d; %q %q", code, s.status, code.ExitStatus(), s.out, s.err)
		}
	}
	tests := map[string]struct {
		args []string
		want int
	}{
		"a command that works":       {[]string{"kv", "put", "k", "v"}, 0},
		"no command":                 {nil, 0},
		"a group":                    {[]string{"kv"}, 0},
		"help":                       {[]string{"kv", "get", "--help"}, 0},
		"an unknown command":         {[]string{"kw"}, 2},
		"an unknown verb":            {[]string{"kv", "gte", "k"}, 2},
		"an unknown flag":            {[]string{"kv", "get", "k", "--colour"}, 2},
		"an unknown shared flag":     {[]string{"--nonsense"}, 2},
		"a missing argument":         {[]string{"kv", "get"}, 2},
		"an argument too many":       {[]string{"kv", "get", "a", "b"}, 2},
		"an unknown format":          {[]string{"status", "-o", "xml"}, 2},
		"an unknown level":           {[]string{"kv", "get", "k", "--level", "good"}, 2},
		"a bad duration":             {[]string{"status", "--timeout", "5"}, 2},
		"freshness without none":     {[]string{"kv", "ls", "--freshness", "1s"}, 2},
		"a bad namespace":            {[]string{"kv", "ls", "-n", "Bad!"}, 2},
		"the system's namespace":     {[]string{"kv", "ls", "-n", "system"}, 2},
		"flags that exclude":         {[]string{"kv", "put", "k", "v", "--if-absent", "--if-version", "3"}, 2},
		"a key that is not there":    {[]string{"kv", "get", "none"}, 3},
		"exists of one not there":    {[]string{"kv", "exists", "none"}, 3},
		"a file that is not there":   {[]string{"kv", "put", "k", "@/no/such/file"}, 3},
		"raw output of many values":  {[]string{"status", "-o", "raw"}, 2},
		"env output of a list":       {[]string{"peers", "ls", "-o", "env"}, 2},
		"a peer nobody knows":        {[]string{"peers", "show", "x"}, 3},
		"a prefix without --yes":     {[]string{"kv", "del", "--prefix", "a"}, 2},
		"an unknown key":             {[]string{"config", "get", "node.nonsense"}, 3},
		"SQL that may not be run":    {[]string{"sql", "batch", "ATTACH 'x' AS y"}, 2},
		"SQL that fails":             {[]string{"sql", "exec", "INSERT INTO nonsense VALUES (1)"}, 2},
		"a script that fails partly": {[]string{"sql", "batch", "--keep-going", "INSERT INTO a; INSERT INTO nonsense"}, 8},
		"a script that fails wholly": {[]string{"sql", "batch", "--keep-going", "INSERT INTO nonsense"}, 2},
		"a batch of nothing":         {[]string{"kv", "batch"}, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			if s.run(tt.args...); s.status != tt.want {
				t.Errorf("exit status %d, want %d: %s%s", s.status, tt.want, s.out, s.err)
			}
			if tt.want != 0 && tt.want != 3 && !strings.HasPrefix(s.err, "error: ") {
				t.Errorf("no word of error: %q", s.err)
			}
		})
	}
}

// 130 and 143 tell a calling script that it was ended and did not fail.
func TestMain_Signals(t *testing.T) {
	for signal, want := range map[os.Signal]int{os.Interrupt: 130, syscall.SIGTERM: 143} {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(&SignalError{Signal: signal})
		s := newScreen(t)
		s.ctx = ctx
		if s.run("pubsub", "sub", "news"); s.status != want {
			t.Errorf("%v: exit status %d, want %d", signal, s.status, want)
		}
		// A node's ordinary end is a signal.
		s.start = func(ctx context.Context, _ NodeStart, _ func(string)) error {
			<-ctx.Done()
			return nil
		}
		if s.run("node", "start"); s.status != 0 {
			t.Errorf("node start ended by %v: exit status %d: %s", signal, s.status, s.err)
		}
	}
}

// Who mistypes must be told what to type.
func TestErrors_SayWhatToTypeNext(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"a mistyped group":  {[]string{"psub"}, "there is no command 'debros psub'; did you mean 'debros pubsub'?"},
		"a mistyped verb":   {[]string{"kv", "lst"}, "did you mean 'debros kv ls'?"},
		"nothing near":      {[]string{"xyzzy"}, "see 'debros --help'"},
		"a mistyped flag":   {[]string{"kv", "get", "k", "--lvel=none"}, "unknown flag: --lvel; see 'debros kv get --help'"},
		"a missing word":    {[]string{"kv", "put"}, "KEY is missing; write 'debros kv put KEY [VALUE]'"},
		"one word too many": {[]string{"pubsub", "pub", "t", "a", "b"}, `"b" is one argument too many; write 'debros pubsub pub TOPIC [DATA]' (text with spaces needs quotes)`},
		"a flag's value":    {[]string{"node", "start", "--mdns", "false"}, "a flag is turned off with '=': --mdns=false"},
		"a bare number":     {[]string{"status", "--timeout", "5"}, "write a number with a unit, such as 30s"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if s := newScreen(t).run(tt.args...); !strings.Contains(s.err, tt.want) {
				t.Errorf("%q lacks %q", s.err, tt.want)
			}
		})
	}
	t.Run("no node", func(t *testing.T) {
		s := newScreen(t)
		s.dir = t.TempDir()
		if s.run("status"); s.status != 5 || !strings.Contains(s.err, "start one with 'debros node start'") {
			t.Errorf("exit status %d: %s", s.status, s.err)
		}
	})
	t.Run("a node that crashed", func(t *testing.T) {
		s := newScreen(t)
		if err := config.WriteRunFile(s.dir, config.RunFile{PeerID: "x", PID: 1<<31 - 1}); err != nil {
			t.Fatal(err)
		}
		if s.run("status"); s.status != 5 || !strings.Contains(s.err, "ended without a word") {
			t.Errorf("exit status %d: %s", s.status, s.err)
		}
	})
	t.Run("a raw Go error", func(t *testing.T) {
		s := newScreen(t)
		s.node.fail = errors.New("dial tcp: lookup xyz")
		if s.run("status"); s.status != 1 || strings.Contains(s.err, "lookup") {
			t.Errorf("exit status %d: %s", s.status, s.err)
		}
		if s.run("status", "-v"); !strings.Contains(s.err, "cause: dial tcp: lookup xyz") {
			t.Errorf("-v does not tell the cause: %s", s.err)
		}
	})
	t.Run("as JSON", func(t *testing.T) {
		s := newScreen(t).run("kv", "get", "none", "-o", "json")
		var object struct {
			Schema      int
			Error, Code string
		}
		if err := json.Unmarshal([]byte(s.err), &object); err != nil || object.Schema != 1 || object.Code != "not_found" || object.Error == "" {
			t.Errorf("%q %v", s.err, err)
		}
	})
}

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

// A stranger's text on a terminal must stay text.
func TestTerminal_KeepsControlSequencesOut(t *testing.T) {
	s := newScreen(t)
	s.terminal = true
	s.env["NO_COLOR"] = "1"
	evil := "\x1b[2J\x07evil\u009b"
	s.node.items[evil] = core.Item{Key: evil, Value: []byte(evil)}
	s.node.peers = []core.Peer{{ID: "12D3", Agent: evil, Connected: true}}
	s.node.logs = []core.LogEntry{{Seq: 1, Message: "m", Attrs: map[string]string{"agent": evil}}}
	for _, args := range [][]string{{"kv", "ls"}, {"kv", "get", evil}, {"peers"}, {"peers", "show", "12D3"}, {"node", "logs"}, {"sql", "query", "SELECT 1"}, {"kv", "get", evil + "none"}} {
		if s.run(args...); strings.ContainsAny(s.out+s.err, "\x1b\x07\u009b") {
			t.Errorf("%q: %q %q", args, s.out, s.err)
		}
	}
}

// Colours are for terminals, and for nobody who said no.
func TestColor(t *testing.T) {
	tests := map[string]struct {
		terminal bool
		env      string
		flag     string
		want     bool
	}{
		"a terminal":              {true, "", "", true},
		"a pipe":                  {false, "", "", false},
		"NO_COLOR":                {true, "1", "", false},
		"NO_COLOR, but always":    {true, "1", "always", true},
		"a pipe, but always":      {false, "", "always", true},
		"a terminal, but never":   {true, "", "never", false},
		"a terminal, by decision": {true, "", "auto", true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := newScreen(t)
			s.terminal = tt.terminal
			s.env["NO_COLOR"] = tt.env
			args := []string{"health", "-o", "table"}
			if tt.flag != "" {
				args = append(args, "--color", tt.flag)
			}
			if s.run(args...); strings.Contains(s.out, "\x1b[") != tt.want {
				t.Errorf("%q", s.out)
			}
		})
	}
}

// The credential goes to the node and nowhere else.
func TestCredential_IsNeverShown(t *testing.T) {
	s := newScreen(t)
	key, err := config.LoadOperatorKey(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.run("status"); s.node.dialled.credential != key || s.node.dialled.addresses[0] != "/ip4/127.0.0.1/tcp/1/p2p/12D3me" {
		t.Errorf("dialled %v", s.node.dialled)
	}
	s.env["DEBROS_CREDENTIAL"] = canary
	s.env["GATEWAY_API_KEYS"] = canary + ":shop"
	s.env["DEBROS_PROXY_PASSWORD"] = canary
	s.env["ANYONE_SOCKS5"] = "127.0.0.1:9050"
	if s.run("status", "-v"); s.node.dialled.credential.Reveal() != canary {
		t.Error("DEBROS_CREDENTIAL was not used")
	}
	var seen strings.Builder
	for _, args := range [][]string{
		{"config", "show"},
		{"config", "show", "-o", "json"},
		{"config", "get", "gateway.api_keys"},
		{"config", "get", "proxy.password", "-o", "json"},
		{"config", "check"},
		{"status", "-v"},
		{"status", "-o", "json"},
		{"health"},
		{"peer-id", "-o", "yaml"},
		{"node", "logs"},
		{"version"},
	} {
		s.run(args...)
		if s.status != 0 {
			t.Errorf("%v: %s", args, s.err)
		}
		seen.WriteString(s.out + s.err)
	}
	s.node.fail = core.Wrap(core.Denied, fmt.Errorf("credential %v", core.Secret(canary)), "no")
	s.run("status", "-v")
	seen.WriteString(s.out + s.err)
	if text := seen.String(); strings.Contains(text, canary) || strings.Contains(text, key.Reveal()) {
		t.Errorf("a secret is shown: %s", text)
	}
	if err := os.Chmod(filepath.Join(s.dir, config.OperatorKeyName), 0o644); err != nil {
		t.Fatal(err)
	}
	delete(s.env, "DEBROS_CREDENTIAL")
	if s.run("status"); s.status != 4 || !strings.Contains(s.err, "read by others") {
		t.Errorf("a key that others can read: %d %s", s.status, s.err)
	}
}

// --peer reaches another node, and needs no data folder.
func TestPeerFlag(t *testing.T) {
	s := newScreen(t)
	s.dir = filepath.Join(t.TempDir(), "none")
	s.env["DEBROS_NAMESPACE"] = "shop"
	if s.run("status", "--peer", "/ip4/10.0.0.1/tcp/1/p2p/12D3x"); s.status != 0 || s.node.dialled.addresses[0] != "/ip4/10.0.0.1/tcp/1/p2p/12D3x" || s.node.dialled.namespace != "shop" {
		t.Errorf("%d %s, dialled %v", s.status, s.err, s.node.dialled)
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

// The names of the original command line still work, and are not advertised.
func TestOldNames(t *testing.T) {
	s := newScreen(t)
	s.node.peers = []core.Peer{{ID: "12D3a", Connected: true}}
	for _, args := range [][]string{
		{"storage", "put", "k", "v"},
		{"storage", "get", "k"},
		{"storage", "list"},
		{"storage", "exists", "k"},
		{"storage", "delete", "k"},
		{"query", "SELECT 1"},
		{"connect", "/ip4/10.0.0.1/tcp/1/p2p/12D3x"},
		{"peers"},
		{"pubsub", "topics"},
	} {
		if s.run(args...); s.status != 0 {
			t.Errorf("%v: %d %s", args, s.status, s.err)
		}
	}
	s.run("--help")
	for _, old := range []string{"storage", "\n  query", "\n  connect"} {
		if strings.Contains(s.out, old) {
			t.Errorf("the help lists %q", old)
		}
	}
}

// Who starts a node must get what the flags say, and see where it is.
func TestNodeStart(t *testing.T) {
	s := newScreen(t)
	var got NodeStart
	s.start = func(_ context.Context, n NodeStart, ready func(string)) error {
		got = n
		ready("http://127.0.0.1:3/login?once=x")
		return nil
	}
	s.run("node", "start", "--listen", "/ip4/127.0.0.1/tcp/0", "--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--gateway-addr", "127.0.0.1:0",
		"--mdns=false", "--open", "--log-level", "debug", "--require-auth=false")
	c := got.Loaded.Config
	if s.status != 0 || len(c.Node.ListenAddresses) != 2 || c.Discovery.MDNS || !c.UI.Enabled || !got.Open || c.Logging.Level != "debug" || c.Gateway.RequireAuth || c.Node.DataDir != s.dir {
		t.Errorf("%d %s: %+v", s.status, s.err, c)
	}
	for _, want := range []string{"12D3me", "/ip4/127.0.0.1/tcp/1/p2p/12D3me", "http://127.0.0.1:2", "once=x", s.dir} {
		if !strings.Contains(s.err, want) || s.out != "" {
			t.Errorf("%q is not announced: %q %q", want, s.err, s.out)
		}
	}
	for _, args := range [][]string{{"--join", "x"}, {"--open-join"}, {"--listen", "nonsense"}, {"--require-auth=false"}} {
		if s.run(append([]string{"node", "start"}, args...)...); s.status != 2 {
			t.Errorf("%v: %d %s", args, s.status, s.err)
		}
	}
}

// A node that was told to end has ended when the command returns.
func TestNodeStop(t *testing.T) {
	s := newScreen(t)
	if s.run("node", "stop", "--timeout", "300ms"); s.status != 5 || !s.node.stopped || !strings.Contains(s.err, "still runs") {
		t.Errorf("a node that does not end: %d %s", s.status, s.err)
	}
	time.AfterFunc(200*time.Millisecond, func() {
		if err := config.RemoveRunFile(s.dir); err != nil {
			t.Error(err)
		}
	})
	if s.run("node", "stop"); s.status != 0 || !strings.Contains(s.out, `"stopped": true`) {
		t.Errorf("%d %s%s", s.status, s.out, s.err)
	}
}

// --wait bridges the moment until a node that was just started is there.
func TestNodeWait(t *testing.T) {
	s := newScreen(t)
	run, err := config.ReadRunFile(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := config.RemoveRunFile(s.dir); err != nil {
		t.Fatal(err)
	}
	if s.run("node", "wait", "--timeout", "200ms"); s.status != 5 {
		t.Errorf("without a node: %d %s", s.status, s.err)
	}
	time.AfterFunc(300*time.Millisecond, func() {
		if err := config.WriteRunFile(s.dir, run); err != nil {
			t.Error(err)
		}
	})
	if s.run("status", "--wait", "30s", "-o", "json"); s.status != 0 {
		t.Errorf("--wait: %d %s", s.status, s.err)
	}
	s.node.health.State = core.StateDown
	if s.run("health"); s.status != 5 {
		t.Errorf("a node that is down: %d", s.status)
	}
}

// The log tells what happened; following it must show what was missed.
func TestNodeLogs(t *testing.T) {
	s := newScreen(t)
	for i := range 5 {
		level := []string{"info", "warn"}[i%2]
		s.node.logs = append(s.node.logs, core.LogEntry{Seq: uint64(i + 1), Time: time.Unix(1700000000, 0), Level: level, Part: "p2p", Message: fmt.Sprintf("m%d", i), Attrs: map[string]string{"b": "2", "a": "x y"}})
	}
	if s.run("node", "logs", "--min-level", "warn", "--lines", "1"); !strings.Contains(s.out, `"message":"m3","attrs":{"a":"x y","b":"2"}`) || strings.Contains(s.out, "m1") {
		t.Errorf("%q", s.out)
	}
	if s.run("node", "logs", "-o", "table", "--search", "m4"); !strings.Contains(s.out, `INFO  p2p        m4 a="x y" b=2`) {
		t.Errorf("%q", s.out)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	s.ctx = ctx
	time.AfterFunc(2*logRhythm, func() { cancel(&SignalError{Signal: os.Interrupt}) })
	if s.run("node", "logs", "-f"); s.status != 130 || strings.Count(s.out, "\n") != 5 {
		t.Errorf("%d %q", s.status, s.out)
	}
}

// The configuration commands answer without a node.
func TestConfig(t *testing.T) {
	s := newScreen(t)
	path := filepath.Join(s.dir, "node.yaml")
	if s.run("config", "path"); s.out != path+"\n" {
		t.Errorf("%q", s.out)
	}
	if s.run("config", "init"); s.status != 0 {
		t.Error(s.err)
	}
	if s.run("config", "init"); s.status != 7 || !strings.Contains(s.err, "stays as it is") {
		t.Errorf("%d %s", s.status, s.err)
	}
	if s.run("config", "get", "gateway.addr"); s.out != "127.0.0.1:6001\n" {
		t.Errorf("%q", s.out)
	}
	if s.run("config", "show", "--changed", "--log-level", "debug", "-o", "csv"); s.out != "name,value,origin\nnode.data_dir,"+s.dir+",flag --data-dir\nlogging.level,debug,flag --log-level\n" {
		t.Errorf("%q %s", s.out, s.err)
	}
	if err := os.WriteFile(path, []byte("logging:\n  leevel: info\ndatabase:\n  rqlite_raft_port: 7001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.run("config", "check"); s.status != 2 || !strings.Contains(s.err, "logging.leevel (node.yaml line 2): there is no such key; did you mean logging.level?") {
		t.Errorf("%d %s", s.status, s.err)
	}
	if s.run("config", "check", "-o", "jsonl"); s.status != 2 || !strings.Contains(s.out, `"key":"logging.leevel","origin":"node.yaml line 2"`) {
		t.Errorf("%d %s %s", s.status, s.out, s.err)
	}
	// A running node stays reachable while its file is being edited.
	if s.run("status"); s.status != 0 {
		t.Error(s.err)
	}
	if err := os.WriteFile(path, []byte("database:\n  rqlite_raft_port: 7001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s.run("config", "check"); s.status != 0 || !strings.Contains(s.err, "notice: database.rqlite_raft_port (node.yaml line 2) decides nothing: Raft runs on libp2p") {
		t.Errorf("%d %s", s.status, s.err)
	}
}

// Completion that hangs or writes errors spoils the prompt.
func TestCompletion(t *testing.T) {
	s := newScreen(t)
	s.run("kv", "put", "color", "red")
	s.node.peers = []core.Peer{{ID: "12D3a", Agent: "debros/1"}}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"kv", "get", "c"}, "color\n"},
		{[]string{"sql", "schema", ""}, "users\n"},
		{[]string{"pubsub", "sub", ""}, "jobs\n"},
		{[]string{"peers", "show", ""}, "12D3a\tdebros/1\n"},
		{[]string{"config", "get", "gate"}, "gateway.addr\t"},
		{[]string{"node", "start", "--log-level", ""}, "debug\n"},
		{[]string{"status", "-o", ""}, "jsonl\n"},
	} {
		if s.run(append([]string{"__complete"}, tt.args...)...); !strings.Contains(s.out, tt.want) {
			t.Errorf("%v: %q %q", tt.args, s.out, s.err)
		}
	}
	s.dir = t.TempDir()
	start := time.Now()
	if s.run("__complete", "kv", "get", ""); strings.Contains(s.out, "color") || time.Since(start) > time.Second {
		t.Errorf("without a node, after %v: %q", time.Since(start), s.out)
	}
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if s.run("completion", shell); s.status != 0 || len(s.out) < 1000 {
			t.Errorf("%s: %d %s", shell, s.status, s.err)
		}
	}
}
