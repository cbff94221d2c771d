package auth

import (
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A ticket stands in a header that proxies may log: it opens one socket, at once,
// for one page and one session.
func TestTicket_OnceForOnePage(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice := newPerson(t)
	tokens := home.signIn(alice, red)
	p := home.who(tokens.AccessToken)
	key := home.key(p, red, core.KeyOptions{Scopes: []string{"read"}})
	const page = "https://app.example"
	ticket := func(who core.Principal) core.Secret {
		w, err := home.Ticket(t.Context(), who, page)
		if err != nil || w.ExpiresIn != TicketLife {
			t.Fatal(w.ExpiresIn, err)
		}
		return w.Ticket
	}
	redeem := func(m *member, s core.Secret, origin string) core.Code {
		_, err := m.Redeem(t.Context(), s, origin)
		return core.CodeOf(err)
	}
	first := ticket(p)
	got, err := away.Redeem(t.Context(), first, page)
	if err != nil || got.Subject != alice.address || got.Method != core.MethodJWT || got.Namespace != red || got.SessionID != tokens.SessionID {
		t.Errorf("at another node: %+v, %v", got, err)
	}
	if away.allowed(got, red, core.PermissionOwner) != "" {
		t.Error("the ticket is worth less than its session")
	}
	ofKey, err := away.Redeem(t.Context(), ticket(home.who(key.Secret)), page)
	if err != nil || ofKey.Method != core.MethodAPIKey || away.allowed(ofKey, red, core.PermissionRead) != "" || away.allowed(ofKey, red, core.PermissionWrite) != core.Denied {
		t.Errorf("of a key: %+v, %v", ofKey, err)
	}
	late, foreign, twice := ticket(p), ticket(p), first
	operators := ticket(home.who(operatorKey))
	for name, code := range map[string]core.Code{
		"a second time":               redeem(home, twice, page),
		"from another page":           redeem(home, foreign, "https://evil.example"),
		"from no page":                redeem(home, foreign, ""),
		"an access token":             redeem(home, tokens.AccessToken, page),
		"an API key":                  redeem(home, key.Secret, page),
		"cut":                         redeem(home, foreign[:len(foreign)-1], page),
		"empty":                       redeem(home, "", page),
		"an operator's, at his":       redeem(away, operators, page),
		"as an access token":          home.good(foreign),
		"a ticket for a lesser claim": redeem(home, core.Secret(strings.Replace(foreign.Reveal(), ".", ".e", 1)), page),
	} {
		if code != core.Unauthenticated {
			t.Errorf("%s: %q", name, code)
		}
	}
	if op, errOp := home.Redeem(t.Context(), operators, page); errOp != nil || !op.Operator() {
		t.Errorf("an operator's at his own node: %+v, %v", op, errOp)
	}
	if code := redeem(home, foreign, page); code != "" {
		t.Errorf("after all those attempts: %q", code)
	}
	f.clock.Pass(TicketLife + Skew)
	if code := redeem(home, late, page); code != core.Unauthenticated {
		t.Errorf("too late: %q", code)
	}
	ended := ticket(p)
	if _, err = home.Logout(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	if code := redeem(home, ended, page); code != core.Unauthenticated {
		t.Errorf("of a session that has ended: %q", code)
	}
}

// FuzzTicket throws bytes at Redeem's parser; FuzzNonce and FuzzRefresh at theirs.
// What they accept, the network has made.
func FuzzTicket(f *testing.F) {
	a := &Auth{settings: Settings{Network: "7Q2F", NodeID: "home", Now: time.Now}, view: newView()}
	f.Add("eyJhbGciOiJFZERTQSIsInR5cCI6InRpY2tldCtqd3QiLCJraWQiOiJ4In0.e30.AAAA")
	f.Add(strings.Repeat("A", 5000) + "..")
	f.Fuzz(func(t *testing.T, s string) {
		if _, err := a.parse(ticketKind(), s, func(string) (tokenKey, error) { return tokenKey{}, errToken() }); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("%q: %v", s, err)
		}
	})
}

// See FuzzTicket.
func FuzzNonce(f *testing.F) {
	f.Add(base62(make([]byte, nonceBytes)))
	f.Add("")
	f.Add(strings.Repeat("z", base62Letters(nonceBytes)))
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := parseNonce(s)
		if ok && base62(append(append([]byte{}, n.head...), n.mac...)) != s {
			t.Errorf("%q is read, and written in another way", s)
		}
	})
}

// See FuzzTicket.
func FuzzRefresh(f *testing.F) {
	key := make([]byte, secretBytes)
	good := firstRefresh(key, randomText(sessionIDBytes))
	f.Add(good)
	f.Add("art_x_y")
	f.Fuzz(func(t *testing.T, s string) {
		if _, ok := parseRefresh(key, s); ok && s != good {
			session, _ := parseRefresh(key, s)
			b, _ := parseBase62(s[len(refreshPrefix)+len(session)+1:], refreshSecret+refreshTag)
			if writeRefresh(key, session, b[:refreshSecret]) != s {
				t.Errorf("accepted %q", s)
			}
		}
	})
}
