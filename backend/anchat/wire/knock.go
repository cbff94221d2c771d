package wire

import (
	"crypto/hmac"
	"crypto/sha256"
)

// KnockProof shows that a device knows the secret of an invite without telling it.
func KnockProof(secret [32]byte, mailbox Name, device Fingerprint) (proof [32]byte) {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(Signed(LabelKnock, mailbox[:], device[:]))
	copy(proof[:], mac.Sum(nil))
	return proof
}
