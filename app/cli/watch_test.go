package cli

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// What changes must reach a program line by line, with the gap among the lines,
// and a person without what a terminal would obey.
func TestKVWatch(t *testing.T) {
	s := newScreen(t)
	if s.run("kv", "watch", "k/", "--since", "1", "--count", "3"); s.status != 0 || strings.Count(s.out, "\n") != 4 {
		t.Fatalf("%d %s %s", s.status, s.out, s.err)
	}
	lines := strings.Split(s.out, "\n")
	for i, want := range []string{
		`"operation":"gap"`, `"operation":"put","key":"k/a","size":7,"version":2,"updated_at":"2023-11-14T22:13:20Z"`,
		`"version":3,"updated_at":"2023-11-14T22:13:20Z","expires_at":null,"value":null,"value_base64":"/w=="`, `"operation":"delete","key":"k/a"`,
	} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d: %s\nwant %s", i, lines[i], want)
		}
	}
	if strings.Contains(lines[3], "value") {
		t.Errorf("a delete has a value: %s", lines[3])
	}
	if s.run("kv", "watch", "--count", "2", "-o", "table"); s.status != 0 || strings.Count(s.out, "\n") != 2 || strings.Contains(s.out, "\x1b") || !strings.Contains(s.out, "[1 bytes that are no text]") {
		t.Errorf("%d %q %s", s.status, s.out, s.err)
	}
	if s.run("kv", "watch", "--count", "-1"); s.status != 2 {
		t.Errorf("%d %s", s.status, s.err)
	}
}

// A version that is shown can be had back, on the condition that the key is as it
// was looked at; what is not kept, and a delete, cannot.
func TestKVHistoryAndRevert(t *testing.T) {
	s := newScreen(t)
	if s.run("kv", "history", "color", "-o", "csv"); s.out != "version,operation,updated_at,size,value\n5,delete,2023-11-14T22:13:20Z,0,\n3,put,2023-11-14T22:13:20Z,3,red\n" {
		t.Errorf("%q %s", s.out, s.err)
	}
	if s.run("kv", "history", "color", "-o", "json"); !strings.Contains(s.out, `"complete_since": 2`) {
		t.Errorf("%s %s", s.out, s.err)
	}
	if s.run("kv", "revert", "color", "3"); s.status != 0 || string(s.node.items["color"].Value) != "red" || !strings.Contains(s.out, `"reverted_to": 3`) {
		t.Errorf("%d %s %s", s.status, s.out, s.err)
	}
	for version, want := range map[string]int{"4": core.NotFound.ExitStatus(), "5": 2, "0": 2, "3x": 2, "-3": 2} {
		if s.run("kv", "revert", "--", "color", version); s.status != want {
			t.Errorf("version %s: %d, want %d: %s", version, s.status, want, s.err)
		}
	}
}

// Each state of a query is one line for a program.
func TestSQLWatch(t *testing.T) {
	s := newScreen(t)
	if s.run("sql", "watch", "SELECT * FROM t", "--count", "2"); s.status != 0 || strings.Count(s.out, "\n") != 2 ||
		!strings.Contains(s.out, `"gap":true,"index":2,"rows":[{"id":9007199254740993,`) || !strings.Contains(s.err, "may have been missed") {
		t.Errorf("%d %s %s", s.status, s.out, s.err)
	}
	if s.run("sql", "watch", "SELECT * FROM t", "--count", "1", "-o", "csv"); s.status != 0 || !strings.HasPrefix(s.out, "id,name,id_2\n") {
		t.Errorf("%d %q %s", s.status, s.out, s.err)
	}
}
