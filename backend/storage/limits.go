package storage

// This file names the bounds of storage, with their reasons.

import (
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxValueSetting is the highest value limit that can be configured: the
	// database takes 16 MiB in one write, and a put is one.
	MaxValueSetting = 8 << 20
	// MaxBatchBytes bounds keys and values of one batch, which is one entry of
	// the replicated log.
	MaxBatchBytes = 12 << 20
	// MaxPageBytes ends a page of a listing with values, which is held in memory.
	// A page always holds at least one item.
	MaxPageBytes = 4 << 20
	// DefaultListKeys is the length of a page that names none.
	DefaultListKeys = 100
	// MaxSeparatorBytes bounds a separator; one character is the usual one.
	MaxSeparatorBytes = 64

	// maxSweepRows bounds one step of the expiry sweep: one entry of the log,
	// behind which callers wait.
	maxSweepRows = 500
	// maxSweepSteps bounds the sweep of one namespace, so that the others get
	// their turn. What is left is swept the next time.
	maxSweepSteps = 20
	// maxTouched bounds the namespaces that wait for the sweep: as many as ten
	// times the databases that can be awake. The others wait until they are used again.
	maxTouched = 1024
	// sweepEvery is the time between sweeps. Reads hide what expired at once, so
	// only the space waits.
	sweepEvery = time.Minute
	// sweepLimit ends a sweep of one namespace whose group has no leader.
	sweepLimit = 10 * time.Second
)

// Limits lists the bounds that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "key", Value: strconv.Itoa(core.MaxKeyBytes) + " bytes", Why: "keys are kept in an index"},
		{Name: "value, unless configured", Value: "1 MiB", Why: "a value is held in memory on every replica; larger things go in parts", Key: "storage.max_value_size"},
		{Name: "operations in one batch", Value: strconv.Itoa(core.MaxBatchOps), Why: "a batch is one entry of the log"},
		{Name: "size of one batch", Value: "12 MiB", Why: "a batch is one entry of the log"},
		{Name: "keys in one page of a listing", Value: strconv.Itoa(core.MaxListKeys), Why: "a page is held in memory"},
		{Name: "values in one page of a listing", Value: "4 MiB", Why: "a page is held in memory; it ends early and the next one goes on"},
		{Name: "changes kept of one namespace's keys", Value: "100,000, 64 MiB or 7 days", Why: "the past is kept on every replica; a watcher who was away for longer is told of the gap"},
		{Name: "changes in one answer", Value: strconv.Itoa(core.MaxWatchChanges), Why: "an answer is held in memory"},
		{Name: "separator of a listing", Value: strconv.Itoa(MaxSeparatorBytes) + " bytes", Why: "one character is the usual one"},
	}
}
