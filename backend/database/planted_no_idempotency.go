//go:build plant_no_idempotency

package database

// A planted bug: row A3 must turn red with it.
const (
	readStale  = false
	ignoreKeys = true
)
