package core

import "time"

// How far a connection goes; Peer.Path is one of them, or "".
const (
	PathDirect   = "direct"
	PathRelayed  = "relayed"
	PathLAN      = "lan"
	PathComputer = "this computer"
)

// Peer.Role, told by what a peer speaks.
const (
	PeerNode   = "node"
	PeerClient = "client"
)

// Peer is another node or client as this node knows it.
type Peer struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`      // that a person here gave it, else what it calls itself in its network
	Addresses []string  `json:"addresses"` // multiaddresses without /p2p
	Address   string    `json:"address"`   // of the connection in use, "" when there is none
	Connected bool      `json:"connected"`
	Direction string    `json:"direction"`  // "inbound", "outbound" or ""
	Path      string    `json:"path"`       // PathDirect … PathComputer, or ""
	Punched   bool      `json:"punched"`    // the direct path was made through the relayed one
	Relay     string    `json:"relay"`      // peer id of the relay of a relayed path
	Transport string    `json:"transport"`  // "tcp", "quic" or ""
	Agent     string    `json:"agent"`      // its program and version, "" when unknown
	Protocols []string  `json:"protocols"`  // sorted
	Role      string    `json:"role"`       // "node", "client", or "" while it has not said what it speaks
	Member    bool      `json:"member"`     // of this node's network
	LatencyMS float64   `json:"latency_ms"` // moving average, 0 when unknown
	Latencies []float64 `json:"latencies"`  // the last answers in ms, oldest first
	BytesIn   uint64    `json:"bytes_in"`   // since this node started
	BytesOut  uint64    `json:"bytes_out"`
	RateIn    float64   `json:"rate_in"` // bytes a second, averaged
	RateOut   float64   `json:"rate_out"`
	Since     time.Time `json:"since"` // when the connection was made
	LastSeen  time.Time `json:"last_seen"`
	Keep      bool      `json:"keep"`    // dialled again whenever it is lost
	Blocked   bool      `json:"blocked"` // neither dialled nor let in
	Place     Place     `json:"place"`
}

// Words for the way to a peer, finer than Path.
const (
	RouteComputer = "local"
	RouteLAN      = "lan"
	RouteTCP      = "direct-tcp"
	RouteQUIC     = "direct-quic"
	RoutePunched  = "hole-punched"
	RouteRelayed  = "relayed"
	RouteOffline  = "offline"
)

// Route is the way to the peer in one word.
func (p Peer) Route() string {
	switch {
	case !p.Connected:
		return RouteOffline
	case p.Path == PathComputer:
		return RouteComputer
	case p.Path == PathLAN:
		return RouteLAN
	case p.Path == PathRelayed:
		return RouteRelayed
	case p.Punched:
		return RoutePunched
	case p.Transport == "quic":
		return RouteQUIC
	}
	return RouteTCP
}

// Kinds of places.
const (
	PlacePublic   = "public"   // looked up: country and region
	PlaceLocal    = "local"    // the network around this computer
	PlaceComputer = "computer" // this computer itself
	PlaceRelay    = "relay"    // reached through a relay, whose place is not the peer's
	PlaceCarrier  = "carrier"  // a carrier's or a VPN's own network
	PlaceUnknown  = "unknown"
)

// Place is roughly where an address is. Lat and Lon are the middle of a region
// and mean nothing unless Kind is PlacePublic.
type Place struct {
	Kind    string  `json:"kind"`
	Country string  `json:"country"` // two letters, "" when unknown
	Region  string  `json:"region"`  // its name, "" when unknown
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
}

// PathNode is a node of the path matrix.
type PathNode struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Self   bool   `json:"self"`
	Known  bool   `json:"known"`  // it was heard of within the last minutes
	Shared bool   `json:"shared"` // it tells what it measures; meaningful when Known
	AgeMS  int64  `json:"age_ms"` // of what it told, -1 when nothing is known
}

// PathCell is how From reaches To, as From measured it.
type PathCell struct {
	From  string  `json:"from"`
	To    string  `json:"to"`
	MS    float64 `json:"ms"`   // 0 when it was not measured
	Path  string  `json:"path"` // as Peer.Route
	AgeMS int64   `json:"age_ms"`
}

// PathMatrix is who measured whom.
type PathMatrix struct {
	Sharing bool       `json:"sharing"` // this node tells the others what it measures
	Nodes   []PathNode `json:"nodes"`
	Cells   []PathCell `json:"cells"`
}

// PathChange is a change of the way to a peer; From and To are as Peer.Route.
type PathChange struct {
	At   time.Time `json:"at"`
	Peer string    `json:"peer"`
	Name string    `json:"name"`
	From string    `json:"from"`
	To   string    `json:"to"`
}

// Results of a finding.
const (
	FindingOK   = "ok"
	FindingWarn = "warn" // works, with a loss
	FindingBad  = "bad"
	FindingOff  = "off" // does not apply here, or could not be judged yet
)

// Finding is one line of the doctor: what is so, why it is believed, and what
// would change it.
type Finding struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Result   string `json:"result"`
	Evidence string `json:"evidence"`
	Remedy   string `json:"remedy"` // "" when there is nothing to do
}

// PathReason says why the way to a peer is what it is.
type PathReason struct {
	Rule     string   `json:"rule"` // a short name of the rule that fitted
	Sentence string   `json:"sentence"`
	Evidence []string `json:"evidence"`
}

// Whereabouts is this node as others see it.
type Whereabouts struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"` // full ones that others can dial
	Public    string   `json:"public"`    // the IP address that others saw, "" when none told
	Place     Place    `json:"place"`     // of Public
}

// Traffic counts what the peer-to-peer host moved since the node started.
type Traffic struct {
	Total     Flow   `json:"total"`
	Protocols []Flow `json:"protocols"` // the busiest first
}

// Flow is one line of Traffic.
type Flow struct {
	Protocol string  `json:"protocol"` // "" for all together
	BytesIn  uint64  `json:"bytes_in"`
	BytesOut uint64  `json:"bytes_out"`
	RateIn   float64 `json:"rate_in"` // bytes a second, averaged
	RateOut  float64 `json:"rate_out"`
}

// Gossip is how the node finds others and hears from them.
type Gossip struct {
	Bootstrap []Bootstrap   `json:"bootstrap"`
	Topics    []GossipTopic `json:"topics"`
	Scores    []GossipScore `json:"scores"` // the worst first
	Counters  []GossipCount `json:"counters"`
}

// Bootstrap is how it stands with one configured peer.
type Bootstrap struct {
	ID        string    `json:"id"`
	Addresses []string  `json:"addresses"`
	Connected bool      `json:"connected"`
	Failures  int       `json:"failures"`          // since the last success
	NextTry   time.Time `json:"next_try,omitzero"` // zero when connected or being dialled
	Reason    string    `json:"reason"`            // of the last failure
}

// GossipTopic is one topic that the node carries.
type GossipTopic struct {
	Topic       string `json:"topic"`
	Peers       int    `json:"peers"`       // neighbours that carry it
	Mesh        int    `json:"mesh"`        // those among them that get each message at once
	Subscribers int    `json:"subscribers"` // on this node
}

// GossipScore is what a neighbour's behaviour earned it. Below -1000 it is not
// listened to.
type GossipScore struct {
	Peer  string  `json:"peer"`
	Name  string  `json:"name"`
	Score float64 `json:"score"`
}

// GossipCount is one counter since the node started, such as "rejected".
type GossipCount struct {
	Name  string `json:"name"`
	Count uint64 `json:"count"`
}

// MaxPeerName bounds a name that a person gives a peer, in bytes.
const MaxPeerName = 64
