package node

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// One author must not fill the mailboxes of all others, a junk maker none at all,
// and neither may touch what is not of the chat.
func TestChatGate(t *testing.T) {
	g := newChatGate("self")
	tag := wire.NewTag()
	row := func(mailbox wire.Name) []byte {
		return wire.Fleeting{Mailbox: mailbox, At: wire.Time(time.Now()), Sealed: []byte("typing"), Signature: make([]byte, 64)}.Encode()
	}
	good, topic := row(tag.Name()), tag.Name().String()
	tests := map[string]struct {
		author peer.ID
		ns     core.Namespace
		topic  string
		data   []byte
		want   core.Code
	}{
		"a row of the mailbox":        {"ann", core.ChatNamespace, topic, good, ""},
		"of another mailbox":          {"ann", core.ChatNamespace, topic, row(wire.NewTag().Name()), core.Denied},
		"of a mailbox that has none":  {"ann", core.ChatNamespace, "room", good, core.Denied},
		"a row of the store alone":    {"ann", core.ChatNamespace, topic, wire.Ack{At: wire.Time(time.Now())}.Encode(), core.Invalid},
		"junk":                        {"ann", core.ChatNamespace, topic, []byte("junk"), core.Invalid},
		"nothing":                     {"ann", core.ChatNamespace, topic, nil, core.Invalid},
		"more than any row has":       {"ann", core.ChatNamespace, topic, make([]byte, wire.MaxRowBytes+1), core.TooLarge},
		"a tenant's message, as ever": {"ann", "shop", topic, []byte("junk"), ""},
	}
	for name, tt := range tests {
		if err := g.check(tt.author, tt.ns, tt.topic, tt.data); core.CodeOf(err) != tt.want {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	refused := 0
	for range 2 * chatBurst {
		if core.CodeOf(g.check("mallory", core.ChatNamespace, topic, good)) == core.Limited {
			refused++
		}
		if err := g.check("self", core.ChatNamespace, topic, good); err != nil {
			t.Fatalf("this node's own: %v", err)
		}
	}
	if refused == 0 || refused > chatBurst {
		t.Errorf("%d of %d were refused", refused, 2*chatBurst)
	}
	if err := g.check("bob", core.ChatNamespace, topic, good); err != nil {
		t.Errorf("another author: %v", err)
	}
}
