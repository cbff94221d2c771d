package auth

// This file names the bounds of the package, with their reasons.

import (
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// How long things live.
const (
	// NonceLife is how long a challenge can be answered: people look for their wallet.
	NonceLife = 5 * time.Minute
	// TokenLife is an access token's: it is what a thief of one has left.
	TokenLife = 15 * time.Minute
	// Skew is how far the clocks of two nodes may be apart.
	Skew = 30 * time.Second
	// SessionIdle ends a session whose refresh token is not used.
	SessionIdle = 14 * 24 * time.Hour
	// SessionLife ends a session however much it is used.
	SessionLife = 90 * 24 * time.Hour
	// RetryWindow is how long the same refresh gets the same answer: it was lost
	// on the way.
	RetryWindow = 10 * time.Second
	// TicketLife is how long a WebSocket ticket can be redeemed.
	TicketLife = 30 * time.Second
	// RevokeWithin is how long a credential may work, on any node, after it was
	// revoked.
	RevokeWithin = 5 * time.Second
	// MaxKeyLife bounds the time after which an API key expires, if it does.
	MaxKeyLife = 10 * 365 * 24 * time.Hour
)

// How many there may be.
const (
	// MaxCredentialBytes bounds a credential; longer ones are not looked at.
	MaxCredentialBytes = 4 << 10
	// MaxProofBytes bounds an author's proof, which travels with every message.
	MaxProofBytes = 1 << 10
	// MaxSessions bounds the sessions of one wallet; the oldest ends.
	MaxSessions = 50
	// MaxKeys bounds the API keys of a namespace that are not revoked.
	MaxKeys = 100
	// MaxGrants bounds the grants of a namespace.
	MaxGrants = 1000
	// MaxNamespaces bounds the namespaces that one wallet has claimed.
	MaxNamespaces = 20
	// MaxNamespacesPerDay bounds those of the last 24 hours.
	MaxNamespacesPerDay = 10
	// MaxApps bounds the apps of a namespace.
	MaxApps = 1000
	// MaxNameBytes bounds the name of a key or an app, a plan and a public key.
	MaxNameBytes = 256
	// MaxAuditRows bounds what is kept of the past, of the whole network.
	MaxAuditRows = 100_000
	// MaxAuditAnswer bounds one answer about the past.
	MaxAuditAnswer = 1000
	// MaxDomains bounds the gateway names that a nonce is tried against.
	MaxDomains = 1000
	// MaxOwnDomains bounds the gateway names of one node.
	MaxOwnDomains = 16
	// MaxConfiguredKeys bounds the keys that a node is configured with.
	MaxConfiguredKeys = 1000
	// MinConfiguredKeyBytes is the least length of such a key: it may be guessed at
	// from anywhere.
	MinConfiguredKeyBytes = 20
	// MaxWatchers bounds the sockets and streams that wait for the end of their
	// credential.
	MaxWatchers = 20_000
)

const (
	maxTokens      = 50_000 // verified tokens in memory
	maxCachedKeys  = 50_000
	maxCachedRoles = 50_000
	maxProofs      = 20_000 // checked author proofs in memory
	maxRevocations = 10_000 // in memory; more are looked up one by one
	maxTokenKeys   = 4_000  // of 1,000 members with three each
	maxUnknownKeys = 1_000  // key ids that were asked for in vain
	maxFailures    = 50_000 // pairs of address and account that failed of late
	maxUsed        = 50_000 // keys used since the last batch
	maxAuditQueue  = 4_096
	maxAuditBatch  = 500
	maxWanted      = 1_024 // grants that an author's proof asks to be read
	maxAnswerBytes = 16 << 20
	maxSweepRows   = 1_000

	// The beat says that this replica has heard its leader. A revocation that the
	// node has not heard of is younger than both together; what is left of
	// RevokeWithin is for those who wait.
	beatFreshness = 1500 * time.Millisecond
	beatWindow    = 2 * time.Second
	beatEvery     = 500 * time.Millisecond

	watchEvery     = 500 * time.Millisecond // between two looks at those who wait for an end
	watchAtLeast   = 3 * time.Second        // also when nothing has changed: keys expire
	probeLimit     = 700 * time.Millisecond // a node out of touch asks whether the group is there
	watchLimit     = 3 * time.Second        // one look at all of them
	recheckEvery   = 5 * time.Minute        // a session's own row, for its natural end
	maintainEvery  = time.Minute            // keys, secrets and names of this node
	useEvery       = 5 * time.Minute        // "last used" of keys
	auditEvery     = time.Second            // a batch of the audit
	retryEvery     = time.Second            // after an error of the feed
	unknownEvery   = time.Minute            // an unknown token key is looked for
	askLimit       = 5 * time.Second        // one question to the system group
	lastWordsLimit = 2 * time.Second        // at the end
	secretEvery    = 24 * time.Hour         // a new MAC key
	tokenKeyLife   = 30 * 24 * time.Hour
	tokenKeyAhead  = time.Hour     // the next key is public before it is used
	tokenKeyRest   = 2 * time.Hour // and the previous one afterwards
	spentKept      = 24 * time.Hour
	revokedKept    = time.Hour           // longer than any token lives
	endedKept      = 30 * 24 * time.Hour // sessions and keys that ended

	failuresFree = 5 // failed proofs before the first pause
	maxPause     = 5 * time.Minute
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "time to answer a sign-in challenge", Value: "5 min", Why: "an old text is worth nothing to a thief"},
		{Name: "access token", Value: "15 min", Why: "it is what a thief of one has left"},
		{Name: "session", Value: "14 days idle, 90 days in all", Why: "forgotten sessions end"},
		{Name: "sessions of a wallet", Value: strconv.Itoa(MaxSessions), Why: "the oldest ends"},
		{Name: "API keys of a namespace", Value: strconv.Itoa(MaxKeys), Why: "keys that nobody knows of any more are a risk"},
		{Name: "grants of a namespace", Value: "1,000", Why: "they are read as a whole"},
		{Name: "namespaces of a wallet", Value: "20, and 10 a day", Why: "names are for all"},
		{Name: "apps of a namespace", Value: "1,000", Why: "they are read as a whole"},
		{Name: "credential", Value: "4 KiB", Why: "longer ones are not looked at"},
		{Name: "WebSocket ticket", Value: "30 s, once", Why: "it stands in a header that may be logged"},
		{Name: "audit log", Value: "100,000 events", Why: "the oldest go"},
		{Name: "pause after failed proofs", Value: "from the sixth on, doubling, 5 min at most", Why: "guessing is slowed, and nobody is locked out"},
	}
}
