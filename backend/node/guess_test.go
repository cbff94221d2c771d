package node_test

// Strangers who guess: what they cost the network, and whom they keep out.

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
)

// systemIndex is the last entry of the log that everybody shares.
func (r *running) systemIndex(t *testing.T) float64 {
	t.Helper()
	return r.number(t, `debros_raft_commit_index{group="ns::system"}`)
}

// Who guesses at sign-ins, in the name of somebody real, is made to wait; he makes
// the network write nothing, and the real one signs in meanwhile.
func TestGuess_SignInsFromOneAddress(t *testing.T) {
	n := start(t, t.TempDir(), func(c *config.Config) { c.Gateway.TrustedProxies = []string{"127.0.0.1"} })
	victim, attacker, home := ethereumPerson(t), n.visit().from("192.0.2.1"), n.visit().from("198.51.100.7")
	home.signIn(t, victim, "shop")
	settles(t, n)
	before := n.systemIndex(t)
	counts := map[string]map[int]int{"challenge": {}, "verify": {}, "refresh": {}, "key": {}}
	body := attacker.proof(t, victim, "shop", false)
	for i := range 100 {
		body["signature"] = "0x" + strings.Repeat(fmt.Sprintf("%02x", i), 64) + "1b"
		for kind, send := range map[string]func() reply{
			"challenge": func() reply {
				return attacker.send(t, http.MethodPost, "/v1/auth/challenge", map[string]any{"wallet": victim.wallet(), "namespace": "shop"})
			},
			"verify":  func() reply { return attacker.send(t, http.MethodPost, "/v1/auth/verify", body) },
			"refresh": func() reply { return attacker.send(t, http.MethodPost, "/v1/auth/refresh", refreshBody("art_x_y")) },
			"key": func() reply {
				return attacker.with("ak_guess"+strconv.Itoa(i)).send(t, http.MethodGet, "/v1/storage/get?key=k", nil)
			},
		} {
			r := send()
			counts[kind][r.status]++
			if wait, err := strconv.Atoi(r.header.Get("Retry-After")); r.status == http.StatusTooManyRequests && (err != nil || wait < 1) {
				t.Errorf("%s: 429 without saying when to come back: %q", kind, r.header.Get("Retry-After"))
			}
		}
	}
	for kind, most := range map[string]int{"challenge": 10, "verify": 20, "refresh": 10, "key": 30} {
		// A token or two may come back while the test runs.
		if limited := counts[kind][http.StatusTooManyRequests]; limited < 100-most-10 || limited == 100 {
			t.Errorf("%s: %v", kind, counts[kind])
		}
	}
	if counts["verify"][http.StatusOK]+counts["refresh"][http.StatusOK]+counts["key"][http.StatusOK] > 0 {
		t.Errorf("guessed: %v", counts)
	}
	if now := n.systemIndex(t); now != before {
		t.Errorf("strangers made the network write: %v entries", now-before)
	}
	token := home.signedIn(t, victim, "shop")
	token.must(t, http.StatusCreated, http.MethodPost, "/v1/storage/put?key=k", []byte("v"))
	t.Logf("by status: %v", counts)
}

// settles waits until the log has not grown for two seconds: what was done before
// is written, the audit too.
func settles(t *testing.T, n *running) {
	t.Helper()
	last, same := 0.0, 0
	until(t, "nothing is written", func() error {
		if now := n.systemIndex(t); now != last {
			last, same = now, 0
		}
		if same++; same < 40 {
			return fmt.Errorf("still at %v", last)
		}
		return nil
	})
}

// Many people use a guest's gateway, and the member behind it sees one peer: one
// who guesses there must not use up what all of them have.
func TestGuess_ThroughAGuest(t *testing.T) {
	member := start(t, t.TempDir(), nil)
	guest := start(t, t.TempDir(), func(c *config.Config) {
		c.Discovery.BootstrapPeers = member.file.P2P
		c.Gateway.TrustedProxies = []string{"127.0.0.1"}
	})
	owner := member.visit().signedIn(t, ethereumPerson(t), "shop")
	key := owner.must(t, http.StatusCreated, http.MethodPost, "/v1/auth/keys", map[string]any{}).text("api_key")
	attacker, user := guest.visit().from("192.0.2.1"), guest.visit().from("198.51.100.7").with(key)
	user.must(t, http.StatusNotFound, http.MethodGet, "/v1/storage/get?key=k", nil)
	counts := map[int]int{}
	for i := range 100 {
		counts[attacker.with("ak_guess"+strconv.Itoa(i)).send(t, http.MethodGet, "/v1/storage/get?key=k", nil).status]++
	}
	if counts[http.StatusTooManyRequests] < 60 || counts[http.StatusUnauthorized] < 20 {
		t.Errorf("by status: %v", counts)
	}
	user.must(t, http.StatusNotFound, http.MethodGet, "/v1/storage/get?key=k", nil)
	p := solanaPerson(t)
	for range 30 {
		attacker.send(t, http.MethodPost, "/v1/auth/challenge", map[string]any{"wallet": p.wallet()})
	}
	user.with("").signIn(t, p, "books")
}

// As many addresses as an attacker likes make the network write nothing, and keep
// nobody out.
func TestGuess_SignInsFromAThousandAddresses(t *testing.T) {
	n := start(t, t.TempDir(), func(c *config.Config) { c.Gateway.TrustedProxies = []string{"127.0.0.1"} })
	victim, home := ethereumPerson(t), n.visit().from("198.51.100.7")
	home.signIn(t, victim, "shop")
	body := home.proof(t, victim, "shop", false)
	body["signature"] = "0x" + strings.Repeat("11", 64) + "1b"
	settles(t, n)
	before := n.systemIndex(t)
	for i := range 1000 {
		attacker := n.visit().from(fmt.Sprintf("10.%d.%d.1", i/250, i%250))
		attacker.must(t, http.StatusUnauthorized, http.MethodPost, "/v1/auth/verify", body)
		attacker.must(t, http.StatusOK, http.MethodPost, "/v1/auth/challenge", map[string]any{"wallet": victim.wallet(), "namespace": "shop"})
	}
	if now := n.systemIndex(t); now != before {
		t.Errorf("strangers made the network write: %v entries", now-before)
	}
	home.signIn(t, victim, "shop")
}
