package database

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// If an answer claims to hold exactly an entry and holds more or less, comparing
// replicas accuses a healthy one. The count tells how many entries are in it.
func TestQueryAt_AnExactAnswerHoldsThatEntryAndNoMore(t *testing.T) {
	_, nodes, _ := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY)`)
	leader, _ := leaderOf(t, nodes)
	keepers, err := leader.Keepers(t.Context(), red)
	if err != nil || len(keepers) != 3 {
		t.Fatalf("keepers: %v, %v", keepers, err)
	}
	counts := map[uint64]int64{} // rows at an entry, whoever answered
	exact := 0
	for i := range 150 {
		done := make(chan error, 1)
		go func() {
			_, err := leader.Exec(t.Context(), red, []core.Statement{{SQL: fmt.Sprintf("INSERT INTO t VALUES (%d)", i)}}, core.ExecOptions{})
			done <- err
		}()
		for _, node := range keepers {
			rows, err := leader.QueryAt(t.Context(), node, red, core.Statement{SQL: "SELECT count(*) FROM t"}, core.QueryOptions{})
			if err != nil {
				continue // a follower that has not yet heard its leader
			}
			p := rows.Provenance
			if p.ServedBy != node || p.Level != core.LevelNone {
				t.Fatalf("asked %s: %+v", node, p)
			}
			if p.Index != p.LeaderIndex {
				continue
			}
			exact++
			n, isCount := rows.Values[0][0].(int64)
			if before, known := counts[p.Index]; !isCount || (known && before != n) {
				t.Fatalf("entry %d holds %d rows and %d rows", p.Index, before, n)
			}
			counts[p.Index] = n
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if exact < 50 || len(counts) < 20 {
		t.Errorf("only %d exact answers at %d entries", exact, len(counts))
	}
}

// If a damaged replica answers like the others, nobody ever hears of it.
func TestQueryAt_ShowsADamagedReplica(t *testing.T) {
	_, nodes, _ := three(t, Settings{})
	nodes[0].must(t, red, `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)`, `INSERT INTO t VALUES (1, 'whole')`)
	leader, others := leaderOf(t, nodes)
	equal(t, nodes...)
	l, err := others[0].Replicas().lease(t.Context(), red)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := openPlain(filepath.Clean(l.readers.path), "mode=rw")
	l.release()
	if err != nil {
		t.Fatal(err)
	}
	if err := runPlain(context.Background(), conn, "UPDATE t SET name = 'broken'"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	read := func(node string) (core.Provenance, any) {
		var rows *core.Rows
		eventually(t, "an exact answer", func() bool {
			var err error
			rows, err = leader.QueryAt(t.Context(), node, red, core.Statement{SQL: "SELECT name FROM t"}, core.QueryOptions{})
			return err == nil && rows.Provenance.Index == rows.Provenance.LeaderIndex
		})
		return rows.Provenance, rows.Values[0][0]
	}
	here, whole := read(leader.settings.NodeID)
	there, broken := read(others[0].settings.NodeID)
	if here.Index != there.Index || whole != "whole" || broken != "broken" {
		t.Errorf("at %d %v, at %d %v", here.Index, whole, there.Index, broken)
	}
	if _, err := leader.QueryAt(t.Context(), others[0].settings.NodeID, red, core.Statement{SQL: "SELECT * FROM _debros_kv"}, core.QueryOptions{}); core.CodeOf(err) != core.Invalid && core.CodeOf(err) != core.Denied {
		t.Errorf("a tenant reads the node's own table: %v", err)
	}
}
