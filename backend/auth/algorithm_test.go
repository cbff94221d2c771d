package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

func ecdsaNode(s *Settings) { s.TokenAlgorithm = AlgorithmES256 }

// confused are tokens that try one kind of key as the other. edwards is the key of
// home, which signs by EdDSA; header and claims are those of a good token of its.
func confused(t *testing.T, home *member, edwards signingKey, header, claims values) map[string]string {
	t.Helper()
	point := home.fabric.node("point", ecdsaNode)
	key, err := point.signer(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ecHeader := with(header, values{"alg": AlgorithmES256, "kid": key.id})
	pointSigns, edwardsSigns := signerOf(t, key), signerOf(t, edwards)
	if code := point.good(core.Secret(forge(t, ecHeader, claims, pointSigns))); code != "" {
		t.Fatalf("the pattern of the forgeries is itself refused: %s", code)
	}
	raw := func(signature ...byte) func(string) []byte { return func(string) []byte { return signature } }
	shaped := func(shape func(b []byte) []byte) func(string) []byte {
		return func(text string) []byte { return shape(pointSigns(text)) }
	}
	seeded := func(text string) []byte { // the number of the one as the seed of the other
		return ed25519.Sign(ed25519.NewKeyFromSeed(key.secret), []byte(text))
	}
	der := func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		signature, errSign := key.private.Sign(rand.Reader, sum[:], crypto.SHA256)
		if errSign != nil {
			t.Fatal(errSign)
		}
		return signature
	}
	longer := func(text string) []byte { // by the right key, over another hash
		sum := sha512.Sum384([]byte(text))
		private, ok := key.private.(*ecdsa.PrivateKey)
		if !ok {
			t.Fatal("no key of P-256")
		}
		r, s, errSign := ecdsa.Sign(rand.Reader, private, sum[:])
		if errSign != nil {
			t.Fatal(errSign)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	}
	keyed := func(secret []byte) func(string) []byte {
		return func(text string) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write([]byte(text))
			return h.Sum(nil)
		}
	}
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	theirs := func(text string) []byte {
		signature, errSign := jwt.SigningMethodES256.Sign(text, stranger)
		if errSign != nil {
			t.Fatal(errSign)
		}
		return signature
	}
	strangerPoint, err := stranger.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	order := elliptic.P256().Params().N.Bytes()
	x, y := coordinates(strangerPoint)

	list := map[string]string{}
	add := func(name string, header values, sign func(string) []byte) {
		list[name] = forge(t, header, claims, sign)
	}
	eddsa, es256 := values{"alg": AlgorithmEdDSA}, values{"alg": AlgorithmES256}
	add("EdDSA by an EC kid, signed by the Ed25519 key", with(ecHeader, eddsa), edwardsSigns)
	add("EdDSA by an EC kid, signed by the EC key", with(ecHeader, eddsa), pointSigns)
	add("EdDSA by an EC kid, signed by its number as a seed", with(ecHeader, eddsa), seeded)
	add("ES256 by an Ed25519 kid, signed by the EC key", with(header, es256), pointSigns)
	add("ES256 by an Ed25519 kid, signed by the Ed25519 key", with(header, es256), edwardsSigns)
	add("ES256 by an EC kid, signed by the Ed25519 key", ecHeader, edwardsSigns)
	add("ES256 by an EC kid, signed by a stranger", ecHeader, theirs)
	add("ES256 with a stranger's key in it", with(ecHeader, values{"jwk": values{"kty": "EC", "crv": "P-256", "x": x, "y": y}}), theirs)
	add("ES256 of zeros", ecHeader, raw(make([]byte, 64)...))
	add("ES256 of the order", ecHeader, raw(slices.Concat(order, order)...))
	add("ES256 without a signature", ecHeader, raw())
	add("ES256 as DER", ecHeader, der)
	add("ES256 over SHA-384", ecHeader, longer)
	add("ES256 cut", ecHeader, shaped(func(b []byte) []byte { return b[:63] }))
	add("ES256 longer", ecHeader, shaped(func(b []byte) []byte { return append(b, 0) }))
	add("ES256 with its halves swapped", ecHeader, shaped(func(b []byte) []byte { return slices.Concat(b[32:], b[:32]) }))
	for _, alg := range []any{"none", "", "ES384", "ES512", "ES256K", "es256", "ES256 ", "HS256", []string{AlgorithmES256}} {
		list["an EC kid and alg "+segment(t, alg)] = forge(t, with(ecHeader, values{"alg": alg}), claims, pointSigns)
	}
	for name, secret := range map[string][]byte{"the point": key.public, "x": key.public[1:33], "its id": []byte(key.id)} {
		add("HS256 by an EC kid with "+name, with(ecHeader, values{"alg": "HS256"}), keyed(secret))
	}

	// A member publishes keys that say of themselves what they are not.
	plant := func(name, id, algorithm string, public []byte, header values, sign func(string) []byte) {
		k := tokenKey{id: id, node: "point", notBefore: key.notBefore, notAfter: key.notAfter}
		signature, errSign := point.settings.Sign(point.signedText(k))
		if errSign == nil {
			_, errSign = point.exec(t.Context(), stmt(`INSERT INTO auth_token_keys(kid, node, algorithm, public, not_before, not_after, signature)
 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`, id, k.node, algorithm, public, k.notBefore, k.notAfter, signature))
		}
		if errSign != nil {
			t.Fatal(errSign)
		}
		add(name, with(header, values{"kid": id}), sign)
	}
	nowhere := append([]byte{p256Plain}, make([]byte, 64)...)
	plant("a planted key of no algorithm", thumbprint("", strangerPoint[1:33]), "", strangerPoint[1:33], with(ecHeader, eddsa), theirs)
	plant("a planted key of none", thumbprint("none", strangerPoint[33:]), "none", strangerPoint[33:], with(ecHeader, values{"alg": "none"}), raw())
	plant("a planted key of HS256", thumbprint("HS256", []byte("secret")), "HS256", []byte("secret"), with(ecHeader, values{"alg": "HS256"}), keyed([]byte("secret")))
	plant("a planted point as Ed25519", thumbprint(AlgorithmEdDSA, strangerPoint), AlgorithmEdDSA, strangerPoint, with(ecHeader, eddsa), theirs)
	plant("a planted point under another id", key.id+"A", AlgorithmES256, strangerPoint, ecHeader, theirs)
	plant("a planted point beside the curve", thumbprint(AlgorithmES256, nowhere), AlgorithmES256, nowhere, ecHeader, theirs)
	plant("a planted point at infinity", "infinity", AlgorithmES256, []byte{0}, ecHeader, theirs)
	plant("sound", thumbprint(AlgorithmES256, strangerPoint), AlgorithmES256, strangerPoint, ecHeader, theirs)
	home.view.forgetTokenKeys() // and so sees them
	if code := home.good(core.Secret(list["sound"])); code != "" {
		t.Fatalf("a planted key that is as it should be is itself refused: %s", code)
	}
	delete(list, "sound")
	return list
}

// What a row says of a key's kind must be what its id was made of: otherwise
// whoever can write the row chooses how tokens are checked.
func TestTokenKeys_KindIsPartOfTheId(t *testing.T) {
	f := newFabric(t)
	home, point := f.node("home", nil), f.node("point", ecdsaNode)
	alice := newPerson(t)
	tokens := point.signIn(alice, red)
	if code := home.good(tokens.AccessToken); code != "" {
		t.Fatal(code)
	}
	for name, change := range map[string]func(row []any){
		"EdDSA":         func(row []any) { row[2] = AlgorithmEdDSA },
		"ES384":         func(row []any) { row[2] = "ES384" },
		"no algorithm":  func(row []any) { row[2] = "" },
		"half a point":  func(row []any) { row[3] = raw(row[3])[:33] },
		"half as EdDSA": func(row []any) { row[2], row[3] = AlgorithmEdDSA, raw(row[3])[1:33] },
		"another point": func(row []any) { row[3] = append([]byte{p256Plain}, make([]byte, 64)...) },
		"no point":      func(row []any) { row[3] = []byte{} },
		"":              func([]any) {},
	} {
		keys, _, err := home.readTokenKeys(t.Context(), func(ctx context.Context, s core.Statement) ([][]any, error) {
			rows, err := home.weak(ctx, s)
			for _, row := range rows {
				if text(row[1]) == "point" {
					change(row)
				}
			}
			return rows, err
		})
		if points := len(keys) - 1; err != nil || (points == 1) != (name == "") {
			t.Errorf("%q: %d keys, %v", name, points, err)
		}
	}
}

// Whatever a node signs by ES256 is good at one that signs by EdDSA, and the
// other way round.
func TestES256_IsGoodAtEveryNode(t *testing.T) {
	f := newFabric(t)
	home, point := f.node("home", nil), f.node("point", ecdsaNode)
	alice := newPerson(t)
	for from, to := range map[*member]*member{home: point, point: home} {
		tokens := from.signIn(alice, red)
		if code := to.good(tokens.AccessToken); code != "" {
			t.Errorf("a token of %s: %s", from.id, code)
		}
		ticket, err := from.Ticket(t.Context(), from.who(tokens.AccessToken), "https://app.example")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = to.Redeem(t.Context(), ticket.Ticket, "https://app.example"); err != nil {
			t.Errorf("a ticket of %s: %v", from.id, err)
		}
		proof, _, err := from.AuthorProof(t.Context(), from.who(tokens.AccessToken), red, "peer")
		if err != nil || len(proof) > MaxProofBytes {
			t.Fatal(len(proof), err)
		}
		eventually(t, "the proof is good elsewhere", func() bool { return to.CheckAuthor("peer", red, proof) })
		want := from.settings.TokenAlgorithm
		for _, signed := range []string{tokens.AccessToken.Reveal(), ticket.Ticket.Reveal(), string(proof)} {
			token, _, errParse := jwt.NewParser().ParseUnverified(signed, &claims{})
			if errParse != nil || token.Header["alg"] != want {
				t.Errorf("%s signs by %v, %v", from.id, token.Header["alg"], errParse)
			}
		}
	}
}

// A node that is told to sign by another algorithm does so at once, what it has
// signed before stays good, and back again it needs no new key.
func TestTokenKeys_ChangeOfAlgorithm(t *testing.T) {
	f := newFabric(t)
	s := f.settings("home")
	away, alice := f.node("away", nil), newPerson(t)
	var signed []core.Tokens
	ids := map[string]string{}
	for _, algorithm := range []string{"", AlgorithmES256, AlgorithmEdDSA, AlgorithmES256} {
		s.TokenAlgorithm = algorithm
		home := f.start(s)
		key, err := home.signer(t.Context())
		if err != nil || key.algorithm != home.settings.TokenAlgorithm {
			t.Fatalf("%q: a key of %q, %v", algorithm, key.algorithm, err)
		}
		if former := ids[key.algorithm]; former != "" && former != key.id {
			t.Errorf("%s: another key than before", algorithm)
		}
		ids[key.algorithm] = key.id
		signed = append(signed, home.signIn(alice, red))
		for i, tokens := range signed {
			eventually(t, "the token is good", func() bool {
				f.clock.Pass(unknownPause)
				return home.good(tokens.AccessToken) == "" && away.good(tokens.AccessToken) == ""
			})
			if token, _, errParse := jwt.NewParser().ParseUnverified(tokens.AccessToken.Reveal(), &claims{}); errParse != nil || i == len(signed)-1 && token.Header["kid"] != key.id {
				t.Errorf("%v, %v", token.Header, errParse)
			}
		}
		home.stop()
	}
	list, err := away.JWKS(context.Background())
	if err != nil || len(list) != 3 {
		t.Fatal(list, err)
	}
	kinds := map[string]int{}
	for _, k := range list {
		kinds[strings.Join([]string{k.KeyType, k.Curve, k.Algorithm, k.Use}, " ")]++
		if k.KeyType == "OKP" && k.Y != "" || k.KeyType == "EC" && k.KeyID != ids[AlgorithmES256] {
			t.Errorf("%+v", k)
		}
	}
	if want := map[string]int{"OKP Ed25519 EdDSA sig": 2, "EC P-256 ES256 sig": 1}; !maps.Equal(kinds, want) {
		t.Errorf("published are %v", kinds)
	}
	s.TokenAlgorithm = "HS256"
	if _, err = New(s, f.db, slog.New(slog.DiscardHandler)); core.CodeOf(err) != core.Invalid {
		t.Errorf("an algorithm that is not for this: %v", err)
	}
}

// The published form is that of the standards: the keys of RFC 7515, appendix
// A.3, and RFC 8037, appendix A, with the thumbprint that the latter gives.
func TestJWK_OfTheStandards(t *testing.T) {
	decode := func(s string) []byte {
		b, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const (
		x = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
		y = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
		d = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"

		signed    = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
		signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
	)
	_, public, err := readPrivate(AlgorithmES256, decode(d))
	if err != nil {
		t.Fatal(err)
	}
	k := jwk(AlgorithmES256, public)
	sum := sha256.Sum256([]byte(`{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`))
	if want := (core.JWK{KeyType: "EC", Curve: "P-256", X: x, Y: y, KeyID: base64.RawURLEncoding.EncodeToString(sum[:]), Algorithm: "ES256", Use: "sig"}); k != want {
		t.Errorf("%+v", k)
	}
	verifier, ok := readPublic(AlgorithmES256, public)
	if !ok || method(AlgorithmES256).Verify(signed, decode(signature), verifier) != nil {
		t.Error("the signature of RFC 7515 is refused")
	}
	_, public, err = readPrivate(AlgorithmEdDSA, decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
	if err != nil {
		t.Fatal(err)
	}
	if k = jwk(AlgorithmEdDSA, public); k.X != "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" || k.KeyID != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("%+v", k)
	}
}

// FuzzPublicKey reads what a member may publish. What is taken for a key has one
// form only, and can be shown to others.
func FuzzPublicKey(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(AlgorithmES256, point)
	f.Add(AlgorithmES256, point[:33])
	f.Add(AlgorithmEdDSA, point[1:33])
	f.Add("", []byte{})
	f.Fuzz(func(t *testing.T, algorithm string, public []byte) {
		verifier, ok := readPublic(algorithm, public)
		if !ok {
			return
		}
		again := public[:0:0]
		switch v := verifier.(type) {
		case ed25519.PublicKey:
			again = v
		case *ecdsa.PublicKey:
			b, errBytes := v.Bytes()
			if errBytes != nil {
				t.Fatal(errBytes)
			}
			again = b
		}
		if k := jwk(algorithm, public); !bytes.Equal(again, public) || k.Algorithm != algorithm || len(k.X) != 43 || (k.Y != "") != (algorithm == AlgorithmES256) {
			t.Errorf("%x was read as %x, %+v", public, again, k)
		}
	})
}
