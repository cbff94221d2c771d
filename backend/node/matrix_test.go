package node_test

// Row G4 and T12: every route of the gateway's own table × every kind of
// credential × every kind of namespace, each with a written expectation.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// What a cell may come to. An admitted caller may still be told that his request
// is wrong or that there is no such thing: who he is was not the reason.
const (
	admitted        = "admitted"
	unauthenticated = "unauthenticated"
	denied          = "denied"
)

// rights says what a credential may do in its own namespace, in the words of the
// table. "wallet" is what only a person may do, and no key for him; "keys" is to
// see and make keys: one's own for a person, and for a key that is an admin's.
// "session" is what also a device of the chat may, which reaches nothing else.
func rights() map[string][]string {
	return map[string][]string{
		"nobody":   {},
		"stranger": {"session", "anyone", "wallet"},
		"reader":   {"session", "anyone", "wallet", "keys", "read"},
		"writer":   {"session", "anyone", "wallet", "keys", "read", "write", "schema"},
		"admin":    {"session", "anyone", "wallet", "keys", "read", "write", "schema", "admin"},
		"owner":    {"session", "anyone", "wallet", "keys", "read", "write", "schema", "admin", "owner"},
		"operator": {"session", "anyone", "wallet", "keys", "read", "write", "schema", "admin", "owner", "operator"},
		"reading":  {"session", "anyone", "read"},                                     // a key
		"writing":  {"session", "anyone", "read", "write"},                            // a key
		"all":      {"session", "anyone", "keys", "read", "write", "schema", "admin"}, // a key; never what an owner may
		"device":   {"session", "chat"},                                               // of the chat
	}
}

// holder is who shows a credential.
type holder struct {
	name, credential string
	as               string // a row of rights
	own              string // the namespace that the credential is for
}

// expect is the written expectation of one cell. The namespace comes from the
// credential; the operator alone may name others.
func (h holder) expect(need, namespace string) string {
	if need == "far" { // a local route, called from elsewhere
		need, namespace = "operator", h.own
	}
	switch {
	case need == "public" || need == "local": // these calls come from this computer
		return admitted
	case h.as == "nobody":
		return unauthenticated
	case namespace != h.own && h.as != "operator":
		return denied
	case slices.Contains(rights()[h.as], need):
		return admitted
	}
	return denied
}

// seen is what an answer says about the caller.
func seen(r reply) string {
	switch r.status {
	case http.StatusUnauthorized:
		return unauthenticated
	case http.StatusForbidden:
		return denied
	case http.StatusOK, http.StatusCreated, http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed:
		return admitted
	case http.StatusServiceUnavailable:
		if strings.Contains(string(r.body), "SOCKS5") { // no proxy runs in this test
			return admitted
		}
	}
	return fmt.Sprintf("%d %s", r.status, r.body)
}

// told is an answer without what differs between any two: an outsider must not
// learn from it whether somebody else's namespace is there.
func told(r reply) string {
	var m map[string]any
	if err := json.Unmarshal(r.body, &m); err != nil {
		return err.Error()
	}
	delete(m, "request_id")
	return fmt.Sprint(r.status, m, r.header.Get("WWW-Authenticate"), len(r.header))
}

// holders are all kinds of credentials, most of them for the namespace shop.
func holders(t *testing.T, n *running) []holder {
	t.Helper()
	v, owner, rival := n.visit(), ethereumPerson(t), solanaPerson(t)
	own, other := v.signedIn(t, owner, "shop"), v.signedIn(t, rival, "other")
	key := func(v visitor, scopes ...string) (secret, id string) {
		r := v.must(t, http.StatusCreated, http.MethodPost, "/v1/auth/keys", map[string]any{"scopes": scopes})
		return r.text("api_key"), r.text("id")
	}
	member := func(p person, role string) string {
		own.must(t, http.StatusOK, http.MethodPost, "/v1/namespaces/shop/grants", map[string]any{"subject": p.wallet(), "role": role})
		return v.signedIn(t, p, "shop").credential
	}
	reading, _ := key(own, "read")
	writing, _ := key(own, "read", "write")
	all, _ := key(own, "read", "write", "schema", "admin")
	theirs, _ := key(other, "read", "write", "schema", "admin")
	revoked, id := key(own, "read", "write", "schema", "admin")
	own.must(t, http.StatusOK, http.MethodDelete, "/v1/auth/keys/"+id, nil)
	left := v.signIn(t, owner, "shop")
	v.must(t, http.StatusOK, http.MethodPost, "/v1/auth/logout", map[string]any{"refresh_token": left.text("refresh_token")})
	gone := solanaPerson(t)
	removed := member(gone, "admin")
	v.with(removed).must(t, http.StatusOK, http.MethodGet, "/v1/apps", nil)
	own.must(t, http.StatusOK, http.MethodDelete, "/v1/namespaces/shop/grants?subject="+gone.wallet(), nil)
	ended := n.resigned(t, own.credential, func(_, claims map[string]any) {
		past := time.Now().Add(-time.Hour).Unix()
		claims["iat"], claims["nbf"], claims["exp"] = past, past, past+900
	})
	exchanged := v.with(reading).must(t, http.StatusOK, http.MethodPost, "/v1/auth/token", map[string]any{}).text("access_token")
	return []holder{
		{"nobody", "", "nobody", "shop"},
		{"garbage", "aaaa.bbbb.cccc", "nobody", "shop"},
		{"an expired token", ended, "nobody", "shop"},
		{"a revoked key", revoked, "nobody", "shop"},
		{"a token of a session that was left", left.text("access_token"), "nobody", "shop"},
		{"another tenant's token", other.credential, "owner", "other"},
		{"another tenant's key", theirs, "all", "other"},
		{"another tenant with a token for this namespace", v.signedIn(t, rival, "shop").credential, "stranger", "shop"},
		{"a member who was removed", removed, "stranger", "shop"},
		{"a key that reads", reading, "reading", "shop"},
		{"a token made of that key", exchanged, "reading", "shop"},
		{"a key that writes", writing, "writing", "shop"},
		{"a key with every scope", all, "all", "shop"},
		{"a reader", member(ethereumPerson(t), "reader"), "reader", "shop"},
		{"a writer", member(ethereumPerson(t), "writer"), "writer", "shop"},
		{"an admin", member(solanaPerson(t), "admin"), "admin", "shop"},
		{"the owner", own.credential, "owner", "shop"},
		{"a device of the chat", newChatDevice(t, owner).enter(t, v, true).credential, "device", "anchat"},
		{"the operator", n.operatorKey(t), "operator", "default"}, // last: he makes the namespace that was not there
	}
}

// A tenant who reaches, by any route and with any credential, what is not his, or
// learns what others have, is in the network's worst story.
func TestMatrix_RouteByCredentialByNamespace(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	table := readTable(t, n.visit())
	rows := table.rows(t)
	all := holders(t, n)
	for _, ns := range []string{"shop", "other"} { // both hold the same things
		for _, h := range all {
			if h.as == "owner" && h.own == ns {
				n.visit().with(h.credential).must(t, http.StatusCreated, http.MethodPost, "/v1/db/create-table", map[string]any{"schema": "CREATE TABLE t (x)"})
				n.visit().with(h.credential).must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte("v"))
			}
		}
	}
	cells, unexpected, counts := 0, 0, map[string]int{}
	for _, h := range all {
		for _, row := range rows {
			alike := map[bool]string{} // what he is told of what is not his, by where he named it
			for _, at := range row.places(h.own) {
				r := row.send(t, n.visit().with(h.credential), at)
				want, got := h.expect(row.need, at.namespace), seen(r)
				cells++
				counts[got]++
				if got != want {
					unexpected++
					t.Errorf("%s, %s for %s: %s, want %s: %s", row, h.name, at, got, want, r.body)
				}
				if got == unauthenticated && !strings.HasPrefix(r.header.Get("WWW-Authenticate"), `Bearer realm="gateway"`) {
					t.Errorf("%s, %s: 401 without a challenge", row, h.name)
				}
				if (got == denied || got == unauthenticated) && r.text("code") != got {
					t.Errorf("%s, %s: the code is %q", row, h.name, r.text("code"))
				}
				if at.namespace != h.own && want != admitted {
					if before, there := alike[at.body]; there && before != told(r) {
						unexpected++
						t.Errorf("%s, %s: not yours and not there differ: %s, %s", row, h.name, before, told(r))
					}
					alike[at.body] = told(r)
				}
			}
		}
	}
	if cells < 500 || counts[admitted] < 500 || counts[denied] < 500 || counts[unauthenticated] < 500 {
		t.Errorf("the matrix is too small to say anything: %d cells, %v", cells, counts)
	}
	t.Logf("%d operations, %d rows, %d credentials: %d cells, %d unexpected; %v", len(table.Paths), len(rows), len(all), cells, unexpected, counts)
}
