package auth

import (
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A key opens its own namespace as long as it is good, in the forms that older
// clients write, and nothing else opens anything.
func TestKey_WhatIsAccepted(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", func(s *Settings) { s.APIKeys = []ConfiguredKey{{Key: configKey, Namespace: "tenant"}} }), f.node("away", nil)
	owner := home.who(home.signIn(newPerson(t), red).AccessToken)
	k := home.key(owner, red, core.KeyOptions{Name: "ci", Plan: "free", ExpiresIn: time.Hour})
	s := k.Secret.Reveal()
	id, _, _, _ := parseKey(s)
	other := home.key(owner, red, core.KeyOptions{}).Secret.Reveal()
	swapped := keyPrefix + id + other[len(keyPrefix)+keyIDLetters:len(other)-keySumLetters-1]
	tests := map[string]struct {
		key  string
		want core.Code
	}{
		"as it is":                       {key: s},
		"with its namespace":             {key: s + ":red"},
		"with another namespace":         {key: s + ":blue", want: core.Unauthenticated},
		"with an empty namespace":        {key: s + ":", want: core.Unauthenticated},
		"a typo":                         {key: strings.Replace(s, s[20:21], string('a'+(s[20]+1)%26), 1), want: core.Unauthenticated},
		"cut":                            {key: s[:len(s)-1], want: core.Unauthenticated},
		"longer":                         {key: s + "0", want: core.Unauthenticated},
		"the id of one, secret of other": {key: swapped + "_" + checksum(swapped), want: core.Unauthenticated},
		"only the id":                    {key: keyPrefix + id, want: core.Unauthenticated},
		"configured":                     {key: configKey.Reveal()},
		"configured, with its namespace": {key: configKey.Reveal() + ":tenant"},
		"configured, with another":       {key: configKey.Reveal() + ":blue", want: core.Unauthenticated},
		"a part of a configured one":     {key: configKey.Reveal()[:20], want: core.Unauthenticated},
		"the operator's":                 {key: operatorKey.Reveal()},
		"the operator's, cut":            {key: operatorKey.Reveal()[1:], want: core.Unauthenticated},
	}
	for name, test := range tests {
		if got := home.good(core.Secret(test.key)); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if away.good(k.Secret) != "" || away.good(configKey) != core.Unauthenticated {
		t.Error("at another node a key works, and a configured one does not")
	}
	exchanged, err := home.Exchange(t.Context(), home.who(configKey))
	if err != nil {
		t.Fatal(err)
	}
	if home.good(exchanged.AccessToken) != "" || home.allowed(home.who(exchanged.AccessToken), "tenant", core.PermissionSchema) != "" || away.good(exchanged.AccessToken) != core.Unauthenticated {
		t.Error("the token of a configured key works where the key does, and only there")
	}
	f.clock.Pass(50 * time.Minute)
	late, err := home.Exchange(t.Context(), home.who(k.Secret))
	if err != nil || late.ExpiresIn != 10*time.Minute {
		t.Errorf("a token of a key with ten minutes left lasts %v, %v", late.ExpiresIn, err)
	}
	f.clock.Pass(10 * time.Minute)
	if home.good(k.Secret) != core.Unauthenticated || home.good(late.AccessToken) != core.Unauthenticated {
		t.Error("a key that has expired goes on")
	}
}

// A key that was revoked is refused at every node within seconds, and so are its
// tokens; the list shows no secret and tells of the last use.
func TestKey_RevokedAndListed(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice, bob := newPerson(t), newPerson(t)
	owner := home.who(home.signIn(alice, red).AccessToken)
	if err := home.Grant(t.Context(), owner, red, bob.address, core.GrantWriter); err != nil {
		t.Fatal(err)
	}
	writer := home.who(home.signIn(bob, red).AccessToken)
	mine, theirs := home.key(owner, red, core.KeyOptions{}), home.key(writer, red, core.KeyOptions{Name: "bob's"})
	exchanged, err := away.Exchange(t.Context(), away.who(theirs.Secret))
	if err != nil {
		t.Fatal(err)
	}
	if away.good(mine.Secret) != "" || away.good(exchanged.AccessToken) != "" {
		t.Fatal("a key does not work")
	}
	away.writeUsed(t.Context())
	all, err := home.Keys(t.Context(), owner, red)
	if err != nil || len(all) != 2 || !all[0].LastUsedAt.Equal(f.clock.Now()) || all[0].Secret != "" {
		t.Errorf("an owner sees %+v, %v", all, err)
	}
	own, err := home.Keys(t.Context(), writer, red)
	if err != nil || len(own) != 1 || own[0].ID != theirs.ID || own[0].Creator != bob.address {
		t.Errorf("a writer sees %+v, %v", own, err)
	}
	if err = home.RevokeKey(t.Context(), writer, red, mine.ID); core.CodeOf(err) != core.NotFound {
		t.Errorf("a writer revokes another's key: %v", err)
	}
	if err = home.RevokeKey(t.Context(), home.who(theirs.Secret), red, theirs.ID); core.CodeOf(err) != core.Denied {
		t.Errorf("a key without the scope admin revokes one: %v", err)
	}
	if err = home.RevokeKey(t.Context(), owner, red, theirs.ID); err != nil {
		t.Fatal(err)
	}
	if home.good(theirs.Secret) != core.Unauthenticated {
		t.Error("a revoked key goes on where it was revoked")
	}
	eventually(t, "a revoked key is refused elsewhere", func() bool {
		return away.good(theirs.Secret) == core.Unauthenticated && away.good(exchanged.AccessToken) == core.Unauthenticated
	})
	if away.good(mine.Secret) != "" {
		t.Error("another key is refused too")
	}
}

// A namespace cannot be filled with keys, least of all by a stranger.
func TestKey_Cap(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	alice := newPerson(t)
	owner := home.who(home.signIn(alice, red).AccessToken)
	last := core.APIKey{}
	for range MaxKeys - 1 {
		last = home.key(owner, red, core.KeyOptions{})
	}
	if k, err := home.KeyByProof(t.Context(), home.proof(alice, red), core.KeyOptions{}); err != nil || home.good(k.Secret) != "" {
		t.Fatal(err)
	}
	if _, err := home.CreateKey(t.Context(), owner, red, core.KeyOptions{}); core.CodeOf(err) != core.Limited {
		t.Errorf("one more: %v", err)
	}
	if _, err := home.KeyByProof(t.Context(), home.proof(alice, red), core.KeyOptions{}); core.CodeOf(err) != core.Limited {
		t.Errorf("one more by a proof: %v", err)
	}
	if err := home.RevokeKey(t.Context(), owner, red, last.ID); err != nil {
		t.Fatal(err)
	}
	home.key(owner, red, core.KeyOptions{})
	for name, o := range map[string]core.KeyOptions{
		"an unknown scope": {Scopes: []string{"read", "everything"}}, "the scope owner": {Scopes: []string{"owner"}},
		"a negative life": {ExpiresIn: -time.Second}, "a long name": {Name: strings.Repeat("x", MaxNameBytes+1)},
	} {
		if _, err := home.CreateKey(t.Context(), owner, red, o); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzKey throws bytes at the parser of keys.
func FuzzKey(f *testing.F) {
	_, key := makeKey()
	f.Add(key)
	f.Add(key + ":red")
	f.Add("ak_")
	f.Add("ak_aaaaaaaaaaaa_:")
	f.Fuzz(func(t *testing.T, s string) {
		id, bare, ns, ok := parseKey(s)
		if !ok {
			return
		}
		if len(id) != keyIDLetters || !strings.HasPrefix(s, bare) || bare[len(bare)-keySumLetters:] != checksum(bare[:len(bare)-keySumLetters-1]) || (ns == "") != (bare == s) {
			t.Errorf("accepted %q", s)
		}
	})
}

// People paste a key where its id belongs. What cannot be an id is refused before
// it is written into a log that every node keeps.
func TestKey_ASecretIsNoID(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	alice := newPerson(t)
	tokens := home.signIn(alice, red)
	owner := home.who(tokens.AccessToken)
	key, err := home.CreateKey(t.Context(), owner, red, core.KeyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the audit is written", func() bool {
		list, errAudit := home.Audit(t.Context(), red, 0)
		return errAudit == nil && len(list) == 2
	})
	before := home.line.execs.Load()
	for _, id := range []string{key.Secret.Reveal(), tokens.AccessToken.Reveal(), tokens.RefreshToken.Reveal(), "", strings.Repeat("x", 1<<16)} {
		for what, refusal := range map[string]error{
			"a key":     home.RevokeKey(t.Context(), owner, red, id),
			"a session": home.RevokeSession(t.Context(), owner, id),
			"an app":    home.DeleteApp(t.Context(), owner, red, id),
		} {
			if core.CodeOf(refusal) != core.NotFound {
				t.Errorf("%s: %v", what, refusal)
			}
		}
	}
	if n := home.line.execs.Load() - before; n != 0 {
		t.Errorf("%d writes", n)
	}
	if err = home.RevokeKey(t.Context(), owner, red, key.ID); err != nil {
		t.Error(err)
	}
}
