package rpc

import (
	"context"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeNetwork remembers what it was told.
type fakeNetwork struct {
	NetworkService // the calls that no test makes

	renamed [2]string
	forced  []bool
	ttl     time.Duration
}

func (f *fakeNetwork) RenameNetwork(_ context.Context, id, name string) error {
	f.renamed = [2]string{id, name}
	return nil
}

func (f *fakeNetwork) Leave(_ context.Context, force bool) error {
	f.forced = append(f.forced, force)
	return nil
}

func (f *fakeNetwork) Invite(_ context.Context, o core.InviteOptions) (core.Ticket, error) {
	f.ttl = o.TTL
	return core.Ticket{ID: "t1", Text: "secret"}, nil
}

// A tenant who may invite or leave rules the operator; what the operator says
// must arrive as it was said.
func TestNetworkCalls(t *testing.T) {
	network := &fakeNetwork{}
	operator := dispatcher{services: Services{Network: network}, caller: Caller{Operator: true}, ns: "red"}
	for m := methodNetwork; m <= methodDropReplica; m++ {
		tenant := operator
		tenant.caller.Operator = false
		if _, err := tenant.call(t.Context(), m, nil); core.CodeOf(err) != core.Denied {
			t.Errorf("call %d by a tenant: %v", m, err)
		}
		mute := dispatcher{caller: Caller{Operator: true}}
		if _, err := mute.call(t.Context(), m, nil); core.CodeOf(err) != core.Unavailable {
			t.Errorf("call %d at a node without networks: %v", m, err)
		}
	}
	send := func(m method, req *WireNodeRequest) {
		t.Helper()
		if _, err := operator.call(t.Context(), m, pack(t, req)); err != nil {
			t.Errorf("call %d: %v", m, err)
		}
	}
	send(methodRenameNetwork, &WireNodeRequest{Target: "net-1\nat home"})
	send(methodLeave, &WireNodeRequest{})
	send(methodLeave, &WireNodeRequest{Limit: forced})
	send(methodInvite, &WireNodeRequest{Limit: time.Hour.Milliseconds()})
	if network.renamed != [2]string{"net-1", "at home"} || len(network.forced) != 2 || network.forced[0] || !network.forced[1] || network.ttl != time.Hour {
		t.Errorf("arrived: %+v", network)
	}
	if _, err := operator.call(t.Context(), methodJoin, pack(t, &WireNodeRequest{Target: string(make([]byte, MaxTicketBytes+1))})); core.CodeOf(err) != core.TooLarge {
		t.Errorf("a ticket without end: %v", err)
	}
}
