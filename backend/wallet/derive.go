package wallet

// This file goes from words to keys: BIP-39, BIP-32, SLIP-0010.

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"

	"github.com/ethereum/go-ethereum/crypto"
	"github.com/gagliardetto/solana-go"
	"golang.org/x/text/unicode/norm"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	seedRounds = 2048 // of PBKDF2, set by BIP-39
	seedBytes  = 64

	// hardened marks a step that only the private key can take.
	hardened uint32 = 1 << 31

	// Bounds of a seed, set by BIP-32: 128 to 512 bits.
	minSeedBytes, maxSeedBytes = 16, 64
)

// Seed turns the words of a BIP-39 phrase into a seed of 64 bytes. Every text
// gives one: that the words are of the list and that their checksum holds is
// not looked at here. Spaces between the words do not matter.
func Seed(phrase, passphrase string) []byte {
	words := strings.Join(strings.Fields(norm.NFKD.String(phrase)), " ")
	seed, err := pbkdf2.Key(sha512.New, words, []byte("mnemonic"+norm.NFKD.String(passphrase)), seedRounds, seedBytes)
	if err != nil {
		// Only a FIPS build refuses anything here, and then it refuses always.
		panic("wallet: PBKDF2 with SHA-512 is not allowed in this build: " + err.Error())
	}
	return seed
}

// node is one place in a tree of keys: a private key and the chain code with
// which its children are made.
type node struct {
	key, chain []byte // 32 bytes each
}

// master is the root of the tree of a seed. salt says which curve it is for.
func master(salt string, seed []byte) (node, error) {
	if len(seed) < minSeedBytes || len(seed) > maxSeedBytes {
		return node{}, core.Errorf(core.Invalid, "a seed has %d to %d bytes, not %d", minSeedBytes, maxSeedBytes, len(seed))
	}
	return split([]byte(salt), seed), nil
}

func split(key, data []byte) node {
	mac := hmac.New(sha512.New, key)
	mac.Write(data)
	sum := mac.Sum(nil)
	return node{key: sum[:32], chain: sum[32:]}
}

// secp256k1Path walks the tree of BIP-32 from the seed along path.
func secp256k1Path(seed []byte, path ...uint32) (node, error) {
	n, err := master("Bitcoin seed", seed)
	if err != nil {
		return node{}, err
	}
	if _, err = crypto.ToECDSA(n.key); err != nil {
		return node{}, errNoKey(err)
	}
	for _, index := range path {
		if n, err = n.secp256k1Child(index); err != nil {
			return node{}, err
		}
	}
	return n, nil
}

// secp256k1Child is CKDpriv of BIP-32.
func (n node) secp256k1Child(index uint32) (node, error) {
	data := append([]byte{0}, n.key...)
	if index < hardened {
		key, err := crypto.ToECDSA(n.key)
		if err != nil {
			return node{}, errNoKey(err)
		}
		data = crypto.CompressPubkey(&key.PublicKey)
	}
	child := split(n.chain, binary.BigEndian.AppendUint32(data, index))
	order := crypto.S256().Params().N
	left := new(big.Int).SetBytes(child.key)
	sum := new(big.Int).Add(left, new(big.Int).SetBytes(n.key))
	sum.Mod(sum, order)
	if left.Cmp(order) >= 0 || sum.Sign() == 0 {
		return node{}, errNoKey(nil)
	}
	child.key = sum.FillBytes(make([]byte, 32))
	return child, nil
}

// errNoKey is for the one step in 2^127 at which a path has no key.
func errNoKey(err error) error {
	return core.Wrap(core.Invalid, err, "this path of the seed has no key; take the next account")
}

// ed25519Path walks the tree of SLIP-0010 from the seed along path. Every step
// is a hardened one: this curve has no others.
func ed25519Path(seed []byte, path ...uint32) (node, error) {
	n, err := master("ed25519 seed", seed)
	if err != nil {
		return node{}, err
	}
	for _, index := range path {
		data := append([]byte{0}, n.key...)
		n = split(n.chain, binary.BigEndian.AppendUint32(data, index|hardened))
	}
	return n, nil
}

// EthereumKey is the private key of one Ethereum account.
type EthereumKey struct{ key *ecdsa.PrivateKey }

// Ethereum derives account number i of a seed: m/44'/60'/0'/0/i, as other
// wallets do. It returns core.Invalid for a seed that is too short or too long.
func Ethereum(seed []byte, i uint32) (EthereumKey, error) {
	if i >= hardened {
		return EthereumKey{}, errAccount()
	}
	n, err := secp256k1Path(seed, hardened+44, hardened+60, hardened, 0, i)
	if err != nil {
		return EthereumKey{}, err
	}
	key, err := crypto.ToECDSA(n.key)
	if err != nil {
		return EthereumKey{}, errNoKey(err)
	}
	return EthereumKey{key}, nil
}

// Address is the account's address, "0x" and 40 digits with the checksum of
// EIP-55 in their case.
func (k EthereumKey) Address() string { return crypto.PubkeyToAddress(k.key.PublicKey).Hex() }

// String is the address, so that printing a key does not show it.
func (k EthereumKey) String() string { return k.Address() }

// GoString keeps %#v from showing the key.
func (k EthereumKey) GoString() string { return fmt.Sprintf("wallet.EthereumKey(%s)", k.Address()) }

// SolanaKey is the private key of one Solana account.
type SolanaKey struct{ key ed25519.PrivateKey }

// Solana derives account number i of a seed: m/44'/501'/i'/0', as other wallets
// do. It returns core.Invalid for a seed that is too short or too long.
func Solana(seed []byte, i uint32) (SolanaKey, error) {
	if i >= hardened {
		return SolanaKey{}, errAccount()
	}
	n, err := ed25519Path(seed, 44, 501, i, 0)
	if err != nil {
		return SolanaKey{}, err
	}
	return SolanaKey{ed25519.NewKeyFromSeed(n.key)}, nil
}

// Address is the account's address in base58.
func (k SolanaKey) Address() string { return solana.PrivateKey(k.key).PublicKey().String() }

// String is the address, so that printing a key does not show it.
func (k SolanaKey) String() string { return k.Address() }

// GoString keeps %#v from showing the key.
func (k SolanaKey) GoString() string { return fmt.Sprintf("wallet.SolanaKey(%s)", k.Address()) }

func errAccount() error {
	return core.Errorf(core.Invalid, "an account's number is below %d", hardened)
}
