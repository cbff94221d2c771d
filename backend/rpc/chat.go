// The call about the chat of this node: the operator's, like the page.

package rpc

import (
	"context"
	"encoding/json"
	"strings"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// ChatService is the chat of the node's own people, by the names of its methods.
// in is a JSON list of a method's arguments, and out its result.
type ChatService interface {
	CallChat(ctx context.Context, name string, in json.RawMessage) (out json.RawMessage, err error)
}

// MaxChatCallBytes bounds what a call brings: a text with its mentions. Files
// are named by their path.
const MaxChatCallBytes = 256 << 10

// The number is on the wire, as those in service.go.
const methodChat method = 100

func (d dispatcher) chat(ctx context.Context, body []byte) (proto.Message, error) {
	if len(body) > MaxChatCallBytes {
		return nil, core.Errorf(core.TooLarge, "a call to the chat has at most %d bytes", MaxChatCallBytes)
	}
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	if d.services.Chat == nil {
		return nil, core.Errorf(core.Unavailable, "this node has no chat")
	}
	name, in, _ := strings.Cut(req.GetTarget(), "\n") // a name has no line end
	out, err := d.services.Chat.CallChat(ctx, name, json.RawMessage(in))
	return documentOr(err, out)
}

// Chat calls a method of the node's chat; its result is decoded into out, which
// may be nil. Operators only. The arguments may hold secrets: they are in no log.
func (c *Conn) Chat(ctx context.Context, name string, in []any, out any) error {
	if in == nil {
		in = []any{}
	}
	text, err := json.Marshal(in)
	if err != nil {
		return core.Wrap(core.Invalid, err, "the call cannot be sent")
	}
	return c.document(ctx, c.ns, methodChat, &WireNodeRequest{Target: name + "\n" + string(text)}, out)
}
