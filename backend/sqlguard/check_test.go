package sqlguard

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// row is one line of the corpus, cut at " | ".
type row struct {
	line   int
	fields []string
}

func corpus(tb testing.TB, file string, fields int) []row {
	tb.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		tb.Fatal(err)
	}
	var rows []row
	scan := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; scan.Scan(); n++ {
		text := strings.TrimSuffix(scan.Text(), "\r")
		if text == "" || text[0] == '#' {
			continue
		}
		text = strings.NewReplacer("␤", "\n", "␀", "\x00", "�", "\xff").Replace(text)
		cut := strings.SplitN(text, " | ", fields)
		if len(cut) != fields {
			tb.Fatalf("%s:%d: want %d fields", file, n, fields)
		}
		rows = append(rows, row{line: n, fields: cut})
	}
	if err := scan.Err(); err != nil {
		tb.Fatal(err)
	}
	return rows
}

// If a row of this fails, ordinary programs that use SQLite stop working here,
// or a statement goes the wrong way: a write to a replica, a read into the log.
func TestCheck_Good(t *testing.T) {
	j := newJudge(t)
	rows := corpus(t, "good.txt", 3)
	if len(rows) < 150 {
		t.Fatalf("the corpus has shrunk to %d rows", len(rows))
	}
	for _, r := range rows {
		t.Run(fmt.Sprintf("line %d", r.line), func(t *testing.T) {
			text := r.fields[2]
			st, err := Check(text)
			if err != nil {
				t.Fatalf("%s\nrefused: %v", text, err)
			}
			if string(st.Kind) != r.fields[0] {
				t.Errorf("%s\nis a %s, want %s", text, st.Kind, r.fields[0])
			}
			want := strings.TrimPrefix(r.fields[1], "-")
			if got := strings.Join(st.Tables, ","); got != want {
				t.Errorf("%s\nnames %q, want %q", text, got, want)
			}
			if v := j.compile(t, text, st); v != (verdict{}) {
				t.Errorf("%s\nSQLite: %+v", text, v)
			}
		})
	}
}

// If a row of this fails, one tenant can read another's files, undo others'
// writes, stop the group or reach the node's own tables.
func TestCheck_Bad(t *testing.T) {
	rows := corpus(t, "bad.txt", 2)
	if len(rows) < 200 {
		t.Fatalf("the corpus has shrunk to %d rows", len(rows))
	}
	for _, r := range rows {
		t.Run(fmt.Sprintf("line %d", r.line), func(t *testing.T) {
			st, err := Check(r.fields[1])
			if err == nil {
				t.Fatalf("%s\npassed as %+v", r.fields[1], st)
			}
			if code := core.CodeOf(err); code != core.Invalid && code != core.TooLarge {
				t.Errorf("%s\ncode %s", r.fields[1], code)
			}
			if !strings.Contains(err.Error(), r.fields[0]) {
				t.Errorf("%s\nsays %q, want a word of %q", r.fields[1], err, r.fields[0])
			}
		})
	}
}
