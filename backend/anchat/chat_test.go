package anchat

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/room"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Two people whose messages do not arrive have no chat.
func TestChat_TwoWalletsWriteBothWays(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "hello bob")
		settle()
		bob.say(id, "hello ann")
		settle()
		want(t, id, []string{"hello bob", "hello ann"}, ann, bob)
	})
}

// Who was away has to find everything, in one order, and what they wrote meanwhile
// has to go out.
func TestChat_OneIsOfflineAndComesBack(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		mend := nodes.cut(bob)
		ann.say(id, "one")
		ann.say(id, "two")
		bob.say(id, "three")
		settle()
		// What he hears live he cannot read: the key is at the nodes.
		want(t, id, []string{"(waits for its key)", "(waits for its key)", "three (queued)"}, bob)
		st, err := bob.chat.State(t.Context())
		must(t, err)
		if st.Outbox != 1 || st.Problem == "" || st.Online {
			t.Errorf("bob is told %+v, want one message that waits and why", st)
		}
		mend()
		later(time.Minute)
		want(t, id, []string{"one", "two", "three"}, ann, bob)
	})
}

// A program that is closed while others write must have lost nothing when it is
// opened again, nor send anything twice.
func TestChat_ARestartLosesNothing(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "before")
		settle()
		bob.shutdown()
		ann.say(id, "while you were away")
		settle()
		bob.start()
		bob.unlock()
		settle()
		bob.say(id, "back again")
		settle()
		ann.restart()
		settle()
		ann.say(id, "me too")
		settle()
		want(t, id, []string{"before", "while you were away", "back again", "me too"}, ann, bob)
	})
}

// Whatever request of the sender a crash or a broken line meets, each message is
// there once in the end.
func TestChat_AFaultAtAnyRequestLosesAndRepeatsNothing(t *testing.T) {
	for _, fault := range []string{"before", "after", "restart"} {
		for at := range 14 {
			t.Run(fmt.Sprintf("%s request %d", fault, at+1), func(t *testing.T) {
				inWorld(t, func(t *testing.T, nodes *memory) {
					ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
					id := ann.make("plans", bob)
					var count atomic.Int64
					mine := ann.session().device
					hook := func(caller wire.Caller, what string) error {
						if caller.Device != mine || what == "follow" || count.Add(1) != int64(at+1) {
							return nil
						}
						if fault == "before" {
							return core.Errorf(core.Unavailable, "the line is broken")
						}
						return core.Errorf(core.OutcomeUnknown, "nobody knows")
					}
					nodes.mu.Lock()
					if fault == "before" {
						nodes.before = hook
					} else {
						nodes.after = hook
					}
					nodes.mu.Unlock()
					for n := range 3 {
						ann.say(id, fmt.Sprint(n))
						if fault == "restart" {
							ann.restart()
						} else {
							settle()
						}
					}
					later(2 * time.Minute)
					want(t, id, []string{"0", "1", "2"}, ann, bob)
				})
			})
		}
	}
}

// A message of which nobody knows whether it is stored is "on its way", not stored
// and not failed, until it is certain.
func TestChat_OutcomeUnknownIsOnItsWay(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		mine := ann.session().device
		nodes.mu.Lock()
		nodes.after = func(caller wire.Caller, what string) error {
			if caller.Device == mine && what == "put" {
				return core.Errorf(core.OutcomeUnknown, "nobody knows")
			}
			return nil
		}
		nodes.before = func(caller wire.Caller, what string) error {
			if caller.Device == mine && (what == "mailbox" || what == "stored") {
				return core.Errorf(core.Unavailable, "nobody answers")
			}
			return nil
		}
		nodes.mu.Unlock()
		m := ann.say(id, "are you there?")
		settle()
		want(t, id, []string{"are you there? (sent)"}, ann)
		l, err := ann.chat.Ladder(t.Context(), id.String(), m.ID)
		must(t, err)
		if l.Step != core.ChatSent || len(l.StoredBy) != 0 {
			t.Errorf("the ladder says %+v, want no more than sent", l)
		}
		nodes.mu.Lock()
		nodes.before, nodes.after = nil, nil
		nodes.mu.Unlock()
		later(2 * time.Minute)
		want(t, id, []string{"are you there?"}, ann, bob)
		page, err := ann.session().vault.Messages(t.Context(), core.ChatQuery{Room: id.String()})
		must(t, err)
		l, err = ann.chat.Ladder(t.Context(), id.String(), page.Messages[len(page.Messages)-1].ID)
		must(t, err)
		if l.Step != core.ChatStored || !slices.Equal(l.StoredBy, []string{"node-1", "node-3"}) || len(l.Replicas) != 3 {
			t.Errorf("the ladder says %+v, want it stored on two of three nodes, with their names", l)
		}
	})
}

// Who is removed must read nothing that is written later, and who has not heard of
// the removal must not go on where the removed one can read.
func TestChat_ARemovedMemberReadsNothingLater(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		id := ann.make("plans", bob, eve)
		ann.say(id, "for all")
		settle()
		mend := nodes.cut(bob)
		must(t, ann.session().event(t.Context(), id, room.Body{Kind: room.BodyRemove, Account: eve.account}))
		ann.say(id, "without eve")
		bob.say(id, "bob has not heard")
		settle()
		mend()
		later(time.Minute)
		want(t, id, []string{"for all", "without eve", "bob has not heard"}, ann, bob)
		want(t, id, []string{"for all"}, eve)
		r, err := eve.session().room(id)
		must(t, err)
		if r.local.State != core.ChatLeft {
			t.Errorf("for eve the room is %q", r.local.State)
		}
		if _, err = eve.chat.Send(t.Context(), core.ChatDraft{Room: id.String(), Text: "let me in"}); core.CodeOf(err) != core.Denied {
			t.Errorf("eve may still write: %v", err)
		}
	})
}

// Two changes of a room at once must end in one chain that all agree on.
func TestChat_TwoChangeARoomAtOnce(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
		id := ann.make("plans", bob, eve)
		must(t, ann.session().event(t.Context(), id, room.Body{Kind: room.BodyRole, Account: bob.account, Role: core.ChatAdmin}))
		settle()
		done := make(chan error, 2)
		go func() {
			done <- ann.session().event(t.Context(), id, room.Body{Kind: room.BodyName, Name: "by ann"})
		}()
		go func() {
			done <- bob.session().event(t.Context(), id, room.Body{Kind: room.BodyRemove, Account: eve.account})
		}()
		must(t, <-done)
		must(t, <-done)
		later(time.Minute)
		a, err := ann.session().room(id)
		must(t, err)
		b, err := bob.session().room(id)
		must(t, err)
		if a.state.Head() != b.state.Head() || a.state.Name() != "by ann" || len(a.state.Members()) != 2 || len(a.state.Mailboxes()) != 2 {
			t.Errorf("ann has %q with %d members, bob %q with %d", a.state.Name(), len(a.state.Members()), b.state.Name(), len(b.state.Members()))
		}
		ann.say(id, "still here")
		settle()
		want(t, id, []string{"still here"}, ann, bob)
	})
}

// A remover that is stopped between closing the room and telling where it goes on
// must not leave everybody outside.
func TestChat_AMoveThatWasCutOffGoesOn(t *testing.T) {
	for at := range 6 {
		t.Run(fmt.Sprintf("at put %d", at+1), func(t *testing.T) {
			inWorld(t, func(t *testing.T, nodes *memory) {
				ann, bob, eve := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol(), newDevice(t, nodes, 3, wallet.ETH).enrol()
				id := ann.make("plans", bob, eve)
				var puts atomic.Int64
				mine := ann.session().device
				nodes.mu.Lock()
				nodes.after = func(caller wire.Caller, what string) error {
					if caller.Device == mine && what == "put" && puts.Add(1) > int64(at) {
						return core.Errorf(core.Unavailable, "the program is gone")
					}
					return nil
				}
				nodes.mu.Unlock()
				_ = ann.session().event(t.Context(), id, room.Body{Kind: room.BodyRemove, Account: eve.account}) //nolint:errcheck // it may be cut off
				ann.shutdown()
				nodes.mu.Lock()
				nodes.after = nil
				nodes.mu.Unlock()
				ann.start()
				ann.unlock()
				later(time.Minute)
				if r, err := ann.session().room(id); err != nil || len(r.state.Members()) == 3 {
					must(t, ann.session().event(t.Context(), id, room.Body{Kind: room.BodyRemove, Account: eve.account}))
				}
				settle()
				ann.say(id, "without eve")
				later(time.Minute)
				bob.say(id, "yes")
				later(time.Minute)
				want(t, id, []string{"without eve", "yes"}, ann, bob)
				want(t, id, nil, eve)
			})
		})
	}
}

// Whatever request of the reader a broken line or a restart meets, each message and
// each change of the room is there once in the end.
func TestChat_AFaultOfTheReaderLosesAndRepeatsNothing(t *testing.T) {
	for _, fault := range []string{"before", "restart"} {
		for at := range 10 {
			t.Run(fmt.Sprintf("%s request %d", fault, at+1), func(t *testing.T) {
				inWorld(t, func(t *testing.T, nodes *memory) {
					ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
					id := ann.make("plans", bob)
					mend := nodes.cut(bob)
					ann.say(id, "0")
					must(t, ann.session().event(t.Context(), id, room.Body{Kind: room.BodyName, Name: "other plans"}))
					ann.say(id, "1")
					settle()
					ann.say(id, "2")
					settle()
					mend()
					var count atomic.Int64
					mine := bob.session().device
					met := make(chan struct{}, 1)
					nodes.mu.Lock()
					nodes.before = func(caller wire.Caller, _ string) error {
						if caller.Device != mine || count.Add(1) != int64(at+1) {
							return nil
						}
						met <- struct{}{}
						return core.Errorf(core.Unavailable, "the line is broken")
					}
					nodes.mu.Unlock()
					if fault == "restart" {
						<-met
						bob.restart()
					}
					later(3 * time.Minute)
					want(t, id, []string{"0", "1", "2"}, ann, bob)
					r, err := bob.session().room(id)
					must(t, err)
					if r.state.Name() != "other plans" {
						t.Errorf("for bob the room is called %q", r.state.Name())
					}
				})
			})
		}
	}
}

// A folder of last week, put in the place of today's, must not use a place in a
// session twice, and has to have everything again.
func TestChat_AFolderOfLastWeekCatchesUp(t *testing.T) {
	inWorld(t, func(t *testing.T, nodes *memory) {
		ann, bob := newDevice(t, nodes, 1, wallet.ETH).enrol(), newDevice(t, nodes, 2, wallet.SOL).enrol()
		id := ann.make("plans", bob)
		ann.say(id, "last week")
		settle()
		ann.shutdown()
		old := t.TempDir()
		copyFolder(t, ann.dir, old)
		ann.start()
		ann.unlock()
		for n := range 5 {
			ann.say(id, fmt.Sprint("mine ", n))
			settle()
			bob.say(id, fmt.Sprint("bob's ", n))
			settle()
		}
		all := bob.lines(id)
		ann.shutdown()
		ann.dir = old
		ann.start()
		ann.unlock()
		_, err := ann.chat.State(t.Context()) // whoever looks first changes nothing
		must(t, err)
		ann.say(id, "from the old folder")
		later(5 * time.Minute)
		want(t, id, append(all, "from the old folder"), bob, ann)
	})
}
