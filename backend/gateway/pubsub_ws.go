package gateway

// This file is a topic as a WebSocket.

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// messageFrame is a message in JSON format.
type messageFrame struct {
	Data      []byte `json:"data"` // base64
	Timestamp int64  `json:"timestamp"`
	Topic     string `json:"topic"`
}

// presenceFrame tells of a coming or going, in JSON format only.
type presenceFrame struct {
	Type      string         `json:"type"`
	MemberID  string         `json:"member_id"`
	Meta      map[string]any `json:"meta,omitempty"`
	Timestamp int64          `json:"timestamp"`
}

// errorFrame tells that a publication was refused. It is a text frame in either
// format; messages in raw format are binary ones.
type errorFrame struct {
	Type      string    `json:"type"` // "error"
	Error     string    `json:"error"`
	Code      core.Code `json:"code"`
	RequestID string    `json:"request_id"`
}

// topicSocket is one client on one topic. It holds nothing of the request that
// it began with.
type topicSocket struct {
	g      *Gateway
	who    core.Principal
	ns     core.Namespace
	id     string // of the request
	topic  string
	json   bool
	member *core.PresenceMember // nil for who is not present
	sub    Subscription
	place  Presence // of the member
}

// pubsubSocket serves one client. Who is present tells the others something, so
// he needs the right to publish, and his socket ends with it.
func (g *Gateway) pubsubSocket(c *call) (err error) {
	t := &topicSocket{g: g, who: c.who, ns: c.ns, id: c.id}
	if t.member, err = t.ask(c.r); err != nil {
		return err
	}
	need := core.PermissionRead
	if t.member != nil {
		need = core.PermissionWrite
		if err = g.services.Auth.Allow(c.r.Context(), c.who, c.ns, need); err != nil {
			return err
		}
	}
	return c.serveSocket(socketUse{need: need, maxMessage: core.MaxMessageBytes, begin: t.begin, run: t.run, receive: t.publish, done: t.close})
}

// begin subscribes before the 101, so that nothing published afterwards is missed.
func (t *topicSocket) begin(ctx context.Context) (err error) {
	topics := t.g.services.PubSub
	if t.sub, err = topics.Subscribe(ctx, t.ns, t.topic); err != nil || t.member == nil {
		return err
	}
	t.place, err = topics.Join(ctx, t.ns, t.topic, *t.member)
	return err
}

func (t *topicSocket) close() {
	if t.place != nil {
		t.place.Close()
	}
	if t.sub != nil {
		t.sub.Close()
	}
}

// ask reads the query. A member comes back when the client wants to be present.
func (t *topicSocket) ask(r *http.Request) (*core.PresenceMember, error) {
	query := r.URL.Query()
	t.topic = query.Get("topic")
	if err := core.CheckTopic(t.topic); err != nil {
		return nil, err
	}
	switch query.Get("format") {
	case "":
		t.json = subprotocol(r) == jsonProtocol
	case "json":
		t.json = true
	case "raw":
	default:
		return nil, core.Errorf(core.Invalid, "format is \"raw\" or \"json\"")
	}
	switch query.Get("presence") {
	case "true", "1":
	default:
		return nil, nil //nolint:nilnil // nobody is present, and that is fine
	}
	member := core.PresenceMember{MemberID: query.Get("member_id"), JoinedAt: t.g.settings.Now()}
	meta := query.Get("member_meta")
	if len(meta) > core.MaxPresenceMetaBytes {
		return nil, tooLarge("member_meta", core.MaxPresenceMetaBytes)
	}
	if meta != "" {
		if err := decodeObject(meta, &member.Meta); err != nil {
			return nil, err
		}
	}
	return &member, core.CheckPresence(member)
}

// decodeObject keeps whole numbers as they are.
func decodeObject(text string, v *map[string]any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(v); err != nil || d.More() {
		return core.Wrap(core.Invalid, err, "member_meta is one JSON object")
	}
	return nil
}

// run hands on what comes until ctx ends.
func (t *topicSocket) run(ctx context.Context, s *socket) error {
	var events <-chan core.PresenceEvent
	if t.place != nil {
		events = t.place.Events()
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case m, open := <-t.sub.Messages():
			if !open {
				return t.sub.Err()
			}
			t.send(s, m)
		case e, open := <-events:
			if !open {
				return core.Errorf(core.Unavailable, "you are no longer present in the topic; connect again")
			}
			if t.json {
				s.text(jsonText(presenceFrame{Type: eventType(e), MemberID: e.Member.MemberID, Meta: e.Member.Meta, Timestamp: e.Time.UnixMilli()}))
			}
		}
	}
}

func (t *topicSocket) send(s *socket, m core.Message) {
	if t.json {
		s.text(jsonText(messageFrame{Data: m.Data, Timestamp: m.ReceivedAt.UnixMilli(), Topic: t.topic}))
		return
	}
	s.binary(m.Data)
}

func eventType(e core.PresenceEvent) string {
	if e.Joined {
		return "presence.join"
	}
	return "presence.leave"
}

// publish takes one frame of the client. The right to publish is looked at each
// time: it may have gone while the right to listen stays.
func (t *topicSocket) publish(ctx context.Context, s *socket, data []byte) {
	err := t.g.services.Auth.Allow(ctx, t.who, t.ns, core.PermissionWrite)
	if err == nil {
		err = t.g.services.PubSub.Publish(ctx, t.ns, t.topic, data)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	code := core.CodeOf(err)
	if code == core.Internal {
		t.g.log.ErrorContext(ctx, "a publication failed", core.KeyRequestID, t.id, core.KeyError, err)
	}
	s.text(jsonText(errorFrame{Type: "error", Error: core.Sentence(err), Code: code, RequestID: t.id}))
}
