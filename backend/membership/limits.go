package membership

// This file holds the bounds of the package. Strangers may speak the join
// protocol, so each thing that they can make us keep or do has one.

import (
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxMembers bounds a network. The members are read as a whole now and then,
	// and connected with one another.
	MaxMembers = 1000
	// MaxAddresses bounds the addresses that are kept of one member.
	MaxAddresses = 8
	// MaxNameBytes bounds a member's or a network's name for people.
	MaxNameBytes = 128
	// MaxVersionBytes bounds the version of a member's program.
	MaxVersionBytes = 64
	// MaxTickets bounds tickets that can still be used.
	MaxTickets = 1000
	// MaxTicketBytes bounds a ticket as text; six long addresses take half of it.
	MaxTicketBytes = 2 << 10
	// MaxTicketAddresses bounds the addresses in a ticket, so that it fits a QR code.
	MaxTicketAddresses = 6

	// MaxFrameBytes bounds one message of the join protocol: 100 members with
	// a few addresses.
	MaxFrameBytes = 64 << 10
	// MaxJoins bounds join requests that are being answered.
	MaxJoins = 64
	// MaxJoinsPerMinute bounds the requests of one peer.
	MaxJoinsPerMinute = 30
	// MaxAskers bounds the peers whose requests are counted.
	MaxAskers = 4096
	// MaxTold bounds the members named in one answer.
	MaxTold = 64

	// MaxSystemVoters is the most voters of the system group: two may die.
	MaxSystemVoters = 5
	// MaxSystemNonvoters bounds the members that follow the system group without
	// a vote, for quick reads. Further ones forward.
	MaxSystemNonvoters = 32
	// MaxHints bounds the places of the system group that network.json keeps.
	MaxHints = MaxSystemVoters + MaxSystemNonvoters
	// MaxCached bounds the placements that a node keeps in memory.
	MaxCached = 4096
	// MaxGroups bounds the namespaces of a network; the controller reads them as a whole.
	MaxGroups = 3_000
	// MaxChanges bounds the groups that the controller changes in one round.
	MaxChanges = 16
	// DefaultReplaceAfter is how long a member may be away before its replicas
	// are replaced: longer than a restart or an update takes.
	DefaultReplaceAfter = 10 * time.Minute
	// DefaultFactor is how many replicas a namespace has when there are members enough.
	DefaultFactor = 3

	joinTimeout     = 15 * time.Second // one request of the join protocol, on either side
	dialTimeout     = 5 * time.Second  // one dial of a member
	askTimeout      = 3 * time.Second  // how another node's replica stands
	refreshEvery    = time.Second      // how often a node looks whether something changed
	controlEvery    = time.Second      // how often the controller looks
	seenEvery       = time.Minute      // how often it is written who is alive
	doubtEvery      = 5 * time.Second  // how often a node without a leader asks whether it was sent away
	connectEvery    = 5 * time.Second  // how often members that are away are dialled
	maxRecordBytes  = 256 << 10        // network.json
	maxDials        = 8                // dials of members at once
	maxAsked        = 16               // replicas asked at once how they stand
	serviceName     = "debros.join"    // libp2p counts resources by it
	maxRows         = 100_000          // of our own tables in one answer
	maxAnswerBytes  = 64 << 20
	maxSettingBytes = 64
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "members of a network", Value: "1,000", Why: "all of them know all of them"},
		{Name: "namespaces of a network", Value: "3,000", Why: "the node that looks after them reads them as a whole"},
		{Name: "life of a ticket", Value: "30 days", Why: "a forgotten ticket must not open the network for ever"},
		{Name: "tickets that can still be used", Value: "1,000", Why: "each is a way in that somebody must oversee"},
		{Name: "voters of the network's own group", Value: "5", Why: "each more makes every decision slower; two of five may die"},
		{Name: "followers of the network's own group", Value: "32", Why: "further members ask one of these"},
	}
}
