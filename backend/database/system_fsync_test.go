//go:build system && linux

// Row C3: the disk says no to a sync. Needs strace; run with
//
//	go test -tags system -run TestSystemC3 ./backend/database

package database

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

const (
	failedSyncs = 40  // rounds
	lastSync    = 200 // of a thread, in which the failure comes at the latest
)

// C3: if a failed sync ends the program, one bad sector takes all namespaces; if
// it is passed over, what was acknowledged is not on the disk.
func TestSystemC3_EachSyncFails(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("not run: there is no strace")
	}
	random, seed := seeded(t)
	dir, h := t.TempDir(), childHost(t.Fatal)
	t.Cleanup(closeQuietly(h))
	acknowledged := map[string]bool{}
	there, lived, unstarted, void := 0, 0, 0, 0
	for round := range rounds(failedSyncs) {
		when := fmt.Sprint(1 + random.IntN(lastSync))
		if round%2 == 1 {
			when += "+" // and all after it
		}
		child := exec.Command(strace, "-f", "-qq", "-o", os.DevNull, "-e", "trace=fsync,fdatasync",
			"-e", "inject=fsync,fdatasync:error=EIO:when="+when, os.Args[0])
		child.Env = append(os.Environ(), childFolder+"="+dir, childFails+"=1")
		var out, complaint bytes.Buffer
		child.Stdout, child.Stderr = &out, &complaint
		err := child.Run()
		said := ""
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, note) {
				said += line + "\n"
			} else {
				acknowledged[line] = true
			}
		}
		exit := new(exec.ExitError)
		switch {
		case strings.Contains(said, "unexpected"):
			t.Errorf("sync %s: %s", when, said)
		case err == nil && strings.Contains(said, "no failure"):
			void++
		case err == nil && strings.Contains(said, "health: ok"), strings.Contains(said, "level none: false"):
			t.Errorf("sync %s: %s", when, said)
		case err == nil:
			lived++
		case errors.As(err, &exit) && exit.ExitCode() == 1 && strings.Contains(complaint.String(), "check the"):
			unstarted++
		default:
			t.Errorf("sync %s: the child ended with %v: %s", when, err, lastOf(complaint.String()))
		}
		if len(acknowledged) > 0 {
			there = lookAfterChild(t, h, dir, acknowledged)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if lived == 0 || len(acknowledged) == 0 {
		t.Errorf("C3 void: %d rounds met a failed sync while writing", lived)
	}
	t.Logf("C3 seed %d: %d rounds, %d lived on, %d could not start and said so, %d met no failure, %d acknowledged, %d there",
		seed, rounds(failedSyncs), lived, unstarted, void, len(acknowledged), there)
}

// lastOf is the end of a long text.
func lastOf(text string) string { return text[max(0, len(text)-2000):] }
