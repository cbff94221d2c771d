package api

import (
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// aRoom is a link as the chat makes it.
const aRoom = "debros://room?by=eip155%3A1%3A0x00000000000000000000000000000000000000aa&network=abc234&until=1700000000000&uses=1#c2VjcmV0-_"

// Any web page may hold a debros: link: what it says must be exactly what the
// person is asked about, or nothing.
func TestParseLink(t *testing.T) {
	good := map[string]Link{
		"debros://join/Ab-9_z":                       {Kind: LinkJoin, Ticket: "Ab-9_z"},
		"debros://peer/12D3KooW":                     {Kind: LinkPeer, Peer: "12D3KooW"},
		"debros://key/shop/a%2Fb%20c":                {Kind: LinkKey, Namespace: "shop", Key: "a/b c"},
		"debros://query/shop?sql=SELECT+1%3B%0A--+x": {Kind: LinkQuery, Namespace: "shop", SQL: "SELECT 1;\n-- x"},
		"debros://key/shop/%3Cscript%3E":             {Kind: LinkKey, Namespace: "shop", Key: "<script>"},
		aRoom:                                        {Kind: LinkRoom, Room: aRoom},
	}
	for text, want := range good {
		if got, err := ParseLink(text); err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	bad := map[string]string{
		"a room without a secret":    "debros://room?by=x&network=n",
		"a room of nothing":          "debros://room#c2VjcmV0",
		"a room with a path":         "debros://room/x?by=x#c2VjcmV0",
		"a room said twice":          "debros://room?by=x&by=y#c2VjcmV0",
		"a room with turned letters": "debros://room?by=x%E2%80%AEy#c2VjcmV0",
		"a room with other letters":  "debros://room?by=%3Cscript%3E#c2VjcmV0",
		"a secret of other letters":  "debros://room?by=x#c2%2FVjc",
		"the chat's namespace":       "debros://key/anchat/a",
		"another scheme":             "https://join/abc",
		"no kind":                    "debros:abc",
		"unknown kind":               "debros://run/rm",
		"user":                       "debros://a@join/abc",
		"fragment":                   "debros://join/abc#x",
		"port":                       "debros://join:1/abc",
		"more path":                  "debros://join/abc/def",
		"query at a ticket":          "debros://join/abc?x=1",
		"letters of no ticket":       "debros://join/a%2fb",
		"no ticket":                  "debros://join/",
		"reserved namespace":         "debros://key/system/a",
		"namespace that is none":     "debros://key/UP/a",
		"no namespace":               "debros://query?sql=select+1",
		"no key":                     "debros://key/shop/",
		"second statement field":     "debros://query/shop?sql=a&sql=b",
		"another field":              "debros://query/shop?sql=a&run=1",
		"turned writing":             "debros://key/shop/a%E2%80%AEb",
		"zero byte":                  "debros://key/shop/a%00b",
		"broken letters":             "debros://key/shop/%ff",
	}
	for name, text := range bad {
		if got, err := ParseLink(text); core.CodeOf(err) != core.Invalid {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := ParseLink("debros://join/" + strings.Repeat("a", MaxLinkBytes)); core.CodeOf(err) != core.TooLarge {
		t.Errorf("too long: %v", err)
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add("debros://key/shop/a%2Fb")
	f.Add("debros://query/shop?sql=select+1")
	f.Add(aRoom)
	f.Fuzz(func(t *testing.T, text string) {
		link, err := ParseLink(text)
		if err != nil {
			return
		}
		for _, shown := range []string{link.Ticket, link.Peer, link.Key, link.SQL, link.Room} {
			if !showable(shown) {
				t.Errorf("%q shows %q", text, shown)
			}
		}
	})
}

// A link waits until the person decides, also for a page that is opened later.
func TestLinks_Wait(t *testing.T) {
	a := newAPI(t)
	links := bound[Links](a)
	for range MaxLinks + 1 {
		if err := a.OfferLink("debros://peer/12D3KooW"); err != nil {
			t.Fatal(err)
		}
	}
	waiting, err := links.Pending()
	if err != nil || len(waiting) != MaxLinks {
		t.Fatalf("%d wait, %v", len(waiting), err)
	}
	if err = links.Drop(waiting[0].ID); err != nil {
		t.Fatal(err)
	}
	if left, err := links.Pending(); err != nil || len(left) != MaxLinks-1 || left[0] != waiting[1] {
		t.Errorf("%+v, %v", left, err)
	}
	if err := a.OfferLink("debros://run/rm"); core.CodeOf(err) != core.Invalid {
		t.Errorf("got %v", err)
	}
}
