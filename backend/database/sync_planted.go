//go:build plant_no_snapshot_sync

package database

// syncSnapshot is a planted bug: row A5 must turn red with it.
func syncSnapshot(string) error { return nil }
