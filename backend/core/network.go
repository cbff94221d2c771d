package core

import "time"

// Roles of a node in its network.
const (
	RoleMember = "member" // keeps replicas and takes part in decisions
	RoleGuest  = "guest"  // relays gossip and uses the network through its members
	RoleLeft   = "left"   // has left it or was sent away; what it kept is still in its folder
)

// States of a member.
const (
	MemberActive  = "active"
	MemberLeaving = "leaving" // hands its replicas over
	MemberGone    = "gone"    // unheard of for longer than the set time; its replicas are being replaced
)

// Member is one node that belongs to the network.
type Member struct {
	ID        string    `json:"id"`   // peer id
	Name      string    `json:"name"` // node.id, for people; "" when none was given
	Addresses []string  `json:"addresses"`
	State     string    `json:"state"`
	Version   string    `json:"version"` // of the program
	JoinedAt  time.Time `json:"joined_at"`
	SeenAt    time.Time `json:"seen_at"` // when the network last heard of it
	Self      bool      `json:"self"`    // it is the node that answers
	Connected bool      `json:"connected"`
	Replicas  int       `json:"replicas"` // groups that are placed on it
}

// InviteOptions say what a new ticket allows. The zero value is one use within a day.
type InviteOptions struct {
	TTL time.Duration // at most MaxTicketTTL; 0 is DefaultTicketTTL
}

// Bounds of a ticket's life.
const (
	DefaultTicketTTL = 24 * time.Hour
	MaxTicketTTL     = 30 * 24 * time.Hour
)

// Ticket admits one node, once. Text and Link hold the secret: they are in the
// answer that made the ticket and nowhere else.
type Ticket struct {
	ID        string    `json:"id"`
	Text      string    `json:"text,omitempty"` // holds the secret
	Link      string    `json:"link,omitempty"` // debros://join/<text>
	Network   string    `json:"network"`
	CreatedAt time.Time `json:"created_at"`
	CreatedBy string    `json:"created_by"` // peer id
	ExpiresAt time.Time `json:"expires_at"`
	UsedAt    time.Time `json:"used_at"` // zero while it can be used
	UsedBy    string    `json:"used_by"`
	RevokedAt time.Time `json:"revoked_at"`
}

// Phases of joining, in order.
const (
	JoinConnect  = "connect"   // dialling the members that the ticket names
	JoinAdmit    = "admit"     // the network decides about the ticket
	JoinSnapshot = "snapshot"  // the network's own group arrives
	JoinCaughtUp = "caught_up" // done: this node knows what the others know
	JoinFailed   = "failed"
)

// JoinProgress is how far a join is. Done and Total count log entries while the
// phase is JoinSnapshot, else they are 0.
type JoinProgress struct {
	Phase  string `json:"phase"` // "" when no join was asked for
	Detail string `json:"detail"`
	Done   uint64 `json:"done"`
	Total  uint64 `json:"total"`
}

// Network is one of the networks that this installation has been in.
type Network struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"` // for people, known to this installation only
	Role      string    `json:"role"`
	Current   bool      `json:"current"`
	CreatedAt time.Time `json:"created_at"` // of its folder here
	Size      int64     `json:"size"`       // bytes on disk
}

// NetworkStatus is the network that the node is in, as the node sees it.
type NetworkStatus struct {
	Network
	Leader  string       `json:"leader"`  // of the network's own group; "" when none is known
	Members int          `json:"members"` // 0 when this node cannot know
	Voters  int          `json:"voters"`  // of the network's own group
	Joining JoinProgress `json:"joining"`
	State   string       `json:"state"` // StateOK, StateDegraded or StateDown
	Detail  string       `json:"detail"`
}

// Roles of a replica.
const (
	ReplicaVoter    = "voter"
	ReplicaNonvoter = "nonvoter" // follows the log, never votes: on its way to be a voter, or a read replica
)

// Replica is one member's copy of a group: what is placed, and what that member
// says of it.
type Replica struct {
	Node   string `json:"node"` // peer id
	Role   string `json:"role"`
	Pinned bool   `json:"pinned"` // a read replica that the node's owner asked for
	State  string `json:"state"`  // as in Group.State, or "unreachable" or "opening"
	Index  uint64 `json:"index"`  // last entry applied
	Lag    uint64 `json:"lag"`    // entries behind the leader
	AgeMS  int64  `json:"age_ms"` // since it last heard the leader
}

// Placement is where a group's replicas are and how they are.
type Placement struct {
	Namespace Namespace `json:"namespace"`
	Group     string    `json:"group"` // "ns::<namespace>"
	Leader    string    `json:"leader"`
	Index     uint64    `json:"index"` // the leader's commit index
	Factor    int       `json:"factor"`
	Replicas  []Replica `json:"replicas"`
	State     string    `json:"state"` // StateOK, StateDegraded (a voter is missing), StateDown (no majority) or "asleep"
	Detail    string    `json:"detail"`
	CreatedAt time.Time `json:"created_at"`
}
