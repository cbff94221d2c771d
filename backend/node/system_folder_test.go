//go:build system && linux

package node_test

// Row C6 of the scoreboard: folders that a node must not take. Each start is a
// process of its own. The read-only folder needs root.

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	secondStarts = 20
	atOnce       = 8
	leaveLimit   = time.Second // of a second start
)

// started is a process that was to run a node.
type started struct {
	says string // "ready", or why not
	took time.Duration
	pid  int
	end  func() error
}

// begin starts a node in a process and waits for its first word.
func begin(t *testing.T, dir string) started {
	t.Helper()
	return launch(t, dir)()
}

// launch starts a node in a process. What it returns waits for the first word.
func launch(t *testing.T, dir string) func() started {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), idleFolder+"="+dir)
	input, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceValue(func() error { return errors.Join(input.Close(), child.Wait()) })
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Error(err)
		}
	})
	return func() started {
		lines := bufio.NewScanner(output)
		lines.Scan()
		return started{says: lines.Text(), took: time.Since(began), pid: child.Process.Pid, end: end}
	}
}

// tree is what is below dir: names, modes, and sizes unless a node runs there.
func tree(t *testing.T, dir string, sizes bool) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		line := fmt.Sprint(path, " ", info.Mode())
		if sizes && entry.Type().IsRegular() {
			line += fmt.Sprint(" ", info.Size(), " ", info.ModTime())
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// C6: a second start names the first and leaves; a folder that cannot be ours is
// refused with a way on, and nothing is left in it.
func TestSystemC6_FoldersThatAreNotOurs(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	holder := begin(t, dir)
	if holder.says != "ready" {
		t.Fatal(holder.says)
	}
	before := tree(t, dir, false)
	starts := secondStarts
	if testing.Short() {
		starts = 4
	}
	var slowest time.Duration
	for i := range starts {
		second := begin(t, []string{dir, link}[i%2])
		slowest = max(slowest, second.took)
		if !strings.Contains(second.says, fmt.Sprintf("process %d,", holder.pid)) || !strings.Contains(second.says, "--data-dir") {
			t.Errorf("a second start says %q", second.says)
		}
		if err := second.end(); err != nil {
			t.Error(err)
		}
	}
	if slowest > leaveLimit {
		t.Errorf("a second start left after %v", slowest)
	}
	if after := tree(t, dir, false); after != before {
		t.Errorf("second starts changed the folder:\n%s\nbefore:\n%s", after, before)
	}
	if err := holder.end(); err != nil {
		t.Error(err)
	}
	race(t)
	refused := refusals(t, dir)
	if again := begin(t, link); again.says != "ready" {
		t.Errorf("when all have ended: %s", again.says)
	}
	t.Logf("C6: %d second starts named the holder and left after at most %v; of %d at once one ran; refused untouched: %s",
		starts, slowest.Round(time.Millisecond), atOnce, strings.Join(refused, ", "))
	if os.Geteuid() != 0 {
		t.Skip("not run: the read-only folders need root")
	}
}

// race starts several nodes on one new folder at once.
func race(t *testing.T) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	var all []func() started
	for range atOnce {
		all = append(all, launch(t, dir))
	}
	ready := 0
	var ends []func() error
	for _, word := range all {
		s := word()
		ends = append(ends, s.end)
		switch {
		case s.says == "ready":
			ready++
		case !strings.Contains(s.says, "already runs on"):
			t.Errorf("one of several starts says %q", s.says)
		}
	}
	if ready != 1 {
		t.Errorf("%d of %d nodes run on one folder", ready, atOnce)
	}
	for _, end := range ends {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}

// refusals tries what a node must refuse, and returns the names of it. ours is a
// folder with data, in which no node runs.
func refusals(t *testing.T, ours string) []string {
	t.Helper()
	top := t.TempDir()
	folder := func(name string, files ...string) string {
		dir := filepath.Join(top, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if err := os.WriteFile(filepath.Join(dir, file), []byte("somebody's"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	file := filepath.Join(folder("file", "data"), "data")
	nowhere := filepath.Join(folder("dangling"), "data")
	if err := os.Symlink(filepath.Join(top, "gone", "deeper"), nowhere); err != nil {
		t.Fatal(err)
	}
	tries := map[string]string{
		"a foreign folder": folder("foreign", "letter.txt"), "a file": file, "below a file": filepath.Join(file, "data"), "a link to nowhere": nowhere,
	}
	if os.Geteuid() == 0 {
		copied := folder("kept")
		if err := os.CopyFS(filepath.Join(copied, "data"), os.DirFS(ours)); err != nil {
			t.Fatal(err)
		}
		tries["a read-only folder with data"] = readOnly(t, filepath.Join(copied, "data"))
		tries["a read-only folder"] = readOnly(t, folder("closed"))
	}
	before := tree(t, top, true)
	var names []string
	for name, dir := range tries {
		s := begin(t, dir)
		if s.says == "ready" || !strings.Contains(s.says, dir) || !strings.Contains(s.says, "--data-dir") {
			t.Errorf("%s: it says %q", name, s.says)
		}
		if err := s.end(); err != nil {
			t.Error(err)
		}
		names = append(names, name)
	}
	if after := tree(t, top, true); after != before {
		t.Errorf("it was changed:\n%s\nbefore:\n%s", after, before)
	}
	slices.Sort(names)
	return names
}

// readOnly makes a folder that nobody can write to, not even root.
func readOnly(t *testing.T, dir string) string {
	t.Helper()
	if err := unix.Mount(dir, dir, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("not run: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	if err := unix.Mount("", dir, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	return dir
}
