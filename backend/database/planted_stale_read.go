//go:build plant_stale_read

package database

// A planted bug: row A9 must turn red with it.
const (
	readStale  = true
	ignoreKeys = false
)
