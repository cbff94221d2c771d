package sqlguard

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// An editor that cuts a script in the wrong place runs half a statement.
func TestSplit(t *testing.T) {
	const trigger = "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; UPDATE t SET a = 1; END"
	tests := map[string]struct {
		script string
		want   []string
	}{
		"nothing":                      {script: " \n -- only a comment\n ;;"},
		"one without a semicolon":      {script: " SELECT 1 ", want: []string{"SELECT 1"}},
		"two":                          {script: "SELECT 1; SELECT 2;", want: []string{"SELECT 1", "SELECT 2"}},
		"semicolons in quotes":         {script: `SELECT ';', ";", [;], ` + "`;`" + `; x`, want: []string{`SELECT ';', ";", [;], ` + "`;`", "x"}},
		"semicolons in comments":       {script: "SELECT /* ; */ 1 -- ;\n + 2; x", want: []string{"SELECT /* ; */ 1 -- ;\n + 2", "x"}},
		"a comment before":             {script: "-- first\nSELECT 1", want: []string{"SELECT 1"}},
		"a trigger":                    {script: trigger + "; SELECT 1", want: []string{trigger, "SELECT 1"}},
		"a temporary trigger":          {script: "create temp " + trigger[7:] + ";x", want: []string{"create temp " + trigger[7:], "x"}},
		"an explained trigger":         {script: "EXPLAIN QUERY PLAN " + trigger + ";x", want: []string{"EXPLAIN QUERY PLAN " + trigger, "x"}},
		"two triggers":                 {script: trigger + ";\n" + trigger + ";", want: []string{trigger, trigger}},
		"a table named trigger":        {script: `CREATE TABLE "trigger"(a); SELECT 1`, want: []string{`CREATE TABLE "trigger"(a)`, "SELECT 1"}},
		"a broken trigger takes all":   {script: "CREATE TRIGGER x; SELECT 1;", want: []string{"CREATE TRIGGER x; SELECT 1;"}},
		"a quote that never closes":    {script: "SELECT 1; SELECT 'a; b;", want: []string{"SELECT 1", "SELECT 'a; b;"}},
		"a transaction is three":       {script: "BEGIN; SELECT 1; END;", want: []string{"BEGIN", "SELECT 1", "END"}},
		"words that are no SQL at all": {script: "hello world; ?? !!", want: []string{"hello world", "?? !!"}},
		"empty ones between":           {script: ";;a;;b", want: []string{"a", "b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			pieces, err := Split(tt.script)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, p := range pieces {
				got = append(got, p.Text)
				if tt.script[p.Offset:p.Offset+len(p.Text)] != p.Text {
					t.Errorf("%q is not at %d", p.Text, p.Offset)
				}
			}
			if strings.Join(got, "|") != strings.Join(tt.want, "|") {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if _, err := Split(strings.Repeat(" ", MaxScriptBytes+1)); core.CodeOf(err) != core.TooLarge {
		t.Errorf("a script that is too long: %v", err)
	}
}

// What an editor sends piece by piece must be what Check calls one statement.
func TestSplit_AgreesWithCheck(t *testing.T) {
	var script strings.Builder
	var want []string
	for _, r := range corpus(t, "good.txt", 3) {
		text := r.fields[2]
		if strings.Contains(text, "never closed") {
			continue
		}
		script.WriteString(text + "\n;\n")
		want = append(want, text)
	}
	pieces, err := Split(script.String())
	if err != nil || len(pieces) != len(want) {
		t.Fatalf("%d pieces of %d statements, %v", len(pieces), len(want), err)
	}
	for i, p := range pieces {
		whole, errWhole := Check(want[i])
		part, errPart := Check(p.Text)
		if errWhole != nil || errPart != nil || whole.Kind != part.Kind || whole.Parameters != part.Parameters {
			t.Errorf("%q became %q: %v", want[i], p.Text, errPart)
		}
	}
}
