//go:build !linux

package database

// dropCached does nothing: these systems offer no way to it, or drop by themselves
// what they could not write.
func dropCached(string) error { return nil }
