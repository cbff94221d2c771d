package core

import "time"

// Keys of structured log attributes. One word per thing, the same in every package.
const (
	KeyPart      = "part" // which part of the node speaks; its level can be set
	KeyPeer      = "peer"
	KeyNamespace = "namespace"
	KeyGroup     = "group"
	KeyTopic     = "topic"
	KeyRequestID = "request_id"
	KeyError     = "error"
	KeyAddress   = "address"
)

// LogEntry is one line of the node's log as the page and the command line show it.
type LogEntry struct {
	Seq     uint64            `json:"seq"` // grows by one per entry, so that a reader sees what it missed
	Time    time.Time         `json:"time"`
	Level   string            `json:"level"` // "debug", "info", "warn" or "error"
	Part    string            `json:"part"`
	Message string            `json:"message"`
	Attrs   map[string]string `json:"attrs"`
}
