package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Existing clients send exactly these statements and read exactly these fields.
func TestDatabase_Contract(t *testing.T) {
	s := openSite(t)
	s.play([]turn{
		{"POST /v1/db/create-table", `{"schema":"CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x', n REAL, b BLOB)"}`, "", 201, `{"status":"ok"}`},
		{
			"POST /v1/db/query", `{"sql":"INSERT INTO t (name, n) VALUES (?, ?), ('b', NULL)","args":["a",1.5]}`, "", 200,
			`{"columns":["rows_affected","last_insert_id"],"rows":[[2,2]],"count":1,"rows_affected":2,"last_insert_id":2,"time":…}`,
		},
		{
			"POST /v1/db/query", `{"sql":"-- all\nSELECT id, name, n, n * 2 AS twice FROM t ORDER BY id"}`, "", 200,
			`{"columns":["id","name","n","twice"],"types":["integer","text","real","real"],"rows":[[1,"a",1.5,3.0],[2,"b",null,null]],"count":2,"time":0.…}`,
		},
		{"POST /v1/db/query", `{"sql":"SELECT name FROM t WHERE id = :id","named":{"id":2},"level":"none","freshness":"10s","timeout":1}`, "", 200, `{"columns":["name"],"types":["text"],"rows":[["b"]],"count":1,"time":…}`},
		{"POST /v1/db/query", `{"sql":"SELECT id FROM t WHERE 0"}`, "", 200, `{"columns":["id"],"types":["integer"],"rows":[],"count":0,"time":…}`},
		{"POST /v1/db/query", `{"sql":"WITH x AS (SELECT 1 AS v) SELECT v FROM x"}`, "", 200, `{"columns":["v"],"types":["integer"],"rows":[[1]],"count":1,"time":…}`},
		{"POST /v1/db/query", `{"sql":"PRAGMA table_info(t)"}`, "", 200, `{"columns":["cid","name",…`},
		{"POST /v1/db/query", `{"sql":"EXPLAIN QUERY PLAN SELECT * FROM t"}`, "", 200, `…SCAN t…`},
		{
			"POST /v1/db/query", `{"sql":"UPDATE t SET name = 'c' WHERE id = 2 RETURNING id, name"}`, "", 200,
			`{"columns":["id","name"],"types":[…],"rows":[[2,"c"]],"count":1,"rows_affected":1,"time":…}`,
		},
		{"POST /v1/db/query", `{"sql":"SELECT id FROM t ORDER BY id","max_rows":1}`, "", 200, `{"columns":["id"],"types":["integer"],"rows":[[1]],"count":1,"truncated":true,"time":…}`},
		{"GET /v1/db/schema", "", "", 200, `{"tables":[{"name":"t","kind":"table","sql":"CREATE TABLE t …","columns":[{"name":"id","type":"INTEGER","nullable":…,"default":"","primary_key":true},…],"indexes":[]}]}`},
		{"POST /v1/rqlite/schema", "", "", 200, `{"tables":[{"name":"t",…`},
		{"POST /v1/db/drop-table", `{"table":"t"}`, "", 200, `{"status":"ok"}`},
		{"POST /v1/db/drop-table", `{"table":"t"}`, "", 200, `{"status":"ok"}`},
		{"GET /v1/db/schema", "", "", 200, `{"tables":[]}`},
	})
}

// Whoever is told that the fault is ours repeats a request that can never work.
func TestDatabase_Refusals(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (id INTEGER PRIMARY KEY)"}`)
	s.play([]turn{
		{"POST /v1/db/query", `{"sql":"SELECT * FROM missing"}`, "", 400, `…no such table: missing…`},
		{"POST /v1/db/query", `{"sql":"SELEC 1"}`, "", 400, `…"code":"invalid"…`},
		{"POST /v1/db/query", `{"sql":""}`, "", 400, `…sql is missing…`},
		{"POST /v1/db/query", `{}`, "", 400, `…sql is missing…`},
		{"POST /v1/db/query", `{"sql":`, "", 400, `…"code":"invalid"…`},
		{"POST /v1/db/query", `{"sql":1}`, "", 400, `…the field \"sql\" cannot be a number…`},
		{"POST /v1/db/query", `{"sql":"SELECT 1"} {}`, "", 400, `…there is more…`},
		{"POST /v1/db/query", `{"sql":"SELECT ?"}`, "", 400, `…1 parameters, 0 values…`},
		{"POST /v1/db/query", `{"sql":"SELECT ?","args":[{"base64":1}]}`, "", 400, `…value 1: …`},
		{"POST /v1/db/query", `{"sql":"SELECT ?","args":[[1]]}`, "", 400, `…value 1: …`},
		{"POST /v1/db/query", `{"sql":"SELECT 1","level":"exact"}`, "", 400, `…level…`},
		{"POST /v1/db/query", `{"sql":"SELECT 1; SELECT 2"}`, "", 400, `…one statement at a time…`},
		{"POST /v1/db/query", `{"sql":"ATTACH 'x' AS y"}`, "", 400, `…ATTACH is not available…`},
		{"POST /v1/db/query", `{"sql":"SELECT * FROM _debros_kv"}`, "", 400, `…"code":"invalid"…`},
		{"POST /v1/db/query", `{"sql":"SELECT load_extension('x')"}`, "", 400, `…"code":"invalid"…`},
		{"POST /v1/db/query", `{"sql":"` + strings.Repeat("x", 1<<20) + `"}`, "", 413, `…at most 1048576 bytes…`},
		{"POST /v1/db/query", `{"sql":"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n","timeout":"50ms"}`, "", 503, `…took longer than its limit…`},
		{"GET /v1/db/query?sql=SELECT+1", "", "", 400, `…answers POST…`},
		{"POST /v1/db/create-table", `{"schema":"DROP TABLE t"}`, "", 400, `…one CREATE statement…`},
		{"POST /v1/db/create-table", `{"schema":"CREATE TABLE u (a); DROP TABLE t"}`, "", 400, `…one statement at a time…`},
		{"POST /v1/db/create-table", `{"schema":"/* CREATE */ ALTER TABLE t ADD COLUMN a"}`, "", 400, `…one CREATE statement…`},
		{"POST /v1/db/create-table", `{"schema":"CREATE TABLE t (a)"}`, "", 400, `…already exists…`},
		{"POST /v1/db/drop-table", `{"table":"t; DROP TABLE t"}`, "", 400, `…is not a name here…`},
		{"POST /v1/db/drop-table", `{"table":"t\""}`, "", 400, `…is not a name here…`},
		{"POST /v1/db/drop-table", `{"table":"_debros_kv"}`, "", 400, `…"code":"invalid"…`},
		{"POST /v1/db/query", `{"sql":"SELECT count(*) FROM t"}`, "", 200, `…[[0]]…`},
	})
}

// A route that takes any statement must still ask for the right that this one needs.
func TestDatabase_EachStatementNeedsItsOwnRight(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (id)"}`)
	const read, write, schema = `SELECT 1`, `INSERT INTO t VALUES (1)`, `CREATE TABLE IF NOT EXISTS u (id)`
	allowed := map[string][]string{"key:read": {read}, "key:write": {read, write}, "key:schema": {read, write, schema}}
	for key, may := range allowed {
		for _, sql := range []string{read, write, schema} {
			want := 403
			for _, one := range may {
				if one == sql {
					want = 200
				}
			}
			text, err := json.Marshal(sql)
			if err != nil {
				t.Fatal(err)
			}
			for line, body := range map[string]string{
				"POST /v1/db/query":           `{"sql":%s}`,
				"POST /v1/rqlite/query":       `{"sql":%s}`,
				"POST /v1/db/transaction":     `{"statements":["SELECT 1",%s]}`,
				"POST /v1/rqlite/transaction": `{"ops":[{"kind":"query","sql":"SELECT 1"},{"kind":"exec","sql":%s}]}`,
			} {
				if got := s.do(line, fmt.Sprintf(body, text), "X-API-Key: "+key); got.status != want {
					t.Errorf("%s, %s, %s: %d %s", key, line, sql, got.status, got.body)
				}
			}
		}
	}
	s.play([]turn{
		{"POST /v1/db/create-table", `{"schema":"CREATE TABLE v (id)"}`, "X-API-Key: key:write", 403, `…`},
		{"POST /v1/db/drop-table", `{"table":"t"}`, "X-API-Key: key:write", 403, `…`},
		{"GET /v1/db/export", "", "X-API-Key: key:schema", 403, `…`},
		{"POST /v1/db/import", "x", "X-API-Key: key:schema", 403, `…`},
		{"POST /v1/db/query", `{"sql":"SELECT 1","namespace":"blue"}`, "", 403, `…`},
	})
}

// A number that comes back as its neighbour is a wrong balance.
func TestDatabase_ValuesComeBackAsTheyWere(t *testing.T) {
	s := openSite(t)
	for sent, want := range map[string]string{
		`9007199254740993`:        `9007199254740993`,
		`9223372036854775807`:     `9223372036854775807`,
		`-9223372036854775808`:    `-9223372036854775808`,
		`3.0`:                     `3.0`,
		`1e3`:                     `1000.0`,
		`1e300`:                   `1e+300`,
		`0.1`:                     `0.1`,
		`-0.0`:                    `-0.0`,
		`null`:                    `null`,
		`true`:                    `1`,
		`"a\u0000\"\\\n\u001f<é"`: `"a\u0000\"\\\n\u001f<é"`,
		`{"base64":"AAH/"}`:       `"AAH/"`,
		`{"base64":"AAH"}`:        `"AAE="`,
		`{"base64":""}`:           `""`,
	} {
		got := s.must("POST /v1/db/query", `{"sql":"SELECT ?1 AS v","args":[`+sent+`]}`)
		if rows := got.field("rows"); rows != "[["+want+"]]" {
			t.Errorf("%s came back as %s", sent, rows)
		}
		if !json.Valid([]byte(got.body)) {
			t.Errorf("no JSON: %s", got.body)
		}
	}
	s.play([]turn{
		{"POST /v1/db/query", `{"sql":"SELECT ?","args":[9223372036854775808]}`, "", 400, `…value 1: a whole number does not fit into 64 bits…`},
		{"POST /v1/db/query", `{"sql":"SELECT ?","args":[1e999]}`, "", 400, `…value 1: a number is too large…`},
		{"POST /v1/db/query", `{"sql":"SELECT 9e999, -9e999"}`, "", 200, `…[["Infinity","-Infinity"]]…`},
		{"POST /v1/db/query", `{"sql":"SELECT CAST(x'ff' AS TEXT) AS t"}`, "", 400, `…column \"t\" holds text that is not UTF-8…`},
		{"POST /v1/db/query", `{"sql":"SELECT 1 AS \"a\"\"b\", x'00'"}`, "", 200, `{"columns":["a\"b","x'00'"],"types":["integer","blob"],…`},
		{"POST /v1/rqlite/query", `{"sql":"SELECT 9007199254740993 AS n, 1 AS n, 2 AS m"}`, "", 200, `{"items":[{"n":1,"m":2}],"count":1}`},
	})
}

// Answers without a bound would let one caller fill the node's memory.
func TestDatabase_LongAnswersAreCut(t *testing.T) {
	s := openSite(t)
	for _, route := range []string{"/v1/db/query", "/v1/rqlite/query"} {
		got := s.must("POST "+route, `{"sql":"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 10001) SELECT i FROM n"}`)
		if got.field("count") != "10000" || got.field("truncated") != "true" {
			t.Errorf("%s: %s rows, truncated: %s", route, got.field("count"), got.field("truncated"))
		}
	}
}

// Half a transaction is money that left one account and came to no other.
func TestDatabase_Transaction(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (id INTEGER PRIMARY KEY, v UNIQUE)"}`)
	const once = "Idempotency-Key: once"
	s.play([]turn{
		{
			"POST /v1/db/transaction", `{"statements":["INSERT INTO t (v) VALUES (1)",{"sql":"INSERT INTO t (v) VALUES (?)","args":[9007199254740993]},"SELECT max(v) AS m FROM t"]}`, once, 200,
			`{"status":"ok","results":[{"columns":["rows_affected","last_insert_id"],"rows":[[1,1]],"count":1,"rows_affected":1,"last_insert_id":1,"time":…},` +
				`{…"rows":[[1,2]],…},{"columns":["m"],"types":["integer"],"rows":[[9007199254740993]],"count":1,"time":…}]}`,
		},
		{
			"POST /v1/db/transaction", `{"statements":["INSERT INTO t (v) VALUES (1)",{"sql":"INSERT INTO t (v) VALUES (?)","args":[9007199254740993]},"SELECT max(v) AS m FROM t"]}`, once, 200,
			`{"status":"ok","results":[…"rows":[[1,1]],…`,
		},
		{"POST /v1/db/transaction", `{"statements":["INSERT INTO t (v) VALUES (3)"]}`, once, 409, `…"code":"conflict"…`},
		{"POST /v1/db/transaction", `{"statements":["INSERT INTO t (v) VALUES (4)","INSERT INTO t (v) VALUES (1)"]}`, "", 400, `…nothing was stored: statement 2 of 2: …`},
		{"POST /v1/db/transaction", `{"statements":["INSERT INTO t (v) VALUES (4)","SELECT * FROM missing"]}`, "", 400, `…nothing was stored: statement 2 of 2: …`},
		{"POST /v1/db/transaction", `{"statements":["INSERT INTO t (v) VALUES (4)","COMMIT"]}`, "", 400, `…statement 2 of 2: COMMIT is not available…`},
		{"POST /v1/db/transaction", `{"statements":[]}`, "", 400, `…statements is missing…`},
		{"POST /v1/db/transaction", `{"statements":["SELECT 1"],"ops":[{"sql":"SELECT 1"}]}`, "", 400, `…not both…`},
		{"POST /v1/db/transaction", `{"statements":[7]}`, "", 400, `…"code":"invalid"…`},
		{
			"POST /v1/db/transaction", `{"statements":["SELECT count(*) FROM t","SELECT 2"]}`, "X-API-Key: key:read", 200,
			`{"status":"ok","results":[{"columns":["count(*)"],"types":["integer"],"rows":[[2]],"count":1,"time":…},{…[[2]],"count":1,"time":…}]}`,
		},
		{
			"POST /v1/rqlite/transaction", `{"ops":[{"kind":"exec","sql":"UPDATE t SET v = 5 WHERE id = ?","args":[1]},{"kind":"query","sql":"SELECT id, v FROM t WHERE id = 1"}],"return_results":true}`, "", 200,
			`{"status":"ok","results":[{"rows_affected":1,"last_insert_id":…},[{"id":1,"v":5}]]}`,
		},
		{"POST /v1/rqlite/transaction", `{"ops":[{"kind":"exec","sql":"DELETE FROM t WHERE id = 1"}]}`, "", 200, `{"status":"ok"}`},
		{"POST /v1/rqlite/transaction", `{"ops":[{"kind":"call","sql":"SELECT 1"}]}`, "", 400, `…kind is…`},
		{"POST /v1/db/query", `{"sql":"SELECT count(*) FROM t"}`, "", 200, `…[[1]]…`},
	})
	many := `{"statements":["SELECT 1"` + strings.Repeat(`,"SELECT 1"`, MaxTransactionStatements) + `]}`
	large := `{"statements":["SELECT zeroblob(13000000)","SELECT 1"]}`
	s.play([]turn{
		{"POST /v1/db/transaction", many, "", 413, `…at most 1000 statements…`},
		{"POST /v1/db/transaction", large, "", 413, `…at most 16 MiB…`},
	})
}

// Hand-written JSON must have the fields that the OpenAPI document shows.
func TestDatabase_AnswersHaveTheirTypes(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/db/query", `{"sql":"CREATE TABLE t (id INTEGER PRIMARY KEY)"}`)
	for line, into := range map[string]any{
		`POST /v1/db/query {"sql":"SELECT 1 UNION SELECT 2","max_rows":1}`:    &queryAnswer{},
		`POST /v1/db/query {"sql":"INSERT INTO t VALUES (1)"}`:                &queryAnswer{},
		`POST /v1/db/query {"sql":"INSERT INTO t VALUES (2) RETURNING id"}`:   &queryAnswer{},
		`POST /v1/db/transaction {"statements":["DELETE FROM t","SELECT 1"]}`: &transactionAnswer{},
		`POST /v1/rqlite/exec {"sql":"DELETE FROM t"}`:                        &execAnswer{},
		`POST /v1/rqlite/query {"sql":"SELECT 1"}`:                            &itemsAnswer{},
		`POST /v1/storage/put {"key":"a","value":"x","ttl":"1h"}`:             &putAnswer{},
		`POST /v1/storage/list {"values":true,"separator":"/"}`:               &listAnswer{},
		`POST /v1/storage/batch {"ops":[{"op":"put","key":"a","value":"x"}]}`: &batchAnswer{},
	} {
		route, body, _ := strings.Cut(line, " {")
		d := json.NewDecoder(strings.NewReader(s.must(route, "{"+body).body))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
