//go:build !linux

package faults

import "testing"

// Disk is an ext4 file system in a file; only Linux has one.
type Disk struct{ Dir string }

// NewDisk skips the test.
func NewDisk(t testing.TB, _ int64) *Disk {
	t.Skip("not run: the disk faults need Linux")
	return nil
}

// Mount does nothing here.
func (*Disk) Mount() error { return nil }

// Unmount does nothing here.
func (*Disk) Unmount() error { return nil }

// Cut does nothing here.
func (*Disk) Cut() error { return nil }

// Fill does nothing here.
func (*Disk) Fill() error { return nil }

// Free does nothing here.
func (*Disk) Free() error { return nil }
