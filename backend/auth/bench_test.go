package auth

import (
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// BenchmarkAuthenticate is what each request pays to be known and allowed.
func BenchmarkAuthenticate(b *testing.B) {
	f := newFabric(b)
	home := f.node("home", nil)
	tokens := home.signIn(newPerson(b), red)
	key := home.key(home.who(tokens.AccessToken), red, core.KeyOptions{})
	for name, credential := range map[string]core.Secret{"jwt": tokens.AccessToken, "api_key": key.Secret, "operator": operatorKey} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := home.Authenticate(b.Context(), credential, "192.0.2.1")
				if err == nil {
					err = home.Allow(b.Context(), p, p.Namespace, core.PermissionWrite)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("jwt_never_seen", func(b *testing.B) {
		for b.Loop() {
			home.view.tokens.empty()
			if _, err := home.Authenticate(b.Context(), tokens.AccessToken, ""); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkChallenge is what a stranger can make a gateway do.
func BenchmarkChallenge(b *testing.B) {
	f := newFabric(b)
	home := f.node("home", nil)
	r := core.ChallengeRequest{Wallet: newPerson(b).address, Namespace: red, Domain: "home.example"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := home.Challenge(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignIn is a whole sign-in, from the challenge to the token.
func BenchmarkSignIn(b *testing.B) {
	f := newFabric(b)
	home := f.node("home", nil)
	alice := newPerson(b)
	for b.Loop() {
		home.signIn(alice, red)
	}
}
