package wallet

// This file has what a wallet's file protects, and the keys that come of it.

import (
	"crypto/ed25519"
	"encoding/hex"

	"github.com/ethereum/go-ethereum/accounts"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gagliardetto/solana-go"

	"git.debros.io/DeBros/network/backend/core"
)

// Kind says what a wallet is made of.
type Kind string

// The kinds.
const (
	KindWords    Kind = "words"    // a phrase: one Ethereum and one Solana account
	KindEthereum Kind = "ethereum" // one Ethereum key
	KindSolana   Kind = "solana"   // one Solana key
)

// material is a wallet's secret: the entropy of a phrase, an Ethereum key or the
// private half of a Solana key. Public halves are never stored with it: what is
// derived cannot be a wrong one.
type material struct {
	kind Kind
	raw  []byte
}

// String keeps fmt from showing the secret.
func (material) String() string { return "[secret]" }

// GoString keeps %#v from showing the secret.
func (material) GoString() string { return "[secret]" }

// wipe clears the secret as far as Go allows: copies that the libraries or the
// garbage collector made stay until they are overwritten.
func (m material) wipe() { clear(m.raw) }

// keys are a wallet's private keys; a key that it does not have is nil.
type keys struct {
	eth *EthereumKey
	sol *SolanaKey
}

// keys makes the keys of a wallet; number is the account of a phrase.
func (m material) keys(number uint32) (keys, error) {
	switch m.kind {
	case KindWords:
		return wordKeys(m.raw, number)
	case KindEthereum:
		key, err := ethereumFromRaw(m.raw)
		if err != nil {
			return keys{}, err
		}
		return keys{eth: &key}, nil
	case KindSolana:
		if len(m.raw) != ed25519.SeedSize {
			return keys{}, core.Errorf(core.Invalid, "a Solana key has %d bytes, not %d", ed25519.SeedSize, len(m.raw))
		}
		return keys{sol: &SolanaKey{ed25519.NewKeyFromSeed(m.raw)}}, nil
	default:
		return keys{}, core.Errorf(core.Invalid, "a wallet of the kind %q is not known here; use a newer version", m.kind)
	}
}

func wordKeys(entropy []byte, number uint32) (keys, error) {
	phrase, err := phraseOf(entropy)
	if err != nil {
		return keys{}, err
	}
	seed := Seed(phrase.Reveal(), "")
	defer clear(seed)
	eth, err := Ethereum(seed, number)
	if err != nil {
		return keys{}, err
	}
	sol, err := Solana(seed, number)
	if err != nil {
		eth.wipe()
		return keys{}, err
	}
	return keys{eth: &eth, sol: &sol}, nil
}

func ethereumFromRaw(raw []byte) (EthereumKey, error) {
	key, err := crypto.ToECDSA(raw)
	if err != nil {
		return EthereumKey{}, core.Errorf(core.Invalid, "these bytes are no Ethereum key; it has 32 and is not zero") // the cause may quote the key
	}
	return EthereumKey{key}, nil
}

// accounts are the addresses of the keys, Ethereum first.
func (k keys) accounts() []Account {
	var all []Account
	if k.eth != nil {
		all = append(all, k.eth.Account())
	}
	if k.sol != nil {
		all = append(all, k.sol.Account())
	}
	return all
}

func (k keys) sign(account Account, text string) (string, error) {
	switch {
	case k.eth != nil && k.eth.Account() == account:
		return k.eth.sign(text)
	case k.sol != nil && k.sol.Account() == account:
		return k.sol.sign(text), nil
	default:
		return "", errNoAccount()
	}
}

func (k keys) wipe() {
	if k.eth != nil {
		k.eth.wipe()
	}
	if k.sol != nil {
		k.sol.wipe()
	}
}

// Account is the key's account.
func (k EthereumKey) Account() Account {
	account := Account{chain: ETH}
	address := crypto.PubkeyToAddress(k.key.PublicKey)
	copy(account.raw[:], address[:])
	return account
}

// raw are the 32 bytes of the key.
func (k EthereumKey) raw() []byte { return crypto.FromECDSA(k.key) }

func (k EthereumKey) sign(text string) (string, error) {
	sig, err := crypto.Sign(accounts.TextHash([]byte(text)), k.key)
	if err != nil {
		return "", core.Wrap(core.Internal, err, "the Ethereum key could not sign")
	}
	sig[64] += 27 // as personal_sign counts
	return "0x" + hex.EncodeToString(sig), nil
}

func (k EthereumKey) wipe() {
	clear(k.key.D.Bits()) //nolint:staticcheck // the only way to reach the words of the number
}

// Account is the key's account.
func (k SolanaKey) Account() Account {
	account := Account{chain: SOL}
	copy(account.raw[:], k.key[ed25519.SeedSize:])
	return account
}

func (k SolanaKey) sign(text string) string {
	return solana.Signature(ed25519.Sign(k.key, []byte(text))).String()
}

func (k SolanaKey) wipe() { clear(k.key) }
