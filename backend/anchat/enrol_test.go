package anchat

import (
	"context"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/vault"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// The wallet signs once. What it is shown has to say what it is for, and nothing
// but its own signature of it may make a device.
func TestEnrol_OneSignatureMakesADevice(t *testing.T) {
	for _, chain := range []wallet.Chain{wallet.ETH, wallet.SOL} {
		t.Run(string(chain), func(t *testing.T) {
			inWorld(t, func(t *testing.T, nodes *memory) {
				ann, eve := newDevice(t, nodes, 1, chain), newDevice(t, nodes, 2, chain)
				st, err := ann.chat.State(t.Context())
				must(t, err)
				if st.State != core.ChatNone {
					t.Fatalf("before it the state is %q", st.State)
				}
				e, err := ann.chat.Enrolment(t.Context(), ann.account.String(), string(chain), "127.0.0.1:9000")
				must(t, err)
				if len(e.Code) != 6 || !strings.Contains(e.Text, e.Code) || !strings.Contains(e.Text, "anchat://link-device/v1") || len(e.Text) > 640 {
					t.Errorf("the wallet is shown %q with code %q", e.Text, e.Code)
				}
				hers, err := eve.chat.Enrolment(t.Context(), eve.account.String(), string(chain), "127.0.0.1:9000")
				must(t, err)
				for name, signature := range map[string]string{"another wallet's": eve.sign(hers.Text), "none": "", "nonsense": "0xabc"} {
					_, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: signature, Keychain: true})
					if err == nil {
						t.Fatalf("the signature %s made a device", name)
					}
				}
				_, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: ann.sign(e.Text)})
				if core.CodeOf(err) != core.Invalid {
					t.Errorf("a device without a passphrase and a keychain: %v", err)
				}
				st, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: ann.sign(e.Text), Keychain: true})
				must(t, err)
				if st.State != core.ChatReady || st.Device == "" || len(st.Accounts) != 1 || !st.Approved || st.RenewDue {
					t.Errorf("after it the state is %+v", st)
				}
				_, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: ann.sign(e.Text), Keychain: true})
				if core.CodeOf(err) != core.NotFound {
					t.Errorf("the same text made a second device: %v", err)
				}
				settle()
				self := ann.session().all()
				if len(self) != 1 || self[0].state.Kind() != core.ChatRoomSelf {
					t.Errorf("the first device has %d rooms, want the own one", len(self))
				}
			})
		})
	}
}

// A text that was shown long ago, or for a page elsewhere, must not be signed later.
func TestEnrol_IsForgottenAndStaysOnThisComputer(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH)
		_, err := ann.chat.Enrolment(t.Context(), ann.account.String(), "ETH", "evil.example")
		if core.CodeOf(err) != core.Invalid {
			t.Errorf("a text for another site: %v", err)
		}
		e, err := ann.chat.Enrolment(t.Context(), ann.account.String(), "ETH", "localhost:9000")
		must(t, err)
		later(EnrolmentLife + time.Second)
		_, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: ann.sign(e.Text), Keychain: true})
		if core.CodeOf(err) != core.NotFound {
			t.Errorf("a text that was forgotten: %v", err)
		}
	})
}

// A device whose rows the nodes refuse, or cannot take, must leave nothing behind.
func TestEnrol_ARefusedDeviceIsGone(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH)
		e, err := ann.chat.Enrolment(t.Context(), ann.account.String(), "ETH", "localhost:9000")
		must(t, err)
		mend := nodes.down()
		_, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: ann.sign(e.Text), Keychain: true})
		if core.CodeOf(err) != core.Unavailable {
			t.Errorf("without nodes: %v", err)
		}
		st, err := ann.chat.State(t.Context())
		must(t, err)
		if st.State != core.ChatNone {
			t.Errorf("the state is %+v", st)
		}
		mend()
		ann.enrol()
	})
}

// A certificate lasts a year; it must be renewed with one more signature, and what
// was written before has to stay.
func TestEnrol_Renewal(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "a year ago")
		settle()
		for _, d := range []*device{ann, bob} { // nobody waits for a year's worth of questions
			d.shutdown()
			d.eth.Lock()
		}
		time.Sleep(340 * 24 * time.Hour)
		for _, d := range []*device{ann, bob} {
			d.start()
			d.unlock()
			settle()
			st, err := d.chat.State(t.Context())
			must(t, err)
			if !st.RenewDue {
				t.Errorf("the renewal is not due: %v", st.ExpiresAt)
			}
			e, err := d.chat.Enrolment(t.Context(), d.account.String(), string(d.account.Chain()), "127.0.0.1:9000")
			must(t, err)
			if !e.Renewal {
				t.Error("it is not a renewal")
			}
			d.wakeWallet()
			st, err = d.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: d.sign(e.Text)})
			must(t, err)
			if st.RenewDue || time.Until(st.ExpiresAt) < 360*24*time.Hour {
				t.Errorf("after the renewal it ends %v", st.ExpiresAt)
			}
		}
		later(time.Minute)
		ann.say(id, "and today")
		later(time.Minute)
		want(t, id, []string{"a year ago", "and today"}, ann, bob)
	})
}

// The passphrase is what keeps a stolen computer's chats closed.
func TestUnlock_ByPassphrase(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann := newDevice(t, nodes, 1, wallet.ETH)
		e, err := ann.chat.Enrolment(t.Context(), ann.account.String(), "ETH", "localhost:9000")
		must(t, err)
		_, err = ann.chat.Enrol(t.Context(), core.ChatEnrol{ID: e.ID, Signature: ann.sign(e.Text), Passphrase: "correct horse"})
		must(t, err)
		must(t, ann.chat.Lock(t.Context()))
		must(t, ann.chat.Lock(t.Context())) // twice is once
		st, err := ann.chat.State(t.Context())
		must(t, err)
		if st.State != core.ChatLocked || st.Accounts[0].Keychain {
			t.Errorf("locked, the state is %+v", st)
		}
		if _, err = ann.chat.Devices(t.Context()); core.CodeOf(err) != core.Unauthenticated {
			t.Errorf("while it is locked: %v", err)
		}
		for _, wrong := range []core.Secret{"wrong horse", ""} {
			if _, err = ann.chat.Unlock(t.Context(), ann.account.String(), wrong); err == nil {
				t.Errorf("%q opened it", wrong.Reveal())
			}
		}
		if _, err = ann.chat.Unlock(t.Context(), ann.account.String(), "wrong horse"); err != vault.ErrPassphrase { //nolint:errorlint // the very one
			t.Errorf("a wrong passphrase: %v", err)
		}
		st, err = ann.chat.Unlock(t.Context(), ann.account.String(), "correct horse")
		must(t, err)
		if st.State != core.ChatReady {
			t.Errorf("the state is %+v", st)
		}
	})
}

// Who gives a computer away forgets the chat there: nothing is left, and nobody
// seals for that device any more.
func TestForget_LeavesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		gone := ann.session().device
		must(t, ann.chat.Forget(t.Context(), ann.account.String()))
		st, err := ann.chat.State(t.Context())
		must(t, err)
		if st.State != core.ChatNone || len(st.Accounts) != 0 || len(ann.keys.has) != 0 {
			t.Errorf("the state is %+v, the keychain has %d secrets", st, len(ann.keys.has))
		}
		must(t, bob.session().refresh(t.Context(), 0, ann.account))
		must(t, bob.session().look(t.Context(), func(t2 *turn) error {
			if k, ok := t2.engine.Lookup(gone); !ok || k.Live {
				t.Error("the device that was forgotten lives on")
			}
			return nil
		}))
		ann.enrol()
		mend := nodes.down() // whoever cannot reach the nodes can leave nothing here either
		must(t, ann.chat.Forget(t.Context(), ann.account.String()))
		mend()
		ann.enrol()
	})
}

// Screens read anew what they are told of; who does not listen keeps nobody waiting.
func TestEvents_TellWhatChanged(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ctx, stop := context.WithCancel(t.Context())
		events := bob.chat.Events(ctx)
		for range MaxWaitingNotices + 10 {
			_, err := ann.chat.Send(t.Context(), core.ChatDraft{Room: id.String(), Text: "hey", Mentions: []string{bob.account.String()}})
			must(t, err)
		}
		later(time.Minute)
		stop()
		kinds, last := map[string]int{}, uint64(0)
		for e := range events {
			kinds[e.Kind]++
			last = max(last, e.Version)
			if e.Kind == core.ChatEventNotify && (e.Message.Text != "hey" || e.Title != "plans" || !e.Message.ToMe) {
				t.Errorf("bob is told %+v", e)
			}
		}
		settle()
		if len(kinds) > 0 && kinds[core.ChatEventNotify] > MaxWaitingNotices {
			t.Errorf("%d notices waited", kinds[core.ChatEventNotify])
		}
		st, err := bob.chat.State(t.Context())
		must(t, err)
		if st.Version < last || st.Unread != MaxWaitingNotices+10 || st.Mentions != st.Unread {
			t.Errorf("the state is %+v, the last event %d", st, last)
		}
	})
}
