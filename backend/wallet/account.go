package wallet

// This file has accounts: what stands for a person on the network.

import (
	"encoding/hex"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/gagliardetto/solana-go"

	"git.debros.io/DeBros/network/backend/core"
)

// Chain says which family of wallets an account is of, in the words of the
// gateway's field chain_type.
type Chain string

// The chains.
const (
	ETH Chain = "ETH" // Ethereum: an address of 20 bytes, secp256k1
	SOL Chain = "SOL" // Solana: a public key of 32 bytes, Ed25519
)

const (
	ethereumBytes = common.AddressLength
	solanaBytes   = solana.PublicKeyLength

	// Base58 of 32 bytes: all zeros are the shortest, all ones the longest.
	minSolanaText, maxSolanaText = 32, 44
)

// Account is an address on a chain. Two accounts are the same when == says so:
// their bytes count, not how somebody wrote them. The zero Account is nobody's.
type Account struct {
	chain Chain
	raw   [solanaBytes]byte // an Ethereum address fills the first 20
}

// ParseAccount reads an address: "0x" and 40 hex digits in any case for ETH,
// base58 of 32 bytes for SOL. With chain "" the text itself decides. The zero
// address is refused: nobody has its key, and many tools write it for "none".
// It returns core.Invalid for all else.
func ParseAccount(text string, chain Chain) (Account, error) {
	switch {
	case chain == ETH, chain == "" && strings.HasPrefix(text, "0x"):
		return parseEthereum(text)
	case chain == SOL, chain == "":
		return parseSolana(text)
	}
	return Account{}, errChain()
}

// AccountFromBytes is the way back from Chain and Bytes, for what was stored.
// It returns core.Invalid for another length, another chain and the zero address.
func AccountFromBytes(chain Chain, raw []byte) (Account, error) {
	want := ethereumBytes
	switch chain {
	case ETH:
	case SOL:
		want = solanaBytes
	default:
		return Account{}, errChain()
	}
	if len(raw) != want {
		return Account{}, core.Errorf(core.Invalid, "a wallet address of %s has %d bytes, not %d", chain, want, len(raw))
	}
	account := Account{chain: chain}
	copy(account.raw[:], raw)
	if account.raw == [solanaBytes]byte{} {
		return Account{}, core.Errorf(core.Invalid, "the zero address belongs to nobody; send the address of your own wallet")
	}
	return account, nil
}

// Chain is the account's chain, "" for the zero Account.
func (a Account) Chain() Chain { return a.chain }

// Bytes are the 20 bytes of an Ethereum address or the 32 of a Solana one.
func (a Account) Bytes() []byte {
	switch a.chain {
	case ETH:
		return a.raw[:ethereumBytes]
	case SOL:
		return a.raw[:]
	default:
		return nil
	}
}

// String is the address as people see it: with the checksum of EIP-55 in the
// case of its letters, or base58. It is "" for the zero Account.
func (a Account) String() string {
	switch a.chain {
	case ETH:
		return common.BytesToAddress(a.Bytes()).Hex()
	case SOL:
		return solana.PublicKey(a.raw).String()
	default:
		return ""
	}
}

// MarshalText makes JSON show the address.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// CheckEIP55 warns of a mistyped Ethereum address: the case of its letters is a
// checksum (EIP-55). An address in one case has none and passes, as does what
// is no Ethereum address at all. For forms; proofs compare bytes.
func CheckEIP55(text string) error {
	account, err := parseEthereum(text)
	if err != nil {
		return nil //nolint:nilerr // what it is, ParseAccount says
	}
	digits := text[2:]
	if digits == strings.ToLower(digits) || digits == strings.ToUpper(digits) || text == account.String() {
		return nil
	}
	return core.Errorf(core.Invalid, "the capital letters of this address are not the ones it should have; a character may be wrong: copy it again")
}

func parseEthereum(text string) (Account, error) {
	digits, prefixed := strings.CutPrefix(text, "0x")
	if !prefixed || len(digits) != 2*ethereumBytes {
		return Account{}, errEthereumAddress()
	}
	raw, err := hex.DecodeString(digits)
	if err != nil {
		return Account{}, errEthereumAddress()
	}
	return AccountFromBytes(ETH, raw)
}

func parseSolana(text string) (Account, error) {
	// Decoding base58 takes the square of the length, so the length comes first.
	if len(text) < minSolanaText || len(text) > maxSolanaText {
		return Account{}, errSolanaAddress()
	}
	key, err := solana.PublicKeyFromBase58(text)
	if err != nil {
		return Account{}, errSolanaAddress()
	}
	return AccountFromBytes(SOL, key.Bytes())
}

func errChain() error {
	return core.Errorf(core.Invalid, `chain_type is "ETH" or "SOL"`)
}

func errEthereumAddress() error {
	return core.Errorf(core.Invalid, "an Ethereum address is 0x and 40 hexadecimal digits")
}

func errSolanaAddress() error {
	return core.Errorf(core.Invalid, "a wallet is an Ethereum address (0x and 40 hexadecimal digits) or a Solana address (base58 of 32 bytes)")
}
