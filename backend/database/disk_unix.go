// Space on the disk.

//go:build !windows

package database

import (
	"errors"

	"golang.org/x/sys/unix"
)

// freeBytes tells how much this program may still write below dir.
func freeBytes(dir string) (bytes int64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:gosec,unconvert // a disk's size fits, and the types differ between systems
}

// outOfSpace tells that the disk, or this user's share of it, is full.
func outOfSpace(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
