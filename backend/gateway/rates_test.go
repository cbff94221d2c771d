package gateway

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// Row D4. Who asks ten times too often is told when to come back, and then served
// again; his neighbours in other networks notice nothing.
func TestRates_PerAddress(t *testing.T) {
	tests := map[string]struct {
		method, target, body string
		headers              []string
		burst                int
		refill               time.Duration // until the next one is served
	}{
		"challenges":             {"POST", "/v1/auth/challenge", `{"wallet":"%d"}`, nil, 10, 6 * time.Second},
		"proofs":                 {"POST", "/v1/auth/verify", `{"wallet":"%d"}`, nil, 20, 3 * time.Second},
		"refreshes":              {"POST", "/v1/auth/refresh", `{"refresh_token":"art_%d_x"}`, nil, 10, 6 * time.Second},
		"tickets":                {"POST", "/v1/ws-ticket", "", []string{bearer(ownerToken)}, 60, time.Second},
		"keys that nobody has":   {"GET", "/v1/auth/whoami", "", []string{"X-API-Key: ak_guess"}, 30, 2 * time.Second},
		"tokens that have ended": {"GET", "/v1/auth/whoami", "", []string{bearer("a.b.c")}, 500, 10 * time.Millisecond},
		"no credential at all":   {"GET", "/v1/version", "", nil, 500, 10 * time.Millisecond},
		"routes that are none":   {"GET", "/v1/none", "", nil, 500, 10 * time.Millisecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			now := testkit.NewClock()
			b := newBench(t, func(s *Settings, _ *Services) { s.Now, s.AllowedHosts = now.Now, []string{"node.example"} })
			ask := func(n int, remote string) answered {
				body := tt.body
				if body != "" {
					body = fmt.Sprintf(body, n)
				}
				return b.ask(t, tt.method, tt.target, body, append([]string{"Remote: " + remote, "Host: node.example"}, tt.headers...)...)
			}
			for n := range 10 * tt.burst {
				a := ask(n, "203.0.113."+strconv.Itoa(n%200)+":1") // one customer's network
				if limited := a.Code == 429; limited != (n >= tt.burst) {
					t.Fatalf("request %d: %d", n, a.Code)
				} else if wait := a.Header().Get("Retry-After"); limited && (wait == "" || wait == "0" || a.body["code"] != "limited") {
					t.Fatalf("request %d: Retry-After %q, %v", n, wait, a.body)
				}
			}
			if a := ask(7000, "203.0.114.1:1"); a.Code == 429 && tt.headers == nil {
				t.Error("another network is limited too")
			}
			now.Pass(tt.refill)
			if a := ask(7001, "203.0.113.1:1"); a.Code == 429 {
				t.Errorf("after %v: %d, Retry-After %s", tt.refill, a.Code, a.Header().Get("Retry-After"))
			}
		})
	}
}

// Anybody can ask in a wallet's name. Each address is held for that wallet, and
// its owner, who comes from elsewhere, is not kept out.
func TestRates_PerAccount(t *testing.T) {
	now := testkit.NewClock()
	b := newBench(t, func(s *Settings, _ *Services) { s.Now, s.AllowedHosts = now.Now, []string{"node.example"} })
	ask := func(address, wallet string) int {
		return b.ask(t, "POST", "/v1/auth/challenge", `{"wallet":"`+wallet+`"}`, "Remote: "+address, "Host: node.example").Code
	}
	const stranger, owner = "127.0.0.1:1", "198.51.100.1:1" // loopback has room for 200 at an address
	for n := range 30 {
		wallet := "0xAbC"
		if n%2 == 0 {
			wallet = "0xabc" // the same one
		}
		if got := ask(stranger, wallet); (got == 429) != (n >= 10) {
			t.Fatalf("request %d: %d", n, got)
		}
	}
	if got := ask(stranger, "0xother"); got != 200 {
		t.Errorf("another wallet: %d", got)
	}
	if got := ask(owner, "0xabc"); got != 200 {
		t.Errorf("the wallet's owner, from elsewhere: %d", got)
	}
	now.Pass(time.Minute)
	if got := ask(stranger, "0xabc"); got != 200 {
		t.Errorf("a minute later: %d", got)
	}
}

// All programs of a computer share loopback; one busy one must not stop them.
// Who has a credential is held by quotas, and not here.
func TestRates_RoomForOurselves(t *testing.T) {
	now := testkit.NewClock()
	b := newBench(t, func(s *Settings, _ *Services) { s.Now = now.Now })
	for n := range 201 {
		if got := b.ask(t, "POST", "/v1/auth/challenge", fmt.Sprintf(`{"wallet":"%d"}`, n)).Code; (got == 429) != (n == 200) {
			t.Fatalf("challenge %d from loopback: %d", n, got)
		}
	}
	for n := range 11_000 {
		if got := b.ask(t, "GET", "/v1/auth/whoami", "", bearer(ownerKey)).Code; got != 200 {
			t.Fatalf("whoami %d: %d", n, got)
		}
	}
}

// Whoever can write his own address has no limit.
func TestRates_AddressesThatCount(t *testing.T) {
	b := newBench(t, func(s *Settings, _ *Services) { s.TrustedProxies = []string{"10.0.0.0/8", "192.0.2.7"} })
	tests := map[string]struct{ remote, forwarded, want string }{
		"a stranger who says he is another":  {"203.0.113.9:1", "198.51.100.1", "203.0.113.9"},
		"a listed proxy":                     {"10.1.2.3:1", "198.51.100.1", "198.51.100.1"},
		"two listed proxies":                 {"192.0.2.7:1", "198.51.100.1, 10.9.9.9", "198.51.100.1"},
		"a chain whose start is made up":     {"10.1.2.3:1", "127.0.0.1, 198.51.100.1, 10.2.2.2", "198.51.100.1"},
		"nonsense before the proxy":          {"10.1.2.3:1", "evil, 10.2.2.2", "10.2.2.2"},
		"a proxy that says nothing":          {"10.1.2.3:1", "", "10.1.2.3"},
		"an IPv4 address in IPv6's clothing": {"10.1.2.3:1", "::ffff:198.51.100.1", "198.51.100.1"},
		"IPv6":                               {"[2001:db8::1]:1", "198.51.100.1", "2001:db8::1"},
	}
	for name, tt := range tests {
		r := httptestRequest(tt.remote, tt.forwarded)
		if got := b.addressOf(r, false); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if got := b.addressOf(httptestRequest("12D3KooWpeer", "198.51.100.1"), true); got != "12D3KooWpeer" {
		t.Errorf("a peer is %q", got)
	}
	for address, want := range map[string]string{
		"203.0.113.9": "203.0.113.0/24", "2001:db8:1:2ff::5": "2001:db8:1:200::/56", "::ffff:203.0.113.9": "203.0.113.0/24", "127.0.0.9": "loopback", "::1": "loopback", "12D3KooWpeer": "12D3KooWpeer",
	} {
		if got, _ := network(address); got != want {
			t.Errorf("%s counts as %s, want %s", address, got, want)
		}
	}
}

// A stranger's megabyte instead of a wallet is not kept: 50,000 of them would be
// all of the memory.
func TestRates_LongNames(t *testing.T) {
	b := newBench(t, nil)
	b.ask(t, "POST", "/v1/auth/challenge", `{"wallet":"`+strings.Repeat("x", 1<<19)+`"}`)
	if b.rates.accounts.Len() != 1 {
		t.Fatalf("%d accounts", b.rates.accounts.Len())
	}
	for _, key := range b.rates.accounts.Keys() {
		if len(key.who) > 2*maxAccountBytes {
			t.Errorf("%d bytes are kept", len(key.who))
		}
	}
}

// Millions of addresses cost no more memory than the bound says.
func TestRates_AreBounded(t *testing.T) {
	r, err := newRates(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for n := range MaxBuckets + 1000 {
		r.draw(r.addresses, bucketKey{rateChallenge, strconv.Itoa(n)}, quotaOf(rateChallenge).address)
	}
	if got := r.addresses.Len(); got != MaxBuckets {
		t.Errorf("%d buckets", got)
	}
	for _, name := range []string{rateCommon, rateChallenge, rateVerify, rateRefresh, rateToken, rateTicket, rateAnon, rateWrongKey} {
		if q := quotaOf(name); q.address.burst+q.account.burst == 0 {
			t.Errorf("the rate %q limits nothing", name)
		}
	}
	for _, rt := range (&Gateway{settings: Settings{Now: time.Now}}).routes() {
		if quotaOf(rt.rate) == (quota{}) {
			t.Errorf("%s names the rate %q, which there is not", rt.path, rt.rate)
		}
	}
}
