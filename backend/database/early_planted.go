//go:build plant_ack_before_commit

package database

// ackEarly is a planted bug: rows A1 and A4 must turn red with it.
const ackEarly = true
