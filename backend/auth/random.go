package auth

// This file makes random values and writes bytes as letters and digits.

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"math/big"
	"strings"
)

// random fills b. The system's generator does not fail; where it would, the
// program ends itself.
func random(b []byte) { _, _ = rand.Read(b) } //nolint:errcheck // see above

// randomText are n random bytes in base62.
func randomText(n int) string {
	b := make([]byte, n)
	random(b)
	return base62(b)
}

// base62Letters is the length of n bytes in base62.
func base62Letters(n int) int { return int(math.Ceil(float64(8*n) / math.Log2(62))) }

// base62 writes bytes with a length that depends on theirs only.
func base62(b []byte) string {
	digits := new(big.Int).SetBytes(b).Text(62)
	return strings.Repeat("0", base62Letters(len(b))-len(digits)) + digits
}

// parseBase62 is the way back to n bytes. Only what base62 writes is read.
func parseBase62(s string, n int) ([]byte, bool) {
	if len(s) != base62Letters(n) || !isBase62(s) {
		return nil, false
	}
	v, ok := new(big.Int).SetString(s, 62)
	if !ok || v.BitLen() > 8*n {
		return nil, false
	}
	return v.FillBytes(make([]byte, n)), true
}

func isBase62(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return s != ""
}

// isID tells whether s may be an id of n letters. What cannot be one is not sent
// through the network's log: people paste keys and tokens where an id belongs.
func isID(s string, n int) bool { return len(s) == n && isBase62(s) }

// hashOf is how a secret is kept.
func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}
