// What rqlite keeps to itself and we cannot do without: its Raft, its transport,
// and the channel on which it hands Raft the calls of other members. All are found by name in
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

// transportOf is what an open store's Raft calls other members through.
func transportOf(s *store.Store) (*raft.NetworkTransport, error) {
	field := reflect.ValueOf(s).Elem().FieldByName("raftTn")
	if !field.IsValid() || field.IsNil() || field.Type() != reflect.TypeFor[*store.NodeTransport]() {
		return nil, errors.New("the store has no transport after it was opened")
	}
	return (*store.NodeTransport)(field.UnsafePointer()).NetworkTransport, nil
}

// unpipeline makes a leader wait for each answer of a follower before it sends
// the next entries. With several under way, one answer "not stored", as of a
// follower whose disk is full, leaves Raft v1.7.3's sender waiting for a reader
// that is gone: that follower gets nothing more, and the group never closes. It
// costs nothing here, as one entry is under way at a time anyway. It must be
// called before the group has a leader.
func unpipeline(s *store.Store) error {
	t, err := transportOf(s)
	if err != nil {
		return err
	}
	field := reflect.ValueOf(t).Elem().FieldByName("maxInFlight")
	if field.Kind() != reflect.Int {
		return errors.New("raft's transport does not say how many calls may be under way")
	}
	*(*int)(unsafe.Pointer(field.UnsafeAddr())) = 1 //nolint:gosec // a field of the pinned version
	return nil
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
