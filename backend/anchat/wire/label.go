package wire

// This file has the labels and the form in which everything is signed and hashed.

import (
	"crypto/sha256"
	"encoding/binary"
)

// The labels. What is signed under one is refused under every other.
const (
	LabelDevice      = "anchat/device/v1"
	LabelList        = "anchat/list/v1"
	LabelMailbox     = "anchat/mailbox/v1"
	LabelPrekey      = "anchat/prekey/v1"
	LabelSession     = "anchat/session/v1"
	LabelEvent       = "anchat/event/v1"
	LabelEnvelope    = "anchat/envelope/v1"
	LabelInvite      = "anchat/invite/v1"
	LabelKnock       = "anchat/knock/v1"
	LabelErase       = "anchat/erase/v1"
	LabelAck         = "anchat/ack/v1"
	LabelSafety      = "anchat/safety/v1"
	LabelBackupKey   = "anchat/backup-key/v1"
	LabelBackupEntry = "anchat/backup-entry/v1"
	LabelBlob        = "anchat/blob/v1"
	LabelFleeting    = "anchat/fleeting/v1"
	LabelLocal       = "anchat/local/v1"
	// LabelDoor is what a device signs to open a chat session at a node.
	LabelDoor = "anchat/door/v1"
)

// Labels lists all of them.
func Labels() []string {
	return []string{
		LabelDevice, LabelList, LabelMailbox, LabelPrekey, LabelSession, LabelEvent, LabelEnvelope, LabelInvite, LabelKnock,
		LabelErase, LabelAck, LabelSafety, LabelBackupKey, LabelBackupEntry, LabelBlob, LabelFleeting, LabelLocal, LabelDoor,
	}
}

// Signed is the bytes that stand for fields under a label: the label, a zero
// byte, and each field after its length in four bytes.
func Signed(label string, fields ...[]byte) []byte {
	size := len(label) + 1
	for _, f := range fields {
		size += 4 + len(f)
	}
	out := append(make([]byte, 0, size), label...)
	out = append(out, 0)
	return appendFields(out, fields...)
}

// Sum is the SHA-256 of Signed.
func Sum(label string, fields ...[]byte) Hash { return sha256.Sum256(Signed(label, fields...)) }

func appendFields(out []byte, fields ...[]byte) []byte {
	for _, f := range fields {
		out = binary.BigEndian.AppendUint32(out, uint32(len(f))) //nolint:gosec // every field has a limit far below
		out = append(out, f...)
	}
	return out
}
