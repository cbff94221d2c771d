package wallet

// This file protects a wallet's secret with a passphrase: the "crypto" part of
// Ethereum's keystore files, version 3, which other tools read and write too.

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/accounts/keystore"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxKeyFileBytes bounds a key file. Real ones have less than 1 KiB.
	MaxKeyFileBytes = 16 << 10

	keystoreVersion = 3
	fileFormat      = 1

	scryptN      = keystore.StandardScryptN // 2^18: one second and 256 MB
	scryptP      = keystore.StandardScryptP
	lightScryptN = keystore.LightScryptN // for a random passphrase of 256 bits, which nobody guesses

	// What a foreign file may ask for: twice the usual memory, four times the
	// usual work. A file that asks for more would stop the computer, not a thief.
	maxScryptCells   = 1 << 22 // n*r, of 128 bytes each
	maxScryptWork    = 1 << 23 // n*r*p
	maxPBKDF2Rounds  = 1 << 24
	derivedKeyBytes  = 32
	maxSaltBytes     = 128
	ivBytes          = 16
	macBytes         = 32
	maxMaterialBytes = 64
)

// The reasons for which a wallet's file does not open.
var (
	// ErrPassphrase does not tell a wrong passphrase from a file whose protected
	// part was changed: whoever guesses learns nothing.
	ErrPassphrase error = core.Errorf(core.Unauthenticated, "the passphrase is wrong, or the wallet's file was changed; type it again, or take the file from a backup")
	// ErrDamaged is for a file that is cut, changed, or opens to another key than
	// the one that it is said to hold.
	ErrDamaged error = core.Errorf(core.Invalid, "the wallet's file is damaged or was changed; take it from a backup, or import the words or the key again")
)

// keyFile is a wallet on disk. For an Ethereum key it is a keystore file of
// version 3 with a part of ours beside it, which other tools skip.
type keyFile struct {
	Address string              `json:"address,omitempty"` // of a keystore file: 40 digits, no 0x
	Crypto  keystore.CryptoJSON `json:"crypto"`
	ID      string              `json:"id"`
	Version int                 `json:"version,omitempty"` // of a keystore file: 3
	Wallet  *walletPart         `json:"debros,omitempty"`
}

// walletPart is what must be known of a wallet while it is locked. Nothing of it
// is believed once the wallet is open: the accounts are derived again.
type walletPart struct {
	Format    int       `json:"format"`
	Kind      Kind      `json:"kind"`
	Label     string    `json:"label"`
	Number    uint32    `json:"account"`
	Addresses []string  `json:"addresses"`
	CreatedAt time.Time `json:"created_at"`
}

// parseKeyFile reads a wallet's own file, without its secret.
func parseKeyFile(data []byte) (keyFile, []Account, error) {
	var f keyFile
	if len(data) > MaxKeyFileBytes || json.Unmarshal(data, &f) != nil || f.Wallet == nil {
		return keyFile{}, nil, ErrDamaged
	}
	if f.Wallet.Format != fileFormat {
		return keyFile{}, nil, core.Errorf(core.Invalid, "the wallet's file has format %d, this version reads %d; use a newer version", f.Wallet.Format, fileFormat)
	}
	chains := map[Kind][]Chain{KindWords: {ETH, SOL}, KindEthereum: {ETH}, KindSolana: {SOL}}[f.Wallet.Kind]
	if len(chains) == 0 || len(f.Wallet.Addresses) != len(chains) || !isID(f.ID) || checkLabel(f.Wallet.Label) != nil {
		return keyFile{}, nil, ErrDamaged
	}
	var all []Account
	for i, chain := range chains {
		account, err := ParseAccount(f.Wallet.Addresses[i], chain)
		if err != nil {
			return keyFile{}, nil, ErrDamaged
		}
		all = append(all, account)
	}
	if checkCrypto(f.Crypto) != nil {
		return keyFile{}, nil, ErrDamaged
	}
	return f, all, nil
}

// marshal writes the file; accounts are those of the wallet's own keys.
func (f keyFile) marshal(accounts []Account) ([]byte, error) {
	f.Wallet.Format = fileFormat
	f.Wallet.Addresses = nil
	for _, a := range accounts {
		f.Wallet.Addresses = append(f.Wallet.Addresses, a.String())
	}
	if f.Wallet.Kind == KindEthereum {
		f.Version, f.Address = keystoreVersion, hex.EncodeToString(accounts[0].Bytes())
	}
	data, err := json.Marshal(f)
	if err != nil {
		return nil, core.Wrap(core.Internal, err, "the wallet's file could not be written")
	}
	return append(data, '\n'), nil
}

// seal protects raw. It takes a second and 256 MB with the usual n.
func seal(raw []byte, passphrase core.Secret, n int) (keystore.CryptoJSON, error) {
	sealed, err := keystore.EncryptDataV3(raw, []byte(passphrase.Reveal()), n, scryptP)
	if err != nil {
		return keystore.CryptoJSON{}, core.Wrap(core.Internal, err, "the wallet could not be encrypted")
	}
	return sealed, nil
}

// unseal is the way back. It returns ErrPassphrase, or core.Invalid for a part
// that no tool writes.
func unseal(sealed keystore.CryptoJSON, passphrase core.Secret) ([]byte, error) {
	if err := checkCrypto(sealed); err != nil {
		return nil, err
	}
	raw, err := keystore.DecryptDataV3(sealed, passphrase.Reveal())
	switch {
	case errors.Is(err, keystore.ErrDecrypt):
		return nil, ErrPassphrase
	case err != nil:
		return nil, core.Wrap(core.Invalid, err, "the key file cannot be decrypted")
	}
	return raw, nil
}

// keystoreKey opens a keystore file of any program and gives its key.
func keystoreKey(data []byte, passphrase core.Secret) (material, error) {
	var f keyFile
	if len(data) > MaxKeyFileBytes || json.Unmarshal(data, &f) != nil {
		return material{}, core.Errorf(core.Invalid, "this is no keystore file: it is JSON of at most %d bytes", MaxKeyFileBytes)
	}
	if f.Version != keystoreVersion {
		return material{}, core.Errorf(core.Invalid, "only keystore files of version %d can be read; export it anew from the other wallet", keystoreVersion)
	}
	raw, err := unseal(f.Crypto, passphrase)
	if err != nil {
		return material{}, err
	}
	key, err := ethereumFromRaw(raw)
	if err != nil {
		return material{}, err
	}
	// The address is outside of what the passphrase protects; some tools leave it out.
	named := strings.TrimPrefix(strings.ToLower(f.Address), "0x")
	if named != "" && named != hex.EncodeToString(key.Account().Bytes()) {
		clear(raw)
		return material{}, ErrDamaged
	}
	return material{KindEthereum, raw}, nil
}

// checkCrypto looks at every value before the library does, which trusts them:
// it panics where one is missing, and gives a file the memory that it asks for.
func checkCrypto(c keystore.CryptoJSON) error {
	if c.Cipher != "aes-128-ctr" {
		return errCrypto("its cipher is not aes-128-ctr")
	}
	if !isHex(c.CipherParams.IV, ivBytes, ivBytes) || !isHex(c.MAC, macBytes, macBytes) || !isHex(c.CipherText, 1, maxMaterialBytes) {
		return errCrypto("its values have the wrong length")
	}
	if salt, ok := c.KDFParams["salt"].(string); !ok || !isHex(salt, 1, maxSaltBytes) {
		return errCrypto("its salt is missing")
	}
	if param(c, "dklen") != derivedKeyBytes {
		return errCrypto(fmt.Sprintf("it does not ask for a key of %d bytes", derivedKeyBytes))
	}
	switch c.KDF {
	case "scrypt":
		n, r, p := param(c, "n"), param(c, "r"), param(c, "p")
		if n < 2 || n&(n-1) != 0 || r < 1 || p < 1 {
			return errCrypto("the numbers of its key derivation are wrong")
		}
		// Each is at most 2^24, so no product here overflows.
		if n*r > maxScryptCells || n*r*p > maxScryptWork {
			return errCrypto("its key derivation asks for too much memory or time")
		}
	case "pbkdf2":
		if prf, ok := c.KDFParams["prf"].(string); !ok || prf != "hmac-sha256" || param(c, "c") < 1 {
			return errCrypto("the numbers of its key derivation are wrong")
		}
	default:
		return errCrypto("its key derivation is neither scrypt nor pbkdf2")
	}
	return nil
}

// param is a whole number from 1 to 2^24 of a key derivation, else 0. A file
// that was read has float64, one that was just made has int.
func param(c keystore.CryptoJSON, name string) int64 {
	switch v := c.KDFParams[name].(type) {
	case float64:
		if v >= 1 && v <= maxPBKDF2Rounds && v == math.Trunc(v) {
			return int64(v)
		}
	case int:
		if v >= 1 && v <= maxPBKDF2Rounds {
			return int64(v)
		}
	}
	return 0
}

// isHex tells whether text is from least to most bytes in hex.
func isHex(text string, least, most int) bool {
	if len(text) < 2*least || len(text) > 2*most {
		return false
	}
	_, err := hex.DecodeString(text)
	return err == nil
}

func errCrypto(why string) error {
	return core.Errorf(core.Invalid, "this key file cannot be read: %s", why)
}
