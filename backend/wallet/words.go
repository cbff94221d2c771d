package wallet

// This file turns words into entropy and back: BIP-39 with its English list.

import (
	"math/big"
	"strings"

	"github.com/cosmos/go-bip39"
	"golang.org/x/text/unicode/norm"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	bitsPerWord = 11
	// A word more for each three is checksum, so 12 words are 128 bits.
	minWords, maxWords = 12, 24
	minEntropyBytes    = 16
	maxEntropyBytes    = 32
)

// CheckWords tells whether words are a phrase that a wallet can be made of: 12,
// 15, 18, 21 or 24 of BIP-39's English words, with the right checksum. Case and
// spaces do not matter. The core.Invalid that it returns names no word, only its
// place.
func CheckWords(words core.Secret) error {
	entropy, err := entropyOf(words)
	clear(entropy)
	return err
}

func entropyOf(words core.Secret) ([]byte, error) {
	all := strings.Fields(strings.ToLower(norm.NFKD.String(words.Reveal())))
	if len(all) < minWords || len(all) > maxWords || len(all)%3 != 0 {
		return nil, core.Errorf(core.Invalid, "a phrase has 12, 15, 18, 21 or 24 words, not %d", len(all))
	}
	number := new(big.Int)
	for i, word := range all {
		index, known := bip39.ReverseWordMap[word]
		if !known {
			return nil, core.Errorf(core.Invalid, "word %d is not on the English list of BIP-39; look at its spelling", i+1)
		}
		number.Lsh(number, bitsPerWord).Or(number, big.NewInt(int64(index)))
	}
	checksumBits := uint(len(all) / 3)
	entropy := number.Rsh(number, checksumBits).FillBytes(make([]byte, len(all)/3*4))
	// The checksum is right when the entropy gives the same words again.
	again, err := phraseOf(entropy)
	if err != nil || again.Reveal() != strings.Join(all, " ") {
		clear(entropy)
		return nil, core.Errorf(core.Invalid, "these words do not belong together: one is wrong or two have changed places; compare them with what you wrote down")
	}
	return entropy, nil
}

func phraseOf(entropy []byte) (core.Secret, error) {
	phrase, err := bip39.NewMnemonic(entropy)
	if err != nil {
		return "", core.Wrap(core.Invalid, err, "a phrase has %d to %d bytes of entropy", minEntropyBytes, maxEntropyBytes)
	}
	return core.Secret(phrase), nil
}
