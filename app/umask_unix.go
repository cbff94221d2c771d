//go:build unix && !bindings

package main

import "syscall"

// closeToOthers makes every file and folder of this process its user's own:
// SQLite and Raft make theirs readable by all, inside folders that are not.
func closeToOthers() { syscall.Umask(0o077) }
