package gateway

// This file has the routes of pub/sub that are no sockets: publish, topics,
// presence.

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func (g *Gateway) pubsubRoutes() []route {
	return []route{
		{
			methods: "GET", path: "/v1/pubsub/ws", access: needs(core.PermissionRead), upgrade: true, stream: true, status: http.StatusSwitchingProtocols,
			summary: "Opens a WebSocket on a topic: each message of the topic comes as a binary frame, each frame of the client is published there.",
			params: []param{
				{name: "topic", help: "the topic's name", required: true},
				{name: "format", help: "\"json\" for text frames {data, timestamp, topic} with data in base64; else \"raw\""},
				{name: "presence", help: "\"true\" to be present in the topic while the socket is open; needs the right to publish"},
				{name: "member_id", help: "who is present; required with presence"},
				{name: "member_meta", help: "a JSON object that others see of the member"},
				{name: "token", help: "an access token, for clients that can send no header"},
				{name: "api_key", help: "an API key, for clients that can send no header"},
			},
			serve: g.pubsubSocket,
		},
		{
			methods: "POST", path: "/v1/pubsub/publish", access: needs(core.PermissionWrite), body: jsonBody,
			summary: "Publishes a message to everybody who listens to the topic.",
			request: publishRequest{}, response: okAnswer{}, serve: g.publish,
		},
		{
			methods: "GET POST", path: "/v1/pubsub/topics", access: needs(core.PermissionRead),
			summary:  "Lists the namespace's topics that somebody on this network listens to.",
			response: topicsAnswer{}, serve: g.topics,
		},
		{
			methods: "GET POST", path: "/v1/pubsub/presence", access: needs(core.PermissionRead),
			summary:  "Lists who is present in a topic, on whichever gateway.",
			params:   []param{{name: "topic", help: "the topic's name", required: true}},
			response: presenceAnswer{}, serve: g.presence,
		},
	}
}

// publishRequest brings a message. The empty one is a message too.
type publishRequest struct {
	inNamespace
	Topic string `json:"topic"`
	Data  string `json:"data_base64"`
}

type topicsAnswer struct {
	Topics []string `json:"topics"`
}

type presenceAnswer struct {
	Topic   string         `json:"topic"`
	Members []memberAnswer `json:"members"`
	Count   int            `json:"count"`
}

type memberAnswer struct {
	MemberID string         `json:"memberId"`
	JoinedAt string         `json:"joinedAt"` // RFC 3339
	Meta     map[string]any `json:"meta,omitempty"`
}

func (g *Gateway) publish(c *call) error {
	var request publishRequest
	if err := c.decode(&request); err != nil {
		return err
	}
	if err := core.CheckTopic(request.Topic); err != nil {
		return err
	}
	if base64.StdEncoding.DecodedLen(len(request.Data)) > core.MaxMessageBytes+2 { // the padding counts there
		return tooLarge("a message", core.MaxMessageBytes)
	}
	data, err := base64.StdEncoding.DecodeString(request.Data)
	if err != nil {
		return core.Wrap(core.Invalid, err, "data_base64 is not base64 as of RFC 4648, section 4")
	}
	if err := g.services.PubSub.Publish(c.r.Context(), c.ns, request.Topic, data); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func (g *Gateway) topics(c *call) error {
	topics, err := g.services.PubSub.Topics(c.r.Context(), c.ns)
	if err != nil {
		return err
	}
	if topics == nil {
		topics = []string{}
	}
	return c.answer(http.StatusOK, topicsAnswer{Topics: topics})
}

func (g *Gateway) presence(c *call) error {
	topic := c.query("topic")
	if err := core.CheckTopic(topic); err != nil {
		return err
	}
	members, err := g.services.PubSub.Presence(c.r.Context(), c.ns, topic)
	if err != nil {
		return err
	}
	answer := presenceAnswer{Topic: topic, Members: make([]memberAnswer, len(members)), Count: len(members)}
	for i, m := range members {
		answer.Members[i] = memberAnswer{MemberID: m.MemberID, JoinedAt: m.JoinedAt.UTC().Format(time.RFC3339Nano), Meta: m.Meta}
	}
	return c.answer(http.StatusOK, answer)
}

// jsonText packs what cannot fail to be packed.
func jsonText(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		return []byte(`{"type":"error","code":"internal","error":"the frame cannot be written as JSON"}`)
	}
	return raw
}
