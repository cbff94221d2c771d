// What rqlite keeps to itself and we cannot do without: its Raft, and the channel
// on which it hands Raft the calls of other members. Both are read by name from
// the exact version that go.mod pins; a test opens groups and would notice.

package database

import (
	"errors"
	"reflect"
	"time"
	"unsafe" //nolint:gocritic // see raftOf and drain

	"github.com/hashicorp/raft"
	"github.com/rqlite/rqlite/v8/store"
)

// raftOf is the Raft of an open store. rqlite shows it to an observer only when
// something happens, which may be never in a group without a leader.
func raftOf(s *store.Store) (*raft.Raft, error) {
	ra := (*raft.Raft)(reflect.ValueOf(s).Elem().FieldByName("raft").UnsafePointer())
	if ra == nil {
		return nil, errors.New("the store has no raft after it was opened")
	}
	return ra, nil
}

// quiet is how long a closed group's channel must be silent to be done with.
const quietTime = 3 * time.Millisecond

// drain takes what other members asked of a Raft that has ended. rqlite's
// goroutine between the two hands it over without looking whether anybody is
// still there, and would wait for ever.
func drain(ra *raft.Raft) {
	field := reflect.ValueOf(ra).Elem().FieldByName("rpcCh")
	if field.Kind() != reflect.Chan || field.Type().Elem() != reflect.TypeFor[raft.RPC]() {
		return
	}
	pointer := field.UnsafePointer()
	calls := *(*<-chan raft.RPC)(unsafe.Pointer(&pointer)) //nolint:gosec // a channel is a pointer
	timer := time.NewTimer(quietTime)
	defer timer.Stop()
	for {
		select {
		case <-calls:
		case <-timer.C:
			return
		}
	}
}
