package room

import (
	"crypto/ed25519"
	"crypto/rand"
	"reflect"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

func ticket(t testing.TB) (Ticket, [32]byte) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	link, err := Ticket{
		Network: "12D3KooW/net", Inviter: olga, Device: wire.Fingerprint{3}, Room: wire.Room{4}, Name: "Tea & cake",
		Invite: Invite{Tag: wire.Tag{0xfe, 0xdc, 0xba}, Code: [32]byte{2}, ExpiresAt: noon, Uses: 3},
	}.SignBy(func(b []byte) ([]byte, error) { return ed25519.Sign(private, b), nil })
	if err != nil {
		t.Fatal(err)
	}
	return link, [32]byte(public)
}

// A link arrives as it was made, and what opens the room stands behind the "#",
// which no server and no list of visited pages is told.
func TestTicket_URL(t *testing.T) {
	link, key := ticket(t)
	text := link.URL()
	back, err := ParseLink(" " + text + "\n")
	if err != nil || !reflect.DeepEqual(back, link) {
		t.Fatalf("came back as %#v, %v", back.URL(), err)
	}
	if err = back.Verify(key); err != nil {
		t.Error(err)
	}
	front, _, _ := strings.Cut(text, "#")
	for what, secret := range map[string]string{"the tag": link.Tag.Reveal(), "the name": "Tea"} {
		if strings.Contains(front, secret) {
			t.Errorf("%s stands in front of the #", what)
		}
	}
}

// A link with another room, person, time or number in it is not the inviter's.
func TestTicket_forged(t *testing.T) {
	link, key := ticket(t)
	tests := map[string]func(*Ticket){
		"another network": func(l *Ticket) { l.Network += "x" },
		"another inviter": func(l *Ticket) { l.Inviter = adam },
		"another device":  func(l *Ticket) { l.Device[0]++ },
		"another room":    func(l *Ticket) { l.Room[0]++ },
		"another mailbox": func(l *Ticket) { l.Tag[0]++ },
		"another code":    func(l *Ticket) { l.Code[0]++ },
		"a longer life":   func(l *Ticket) { l.ExpiresAt = l.ExpiresAt.Add(time.Hour) },
		"more uses":       func(l *Ticket) { l.Uses++ },
		"another name":    func(l *Ticket) { l.Name = "Coffee" },
		"no signature":    func(l *Ticket) { l.Signature = make([]byte, 64) },
	}
	for name, change := range tests {
		l := link
		change(&l)
		if err := l.Verify(key); core.CodeOf(err) != core.Denied {
			t.Errorf("%s: %v", name, err)
		}
		back, err := ParseLink(l.URL())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err = back.Verify(key); core.CodeOf(err) != core.Denied {
			t.Errorf("%s, read from its URL: %v", name, err)
		}
	}
}

// Half a link, or something else that was pasted, is told to be so.
func TestParseLink_refuses(t *testing.T) {
	link, _ := ticket(t)
	good := link.URL()
	turned := link
	turned.Name = "a\u202eb"
	tests := map[string]string{
		"nothing":           "",
		"a page":            "https://example.com/",
		"another deep link": "debros://join/abc",
		"cut":               good[:len(good)-120],
		"without secret":    strings.Split(good, "#")[0],
		"a wrong letter":    good + "!",
		"no person":         strings.Replace(good, "by=", "bi=", 1),
		"no uses":           strings.Replace(good, "uses=3", "uses=0", 1),
		"a million uses":    strings.Replace(good, "uses=3", "uses=1000000", 1),
		"no end":            strings.Replace(good, "until=", "util=", 1),
		"a name to deceive": turned.URL(),
		"far too long":      good + strings.Repeat("A", MaxLinkBytes),
		"a password in it":  strings.Replace(good, "://room", "://a:b@room", 1),
	}
	for name, text := range tests {
		if _, err := ParseLink(text); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// People paste what they like.
func FuzzParseLink(f *testing.F) {
	link, _ := ticket(f)
	f.Add(link.URL())
	f.Add("debros://room?by=x#y")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLink(text)
		if err != nil {
			return
		}
		again, err := ParseLink(l.URL())
		if err != nil || !reflect.DeepEqual(again, l) {
			t.Errorf("%q is read, and written otherwise: %v", text, err)
		}
	})
}
