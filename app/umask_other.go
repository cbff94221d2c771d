//go:build !unix && !bindings

package main

// closeToOthers does nothing: a user's folders are closed to others by default.
func closeToOthers() {}
