package node_test

// This file makes the matrix's rows out of the gateway's own description. A route
// that is added there and has no request here fails the test.

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// table is the gateway's own description of its routes.
type table struct {
	Paths map[string]map[string]struct {
		Access      string `json:"x-access"`
		RequestBody struct {
			Content map[string]struct {
				Schema shape `json:"schema"`
			} `json:"content"`
		} `json:"requestBody"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]shape `json:"schemas"`
	} `json:"components"`
}

type shape struct {
	Ref        string                     `json:"$ref"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func readTable(t *testing.T, v visitor) table {
	t.Helper()
	var d table
	if err := json.Unmarshal(v.must(t, http.StatusOK, http.MethodGet, "/openapi.json", nil).body, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// namesNamespace tells whether a body of that shape may name a namespace.
func (d table) namesNamespace(s shape) bool {
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	return s.Properties["namespace"] != nil
}

// row is one request of a route, and what its caller needs.
type row struct {
	method, path, need string
	ask
	bodyNames bool // the namespace may stand in the body
}

func (r row) String() string { return r.method + " " + r.path + " (" + r.need + ")" }

// place is where a request says which namespace it is for.
type place struct {
	namespace string
	body      bool
}

func (p place) String() string {
	if p.body {
		return p.namespace + " in the body"
	}
	return p.namespace
}

// ask is a valid request, as small as can be.
type ask struct {
	need  string // what it needs when the route's own row does not say all
	query string
	body  any // a fresh one from func(*testing.T, visitor) any
}

type fields = map[string]any

// rows are all requests of all routes.
func (d table) rows(t *testing.T) []row {
	t.Helper()
	var rows []row
	written := asks()
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			o, name := d.Paths[path][method], strings.ToUpper(method)+" "+path
			list, there := written[name]
			delete(written, name)
			if !there && method != "get" {
				t.Errorf("%s has no request here", name)
			}
			if !there {
				list = []ask{{}}
			}
			for _, a := range list {
				need := o.Access
				if class := classOf(path, method); class != need {
					t.Errorf("%s is open to %q; here it is written as %q", name, need, class)
				}
				if a.need != "" {
					need = a.need
				}
				_, object := a.body.(fields)
				names := object && need != "public" && d.namesNamespace(o.RequestBody.Content["application/json"].Schema)
				rows = append(rows, row{strings.ToUpper(method), path, need, a, names})
			}
		}
	}
	for name := range written {
		t.Errorf("%s is no route of the gateway", name)
	}
	return rows
}

// classOf is who may call a route at all, written here once more: a table that
// opens a route too far must not carry the test along.
func classOf(path, method string) string {
	under := func(prefixes ...string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
	}
	switch {
	case path == "/metrics":
		return "local"
	case under("/.well-known", "/docs", "/health", "/status", "/openapi.json", "/v1/health", "/v1/status", "/v1/version", "/v1/auth/jwks",
		"/v1/auth/challenge", "/v1/auth/verify", "/v1/auth/register", "/v1/auth/api-key", "/v1/auth/refresh", "/v1/auth/logout", "/v1/auth/login", "/v1/anchat/session", "/v1/anchat/devices"):
		return "public"
	case under("/v1/auth/sessions", "/v1/auth/token", "/v1/auth/whoami", "/v1/ws-ticket", "/v1/network/peers", "/v1/network/status"):
		return "anyone"
	case under("/v1/namespaces"): // the path's namespace is looked at by the handler
		return "anyone"
	case under("/v1/anchat"):
		return "chat"
	case under("/v1/network", "/v1/auth/withdraw"):
		return "operator"
	case under("/v1/auth/keys"): // whose keys, the handler decides
		return "read"
	case under("/v1/apps", "/v1/auth/audit", "/v1/db/export", "/v1/db/import"):
		return "admin"
	case under("/v1/db/create-table", "/v1/db/drop-table", "/v1/rqlite/create-table", "/v1/rqlite/drop-table"):
		return "schema"
	case under("/v1/proxy/anon", "/v1/pubsub/publish", "/v1/storage/put", "/v1/storage/delete", "/v1/storage/batch"), path == "/v1/storage" && method == "put":
		return "write"
	case under("/v1/db", "/v1/rqlite", "/v1/pubsub", "/v1/storage"): // the SQL decides about more
		return "read"
	}
	return "nobody"
}

// places are one's own namespace, somebody else's, and one that is not there. own
// is that of the caller.
func (r row) places(own string) []place {
	if r.need == "public" || r.need == "local" || r.need == "far" {
		return []place{{namespace: "shop"}}
	}
	var list []place
	names := []string{"shop", "other", "nowhere"}
	if own == "anchat" {
		names = append(names, own)
	}
	for _, ns := range names {
		list = append(list, place{namespace: ns})
		if r.bodyNames {
			list = append(list, place{ns, true})
		}
	}
	return list
}

func (r row) send(t *testing.T, v visitor, at place) reply {
	t.Helper()
	if r.need == "far" {
		v = v.from("203.0.113.7")
	}
	path := strings.NewReplacer("{id}", "nothing", "{file}", "x.js", "{name}", at.namespace,
		"{tag}", "nothing", "{wallet}", "nothing", "{device}", "nothing", "{chunk}", "1", "{version}", "1").Replace(r.path)
	query, body := r.query, r.body
	if build, ok := body.(func(*testing.T, visitor) any); ok {
		body = build(t, v.with(""))
	}
	if at.body {
		named := fields{"namespace": at.namespace}
		object, _ := body.(fields) //nolint:errcheck // it is one, or no namespace could stand in it
		maps.Copy(named, object)
		body = named
	} else if r.need != "public" && r.need != "far" && !strings.Contains(r.path, "{name}") {
		query = strings.TrimPrefix(query+"&namespace="+at.namespace, "&")
	}
	return v.send(t, r.method, path+"?"+query, body)
}

// proven is a body with a signed challenge of somebody new.
func proven(t *testing.T, v visitor) any {
	t.Helper()
	p := ethereumPerson(t)
	return v.proof(t, p, "of-"+strings.ToLower(p.wallet()[2:22]), true)
}

// refreshing is a body with the refresh token of somebody new.
func refreshing(t *testing.T, v visitor) any {
	t.Helper()
	p := solanaPerson(t)
	return fields{"refresh_token": v.signIn(t, p, "other").text("refresh_token")}
}

// statements are requests that need what their SQL needs.
func statements(body func(sql string) fields) []ask {
	return []ask{
		{need: "read", body: body("SELECT x FROM t")},
		{need: "write", body: body("INSERT INTO t VALUES (1)")},
		{need: "schema", body: body("CREATE TABLE IF NOT EXISTS made (x)")},
	}
}

func oneStatement(sql string) fields { return fields{"sql": sql} }

func asObject(sql string) fields { return fields{"statements": []any{"SELECT 1", sql}} }

func asOps(sql string) fields {
	return fields{"ops": []any{fields{"kind": "exec", "sql": sql}}, "return_results": true}
}

// asks are the requests by route; a GET that is not here needs nothing.
func asks() map[string][]ask {
	key, find, topic := "key=k", []ask{{body: fields{"table": "t", "criteria": fields{}}}}, "topic=news"
	grant := fields{"subject": "0x00000000000000000000000000000000000000aa", "role": "reader"}
	empty := []ask{{body: fields{}}}
	return map[string][]ask{
		"GET /metrics":             {{}, {need: "far"}},
		"GET /v1/auth/login":       {{query: "callback=http://127.0.0.1:1/"}},
		"POST /v1/auth/challenge":  {{body: func(t *testing.T, _ visitor) any { return fields{"wallet": ethereumPerson(t).wallet()} }}},
		"POST /v1/auth/verify":     {{body: proven}},
		"POST /v1/auth/register":   {{body: proven}},
		"POST /v1/auth/api-key":    {{body: proven}},
		"POST /v1/auth/refresh":    {{body: refreshing}},
		"POST /v1/auth/logout":     {{body: refreshing}},
		"POST /v1/auth/token":      empty,
		"GET /v1/auth/whoami":      {{need: "session"}},
		"POST /v1/auth/whoami":     {{need: "session", body: fields{}}},
		"GET /v1/auth/keys":        {{need: "keys"}},
		"POST /v1/auth/keys":       {{need: "keys", body: fields{"name": "one more"}}},
		"POST /v1/auth/withdraw":   {{body: fields{"node": "12D3KooWGzBkpuYZsJ3wPq1DpVeLYGnXSJdPjZoZrSRa7oNuYgNN"}}},
		"POST /v1/ws-ticket":       {{need: "session", body: fields{}}},
		"POST /v1/network/status":  empty,
		"POST /v1/network/peers":   empty,
		"POST /v1/network/connect": empty,
		"POST /v1/network/disconnect": {
			{body: fields{"peer_id": "12D3KooWGzBkpuYZsJ3wPq1DpVeLYGnXSJdPjZoZrSRa7oNuYgNN"}},
		},
		"POST /v1/proxy/anon":           {{body: fields{"url": "https://example.com/", "method": "GET"}}},
		"DELETE /v1/auth/keys/{id}":     {{need: "keys"}},
		"DELETE /v1/auth/sessions/{id}": {{}},

		"POST /v1/anchat/session":            {{body: fields{"wallet": "0x00000000000000000000000000000000000000aa", "device": "x"}}},
		"POST /v1/anchat/author":             {{body: fields{"peer": "p"}}},
		"POST /v1/anchat/rows":               {{body: []byte{0}}},
		"POST /v1/anchat/ack":                {{body: []byte{}}},
		"POST /v1/anchat/follow":             {{body: fields{}}},
		"POST /v1/anchat/blobs/{id}":         {{body: []byte{0}}},
		"POST /v1/anchat/blobs/{id}/{chunk}": {{query: "chunks=1", body: []byte{0}}},
		"PUT /v1/anchat/blobs/{id}":          {{body: []byte{0}}},
		"DELETE /v1/anchat/blobs/{id}":       {{}},
		"POST /v1/anchat/backup":             {{body: fields{"version": 9, "key": "AA=="}}},
		"POST /v1/anchat/backup/{version}":   {{body: []byte{0}}},
		"DELETE /v1/anchat/backup/{version}": {{}},

		"POST /v1/namespaces":                 {{need: "wallet", body: fields{"name": "other"}}},
		"GET /v1/namespaces/{name}/grants":    {{need: "read"}},
		"POST /v1/namespaces/{name}/grants":   {{need: "admin", body: grant}},
		"DELETE /v1/namespaces/{name}/grants": {{need: "admin", body: grant}},

		"POST /v1/apps":        {{body: fields{"name": "app"}}},
		"PUT /v1/apps/{id}":    {{body: fields{"name": "app"}}},
		"DELETE /v1/apps/{id}": {{}},

		"GET /v1/pubsub/ws":        {{query: topic}},
		"POST /v1/pubsub/publish":  {{body: fields{"topic": "news", "data_base64": "eA=="}}},
		"POST /v1/pubsub/topics":   empty,
		"GET /v1/pubsub/presence":  {{query: topic}},
		"POST /v1/pubsub/presence": {{query: topic, body: fields{}}},

		"GET /v1/storage":         {{query: key}},
		"PUT /v1/storage":         {{query: key, body: []byte("x")}},
		"GET /v1/storage/get":     {{query: key}},
		"POST /v1/storage/get":    {{body: fields{"key": "k"}}},
		"POST /v1/storage/put":    {{query: key, body: []byte("x")}, {body: fields{"key": "k", "value": "x"}}},
		"POST /v1/storage/delete": {{query: key + "2"}, {body: fields{"key": "k2"}}},
		"GET /v1/storage/exists":  {{query: key}},
		"POST /v1/storage/exists": {{body: fields{"key": "k"}}},
		"POST /v1/storage/list":   {{body: fields{"prefix": "k"}}},
		"POST /v1/storage/batch":  {{body: fields{"ops": []any{fields{"op": "put", "key": "k", "value_base64": "eA=="}}}}},
		"GET /v1/storage/watch":   {{query: "since=x"}}, // one that is admitted would not end

		"POST /v1/db/query":            statements(oneStatement),
		"POST /v1/db/transaction":      statements(asObject),
		"POST /v1/rqlite/query":        statements(oneStatement),
		"POST /v1/rqlite/exec":         statements(oneStatement),
		"POST /v1/rqlite/transaction":  append(statements(asObject), statements(asOps)...),
		"GET /v1/db/subscribe":         {{query: "sql=SELECT+x+FROM+t"}},
		"POST /v1/rqlite/find":         find,
		"POST /v1/rqlite/find-one":     find,
		"POST /v1/rqlite/select":       {{body: fields{"table": "t"}}},
		"POST /v1/db/create-table":     {{body: fields{"schema": "CREATE TABLE IF NOT EXISTS made (x)"}}},
		"POST /v1/rqlite/create-table": {{body: fields{"schema": "CREATE TABLE IF NOT EXISTS made (x)"}}},
		"POST /v1/db/drop-table":       {{body: fields{"table": "none"}}},
		"POST /v1/rqlite/drop-table":   {{body: fields{"table": "none"}}},
		"POST /v1/db/schema":           empty,
		"POST /v1/rqlite/schema":       empty,
		"POST /v1/db/import":           {{body: []byte("no SQL at all")}},
	}
}
