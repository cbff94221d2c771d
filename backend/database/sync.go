//go:build !plant_no_snapshot_sync

package database

import (
	"errors"
	"os"

	"git.debros.io/DeBros/network/backend/disk"
)

// syncSnapshot waits until the file is on the disk.
func syncSnapshot(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the group's own folder
	if err != nil {
		return err
	}
	return errors.Join(disk.Sync(f), f.Close())
}
