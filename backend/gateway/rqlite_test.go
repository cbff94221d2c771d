package gateway

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// The clients of the original network call these routes and no others.
func TestRQLite_Contract(t *testing.T) {
	s := openSite(t)
	s.must("POST /v1/rqlite/create-table", `{"schema":"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)"}`)
	s.must("POST /v1/rqlite/create-table", `{"schema":"CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER, title TEXT)"}`)
	s.play([]turn{
		{"POST /v1/rqlite/exec", `{"sql":"INSERT INTO users (name, age) VALUES (?, ?), ('bea', 30), ('cem', NULL)","args":["ann",20]}`, "", 200, `{"rows_affected":3,"last_insert_id":3}`},
		{"POST /v1/rqlite/exec", `{"sql":"INSERT INTO posts (user_id, title) VALUES (1, 'x'), (1, 'y'), (2, 'z')"}`, "", 200, `{"rows_affected":3,"last_insert_id":3}`},
		{"POST /v1/rqlite/query", `{"sql":"SELECT id, name FROM users WHERE age > ?","args":[10]}`, "", 200, `{"items":[{"id":1,"name":"ann"},{"id":2,"name":"bea"}],"count":2}`},
		{"POST /v1/rqlite/query", `{"sql":"SELECT * FROM users WHERE 0"}`, "", 200, `{"items":[],"count":0}`},
		{"POST /v1/rqlite/find", `{"table":"users","criteria":{"name":"bea"}}`, "", 200, `{"items":[{"id":2,"name":"bea","age":30}],"count":1}`},
		{"POST /v1/rqlite/find", `{"table":"users","criteria":{"age":null}}`, "", 200, `{"items":[{"id":3,"name":"cem","age":null}],"count":1}`},
		{"POST /v1/rqlite/find", `{"table":"users","options":{"order_by":["name DESC"],"limit":1,"offset":1}}`, "", 200, `{"items":[{"id":2,…}],"count":1}`},
		{"POST /v1/rqlite/find", `{"table":"users","criteria":{"name":"ann"},"options":{"where":[{"expr":"age = ?","args":[1]},{"conj":"OR","expr":"age = ?","args":[20]}]}}`, "", 200, `{"items":[{"id":1,…}],"count":1}`},
		{"POST /v1/rqlite/find-one", `{"table":"users","criteria":{"id":2}}`, "", 200, `{"id":2,"name":"bea","age":30}`},
		{"POST /v1/rqlite/find-one", `{"table":"users","criteria":{"id":9}}`, "", 404, `…"code":"not_found"…`},
		{"POST /v1/rqlite/select", `{"table":"users u","select":["u.name","count(p.id) AS n"],"joins":[{"kind":"left join","table":"posts AS p","on":"p.user_id = u.id"}],` +
			`"where":[{"expr":"u.id < ?","args":[3]}],"group_by":["u.name"],"order_by":["n DESC","u.name"]}`, "", 200, `{"items":[{"name":"ann","n":2},{"name":"bea","n":1}],"count":2}`},
		{"POST /v1/rqlite/select", `{"table":"users","select":["name"],"order_by":"id","one":true}`, "", 200, `{"items":[{"name":"ann"}],"name":"ann"}`},
		{"POST /v1/rqlite/select", `{"table":"users","where":[{"expr":"id = 9"}],"one":true}`, "", 404, `…"code":"not_found"…`},
		{"POST /v1/rqlite/select", `{"table":"users","offset":2}`, "", 200, `{"items":[{"id":3,…}],"count":1}`},
		{"POST /v1/rqlite/drop-table", `{"table":"posts"}`, "", 200, `{"status":"ok"}`},
		{"POST /v1/rqlite/find", `{"table":"posts"}`, "", 400, `…no such table…`},
	})
}

// A program puts its own users' words into these parts. None of them may become
// SQL that the program did not write.
func TestSelect_Injection(t *testing.T) {
	attacks := []string{
		``, ` `, `a b c`, `a;`, `a--`, `a/*`, `a"`, `a'`, "a`", `[a]`, `a)`, `(a`, `a,b`, `a.b.c`, `.a`, `a.`, `1a`, `é`, "a\x00", "a\n;b", `*`, `a AS b; c`, `count(`, `count(a`, `count(a))`,
		`load_extension(a)`, `a COLLATE x`, `a IS NULL OR 1`, `(SELECT 1)`, `"a"`, strings.Repeat("a", 129),
	}
	const column = "id"
	for _, attack := range attacks {
		for where, r := range map[string]selectRequest{
			"table":    {Table: attack},
			"join":     {Table: "t", Joins: []join{{Table: attack, On: "1"}}},
			"select":   {Table: "t", Select: names{attack}},
			"group by": {Table: "t", findOptions: findOptions{GroupBy: names{attack}}},
			"order by": {Table: "t", findOptions: findOptions{OrderBy: names{attack}}},
		} {
			if where == "select" && attack == "*" {
				continue // that is what it is for
			}
			if st, err := r.build(); core.CodeOf(err) != core.Invalid {
				t.Errorf("%s %q: %s, %v", where, attack, st.SQL, err)
			}
		}
		if st, err := (findRequest{Table: "t", Criteria: map[string]any{attack: 1}}).build(); core.CodeOf(err) != core.Invalid {
			t.Errorf("criteria %q: %s, %v", attack, st.SQL, err)
		}
	}
	for _, attack := range []string{
		``, ` `, `1) OR (1`, `1; DROP TABLE t`, `1 -- `, `1 /* `, `'a`, `"a`, "`a", `[a`, `(1`, `1)`, `)(`, "1\x00", `'a'' OR 1`,
	} {
		for where, r := range map[string]selectRequest{
			"where": {Table: "t", findOptions: findOptions{Where: []condition{{Expr: attack}}}},
			"on":    {Table: "t", Joins: []join{{Table: "u", On: attack}}},
		} {
			if st, err := r.build(); core.CodeOf(err) != core.Invalid {
				t.Errorf("%s %q: %s, %v", where, attack, st.SQL, err)
			}
		}
	}
	for what, r := range map[string]selectRequest{
		"kind":   {Table: "t", Joins: []join{{Kind: "NATURAL; DROP", Table: "u", On: "1"}}},
		"conj":   {Table: "t", findOptions: findOptions{Where: []condition{{Conj: "OR 1 OR", Expr: "1"}}}},
		"order":  {Table: "t", findOptions: findOptions{OrderBy: names{column + " DESC; x"}}},
		"limit":  {Table: "t", findOptions: findOptions{Limit: new(-1)}},
		"offset": {Table: "t", findOptions: findOptions{Offset: new(-1)}},
		"value":  {Table: "t", findOptions: findOptions{Where: []condition{{Expr: "a = ?", Args: []any{[]any{1}}}}}},
	} {
		if st, err := r.build(); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %s, %v", what, st.SQL, err)
		}
	}
}

// What is allowed must come out as the SELECT that a person would have written.
func TestSelect_Text(t *testing.T) {
	r := selectRequest{
		Table: "users AS u", Select: names{"u.*", "p.title AS t", "count(*)", "max(p.id) AS m"},
		Joins:       []join{{Table: "posts p", On: "p.user_id = u.id AND (p.kind = 'a;)')"}, {Kind: "cross", Table: "days"}},
		findOptions: findOptions{Where: []condition{{Expr: "a IN (?, ?)", Args: []any{"x", nil}}, {Conj: "or", Expr: "b"}}, OrderBy: names{"t desc", "u.id"}, GroupBy: names{"u.id"}, Limit: new(5)},
	}
	got, err := r.buildWith(map[string]any{"u.b": true, "a": "1 OR 1"})
	const want = `SELECT "u".*, "p"."title" AS "t", count(*), max("p"."id") AS "m" FROM "users" AS "u" ` +
		`INNER JOIN "posts" AS "p" ON (p.user_id = u.id AND (p.kind = 'a;)')) CROSS JOIN "days" ` +
		`WHERE "a" IS ? AND "u"."b" IS ? AND ((a IN (?, ?)) OR (b)) GROUP BY "u"."id" ORDER BY "t" DESC, "u"."id" LIMIT 5 OFFSET 0`
	if err != nil || got.SQL != want {
		t.Errorf("%v\n got %s\nwant %s", err, got.SQL, want)
	}
	if len(got.Args) != 4 || got.Args[0] != "1 OR 1" || got.Args[1] != true || got.Args[2] != "x" || got.Args[3] != nil {
		t.Errorf("values %v", got.Args)
	}
}
