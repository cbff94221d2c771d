package faults_test

import (
	"os"
	"path/filepath"
	"testing"

	"git.debros.io/DeBros/network/backend/internal/testkit/faults"
)

// If a cut does not lose what was not synced, every power-cut test is void.
func TestCut_LosesWhatWasNotSynced(t *testing.T) {
	d := faults.NewDisk(t, 64<<20)
	write(t, filepath.Join(d.Dir, "synced"), true)
	write(t, filepath.Join(d.Dir, "loose"), false)
	for _, step := range []func() error{d.Cut, d.Unmount, d.Mount} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile(filepath.Join(d.Dir, "loose")); err == nil && len(text) > 0 {
		t.Error("the file that was not synced is there")
	}
	if text, err := os.ReadFile(filepath.Join(d.Dir, "synced")); err != nil || string(text) != "some text" {
		t.Errorf("the file that was synced holds %q, %v", text, err)
	}
}

func write(t *testing.T, path string, sync bool) {
	t.Helper()
	f, err := os.Create(path)
	if err == nil {
		_, err = f.WriteString("some text")
	}
	if err == nil && sync {
		err = f.Sync()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func ExampleDisk() {
	// In a test, where nothing on the disk may be open when it is unmounted:
	_ = func(t *testing.T) {
		d := faults.NewDisk(t, 64<<20)
		for _, step := range []func() error{d.Cut, d.Unmount, d.Mount} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
