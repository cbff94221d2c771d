package rpc

import (
	"context"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakePeering remembers what it was told.
type fakePeering struct {
	PeerService // the calls that no test makes

	told  []string
	since time.Time
}

func (f *fakePeering) NamePeer(_ context.Context, id, name string) error {
	f.told = append(f.told, id+" is "+name)
	return nil
}

func (f *fakePeering) BlockPeer(_ context.Context, id string, on bool) error {
	f.told = append(f.told, map[bool]string{true: "block ", false: "unblock "}[on]+id)
	return nil
}

func (f *fakePeering) PathChanges(_ context.Context, since time.Time) ([]core.PathChange, error) {
	f.since = since
	return nil, nil
}

// A tenant must not learn or change whom the operator blocks; what the operator
// says must arrive as it was said.
func TestPeerCalls(t *testing.T) {
	peers := &fakePeering{}
	operator := dispatcher{services: Services{Peers: peers}, caller: Caller{Operator: true}, ns: "red"}
	for m := methodNamePeer; m <= methodGossip; m++ {
		tenant := operator
		tenant.caller.Operator = false
		if _, err := tenant.call(t.Context(), m, nil); core.CodeOf(err) != core.Denied {
			t.Errorf("call %d by a tenant: %v", m, err)
		}
		mute := dispatcher{caller: Caller{Operator: true}}
		if _, err := mute.call(t.Context(), m, nil); core.CodeOf(err) != core.Unavailable {
			t.Errorf("call %d at a node without it: %v", m, err)
		}
		if _, err := operator.call(t.Context(), m, pack(t, &WireNodeRequest{Target: string(make([]byte, maxPeerTarget+1))})); core.CodeOf(err) != core.TooLarge {
			t.Errorf("call %d with a text without end: %v", m, err)
		}
	}
	for _, one := range []struct {
		m   method
		req *WireNodeRequest
	}{
		{methodNamePeer, &WireNodeRequest{Target: "p\nat home"}},
		{methodBlockPeer, &WireNodeRequest{Target: "p", Limit: switchedOn}},
		{methodBlockPeer, &WireNodeRequest{Target: "p"}},
		{methodPathChanges, &WireNodeRequest{Limit: 1700000000000}},
	} {
		if _, err := operator.call(t.Context(), one.m, pack(t, one.req)); err != nil {
			t.Errorf("call %d: %v", one.m, err)
		}
	}
	if want := []string{"p is at home", "block p", "unblock p"}; !slices.Equal(peers.told, want) || peers.since.Unix() != 1700000000 {
		t.Errorf("arrived: %q, %v", peers.told, peers.since)
	}
	seen := forStrangers([]core.Peer{{ID: "p", Name: "my bank", Keep: true, Blocked: true, BytesIn: 1, Place: core.Place{Country: "CH"}}})[0]
	if seen.Name != "" || seen.Keep || seen.Blocked || seen.BytesIn != 0 || seen.Place.Country != "" || seen.ID != "p" {
		t.Errorf("a tenant sees %+v", seen)
	}
}
