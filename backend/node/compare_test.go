package node

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// If a statement that may answer differently on equal replicas is compared, a
// person is sent to look for damage that is not there.
func TestReading_SaysWhyReplicasMayAnswerDifferently(t *testing.T) {
	tests := map[string]struct{ sql, reason string }{
		"a plain read":            {"SELECT * FROM t WHERE at > date('2026-01-01')", ""},
		"a date of a column":      {"SELECT date(at) FROM t ORDER BY 1 LIMIT 3", ""},
		"dice":                    {"SELECT random()", "dice"},
		"a clock by name":         {"SELECT current_timestamp", "clock"},
		"a clock by word":         {"SELECT * FROM t WHERE at > datetime('Now', '-1 day')", "clock"},
		"a clock by default":      {"SELECT unixepoch( )", "clock"},
		"a clock behind a format": {"SELECT strftime('%Y')", "clock"},
		"a time zone":             {"SELECT datetime(at, 'localtime') FROM t", "clock"},
		"a part without an order": {"SELECT * FROM t LIMIT 5", "LIMIT"},
		"a part of a part":        {"SELECT * FROM (SELECT * FROM t LIMIT 5) ORDER BY 1", "LIMIT"},
		"the connection":          {"SELECT changes()", "connection"},
	}
	for name, tt := range tests {
		got, err := (&Node{}).Reading(tt.sql)
		if err != nil || (tt.reason == "") != (got.Unlike == "") || !strings.Contains(got.Unlike, tt.reason) {
			t.Errorf("%s: %q, %v", name, got.Unlike, err)
		}
	}
	if r, err := (&Node{}).Reading("SELECT a FROM t JOIN u USING (id) ORDER BY a"); err != nil || !r.Ordered || len(r.Tables) != 2 {
		t.Errorf("an ordered join: %+v, %v", r, err)
	}
	for _, sql := range []string{"DELETE FROM t", "EXPLAIN SELECT 1", "PRAGMA table_info(t)"} {
		if _, err := (&Node{}).Reading(sql); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// A statement whose table is guessed wrong is taken back in the wrong table.
func TestWrites_NamesTheTable(t *testing.T) {
	for sql, want := range map[string]string{
		"INSERT INTO a SELECT * FROM b":                      "a",
		"insert or replace into a values (1)":                "a",
		"REPLACE INTO a VALUES (1)":                          "a",
		"UPDATE a SET x = (SELECT y FROM b)":                 "a",
		"DELETE FROM a WHERE id IN (SELECT id FROM b)":       "a",
		"WITH b AS (SELECT 1) INSERT INTO a SELECT * FROM b": "",
		"CREATE TABLE a (x)":                                 "",
		"SELECT * FROM a":                                    "",
	} {
		if got, err := (&Node{}).Writes(sql); err != nil || got != want {
			t.Errorf("%s: %q, %v", sql, got, err)
		}
	}
}
