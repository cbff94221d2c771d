package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const (
	shutdownRequest = 0x8004587d // EXT4_IOC_SHUTDOWN
	dropJournal     = 2          // what is not on the disk is gone, the journal's tail too
	ballastFile     = "ballast"
	fillStep        = 1 << 20
)

// Disk is an ext4 file system in a file. One goroutine at a time may use it.
type Disk struct {
	Dir   string // where it is mounted
	image string
	up    bool
}

// NewDisk makes and mounts a disk of so many bytes that goes away with the test.
// Without root or the tools the test is skipped, and says so.
func NewDisk(t testing.TB, bytes int64) *Disk {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not run: mounting a disk needs root")
	}
	for _, tool := range []string{"mkfs.ext4", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("not run: %s is missing", tool)
		}
	}
	work := t.TempDir()
	d := &Disk{Dir: filepath.Join(work, "mnt"), image: filepath.Join(work, "image")}
	if err := os.Mkdir(d.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(d.image)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(bytes), f.Close(), run("mkfs.ext4", "-q", "-F", d.image)); err != nil {
		t.Fatal(err)
	}
	if err := d.Mount(); err != nil {
		t.Skipf("not run: %v", err)
	}
	t.Cleanup(func() {
		if err := d.Unmount(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return d
}

// Mount puts the disk in place, as after the power is back.
func (d *Disk) Mount() error {
	err := run("mount", "-o", "loop", d.image, d.Dir)
	d.up = err == nil
	return err
}

// Unmount takes it away. Nothing may have a file on it open.
func (d *Disk) Unmount() error {
	if !d.up {
		return nil
	}
	err := run("umount", d.Dir)
	d.up = err != nil
	return err
}

// Cut cuts the power: only what was synced is on the disk, and every later call
// fails until it is mounted again.
func (d *Disk) Cut() error {
	dir, err := os.Open(d.Dir)
	if err != nil {
		return err
	}
	err = unix.IoctlSetPointerInt(int(dir.Fd()), shutdownRequest, dropJournal) //nolint:gosec // a descriptor is a small number
	return errors.Join(err, dir.Close())
}

// Fill leaves no space on the disk until Free is called.
func (d *Disk) Fill() error {
	f, err := os.OpenFile(filepath.Join(d.Dir, ballastFile), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	for step := fillStep; step >= 4096; {
		if _, err = f.Write(make([]byte, step)); err != nil {
			step /= 2
		}
	}
	if !errors.Is(err, unix.ENOSPC) {
		return errors.Join(fmt.Errorf("fill disk: %w", err), f.Close())
	}
	return f.Close()
}

// Free gives the space back that Fill took.
func (d *Disk) Free() error { return os.Remove(filepath.Join(d.Dir, ballastFile)) }

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil { //nolint:gosec,noctx // the names stand above, and they end by themselves
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(out)))
	}
	return nil
}
