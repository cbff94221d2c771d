package service

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the same SQLite that keeps the rows

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// A message in a room of years must not cost more than in a new one: no statement
// may look at every row of a table that grows.
func TestStatements_LookAtFewRows(t *testing.T) {
	d := newDesk(t, Settings{})
	alice := newPerson(t, d.clock.Now).enrolled(d.Service)
	tag := wire.NewTag()
	k, m := alice.talk(tag.Name()), alice.talk(tag.Name())
	must(t, d.Service, k.announce(), k.message(0))
	var encoded [][]byte
	for _, row := range []wire.Row{
		k.message(1), alice.event(wire.NewTag().Name(), 1, wire.Hash{}, false), m.announce(), alice.erase(k.session, 0),
		alice.envelope(alice.id), alice.envelope(wire.Fingerprint{1}), signs(alice, wire.Ack{Device: alice.id, Envelopes: []wire.EnvelopeID{{1}}, At: wire.Time(d.clock.Now())}),
	} {
		encoded = append(encoded, row.Encode())
	}
	p := &put{Service: d.Service, receipts: make([]wire.Receipt, len(encoded))}
	steps, err := p.sort(t.Context(), encoded)
	if err != nil || len(steps) != 4 {
		t.Fatalf("%d steps, %v: %v", len(steps), err, codes(p.receipts))
	}
	var statements []core.Statement
	for _, one := range steps {
		st, errStep := one.statement()
		if errStep != nil {
			t.Fatal(errStep)
		}
		statements = append(statements, st)
	}
	now := d.clock.Now()
	statements = append(statements, stmt(pageSQL, tag[:], 0, 10), stmt(newHeadsSQL, 0, 10), stmt(oldEnvelopesSQL(), now, 10), stmt(anyOldSQL(), now, now, 0),
		stmt(whereSQL, int(wire.KindMessage), messageKey(k.session, 0)))
	for _, st := range statements {
		for _, step := range plan(t, st) {
			for _, table := range []string{"log", "l", "heads", "sessions", "s", "devices", "d", "device_certs", "blobs", "chunks"} {
				if words := strings.Fields(step); words[0] == "SCAN" && words[1] == table && !slices.Equal(words, []string{"SCAN", "l", "LEFT-JOIN"}) { // a page of it
					t.Errorf("%s\n%s", step, st.SQL)
				}
			}
		}
	}
}

// plan is how SQLite goes about a statement: the databases' own door explains no write.
func plan(t *testing.T, st core.Statement) (steps []string) {
	t.Helper()
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if errClose := db.Close(); errClose != nil {
			t.Error(errClose)
		}
	}()
	db.SetMaxOpenConns(1)
	for _, table := range schema() {
		if _, err = db.ExecContext(t.Context(), table.SQL); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+st.SQL, st.Args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err tells
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err = rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err = rows.Err(); err != nil || len(steps) == 0 {
		t.Fatalf("%d steps, %v", len(steps), err)
	}
	return steps
}
