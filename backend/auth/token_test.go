package auth

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

func segment(t testing.TB, v any) string {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(body)
}

// forge writes a token as an attacker would: any header, any claims, any key.
func forge(t testing.TB, header, claims any, sign func(text string) []byte) string {
	t.Helper()
	text := segment(t, header) + "." + segment(t, claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign(text))
}

// signerOf signs texts with a node's key, by the key's own algorithm.
func signerOf(t testing.TB, key signingKey) func(text string) []byte {
	return func(text string) []byte {
		signature, err := method(key.algorithm).Sign(text, key.private)
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
}

type values = map[string]any

// with is m with some values changed; nil removes one.
func with(m, changes values) values {
	m = maps.Clone(m)
	for k, v := range changes {
		if m[k] = v; v == nil {
			delete(m, k)
		}
	}
	return m
}

// A token that the network did not sign, or not for this, opens nothing, however
// it is dressed up.
func TestToken_HostileOnesAreRefused(t *testing.T) {
	f := newFabric(t)
	home, gone, blueNet := f.node("home", nil), f.node("gone", nil), f.node("foreign", func(s *Settings) { s.Network = "other" })
	alice := newPerson(t)
	good := home.signIn(alice, red)
	key, err := home.signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	public := key.public
	ours := signerOf(t, key)
	hmacWith := func(secret []byte) func(string) []byte {
		return func(text string) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write([]byte(text))
			return h.Sum(nil)
		}
	}
	otherPublic, otherPrivate, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	theirs := func(text string) []byte { return ed25519.Sign(otherPrivate, []byte(text)) }
	now := f.clock.Now().Unix()
	header := values{"alg": "EdDSA", "typ": "at+jwt", "kid": key.id}
	claims := values{
		"iss": "debros:7Q2F", "aud": "debros-gateway:7Q2F", "sub": alice.address, "namespace": "red", "scope": "read write",
		"sid": good.SessionID, "iat": now, "nbf": now, "exp": now + 900, "jti": "one",
	}
	if code := home.good(core.Secret(forge(t, header, claims, ours))); code != "" {
		t.Fatalf("the pattern of the forgeries is itself refused: %s", code)
	}
	hostile := map[string]string{"": "", "one dot": "a.b", "four dots": "a.b.c.d.e", "no text": "..", "spaces": " . . ", "zero": "\x00.\x00.\x00"}
	add := func(name string, header, claims any, sign func(string) []byte) {
		hostile[name] = forge(t, header, claims, sign)
	}

	for _, alg := range []any{"none", "None", "NONE", "nOnE", "", nil, "HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "ES256K", "eddsa", "EDDSA", "Ed25519", "ED448", "EdDSA ", 1, true, []string{"EdDSA"}} {
		add(fmt.Sprintf("alg %v, our signature", alg), with(header, values{"alg": alg}), claims, ours)
		add(fmt.Sprintf("alg %v, no signature", alg), with(header, values{"alg": alg}), claims, func(string) []byte { return nil })
	}
	for name, secret := range map[string][]byte{
		"raw": public, "text": []byte(base64.RawURLEncoding.EncodeToString(public)), "id": []byte(key.id), "empty": {},
		"pem": []byte("-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(public) + "\n-----END PUBLIC KEY-----\n"),
	} {
		add("HS256 with our public key, "+name, with(header, values{"alg": "HS256"}), claims, hmacWith(secret))
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if hostile["RS256 of its own"], err = jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims(claims)).SignedString(rsaKey); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{
		"typ JWT": "JWT", "typ of a ticket": "ticket+jwt", "typ of an author": "author+jwt", "typ missing": nil, "typ in capitals": "AT+JWT", "typ number": 1,
	} {
		add(name, with(header, values{"typ": v}), claims, ours)
	}
	for name, v := range map[string]any{
		"kid missing": nil, "kid empty": "", "kid unknown": "unknown", "kid number": 7, "kid path": "../../token.key", "kid sql": "' OR 1=1 --", "kid of another key": thumbprint(AlgorithmEdDSA, otherPublic),
	} {
		add(name, with(header, values{"kid": v}), claims, ours)
	}
	jwk := values{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(otherPublic)}
	for name, v := range map[string]values{
		"jwk": {"jwk": jwk}, "jku": {"jku": "https://evil.example/keys"}, "x5u": {"x5u": "https://evil.example/c"}, "x5c": {"x5c": []string{"AA"}},
		"crit": {"crit": []string{"b64"}, "b64": false}, "b64": {"b64": false}, "zip": {"zip": "DEF"}, "cty": {"cty": "JWT"}, "enc": {"enc": "A256GCM"},
	} {
		add("header "+name+", our signature", with(header, v), claims, ours)
		add("header "+name+", their signature", with(header, v), claims, theirs)
	}
	add("signed by a stranger", header, claims, theirs)
	for name, v := range map[string]values{
		"exp missing": {"exp": nil}, "exp past": {"exp": now - 31, "iat": now - 900, "nbf": now - 900}, "exp text": {"exp": "9999999999"}, "exp far": {"exp": now + 901}, "exp endless": {"exp": 1e300}, "exp zero": {"exp": 0}, "exp negative": {"exp": -1}, "exp before iat": {"exp": now - 10},
		"exp list": {"exp": []int64{now + 900}}, "exp null": {"exp": json.RawMessage("null")},
		"iat missing": {"iat": nil}, "iat future": {"iat": now + 60, "exp": now + 600}, "iat old": {"iat": now - 3600}, "iat text": {"iat": "now"},
		"nbf missing": {"nbf": nil}, "nbf future": {"nbf": now + 60}, "nbf before iat": {"nbf": now - 60}, "nbf text": {"nbf": "x"},
		"iss missing": {"iss": nil}, "iss other": {"iss": "debros:other"}, "iss empty": {"iss": ""}, "iss list": {"iss": []string{"debros:7Q2F"}}, "iss case": {"iss": "DEBROS:7Q2F"},
		"aud missing": {"aud": nil}, "aud other": {"aud": "debros-gateway:other"}, "aud empty": {"aud": ""}, "aud of tickets": {"aud": "debros-socket:7Q2F"}, "aud of authors": {"aud": "debros-gossip:7Q2F"},
		"aud two": {"aud": []string{"debros-gateway:7Q2F", "else"}}, "aud number": {"aud": 1}, "aud none": {"aud": []string{}}, "aud object": {"aud": values{"a": 1}},
		"sub missing": {"sub": nil}, "sub empty": {"sub": ""}, "sub number": {"sub": 1}, "sub operator": {"sub": "operator", "sid": nil}, "sub anonymous": {"sub": "anonymous", "sid": nil},
		"sid missing": {"sid": nil}, "sid empty": {"sid": ""}, "sub of an unknown key": {"sub": "key:abcdefghijkl", "sid": nil}, "sub of no key": {"sub": "key:", "sid": nil},
		"namespace missing": {"namespace": nil}, "namespace system": {"namespace": "system"}, "namespace odd": {"namespace": "../red"}, "namespace list": {"namespace": []string{"red"}},
		"jti missing": {"jti": nil}, "jti empty": {"jti": ""}, "scope list": {"scope": []string{"owner"}},
	} {
		add(name, header, with(claims, v), ours)
	}
	gone.signIn(alice, red)
	goneKey, err := gone.signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.remove("gone")
	add("a removed member's key", with(header, values{"kid": goneKey.id}), claims, signerOf(t, goneKey))
	hostile["another network's token"] = blueNet.signIn(alice, red).AccessToken.Reveal()
	if _, err = home.exec(t.Context(), stmt(`INSERT INTO auth_token_keys(kid, node, algorithm, public, not_before, not_after, signature) VALUES (?1, 'home', 'EdDSA', ?2, 0, ?3, ?4)`,
		thumbprint(AlgorithmEdDSA, otherPublic), []byte(otherPublic), f.clock.Now().Add(day), make([]byte, 64))); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the planted key is seen", func() bool { return home.good(good.AccessToken) == "" && home.view.inTouch() })
	add("a key that no node has signed for", with(header, values{"kid": thumbprint(AlgorithmEdDSA, otherPublic)}), claims, theirs)

	maps.Copy(hostile, confused(t, home, key, header, claims))
	s := good.AccessToken.Reveal()
	parts := strings.Split(s, ".")
	hostile["cut"] = s[:len(s)-1]
	hostile["longer"] = s + "A"
	hostile["padded"] = s + "="
	hostile["with a line break"] = parts[0] + ".\n" + parts[1] + "." + parts[2]
	hostile["signature of another"] = parts[0] + "." + segment(t, with(claims, values{"namespace": "blue"})) + "." + parts[2]
	hostile["standard base64"] = strings.NewReplacer("-", "+", "_", "/").Replace(s) + "=="
	hostile["1 MB"] = parts[0] + "." + strings.Repeat("A", 1<<20) + "." + parts[2]
	hostile["1 MB of dots"] = strings.Repeat(".", 1<<20)
	hostile["claims that are no JSON"] = parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte("{")) + "." + parts[2]
	hostile["claims that are null"] = forge(t, header, nil, ours)
	hostile["header that is null"] = forge(t, nil, claims, ours)
	hostile["header that is a list"] = forge(t, []string{"alg"}, claims, ours)
	if len(hostile) < 100 {
		t.Errorf("only %d hostile tokens", len(hostile))
	}
	for name, token := range hostile {
		if code := home.good(core.Secret(token)); code != core.Unauthenticated {
			t.Errorf("%s: %q", name, code)
		}
	}
	if code := home.good(good.AccessToken); code != "" {
		t.Errorf("the good one after all that: %s", code)
	}
}

// A token of one gateway is good at every other, through every change of keys;
// and one whose member was sent away is good nowhere.
func TestTokenKeys_RotationAndRemoval(t *testing.T) {
	f := newFabric(t)
	home, away := f.node("home", nil), f.node("away", nil)
	alice := newPerson(t)
	seen := map[string]bool{}
	for hour := range 24 * 65 { // two changes
		if hour%6 == 0 {
			tokens := home.signIn(alice, red)
			if code := away.good(tokens.AccessToken); code != "" {
				t.Fatalf("after %d hours: %s", hour, code)
			}
			key, err := home.signer(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			seen[key.id] = true
			f.clock.Pass(TokenLife - time.Second)
			if code := away.good(tokens.AccessToken); code != "" {
				t.Fatalf("after %d hours, at its end: %s", hour, code)
			}
			f.clock.Pass(time.Hour - TokenLife + time.Second)
		} else {
			f.clock.Pass(time.Hour)
		}
		for _, m := range []*member{home, away} {
			if err := m.keepSigning(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if keys, err := away.JWKS(t.Context()); err != nil || len(keys) < 2 || len(keys) > 6 {
			t.Fatal(keys, err)
		}
	}
	if len(seen) < 3 {
		t.Errorf("%d keys in 65 days", len(seen))
	}
	tokens := home.signIn(alice, red)
	if code := away.good(tokens.AccessToken); code != "" {
		t.Fatal(code)
	}
	f.remove("home")
	if code := away.good(tokens.AccessToken); code != core.Unauthenticated {
		t.Errorf("of a member that was removed: %q", code)
	}
}

// The keys survive a restart; those that were withdrawn sign nothing any more, and
// a file that others can read, or that is damaged, is refused with the remedy
// instead of being replaced.
func TestTokenKeys_File(t *testing.T) {
	f := newFabric(t)
	s := f.settings("home")
	home := f.start(s)
	alice := newPerson(t)
	tokens := home.signIn(alice, red)
	before, err := home.signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	home.stop()
	body, err := os.ReadFile(s.TokenKeyFile)
	if err != nil {
		t.Fatal(err)
	}
	older := strings.Replace(string(body), `"algorithm":"EdDSA",`, "", 1) // as it was when there was one algorithm
	if err = os.WriteFile(s.TokenKeyFile, []byte(older), 0o600); err != nil || older == string(body) {
		t.Fatal(older, err)
	}
	again := f.start(s)
	after, err := again.signer(t.Context())
	if err != nil || after.id != before.id {
		t.Errorf("another key after a restart: %v", err)
	}
	if code := again.good(tokens.AccessToken); code != "" {
		t.Errorf("a token of before the restart: %s", code)
	}
	if err = f.node("away", nil).WithdrawKeys(t.Context(), "home"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a withdrawn key is void and another one signs", func() bool {
		key, errKey := again.signer(context.Background())
		return again.good(tokens.AccessToken) == core.Unauthenticated && errKey == nil && key.id != before.id
	})
	again.stop()
	for name, spoil := range map[string]func() error{
		"readable by others": func() error { return os.Chmod(s.TokenKeyFile, 0o644) },
		"damaged":            func() error { return os.WriteFile(s.TokenKeyFile, []byte(`{"keys":[{"seed":"AA"}]}`), 0o600) },
		"another algorithm": func() error {
			return os.WriteFile(s.TokenKeyFile, []byte(strings.Replace(older, `{"seed"`, `{"algorithm":"HS256","seed"`, 1)), 0o600)
		},
		"no number of P-256": func() error {
			return os.WriteFile(s.TokenKeyFile, []byte(`{"keys":[{"algorithm":"ES256","seed":"`+strings.Repeat("A", 43)+`="}]}`), 0o600)
		},
		"not JSON": func() error { return os.WriteFile(s.TokenKeyFile, []byte("x"), 0o600) },
		"huge":     func() error { return os.WriteFile(s.TokenKeyFile, make([]byte, maxTokenKeyFile+1), 0o600) },
	} {
		if info, errStat := os.Stat(s.TokenKeyFile); errStat != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file has mode %v, %v", info.Mode(), errStat)
		}
		if err = spoil(); err != nil {
			t.Fatal(err)
		}
		err = again.Run(t.Context(), func() { t.Errorf("%s: ready", name) })
		if core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), tokenKeyRemedy) {
			t.Errorf("%s: %v", name, err)
		}
		if err = os.Chmod(s.TokenKeyFile, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzToken throws bytes at the parser of tokens. What it accepts, the network
// has signed.
func FuzzToken(f *testing.F) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // the workers must all make the same token
	a := &Auth{settings: Settings{Network: "7Q2F", NodeID: "home", TokenAlgorithm: AlgorithmEdDSA, Now: func() time.Time { return now }}, view: newView()}
	made, err := a.signingKey(fileKey{Seed: make([]byte, keyBytes), NotAfter: millis(now.Add(day))})
	if err != nil {
		f.Fatal(err)
	}
	made.notBefore = time.Time{}
	key := made.tokenKey
	a.signing.keys = []signingKey{made}
	good, err := a.sign(context.Background(), accessKind(), claims{RegisteredClaims: jwt.RegisteredClaims{Subject: "0x00", ID: "one"}, Namespace: "red", SessionID: "s"}, now, TokenLife)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("..")
	f.Fuzz(func(t *testing.T, s string) {
		v, err := a.parse(accessKind(), s, func(id string) (tokenKey, error) {
			if id != key.id {
				return tokenKey{}, errToken()
			}
			return key, nil
		})
		if err == nil && (v.principal.Subject != "0x00" || s[:strings.LastIndexByte(s, '.')] != good[:strings.LastIndexByte(good, '.')]) {
			t.Errorf("accepted %q", s)
		}
	})
}
