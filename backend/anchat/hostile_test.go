package anchat

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/engine"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Nodes that put a device of their own on somebody's list must not be given a key.
func TestHostile_AGhostDeviceGetsNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ghost, err := engine.New(bob.account, time.Now())
		must(t, err)
		nodes.mu.Lock()
		nodes.forge = func(_ wire.Caller, account wallet.Account, d wire.Devices) wire.Devices {
			if account != bob.account || len(d.Lists) == 0 {
				return d
			}
			// A certificate that was won for another device, and a list that the ghost signs.
			c := d.Certificates[0]
			c.Statement = ghost.Statement()
			last := d.Lists[len(d.Lists)-1]
			l, err := last.With(ghost.Device(), time.Now()).SignBy(ghost.Device(), ghost.Sign)
			if err != nil {
				return d
			}
			return wire.Devices{Certificates: append(d.Certificates, c), Lists: append(d.Lists, l), Prekeys: d.Prekeys}
		}
		nodes.mu.Unlock()
		later(DevicesFresh)
		ann.say(id, "only for bob")
		later(time.Minute)
		want(t, id, []string{"only for bob"}, ann, bob)
		nodes.mu.Lock()
		given := nodes.inboxes[ghost.Device()]
		nodes.mu.Unlock()
		if given != nil {
			t.Errorf("the ghost was given %d envelopes", len(given.rows))
		}
		if !slices.ContainsFunc(ann.refusals(), func(why string) bool { return strings.HasPrefix(why, "devices") }) {
			t.Errorf("ann was not told: %v", ann.refusals())
		}
	})
}

// Nodes that hide a revocation are found out, and the revoked device stays revoked.
func TestHostile_AListThatIsRolledBackIsNoticed(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		phone := newDevice(t, nodes, 1, wallet.ETH).enrol()
		later(DevicesFresh)
		bob.say(id, "hello")
		settle()
		must(t, ann.chat.RevokeDevice(t.Context(), phone.session().device.String()))
		revoked := time.Now()
		later(DevicesFresh)
		bob.say(id, "after the revocation")
		settle()
		nodes.mu.Lock()
		nodes.forge = func(_ wire.Caller, account wallet.Account, d wire.Devices) wire.Devices {
			if account == ann.account && len(d.Lists) > 2 {
				d.Lists = d.Lists[:2]
			}
			return d
		}
		nodes.mu.Unlock()
		later(DevicesFresh)
		bob.say(id, "is it noticed?")
		later(time.Minute)
		if !slices.ContainsFunc(bob.refusals(), func(why string) bool { return strings.Contains(why, "hide newer devices") }) {
			t.Errorf("bob was not told: %v", bob.refusals())
		}
		nodes.mu.Lock()
		defer nodes.mu.Unlock()
		for _, row := range nodes.inboxes[phone.session().device].rows {
			if row.At.After(revoked) {
				t.Error("the revoked device is given keys again")
			}
		}
	})
}

// A message that is kept back from the middle is a hole that people see.
func TestHostile_AWithheldMessageIsAHole(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		me := bob.session().device
		nodes.mu.Lock()
		messages := 0
		var hidden []byte
		nodes.lose = func([]byte) bool { return true }
		nodes.hide = func(caller wire.Caller, row wire.Row) bool {
			m, ok := row.(wire.Message)
			if !ok || caller.Device != me {
				return false
			}
			messages++
			if messages == 2 {
				hidden = m.Encode()
			}
			return bytes.Equal(hidden, m.Encode())
		}
		nodes.mu.Unlock()
		for n := range 4 {
			ann.say(id, fmt.Sprint(n))
			settle()
		}
		later(time.Minute)
		want(t, id, []string{"0", "(1 missing)", "2", "3"}, bob)
		nodes.mu.Lock()
		nodes.hide = nil
		nodes.mu.Unlock()
		bob.restart() // other nodes answer now
		later(time.Minute)
		want(t, id, []string{"0", "1", "2", "3"}, bob)
	})
}

// Nodes that hide whose a row is must not make this device see another room than
// everybody else: it waits, in that room alone, until others answer.
func TestHostile_HiddenDevicesAreWaitedFor(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		me := bob.session().device
		nodes.mu.Lock()
		nodes.lose = func([]byte) bool { return true }
		nodes.forge = func(caller wire.Caller, account wallet.Account, d wire.Devices) wire.Devices {
			if caller.Device == me && account == eve.account {
				return wire.Devices{}
			}
			return d
		}
		nodes.mu.Unlock()
		id, other := ann.make("plans", bob, eve), ann.make("others", bob)
		eve.say(id, "by eve")
		settle()
		ann.say(id, "by ann")
		ann.say(other, "elsewhere")
		later(time.Minute)
		want(t, id, nil, bob)
		want(t, other, []string{"elsewhere"}, bob)
		nodes.mu.Lock()
		nodes.forge = nil
		nodes.mu.Unlock()
		later(5 * time.Minute)
		want(t, id, []string{"by eve", "by ann"}, ann, bob, eve)
		r, err := bob.session().room(id)
		must(t, err)
		if _, in := r.state.Member(eve.account); !in || r.state.Role(eve.account) != core.ChatMember {
			t.Error("for bob, eve has not come in")
		}
	})
}

// A wallet with more devices and lists than an answer holds must not keep the others
// from reading and writing.
func TestHostile_AWalletThatCannotBeToldStopsNobodyElse(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		id := ann.make("plans", bob)
		hers := eve.make("hers")
		me := bob.session().device
		nodes.mu.Lock()
		nodes.fail = func(caller wire.Caller, account wallet.Account) error {
			if caller.Device == me && account == eve.account {
				return core.Errorf(core.TooLarge, "more is known of this account than one answer holds")
			}
			return nil
		}
		nodes.mu.Unlock()
		s := eve.session()
		must(t, s.refresh(t.Context(), 0, bob.account))
		must(t, s.do(t.Context(), func(t *turn) error {
			r, err := t.room(hers)
			if err != nil {
				return err
			}
			return t.giveRoom(t.live(bob.account), r.state)
		}))
		settle()
		ann.say(id, "hello")
		bob.say(id, "hello ann")
		later(time.Minute)
		want(t, id, []string{"hello", "hello ann"}, ann, bob)
	})
}

// Nodes, or whoever gossips, that repeat rows or tell them in another order change
// nothing.
func TestHostile_RepeatsAndDisorderChangeNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "one")
		settle()
		bob.say(id, "two")
		settle()
		r, err := ann.session().room(id)
		must(t, err)
		name := r.state.Mailbox().Tag.Name()
		gossip := &memoryGossip{memory: nodes}
		nodes.mu.Lock()
		rows := slices.Clone(nodes.boxes[name].rows)
		nodes.mu.Unlock()
		random := some(1)
		for range 5 {
			random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			for _, row := range rows {
				must(t, gossip.Publish(t.Context(), name, row.Row))
				settle()
			}
		}
		for _, d := range []*device{ann, bob} { // and from the start of the mailbox
			must(t, d.session().do(t.Context(), func(t *turn) error { return t.SetCursor(name.String(), 0) }))
			must(t, d.session().readRoom(t.Context(), id))
		}
		want(t, id, []string{"one", "two"}, ann, bob)
		for _, d := range []*device{ann, bob} {
			if all := d.refusals(); len(all) > 0 {
				t.Errorf("refused: %v", all)
			}
		}
	})
}

// A long and lossy life of a room looks the same on every device: each message once,
// in the order in which it was stored.
func TestChat_ThousandsInRandomOrderWithLossAreTheSameForAll(t *testing.T) {
	total := 5000
	if testing.Short() {
		total = 500
	}
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		all := []*device{ann, bob, eve}
		id := ann.make("all of us", bob, eve)
		random, loss := some(7), some(8)
		nodes.mu.Lock()
		nodes.lose = func([]byte) bool { return loss.IntN(10) < 3 }
		nodes.mu.Unlock()
		for n := 0; n < total; n++ {
			all[random.IntN(len(all))].say(id, fmt.Sprint(n))
			if random.IntN(20) == 0 {
				settle()
			}
			if random.IntN(1000) == 0 {
				all[random.IntN(len(all))].restart()
			}
		}
		later(10 * time.Minute)
		first := ann.lines(id)
		want(t, id, first, bob, eve)
		seen := map[string]int{}
		for _, line := range first {
			seen[line]++
		}
		for n := range total {
			if seen[fmt.Sprint(n)] != 1 {
				t.Fatalf("message %d is there %d times", n, seen[fmt.Sprint(n)])
			}
		}
		if len(first) != total {
			t.Errorf("%d lines for %d messages", len(first), total)
		}
		for _, d := range all {
			for _, why := range d.refusals() {
				if !strings.HasPrefix(why, string(core.ChatText)) {
					t.Errorf("refused: %s", why)
				}
			}
		}
	})
}
