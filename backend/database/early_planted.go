//go:build plant_ack_before_commit

package database

// ackEarly is a planted bug: rows A1 and A4 must turn red with it.
const ackEarly = true

// ackEarlyAfter entries are acknowledged as they should be, so that a network
// gets as far as being tested.
const ackEarlyAfter = 100
