//go:build !plant_ack_before_commit

package database

// ackEarly is false: nothing is acknowledged before the group has it.
const ackEarly = false

const ackEarlyAfter = 0
