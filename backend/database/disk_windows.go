// Free space on the disk.

package database

import "golang.org/x/sys/windows"

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
