// The bounds that a user may meet.

package database

import (
	"fmt"
	"runtime"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of one request.
const (
	// MaxStatementBytes bounds the text of one statement. It leaves room below
	// SQLite's own limit for the words that an atomic write is wrapped in.
	MaxStatementBytes = maxStatementBytes - 1024
	// MaxStatements bounds one write; its results are kept in memory.
	MaxStatements = 10_000
	// MaxWriteBytes bounds one write, text and values: it is one log entry.
	MaxWriteBytes = 16 << 20
	// MaxReadInWrite bounds the rows of a read between the writes of a transaction:
	// it runs on every replica, and nothing can stop it.
	MaxReadInWrite = 1000
	// MaxRows bounds the answer to a read unless it asks for less.
	MaxRows = 10_000
	// MaxAnswerBytes bounds the cells of an answer unless it asks for less.
	MaxAnswerBytes = 16 << 20
	// MaxLargeRows and MaxLargeBytes bound one that is asked for with Large.
	MaxLargeRows  = 100_000
	MaxLargeBytes = 64 << 20
)

// Bounds of a node.
const (
	// MaxQueuedWrites and MaxQueuedBytes bound what waits in one group. The next
	// write gets "limited" at once instead of waiting for ever.
	MaxQueuedWrites = 4096
	MaxQueuedBytes  = 64 << 20
	// DefaultMaxAwake bounds awake groups: a hundred of them cost 70 MB and a third of a core.
	DefaultMaxAwake = 100
	// DefaultIdleAfter is how long a group that nobody asks stays awake.
	DefaultIdleAfter = 10 * time.Minute
	// DefaultReadLimit is how long a read may take. A long reader keeps SQLite's
	// write-ahead log from being folded in.
	DefaultReadLimit = 10 * time.Second

	// MaxWatchers and MaxGroupWatchers bound those who wait for changes at this
	// node, and in one namespace. Each costs a goroutine, and all of a namespace
	// look up with each change.
	MaxWatchers      = 2048
	MaxGroupWatchers = 512

	// fullBytes is so little that SQLite may have failed for want of space.
	fullBytes = 1 << 20
	// minFreeBytes is kept free on the disk: a log that cannot be written to
	// its end is worse than a refused write.
	minFreeBytes = 64 << 20
	// roomFor is how long a look at the disk holds. No disk takes a part of
	// minFreeBytes worth speaking of in that time.
	roomFor = 10 * time.Millisecond
	// maxCheckedTexts bounds the statements whose judgement is remembered.
	maxCheckedTexts = 4096
)

// maxReaders bounds concurrent reads: beyond twice the cores, more of them only
// take the time that Raft needs to keep its lease.
func maxReaders() int { return max(4, 2*runtime.GOMAXPROCS(0)) }

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "text of one SQL statement", Value: bytesText(MaxStatementBytes), Why: "SQLite's own limit; long values belong into parameters"},
		{Name: "one value in SQL", Value: bytesText(maxCellBytes), Why: "a value is held in memory on every replica"},
		{Name: "statements in one write", Value: fmt.Sprint(MaxStatements), Why: "they are one entry of the log"},
		{Name: "size of one write", Value: bytesText(MaxWriteBytes), Why: "it is one entry of the log"},
		{Name: "rows of a read between the writes of a transaction", Value: fmt.Sprint(MaxReadInWrite), Why: "it runs on every replica; read more before or after"},
		{Name: "rows in one answer", Value: fmt.Sprint(MaxRows), Why: "an answer is held in memory; longer ones are cut and say so"},
		{Name: "size of one answer", Value: bytesText(MaxAnswerBytes), Why: "an answer is held in memory; longer ones are cut and say so"},
		{Name: "time of one read", Value: DefaultReadLimit.String(), Why: "a long read holds up everybody's writes", Key: "database.read_timeout"},
		{Name: "writes waiting in one namespace", Value: fmt.Sprint(MaxQueuedWrites), Why: "more would only wait; they get \"limited\" at once"},
		{Name: "watchers waiting in one namespace", Value: fmt.Sprint(MaxGroupWatchers), Why: "each change wakes them all"},
		{Name: "watchers waiting at one node", Value: fmt.Sprint(MaxWatchers), Why: "each costs memory; others watch at another node"},
		{Name: "wait of a watcher", Value: core.MaxChangeWait.String(), Why: "it then asks again; what is silent for longer is cut on the way"},
		{Name: "rows of a live query", Value: fmt.Sprint(core.MaxLiveRows), Why: "they are read anew with each change"},
		{Name: "answers of a live query", Value: fmt.Sprintf("one in %v", LivePause), Why: "a busy table changes more often than anybody reads"},
		{Name: "namespaces awake at once", Value: fmt.Sprint(DefaultMaxAwake), Why: "each costs memory, files and a heartbeat", Key: "database.max_awake"},
		{Name: "free space that is kept on the disk", Value: bytesText(minFreeBytes), Why: "a log cut in the middle is worse than a refused write"},
	}
}

func bytesText(n int64) string {
	if n >= 1<<20 && n%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%d bytes", n)
}
