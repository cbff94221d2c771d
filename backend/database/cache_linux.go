package database

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// dropCached makes the system forget what it remembers of a file that nobody has
// open. After a failed fsync that is more than the disk holds, and it outlives
// the process that met the failure.
func dropCached(path string) error {
	f, err := os.Open(path) //nolint:gosec // the group's own folder
	if err != nil {
		return err
	}
	err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)       //nolint:gosec // a descriptor fits
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) { // a file system without it
		err = nil
	}
	return errors.Join(err, f.Close())
}
