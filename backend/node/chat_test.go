package node_test

// Row J of the chat, on real nodes: three members and a guest, two wallets of two
// chains, and everything that anybody else could see of it.

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// chatWords opens the chat of everybody in these tests.
const chatWords = "Canary-passphrase-of-the-chat-2718"

// chatter is a person with a device of the chat on a node.
type chatter struct {
	person
	at *running
}

// enrolled makes the node a device of the person's wallet.
func (r *running) enrolled(t testing.TB, p person) chatter {
	t.Helper()
	ctx, chat, chain := t.Context(), r.Chat(), "ETH"
	if p.ethereum == nil {
		chain = "SOL"
	}
	var (
		e     core.ChatEnrolment
		state core.ChatState
	)
	until(t, "the chat is there", func() (err error) { // the first rows of a network have to find their place
		e, err = chat.Enrolment(ctx, p.wallet(), chain, "127.0.0.1:8080")
		return err
	})
	until(t, "the device is enrolled", func() (err error) {
		state, err = chat.Enrol(ctx, core.ChatEnrol{ID: e.ID, Signature: p.sign(t, e.Text), Passphrase: chatWords, DeviceName: "Canary-device-name"})
		return err
	})
	if state.State != core.ChatReady {
		t.Fatalf("enrolled: %+v", state)
	}
	return chatter{p, r}
}

// unlocks opens the chat again after a start of the node.
func (c chatter) unlocks(t testing.TB) {
	t.Helper()
	until(t, "the chat opens", func() error {
		state, err := c.at.Chat().Unlock(t.Context(), c.wallet(), chatWords)
		if err == nil && state.State != core.ChatReady {
			err = errors.New(state.State)
		}
		return err
	})
}

// makes a room, as soon as the network has settled where the rows live.
func (c chatter) makes(t testing.TB, n core.ChatNewRoom) (room core.ChatRoom) {
	t.Helper()
	until(t, "the room is made", func() (err error) {
		room, err = c.at.Chat().NewRoom(t.Context(), n)
		return err
	})
	return room
}

func (c chatter) says(t testing.TB, room, text string) core.ChatMessage {
	t.Helper()
	m, err := c.at.Chat().Send(t.Context(), core.ChatDraft{Room: room, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// texts are the lines that people wrote, in their order on the screen.
func (c chatter) texts(t testing.TB, room string) ([]string, error) {
	t.Helper()
	got, err := c.at.Chat().Messages(t.Context(), core.ChatQuery{Room: room, Limit: core.MaxChatPage})
	if err != nil {
		return nil, err
	}
	var list []string
	for _, m := range got.Messages {
		switch {
		case m.Kind == core.ChatHole:
			list = append(list, fmt.Sprintf("(%d missing)", m.Missing))
		case m.Kind != core.ChatText:
		case m.Waiting != "":
			list = append(list, "(waits for a key)")
		case m.Step == core.ChatQueued || m.Step == core.ChatFailed:
			list = append(list, "("+m.Step+" "+m.Failure+")")
		default:
			list = append(list, m.Text)
		}
	}
	return list, nil
}

// reads waits until everybody sees the same texts.
func reads(t testing.TB, room string, want []string, people ...chatter) {
	t.Helper()
	for _, c := range people {
		until(t, "all of it is read", func() error {
			got, err := c.texts(t, room)
			if err == nil && !slices.Equal(got, want) {
				err = fmt.Errorf("%s reads %q", c.wallet(), got)
			}
			return err
		})
	}
}

// invited waits for an invitation and accepts it.
func (c chatter) invited(t testing.TB, room string) {
	t.Helper()
	until(t, "the invitation", func() error {
		r, err := c.at.Chat().Room(t.Context(), room)
		if err == nil && r.State != core.ChatInvited {
			err = errors.New(r.State)
		}
		return err
	})
	until(t, "it is accepted", func() error { return c.at.Chat().Accept(t.Context(), room) })
}

// A chat that loses something when a computer is closed, or that works for members
// alone, is none. Two wallets write to each other, one goes away and comes back.
func TestChat_ThreeMembersAndAGuest(t *testing.T) {
	members := three(t)
	dir := t.TempDir()
	asGuest := func(c *config.Config) {
		for _, m := range members {
			c.Discovery.BootstrapPeers = append(c.Discovery.BootstrapPeers, m.file.P2P...)
		}
	}
	guest := start(t, dir, asGuest)
	ann, bob := members[0].enrolled(t, ethereumPerson(t)), guest.enrolled(t, solanaPerson(t))
	room := ann.makes(t, core.ChatNewRoom{Name: "plans", Members: []string{bob.wallet()}, History: core.ChatHistoryAll})
	ann.says(t, room.ID, "hello bob")
	bob.invited(t, room.ID)
	reads(t, room.ID, []string{"hello bob"}, bob)
	last := bob.says(t, room.ID, "hello ann")
	reads(t, room.ID, []string{"hello bob", "hello ann"}, ann, bob)
	until(t, "all three replicas have it", func() error {
		list, errList := bob.at.Chat().Messages(t.Context(), core.ChatQuery{Room: room.ID})
		if errList != nil || len(list.Messages) == 0 {
			return errors.Join(errList, errors.New("nothing is there"))
		}
		id := list.Messages[len(list.Messages)-1].ID
		l, errLadder := bob.at.Chat().Ladder(t.Context(), room.ID, id)
		if errLadder == nil && (l.Step != core.ChatStored || len(l.StoredBy) != 3 || len(l.Replicas) != 3) {
			errLadder = fmt.Errorf("%s: by %q of %q, message %s", l.Step, l.StoredBy, l.Replicas, last.ID)
		}
		return errLadder
	})

	guest.stop(t) // away
	ann.says(t, room.ID, "where are you?")
	ann.says(t, room.ID, "never mind")
	bob.at = start(t, dir, asGuest)
	bob.unlocks(t)
	reads(t, room.ID, []string{"hello bob", "hello ann", "where are you?", "never mind"}, ann, bob)
	bob.says(t, room.ID, "here I am")
	reads(t, room.ID, []string{"hello bob", "hello ann", "where are you?", "never mind", "here I am"}, ann, bob)
	if hits, errSearch := bob.at.Chat().Search(t.Context(), core.ChatSearch{Words: "where"}); errSearch != nil || len(hits) != 1 || hits[0].Text != "where are you?" {
		t.Errorf("found %+v, %v", hits, errSearch)
	}

	// Whoever is removed reads nothing that comes after.
	if err := ann.at.Chat().Remove(t.Context(), room.ID, bob.wallet(), false); err != nil {
		t.Fatal(err)
	}
	ann.says(t, room.ID, "he is gone")
	reads(t, room.ID, []string{"hello bob", "hello ann", "where are you?", "never mind", "here I am", "he is gone"}, ann)
	until(t, "bob hears of it", func() error {
		r, errRoom := bob.at.Chat().Room(t.Context(), room.ID)
		if errRoom == nil && r.State != core.ChatLeft {
			errRoom = errors.New(r.State)
		}
		return errRoom
	})
	all := []string{"hello bob", "hello ann", "where are you?", "never mind", "here I am"}
	reads(t, room.ID, all, bob)

	// What was read stays readable where no member can be reached.
	bob.at.stop(t)
	for _, m := range slices.Backward(members) {
		m.stop(t)
	}
	bob.at = start(t, dir, asGuest)
	bob.unlocks(t)
	reads(t, room.ID, all, bob)
}

// When the computer that decides is switched off in the middle of a talk, nothing
// may be lost, come twice, or stand in another order for somebody.
func TestChat_TheLeaderIsSwitchedOff(t *testing.T) {
	members := three(t)
	var leader *running
	first := members[0].enrolled(t, ethereumPerson(t)) // the rows find their place
	place := settled(t, members[0], core.ChatNamespace)
	people := make([]chatter, 0, 2)
	for _, m := range members {
		switch {
		case m.file.PeerID == place.Leader:
			leader = m
		case m == members[0]:
			people = append(people, first)
		case len(people) < 2:
			people = append(people, m.enrolled(t, solanaPerson(t)))
		}
	}
	if leader == members[0] { // its device stays behind
		people = people[:0]
		for _, m := range members[1:] {
			people = append(people, m.enrolled(t, ethereumPerson(t)))
		}
	}
	ann, bob := people[0], people[1]
	room := ann.makes(t, core.ChatNewRoom{Name: "plans", Members: []string{bob.wallet()}}).ID
	bob.invited(t, room)
	ann.says(t, room, "begin")
	reads(t, room, []string{"begin"}, ann, bob)
	const each = 12
	talk := func(round string) {
		t.Helper()
		for i := range each {
			ann.says(t, room, fmt.Sprintf("ann %s %d", round, i))
			bob.says(t, room, fmt.Sprintf("bob %s %d", round, i))
		}
	}
	talk("before")
	leader.stop(t)
	talk("without")
	var got []string
	until(t, "all of it is read by both, alike", func() error {
		mine, errMine := ann.texts(t, room)
		theirs, errTheirs := bob.texts(t, room)
		if err := errors.Join(errMine, errTheirs); err != nil {
			return err
		}
		if got = mine; len(mine) != 1+4*each || !slices.Equal(mine, theirs) {
			return fmt.Errorf("%d and %d lines: %q, %q", len(mine), len(theirs), mine, theirs)
		}
		return nil
	})
	for _, name := range []string{"ann", "bob"} {
		var own []string
		for _, text := range got {
			if strings.HasPrefix(text, name) {
				own = append(own, text)
			}
		}
		for i, text := range own {
			round := []string{"before", "without"}[i/each]
			if want := fmt.Sprintf("%s %s %d", name, round, i%each); text != want {
				t.Errorf("line %d of %s is %q, want %q", i, name, text, want)
			}
		}
	}
}
