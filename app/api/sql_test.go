package api

import (
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

func runScript(t *testing.T, s *SQL, script string, atomic bool) []StatementResult {
	t.Helper()
	answer, err := s.Run(RunRequest{RunID: "run", Namespace: "default", Script: script, Level: "none", Atomic: atomic})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Results
}

// A script runs in order and stops at its first failure; the results say which
// statement it was and that those before it stand.
func TestSQL_RunStopsAtTheFirstFailure(t *testing.T) {
	f := newFake()
	got := runScript(t, bound[SQL](f.page(t)), "select 2; insert; fail; insert", false)
	if len(got) != 3 || got[0].Total != 2 || got[1].RowsAffected != "1" || got[2].Code != string(core.Invalid) {
		t.Fatalf("%+v", got)
	}
	if got[1].LastInsertID != "9007199254740993" {
		t.Errorf("the row id %s was rounded", got[1].LastInsertID)
	}
	if got[2].Error != "UNIQUE constraint failed: t.id" || got[2].Offset != 18 || got[2].RequestID == "" {
		t.Errorf("%+v", got[2])
	}
	if got[0].Provenance.Level != "none" || !slices.Equal(got[0].Rows[1], []Cell{{"i", "1"}, {"t", "row"}}) {
		t.Errorf("%+v", got[0])
	}
	if !slices.Equal(f.writes, []string{"insert"}) {
		t.Errorf("written: %v", f.writes)
	}
}

// An atomic script is all or nothing, and never looks half done: when it fails
// only the statement to blame is shown.
func TestSQL_RunAtomic(t *testing.T) {
	tests := map[string]struct {
		script  string
		results int
		code    core.Code
		says    string
		writes  int
		offset  int // of the first result
	}{
		"all good":        {script: "insert 1; insert 2", results: 2, writes: 2},
		"one fails":       {script: "insert 1; fail; insert 2", results: 1, code: core.Invalid, says: "UNIQUE", offset: 10},
		"a read in it":    {script: "insert 1; select 1", results: 1, code: core.Invalid, says: "writes only", offset: 10},
		"what is refused": {script: "insert 1; attach", results: 1, code: core.Invalid, says: "ATTACH", offset: 10},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			got := runScript(t, bound[SQL](f.page(t)), tt.script, true)
			if len(got) != tt.results || got[0].Code != string(tt.code) || !strings.Contains(got[0].Error, tt.says) {
				t.Errorf("%+v", got)
			}
			if got[0].Offset != tt.offset {
				t.Errorf("the statement at %d is marked, want %d", got[0].Offset, tt.offset)
			}
			if len(f.writes) != tt.writes {
				t.Errorf("written: %v", f.writes)
			}
		})
	}
}

// A long result is paged out of Go; the page holds what it shows.
func TestSQL_Paging(t *testing.T) {
	s := bound[SQL](newFake().page(t))
	got := runScript(t, s, "select 700; select 500", false)
	if got[1].ResultID == "" || len(got[1].Rows) != 500 {
		t.Errorf("a result that cannot be sorted: %q", got[1].ResultID)
	}
	id := got[0].ResultID
	if len(got[0].Rows) != maxFirstRows || got[0].Total != 700 || id == "" {
		t.Fatalf("%d rows, %d in all, id %q", len(got[0].Rows), got[0].Total, id)
	}
	v := View{ResultID: id, Shape: Shape{Sort: -1}}
	page, err := s.Rows(v, 500, 1000)
	if err != nil || len(page.Rows) != 200 || page.Total != 700 || page.Rows[0][0] != (Cell{"i", "500"}) {
		t.Errorf("%d rows, %v", len(page.Rows), err)
	}
	if page, err := s.Rows(v, 700, 10); err != nil || len(page.Rows) != 0 {
		t.Errorf("behind the end: %v, %v", page, err)
	}
	if _, err := s.Rows(v, -1, 10); codeOf(t, err) != core.Invalid {
		t.Errorf("before the start: %v", err)
	}
	if err := s.Close(id); err != nil {
		t.Error(err)
	}
	if _, err := s.Rows(v, 0, 10); codeOf(t, err) != core.NotFound {
		t.Errorf("after the close: %v", err)
	}
}

// Kept results have bounds of their own, whatever the database returns, and the
// oldest goes first.
func TestSQL_ResultsAreBounded(t *testing.T) {
	a := newFake().page(t)
	s := bound[SQL](a)
	if got := runScript(t, s, "select 100001", false)[0]; got.Total != MaxResultRows || !got.Truncated {
		t.Errorf("%d rows, truncated %v", got.Total, got.Truncated)
	}
	first := a.desk.results.order[0]
	for range MaxResults {
		runScript(t, s, "select 600", false)
	}
	if n := len(a.desk.results.byID); n != MaxResults {
		t.Errorf("%d results are kept", n)
	}
	if _, err := s.Rows(View{ResultID: first, Shape: Shape{Sort: -1}}, 0, 1); codeOf(t, err) != core.NotFound {
		t.Errorf("the oldest: %v", err)
	}
	large := &core.Rows{}
	for range 70 {
		large.Values = append(large.Values, []any{strings.Repeat("x", 1<<20)})
	}
	kept := keep(large)
	if len(kept.rows) != 63 || !kept.truncated {
		t.Errorf("%d rows of 1 MiB are kept", len(kept.rows))
	}
	for range 10 {
		a.desk.results.add(kept)
	}
	if a.desk.results.bytes > MaxResultsBytes {
		t.Errorf("%d bytes are kept", a.desk.results.bytes)
	}
	rows, weight := cells(large.Values, maxAnswerBytes)
	if len(rows) != 3 || weight > maxAnswerBytes {
		t.Errorf("one answer has %d rows, %d bytes", len(rows), weight)
	}
	if rows, _ := cells([][]any{{strings.Repeat("x", 5<<20)}}, maxAnswerBytes); len(rows) != 1 {
		t.Error("a row larger than an answer can never be read")
	}
}

// A runaway query is stopped by the person who started it.
func TestSQL_Cancel(t *testing.T) {
	f := newFake()
	s := bound[SQL](f.page(t))
	done := make(chan []StatementResult, 1)
	go func() { done <- runScript(t, s, "wait; insert", false) }()
	<-f.started
	if _, err := s.Run(RunRequest{RunID: "run", Namespace: "default", Script: "select 1"}); codeOf(t, err) != core.Conflict {
		t.Errorf("the same id twice: %v", err)
	}
	if found, err := s.Cancel("run"); err != nil || !found {
		t.Errorf("cancel: %v, %v", found, err)
	}
	if got := <-done; len(got) != 1 || got[0].Error != "The request was cancelled." {
		t.Errorf("%+v", got)
	}
	if found, err := s.Cancel("run"); err != nil || found {
		t.Errorf("cancel after the end: %v, %v", found, err)
	}
}

// The editor marks statements where they stand, also behind letters that count
// as two bytes in Go and one or two units in JavaScript.
func TestSQL_SplitCountsAsJavaScript(t *testing.T) {
	got, err := bound[SQL](newFake().page(t)).Split("é 🙂; insert")
	if err != nil || len(got) != 2 {
		t.Fatalf("%+v, %v", got, err)
	}
	if got[0].Offset != 0 || got[0].End != 4 || got[1].Offset != 6 || got[1].End != 12 {
		t.Errorf("%+v", got)
	}
}

// Scripts that cannot be run are refused as a whole, with the reason.
func TestSQL_BadScripts(t *testing.T) {
	s := bound[SQL](newFake().page(t))
	tests := map[string]struct {
		r    RunRequest
		want core.Code
	}{
		"empty":         {RunRequest{RunID: "r", Namespace: "default", Script: " ; "}, core.Invalid},
		"open quote":    {RunRequest{RunID: "r", Namespace: "default", Script: "select '"}, core.Invalid},
		"no id":         {RunRequest{Namespace: "default", Script: "select 1"}, core.Invalid},
		"bad level":     {RunRequest{RunID: "r", Namespace: "default", Script: "select 1", Level: "x"}, core.Invalid},
		"bad namespace": {RunRequest{RunID: "r", Namespace: "A", Script: "select 1"}, core.Invalid},
		"too long":      {RunRequest{RunID: "r", Namespace: "default", Script: strings.Repeat(" ", MaxScriptBytes+1)}, core.TooLarge},
		"too many":      {RunRequest{RunID: "r", Namespace: "default", Script: strings.Repeat("insert;", MaxStatements+1)}, core.TooLarge},
	}
	for name, tt := range tests {
		if _, err := s.Run(tt.r); codeOf(t, err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every value of SQLite reaches the grid exactly.
func TestCellOf(t *testing.T) {
	tests := map[string]struct {
		v    any
		want Cell
	}{
		"null":            {nil, Cell{"n", ""}},
		"largest integer": {int64(9223372036854775807), Cell{"i", "9223372036854775807"}},
		"real":            {0.1, Cell{"r", "0.1"}},
		"text":            {"x", Cell{"t", "x"}},
		"blob":            {[]byte{0, 255}, Cell{"b", "AP8="}},
		"true":            {true, Cell{"i", "1"}},
	}
	for name, tt := range tests {
		if got := cellOf(tt.v); got != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// An answer that counts the failure in its results, instead of as an error, is
// understood too; and a sentence without a number marks the first statement.
func TestSQL_Blame(t *testing.T) {
	r := &run{d: newFake().page(t).desk}
	var out StatementResult
	if err := r.written(&out, core.ExecResult{Error: "disk full"}); core.CodeOf(err) != core.Invalid {
		t.Errorf("%v", err)
	}
	for sentence, want := range map[string]int{
		"statement 2 of 3: x": 1, "nothing was stored: statement 3 of 3: x": 2, "statement 4 of 3": 0, "statement 0 of 3": 0, "statement 2 of 9": 0, "x": 0, "statement x": 0,
	} {
		if got := blamed(core.Errorf(core.Invalid, "%s", sentence), 3); got != want {
			t.Errorf("%q blames %d, want %d", sentence, got, want)
		}
	}
}
