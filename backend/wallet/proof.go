package wallet

// This file judges proofs: is this the account's own signature over this text?
// Most of the steps are here because the libraries let them pass.

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"

	"filippo.io/edwards25519"
	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gagliardetto/solana-go"

	"git.debros.io/DeBros/network/backend/core"
)

// The reasons for which Verify refuses. A proof that is not even one is
// core.Invalid, one that proves nothing is core.Unauthenticated.
var (
	// ErrSignatureForm is for what is no signature of the account's chain.
	ErrSignatureForm error = core.Errorf(core.Invalid, "the signature is not one: Ethereum's has 65 bytes in hex, ending in 0, 1, 27 or 28; Solana's has 64 bytes in base58 or base64")
	// ErrText is for a text that is empty or longer than MaxTextBytes.
	ErrText error = core.Errorf(core.Invalid, "the text has 1 to %d bytes", MaxTextBytes)
	// ErrMalleable is for numbers out of range and for the second form that each
	// Ethereum signature has: one proof must have one form.
	ErrMalleable error = core.Errorf(core.Unauthenticated, "the signature is not in its one canonical form; sign with a current wallet")
	// ErrContract is for the proofs of contract wallets (ERC-1271, ERC-6492): only
	// a node of their chain could judge them, and its answer changes over time.
	ErrContract error = core.Errorf(core.Unauthenticated, "contract wallets cannot sign in; use an account that has a key of its own")
	// ErrNoKey is for Solana addresses that no key belongs to.
	ErrNoKey error = core.Errorf(core.Unauthenticated, "no key belongs to this address: programs and multisigs cannot sign in; use a wallet of your own")
	// ErrWeakKey is for Solana keys under which anybody can sign.
	ErrWeakKey error = core.Errorf(core.Unauthenticated, "this address is no sound key: others could sign for it; use a wallet of your own")
	// ErrMismatch is for a signature by another key or over another text.
	ErrMismatch error = core.Errorf(core.Unauthenticated, "the signature is not this wallet's over this text; sign the text unchanged, with the account that is named in it")
)

// MaxTextBytes bounds a text that Verify looks at. Sign-in texts are below
// MaxSignInBytes; the rest is for device certificates.
const MaxTextBytes = 16 << 10

const (
	ethereumSignatureBytes = crypto.SignatureLength // r, s, v
	maxContractBytes       = 8 << 10                // of a contract wallet's proof; longer ones are just no signature

	// Base58 of 64 bytes; base64 of them has 86 or 88 characters.
	minBase58Signature, maxBase58Signature = 64, 88
	base64Signature, paddedSignature       = 86, 88
)

// Verify returns nil when signature is account's own over text: EIP-191
// (personal_sign) for ETH, Ed25519 (RFC 8032) over the text itself for SOL.
// Else it returns one of the reasons above.
//
// Solana's keys must be canonical points of full order. RFC 8032 does not ask
// for it, and without it the identity point is an address for which one fixed
// signature is good for every text.
func Verify(account Account, text, signature string) error {
	if text == "" || len(text) > MaxTextBytes {
		return ErrText
	}
	switch account.chain {
	case ETH:
		return verifyEthereum(account, text, signature)
	case SOL:
		return verifySolana(account, text, signature)
	default:
		return ErrMismatch
	}
}

func verifyEthereum(account Account, text, signature string) error {
	digits := strings.TrimPrefix(signature, "0x")
	if len(digits) > 2*maxContractBytes {
		return ErrSignatureForm
	}
	sig, err := hex.DecodeString(digits)
	switch {
	case err != nil, len(sig) < ethereumSignatureBytes:
		return ErrSignatureForm
	case len(sig) > ethereumSignatureBytes:
		return ErrContract
	}
	// Old tools count v from 27. Larger ones carry a chain id and sign transactions.
	v := sig[64]
	if v == 27 || v == 28 {
		v -= 27
	}
	if v > 1 {
		return ErrSignatureForm
	}
	sig[64] = v
	r, s := new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:64])
	if !crypto.ValidateSignatureValues(v, r, s, true) {
		return ErrMalleable
	}
	key, err := crypto.SigToPub(accounts.TextHash([]byte(text)), sig)
	if err != nil {
		return ErrMismatch
	}
	signer := crypto.PubkeyToAddress(*key)
	if subtle.ConstantTimeCompare(signer[:], account.Bytes()) != 1 {
		return ErrMismatch
	}
	return nil
}

func verifySolana(account Account, text, signature string) error {
	readings := solanaSignatures(signature)
	if len(readings) == 0 {
		return ErrSignatureForm
	}
	if err := checkSolanaKey(account.raw); err != nil {
		return err
	}
	for _, sig := range readings {
		if solana.PublicKey(account.raw).Verify([]byte(text), sig) {
			return nil
		}
	}
	return ErrMismatch
}

// solanaSignatures reads text as base58 and as base64, without or with its "=".
// Some texts are both, so both readings are tried.
func solanaSignatures(text string) []solana.Signature {
	var readings []solana.Signature
	if len(text) >= minBase58Signature && len(text) <= maxBase58Signature {
		if sig, err := solana.SignatureFromBase58(text); err == nil {
			readings = append(readings, sig)
		}
	}
	encoding := base64.RawStdEncoding
	switch len(text) {
	case base64Signature:
	case paddedSignature:
		encoding = base64.StdEncoding
	default:
		return readings
	}
	// The decoder skips line breaks, so a text of the right length may still be short.
	if raw, err := encoding.Strict().DecodeString(text); err == nil && len(raw) == solana.SignatureLength {
		readings = append(readings, solana.Signature(raw))
	}
	return readings
}

// checkSolanaKey tells whether key is a point of the curve, in its only
// encoding, of the order of the base point.
func checkSolanaKey(key [solanaBytes]byte) error {
	point, err := new(edwards25519.Point).SetBytes(key[:])
	if err != nil {
		return ErrNoKey
	}
	// Every point with a second spelling also has a wrong order, as it happens.
	// That is no reason to rely on it.
	if subtle.ConstantTimeCompare(point.Bytes(), key[:]) != 1 {
		return ErrWeakKey
	}
	// Scalars count modulo the group's order l, so l itself cannot be written;
	// -1 is l-1, and one more point makes l. The identity has every order.
	identity := edwards25519.NewIdentityPoint()
	if point.Equal(identity) == 1 {
		return ErrWeakKey
	}
	one := make([]byte, 32)
	one[0] = 1
	minusOne, err := new(edwards25519.Scalar).SetCanonicalBytes(one)
	if err != nil {
		return ErrWeakKey
	}
	minusOne.Negate(minusOne)
	sum := new(edwards25519.Point).ScalarMult(minusOne, point)
	if sum.Add(sum, point).Equal(identity) != 1 {
		return ErrWeakKey
	}
	return nil
}
