package room

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// bodies is one of each kind, with every field that counts.
func bodies() []Body {
	return []Body{
		{
			Kind: BodyCreate, Room: wire.Room{1}, RoomKind: core.ChatRoomGroup, Name: "Tea & <cake>", Topic: "green", History: core.ChatHistoryAll,
			FreeInvite: true, Timer: MinTimer, Members: []Seat{{olga, core.ChatOwner}, {adam, core.ChatAdmin}, {mia, core.ChatMember}},
		},
		{Kind: BodyName, Name: "x"},
		{Kind: BodyTopic, Topic: "y"},
		{Kind: BodyHistory, History: core.ChatHistoryJoined},
		{Kind: BodyTimer, Timer: MaxTimer},
		{Kind: BodyFreeInvite, FreeInvite: true},
		{Kind: BodyAdd, Account: adam},
		{Kind: BodyAccept},
		{Kind: BodyRemove, Account: mia, Ban: true},
		{Kind: BodyUnban, Account: mia},
		{Kind: BodyLeave},
		{Kind: BodyRole, Account: mia, Role: core.ChatAdmin},
		{Kind: BodyCalled, Name: "Mia"},
		{Kind: BodyLink, Invite: &Invite{Tag: wire.Tag{1}, Code: [32]byte{2}, ExpiresAt: noon, Uses: 3}},
		{Kind: BodyLinkUsed, Link: wire.Name{4}, Account: adam},
		{Kind: BodyLinkRevoked, Link: wire.Name{4}},
		{Kind: BodyMoved},
	}
}

// Members read what a member wrote; the sizes tell others little.
func TestSeal_comesBack(t *testing.T) {
	m := NewMailbox()
	for _, b := range bodies() {
		e, err := Seal(m, wire.Event{Mailbox: m.Tag.Name(), Seq: 3, At: noon}, b)
		if err != nil {
			t.Fatalf("%s: %v", b.Kind, err)
		}
		back, err := Open(m, e)
		if err != nil || !reflect.DeepEqual(back, b) {
			t.Errorf("%s came back as %+v, %v", b.Kind, back, err)
		}
		if want := 256 + sealOverhead; b.Kind != BodyCreate && len(e.Sealed) != want {
			t.Errorf("%s takes %d bytes, not %d as the others", b.Kind, len(e.Sealed), want)
		}
	}
}

// The largest room begins with one event.
func TestSeal_largestRoom(t *testing.T) {
	b := Body{
		Kind: BodyCreate, Room: wire.Room{1}, RoomKind: core.ChatRoomGroup, History: core.ChatHistoryAll,
		Name: strings.Repeat("&", core.MaxChatNameBytes), Topic: strings.Repeat("<", core.MaxChatNameBytes),
	}
	for n := range core.MaxChatMembers {
		raw := make([]byte, rawSOL)
		raw[0] = byte(n + 1)
		a, err := wallet.AccountFromBytes(wallet.SOL, raw)
		if err != nil {
			t.Fatal(err)
		}
		b.Members = append(b.Members, Seat{Account: a, Role: core.ChatMember})
	}
	b.Members[0].Role = core.ChatOwner
	m := NewMailbox()
	e, err := Seal(m, wire.Event{Mailbox: m.Tag.Name(), Seq: 1, At: noon}, b)
	if err != nil {
		t.Fatal(err)
	}
	if back, openErr := Open(m, e); openErr != nil || !reflect.DeepEqual(back, b) {
		t.Errorf("came back with %d members, %v", len(back.Members), openErr)
	}
	if _, err = wire.Decode(e.Encode()); err != nil {
		t.Errorf("as a row: %v", err)
	}
}

// A sealed body that is moved to another place of the chain, another device or
// another time is not believed, nor is a mark to close that somebody adds.
func TestOpen_holdsToItsPlace(t *testing.T) {
	m := NewMailbox()
	good, err := Seal(m, wire.Event{Mailbox: m.Tag.Name(), Seq: 3, Previous: wire.Hash{1}, Device: wire.Fingerprint{2}, At: noon}, Body{Kind: BodyLeave})
	if err != nil {
		t.Fatal(err)
	}
	other := NewMailbox()
	tests := map[string]func(*Mailbox, *wire.Event){
		"another number":       func(_ *Mailbox, e *wire.Event) { e.Seq++ },
		"another event before": func(_ *Mailbox, e *wire.Event) { e.Previous[0]++ },
		"another device":       func(_ *Mailbox, e *wire.Event) { e.Device[0]++ },
		"another time":         func(_ *Mailbox, e *wire.Event) { e.At = e.At.Add(time.Millisecond) },
		"a mark to close":      func(_ *Mailbox, e *wire.Event) { e.Closes = true },
		"a changed byte":       func(_ *Mailbox, e *wire.Event) { e.Sealed = bytes.Clone(e.Sealed); e.Sealed[30]++ },
		"a cut":                func(_ *Mailbox, e *wire.Event) { e.Sealed = e.Sealed[:sealOverhead-1] },
		"another mailbox":      func(m *Mailbox, e *wire.Event) { *m, e.Mailbox = other, other.Tag.Name() },
		"another key":          func(m *Mailbox, _ *wire.Event) { m.Key[0]++ },
		"a name of another":    func(_ *Mailbox, e *wire.Event) { e.Mailbox[0]++ },
	}
	for name, change := range tests {
		box, e := m, good
		change(&box, &e)
		if _, err = Open(box, e); core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What no member would accept is not sealed either, so that a slip is seen at once.
func TestSeal_refuses(t *testing.T) {
	m := NewMailbox()
	create := func(change func(*Body)) Body {
		b := bodies()[0]
		change(&b)
		return b
	}
	tests := map[string]Body{
		"a name that is turned around": {Kind: BodyName, Name: "a\u202eb"},
		"a topic with a line break":    {Kind: BodyTopic, Topic: "a\nb"},
		"a rule that there is not":     {Kind: BodyHistory, History: "some"},
		"a timer of a second":          {Kind: BodyTimer, Timer: 1},
		"a timer of a year":            {Kind: BodyTimer, Timer: 365 * 86400},
		"nobody to add":                {Kind: BodyAdd},
		"a role that there is not":     {Kind: BodyRole, Account: mia, Role: "king"},
		"a link for nobody":            {Kind: BodyLink, Invite: &Invite{}},
		"a link for a thousand":        {Kind: BodyLink, Invite: &Invite{Uses: 1000}},
		"no link":                      {Kind: BodyLink},
		"a kind that there is not":     {Kind: "poll"},
		"a group with two owners":      create(func(b *Body) { b.Members[1].Role = core.ChatOwner }),
		"a group with nobody":          create(func(b *Body) { b.Members = nil }),
		"somebody twice":               create(func(b *Body) { b.Members[2].Account = olga }),
		"a direct room of three":       create(func(b *Body) { b.RoomKind = core.ChatRoomDirect }),
		"an own room of three":         create(func(b *Body) { b.RoomKind = core.ChatRoomSelf }),
		"a room without a name of its": create(func(b *Body) { b.Room = wire.Room{} }),
	}
	for name, b := range tests {
		if _, err := Seal(m, wire.Event{Mailbox: m.Tag.Name(), At: noon}, b); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whoever writes a log line with a room in it must not tell where it lives.
func TestMailbox_hides(t *testing.T) {
	m := Mailbox{Tag: wire.Tag{0xca, 0xca}, Key: [32]byte{0xca, 0xca}}
	invite := Invite{Tag: m.Tag, Code: m.Key}
	for _, v := range []any{m, invite, Ticket{Invite: invite}} {
		for _, form := range []string{"%v", "%+v", "%#v"} {
			if text := fmt.Sprintf(form, v); strings.Contains(text, "202") || strings.Contains(text, "ca") {
				t.Errorf("%T prints %s by %s", v, text, form)
			}
		}
	}
}

// Typing and presence tell nobody outside, and not at another time.
func TestFleeting(t *testing.T) {
	m := NewMailbox()
	head := wire.Fleeting{Mailbox: m.Tag.Name(), Device: wire.Fingerprint{1}, At: noon}
	full := Signal{Kind: SignalKeys, Body: bytes.Repeat([]byte{7}, MaxSignalBytes)}
	var good wire.Fleeting
	for _, s := range []Signal{{Kind: SignalTyping, Body: []byte{}}, {Kind: SignalPresent, Body: []byte{1}}, full} {
		f, err := SealFleeting(m, head, s)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Sealed) != fleetingBytes+sealOverhead {
			t.Errorf("%s takes %d bytes", s.Kind, len(f.Sealed))
		}
		if back, openErr := OpenFleeting(m, f, noon.Add(time.Minute)); openErr != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("%s came back as %+v, %v", s.Kind, back, openErr)
		}
		good = f
	}
	if _, err := SealFleeting(m, head, Signal{Kind: "x", Body: make([]byte, MaxSignalBytes+1)}); core.CodeOf(err) != core.Invalid {
		t.Errorf("a signal that is too long: %v", err)
	}
	moved := good
	moved.Device[0]++
	for name, test := range map[string]struct {
		f   wire.Fleeting
		now time.Time
	}{
		"from another device":  {moved, noon},
		"three minutes later":  {good, noon.Add(3 * time.Minute)},
		"three minutes before": {good, noon.Add(-3 * time.Minute)},
	} {
		if _, err := OpenFleeting(m, test.f, test.now); core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	// A sealed event is no signal, although both are under the mailbox's key.
	e, err := Seal(m, wire.Event{Mailbox: m.Tag.Name(), Seq: 1, At: noon}, Body{Kind: BodyLeave})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = m.open(wire.LabelFleeting, e.Sealed, around(e)); core.CodeOf(err) != core.Denied {
		t.Errorf("an event opened as a signal: %v", err)
	}
}

// Members send what they like. Whatever it is, it is one body or none.
func FuzzDecodeBody(f *testing.F) {
	for _, b := range bodies() {
		text, err := b.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := decodeBody(text)
		if err != nil || b.Check() != nil {
			return
		}
		if b.Invite != nil && (b.Invite.ExpiresAt.Year() > 9999 || b.Invite.ExpiresAt.Year() < 0) {
			return // it expires when nothing can be printed any more
		}
		s := New(wire.Room{1}, NewMailbox())
		if _, err = s.Apply(s.After(wire.Fingerprint{}, noon), olga, b); err != nil && core.CodeOf(err) != core.Denied {
			t.Errorf("%+v: %v", b, err)
		}
	})
}

// What a member pays for each change of a room that they read.
func BenchmarkOpen(b *testing.B) {
	m := NewMailbox()
	e, err := Seal(m, wire.Event{Mailbox: m.Tag.Name(), Seq: 1, At: noon}, Body{Kind: BodyAdd, Account: adam})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err = Open(m, e); err != nil {
			b.Fatal(err)
		}
	}
}

// A page of a room of 200 people compares all of their names.
func BenchmarkLookAlikes(b *testing.B) {
	names := make([]string, core.MaxChatMembers)
	for i := range names {
		names[i] = fmt.Sprintf("Person number %d", i)
	}
	for b.Loop() {
		LookAlikes(names)
	}
}
