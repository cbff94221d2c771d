package core

import "time"

// Limits of key-value storage; each is named in the error that it causes.
const (
	MaxKeyBytes   = 1024    // a key is 1 to 1024 bytes of UTF-8
	MaxValueBytes = 1 << 20 // default limit of one value; larger things go in parts
	MaxListKeys   = 1000    // one page of a listing
	MaxBatchOps   = 1000    // operations in one batch
)

// Version is the number of a key-value write. Within a namespace it only grows
// and is never used twice. 0 means "no such item".
type Version uint64

// Item is one key. Value is nil in a listing that did not ask for values.
type Item struct {
	Key       string    `json:"key"`
	Value     []byte    `json:"value,omitempty"`
	Size      int       `json:"size"` // bytes of the value
	Version   Version   `json:"version"`
	UpdatedAt time.Time `json:"updated_at"`
	ExpiresAt time.Time `json:"expires_at"` // zero when it never expires
}

// PutOptions say when a value is stored and how long it lives. The zero value
// always stores, for ever. IfVersion and IfAbsent exclude each other.
type PutOptions struct {
	TTL       time.Duration // > 0: expires this long after the write
	IfVersion Version       // > 0: only when the key has this version
	IfAbsent  bool          // only when there is no such key
	WriteOptions
}

// WriteOptions are common to all key-value writes.
type WriteOptions struct {
	IdempotencyKey string // as in ExecOptions; of a batch, the batch's own
}

// ListOptions choose a page of keys, in byte order.
type ListOptions struct {
	ReadOptions
	Prefix    string
	Separator string // not "": keys that share the text up to it are folded into one of Page.Prefixes
	Cursor    string // Page.Next of the page before
	Limit     int    // 0 means 100; at most MaxListKeys
	Values    bool   // fill Item.Value
}

// Page is one page of a listing. Prefixes are folded branches, each ending with
// the separator. Next is "" on the last page.
type Page struct {
	Items      []Item     `json:"items"`
	Prefixes   []string   `json:"prefixes"`
	Next       string     `json:"next"`
	Provenance Provenance `json:"provenance"`
}

// Op is one step of a batch: a put, or with Delete set a delete.
type Op struct {
	Delete bool
	Key    string
	Value  []byte
	PutOptions
}

// WriteAnswer tells what a key-value write did. Versions has one entry per
// operation: the new version of a put, 0 for a delete. Deleted likewise tells
// whether a delete found its key.
type WriteAnswer struct {
	Versions   []Version  `json:"versions"`
	Deleted    []bool     `json:"deleted"`
	Provenance Provenance `json:"provenance"`
}
