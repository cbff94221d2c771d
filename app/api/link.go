// This file keeps debros: links that wait for the person's word. Anybody can
// write such a link, on any web page: it only ever leads to a question, never
// to an action.

package api

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxLinkBytes bounds a debros: link. A ticket with six long addresses has 2 KiB.
	MaxLinkBytes = 3 << 10
	// MaxLinks bounds those that wait; the oldest makes room.
	MaxLinks = 8

	linkScheme = "debros"
)

// The kinds of links.
const (
	LinkJoin  = "join"  // debros://join/TICKET
	LinkPeer  = "peer"  // debros://peer/PEER_ID
	LinkKey   = "key"   // debros://key/NAMESPACE/KEY
	LinkQuery = "query" // debros://query/NAMESPACE?sql=…; it lands in the editor and never runs
	LinkRoom  = "room"  // debros://room?…#SECRET: an invite into a room of the chat
)

// Link is what a debros: link asks for.
type Link struct {
	ID        string `json:"id"`
	Kind      string `json:"kind"` // "join", "peer", "key", "query" or "room"
	Ticket    string `json:"ticket"`
	Peer      string `json:"peer"`
	Namespace string `json:"namespace"`
	Key       string `json:"key"`
	SQL       string `json:"sql"`
	// Room is the whole link into a room, which the chat reads; it lets whoever has
	// it knock there.
	Room string `json:"room"`
}

// Links is bound as "Links".
type Links struct{ d *desk }

// Pending lists the links that wait for the person's word, oldest first.
func (l *Links) Pending() ([]Link, error) {
	return guard(l.d, "Links.Pending", MaxCallTime, func(context.Context) ([]Link, error) { return l.d.links.list(), nil })
}

// Drop forgets a link, whatever the person decided; it is no error when it is gone.
func (l *Links) Drop(id string) error {
	return act(l.d, "Links.Drop", MaxCallTime, func(context.Context) error {
		l.d.links.drop(id)
		l.d.log.Info("a link was decided")
		l.d.events.poke()
		return nil
	})
}

// OfferLink lets the page ask about a debros: link; "" is none. It returns
// core.Invalid or core.TooLarge for a link that this program does not understand.
func (a *API) OfferLink(text string) error {
	if text == "" {
		return nil
	}
	link, err := ParseLink(text)
	if err != nil {
		return err
	}
	a.desk.links.add(link)
	a.desk.log.Info("a link waits for the person's word", "kind", link.Kind)
	a.desk.events.poke()
	return nil
}

// IsLink tells whether text calls itself a debros: link, good or bad.
func IsLink(text string) bool {
	return len(text) > len(linkScheme) && strings.EqualFold(text[:len(linkScheme)+1], linkScheme+":")
}

// ParseLink reads a debros: link. Its grammar is strict: what is not named there
// is refused, so that no two readers can understand one link differently.
func ParseLink(text string) (Link, error) {
	if len(text) > MaxLinkBytes {
		return Link{}, core.Errorf(core.TooLarge, "A debros: link has at most %d bytes.", MaxLinkBytes)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != linkScheme || u.User != nil || u.Opaque != "" {
		return Link{}, badLink()
	}
	if u.Host == LinkRoom {
		return roomLink(text, u)
	}
	if u.Fragment != "" {
		return Link{}, badLink()
	}
	parts := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i := range parts {
		if parts[i], err = url.PathUnescape(parts[i]); err != nil || !showable(parts[i]) {
			return Link{}, badLink()
		}
	}
	if u.Host != LinkQuery && u.RawQuery != "" {
		return Link{}, badLink()
	}
	link := Link{Kind: u.Host}
	switch {
	case u.Host == LinkJoin && len(parts) == 1 && plainWord(parts[0]):
		link.Ticket = parts[0]
	case u.Host == LinkPeer && len(parts) == 1 && plainWord(parts[0]):
		link.Peer = parts[0]
	case u.Host == LinkKey && len(parts) == 2 && parts[1] != "":
		link.Namespace, link.Key = parts[0], parts[1]
	case u.Host == LinkQuery && len(parts) == 1:
		link.Namespace = parts[0]
		if link.SQL, err = onlySQL(u.RawQuery); err != nil {
			return Link{}, err
		}
	default:
		return Link{}, badLink()
	}
	if link.Namespace != "" {
		if _, err := core.ParseNamespace(link.Namespace); err != nil {
			return Link{}, err
		}
	} else if link.Kind == LinkKey || link.Kind == LinkQuery {
		return Link{}, badLink()
	}
	return link, nil
}

// roomLink keeps a link into a room as it is: a query of plain words, and the
// secret behind the "#". What they say, the chat reads when the person is asked.
func roomLink(text string, u *url.URL) (Link, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(values) == 0 || strings.Trim(u.Path, "/") != "" || !plainWord(u.EscapedFragment()) || !showable(text) {
		return Link{}, badLink()
	}
	for name, list := range values {
		if len(list) != 1 || !plainWord(name) || strings.ContainsFunc(list[0], notShownInRoom) {
			return Link{}, badLink()
		}
	}
	return Link{Kind: LinkRoom, Room: text}, nil
}

// notShownInRoom holds for what no part of a link into a room has: it is made of
// ids, accounts and numbers.
func notShownInRoom(r rune) bool {
	return r >= utf8.RuneSelf || (!unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-_:.", r))
}

func badLink() error {
	return core.Errorf(core.Invalid, "This debros: link is not one that this program knows: join, peer, key, query or room.")
}

// onlySQL reads "sql=…" and nothing else.
func onlySQL(query string) (string, error) {
	values, err := url.ParseQuery(query)
	if err != nil || len(values) != 1 || len(values["sql"]) != 1 || values.Get("sql") == "" || !showable(values.Get("sql")) {
		return "", badLink()
	}
	return values.Get("sql"), nil
}

// plainWord tells whether s has the letters of a ticket or a peer id only.
func plainWord(s string) bool {
	if s == "" {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf || (!unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_')
	})
}

// showable refuses text that a screen would show as something else than it is:
// control characters, and those that turn the direction of writing.
func showable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return (unicode.IsControl(r) && r != '\n' && r != '\t') || unicode.Is(unicode.Cf, r)
	})
}

// links are those that wait.
type links struct {
	mu      sync.Mutex
	waiting []Link
}

func newLinks() *links { return &links{} }

func (l *links) add(link Link) {
	link.ID = newID()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == MaxLinks {
		l.waiting = slices.Delete(l.waiting, 0, 1)
	}
	l.waiting = append(l.waiting, link)
}

func (l *links) drop(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = slices.DeleteFunc(l.waiting, func(link Link) bool { return link.ID == id })
}

func (l *links) list() []Link {
	l.mu.Lock()
	defer l.mu.Unlock()
	return list(slices.Clone(l.waiting))
}
