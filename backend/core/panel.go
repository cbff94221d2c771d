package core

import "time"

// GatewayRequest is one request that the gateway answered. It holds nothing that
// the caller wrote: neither his path nor his query, either of which may hold a
// credential.
type GatewayRequest struct {
	Seq       uint64        `json:"seq"` // grows by one per request
	Time      time.Time     `json:"time"`
	Method    string        `json:"method"`
	Route     string        `json:"route"` // as the table of routes has it, "none" when no route answers
	Status    int           `json:"status"`
	Took      time.Duration `json:"took"`
	Account   string        `json:"account"` // the wallet or the name of the key, "" when nobody was asked
	Code      Code          `json:"code"`    // of the error, "" when there was none
	RequestID string        `json:"request_id"`
}

// Measures are counters and levels of a node. Counters only grow, from the start
// of the node.
type Measures struct {
	Requests    uint64        // counter: answered by the gateway
	RequestTime time.Duration // counter: how long they took together
	InFlight    int           // requests that are being answered
	Sockets     int           // open WebSockets
	Messages    uint64        // counter: published and delivered by gossip
	Lost        uint64        // counter: dropped because a queue was full
	Entries     uint64        // counter: log entries applied by the groups that are awake
	Behind      uint64        // entries that are committed and not applied here yet
	Peers       int
}

// BackupFile is one file of the scheduled backups.
type BackupFile struct {
	Name string    `json:"name"`
	Size int64     `json:"size"`
	Time time.Time `json:"time"`
}

// ConfigKey is one key of the configuration: what runs now, and what the file
// says for the next start. No field holds a secret.
type ConfigKey struct {
	ConfigValue
	Default     string   `json:"default"`
	Kind        string   `json:"kind"` // "text", "list", "true or false", "number", "duration", "size", "secret" or "levels"
	Choices     []string `json:"choices"`
	Environment string   `json:"environment"` // the variable that sets it
	Flag        string   `json:"flag"`        // with its dashes, "" for a secret
	Secret      bool     `json:"secret"`
	InFile      bool     `json:"in_file"` // the file sets it
	Next        string   `json:"next"`    // what the next start will find, flags and environment being the same
	Restart     bool     `json:"restart"` // Next differs from what runs now
	// Overruled says that a flag or a variable of the environment decides, so that
	// the file's value waits until it is taken away.
	Overruled bool `json:"overruled"`
}

// ConfigChange is a key to set in the configuration file, or to take out of it.
type ConfigChange struct {
	Name  string
	Value string // as it would be written on the command line
	Reset bool   // take the key out, so that the default holds
}
