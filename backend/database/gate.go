// What Raft writes through, and why the first write that the disk does not
// confirm is the last one.

package database

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"reflect"
	"sync"
	"time"
	"unsafe" //nolint:gocritic // see install

	"github.com/hashicorp/raft"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	// termKey is Raft's name for the one value without which it ends the program.
	termKey = "CurrentTerm"
	// spaceEvery is how often a full disk is tried again for that value.
	spaceEvery = 500 * time.Millisecond
)

// errDiskFailed marks what a failed disk was asked to write: it may be there or not.
var errDiskFailed = errors.New("the disk did not confirm a write")

// gate stands between Raft and the file of its log, term and vote.
//
// After a failed fsync the system has forgotten which pages it could not write:
// the next fsync says yes about data that is gone. So nothing goes through the
// gate after the first failure, and the replica is taken out of its group before
// Raft hears of it: it hears nobody, is heard by nobody and cannot vote. Its
// Raft stays, in memory only, so that all who wait for it get an answer. Only a
// new process may write again, once it has read what the disk really holds, see
// dropCached.
//
// Its methods may be called at once by many.
type gate struct {
	raft.LogStore
	raft.StableStore

	cut  func()        // takes the replica out of its group; returns at once
	name string        // ns::<namespace>
	logs *slog.Logger  // says which group it is
	over chan struct{} // closed when the group closes

	writing sync.Mutex // one write at a time: what waits behind a failed one must see that it failed

	failing sync.Once
	lost    chan struct{} // closed after the first failure
	cause   error         // set before lost is closed
}

func newGate(name string, cut func(), logs *slog.Logger) *gate {
	return &gate{name: name, cut: cut, logs: logs, over: make(chan struct{}), lost: make(chan struct{})}
}

// install puts the gate before the file that rqlite has opened, behind Raft's
// cache, which would make mere text of an error. It must be called between that
// and the start of Raft, see live.began.
func (d *gate) install(s *store.Store) error {
	stable := reflect.ValueOf(s).Elem().FieldByName("raftStable")
	logs, err := underCache(reflect.ValueOf(s).Elem().FieldByName("raftLog"))
	if err != nil || !stable.IsValid() || stable.Type() != reflect.TypeFor[raft.StableStore]() || stable.IsNil() {
		return errors.Join(errors.New("rqlite's log is not where it was"), err)
	}
	entries, values := (*raft.LogStore)(unsafe.Pointer(logs.UnsafeAddr())), (*raft.StableStore)(unsafe.Pointer(stable.UnsafeAddr())) //nolint:gosec // fields of the pinned version
	d.LogStore, d.StableStore = *entries, *values
	*entries, *values = d, d
	return nil
}

// installed makes sure that Raft has started with the gate.
func (d *gate) installed(ra *raft.Raft) error {
	stable := reflect.ValueOf(ra).Elem().FieldByName("stable")
	logs, err := underCache(reflect.ValueOf(ra).Elem().FieldByName("logs"))
	if err != nil || !stable.IsValid() || stable.Kind() != reflect.Interface {
		return errors.Join(errors.New("raft's log is not where it was"), err)
	}
	for _, field := range []reflect.Value{stable, logs} {
		if field.IsNil() || field.Elem().Type() != reflect.TypeFor[*gate]() || field.Elem().Pointer() != reflect.ValueOf(d).Pointer() {
			return errors.New("raft writes past the gate")
		}
	}
	return nil
}

// underCache is the field in which a log's cache has the log itself.
func underCache(logs reflect.Value) (reflect.Value, error) {
	if logs.IsValid() && logs.Kind() == reflect.Interface && !logs.IsNil() && logs.Elem().Type() == reflect.TypeFor[*raft.LogCache]() {
		if field := logs.Elem().Elem().FieldByName("store"); field.IsValid() && field.Type() == reflect.TypeFor[raft.LogStore]() && !field.IsNil() {
			return field, nil
		}
	}
	return reflect.Value{}, errors.New("the log has no cache")
}

// fault says why the replica takes no writes any more; nil while it does.
func (d *gate) fault() error {
	select {
	case <-d.lost:
		return d.cause
	default:
		return nil
	}
}

// refusal is the answer to a request that a failed replica cannot serve.
func (d *gate) refusal() error {
	fault := d.fault()
	if fault == nil {
		return nil
	}
	return core.Wrap(core.Unavailable, fault, "nothing was done: %s", core.Sentence(fault))
}

// fail shuts the gate for good.
func (d *gate) fail(cause error) {
	d.failing.Do(func() {
		d.cut()
		d.cause = core.Wrap(core.Unavailable, cause, "the disk failed under the database %s, which takes no writes on this node since then; "+
			"what was acknowledged is kept; check the disk, then restart the node; reads with level none go on", d.name)
		d.logs.Error("the disk failed; the database takes no writes until the disk is checked and the node is started again", core.KeyError, cause)
		close(d.lost)
	})
}

// distrust shuts the gate when err says that another file of the replica was not
// synced. A full disk is none of it: those files are made anew at the next try.
func (d *gate) distrust(err error) {
	if errors.Is(err, disk.ErrSync) && !outOfSpace(err) {
		d.fail(err)
	}
}

// write does one write, unless one has failed before.
func (d *gate) write(do func() error) error {
	d.writing.Lock()
	defer d.writing.Unlock()
	if d.fault() != nil {
		return errDiskFailed
	}
	err := do()
	if err == nil || noRoom(err) {
		return err
	}
	err = fmt.Errorf("%w: %w", errDiskFailed, err)
	d.fail(err)
	return err
}

// noRoom tells that a write found no space. The file is then as it was, as bbolt
// writes new pages before it points to them; a sync that finds none is a failed one.
func noRoom(err error) bool {
	path, ok := errors.AsType[*fs.PathError](err)
	return ok && path.Op == "write" && outOfSpace(err)
}

// StoreLogs appends entries, and returns when they are durable.
func (d *gate) StoreLogs(entries []*raft.Log) error {
	return d.write(func() error { return d.LogStore.StoreLogs(entries) })
}

// StoreLog is StoreLogs for one entry.
func (d *gate) StoreLog(entry *raft.Log) error { return d.StoreLogs([]*raft.Log{entry}) }

// DeleteRange removes entries, and returns when that is durable.
func (d *gate) DeleteRange(from, to uint64) error {
	return d.write(func() error { return d.LogStore.DeleteRange(from, to) })
}

// Set keeps a value, and returns when it is durable.
func (d *gate) Set(key, value []byte) error {
	return d.write(func() error { return d.StableStore.Set(key, value) })
}

// SetUint64 is Set for a number. Of the term it returns no error, as Raft would
// end the program: it waits for space on a full disk, and behind a shut gate the
// term is nobody's business any more. The vote, which has errors, is not given.
func (d *gate) SetUint64(key []byte, value uint64) error {
	for {
		err := d.write(func() error { return d.StableStore.SetUint64(key, value) })
		if string(key) != termKey {
			return err
		}
		if err == nil || d.fault() != nil {
			return nil //nolint:nilerr // as above
		}
		select {
		case <-time.After(spaceEvery):
		case <-d.over:
			d.fail(err)
		}
	}
}
