package anchat

import (
	"slices"
	"testing"

	"git.debros.io/DeBros/network/backend/anchat/backup"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

const backupPassphrase core.Secret = "a passphrase for the backup"

// All devices are lost. A new one, with nothing but the wallet and the recovery
// code, reads everything again.
func TestBackup_AnEmptyMachineReadsEverythingAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		bob := newDevice(t, nodes, 2, wallet.SOL).enrol()
		plans := ann.make("plans", bob)
		ann.say(plans, "before the backup")
		settle()
		made, err := ann.chat.MakeBackup(t.Context(), backupPassphrase)
		must(t, err)
		bob.say(plans, "after it")
		work := bob.make("work", ann)
		ann.say(work, "another room")
		later(2 * BackupEvery)
		state, err := ann.chat.State(t.Context())
		must(t, err)
		if b := state.Backup; !b.Exists || !b.Open || b.Pending != 0 || b.Entries < 5 {
			t.Errorf("the backup is %+v", b)
		}
		ann.shutdown()

		fresh := newDevice(t, nodes, 1, wallet.ETH).enrol()
		if state, err = fresh.chat.State(t.Context()); err != nil {
			t.Fatal(err)
		}
		later(2 * BackupEvery)
		var last core.ChatProgress
		restored, err := fresh.chat.Restore(t.Context(), made.Code, func(p core.ChatProgress) { last = p })
		must(t, err)
		settle()
		if restored.Refused != 0 || restored.Rooms < 2 || restored.Keys < 3 || last.Done != last.Total {
			t.Errorf("restored %+v, the last progress %+v; refused: %v", restored, last, fresh.refusals())
		}
		want(t, plans, []string{"before the backup", "after it"}, fresh)
		want(t, work, []string{"another room"}, fresh)
		if _, err = fresh.chat.Restore(t.Context(), backupPassphrase, nil); err != nil {
			t.Errorf("the passphrase opens it, too, and a second time changes nothing: %v", err)
		}
		fresh.say(plans, "back again")
		later(2 * BackupEvery)
		want(t, plans, []string{"before the backup", "after it", "back again"}, fresh, bob)
		if state, err = fresh.chat.State(t.Context()); err != nil || !state.Backup.Open || state.Backup.Pending != 0 {
			t.Errorf("the new device goes on with the backup: %+v, %v", state.Backup, err)
		}
	})
}

// Whatever is wrong, nothing is restored, and the answer is the same.
func TestBackup_RefusesWithoutHint(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		if _, err := ann.chat.Restore(t.Context(), backupPassphrase, nil); core.CodeOf(err) != core.NotFound {
			t.Errorf("there is none: %v", err)
		}
		first, err := ann.chat.MakeBackup(t.Context(), backupPassphrase)
		must(t, err)
		second, err := ann.chat.MakeBackup(t.Context(), "another one, of the second")
		must(t, err)
		if second.Version != first.Version+1 {
			t.Errorf("versions %d and %d", first.Version, second.Version)
		}
		var sentences []string
		for name, secret := range map[string]core.Secret{
			"of the version before": first.Code, "passphrase of the version before": backupPassphrase,
			"somebody's": backup.NewCode(), "a typo": second.Code + "A",
		} {
			_, err := ann.chat.Restore(t.Context(), secret, nil)
			if core.CodeOf(err) != core.Unauthenticated {
				t.Errorf("%s: %v", name, err)
			}
			sentences = append(sentences, core.Sentence(err))
		}
		if len(slices.Compact(sentences)) != 1 {
			t.Errorf("the answers differ: %q", sentences)
		}
	})
}

// A sibling that was let in writes to the same backup without being told its
// passphrase.
func TestBackup_ASiblingGoesOnWithIt(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH).enrol()
		_, err := ann.chat.MakeBackup(t.Context(), backupPassphrase)
		must(t, err)
		phone := newDevice(t, nodes, 1, wallet.ETH).enrol()
		code, err := phone.chat.DeviceCode(t.Context())
		must(t, err)
		_, err = ann.chat.Approve(t.Context(), code)
		must(t, err)
		later(2 * BackupEvery)
		state, err := phone.chat.State(t.Context())
		must(t, err)
		if !state.Backup.Open || state.Backup.Pending != 0 {
			t.Errorf("the sibling's backup is %+v", state.Backup)
		}
	})
}
