//go:build system && linux

// Rows A4 and A5: a node that is killed, or whose power is cut, while it writes
// and takes snapshots. Run with
//
//	go test -tags system -run TestSystem ./backend/database    (A5 as root)
//
// DEBROS_SEED repeats the random moments of a run; -short does a few rounds.

package database

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/internal/testkit/faults"
)

const (
	killRounds  = 100
	cutRounds   = 30
	insideCuts  = 10
	shortRounds = 5
	floorRate   = 200.0 // acknowledged writes a second before the fault
	powerDisk   = 400 << 20
	openLimit   = 2 * time.Second // of a folder that a kill left
)

// seeded is the run's randomness, printed so that it can be repeated.
func seeded(t *testing.T) (*rand.Rand, uint64) {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("DEBROS_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return rand.New(rand.NewPCG(seed, 1)), seed
}

func rounds(n int) int {
	if testing.Short() {
		return min(n, shortRounds)
	}
	return n
}

// writing is a child that writes, and what it has acknowledged.
type writing struct {
	first, last time.Time
	lines       []string
	began       chan struct{} // closed at the first acknowledgement
	ended       chan struct{} // closed when the pipe is drained
	kill        func()
}

// startWriting starts a child whose rows have so many bytes.
func startWriting(t *testing.T, dir string, bytes int) *writing {
	t.Helper()
	child := childCommand(dir)
	child.Env = append(child.Env, fmt.Sprintf("%s=%d", childText, bytes))
	child.Stderr = io.Discard // it panics when its disk is gone
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	w := &writing{began: make(chan struct{}), ended: make(chan struct{})}
	w.kill = func() {
		closeQuietly(killer{child.Process})()
		<-w.ended
		_ = child.Wait() //nolint:errcheck // it was killed
	}
	t.Cleanup(closeQuietly(killer{child.Process}))
	go func() {
		defer close(w.ended)
		read := bufio.NewScanner(out)
		for read.Scan() {
			if w.lines = append(w.lines, read.Text()); len(w.lines) == 1 {
				w.first = time.Now()
				close(w.began)
			}
			w.last = time.Now()
		}
	}()
	return w
}

// await waits for the first acknowledgement.
func (w *writing) await(t *testing.T) {
	t.Helper()
	select {
	case <-w.began:
	case <-w.ended:
		t.Fatal("the child ended before it wrote")
	case <-time.After(30 * time.Second):
		t.Fatal("the child did not write in 30 s")
	}
}

func (w *writing) rate() float64 {
	return float64(len(w.lines)) / max(w.last.Sub(w.first).Seconds(), 0.001)
}

// A4: if kill -9 takes an acknowledged write, the promise is broken.
func TestSystemA4_KillWhileWritingAndSnapshotting(t *testing.T) {
	random, seed := seeded(t)
	dir := t.TempDir()
	acknowledged, floor, slowest := map[string]bool{}, 1e9, time.Duration(0)
	h := childHost(t.Fatal)
	t.Cleanup(closeQuietly(h))
	there := 0
	for round := range rounds(killRounds) {
		w := startWriting(t, dir, 10)
		w.await(t)
		<-time.After(100*time.Millisecond + time.Duration(random.Int64N(int64(400*time.Millisecond))))
		w.kill()
		for _, line := range w.lines {
			acknowledged[line] = true
		}
		floor = min(floor, w.rate())
		if round%10 == 9 || round == rounds(killRounds)-1 {
			began := time.Now()
			n := open(t, h, Settings{Dir: dir})
			n.number(t, `SELECT count(*) FROM pairs`)
			slowest = max(slowest, time.Since(began))
			if err := n.stop(); err != nil {
				t.Fatal(err)
			}
			there = lookAfterChild(t, h, dir, acknowledged)
		}
	}
	k := keptOf(t, dir)
	switch {
	case floor < floorRate:
		t.Errorf("A4 void: %.0f writes/s are below the floor", floor)
	case k == nil:
		t.Error("A4 void: no snapshot was taken")
	case slowest > openLimit:
		t.Errorf("opening took %v", slowest)
	}
	t.Logf("A4 seed %d: %d kills, floor %.0f/s, %d acknowledged, %d there, slowest open %v", seed, rounds(killRounds), floor, len(acknowledged), there, slowest)
}

// A5: if a power cut takes an acknowledged write, a desktop of one node loses it.
func TestSystemA5_PowerCut(t *testing.T) {
	random, seed := seeded(t)
	p := newPower(t)
	for range rounds(cutRounds) {
		p.cut(t, 10, func() string {
			<-time.After(300*time.Millisecond + time.Duration(random.Int64N(int64(time.Second))))
			return ""
		})
	}
	p.report(t, "A5", seed)
}

// A5, inside: the cut comes while a snapshot is being written, so that the one
// before and the log behind it must do.
func TestSystemA5_PowerCutInsideASnapshot(t *testing.T) {
	_, seed := seeded(t)
	p := newPower(t)
	for range rounds(insideCuts) {
		p.cut(t, 2000, func() string {
			pattern := filepath.Join(p.dir, "red", snapshotsFolder, "*"+unfinished)
			<-time.After(500 * time.Millisecond)
			for until := time.Now().Add(20 * time.Second); time.Now().Before(until); <-time.After(200 * time.Microsecond) {
				if found, _ := filepath.Glob(pattern); len(found) > 0 { //nolint:errcheck // the pattern is good
					return strings.TrimSuffix(filepath.Base(found[0]), unfinished)
				}
			}
			t.Error("A5 void: no snapshot was seen")
			return ""
		})
	}
	p.report(t, "A5 inside", seed)
	if p.fellBack == 0 {
		t.Error("A5 void: the kept snapshot was never needed")
	}
}

// power is a disk whose power is cut again and again.
type power struct {
	disk         *faults.Disk
	dir          string
	acknowledged map[string]bool
	floor        float64
	cuts         int
	fellBack     int
	there        int
	cutLogs      int
}

func newPower(t *testing.T) *power {
	d := faults.NewDisk(t, powerDisk)
	return &power{disk: d, dir: filepath.Join(d.Dir, "databases"), acknowledged: map[string]bool{}, floor: 1e9}
}

// cut lets a child write until moment returns, cuts the power, and looks. moment
// may name the snapshot that was just being written.
func (p *power) cut(t *testing.T, bytes int, moment func() string) {
	t.Helper()
	w := startWriting(t, p.dir, bytes)
	w.await(t)
	inside := moment()
	if err := p.disk.Cut(); err != nil {
		t.Fatal(err)
	}
	w.kill()
	for _, line := range w.lines {
		p.acknowledged[line] = true
	}
	p.floor = min(p.floor, w.rate())
	for _, step := range []func() error{p.disk.Unmount, p.disk.Mount} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	p.cuts++
	if k := keptOf(t, p.dir); inside != "" && k != nil && k.Meta.ID != inside {
		p.fellBack++
	}
	h := childHost(t.Fatal)
	p.there = lookAfterChild(t, h, p.dir, p.acknowledged)
	closeQuietly(h)()
	if facts, err := readLog(filepath.Join(p.dir, "red", logFile)); err == nil && facts.first > 1 {
		p.cutLogs++
	}
	if t.Failed() {
		t.FailNow()
	}
}

func (p *power) report(t *testing.T, row string, seed uint64) {
	t.Helper()
	t.Logf("%s seed %d: %d cuts, floor %.0f/s, %d acknowledged, %d there, log cut after %d, kept snapshot needed %d times",
		row, seed, p.cuts, p.floor, len(p.acknowledged), p.there, p.cutLogs, p.fellBack)
	switch {
	case p.floor < floorRate:
		t.Errorf("%s void: %.0f writes/s are below the floor", row, p.floor)
	case p.cutLogs == 0:
		t.Errorf("%s void: the log was never cut", row)
	}
}
