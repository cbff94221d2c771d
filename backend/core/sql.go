package core

import (
	"strconv"
	"strings"
	"time"
)

// Statement is one SQL statement with its parameters. A parameter is nil, bool,
// int64, float64, string or []byte. Args bind by position; Named by name, with
// or without the leading ':'. Only one of the two may be used.
type Statement struct {
	SQL   string         `json:"sql"`
	Args  []any          `json:"args,omitempty"`
	Named map[string]any `json:"named,omitempty"`
}

// QueryOptions bound one read. A zero limit means the node's own.
type QueryOptions struct {
	ReadOptions
	Timeout  time.Duration // the read is interrupted after this
	MaxRows  int           // the answer is cut here and marked truncated
	MaxBytes int           // likewise, counted over all cells
	// Large lifts the node's own limits for a caller in the same process that packs
	// the rows away. It never travels: another node answers with its usual limits.
	Large bool
}

// Rows is the answer to one read. A cell is nil, int64, float64, string or
// []byte, exactly as SQLite stores it.
type Rows struct {
	Columns    []string   `json:"columns"`
	Types      []string   `json:"types"` // declared type of each column, "" when it is an expression
	Values     [][]any    `json:"values"`
	Truncated  bool       `json:"truncated,omitempty"` // a limit cut the answer
	Provenance Provenance `json:"provenance"`
}

// ExecOptions say how statements are written.
type ExecOptions struct {
	// Atomic makes the statements one transaction: all or none.
	Atomic bool
	// IdempotencyKey, when not "", makes the write happen at most once within
	// IdempotencyWindow: repeating it with the same key and the same statements
	// returns the first answer. The same key with other statements is Conflict.
	// At most MaxIdempotencyKeyBytes bytes.
	IdempotencyKey string
	// IdempotencyOf is what the key stands for, when it is not the statements:
	// they may hold the time at which they were made. A hash; nil for most.
	IdempotencyOf []byte
}

// Bounds of idempotency keys.
const (
	MaxIdempotencyKeyBytes = 128
	MaxIdempotencyOfBytes  = 64
	IdempotencyWindow      = 24 * time.Hour
)

// ExecResult is the outcome of one statement of a write.
type ExecResult struct {
	RowsAffected int64  `json:"rows_affected"`
	LastInsertID int64  `json:"last_insert_id"`
	Rows         *Rows  `json:"rows,omitempty"`  // of a RETURNING clause
	Error        string `json:"error,omitempty"` // SQLite's sentence when this statement failed
}

// ExecAnswer holds one result per statement, in order.
type ExecAnswer struct {
	Results    []ExecResult `json:"results"`
	Provenance Provenance   `json:"provenance"`
}

// Schema is what a namespace's database holds: the tenant's own tables only.
type Schema struct {
	Tables []Table `json:"tables"`
}

// Table is a table or a view.
type Table struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"` // "table" or "view"
	SQL     string   `json:"sql"`
	Columns []Column `json:"columns"`
	Indexes []Index  `json:"indexes"`
}

// Column is one column of a table. Default is SQL text, "" when there is none.
type Column struct {
	Name       string `json:"name"`
	Type       string `json:"type"`
	Nullable   bool   `json:"nullable"`
	Default    string `json:"default"`
	PrimaryKey bool   `json:"primary_key"`
}

// Index is an index of a table; SQL is "" for one that SQLite made itself.
type Index struct {
	Name    string   `json:"name"`
	Unique  bool     `json:"unique"`
	Columns []string `json:"columns"` // "" stands for an expression
	SQL     string   `json:"sql"`
}

// Piece is one statement of a script, as an editor needs it. Offset and End are
// bytes from the script's start, without the closing semicolon.
type Piece struct {
	Text    string `json:"text"`
	Offset  int    `json:"offset"`
	End     int    `json:"end"`
	Kind    string `json:"kind"`    // "read", "write" or "schema"; "" when it may not be run
	Problem string `json:"problem"` // why it may not be run and what to do instead, else ""
}

// ParseNumber reads a number of JSON as a parameter: an int64 or a float64. Whole
// numbers stay whole: one that 64 bits do not hold would lose digits as a
// fraction, so it is Invalid.
func ParseNumber(text string) (any, error) {
	if !strings.ContainsAny(text, ".eE") {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, Errorf(Invalid, "a whole number does not fit into 64 bits; send it as text")
		}
		return n, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, Errorf(Invalid, "a number is too large; send it as text")
	}
	return f, nil
}

// Reading is what is known of a read before it runs.
type Reading struct {
	Tables  []string // tables and views that it names
	Ordered bool     // it sorts its answer
	// Unlike is why two replicas with the same content may answer differently, and
	// what to do about it; "" when they may not.
	Unlike string
}
