package core

import (
	"encoding/json"
	"time"
	"unicode/utf8"
)

// Limits of pub/sub.
const (
	// MaxMessageBytes bounds one published payload, well below gossip's own
	// limit, so that the envelope always fits.
	MaxMessageBytes = 256 << 10
	// MaxTopicBytes bounds a topic's name without its namespace prefix.
	MaxTopicBytes = 256
	// MaxMemberIDBytes bounds the name under which somebody is present in a topic.
	MaxMemberIDBytes = 128
	// MaxPresenceMetaBytes bounds what the others see of him, as JSON.
	MaxPresenceMetaBytes = 1 << 10
)

// Message is one published payload as a subscriber gets it.
type Message struct {
	ID         string    `json:"id"`    // unique per publication; equal payloads have different ids
	Topic      string    `json:"topic"` // without the namespace prefix
	From       string    `json:"from"`  // peer id of the publisher, proven by its signature
	Data       []byte    `json:"data"`
	ReceivedAt time.Time `json:"received_at"` // this node's clock
}

// CheckTopic says whether topic may be used inside a namespace.
func CheckTopic(topic string) error {
	switch {
	case topic == "":
		return Errorf(Invalid, "a topic needs a name")
	case len(topic) > MaxTopicBytes:
		return Errorf(TooLarge, "a topic's name has at most %d bytes", MaxTopicBytes)
	}
	for _, r := range topic {
		if r < ' ' || r == 0x7f || r == 0xfffd {
			return Errorf(Invalid, "a topic's name is printable UTF-8 text")
		}
	}
	return nil
}

// PresenceMember is somebody who is present in a topic.
type PresenceMember struct {
	MemberID string         `json:"memberId"`
	JoinedAt time.Time      `json:"joinedAt"`
	Meta     map[string]any `json:"meta,omitempty"`
}

// CheckPresence says whether m may be present in a topic.
func CheckPresence(m PresenceMember) error {
	if m.MemberID == "" || len(m.MemberID) > MaxMemberIDBytes || !utf8.ValidString(m.MemberID) {
		return Errorf(Invalid, "whoever is present needs a member id of 1 to %d bytes of UTF-8", MaxMemberIDBytes)
	}
	meta, err := json.Marshal(m.Meta)
	if err != nil {
		return Wrap(Invalid, err, "a member's meta is a JSON object")
	}
	if len(meta) > MaxPresenceMetaBytes {
		return Errorf(TooLarge, "a member's meta has at most %d bytes as JSON", MaxPresenceMetaBytes)
	}
	return nil
}

// PresenceEvent tells that somebody came to a topic or left it.
type PresenceEvent struct {
	Joined bool // else left
	Member PresenceMember
	Time   time.Time
}
