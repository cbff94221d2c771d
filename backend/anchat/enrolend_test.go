package anchat

import (
	"maps"
	"os"
	"sync"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// The program ends after the new device is on the disk and before the nodes hear of
// it: at the next start the device is made known, with all that belongs to it.
func TestEnrol_GoesOnWhereItWasCutOff(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH)
		asked, err := ann.chat.Enrolment(t.Context(), ann.account.String(), string(ann.account.Chain()), "127.0.0.1:9000")
		must(t, err)
		cut, once := t.TempDir(), sync.Once{}
		var secrets map[string]string
		nodes.before = func(_ wire.Caller, what string) error {
			if what != "put" {
				return nil
			}
			once.Do(func() {
				must(t, os.CopyFS(cut, os.DirFS(ann.dir)))
				ann.keys.mu.Lock()
				secrets = maps.Clone(ann.keys.has)
				ann.keys.mu.Unlock()
			})
			return core.Errorf(core.Unavailable, "the plug is pulled")
		}
		if _, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: asked.ID, Signature: ann.sign(asked.Text), Keychain: true}); core.CodeOf(err) != core.Unavailable {
			t.Fatalf("the nodes were not there: %v", err)
		}
		ann.shutdown()
		nodes.mu.Lock()
		nodes.before = nil
		nodes.mu.Unlock()

		ann.dir, ann.keys.has = cut, secrets
		ann.start()
		ann.unlock()
		settle()
		devices, err := ann.chat.Devices(t.Context())
		must(t, err)
		if len(devices) != 1 || !devices[0].This || !devices[0].Approved {
			t.Errorf("the wallet's devices are %+v", devices)
		}
		rooms, err := ann.chat.Rooms(t.Context())
		must(t, err)
		if len(rooms) != 1 || rooms[0].Kind != core.ChatRoomSelf {
			t.Errorf("the rooms are %+v, want the own one", rooms)
		}
	})
}
