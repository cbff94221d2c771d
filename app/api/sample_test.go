package api

import (
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// The sample comes and goes as a whole, and what a person put beside it stays.
func TestSample_ComesAndGoes(t *testing.T) {
	f := newFake()
	f.items["mine"] = core.Item{Key: "mine"}
	f.items["user:mine"] = core.Item{Key: "user:mine"}
	a := f.page(t)
	s := bound[Sample](a)
	if state, err := s.State(); err != nil || state.Present {
		t.Errorf("before there is such a namespace: %+v, %v", state, err)
	}
	f.spaces = []core.Namespace{SampleNamespace}
	do := func(what func() (string, error)) Task {
		t.Helper()
		if _, err := what(); err != nil {
			t.Fatal(err)
		}
		return lastTask(t, a)
	}

	if done := do(s.Add); done.State != taskDone || done.Done != done.Total {
		t.Fatalf("%+v", done)
	}
	state, err := s.State()
	if err != nil || !state.Present || state.Keys < 190 || state.Tables != 4 {
		t.Errorf("%+v, %v", state, err)
	}
	if len(f.writes) != state.Tables+state.Rows {
		t.Errorf("%d statements for %+v", len(f.writes), state)
	}
	if again := do(s.Add); again.Code != string(core.Conflict) {
		t.Errorf("added twice: %+v", again)
	}
	if done := do(s.Remove); done.State != taskDone {
		t.Fatalf("%+v", done)
	}
	if last := f.writes[len(f.writes)-4:]; !strings.HasPrefix(last[0], "DROP TABLE IF EXISTS order_items") {
		t.Errorf("the last statements are %q", last)
	}
	if len(f.items) != 2 {
		t.Errorf("%d keys are left, not the two of the person", len(f.items))
	}
	if again := do(s.Remove); again.Code != string(core.NotFound) {
		t.Errorf("removed twice: %+v", again)
	}
}

// A key that is written twice would be counted twice, and removed once.
func TestSample_EachKeyOnce(t *testing.T) {
	seen := map[string]bool{sampleMark: true}
	for _, op := range sampleKeys() {
		if seen[op.Key] || len(op.Value) == 0 {
			t.Errorf("the key %q is empty or there twice", op.Key)
		}
		seen[op.Key] = true
	}
	for _, row := range sampleRows(time.Unix(0, 0)) {
		for _, arg := range row.Args {
			switch arg.(type) {
			case int64, string:
			default:
				t.Fatalf("%s has a %T, which the database does not take", row.SQL, arg)
			}
		}
	}
}
