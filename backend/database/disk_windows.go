// Space on the disk.

package database

import (
	"errors"

	"golang.org/x/sys/windows"
)

// freeBytes tells how much this program may still write below dir.
func freeBytes(dir string) (bytes int64, known bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var free uint64
	if err := windows.GetDiskFreeSpaceEx(name, &free, nil, nil); err != nil {
		return 0, false
	}
	return int64(free), true //nolint:gosec // a disk's size fits
}

// outOfSpace tells that the disk is full.
func outOfSpace(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL)
}
