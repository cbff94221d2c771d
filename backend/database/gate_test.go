package database

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// frail is a log in memory on a disk that fails on request.
type frail struct {
	*raft.InmemStore

	mu    sync.Mutex
	fails error // of the next writes
	tries int
}

func (f *frail) try(do func() error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tries++
	if f.fails != nil {
		return f.fails
	}
	return do()
}

// fail makes the next writes fail, or succeed again with nil.
func (f *frail) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails = err
}

// tried is how many writes have reached the disk.
func (f *frail) tried() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.tries
}

func (f *frail) StoreLogs(l []*raft.Log) error {
	return f.try(func() error { return f.InmemStore.StoreLogs(l) })
}

func (f *frail) DeleteRange(from, to uint64) error {
	return f.try(func() error { return f.InmemStore.DeleteRange(from, to) })
}

func (f *frail) Set(k, v []byte) error { return f.try(func() error { return f.InmemStore.Set(k, v) }) }

func (f *frail) SetUint64(k []byte, v uint64) error {
	return f.try(func() error { return f.InmemStore.SetUint64(k, v) })
}

func newFrail(t *testing.T) (*frail, *gate, *int) {
	cuts := new(int)
	d, g := &frail{InmemStore: raft.NewInmemStore()}, newGate("ns::red", func() { *cuts++ }, testLog(t))
	g.LogStore, g.StableStore = d, d
	return d, g, cuts
}

// A sync that succeeds after a failed one says nothing about what is on the disk:
// if a replica writes on, it acknowledges what is not there.
func TestGate_ShutsWithTheFirstFailure(t *testing.T) {
	entry, term := &raft.Log{Index: 1}, []byte(termKey)
	writes := map[string]func(g *gate) error{
		"an entry":          func(g *gate) error { return g.StoreLog(entry) },
		"entries":           func(g *gate) error { return g.StoreLogs([]*raft.Log{entry}) },
		"the end of a log":  func(g *gate) error { return g.DeleteRange(1, 2) },
		"whom it votes for": func(g *gate) error { return g.Set([]byte("LastVoteCand"), []byte("x")) },
		"when it voted":     func(g *gate) error { return g.SetUint64([]byte("LastVoteTerm"), 2) },
	}
	for what, write := range writes {
		t.Run(what, func(t *testing.T) {
			bad, g, cuts := newFrail(t)
			if err := write(g); err != nil || g.fault() != nil {
				t.Fatalf("on a good disk: %v, %v", err, g.fault())
			}
			bad.fail(syscall.EIO)
			if err := write(g); !errors.Is(err, errDiskFailed) || !errors.Is(err, syscall.EIO) {
				t.Errorf("on a failing disk: %v", err)
			}
			if core.CodeOf(g.fault()) != core.Unavailable || *cuts != 1 {
				t.Errorf("the replica is told %v and cut off %d times", g.fault(), *cuts)
			}
			bad.fail(nil) // as fsync, which reports a failure once
			before := bad.tried()
			for again, write := range writes {
				if err := write(g); !errors.Is(err, errDiskFailed) {
					t.Errorf("%s afterwards: %v", again, err)
				}
			}
			if err := g.SetUint64(term, 3); err != nil { // Raft would end the program
				t.Errorf("the term: %v", err)
			}
			if bad.tried() != before || *cuts != 1 {
				t.Errorf("it wrote %d times after the failure and was cut off %d times", bad.tried()-before, *cuts)
			}
		})
	}
}

// Raft ends the program when it cannot store a term: with one bad disk all
// namespaces would be gone.
func TestGate_ATermThatCannotBeStoredCutsTheReplicaOff(t *testing.T) {
	bad, g, cuts := newFrail(t)
	bad.fail(syscall.EIO)
	if err := g.SetUint64([]byte(termKey), 2); err != nil {
		t.Errorf("raft hears of %v", err)
	}
	if g.fault() == nil || *cuts != 1 {
		t.Errorf("the replica goes on with a term that is not on the disk: %v, cut off %d times", g.fault(), *cuts)
	}
}

// If a full disk is taken for a broken one, everybody has to restart a node that
// needed some space only; if a sync that finds no space is not, data is lost.
func TestGate_AFullDiskIsNotABrokenOne(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "raft.db", Err: syscall.ENOSPC}
	bad, g, _ := newFrail(t)
	bad.fail(full)
	if err := g.StoreLog(&raft.Log{Index: 1}); !errors.Is(err, syscall.ENOSPC) || errors.Is(err, errDiskFailed) || g.fault() != nil {
		t.Errorf("an entry on a full disk: %v, %v", err, g.fault())
	}
	bad.fail(nil)
	if err := g.StoreLog(&raft.Log{Index: 1}); err != nil {
		t.Errorf("an entry when there is space again: %v", err)
	}
	bad.fail(syscall.ENOSPC) // without a "write", as a sync says it
	if err := g.StoreLog(&raft.Log{Index: 2}); !errors.Is(err, errDiskFailed) || g.fault() == nil {
		t.Errorf("a sync that found no space: %v, %v", err, g.fault())
	}
}

// If a term is given up on a full disk, the node must be restarted; if it is
// waited for without end, the node cannot stop.
func TestGate_ATermWaitsForSpace(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "raft.db", Err: syscall.ENOSPC}
	for _, closes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			bad, g, cuts := newFrail(t)
			bad.fail(full)
			done := make(chan error, 1)
			go func() { done <- g.SetUint64([]byte(termKey), 7) }()
			<-time.After(10 * spaceEvery)
			synctest.Wait()
			if len(done) != 0 || g.fault() != nil || bad.tried() < 5 {
				t.Fatalf("after %d tries it is done: %d, %v", bad.tried(), len(done), g.fault())
			}
			if closes {
				close(g.over)
			} else {
				bad.fail(nil)
			}
			if err := <-done; err != nil {
				t.Errorf("raft hears of %v", err)
			}
			if term, err := bad.GetUint64([]byte(termKey)); !closes && (err != nil || term != 7 || *cuts != 0) {
				t.Errorf("the term is %d, %v, cut off %d times", term, err, *cuts)
			}
			if closes && *cuts != 1 {
				t.Error("a replica whose term is not stored may still speak")
			}
		})
	}
}

// If the sync of a snapshot is passed over, the log is cut behind a file that is
// not on the disk; if any fault of a file shuts the gate, each needs a restart.
func TestGate_AFileBesideTheLog(t *testing.T) {
	tests := map[string]struct {
		err  error
		shut bool
	}{
		"that was not synced":            {fmt.Errorf("keep snapshot: %w", fmt.Errorf("%w: %w", disk.ErrSync, syscall.EIO)), true},
		"that was not synced when full":  {fmt.Errorf("%w: %w", disk.ErrSync, syscall.ENOSPC), false},
		"that could not be made":         {&fs.PathError{Op: "open", Path: "x", Err: syscall.EMFILE}, false},
		"that was written and is synced": {nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, g, _ := newFrail(t)
			if g.distrust(test.err); (g.fault() != nil) != test.shut {
				t.Errorf("the gate says %v", g.fault())
			}
		})
	}
}
