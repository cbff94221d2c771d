// The clock and the dice of a Raft entry. SQLite's own would give each replica
// another answer, and another one again when the log is replayed.

package database

import (
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

const (
	// entryFunction is called by the first statement of each entry.
	entryFunction = "_debros_entry"
	// entryCall is that statement; its parameters are the time, the seed, the
	// mode and the checksum of the entry, which is for the folder's inspection.
	entryCall       = "SELECT " + entryFunction + "(?,?,?,?)"
	entryParameters = 4

	seedBytes = 32
	// maxRandomBlob bounds randomblob(N), as SQLite's own limit of a value does.
	maxRandomBlob = maxCellBytes
)

// entryMode says which transaction statements the entry's own text may use.
type entryMode int64

const (
	modePlain  entryMode = iota // none: each statement is its own transaction
	modeShared                  // one BEGIN and one COMMIT around several callers
	modeHeld                    // a transaction that the next entry commits or rolls back
)

// entryClock is the time and the randomness of the entry that a writing
// connection is applying. SQLite calls it from the one goroutine that applies.
type entryClock struct {
	conn    *sqlite3.SQLiteConn
	live    *live // nil on a file that no group has in use
	known   bool  // an entry has begun on this connection
	now     time.Time
	seed    [seedBytes]byte
	dice    *rand.ChaCha8 // nil until the entry first throws
	mode    entryMode
	begun   bool // the mode's BEGIN was used
	settled bool // likewise its COMMIT
	ended   bool // likewise a ROLLBACK that ends a held transaction

	unfolded bool // the write-ahead log is not folded in on this connection
	ours     bool // a pragma of this package's own is under way
}

// begin is SQL function _debros_entry(milliseconds, seed, mode, checksum). It is refused
// inside a transaction, so that nobody's statement can change the clock of
// their neighbours in the same entry.
func (c *entryClock) begin(milliseconds int64, seed []byte, mode, _ int64) (int64, error) {
	if !c.conn.AutoCommit() {
		err := errors.New("an entry cannot begin inside a transaction")
		if c.live != nil && c.mode == modeShared && c.settled { // its COMMIT failed, on this computer only
			c.live.giveUp(fmt.Errorf("%w: %w", errWounded, err))
		}
		return 0, err
	}
	if len(seed) != seedBytes {
		return 0, fmt.Errorf("an entry's seed has %d bytes", seedBytes)
	}
	if c.live != nil {
		if err := c.live.begins(c); err != nil {
			return 0, err
		}
	}
	c.known, c.begun, c.settled, c.ended = true, false, false, false
	c.now = time.UnixMilli(milliseconds).UTC()
	c.seed, c.dice = [seedBytes]byte(seed), nil
	c.mode = entryMode(mode)
	if c.mode == modeHeld && c.live != nil {
		c.live.blind.note()
	}
	return milliseconds, nil
}

// source is the entry's randomness; before the first entry, where only rqlite's
// own housekeeping runs, it is the system's.
func (c *entryClock) source() *rand.ChaCha8 {
	if c.dice == nil {
		if !c.known {
			_, _ = crand.Read(c.seed[:]) //nolint:errcheck // crypto/rand.Read never returns an error
		}
		c.dice = rand.NewChaCha8(c.seed)
	}
	return c.dice
}

func (c *entryClock) random() int64 { return int64(c.source().Uint64()) } //nolint:gosec // every bit pattern is meant

func (c *entryClock) randomBlob(n int64) ([]byte, error) {
	n = max(n, 1) // as SQLite
	if n > maxRandomBlob {
		return nil, errors.New("string or blob too big")
	}
	blob := make([]byte, n)
	_, err := c.source().Read(blob)
	return blob, err
}

// time is the entry's; before the first entry it is this computer's.
func (c *entryClock) time() time.Time {
	if c.known {
		return c.now
	}
	return time.Now().UTC()
}

// register gives the connection functions of SQLite's names that read this
// clock. The date functions keep SQLite's own meaning of every format and
// modifier, see dates.
func (c *entryClock) register() error {
	functions := map[string]any{
		entryFunction:       c.begin,
		"random":            c.random,
		"randomblob":        c.randomBlob,
		"current_timestamp": func() string { return c.time().Format(time.DateTime) },
		"current_date":      func() string { return c.time().Format(time.DateOnly) },
		"current_time":      func() string { return c.time().Format(time.TimeOnly) },
		"timediff":          func(a, b any) (any, error) { return c.date("timediff", 0, a, b) },
		"strftime":          func(args ...any) (any, error) { return c.date("strftime", 1, args...) },
	}
	for _, name := range []string{"date", "time", "datetime", "julianday", "unixepoch"} {
		functions[name] = func(args ...any) (any, error) { return c.date(name, 0, args...) }
	}
	for name, f := range functions {
		if err := c.conn.RegisterFunc(name, f, false); err != nil {
			return fmt.Errorf("register %s: %w", name, err)
		}
	}
	return nil
}

// date answers a date function with "now" replaced by the entry's time. Its
// time value stands at position at; a missing one means now.
//
// "localtime" and "utc" are dropped: the replicas of a group live in different
// time zones, so inside a write local time is UTC.
func (c *entryClock) date(name string, at int, args ...any) (any, error) {
	out := make([]any, 0, len(args)+2)
	for i, arg := range args {
		switch text, isText := arg.(string); {
		case !isText:
			out = append(out, arg)
		case i > at && (strings.EqualFold(text, "localtime") || strings.EqualFold(text, "utc")) && name != "timediff":
		case (i == at || name == "timediff") && strings.EqualFold(text, "now"):
			out = append(out, c.literal())
		case i == at && (strings.EqualFold(text, "subsec") || strings.EqualFold(text, "subsecond")):
			out = append(out, c.literal(), text)
		default:
			out = append(out, arg)
		}
	}
	if len(args) == at {
		out = append(out, c.literal())
	}
	plain, err := plainDates()
	if err != nil {
		return nil, fmt.Errorf("open date functions: %w", err)
	}
	return plain.call(name, out)
}

// literal is the entry's time as SQLite reads it, with the zone that keeps it UTC.
func (c *entryClock) literal() string { return c.time().Format("2006-01-02 15:04:05.000") + "Z" }

// newSeed draws the seed of an entry.
func newSeed() []byte {
	seed := make([]byte, seedBytes)
	_, _ = crand.Read(seed) //nolint:errcheck // crypto/rand.Read never returns an error
	return seed
}
