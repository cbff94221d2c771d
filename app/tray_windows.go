//go:build production || dev

package main

// statusArea is always there on Windows.
func statusArea() error { return nil }
