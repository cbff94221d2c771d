package rpc

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeChat says what it was told.
type fakeChat struct{}

func (fakeChat) CallChat(_ context.Context, name string, in json.RawMessage) (json.RawMessage, error) {
	return json.Marshal(name + " " + string(in))
}

// A tenant of the node must not read what its people write, and a text must
// arrive as it was said.
func TestChatCalls(t *testing.T) {
	operator := dispatcher{services: Services{Chat: fakeChat{}}, caller: Caller{Operator: true}, ns: "red"}
	tenant := operator
	tenant.caller.Operator = false
	if _, err := tenant.call(t.Context(), methodChat, nil); core.CodeOf(err) != core.Denied {
		t.Errorf("by a tenant: %v", err)
	}
	mute := dispatcher{caller: Caller{Operator: true}}
	if _, err := mute.call(t.Context(), methodChat, nil); core.CodeOf(err) != core.Unavailable {
		t.Errorf("at a node without a chat: %v", err)
	}
	long := pack(t, &WireNodeRequest{Target: strings.Repeat("x", MaxChatCallBytes)})
	if _, err := operator.call(t.Context(), methodChat, long); core.CodeOf(err) != core.TooLarge {
		t.Errorf("without end: %v", err)
	}
	answer, err := operator.call(t.Context(), methodChat, pack(t, &WireNodeRequest{Target: "Send\n[\"two\\nlines\"]"}))
	if err != nil {
		t.Fatal(err)
	}
	var document WireDocument
	if err = unmarshal(answer, &document, plainEntries); err != nil || string(document.GetJson()) != `"Send [\"two\\nlines\"]"` {
		t.Errorf("arrived: %s, %v", document.GetJson(), err)
	}
}
