package core

import "time"

// Limits of the change feed; each is named in the error that it causes.
const (
	// MaxChangeWait is how long one question for changes may wait. It ends below
	// the half minute after which proxies and phones cut what is silent.
	MaxChangeWait = 25 * time.Second
	// MaxWatchChanges bounds one answer of a key-value watch.
	MaxWatchChanges = 1000
	// MaxHistoryVersions bounds one answer about the history of a key.
	MaxHistoryVersions = 1000
	// MaxLiveRows bounds a live query: its rows are read anew with each change.
	MaxLiveRows = 1000
)

// Change tells that tables of a namespace have changed.
type Change struct {
	// Index is the log entry up to which changes are told: ask again after it.
	Index uint64 `json:"index"`
	// Changed is false when the wait ended without a change.
	Changed bool `json:"changed"`
	// Gap says that it is not known what changed: read everything anew.
	Gap bool `json:"gap"`
}

// Operation is what a key-value change did.
type Operation string

// The operations.
const (
	OperationPut    Operation = "put"
	OperationDelete Operation = "delete"
	OperationExpire Operation = "expire" // its time had ended, and the sweep removed it
)

// KVChange is one change of a key. Version is the change's own number, also of a
// delete; UpdatedAt is when it happened.
type KVChange struct {
	Operation Operation `json:"operation"`
	Item
}

// WatchOptions say which changes of keys are asked for, and how long to wait for
// the next one.
type WatchOptions struct {
	Prefix string  `json:"prefix"`
	Since  Version `json:"since"` // Changes.Next of the answer before; 0 is before the first change
	// FromNow takes the present position for Since.
	FromNow bool          `json:"from_now"`
	Limit   int           `json:"limit"` // changes in one answer; 0 means 100, at most MaxWatchChanges
	Wait    time.Duration `json:"wait"`  // 0 answers at once; at most MaxChangeWait
}

// Changes are changes of keys in the order in which they were committed. None
// means that the wait ended; Next is where to go on either way.
type Changes struct {
	Changes []KVChange `json:"changes"`
	Next    Version    `json:"next"`
	// Gap says that before these changes there were others that are not kept any
	// more: list the keys anew.
	Gap        bool       `json:"gap"`
	Provenance Provenance `json:"provenance"`
}

// History is what is kept of a key's past, newest first.
type History struct {
	Versions []KVChange `json:"versions"`
	// CompleteSince is the first version that is kept of the namespace. What
	// happened to the key before it is not known. CompleteSinceTime is when that
	// was, zero when nothing is kept.
	CompleteSince     Version    `json:"complete_since"`
	CompleteSinceTime time.Time  `json:"complete_since_time"`
	Provenance        Provenance `json:"provenance"`
}

// LiveOptions say how a live query goes on.
type LiveOptions struct {
	// After is LiveAnswer.Index of the answer before. 0 reads at once.
	After uint64
	Wait  time.Duration // for a change; at most MaxChangeWait, which is also the default
	// MaxRows bounds the answer; at most MaxLiveRows, which is also the default.
	MaxRows int
}

// LiveAnswer is one state of a live query.
type LiveAnswer struct {
	Rows    *Rows  // nil when nothing has changed
	Changed bool   // a table that the query reads has changed
	Gap     bool   // states between may have been missed; Rows is the present one
	Index   uint64 // ask again after it
}
