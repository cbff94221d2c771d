//go:build !plant_stale_read && !plant_no_idempotency

package database

// Bugs that can be planted, to see that the rows of the scoreboard find them.
const (
	readStale  = false // a strong read is answered from whatever this replica has
	ignoreKeys = false // an idempotency key is not looked at
)
