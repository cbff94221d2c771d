package auth

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// A peer that may not write must not get its messages through any node's
// validator, and one that may must not need to be asked about.
func TestAuthor_ProofIsForOnePeerAndNamespace(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice, bob := newPerson(t), newPerson(t)
	tokens := home.signIn(alice, red)
	p := home.who(tokens.AccessToken)
	if err := home.Grant(t.Context(), p, red, bob.address, core.GrantWriter); err != nil {
		t.Fatal(err)
	}
	prove := func(who core.Principal) []byte {
		proof, expires, err := home.AuthorProof(t.Context(), who, red, "peer")
		if err != nil || !expires.Equal(f.clock.Now().Add(TokenLife)) || len(proof) > MaxProofBytes {
			t.Fatal(len(proof), expires, err)
		}
		return proof
	}
	key := home.key(p, red, core.KeyOptions{})
	reading := home.key(p, red, core.KeyOptions{Scopes: []string{"read"}})
	if _, _, err := home.AuthorProof(t.Context(), home.who(reading.Secret), red, "peer"); core.CodeOf(err) != core.Denied {
		t.Errorf("for a key that only reads: %v", err)
	}
	if _, _, err := home.AuthorProof(t.Context(), p, blue, "peer"); core.CodeOf(err) != core.Denied {
		t.Errorf("for another namespace: %v", err)
	}
	bobs := home.signIn(bob, red)
	mine, ofKey, ofBob, ofOperator := prove(p), prove(home.who(key.Secret)), prove(home.who(bobs.AccessToken)), prove(home.who(operatorKey))
	t.Logf("a proof has %d bytes", len(mine))
	check := func(m *member, proof []byte) bool { return m.CheckAuthor("peer", red, proof) }
	for name, proof := range map[string][]byte{"a session's": mine, "a key's": ofKey, "a writer's": ofBob, "an operator's": ofOperator} {
		eventually(t, name+" proof is good elsewhere", func() bool { return check(away, proof) })
	}
	altered := []byte(strings.Replace(string(mine), ".", ".e", 1))
	for name, ok := range map[string]bool{
		"by another peer":         away.CheckAuthor("other", red, mine),
		"in another namespace":    away.CheckAuthor("peer", blue, mine),
		"altered":                 check(away, altered),
		"none":                    check(away, nil),
		"too long":                check(away, []byte(strings.Repeat("a", MaxProofBytes+1))),
		"an access token":         check(away, []byte(tokens.AccessToken.Reveal())),
		"a proof as access token": away.good(core.Secret(mine)) == "",
	} {
		if ok {
			t.Errorf("%s: accepted", name)
		}
	}
	asked := away.line.asked.Load()
	for range 1000 {
		check(away, mine)
	}
	if n := away.line.asked.Load() - asked; n > 10 { // the beat goes on
		t.Errorf("a thousand messages asked %d times", n)
	}
	if err := home.Grant(t.Context(), p, red, bob.address, core.GrantReader); err != nil {
		t.Fatal(err)
	}
	if err := home.RevokeKey(t.Context(), p, red, key.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a lowered role and a revoked key author nothing", func() bool { return !check(away, ofBob) && !check(away, ofKey) })
	if _, err := home.Logout(t.Context(), tokens.RefreshToken); err != nil {
		t.Fatal(err)
	}
	eventually(t, "an ended session authors nothing", func() bool { return !check(away, mine) })
	if !check(away, ofOperator) {
		t.Error("another's proof is refused too")
	}
	f.clock.Pass(TokenLife + Skew)
	if check(away, ofOperator) {
		t.Error("an old proof is good")
	}
}
