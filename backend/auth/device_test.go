package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// device stands for one of a wallet's devices.
type device struct {
	key  ed25519.PrivateKey
	name string
}

func newDevice(t testing.TB) device {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return device{key, strings.Repeat("ab", deviceBytes)}
}

// deviceProof asks a node for a challenge and signs it.
func (m *member) deviceProof(p person, d device) core.DeviceProof {
	m.fabric.t.Helper()
	name := m.id + ".example"
	c, err := m.Challenge(m.fabric.t.Context(), core.ChallengeRequest{Wallet: p.address, Purpose: core.PurposeDevice, Domain: name, URI: "https://" + name + verifyPath})
	if err != nil {
		m.fabric.t.Fatal(err)
	}
	if c.Namespace != core.ChatNamespace {
		m.fabric.t.Errorf("the challenge is for %q", c.Namespace)
	}
	public, signature := ed25519.PublicKey(d.key[32:]), ed25519.Sign(d.key, []byte(c.Message))
	return core.DeviceProof{
		Wallet: p.address, Device: d.name, Nonce: c.Nonce, Domain: name, Address: "192.0.2.1",
		Verify: func(message string) error {
			if !ed25519.Verify(public, []byte(message), signature) {
				return core.Errorf(core.Denied, "not signed by the device")
			}
			return nil
		},
	}
}

// A chat's token that reached anything else would make a stolen device a stolen
// account; one that anybody else could get would let strangers into the chat.
func TestDevice_OpensTheChatAndNothingElse(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice, d := newPerson(t), newDevice(t)
	own := home.signIn(alice, red)
	proof := home.deviceProof(alice, d)
	tokens, err := home.OpenDevice(t.Context(), proof)
	if err != nil || tokens.RefreshToken != "" || tokens.ExpiresIn != TokenLife || tokens.Namespace != core.ChatNamespace {
		t.Fatal(tokens, err)
	}
	p := away.who(tokens.AccessToken)
	if p.Device != d.name || p.Subject != alice.address || p.Namespace != core.ChatNamespace {
		t.Errorf("the token is of %+v", p)
	}
	if code := away.allowed(p, core.ChatNamespace, core.PermissionChat); code != "" {
		t.Errorf("the chat: %s", code)
	}
	for _, need := range []core.Permission{core.PermissionRead, core.PermissionWrite, core.PermissionSchema, core.PermissionAdmin, core.PermissionOwner} {
		for _, ns := range []core.Namespace{core.ChatNamespace, red, core.DefaultNamespace, core.SystemNamespace} {
			if code := away.allowed(p, ns, need); code != core.Denied {
				t.Errorf("a device may %s in %s: %q", need, ns, code)
			}
		}
		for name, who := range map[string]core.Principal{"the operator": home.who(operatorKey), "the wallet": home.who(own.AccessToken)} {
			if code := home.allowed(who, core.ChatNamespace, need); code != core.Denied {
				t.Errorf("%s may %s in the chat: %q", name, need, code)
			}
			if code := home.allowed(who, core.ChatNamespace, core.PermissionChat); code != core.Denied {
				t.Errorf("%s is let into the chat: %q", name, code)
			}
		}
	}
	if code := away.allowed(p, red, core.PermissionChat); code != core.Denied {
		t.Errorf("the chat of another namespace: %q", code)
	}
	if _, err = home.OpenDevice(t.Context(), proof); core.CodeOf(err) != core.Unauthenticated {
		t.Errorf("the same proof again: %v", err)
	}
	f.clock.Pass(TokenLife + Skew)
	if code := away.good(tokens.AccessToken); code != core.Unauthenticated {
		t.Errorf("after its time: %q", code)
	}
}

// A challenge of one purpose must be worth nothing for the other.
func TestDevice_ChallengeIsOfOnePurpose(t *testing.T) {
	f := newFabric(t)
	home := f.node("home", nil)
	tests := map[string]func(p *core.DeviceProof, alice person){
		"a wallet's challenge": func(p *core.DeviceProof, alice person) { p.Nonce = home.challenge(alice, red).Nonce },
		"another wallet's":     func(p *core.DeviceProof, _ person) { p.Wallet = newPerson(t).address },
		"signed by another device": func(p *core.DeviceProof, alice person) {
			p.Verify = home.deviceProof(alice, newDevice(t)).Verify
		},
		"expired": func(*core.DeviceProof, person) { f.clock.Pass(NonceLife) },
	}
	for name, change := range tests {
		alice := newPerson(t)
		p := home.deviceProof(alice, newDevice(t))
		change(&p, alice)
		if _, err := home.OpenDevice(t.Context(), p); core.CodeOf(err) != core.Unauthenticated && core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	alice := newPerson(t)
	p := home.deviceProof(alice, newDevice(t))
	if _, err := home.Verify(t.Context(), core.Proof{Wallet: alice.address, Namespace: core.ChatNamespace, Nonce: p.Nonce, Domain: p.Domain}); core.CodeOf(err) != core.Invalid {
		t.Errorf("a wallet signs in to the chat: %v", err)
	}
	p.Device = "ab"
	if _, err := home.OpenDevice(t.Context(), p); core.CodeOf(err) != core.Invalid {
		t.Errorf("a device without a name: %v", err)
	}
}

// A guest's device publishes in the chat by a proof, which must not tell whose it is.
func TestDevice_AuthorProofTellsNobody(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice := newPerson(t)
	tokens, err := home.OpenDevice(t.Context(), home.deviceProof(alice, newDevice(t)))
	if err != nil {
		t.Fatal(err)
	}
	p := home.who(tokens.AccessToken)
	proof, _, err := home.AuthorProof(t.Context(), p, core.ChatNamespace, "peer")
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the proof is good elsewhere", func() bool { return away.CheckAuthor("peer", core.ChatNamespace, proof) })
	if away.CheckAuthor("other", core.ChatNamespace, proof) || away.CheckAuthor("peer", red, proof) {
		t.Error("the proof is good for others too")
	}
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(string(proof), ".")[1])
	if err != nil || strings.Contains(strings.ToLower(string(body)), strings.ToLower(alice.address[2:])) || strings.Contains(string(body), p.SessionID) {
		t.Errorf("the proof tells: %s, %v", body, err)
	}
	for name, who := range map[string]core.Principal{"the operator": home.who(operatorKey), "a wallet": home.who(home.signIn(alice, red).AccessToken)} {
		if _, _, err = home.AuthorProof(t.Context(), who, core.ChatNamespace, "peer"); core.CodeOf(err) != core.Denied {
			t.Errorf("for %s: %v", name, err)
		}
	}
}
