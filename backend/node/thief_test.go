package node_test

// Thieves of tokens, forgers, members who were removed, and a node that cannot
// ask the others who may do what.

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"git.debros.io/DeBros/network/backend/core"
)

// refused waits until the credential is refused with a status at a route: what is
// revoked may work for some seconds.
func (v visitor) refused(t *testing.T, status int, method, path string, body any) {
	t.Helper()
	until(t, fmt.Sprintf("%s %s answers %d", method, path, status), func() error {
		if r := v.send(t, method, path, body); r.status != status {
			return fmt.Errorf("%d %s", r.status, r.body)
		}
		return nil
	})
}

func refreshBody(token string) map[string]any { return map[string]any{"refresh_token": token} }

// A thief of a refresh token who uses it after its owner ends the whole family and
// is told in the audit; an answer that was lost on the way signs nobody out.
func TestThief_RefreshTokenComesBack(t *testing.T) {
	v := start(t, t.TempDir(), nil).visit()
	p := ethereumPerson(t)
	refresh := func(status int, token string) reply {
		return v.must(t, status, http.MethodPost, "/v1/auth/refresh", refreshBody(token))
	}
	first := v.signIn(t, p, "shop")
	stolen := first.text("refresh_token")
	second := refresh(http.StatusOK, stolen)
	if again := refresh(http.StatusOK, stolen); again.text("refresh_token") != second.text("refresh_token") {
		t.Error("an exact retry gets another token")
	}
	third := refresh(http.StatusOK, second.text("refresh_token"))
	v.with(third.text("access_token")).must(t, http.StatusOK, http.MethodGet, "/v1/auth/whoami", nil)
	refresh(http.StatusUnauthorized, stolen)
	for _, token := range []string{stolen, second.text("refresh_token"), third.text("refresh_token")} {
		refresh(http.StatusUnauthorized, token)
	}
	for _, r := range []reply{first, second, third} {
		v.with(r.text("access_token")).refused(t, http.StatusUnauthorized, http.MethodGet, "/v1/auth/whoami", nil)
	}
	owner := v.signedIn(t, p, "shop") // he is not locked out, and reads what happened
	until(t, "the audit tells it", func() error {
		if r := owner.must(t, http.StatusOK, http.MethodGet, "/v1/auth/audit", nil); !strings.Contains(string(r.body), `"refresh_reused"`) {
			return fmt.Errorf("%s", r.body)
		}
		return nil
	})
}

// Of parallel uses of one refresh token, on whichever nodes, one successor comes;
// two would be two sessions, of which the thief has one.
func TestThief_ParallelRefreshOnThreeNodes(t *testing.T) {
	nodes := three(t)
	for round := range 5 {
		token := nodes[round%3].visit().signIn(t, solanaPerson(t), "shop").text("refresh_token")
		var mu sync.Mutex
		next, won := map[string]bool{}, 0
		var all sync.WaitGroup
		for i := range 15 { // five at each gateway, which allows ten a minute
			all.Go(func() {
				r, err := nodes[i%3].visit().trySend(t, http.MethodPost, "/v1/auth/refresh", refreshBody(token))
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					t.Error(err)
				case r.status == http.StatusOK:
					won++
					next[r.text("refresh_token")] = true
				case r.status != http.StatusServiceUnavailable:
					t.Errorf("round %d: %d %s", round, r.status, r.body)
				}
			})
		}
		all.Wait()
		if len(next) != 1 || next[token] {
			t.Fatalf("round %d: %d answers with %d successors", round, won, len(next))
		}
		for successor := range maps.Keys(next) {
			nodes[(round+1)%3].visit().must(t, http.StatusOK, http.MethodPost, "/v1/auth/refresh", refreshBody(successor))
		}
	}
}

// A token that the network did not sign, or not for this use, opens no route and
// no socket. The whole table of forgeries is in backend/auth.
func TestThief_ForgedTokens(t *testing.T) {
	n := start(t, t.TempDir(), nil)
	v := n.visit()
	good := v.signIn(t, ethereumPerson(t), "shop").text("access_token")
	v.with(good).must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte("v"))
	parts := strings.Split(good, ".")
	header, claims := opened(t, good)
	ours := func(change func(header, claims map[string]any)) string { return n.resigned(t, good, change) }
	v.with(ours(func(_, claims map[string]any) { claims["jti"] = "another" })).must(t, http.StatusOK, http.MethodGet, "/v1/storage/get?key=k", nil) // the forger's tools work
	public, err := base64.RawURLEncoding.DecodeString(firstKey(t, v))
	if err != nil {
		t.Fatal(err)
	}
	confused := segment(t, map[string]any{"alg": "HS256", "typ": header["typ"], "kid": header["kid"]}) + "." + parts[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(confused))
	claims["namespace"] = "other"
	for name, token := range map[string]string{
		"alg none":                        segment(t, map[string]any{"alg": "none", "typ": header["typ"], "kid": header["kid"]}) + "." + parts[1] + ".",
		"alg none with the old signature": segment(t, map[string]any{"alg": "none", "typ": header["typ"], "kid": header["kid"]}) + "." + parts[1] + "." + parts[2],
		"HS256 with the public key":       confused + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"altered claims":                  parts[0] + "." + segment(t, claims) + "." + parts[2],
		"no signature":                    parts[0] + "." + parts[1] + ".",
		"a ticket's type":                 ours(func(header, _ map[string]any) { header["typ"] = "ticket+jwt" }),
		"a gossip proof's audience": ours(func(_, claims map[string]any) {
			claims["aud"] = strings.Replace(fmt.Sprint(claims["aud"]), "gateway", "gossip", 1)
		}),
		"another network's issuer": ours(func(_, claims map[string]any) { claims["iss"] = "debros:other" }),
		"without an end":           ours(func(_, claims map[string]any) { delete(claims, "exp") }),
		"from the future":          ours(func(_, claims map[string]any) { claims["nbf"] = time.Now().Add(time.Hour).Unix() }),
		"with a key of its own":    ours(func(header, _ map[string]any) { header["jwk"] = map[string]any{"kty": "OKP"} }),
		"of a session that is not": parts[0] + "." + parts[1] + "." + strings.Repeat("A", 86),
	} {
		for _, path := range []string{"/v1/storage/get?key=k", "/v1/auth/whoami"} {
			if r := v.with(token).send(t, http.MethodGet, path, nil); r.status != http.StatusUnauthorized {
				t.Errorf("%s: %s: %d %s", name, path, r.status, r.body)
			}
		}
		if conn, status := v.socket(t, "/v1/pubsub/ws?topic=t&token="+token); conn != nil || status != http.StatusUnauthorized {
			t.Errorf("%s: a socket: %d", name, status)
		}
	}
}

// firstKey is the x of the first public key that a gateway tells.
func firstKey(t *testing.T, v visitor) string {
	t.Helper()
	keys, _ := v.must(t, http.StatusOK, http.MethodGet, "/v1/auth/jwks", nil).get("keys").([]any) //nolint:errcheck // nil has no first
	if len(keys) == 0 {
		t.Fatal("no keys are public")
	}
	key, _ := keys[0].(map[string]any) //nolint:errcheck // likewise
	x, _ := key["x"].(string)          //nolint:errcheck // likewise
	return x
}

// Who is sent away loses, on every node, his tokens, the keys that he made, the
// tokens made of those, and his open sockets.
func TestThief_RemovedMemberKeepsNothing(t *testing.T) {
	nodes := several(t, 2)
	owner, p := nodes[0].visit().signedIn(t, ethereumPerson(t), "shop"), solanaPerson(t)
	owner.must(t, http.StatusOK, http.MethodPost, "/v1/namespaces/shop/grants", map[string]any{"subject": p.wallet(), "role": "admin"})
	member := nodes[0].visit().signedIn(t, p, "shop")
	key := member.must(t, http.StatusCreated, http.MethodPost, "/v1/auth/keys", map[string]any{"scopes": []string{"read", "write"}}).text("api_key")
	made := member.with(key).must(t, http.StatusOK, http.MethodPost, "/v1/auth/token", map[string]any{}).text("access_token")
	var sockets []*websocket.Conn
	credentials := []string{member.credential, key, made}
	for _, credential := range credentials {
		sockets = append(sockets, listening(t, nodes[1].visit().with(credential)))
	}
	owner.must(t, http.StatusOK, http.MethodDelete, "/v1/namespaces/shop/grants?subject="+p.wallet(), nil)
	for i, credential := range credentials {
		for _, n := range nodes {
			n.visit().with(credential).refused(t, http.StatusForbidden, http.MethodPost, "/v1/storage/put?key=k", []byte("late"))
		}
		if err := sockets[i].SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := sockets[i].ReadMessage(); !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
			t.Errorf("socket %d: %v", i, err)
		}
	}
}

// A node that was removed may be in anybody's hands: what it signs is worth
// nothing from then on, and what the others sign goes on.
func TestThief_TokensOfARemovedNode(t *testing.T) {
	nodes := three(t)
	settled(t, nodes[0], core.SystemNamespace) // the two that stay are a majority
	p := ethereumPerson(t)
	theirs, ours := nodes[2].visit().signIn(t, p, "shop").text("access_token"), nodes[1].visit().signIn(t, p, "shop").text("access_token")
	seen := nodes[0].visit().with(theirs)
	seen.refused(t, http.StatusNotFound, http.MethodGet, "/v1/storage/get?key=k", nil) // it is good here
	forged := nodes[2].resigned(t, theirs, func(_, claims map[string]any) { claims["jti"] = "made after it was stolen" })
	id := nodes[2].file.PeerID
	nodes[2].stop(t)
	until(t, "the node is away", func() error { return nodes[0].RemoveMember(t.Context(), id) })
	for _, n := range nodes[:2] {
		n.visit().with(theirs).refused(t, http.StatusUnauthorized, http.MethodGet, "/v1/storage/get?key=k", nil)
		n.visit().with(forged).refused(t, http.StatusUnauthorized, http.MethodGet, "/v1/storage/get?key=k", nil)
		n.visit().with(ours).refused(t, http.StatusNotFound, http.MethodGet, "/v1/storage/get?key=k", nil)
	}
}

// A node that hears nobody may not have heard either that somebody was sent away:
// it gives nobody the rights that it remembers. Publishing needs no quorum of its
// own, so that nothing but the rights refuses it.
func TestThief_NodeCutOffFromTheSystemGroup(t *testing.T) {
	nodes := three(t)
	owner := nodes[0].visit().signedIn(t, ethereumPerson(t), "shop")
	key := owner.must(t, http.StatusCreated, http.MethodPost, "/v1/auth/keys", map[string]any{}).text("api_key")
	owner.must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte("v"))
	message := map[string]any{"topic": "t", "data_base64": "eA=="}
	credentials := []string{owner.credential, key}
	for _, credential := range credentials { // known and remembered
		owner.with(credential).must(t, http.StatusOK, http.MethodPost, "/v1/pubsub/publish", message)
	}
	for _, n := range slices.Backward(nodes[1:]) {
		n.stop(t)
	}
	for _, credential := range credentials {
		v := owner.with(credential)
		v.refused(t, http.StatusServiceUnavailable, http.MethodPost, "/v1/pubsub/publish", message)
		v.must(t, http.StatusServiceUnavailable, http.MethodGet, "/v1/storage/get?key=k&level=none", nil)
		v.must(t, http.StatusServiceUnavailable, http.MethodPost, "/v1/pubsub/publish", message) // and it stays so
	}
	nodes[0].visit().with(nodes[0].operatorKey(t)).must(t, http.StatusOK, http.MethodGet, "/v1/auth/whoami", nil)
}
