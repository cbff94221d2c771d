//go:build unix

package node

import "syscall"

// descriptorLimit is how many files this process may have open, 0 when that is
// not known. Go has raised it to what the system allows.
func descriptorLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Cur) //nolint:unconvert // FreeBSD's is signed
}
