package service

// This file has the bounds that a user may meet.

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of an account. Those of a minute and a day count whole ones of the clock,
// and are Settings, so that a test of the load can lift them.
const (
	// MaxMessagesMinute and MaxMessagesDay bound an account's messages.
	MaxMessagesMinute = 60
	MaxMessagesDay    = 5000
	// MaxEnvelopesMinute and MaxEnvelopesDay bound the envelopes of its devices: the
	// largest room takes 2,000 when its key changes.
	MaxEnvelopesMinute = 5000
	MaxEnvelopesDay    = 20_000
	// MaxChangesMinute and MaxChangesDay bound all its other rows: events,
	// announcements, knocks, erasures.
	MaxChangesMinute = 600
	MaxChangesDay    = 10_000
	// MaxFilesBytes bounds what its files take, as they are stored.
	MaxFilesBytes = 256 << 20
	// MaxCertificates bounds its certificates, one for each device and year.
	MaxCertificates = 500
	// MaxLists bounds the versions of its list that devices have signed; the wallet
	// itself may sign MaxCertificates more, so that a stolen device locks nobody out.
	MaxLists = 500
	// MaxBackups bounds the versions of its backup that are kept at one time.
	MaxBackups = 4
	// MaxBackupTotal bounds the entries of one version: a session has one, a room some.
	// MaxBackupBytes bounds what they take.
	MaxBackupTotal = 100_000
	MaxBackupBytes = 64 << 20
)

// Bounds of what is kept and who waits.
const (
	// EnvelopeLife is how long an envelope waits for its device.
	EnvelopeLife = 90 * 24 * time.Hour
	// MaxInbox bounds the envelopes that wait for one device.
	MaxInbox = 20_000
	// PrekeysKept is how many fallback keys of a device are kept: one may be in use
	// that was replaced a moment ago.
	PrekeysKept = 2
	// MaxBlobs bounds the files of an account, MaxLooseBlobs those that no message names
	// yet.
	MaxBlobs      = 10_000
	MaxLooseBlobs = 100
	// BlobLife is how long a file that no message names is kept.
	BlobLife = 24 * time.Hour
	// MaxFollowers bounds those who wait at one node, MaxFollowedBoxes what they
	// follow together.
	MaxFollowers     = 4096
	MaxFollowedBoxes = 500_000

	// maxTries bounds how often a put is repeated because others were faster.
	maxTries = 4
	// maxKeys bounds the devices whose signing keys are remembered.
	maxKeys = 10_000
	// askLimit is how long one replica may take to say what it has.
	askLimit = 2 * time.Second
	// freshness is how long ago a replica may have heard of its leader when it is
	// asked for rows; else the leader is.
	freshness = 10 * time.Second
)

// Rate bounds rows of one kind.
type Rate struct{ Minute, Day int }

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "rows in one request to the chat", Value: fmt.Sprint(wire.MaxPutRows), Why: "they are stored together"},
		{Name: "size of one request to the chat", Value: mebibytes(wire.MaxPutBytes), Why: "it is one entry of the log"},
		{Name: "rows in one answer of the chat", Value: fmt.Sprint(wire.MaxPage), Why: "an answer is held in memory; ask on after the last one"},
		{Name: "chat messages of one wallet", Value: rateText(MaxMessagesMinute, MaxMessagesDay), Why: "every replica stores them"},
		{Name: "key envelopes of one wallet", Value: rateText(MaxEnvelopesMinute, MaxEnvelopesDay), Why: "each is read by its receiver"},
		{Name: "other changes of one wallet in the chat", Value: rateText(MaxChangesMinute, MaxChangesDay), Why: "every member reads them"},
		{Name: "files of one wallet in the chat", Value: mebibytes(MaxFilesBytes), Why: "every replica stores them; remove some for more"},
		{Name: "number of files of one wallet in the chat", Value: fmt.Sprintf("%d, %d of them not sent yet", MaxBlobs, MaxLooseBlobs), Why: "the same"},
		{Name: "one file in the chat", Value: mebibytes(wire.MaxFileBytes), Why: "it is stored in every replica"},
		{Name: "live devices of one wallet", Value: fmt.Sprint(wire.MaxLiveDevices), Why: "each gets every key; revoke one first"},
		{Name: "certificates of one wallet", Value: fmt.Sprint(MaxCertificates), Why: "whoever writes to the wallet checks them"},
		{Name: "versions of a list of devices", Value: fmt.Sprint(MaxLists), Why: "the same"},
		{Name: "envelopes that wait for one device", Value: fmt.Sprint(MaxInbox), Why: "it reads them all when it comes back"},
		{Name: "time that an envelope waits", Value: days(EnvelopeLife), Why: "a device that stays away for longer asks for the keys again"},
		{Name: "time that an unused file is kept", Value: "1 day", Why: "nobody names it"},
		{Name: "backups of one wallet", Value: fmt.Sprint(MaxBackups), Why: "an old one is kept until the new one was read back"},
		{Name: "entries of one backup", Value: fmt.Sprintf("%d, %s", MaxBackupTotal, mebibytes(MaxBackupBytes)), Why: "restoring reads them all"},
		{Name: "mailboxes that one device follows", Value: fmt.Sprint(wire.MaxFollowed), Why: "each new row is compared with them"},
		{Name: "followers of the chat at one node", Value: fmt.Sprint(MaxFollowers), Why: "each costs memory; others follow at another node"},
	}
}

func rateText(minute, day int) string { return fmt.Sprintf("%d a minute, %d a day", minute, day) }

func mebibytes(n int) string { return fmt.Sprintf("%d MiB", n>>20) }

func days(d time.Duration) string { return fmt.Sprintf("%d days", d/(24*time.Hour)) }
