package auth

import (
	"context"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A stolen refresh token must not keep a thief signed in, and an answer that was
// lost on the way must not sign its owner out.
func TestRefresh_ReuseAndRetry(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice := newPerson(t)
	refresh := func(m *member, token core.Secret) (core.Tokens, core.Code) {
		tokens, err := m.Refresh(context.Background(), token, "", "192.0.2.1")
		return tokens, core.CodeOf(err)
	}

	first := home.signIn(alice, red)
	second, code := refresh(home, first.RefreshToken)
	if code != "" || second.RefreshToken == first.RefreshToken || home.good(second.AccessToken) != "" {
		t.Fatal("a refresh:", code)
	}
	f.clock.Pass(9 * time.Second)
	if again, c := refresh(home, first.RefreshToken); c != "" || again != second {
		t.Errorf("the same call 9 s later: %q, equal %v", c, again == second)
	}
	if again, c := refresh(away, first.RefreshToken); c != "" || again.RefreshToken != second.RefreshToken {
		t.Errorf("the same call at another node: %q", c)
	}
	third, code := refresh(away, second.RefreshToken)
	if code != "" {
		t.Fatal(code)
	}
	f.clock.Pass(11 * time.Second)
	if _, c := refresh(home, second.RefreshToken); c != core.Unauthenticated {
		t.Errorf("11 s later: %q", c)
	}
	if _, c := refresh(home, third.RefreshToken); c != core.Unauthenticated {
		t.Errorf("the newest token of the family after a reuse: %q", c)
	}
	eventually(t, "the family's access tokens are refused everywhere", func() bool {
		return home.good(third.AccessToken) == core.Unauthenticated && away.good(third.AccessToken) == core.Unauthenticated
	})
	if home.good(home.signIn(alice, red).AccessToken) != "" {
		t.Error("the owner is locked out")
	}

	// A token used long ago is known as well; one that was made up ends nothing.
	old := home.signIn(alice, red)
	newest := old
	for range 4 {
		f.clock.Pass(time.Minute)
		if newest, code = refresh(home, newest.RefreshToken); code != "" {
			t.Fatal(code)
		}
	}
	made := writeRefresh(make([]byte, secretBytes), old.SessionID, make([]byte, refreshSecret))
	if _, c := refresh(home, core.Secret(made)); c != core.Unauthenticated {
		t.Errorf("a made-up token: %q", c)
	}
	if newest, code = refresh(home, newest.RefreshToken); code != "" {
		t.Errorf("after a made-up token: %q", code)
	}
	if _, c := refresh(home, old.RefreshToken); c != core.Unauthenticated {
		t.Errorf("one of long ago: %q", c)
	}
	if _, c := refresh(home, newest.RefreshToken); c != core.Unauthenticated {
		t.Errorf("the family of one of long ago: %q", c)
	}
}

// A session that nobody uses ends, and no session is for ever.
func TestSession_Ends(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	alice := newPerson(t)
	for name, use := range map[string]func() core.Secret{
		"idle": func() core.Secret {
			tokens := home.signIn(alice, red)
			f.clock.Pass(SessionIdle)
			return tokens.RefreshToken
		},
		"after 90 days of use": func() core.Secret {
			tokens := home.signIn(alice, red)
			for range 9 {
				f.clock.Pass(10*day - time.Hour)
				next, err := home.Refresh(t.Context(), tokens.RefreshToken, red, "")
				if err != nil {
					t.Fatal(err)
				}
				tokens = next
			}
			f.clock.Pass(9 * time.Hour)
			return tokens.RefreshToken
		},
		"signed out": func() core.Secret {
			tokens := home.signIn(alice, red)
			if n, err := home.Logout(t.Context(), tokens.RefreshToken); n != 1 || err != nil {
				t.Fatal(n, err)
			}
			return tokens.RefreshToken
		},
		"signed out everywhere": func() core.Secret {
			tokens := home.signIn(alice, red)
			if n, err := home.LogoutAll(t.Context(), home.who(tokens.AccessToken)); n < 1 || err != nil {
				t.Fatal(n, err)
			}
			return tokens.RefreshToken
		},
		"the oldest of too many": func() core.Secret {
			bob := newPerson(t)
			tokens := home.signIn(bob, red)
			for range MaxSessions {
				f.clock.Pass(time.Millisecond)
				home.signIn(bob, red)
			}
			list, err := home.Sessions(t.Context(), core.Principal{Subject: bob.address})
			if err != nil || len(list) != MaxSessions {
				t.Errorf("%d sessions, %v", len(list), err)
			}
			if home.good(tokens.AccessToken) != core.Unauthenticated {
				t.Error("its access token goes on")
			}
			return tokens.RefreshToken
		},
	} {
		if _, err := home.Refresh(t.Context(), use(), "", ""); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// One's sessions are one's own business: others can neither see nor end them,
// and cannot even tell whether there is such a one.
func TestSession_OnlyOnesOwn(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	alice, bob := newPerson(t), newPerson(t)
	tokens := home.signIn(alice, red)
	a, b := home.who(tokens.AccessToken), home.who(home.signIn(bob, blue).AccessToken)
	theirs := home.RevokeSession(t.Context(), b, tokens.SessionID)
	nothing := home.RevokeSession(t.Context(), b, "there is none")
	if core.CodeOf(theirs) != core.NotFound || core.Sentence(theirs) != core.Sentence(nothing) {
		t.Errorf("another's: %v; none: %v", theirs, nothing)
	}
	list, err := home.Sessions(t.Context(), a)
	if err != nil || len(list) != 1 || !list[0].Current || list[0].ID != tokens.SessionID || list[0].Address != "192.0.2.1" {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := home.Refresh(t.Context(), tokens.RefreshToken, blue, ""); core.CodeOf(err) != core.Denied {
		t.Errorf("for another namespace: %v", err)
	}
	if err := home.RevokeSession(t.Context(), a, tokens.SessionID); err != nil {
		t.Error(err)
	}
	if home.good(tokens.AccessToken) != core.Unauthenticated {
		t.Error("the token of an ended session goes on")
	}
}
