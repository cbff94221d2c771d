package anchat

import (
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// What was heard live, came to nothing and was removed has to be there when its
// author gets it stored days later.
func TestChat_HeardForgottenAndStoredLater(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "one")
		settle()
		mine := ann.session().device
		nodes.mu.Lock()
		nodes.before = func(caller wire.Caller, _ string) error {
			if caller.Device == mine {
				return core.Errorf(core.Unavailable, "the nodes do not answer")
			}
			return nil
		}
		nodes.mu.Unlock()
		ann.say(id, "two")
		settle()
		want(t, id, []string{"one", "two (sent)"}, bob)
		must(t, bob.session().do(t.Context(), func(t *turn) error {
			_, err := t.ForgetHeard(id, t.now.Add(time.Hour))
			return err
		}))
		want(t, id, []string{"one"}, bob)
		nodes.mu.Lock()
		nodes.before = nil
		nodes.mu.Unlock()
		later(time.Minute)
		want(t, id, []string{"one", "two"}, ann, bob)
	})
}

// Who only knows the name of a mailbox must not fill anybody's disk.
func TestHostile_MadeUpMessagesAreNotKept(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		id := ann.make("plans", bob)
		other := eve.make("hers")
		eve.say(other, "noise")
		settle()
		r, err := ann.session().room(id)
		must(t, err)
		name := r.state.Mailbox().Tag.Name()
		o, err := eve.session().room(other)
		must(t, err)
		gossip := &memoryGossip{memory: nodes}
		nodes.mu.Lock()
		rows := nodes.boxes[o.state.Mailbox().Tag.Name()].rows
		nodes.mu.Unlock()
		for _, row := range rows {
			if m, ok := mustDecode(row.Row).(wire.Message); ok {
				m.Mailbox = name
				must(t, gossip.Publish(t.Context(), name, m.Encode()))
			}
		}
		settle()
		want(t, id, nil, ann, bob)
	})
}
