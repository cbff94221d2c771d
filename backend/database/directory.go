// What this package asks of the rest of the node: where groups are, and a way to
// the other nodes' replicas.

package database

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Directory says which members keep a group. It is what the members of the
// network agree on. Its methods may be called at once by many; they answer from
// memory whenever they can.
type Directory interface {
	// Place returns where ns lives, and chooses and records it when ns is new.
	Place(ctx context.Context, ns core.Namespace) (Placement, error)
	// Find is Place without making anything: NotFound when there is no such namespace.
	Find(ctx context.Context, ns core.Namespace) (Placement, error)
	// Formed records that the group has had a leader, so that nobody ever founds it again.
	Formed(ctx context.Context, ns core.Namespace) error
	// Moved drops what is remembered about ns: an answer showed that it is old.
	Moved(ns core.Namespace)
}

// Placement says which members keep a group.
type Placement struct {
	Namespace core.Namespace
	Replicas  []Place // the first one founds the group when it is new
	Formed    bool    // it has had a leader
	Revision  uint64  // grows with each change
}

// Place is one replica's place.
type Place struct {
	Node  string // peer id
	Voter bool
}

// Has tells whether node keeps a replica.
func (p Placement) Has(node string) bool {
	for _, place := range p.Replicas {
		if place.Node == node {
			return true
		}
	}
	return false
}

// Remote reaches the replicas of other nodes. The methods of [Replicas] are the
// other end. An error that is no answer of the other node has the code
// Unavailable when nothing can have happened there, else OutcomeUnknown.
type Remote interface {
	Query(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, node string, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	// Changed waits at the node's replica for changes, see Internal.Changed.
	Changed(ctx context.Context, node string, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error)
	// Wake opens the node's replica and says how it stands.
	Wake(ctx context.Context, node string, ns core.Namespace) (Standing, error)
	// Campaign lets the node's replica stand for election at once.
	Campaign(ctx context.Context, node string, ns core.Namespace) error
	// Sleep closes the node's replica unless it is in use; the leader asks for it.
	Sleep(ctx context.Context, node string, ns core.Namespace) error
	// Standing says how the node's replica stands without waking it.
	Standing(ctx context.Context, node string, ns core.Namespace) (Standing, error)
}

// Standing is how one replica stands.
type Standing struct {
	State       string `json:"state"`  // as in core.Group, or "none" when the node keeps no replica
	Leader      string `json:"leader"` // peer id; "" when it knows none
	Term        uint64 `json:"term"`
	LastIndex   uint64 `json:"last_index"` // of its log
	LastTerm    uint64 `json:"last_term"`
	Index       uint64 `json:"index"` // applied
	CommitIndex uint64 `json:"commit_index"`
	AgeMS       int64  `json:"age_ms"`   // since it heard the leader; -1 when it has not since it was opened
	Revision    uint64 `json:"revision"` // of the placement that it goes by
	Voter       bool   `json:"voter"`
	// Members are the group's members as this replica knows them: peer ids.
	Members []string `json:"members"`
}
