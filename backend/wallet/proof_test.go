package wallet

// Attacks on proofs. Where a library alone would let one pass, the test shows
// that first: it must not be able to pass for another reason.

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"filippo.io/edwards25519"
	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gagliardetto/solana-go"
	"github.com/mr-tron/base58"

	"git.debros.io/DeBros/network/backend/core"
)

const proofText = "4UjV2mXkPq8sT0wYb6cE1gLr9nHzDa5F"

// Made by viem 2 and ethers 6 alike, with alice's key over proofText.
const viemSignature = "0xe7e61f7a496fff27478ff32559d8d66b8119ca264abaf2bbd5b68bb6d9a7ea5112ecbdfd646143453e4c460b0af7526dbceabf73715f28fbbea7e2bff43da6c51c"

// Made by tweetnacl with the seed of 32 sevens over proofText.
const (
	naclAddress   = "GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB"
	naclSignature = "2AGRFpwEMdoBXRfgeJyeBmSwfXg8jawYJHsQMrnRwwd7MtK8GoTRuinmQRy7tD759fMneuWpzzqmEzKRd93J6dg9"
	naclBase64    = "OgHrekn4zXcM4bQp7l3PyOLTxYVR7Dntgrkfozwe19DTVU5vLOZxJbDJahlLAcAQ70V6yGKGJg2L2tzG9biSBg=="
)

// A wallet that signs as the others do must not be turned away.
func TestVerify_OtherLibraries(t *testing.T) {
	raw := unhex(t, viemSignature[2:])
	raw[64] -= 27
	for name, c := range map[string]struct{ account, text, signature string }{
		"viem and ethers":          {aliceETH, proofText, viemSignature},
		"address in small letters": {strings.ToLower(aliceETH), proofText, viemSignature},
		"address in capitals":      {"0x" + strings.ToUpper(aliceETH[2:]), proofText, viemSignature},
		"without 0x":               {aliceETH, proofText, viemSignature[2:]},
		"hex in capitals":          {aliceETH, proofText, strings.ToUpper(viemSignature[2:])},
		"v counted from 0":         {aliceETH, proofText, hex.EncodeToString(raw)},
		"web3.js":                  {"0x2c7536E3605D9C16a7a3D7b1898e529396a65c23", "Some data", "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c"},
		"tweetnacl, base58":        {naclAddress, proofText, naclSignature},
		"tweetnacl, base64":        {naclAddress, proofText, naclBase64},
		"base64 without padding":   {naclAddress, proofText, strings.TrimRight(naclBase64, "=")},
	} {
		if err := Verify(account(t, c.account), c.text, c.signature); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each of these would let a stranger in, or give one proof two forms.
func TestVerify_EthereumAttacks(t *testing.T) {
	alice, good := account(t, aliceETH), unhex(t, viemSignature[2:])
	with := func(change func(sig []byte)) string {
		sig := bytes.Clone(good)
		change(sig)
		return hex.EncodeToString(sig)
	}
	key, err := crypto.HexToECDSA("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80") // alice's, known to everybody
	if err != nil {
		t.Fatal(err)
	}
	bare, err := crypto.Sign(crypto.Keccak256([]byte(proofText)), key)
	if err != nil {
		t.Fatal(err)
	}
	malleated := with(func(sig []byte) {
		s := new(big.Int).SetBytes(sig[32:64])
		s.Sub(crypto.S256().Params().N, s).FillBytes(sig[32:64])
		sig[64] ^= 27 ^ 28
	})
	twin := unhex(t, malleated)
	twin[64] -= 27
	if pub, err := crypto.SigToPub(accounts.TextHash([]byte(proofText)), twin); err != nil || crypto.PubkeyToAddress(*pub).Hex() != aliceETH {
		t.Fatal("the library no longer accepts the twin; this test proves nothing", err)
	}
	zeros := func(from, to int) string { return with(func(sig []byte) { clear(sig[from:to]) }) }
	order := func(at int) string {
		return with(func(sig []byte) { crypto.S256().Params().N.FillBytes(sig[at : at+32]) })
	}
	for name, c := range map[string]struct {
		account         Account
		text, signature string
		want            error
	}{
		"the malleated twin, s in the upper half": {alice, proofText, malleated, ErrMalleable},
		"r is zero":                            {alice, proofText, zeros(0, 32), ErrMalleable},
		"s is zero":                            {alice, proofText, zeros(32, 64), ErrMalleable},
		"r is the order":                       {alice, proofText, order(0), ErrMalleable},
		"s is the order":                       {alice, proofText, order(32), ErrMalleable},
		"64 bytes (EIP-2098)":                  {alice, proofText, hex.EncodeToString(good[:64]), ErrSignatureForm},
		"66 bytes":                             {alice, proofText, viemSignature + "00", ErrContract},
		"a contract wallet's proof (ERC-6492)": {alice, proofText, strings.Repeat("64926492", 100), ErrContract},
		"a megabyte":                           {alice, proofText, strings.Repeat("00", 1<<20), ErrSignatureForm},
		"nothing":                              {alice, proofText, "", ErrSignatureForm},
		"half a byte":                          {alice, proofText, viemSignature + "0", ErrSignatureForm},
		"no hex":                               {alice, proofText, "0x" + strings.Repeat("zz", 65), ErrSignatureForm},
		"over the raw hash instead of EIP-191": {alice, proofText, hex.EncodeToString(bare), ErrMismatch},
		"over another text":                    {alice, proofText + " ", viemSignature, ErrMismatch},
		"somebody else's":                      {account(t, "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"), proofText, viemSignature, ErrMismatch},
		"for nobody":                           {Account{}, proofText, viemSignature, ErrMismatch},
		"no text":                              {alice, "", viemSignature, ErrText},
		"a text without end":                   {alice, strings.Repeat("a", MaxTextBytes+1), viemSignature, ErrText},
	} {
		if err := Verify(c.account, c.text, c.signature); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for v := range 256 {
		err := Verify(alice, proofText, with(func(sig []byte) { sig[64] = byte(v) }))
		switch v {
		case 1, 28:
			if err != nil {
				t.Errorf("v %d: %v", v, err)
			}
		case 0, 27:
			if !errors.Is(err, ErrMismatch) {
				t.Errorf("v %d is the other point's: %v", v, err)
			}
		default:
			if !errors.Is(err, ErrSignatureForm) {
				t.Errorf("v %d: %v", v, err)
			}
		}
	}
}

// Clients tell "send it in another form" from "sign again" by these.
func TestVerify_Codes(t *testing.T) {
	for err, code := range map[error]core.Code{
		ErrSignatureForm: core.Invalid, ErrText: core.Invalid, ErrMalleable: core.Unauthenticated, ErrContract: core.Unauthenticated,
		ErrNoKey: core.Unauthenticated, ErrWeakKey: core.Unauthenticated, ErrMismatch: core.Unauthenticated,
	} {
		if core.CodeOf(err) != code || core.Sentence(err) == code.Sentence() {
			t.Errorf("%v: %s", err, core.CodeOf(err))
		}
	}
}

// The eight points of small order, in all encodings that a decoder may accept.
func smallOrder() []string {
	return []string{
		"0100000000000000000000000000000000000000000000000000000000000000", // the identity
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		// Other spellings of some of them: y + p, and x = 0 with a sign.
		"0100000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	}
}

// forge signs text for any small-order key without knowing a secret, as far as
// the text's hash allows: R = sB, S = s.
func forge(t *testing.T, s byte) string {
	t.Helper()
	wide := sha512.Sum512([]byte{s})
	scalar, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		t.Fatal(err)
	}
	return base58.Encode(append(new(edwards25519.Point).ScalarBaseMult(scalar).Bytes(), scalar.Bytes()...))
}

// Whoever gives such a key as an address could sign in without having a secret.
func TestVerify_SmallOrderKeys(t *testing.T) {
	for _, text := range smallOrder() {
		key := [32]byte(unhex(t, text))
		point, err := new(edwards25519.Point).SetBytes(key[:])
		if err != nil || new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) != 1 {
			t.Fatalf("%s is not of small order: %v", text, err)
		}
		fooled := 0
		for s := range byte(64) {
			signature := forge(t, s)
			if solana.PublicKey(key).Verify([]byte(proofText), solana.MustSignatureFromBase58(signature)) {
				fooled++
			}
			if err := Verify(Account{SOL, key}, proofText, signature); !errors.Is(err, ErrWeakKey) {
				t.Fatalf("%s: %v", text, err)
			}
		}
		if fooled == 0 {
			t.Errorf("%s: the library was never fooled; this test proves nothing", text)
		}
	}
}

// One key in two spellings would be two accounts of one person: y counts modulo
// p, so the 19 smallest have a second one that most decoders take.
func TestVerify_NonCanonicalKeys(t *testing.T) {
	large := 0
	for k := range byte(19) {
		for _, sign := range []byte{0, 0x80} {
			key := [32]byte(bytes.Repeat([]byte{0xff}, 32))
			key[0], key[31] = 0xed+k, 0x7f|sign
			point, err := new(edwards25519.Point).SetBytes(key[:])
			if err != nil {
				continue
			}
			if new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 0 {
				large++
			}
			if err := Verify(Account{SOL, key}, proofText, naclSignature); !errors.Is(err, ErrWeakKey) {
				t.Errorf("p+%d: %v", k, err)
			}
		}
	}
	if large == 0 {
		t.Error("all are of small order; this test proves nothing")
	}
}

// A key with a small part beside its own has signatures that some verifiers take
// and others do not: nodes would disagree about who signed in.
func TestVerify_MixedOrderKey(t *testing.T) {
	wide := sha512.Sum512([]byte("a secret"))
	secret, err := new(edwards25519.Scalar).SetUniformBytes(wide[:])
	if err != nil {
		t.Fatal(err)
	}
	small, err := new(edwards25519.Point).SetBytes(unhex(t, smallOrder()[4]))
	if err != nil {
		t.Fatal(err)
	}
	point := new(edwards25519.Point).ScalarBaseMult(secret)
	key := [32]byte(point.Add(point, small).Bytes())
	for n := range 200 {
		text := fmt.Sprintf("%s%d", proofText, n)
		nonce := sha512.Sum512([]byte(text))
		r, err := new(edwards25519.Scalar).SetUniformBytes(nonce[:])
		if err != nil {
			t.Fatal(err)
		}
		encoded := new(edwards25519.Point).ScalarBaseMult(r).Bytes()
		sum := sha512.Sum512(append(append(bytes.Clone(encoded), key[:]...), text...))
		h, err := new(edwards25519.Scalar).SetUniformBytes(sum[:])
		if err != nil {
			t.Fatal(err)
		}
		signature := solana.Signature(append(encoded, h.MultiplyAdd(h, secret, r).Bytes()...))
		if !solana.PublicKey(key).Verify([]byte(text), signature) {
			continue
		}
		if err := Verify(Account{SOL, key}, text, signature.String()); !errors.Is(err, ErrWeakKey) {
			t.Error(err)
		}
		return
	}
	t.Fatal("the library took none; this test proves nothing")
}

func TestVerify_SolanaAttacks(t *testing.T) {
	alice, good := account(t, naclAddress), solana.MustSignatureFromBase58(naclSignature)
	raised := good // S + l: the same equation, another signature
	order, _ := new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)
	s := make([]byte, 32)
	for i := range s {
		s[i] = good[63-i]
	}
	new(big.Int).Add(new(big.Int).SetBytes(s), order).FillBytes(s)
	for i := range s {
		raised[63-i] = s[i]
	}
	// Programs own addresses off the curve: this one is derived as Solana does it.
	program, _, err := solana.FindProgramAddress([][]byte{[]byte("vault")}, solana.SystemProgramID)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		account         Account
		text, signature string
		want            error
	}{
		"a program's address":       {account(t, program.String()), proofText, naclSignature, ErrNoKey},
		"S raised by the order":     {alice, proofText, raised.String(), ErrMismatch},
		"all zeros":                 {alice, proofText, strings.Repeat("1", 64), ErrMismatch},
		"over another text":         {alice, proofText + "\n", naclSignature, ErrMismatch},
		"somebody else's":           {account(t, aliceSOL), proofText, naclSignature, ErrMismatch},
		"hex":                       {alice, proofText, hex.EncodeToString(good[:]), ErrSignatureForm},
		"63 bytes":                  {alice, proofText, base64.StdEncoding.EncodeToString(good[:63]), ErrSignatureForm},
		"65 bytes":                  {alice, proofText, base64.RawStdEncoding.EncodeToString(append(good[:], 0)), ErrSignatureForm},
		"line breaks in the base64": {alice, proofText, naclBase64[:40] + "\n" + naclBase64[40:], ErrSignatureForm},
		"loose bits at its end":     {alice, proofText, strings.Replace(naclBase64, "Bg==", "Bh==", 1), ErrSignatureForm},
		"nothing":                   {alice, proofText, "", ErrSignatureForm},
		"a megabyte":                {alice, proofText, strings.Repeat("z", 1<<20), ErrSignatureForm},
	} {
		if err := Verify(c.account, c.text, c.signature); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A text that is base58 and base64 at once must be tried as both: else one
// signature in many is refused, and nobody can say why.
func TestVerify_BothReadings(t *testing.T) {
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	for n := range 1 << 20 {
		text := fmt.Sprintf("%s%d", proofText, n)
		written := base64.RawStdEncoding.EncodeToString(ed25519.Sign(key, []byte(text)))
		if strings.ContainsAny(written, "0OIl+/") { // what base58 does not use
			continue
		}
		if len(solanaSignatures(written)) == 0 {
			t.Fatal(written)
		}
		if err := Verify(account(t, naclAddress), text, written); err != nil {
			t.Fatal(written, err)
		}
		return
	}
	t.Fatal("no such signature found")
}

func FuzzVerify(f *testing.F) {
	f.Add(proofText, viemSignature, true)
	f.Add(proofText, naclSignature, false)
	f.Add(proofText, naclBase64, false)
	eth, sol := account(f, aliceETH), account(f, naclAddress)
	f.Fuzz(func(t *testing.T, text, signature string, ethereum bool) {
		who, digits := sol, signature
		if ethereum {
			who, digits = eth, strings.ToLower(strings.TrimPrefix(signature, "0x"))
		}
		err := Verify(who, text, signature)
		if code := core.CodeOf(err); err != nil && code != core.Invalid && code != core.Unauthenticated {
			t.Fatal(err)
		}
		known := map[string]bool{naclSignature: true, naclBase64: true, strings.TrimRight(naclBase64, "="): true, viemSignature[2:]: true, viemSignature[2:130] + "01": true}
		if err == nil && (text != proofText || !known[digits]) {
			t.Fatalf("accepted %q over %q", signature, text)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	for name, c := range map[string]struct{ account, signature string }{"ETH": {aliceETH, viemSignature}, "SOL": {naclAddress, naclSignature}} {
		b.Run(name, func(b *testing.B) {
			who := account(b, c.account)
			for b.Loop() {
				if err := Verify(who, proofText, c.signature); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
