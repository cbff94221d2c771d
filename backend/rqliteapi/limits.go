package rqliteapi

// The bounds of this API.

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of one request.
const (
	// MaxBodyBytes bounds the body of a request with SQL. The database takes 16
	// MiB in one write; the same in hex, as JSON, has about twice that.
	MaxBodyBytes = 33 << 20
	// MaxStatements bounds the statements of one request, as the database does.
	MaxStatements = 10_000
	// MaxParameters bounds the values of one statement; it is SQLite's own bound.
	MaxParameters = 32_766
	// MaxTimeout bounds the timeout that a request may ask for.
	MaxTimeout = 5 * time.Minute
	// defaultTimeout is rqlite's.
	defaultTimeout = 30 * time.Second
)

// Bounds of all requests together.
const (
	// MaxConnections bounds open connections; the next one waits to be accepted.
	MaxConnections = 256
	// MaxRequests bounds requests that are worked on; the others wait for their turn.
	MaxRequests = 64
	// maxLarge bounds requests with a body of more than smallBody: a body is held
	// in memory, some with what is made of it.
	maxLarge  = 4
	smallBody = 1 << 20
	// maxTransfers bounds backups and loads: each needs a copy on the disk.
	maxTransfers = 2
)

// Bounds of one connection. Nobody who sends or reads slowly holds it for longer.
const (
	maxHeaderBytes = 16 << 10
	maxHeaderTime  = 5 * time.Second
	maxBodyTime    = 30 * time.Second
	maxAnswerTime  = MaxTimeout + time.Minute
	maxIdleTime    = 2 * time.Minute
	maxStallTime   = 30 * time.Second // of a transfer, between two pieces
	maxDrainTime   = 2 * time.Second  // for answers under way when the node stops
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "body of one request in rqlite's form", Value: fmt.Sprintf("%d MiB", MaxBodyBytes>>20), Why: "it is held in memory; larger things go through /db/load"},
		{Name: "requests in rqlite's form at once", Value: fmt.Sprint(MaxRequests), Why: "each is held in memory; the others wait"},
	}
}
