package auth

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gagliardetto/solana-go"

	"git.debros.io/DeBros/network/backend/core"
)

// A nonce that can be used late, twice or by somebody else lets a thief of old
// messages sign in. Each refusal says the same, so that it tells nothing.
func TestNonce_OnlyForWhatItWasMade(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice, mallory := newPerson(t), newPerson(t)
	eventually(t, "the other node knows the gateway's name", func() bool {
		early := newPerson(t) // a new one: failures make the same one wait
		_, err := away.Verify(context.Background(), home.proof(early, core.Namespace("of-"+strings.ToLower(early.address[2:12]))))
		return err == nil
	})
	tests := map[string]func(p *core.Proof){
		"expired": func(*core.Proof) { f.clock.Pass(NonceLife) },
		"spent": func(p *core.Proof) {
			if _, err := away.Verify(context.Background(), *p); err != nil {
				t.Fatal(err)
			}
		},
		"another wallet's": func(p *core.Proof) {
			p.Wallet, p.Signature = mallory.address, mallory.sign(t, p.Nonce)
		},
		"another namespace's": func(p *core.Proof) { p.Namespace, p.Signature = blue, alice.sign(t, p.Nonce) },
		"another class": func(p *core.Proof) {
			c, err := home.Challenge(context.Background(), core.ChallengeRequest{Wallet: alice.address, Namespace: red, Purpose: "device", Domain: "home.example"})
			if err != nil {
				t.Fatal(err)
			}
			p.Nonce, p.Signature = c.Nonce, alice.sign(t, c.Nonce)
		},
		"another network's domain": func(p *core.Proof) {
			b := binding{namespace: red, origin: "https://evil.example"}
			s, err := home.secrets(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			n, _ := parseNonce(p.Nonce)
			p.Nonce = base62(append(n.head, b.seal(s.nonce[0], n.head)...))
			p.Signature = alice.sign(t, p.Nonce)
		},
		"a changed letter": func(p *core.Proof) {
			letters := []byte(p.Nonce)
			letters[20] = 'a' + (letters[20]+1)%26
			p.Nonce = string(letters)
			p.Signature = alice.sign(t, p.Nonce)
		},
		"made up":  func(p *core.Proof) { p.Nonce = base62(make([]byte, nonceBytes)) },
		"empty":    func(p *core.Proof) { p.Nonce = "" },
		"too long": func(p *core.Proof) { p.Nonce += "0" },
		"spent, and then the clock set back": func(p *core.Proof) {
			if _, err := home.Verify(context.Background(), *p); err != nil {
				t.Fatal(err)
			}
			f.clock.Pass(spentKept + time.Hour)
			if err := home.sweep(context.Background()); err != nil {
				t.Fatal(err)
			}
			rows, err := home.weak(context.Background(), stmt(`SELECT 1 FROM auth_spent WHERE id = ?1`, "nonce:"+p.Nonce))
			if err != nil || len(rows) != 0 {
				t.Fatal("the row is still there", rows, err)
			}
			f.clock.Pass(-spentKept - time.Hour)
		},
		"of before a backup was restored": func(*core.Proof) {
			if err := home.Reset(context.Background()); err != nil {
				t.Fatal(err)
			}
			now, err := home.secrets(context.Background())
			eventually(t, "the other node has the new key", func() bool {
				s, errAway := away.secrets(context.Background())
				return err == nil && errAway == nil && bytes.Equal(s.nonce[0], now.nonce[0])
			})
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			p := home.proof(alice, red)
			change(&p)
			home.failures.forget(failureKey{p.Address, mustAccount(t, p.Wallet)})
			_, err := home.Verify(context.Background(), p)
			if core.CodeOf(err) != core.Unauthenticated || core.Sentence(err) != core.Sentence(errNonce()) {
				t.Errorf("got %v", err)
			}
		})
		f.clock.Pass(2 * NonceLife) // what was swept makes all nonces of its time void
	}
}

// A failed signature must not cost the nonce, and a gateway that is gone must
// not cost the sign-in: any member knows what the text was.
func TestNonce_WorksAfterAFailureAndElsewhere(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice := newPerson(t)
	p := home.proof(alice, red)
	home.stop()
	wrong := p
	wrong.Signature = newPerson(t).sign(t, p.Nonce)
	if _, err := away.Verify(t.Context(), wrong); core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("somebody else's signature: %v", err)
	}
	p.Domain, p.URI = "away.example", "https://away.example"+verifyPath
	if _, err := away.Verify(t.Context(), p); err != nil {
		t.Errorf("at another member: %v", err)
	}
}

// Either text may be signed, until the operator asks for the full one; a page
// that lures with its own name gets no text at all.
func TestChallenge_Texts(t *testing.T) {
	f := newFabric(t)
	lax, strict := f.node("lax", nil), f.node("strict", func(s *Settings) { s.RequireSignInText = true })
	alice := newPerson(t)
	bare := func(m *member) error {
		c := m.challenge(alice, red)
		_, err := m.Verify(t.Context(), core.Proof{Wallet: alice.address, Namespace: red, Nonce: c.Nonce, Signature: alice.sign(t, c.Nonce)})
		return err
	}
	if err := bare(lax); err != nil {
		t.Errorf("the nonce alone: %v", err)
	}
	if err := bare(strict); core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("the nonce alone where the text is asked for: %v", err)
	}
	strict.signIn(alice, red)
	for domain, want := range map[string]core.Code{
		"evil.example": core.Denied, "lax.example.evil.example": core.Denied, "10.0.0.1:6001": core.Denied,
		"lax.example": "", "lax.example:6001": "", "LAX.example": "", "127.0.0.1:6001": "", "[::1]:6001": "", "localhost:6001": "", "": "",
	} {
		c, err := lax.Challenge(t.Context(), core.ChallengeRequest{Wallet: alice.address, Namespace: red, Domain: domain})
		if core.CodeOf(err) != want {
			t.Errorf("by the name %q: %v", domain, err)
		}
		if err != nil {
			continue
		}
		_, err = lax.Verify(t.Context(), core.Proof{Wallet: alice.address, Namespace: red, Nonce: c.Nonce, Signature: alice.sign(t, c.Message), Domain: domain})
		if err != nil {
			t.Errorf("the text of %q: %v", domain, err)
		}
	}
}

// People with a Solana wallet sign in with the same two texts; a key under which
// anybody can sign is nobody's.
func TestChallenge_Solana(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	address := solana.PublicKeyFromBytes(public).String()
	for _, text := range []func(core.Challenge) string{func(c core.Challenge) string { return c.Message }, func(c core.Challenge) string { return c.Nonce }} {
		c, err := home.Challenge(t.Context(), core.ChallengeRequest{Wallet: address, ChainType: "SOL", Namespace: red, Domain: "home.example"})
		if err != nil {
			t.Fatal(err)
		}
		p := core.Proof{Wallet: address, Namespace: red, Nonce: c.Nonce, Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(text(c))))}
		tokens, err := home.Verify(t.Context(), p)
		if err != nil || tokens.Subject != address || home.allowed(home.who(tokens.AccessToken), red, core.PermissionOwner) != "" {
			t.Errorf("%+v, %v", tokens, err)
		}
	}
	for _, address := range []string{solana.PublicKey{1}.String(), solana.PublicKey{31: 1}.String()} { // the identity, and no point
		c, err := home.Challenge(t.Context(), core.ChallengeRequest{Wallet: address, Namespace: blue, Domain: "home.example"})
		if err != nil {
			t.Fatal(err)
		}
		forged := make([]byte, ed25519.SignatureSize)
		forged[0] = 1 // R is the identity, S is 0: good for any text under the identity
		_, err = home.Verify(t.Context(), core.Proof{Wallet: address, Namespace: blue, Nonce: c.Nonce, Signature: base64.StdEncoding.EncodeToString(forged)})
		if core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Strangers must not be able to make the network write.
func TestChallenge_WritesNothing(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	alice, mallory := newPerson(t), newPerson(t)
	home.challenge(alice, red)
	before := home.line.execs.Load()
	for range 200 {
		home.challenge(alice, red)
	}
	for range 10 {
		p := home.proof(alice, red)
		p.Signature = mallory.sign(t, p.Nonce)
		if _, err := home.Verify(t.Context(), p); err == nil {
			t.Fatal("a stranger signed in")
		}
	}
	home.writeEvents(t.Context(), nil)
	if n := home.line.execs.Load() - before; n != 0 {
		t.Errorf("%d writes", n)
	}
}

// Of many that use one nonce at once, at three nodes, one signs in. So it is with
// a ticket and with a free namespace; a refresh turns once, and all who asked the
// same get the same.
func TestOnce_OfManyAtOnceOneWins(t *testing.T) {
	f := newFabric(t)
	nodes := []*member{f.node("one", nil), f.node("two", nil), f.node("three", nil)}
	rounds, many := 5, 60
	race := func(use func(m *member) bool) int {
		var won atomic.Int64
		var all sync.WaitGroup
		gate := make(chan struct{})
		for i := range many {
			all.Go(func() {
				<-gate
				if use(nodes[i%3]) {
					won.Add(1)
				}
			})
		}
		close(gate)
		all.Wait()
		return int(won.Load())
	}
	for round := range rounds {
		alice := newPerson(t)
		p := nodes[0].proof(alice, red)
		if n := race(func(m *member) bool {
			mine := p
			mine.Address = randomText(8) // or the losers would have to pause
			_, err := m.Verify(context.Background(), mine)
			return err == nil
		}); n != 1 {
			t.Errorf("%d signed in with one nonce", n)
		}
		if list, err := nodes[0].Sessions(t.Context(), core.Principal{Subject: alice.address}); err != nil || len(list) != 1 {
			t.Errorf("%d sessions of one nonce, %v", len(list), err)
		}
		p = nodes[0].proof(alice, core.Namespace(fmt.Sprintf("keys%d", round)))
		if n := race(func(m *member) bool {
			mine := p
			mine.Address = randomText(8)
			_, err := m.KeyByProof(context.Background(), mine, core.KeyOptions{})
			return err == nil
		}); n != 1 {
			t.Errorf("%d keys of one nonce", n)
		}
		if list, err := nodes[0].Keys(t.Context(), nodes[0].who(operatorKey), p.Namespace); err != nil || len(list) != 1 {
			t.Errorf("%d keys are kept, %v", len(list), err)
		}
		tokens := nodes[0].signIn(alice, red)
		ticket, err := nodes[0].Ticket(t.Context(), nodes[0].who(tokens.AccessToken), "https://app.example")
		if err != nil {
			t.Fatal(err)
		}
		if n := race(func(m *member) bool {
			_, err := m.Redeem(context.Background(), ticket.Ticket, "https://app.example")
			return err == nil
		}); n != 1 {
			t.Errorf("%d redeemed one ticket", n)
		}
		var answers sync.Map
		if n := race(func(m *member) bool {
			next, err := m.Refresh(context.Background(), tokens.RefreshToken, red, "")
			if err == nil {
				answers.Store(next.RefreshToken, true)
			}
			return err == nil
		}); n != many {
			t.Errorf("%d of %d had an answer to the same refresh", n, many)
		}
		answers.Range(func(next, _ any) bool {
			if next != core.Secret(successorOf(t, nodes[0], tokens)) {
				t.Error("another refresh token")
			}
			return true
		})
	}
	for round := range rounds {
		ns := core.Namespace("free" + string(rune('a'+round)))
		people := make(chan person, many)
		for range many {
			people <- newPerson(t)
		}
		if n := race(func(m *member) bool {
			alice := <-people
			tokens, err := m.Verify(context.Background(), m.proof(alice, ns))
			return err == nil && m.allowed(m.who(tokens.AccessToken), ns, core.PermissionRead) == ""
		}); n != 1 {
			t.Errorf("%d own one namespace", n)
		}
	}
}
