package membership

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	elder   = "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"
	younger = "12D3KooWHHVPRQYGZcSBVBXwqhHGjNSd4TmMR2o1LBYMmXzXEBwn"
)

// invitation is a ticket of network "home" that names two members.
func invitation(t testing.TB) Invitation {
	t.Helper()
	var infos []peer.AddrInfo
	for i, id := range []string{younger, elder} {
		p, err := peer.Decode(id)
		if err != nil {
			t.Fatal(err)
		}
		addr, err := ma.NewMultiaddr(fmt.Sprintf("/ip4/192.0.2.%d/tcp/4001", i+1))
		if err != nil {
			t.Fatal(err)
		}
		infos = append(infos, peer.AddrInfo{ID: p, Addrs: []ma.Multiaddr{addr}})
	}
	i, err := newInvitation("home", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), infos)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func textOf(t testing.TB, i Invitation) string {
	t.Helper()
	text, err := i.Text()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A ticket goes through mail, chats and terminals. What they do to a text must
// not matter, and all that it says must arrive.
func TestTicket_ArrivesWhole(t *testing.T) {
	want := invitation(t)
	text := textOf(t, want)
	for name, sent := range map[string]string{
		"as it is":          text,
		"as a link":         Link(text),
		"with a slash":      Link(text) + "/",
		"broken into lines": text[:40] + "\r\n  " + text[40:] + "\n",
	} {
		got, err := ParseTicket(sent)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.secret != want.secret || got.Network != want.Network || got.ID != want.ID || !got.ExpiresAt.Equal(want.ExpiresAt) ||
			fmt.Sprint(got.Addresses) != fmt.Sprint(want.Addresses) {
			t.Errorf("%s: %v at %v", name, got, got.Addresses)
		}
	}
}

// Whoever pastes something else must be told what is wrong with it, and no
// altered ticket may pass for another.
func TestTicket_Refused(t *testing.T) {
	text := textOf(t, invitation(t))
	for name, test := range map[string]struct{ text, says string }{
		"nothing":            {" \n", "empty"},
		"another text":       {"hello", "no ticket"},
		"another version":    {"debros2" + text[len(ticketPrefix):], "another version"},
		"its first letters":  {"debr", "cut off"},
		"its first half":     {text[:len(text)/2], "cut off"},
		"all but the last":   {text[:len(text)-1], "cut off"},
		"with more":          {text + "AAAA", "altered"},
		"with one more":      {text + "A", "altered"},
		"with a foreign one": {text[:50] + "!" + text[51:], "altered"},
		"far too long":       {strings.Repeat("a", 2*MaxTicketBytes+1), "at most"},
	} {
		_, err := ParseTicket(test.text)
		if core.CodeOf(err) != core.Invalid || !strings.Contains(core.Sentence(err), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for at := len(ticketPrefix); at < len(text); at++ { // each letter counts
		other := byte('A')
		if text[at] == other {
			other = 'B'
		}
		if got, err := ParseTicket(text[:at] + string(other) + text[at+1:]); core.CodeOf(err) != core.Invalid {
			t.Errorf("letter %d altered: %v, %v", at, got, err)
		} else if strings.Contains(err.Error(), text[20:40]) {
			t.Errorf("the error repeats the ticket: %v", err)
		}
	}
}

// A secret in a log or in an answer lets whoever reads it into the network.
func TestTicket_KeepsItsSecret(t *testing.T) {
	i := invitation(t)
	var shown bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&shown, verb+verb+"\n", i, &i)
	}
	fmt.Fprintf(&shown, "%+v\n", struct{ Ticket Invitation }{i})
	data, err := json.Marshal(map[string]any{"ticket": i, "pointer": &i})
	if err != nil {
		t.Fatal(err)
	}
	shown.Write(data)
	for _, h := range []slog.Handler{slog.NewTextHandler(&shown, nil), slog.NewJSONHandler(&shown, nil)} {
		slog.New(h).Info("a ticket", "ticket", i, "pointer", &i)
	}
	for _, form := range []string{string(i.secret[:]), hex.EncodeToString(i.secret[:]), fmt.Sprint(i.secret)[1:20], fmt.Sprintf("%#v", i.secret)[10:40]} {
		if strings.Contains(shown.String(), form) {
			t.Errorf("the secret is shown as %q in %s", form, shown.String())
		}
	}
	if !strings.Contains(shown.String(), i.ID) {
		t.Error("nobody can tell which ticket it is")
	}
}

// A stranger's text must never end the node, nor be taken for another ticket.
func FuzzParseTicket(f *testing.F) {
	text := textOf(f, invitation(f))
	for _, seed := range []string{text, Link(text), text[:60], ticketPrefix, ticketPrefix + "AAYAAAAA", "debros2xx", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		i, err := ParseTicket(text)
		if err != nil {
			if core.CodeOf(err) != core.Invalid {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := i.Text()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseTicket(again); err != nil || back.secret != i.secret || back.ID != i.ID || back.Network != i.Network {
			t.Fatalf("%v came back as %v, %v", i, back, err)
		}
	})
}
