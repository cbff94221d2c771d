package anchat

import (
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/inner"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// A new device that a sibling lets in has to have everything: rooms, history, keys.
func TestDevices_ASiblingGivesAll(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		bob.say(id, "long ago")
		settle()
		phone := newDevice(t, nodes, 1, wallet.ETH).enrol()
		if _, err := phone.session().room(id); core.CodeOf(err) != core.NotFound {
			t.Errorf("the phone knows a room before it was let in: %v", err)
		}
		code, err := phone.chat.DeviceCode(t.Context())
		must(t, err)
		d, err := ann.chat.Approve(t.Context(), code)
		must(t, err)
		if !d.Approved || d.This {
			t.Errorf("the device that was let in is %+v", d)
		}
		later(time.Minute)
		want(t, id, []string{"long ago"}, phone)
		phone.say(id, "from the phone")
		settle()
		bob.say(id, "i see")
		settle()
		want(t, id, []string{"long ago", "from the phone", "i see"}, ann, bob, phone)

		// The own room is there, too, and a name that one gives the other sees.
		must(t, phone.chat.NameDevice(t.Context(), phone.session().device.String(), "phone"))
		settle()
		all, err := ann.chat.Devices(t.Context())
		must(t, err)
		if !slices.ContainsFunc(all, func(d core.ChatDevice) bool { return d.Name == "phone" }) {
			t.Errorf("ann's devices are %+v", all)
		}
	})
}

// A device that nobody let in is told to everybody, and gets what is sealed from
// then on when it is in a room.
func TestDevices_OneByTheWalletAloneIsShown(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		later(time.Second)
		phone := newDevice(t, nodes, 1, wallet.ETH).enrol()
		later(DevicesFresh)
		bob.say(id, "hello")
		later(time.Minute)
		page, err := bob.session().vault.Messages(t.Context(), core.ChatQuery{Room: id.String()})
		must(t, err)
		if !slices.ContainsFunc(page.Messages, func(m core.ChatMessage) bool {
			return m.Notice == "device" && m.Device == phone.session().device.String()
		}) {
			t.Errorf("bob was not told of the new device: %+v", page.Messages)
		}
		st, err := phone.chat.State(t.Context())
		must(t, err)
		if st.Approved || st.State != core.ChatReady {
			t.Errorf("the phone takes itself for approved: %+v", st)
		}
		all, err := ann.chat.Devices(t.Context())
		must(t, err)
		if len(all) != 2 || !all[1].New || all[1].Approved {
			t.Errorf("ann's devices are %+v, want a second one that is new and not approved", all)
		}
		if all, err = ann.chat.Devices(t.Context()); err != nil || all[1].New {
			t.Errorf("it is new for ever: %+v, %v", all, err)
		}
	})
}

// A stolen device that was revoked must read nothing later and write nothing more.
func TestDevices_ARevokedOneReadsNothingLater(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		phone := newDevice(t, nodes, 1, wallet.ETH).enrol()
		id := ann.make("plans", bob)
		code, err := phone.chat.DeviceCode(t.Context())
		must(t, err)
		_, err = ann.chat.Approve(t.Context(), code)
		must(t, err)
		bob.say(id, "for both")
		later(time.Minute)
		want(t, id, []string{"for both"}, ann, bob, phone)

		must(t, ann.chat.RevokeDevice(t.Context(), phone.session().device.String()))
		later(DevicesFresh)
		ann.say(id, "after it")
		bob.say(id, "me too")
		later(time.Minute)
		want(t, id, []string{"for both", "after it", "me too"}, ann, bob)
		want(t, id, []string{"for both", "(waits for its key)", "(waits for its key)"}, phone)
		phone.say(id, "i am still here")
		later(time.Minute)
		want(t, id, []string{"for both", "after it", "me too"}, ann, bob)
		phone.restart()
		settle()
		st, err := phone.chat.State(t.Context())
		must(t, err)
		if !st.Revoked {
			t.Errorf("the phone was not told that it is revoked: %+v", st)
		}
	})
}

// A key that went missing has to be asked for, and given by whoever has it, to those
// who may have it.
func TestKeys_AMissingOneIsAskedForAndGiven(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		me := bob.session().device
		nodes.mu.Lock()
		nodes.hide = func(caller wire.Caller, row wire.Row) bool {
			_, envelope := row.(wire.Envelope)
			return envelope && caller.Device == me
		}
		nodes.lose = func([]byte) bool { return true }
		nodes.mu.Unlock()
		ann.say(id, "can you read this?")
		settle()
		want(t, id, []string{"(waits for its key)"}, bob)
		nodes.mu.Lock()
		for _, row := range nodes.inboxes[me].rows { // the nodes lost it
			row.Row[0] = 0
		}
		nodes.inboxes[me].rows, nodes.hide = nil, nil
		nodes.mu.Unlock()
		want(t, id, []string{"(waits for its key)"}, bob)
		later(KeyPatience + KeyAnswerPause + time.Minute)
		want(t, id, []string{"can you read this?"}, ann, bob)
	})
}

// Keys are for members: a stranger who asks gets none.
func TestKeys_AStrangerGetsNone(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "secret")
		settle()
		s := eve.session()
		must(t, s.refresh(t.Context(), 0, ann.account))
		must(t, s.do(t.Context(), func(t *turn) error {
			page := ann.sealed(id)
			body, err := inner.MarshalSecret(inner.KeyRequest{page})
			if err != nil {
				return err
			}
			return t.tell(t.live(ann.account), inner.Secret{Kind: inner.SecretKeyRequest, Room: id, Body: body})
		}))
		later(time.Minute)
		nodes.mu.Lock()
		given := nodes.inboxes[s.device]
		nodes.mu.Unlock()
		if given != nil {
			t.Errorf("eve was given %d envelopes", len(given.rows))
		}
	})
}

// sealed is the last message of a room that was sealed.
func (d *device) sealed(id wire.Room) inner.Ref {
	d.t.Helper()
	page, err := d.session().vault.Messages(d.t.Context(), core.ChatQuery{Room: id.String()})
	must(d.t, err)
	ref, err := inner.ParseRef(page.Messages[len(page.Messages)-1].ID)
	must(d.t, err)
	return ref
}

// A folder that was copied must not use a place in a session twice: others would
// take its messages for forgeries.
func TestChat_ACopiedFolderBeginsNewSessions(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "one")
		settle()
		ann.shutdown()
		copied := t.TempDir()
		copyFolder(t, ann.dir, copied)
		ann.start()
		ann.unlock()
		ann.say(id, "two")
		settle()
		ann.shutdown()
		ann.dir = copied
		ann.start()
		ann.unlock()
		ann.say(id, "three")
		later(time.Minute)
		ann.say(id, "four")
		later(time.Minute)
		want(t, id, []string{"one", "two", "three", "four"}, bob, ann)
		for _, why := range bob.refusals() {
			if strings.Contains(why, "second message") {
				t.Errorf("bob refused: %s", why)
			}
		}
	})
}
