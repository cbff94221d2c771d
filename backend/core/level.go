package core

import "time"

// Level says how fresh a read must be.
type Level string

// The levels, from cheapest to strictest.
const (
	LevelNone         Level = "none"         // this replica as it is; may be bounded by a freshness
	LevelWeak         Level = "weak"         // the leader as it sees itself
	LevelLinearizable Level = "linearizable" // everything acknowledged before the read began is in it
)

// ParseLevel reads a level; "" is linearizable, the default everywhere.
func ParseLevel(s string) (Level, error) {
	switch l := Level(s); l {
	case "":
		return LevelLinearizable, nil
	case LevelNone, LevelWeak, LevelLinearizable:
		return l, nil
	}
	return "", Errorf(Invalid, "level %q is not known; use none, weak or linearizable", s)
}

// Provenance says where an answer comes from and how old it may be.
type Provenance struct {
	Level       Level   `json:"level"`        // the level that was asked for
	ServedBy    string  `json:"served_by"`    // peer id of the node that answered
	Leader      string  `json:"leader"`       // peer id of the group's leader, "" when none is known
	Group       string  `json:"group"`        // "ns::<namespace>"
	Index       uint64  `json:"index"`        // last log entry applied to the data that was read
	LeaderIndex uint64  `json:"leader_index"` // the leader's commit index as far as it is known
	AgeMS       int64   `json:"age_ms"`       // time since the leader was last heard; 0 on the leader, -1 when it was not heard since the replica was opened
	How         string  `json:"how"`          // "local", "forwarded" or "replica"
	Path        string  `json:"path"`         // "" when local, else "direct", "relayed" or "lan"
	ElapsedMS   float64 `json:"elapsed_ms"`   // time spent from request to answer
}

// ReadOptions are common to SQL and key-value reads. The zero value reads
// linearizably within the node's read limit.
type ReadOptions struct {
	Level     Level         // "" means linearizable
	Freshness time.Duration // with LevelNone: refuse an answer older than this; 0 accepts any age
}
