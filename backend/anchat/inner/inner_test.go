package inner

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const somebody = "eip155:1:0x00000000000000000000000000000000000000a1"

// message is one with a body, as a sender makes it.
func message(t testing.TB, body any) Message {
	t.Helper()
	raw, err := Marshal(body)
	if err != nil {
		t.Fatalf("%+v: %v", body, err)
	}
	return Message{
		Kind: KindOf(body), Room: wire.Room{1}, Session: wire.Session{2}, Device: wire.Fingerprint{3},
		ListVersion: 4, ListHash: wire.Hash{5}, Head: wire.Hash{6}, At: noon, Body: raw,
	}
}

func file(name string) File {
	return File{ID: wire.Hash{7}, Key: [32]byte{8}, Prefix: []byte{9, 9}, Name: name, Type: "image/png", Size: 5, Chunks: 1, Width: 3, Height: 4}
}

// bodies is one of each kind, with every field set.
func bodies() []any {
	target, room := Ref{Session: wire.Session{8}, Index: 1 << 31}, wire.Room{9}
	return []any{
		Text{Text: "hello *you*\n`x`", ReplyTo: &target, Mentions: []string{somebody}, Files: []File{file("a.png")}, Timer: 300},
		Edit{Target: target, Text: "hullo", Mentions: []string{somebody}},
		Delete{Target: target},
		React{Target: target, Sign: "👩‍👩‍👧‍👦", On: true},
		Receipt{Mailbox: wire.Name{1}, Read: 1 << 60, Received: 1<<60 + 1},
		State{Room: &room, Key: "read", Value: []byte(`{"n":1}`)},
	}
}

func read(m Message) (any, error) {
	switch m.Kind {
	case KindText:
		return m.Text()
	case KindEdit:
		return m.Edit()
	case KindDelete:
		return m.Delete()
	case KindReact:
		return m.React()
	case KindReceipt:
		return m.Receipt()
	default:
		return m.State()
	}
}

// What somebody writes arrives as they wrote it, whatever kind it is.
func TestMessage_comesBack(t *testing.T) {
	for _, body := range bodies() {
		m := message(t, body)
		padded, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(padded)
		if err != nil || !reflect.DeepEqual(back, m) {
			t.Fatalf("%s came back as %+v, %v", m.Kind, back, err)
		}
		got, err := read(back)
		if err != nil || !reflect.DeepEqual(got, body) {
			t.Errorf("%s came back as %+v, %v; want %+v", m.Kind, got, err, body)
		}
	}
}

// Who sees only lengths must not tell a reaction from a receipt or a greeting.
func TestMessage_sizesTellLittle(t *testing.T) {
	ref := Ref{Session: wire.Session{8}, Index: 7}
	tests := map[string]struct {
		body any
		want int
	}{
		"a greeting":          {Text{Text: "See you at eight, then? I bring the tea."}, wire.Size256},
		"a correction":        {Edit{Target: ref, Text: "at nine"}, wire.Size256},
		"a deletion":          {Delete{Target: ref}, wire.Size256},
		"a reaction":          {React{Target: ref, Sign: "👍🏽", On: true}, wire.Size256},
		"a receipt":           {Receipt{Read: 1 << 40, Received: 1 << 41}, wire.Size256},
		"a paragraph":         {Text{Text: strings.Repeat("word ", 100)}, wire.Size1K},
		"a page":              {Text{Text: strings.Repeat("word ", 700)}, wire.Size4K},
		"the longest answer":  {Text{Text: strings.Repeat("\n", core.MaxChatTextBytes-1) + "x", ReplyTo: &ref}, wire.Size16K},
		"ten files at a time": {Text{Files: []File{file("1"), file("2"), file("3"), file("4"), file("5"), file("6"), file("7"), file("8"), file("9"), file("0")}}, wire.Size4K},
	}
	for name, test := range tests {
		padded, err := message(t, test.body).Encode()
		if err != nil || len(padded) != test.want {
			t.Errorf("%s takes %d bytes, %v; want %d", name, len(padded), err, test.want)
		}
	}
}

// A body that a broken or hostile program wrote is refused by the reader as it is
// by the writer.
func TestMarshal_refuses(t *testing.T) {
	many := make([]string, core.MaxChatMembers+1)
	for i := range many {
		many[i] = somebody
	}
	bad := func(change func(*File)) Text {
		f := file("a.png")
		change(&f)
		return Text{Files: []File{f}}
	}
	tests := map[string]struct {
		body any
		want core.Code
	}{
		"nothing to say":             {Text{Text: " \n"}, core.Invalid},
		"a text that is too long":    {Text{Text: strings.Repeat("x", core.MaxChatTextBytes+1)}, core.TooLarge},
		"text and mentions too long": {Text{Text: strings.Repeat("x", core.MaxChatTextBytes), Mentions: many[:10]}, core.TooLarge},
		"a bell in a text":           {Text{Text: "ring\a"}, core.Invalid},
		"bytes that are no UTF-8":    {Text{Text: "\xff"}, core.Invalid},
		"too many mentions":          {Text{Text: "hi", Mentions: many}, core.TooLarge},
		"a mention of nobody":        {Text{Text: "hi", Mentions: []string{"bob"}}, core.Invalid},
		"a timer of a year":          {Text{Text: "hi", Timer: 365 * 86400}, core.Invalid},
		"eleven files":               {Text{Files: make([]File, core.MaxChatFiles+1)}, core.TooLarge},
		"a way out of the folder":    {bad(func(f *File) { f.Name = "../x" }), core.Invalid},
		"a turned file name":         {bad(func(f *File) { f.Name = "exe.\u202egnp" }), core.Invalid},
		"a media type with script":   {bad(func(f *File) { f.Type = "text/html;<x>" }), core.Invalid},
		"a file larger than allowed": {bad(func(f *File) { f.Size = core.MaxChatFileBytes + 1 }), core.Invalid},
		"a million chunks":           {bad(func(f *File) { f.Chunks = 1e6 }), core.Invalid},
		"a negative width":           {bad(func(f *File) { f.Width = -1 }), core.Invalid},
		"an edit to nothing":         {Edit{Text: ""}, core.Invalid},
		"a reaction of two words":    {React{Sign: "so nice"}, core.Invalid},
		"a reaction without a sign":  {React{}, core.Invalid},
		"a setting without a key":    {State{Value: []byte("1")}, core.Invalid},
		"a setting that is no JSON":  {State{Key: "x", Value: []byte("{")}, core.Invalid},
		"a huge setting":             {State{Key: "x", Value: []byte(`"` + strings.Repeat("x", MaxStateBytes) + `"`)}, core.TooLarge},
	}
	for name, test := range tests {
		if _, err := Marshal(test.body); core.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	// The same bodies, written by a program that checks nothing.
	raw := map[string]Message{
		"a bell":             {Kind: KindText, Body: appendText(nil, "ring\a")},
		"an unfinished text": {Kind: KindText, Body: []byte{0, 9, 'x'}},
		"a text with a tail": {Kind: KindText, Body: append(appendText(nil, "x"), "tail"...)},
		"a cut file key":     {Kind: KindText, Body: append(appendText(nil, "x"), `{"files":[{"id":"AA==","key":"AA=="}]}`...)},
		"a flag of 2":        {Kind: KindReact, Body: appendShort(append(appendRef(nil, Ref{}), 2), "x")},
		"a short receipt":    {Kind: KindReceipt, Body: []byte{1}},
		"a room of 3 bytes":  {Kind: KindState, Body: []byte(`{"room":"AAAA","key":"x","value":1}`)},
	}
	for name, m := range raw {
		if _, err := read(m); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s was read: %v", name, err)
		}
	}
}

// A newer program may say more. What this one knows of it is still read, and what
// it does not know is kept, not lost.
func TestDecode_newer(t *testing.T) {
	m := message(t, Delete{Target: Ref{Index: 3}})
	m.Body = append(m.Body, `{"why":"typo"}`...)
	if d, err := m.Delete(); err != nil || d.Target.Index != 3 {
		t.Errorf("a deletion with a reason reads as %+v, %v", d, err)
	}
	m.Kind, m.Body = "poll", []byte("which day?")
	padded, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, decodeErr := Decode(padded); decodeErr != nil || back.Kind.Known() || !bytes.Equal(back.Body, m.Body) {
		t.Errorf("a kind of the future came back as %+v, %v", back, decodeErr)
	}
	padded[0] = version + 1
	if _, err = Decode(padded); !errors.Is(err, ErrNewer) {
		t.Errorf("a version of the future: %v", err)
	}
}

// Two spellings of one message would be two messages to who compares bytes.
func TestDecode_isStrict(t *testing.T) {
	good, err := message(t, Text{Text: "hi"}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	tests := map[string][]byte{
		"nothing":              {},
		"no padding":           good[:200],
		"padded too far":       append(bytes.Clone(good), make([]byte, wire.Size1K-wire.Size256)...),
		"something in padding": change(func(b []byte) []byte { b[255] = 1; return b }),
		"a kind in capitals":   change(func(b []byte) []byte { b[2] = 'T'; return b }),
		"a body that is cut":   change(func(b []byte) []byte { b[headBytes+len(KindText)-2] = 255; return b }),
		"a time after 9999":    change(func(b []byte) []byte { b[headBytes+len(KindText)-10] = 127; return b }),
		"version 0":            change(func(b []byte) []byte { b[0] = 0; return b }),
		"too many bytes":       make([]byte, wire.Size16K+1),
	}
	for name, b := range tests {
		if m, err := Decode(b); err == nil {
			t.Errorf("%s was read as %+v", name, m)
		}
	}
}

// A reference is how replies and reactions find their message on every device.
func TestParseRef(t *testing.T) {
	ref := Ref{Session: wire.Session{0xab}, Index: 1<<32 - 1}
	if back, err := ParseRef(ref.String()); err != nil || back != ref {
		t.Errorf("%s came back as %v, %v", ref, back, err)
	}
	for _, text := range []string{
		"", ":", ref.Session.String(), ref.Session.String() + ":-1", ref.Session.String() + ":01",
		ref.Session.String() + ":4294967296", strings.ToUpper(ref.String()), "ab:1",
	} {
		if _, err := ParseRef(text); core.CodeOf(err) != core.Invalid {
			t.Errorf("%q was read: %v", text, err)
		}
	}
}

func account(t testing.TB, id string) wallet.Account {
	t.Helper()
	a, err := wire.ParseAccountID(id)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What each message costs beside its seal.
func BenchmarkMessage(b *testing.B) {
	m := message(b, Text{Text: "See you at eight, then? I bring the tea."})
	for b.Loop() {
		padded, err := m.Encode()
		if err != nil {
			b.Fatal(err)
		}
		back, err := Decode(padded)
		if err != nil {
			b.Fatal(err)
		}
		if _, err = back.Text(); err != nil {
			b.Fatal(err)
		}
	}
}
