package node

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func openTest(path string) (*Folder, error) {
	c := config.Default()
	c.Node.DataDir = path
	return Claim(c)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A mistyped folder must not become ours: its owner would find it closed to
// others, with our files among theirs.
func TestFolder_Foreign(t *testing.T) {
	for name, test := range map[string]struct {
		holds string
		taken bool
	}{
		"somebody's letters":          {holds: "letters/2026.txt"},
		"a configuration of ours":     {holds: config.FileName, taken: true},
		"a key of ours":               {holds: "identity.key", taken: true},
		"what a new disk brings":      {holds: "lost+found/x", taken: true},
		"what a desktop leaves there": {holds: ".DS_Store", taken: true},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "data")
			write(t, filepath.Join(path, test.holds), "")
			if err := os.Chmod(path, 0o755); err != nil {
				t.Fatal(err)
			}
			f, err := openTest(path)
			if test.taken {
				if err == nil {
					err = f.Release()
				}
				if err != nil {
					t.Error(err)
				}
				return
			}
			if core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), "--data-dir") {
				t.Errorf("%v", err)
			}
			info, err := os.Stat(path)
			entries, errRead := os.ReadDir(path)
			if err != nil || errRead != nil || info.Mode().Perm() != 0o755 || len(entries) != 1 {
				t.Errorf("it was changed: %v, %v, %v, %v", info.Mode(), entries, err, errRead)
			}
		})
	}
}

// Two processes on one folder would write over each other's data.
func TestFolder_SecondStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	first, err := openTest(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = openTest(path); !errors.Is(err, ErrLocked) {
		t.Errorf("second start: %v", err)
	}
	if err = first.Release(); err != nil {
		t.Fatal(err)
	}
	again, err := openTest(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.network != first.network || again.network == "" {
		t.Errorf("the network changed from %q to %q", first.network, again.network)
	}
	if err := again.Release(); err != nil {
		t.Fatal(err)
	}
}

// An old program that opens newer data could destroy it; a damaged folder must
// never be taken for a new one.
func TestFolder_Refused(t *testing.T) {
	tests := map[string]struct{ file, text, says string }{
		"newer format":     {"format", "2\n", "newer debros"},
		"damaged format":   {"format", "\x00\x00", "is damaged"},
		"huge format":      {"format", strings.Repeat("1", 5000), "is damaged"},
		"escaping network": {"network", "../../etc", "is damaged"},
		"empty network":    {"network", "", "is damaged"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			write(t, filepath.Join(path, test.file), test.text)
			_, err := openTest(path)
			if core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), test.says) {
				t.Errorf("got %v", err)
			}
			kept, err := os.ReadFile(filepath.Join(path, test.file))
			if err != nil || string(kept) != test.text {
				t.Errorf("the file was changed to %q, %v", kept, err)
			}
		})
	}
}

// The name of the network is the way to its data: when it is lost, a new name
// would start an empty network beside the old one.
func TestFolder_LostNetworkName(t *testing.T) {
	path := t.TempDir()
	f, err := openTest(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Join(f.databases, f.network), 0o700), f.Release(), os.Remove(filepath.Join(path, "network"))); err != nil {
		t.Fatal(err)
	}
	if f, err := openTest(path); err == nil {
		t.Errorf("started with network %q beside the old data", f.network)
	}
}

// Whoever shares the machine must not read keys or data.
func TestFolder_IsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data")
	f, err := openTest(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if releaseErr := f.Release(); releaseErr != nil {
			t.Error(releaseErr)
		}
	})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// A folder that cannot be written must be told before a port or window opens.
func TestFolder_NotWritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	for name, path := range map[string]string{"below a file": filepath.Join(file, "data"), "no name": ""} {
		if _, err := openTest(path); err == nil || !strings.Contains(core.Sentence(err), "--data-dir") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if os.Geteuid() != 0 { // root may write anywhere
		closed := filepath.Join(t.TempDir(), "closed")
		if err := os.Mkdir(closed, 0o500); err != nil {
			t.Fatal(err)
		}
		if _, err := openTest(closed); core.CodeOf(err) != core.Unavailable {
			t.Errorf("read-only folder: %v", err)
		}
	}
}

// The lock goes last: a second start must never find parts still running.
func TestFolder_RunHoldsTheLock(t *testing.T) {
	path := t.TempDir()
	f, err := openTest(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	up := make(chan struct{})
	go func() { ended <- f.Run(ctx, func() { close(up) }) }()
	<-up
	if _, err = openTest(path); !errors.Is(err, ErrLocked) {
		t.Errorf("got %v", err)
	}
	cancel()
	if err = <-ended; err != nil {
		t.Fatal(err)
	}
	if f, err = openTest(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Release(); err != nil {
		t.Fatal(err)
	}
}

// The first start is welcomed; a folder with data never is again.
func TestFolder_Fresh(t *testing.T) {
	path := t.TempDir()
	for _, want := range []bool{true, false} {
		f, err := openTest(path)
		if err != nil {
			t.Fatal(err)
		}
		if f.Fresh() != want {
			t.Errorf("fresh %v, not %v", f.Fresh(), want)
		}
		if err = f.Release(); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(f.databases, f.inUse(), "network.json"), "{}")
	}
}
