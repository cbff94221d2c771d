package backup

// This file has recovery codes: 26 letters and digits of chance and two that find
// typing mistakes, in groups of four.

import (
	"crypto/rand"
	"crypto/sha256"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// The letters of Crockford's base 32: none of them looks like another, and those
// that do are read as what they look like.
const (
	letters    = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeRandom = 26 // five bits each: 130
	codeCheck  = 2
	codeGroup  = 4
)

// NewCode makes a recovery code. It is shown once and kept nowhere.
func NewCode() core.Secret {
	var random [codeRandom]byte
	_, _ = rand.Read(random[:]) //nolint:errcheck // it never fails; see crypto/rand
	code := make([]byte, 0, codeRandom+codeCheck)
	for _, b := range random {
		code = append(code, letters[b%32])
	}
	code = append(code, checkLetters(code)...)
	var out strings.Builder
	for i, c := range code {
		if i > 0 && i%codeGroup == 0 {
			out.WriteByte('-')
		}
		out.WriteByte(c)
	}
	return core.Secret(out.String())
}

func checkLetters(code []byte) []byte {
	sum := sha256.Sum256(append([]byte("anchat recovery code "), code...))
	return []byte{letters[sum[0]%32], letters[sum[1]%32]}
}

// readCode takes any case, any grouping, and letters for the digits they look like.
func readCode(text string) ([]byte, error) {
	const tooLong = 4 * (codeRandom + codeCheck)
	if len(text) > tooLong {
		return nil, errWrong()
	}
	text = strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(text))
	if len(text) != codeRandom+codeCheck || strings.Trim(text, letters) != "" {
		return nil, errWrong()
	}
	if string(checkLetters([]byte(text[:codeRandom]))) != text[codeRandom:] {
		return nil, errWrong()
	}
	return []byte(text[:codeRandom]), nil
}
