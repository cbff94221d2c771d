package auth

// This file has the two ways to sign tokens: EdDSA over Ed25519 (RFC 8037) and
// ES256, ECDSA over P-256 with SHA-256 (RFC 7518, section 3.4).

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

// The algorithms of tokens, by their names in a token's header. A node signs with
// the one of its [Settings] and accepts both, each from keys of its kind only.
const (
	AlgorithmEdDSA = "EdDSA"
	AlgorithmES256 = "ES256"
)

const (
	keyBytes      = 32 // of either kind: the seed of Ed25519, the number of P-256
	p256Half      = 32 // one coordinate of a point
	p256Plain     = 4  // stands before the coordinates of a point that is not compressed
	p256PointSize = 1 + 2*p256Half
)

func knownAlgorithm(name string) bool { return name == AlgorithmEdDSA || name == AlgorithmES256 }

// method signs and checks by an algorithm that is known.
func method(algorithm string) jwt.SigningMethod {
	if algorithm == AlgorithmES256 {
		return jwt.SigningMethodES256
	}
	return jwt.SigningMethodEdDSA
}

// makePrivate is a new private key as the file has it.
func makePrivate(algorithm string) ([]byte, error) {
	if algorithm == AlgorithmES256 { // not any 32 bytes are such a key
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return key.Bytes()
	}
	secret := make([]byte, keyBytes)
	random(secret)
	return secret, nil
}

// readPrivate is the pair of a private key: what signs, and the public half as it
// is published.
func readPrivate(algorithm string, secret []byte) (private crypto.Signer, public []byte, err error) {
	switch {
	case len(secret) != keyBytes:
	case algorithm == AlgorithmEdDSA:
		key := ed25519.NewKeyFromSeed(secret)
		return key, key[ed25519.PrivateKeySize-ed25519.PublicKeySize:], nil
	case algorithm == AlgorithmES256:
		key, errKey := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
		if errKey != nil {
			return nil, nil, errKey
		}
		public, err = key.PublicKey.Bytes()
		return key, public, err
	}
	return nil, nil, errors.New("no private key of a known algorithm")
}

// readPublic reads a public half: 32 bytes of Ed25519, or the 65 of a point of
// P-256 that is not compressed. A point beside the curve is none.
func readPublic(algorithm string, public []byte) (crypto.PublicKey, bool) {
	switch {
	case algorithm == AlgorithmEdDSA && len(public) == ed25519.PublicKeySize:
		return ed25519.PublicKey(public), true
	case algorithm == AlgorithmES256 && len(public) == p256PointSize && public[0] == p256Plain:
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
		return key, err == nil
	}
	return nil, false
}

// jwk is a public half that readPublic takes, as others read it (RFC 7518,
// section 6.2; RFC 8037, section 2).
func jwk(algorithm string, public []byte) core.JWK {
	k := core.JWK{KeyID: thumbprint(algorithm, public), Algorithm: algorithm, Use: "sig"}
	if algorithm == AlgorithmES256 {
		k.KeyType, k.Curve = "EC", "P-256"
		k.X, k.Y = coordinates(public)
		return k
	}
	k.KeyType, k.Curve, k.X = "OKP", "Ed25519", base64.RawURLEncoding.EncodeToString(public)
	return k
}

// thumbprint is the id of a key that readPublic takes (RFC 7638, section 3.2; RFC
// 8037, appendix A.3). The kind of the key is in it.
func thumbprint(algorithm string, public []byte) string {
	text := `{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(public) + `"}`
	if algorithm == AlgorithmES256 {
		x, y := coordinates(public)
		text = `{"crv":"P-256","kty":"EC","x":"` + x + `","y":"` + y + `"}`
	}
	sum := sha256.Sum256([]byte(text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

func coordinates(point []byte) (x, y string) {
	return base64.RawURLEncoding.EncodeToString(point[1 : 1+p256Half]), base64.RawURLEncoding.EncodeToString(point[1+p256Half:])
}
