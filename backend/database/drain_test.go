package database

import (
	"errors"
	"testing"

	"github.com/hashicorp/raft"

	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// A leader with several calls under way gives a follower up for ever after one
// answer "not stored"; the way it is kept from that depends on names inside Raft.
func TestGroups_OneCallUnderWay(t *testing.T) {
	n := open(t, testkit.NewHost(t), Settings{Dir: t.TempDir()})
	transport, err := transportOf(n.groupOf(t, red).store)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := transport.AppendEntriesPipeline("other", "0.0.0.0:1"); !errors.Is(err, raft.ErrPipelineReplicationNotSupported) {
		t.Errorf("calls can be sent without waiting: %v", err)
	}
}
