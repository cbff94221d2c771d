package node

// This file shares out the files and connections that the system lets this
// process have open: the gateway takes what the others do not need.

import (
	"git.debros.io/DeBros/network/backend/config"
)

const (
	// groupDescriptors is what an awake database has open: its database and its
	// log with what belongs to them.
	groupDescriptors = 6
	// ownDescriptors are those of everything else: listeners, logs, locks, what
	// a snapshot or a backup has open for a moment, and callers that the gateway
	// tells that it is full.
	ownDescriptors = 128
	// leastConnections is what a gateway gets however few there are.
	leastConnections = 32
)

// gatewayConnections is how many connections the gateway may have when the
// process may have limit files open; 0 is no limit.
func gatewayConnections(c config.Config, limit uint64) int {
	most := c.Gateway.MaxConnections
	if limit == 0 || limit > 1<<30 {
		return most
	}
	left := int(limit) - ownDescriptors - c.Node.MaxConnections - groupDescriptors*c.Database.MaxAwake
	return min(most, max(left, int(limit)/8, leastConnections))
}
