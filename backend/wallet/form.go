package wallet

// This file has the forms in which keys travel between wallets: how they are
// read on import and written on export.

import (
	"bytes"
	"crypto/ed25519"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/gagliardetto/solana-go"
	"github.com/mr-tron/base58"

	"git.debros.io/DeBros/network/backend/core"
)

// Form is how a secret is written outside of a wallet.
type Form string

// The forms.
const (
	FormWords    Form = "words"    // a phrase of BIP-39
	FormKeystore Form = "keystore" // an Ethereum keystore file, version 3
	FormHex      Form = "hex"      // an Ethereum key in hex
	FormIDJSON   Form = "id.json"  // a Solana key as its command line keeps it: 64 numbers
	FormBase58   Form = "base58"   // a Solana key as its browser wallets show it: 64 bytes
)

const (
	ethereumKeyBytes = 32
	// Base58 of 64 bytes, as a signature's.
	minBase58Key, maxBase58Key = minBase58Signature, maxBase58Signature
)

// Forms lists the forms in which a wallet of this kind can be exported.
func (k Kind) Forms() []Form {
	switch k {
	case KindWords:
		return []Form{FormWords, FormKeystore, FormHex, FormIDJSON, FormBase58}
	case KindEthereum:
		return []Form{FormKeystore, FormHex}
	case KindSolana:
		return []Form{FormIDJSON, FormBase58}
	default:
		return nil
	}
}

// GuessForm tells the form of a secret by its looks. The answer is always one of
// the forms; whether the secret is one, the import tells.
func GuessForm(secret core.Secret) Form {
	text := strings.TrimSpace(secret.Reveal())
	switch {
	case strings.HasPrefix(text, "{"):
		return FormKeystore
	case strings.HasPrefix(text, "["):
		return FormIDJSON
	case isHex(strings.TrimPrefix(text, "0x"), ethereumKeyBytes, ethereumKeyBytes):
		return FormHex
	case strings.ContainsAny(text, " \t\n"):
		return FormWords
	default:
		return FormBase58
	}
}

// parseSecret reads a secret in the given form. passphrase is that of a keystore
// file. No error repeats any of it.
func parseSecret(form Form, secret, passphrase core.Secret) (material, error) {
	if len(secret) > MaxKeyFileBytes {
		return material{}, core.Errorf(core.Invalid, "a key or phrase has at most %d bytes", MaxKeyFileBytes)
	}
	text := strings.TrimSpace(secret.Reveal())
	switch form {
	case FormWords:
		entropy, err := entropyOf(secret)
		return material{KindWords, entropy}, err
	case FormKeystore:
		return keystoreKey([]byte(text), passphrase)
	case FormHex:
		return parseHexKey(text)
	case FormIDJSON:
		return parseIDJSON(text)
	case FormBase58:
		return parseBase58Key(text)
	default:
		return material{}, core.Errorf(core.Invalid, "a key is imported as words, keystore, hex, id.json or base58")
	}
}

func parseHexKey(text string) (material, error) {
	raw, err := hex.DecodeString(strings.TrimPrefix(text, "0x"))
	if err != nil || len(raw) != ethereumKeyBytes {
		clear(raw)
		return material{}, core.Errorf(core.Invalid, "an Ethereum key is %d hexadecimal digits", 2*ethereumKeyBytes)
	}
	key, err := ethereumFromRaw(raw)
	if err != nil {
		clear(raw)
		return material{}, err
	}
	key.wipe()
	return material{KindEthereum, raw}, nil
}

// parseIDJSON reads an array of 64 numbers. The decoder would also take bytes as
// base64 text, which no tool of Solana writes.
func parseIDJSON(text string) (material, error) {
	var numbers []uint16
	if json.Unmarshal([]byte(text), &numbers) != nil || len(numbers) != ed25519.PrivateKeySize {
		clear(numbers)
		return material{}, core.Errorf(core.Invalid, "an id.json is a list of %d numbers from 0 to 255", ed25519.PrivateKeySize)
	}
	defer clear(numbers)
	full := make([]byte, 0, len(numbers))
	defer func() { clear(full) }()
	for _, n := range numbers {
		if n > 255 {
			return material{}, core.Errorf(core.Invalid, "an id.json is a list of %d numbers from 0 to 255", ed25519.PrivateKeySize)
		}
		full = append(full, byte(n))
	}
	return solanaKey(full)
}

func parseBase58Key(text string) (material, error) {
	if len(text) < minBase58Key || len(text) > maxBase58Key {
		return material{}, errBase58Key()
	}
	full, err := base58.Decode(text)
	defer func() { clear(full) }()
	if err != nil || len(full) != ed25519.PrivateKeySize {
		return material{}, errBase58Key()
	}
	return solanaKey(full)
}

// solanaKey takes the private half of a full key. The halves must belong
// together: with a wrong public half each signature gives a part of the private
// one away, and the wallet would show somebody else's address.
func solanaKey(full []byte) (material, error) {
	derived := ed25519.NewKeyFromSeed(full[:ed25519.SeedSize])
	defer clear(derived)
	if subtle.ConstantTimeCompare(derived, full) != 1 {
		return material{}, core.Errorf(core.Invalid, "the two halves of this Solana key do not belong together; export it anew from the other wallet")
	}
	return material{KindSolana, bytes.Clone(full[:ed25519.SeedSize])}, nil
}

// writeSecret writes a wallet's secret in a form. A keystore file is protected
// with passphrase, by scrypt with n.
func writeSecret(m material, k keys, form Form, passphrase core.Secret, n int, id string) (core.Secret, error) {
	switch {
	case form == FormWords && m.kind == KindWords:
		return phraseOf(m.raw)
	case form == FormKeystore && k.eth != nil:
		return writeKeystore(*k.eth, passphrase, n, id)
	case form == FormHex && k.eth != nil:
		raw := k.eth.raw()
		defer clear(raw)
		return core.Secret("0x" + hex.EncodeToString(raw)), nil
	case form == FormIDJSON && k.sol != nil:
		numbers := make([]string, len(k.sol.key))
		for i, b := range k.sol.key {
			numbers[i] = strconv.Itoa(int(b))
		}
		return core.Secret("[" + strings.Join(numbers, ",") + "]"), nil
	case form == FormBase58 && k.sol != nil:
		return core.Secret(solana.PrivateKey(k.sol.key).String()), nil
	default:
		return "", core.Errorf(core.Invalid, "a wallet of the kind %q is not exported as %q; choose one of %v", m.kind, form, m.kind.Forms())
	}
}

func writeKeystore(key EthereumKey, passphrase core.Secret, n int, id string) (core.Secret, error) {
	raw := key.raw()
	defer clear(raw)
	sealed, err := seal(raw, passphrase, n)
	if err != nil {
		return "", err
	}
	f := keyFile{Address: hex.EncodeToString(key.Account().Bytes()), Crypto: sealed, ID: id, Version: keystoreVersion}
	data, err := json.Marshal(f)
	if err != nil {
		return "", core.Wrap(core.Internal, err, "the keystore file could not be written")
	}
	return core.Secret(data), nil
}

func errBase58Key() error {
	return core.Errorf(core.Invalid, "a Solana key in base58 has %d bytes: the private and the public half", ed25519.PrivateKeySize)
}
