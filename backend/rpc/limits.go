// The bounds of both sides in one place, and the list that users read.

package rpc

import (
	"fmt"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxRequestBytes bounds one request: a batch of several values of 1 MiB, a
	// value of 8 MiB, the most that storage can be set to, or the longest SQL
	// (1 MiB) with its parameters.
	MaxRequestBytes = 16 << 20
	// MaxAnswerBytes bounds one answer: 16 MiB of SQL cells with what packing
	// adds to many small ones.
	MaxAnswerBytes = 32 << 20
	// MaxHelloBytes bounds what a stranger may send before it is known.
	MaxHelloBytes = 8 << 10
	// MaxHelloTime is how long a stranger may take to say who it is.
	MaxHelloTime = 10 * time.Second
	// MaxFailedHellos is how often one peer may show a wrong credential within
	// FailedHelloWindow. A person who mistypes stays below it.
	MaxFailedHellos = 10
	// FailedHelloWindow is the time over which failed hellos are counted.
	FailedHelloWindow = time.Minute
	// MaxTrackedPeers bounds the memory of failed hellos. When it is full somebody
	// is forgotten: to refuse everyone unknown would serve an attacker, to whom
	// peer ids cost nothing, and keys are too long to guess anyway.
	MaxTrackedPeers = 1024
	// MaxStreams bounds the streams of one server; each costs two goroutines.
	MaxStreams = 512
	// MaxStreamsPerPeer leaves room for a program that talks in several namespaces.
	MaxStreamsPerPeer = 32
	// MaxPendingHellos bounds the streams that are not known yet.
	MaxPendingHellos = 64
	// MaxCalls bounds the calls in flight on one stream, on both sides. More
	// than a thousand callers at once gain nothing on two cores.
	MaxCalls = 2048
	// MaxWaits bounds those that wait for changes on one stream, on both sides.
	// They do not count as calls in flight: a program that watches a lot must still
	// be able to read and write.
	MaxWaits = 512
	// MaxRequestBytesInFlight bounds the requests of one stream that are being
	// received or run.
	MaxRequestBytesInFlight = 32 << 20
	// MaxServerRequestBytes bounds the same over all streams of a server.
	MaxServerRequestBytes = 128 << 20
	// MaxAnswerBytesInFlight bounds the large answers of one stream that are
	// being sent. It also bounds what a client keeps of unfinished answers.
	MaxAnswerBytesInFlight = 64 << 20
	// MaxServerAnswerBytes bounds the same over all streams of a server.
	MaxServerAnswerBytes = 256 << 20
	// MaxCallTime ends a call that came without a deadline, or with a longer one.
	MaxCallTime = 10 * time.Minute
	// MaxDrainTime is how long calls may go on after the server was told to end,
	// so that a write gets a certain answer. A node ends within five seconds in all.
	MaxDrainTime = time.Second
	// MaxSentenceBytes bounds the sentence of an error.
	MaxSentenceBytes = 4 << 10

	// membersShare multiplies MaxStreams for a server among members.
	membersShare = 8
	// smallAnswer is up to which size answers are not counted: MaxCalls bounds them.
	smallAnswer = 16 << 10
)

// Limits lists the bounds that a user of the Go client may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "request of the Go client", Value: size(MaxRequestBytes), Why: "a batch of several large values fits; larger work goes in parts"},
		{Name: "answer to the Go client", Value: size(MaxAnswerBytes), Why: "16 MiB of SQL cells with their packing; larger answers are asked for in pages"},
		{Name: "SQL cells in one answer", Value: fmt.Sprint(MaxCells), Why: "small cells take more memory than bytes on the wire"},
		{Name: "statements in one write", Value: fmt.Sprint(MaxStatements), Why: "they are committed at once"},
		{Name: "parameters of one statement", Value: fmt.Sprint(MaxArgs), Why: "SQLite's own limit"},
		{Name: "calls in flight on one stream", Value: fmt.Sprint(MaxCalls), Why: "more callers at once gain nothing"},
		{Name: "calls that wait for changes on one stream", Value: fmt.Sprint(MaxWaits), Why: "each costs a goroutine; the others go on beside them"},
		{Name: "requests in flight on one stream", Value: size(MaxRequestBytesInFlight), Why: "one client cannot fill a node's memory"},
		{Name: "streams of one peer", Value: fmt.Sprint(MaxStreamsPerPeer), Why: "one namespace needs one stream"},
		{Name: "streams of all peers", Value: fmt.Sprint(MaxStreams), Why: "memory of an ordinary computer"},
		{Name: "time until a stream's hello", Value: MaxHelloTime.String(), Why: "strangers hold nothing for long"},
		{Name: "wrong credentials of one peer", Value: fmt.Sprintf("%d in %v", MaxFailedHellos, FailedHelloWindow), Why: "nobody guesses a key"},
		{Name: "longest call", Value: MaxCallTime.String(), Why: "a forgotten call ends"},
		{Name: "log entries in one answer", Value: fmt.Sprint(MaxLogEntries), Why: "the rest is asked for with the last number"},
		{Name: "reader that does not read", Value: MaxWriteStall.String(), Why: "it is cut off, nobody waits for it"},
	}
}

func size(bytes int) string { return fmt.Sprintf("%d MiB", bytes>>20) }
