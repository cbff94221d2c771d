package core

import "time"

// Kinds of transfers: what a namespace's data looks like outside of it.
const (
	TransferBackup = "backup" // everything of a namespace, to be restored as a whole
	TransferSQLite = "sqlite" // its tables as an SQLite file
	TransferSQL    = "sql"    // its tables as SQL text
	TransferKV     = "kv"     // its keys, one JSON object per line
)

// What an import does with what is there already.
const (
	ExistingFail    = "fail"    // change nothing and say what is in the way
	ExistingReplace = "replace" // the file wins
	ExistingAppend  = "append"  // tables keep their rows and get the file's too
	ExistingSkip    = "skip"    // keys that are there stay as they are
)

// Transfer says what is to be exported or imported.
type Transfer struct {
	Kind     string `json:"kind"`
	Existing string `json:"existing,omitempty"` // of an import; "" is ExistingFail
	Prefix   string `json:"prefix,omitempty"`   // of keys to export; "" is all
}

// Progress is how far a long task is. Total is 0 while it is not known.
type Progress struct {
	Phase string `json:"phase"` // one of the Phase constants
	Done  int64  `json:"done"`
	Total int64  `json:"total"`
	Unit  string `json:"unit"` // "bytes", "rows", "statements" or "keys"
}

// Phases of transfers, in the order in which they come.
const (
	PhaseCopy    = "copy"    // a consistent copy is being made
	PhaseSend    = "send"    // bytes go to the caller
	PhaseReceive = "receive" // bytes come from the caller
	PhaseCheck   = "check"   // what came is being looked at; nothing is changed yet
	PhaseWrite   = "write"   // it is being stored
)

// BackupInfo says what a backup holds. It stands at the beginning of the file.
type BackupInfo struct {
	Format    int       `json:"format"`
	Namespace Namespace `json:"namespace"`
	Network   string    `json:"network"` // id, "" when the node did not say
	Index     uint64    `json:"index"`   // everything up to this log entry is in it
	CreatedAt time.Time `json:"created_at"`
	Size      int64     `json:"size"`    // bytes of the SQLite file in it
	SHA256    string    `json:"sha256"`  // of that file, in hex
	Version   string    `json:"version"` // of the program that made it
}

// Contents is what a namespace holds, counted.
type Contents struct {
	Tables int    `json:"tables"` // the tenant's own
	Rows   int64  `json:"rows"`   // in those
	Keys   int64  `json:"keys"`
	Index  uint64 `json:"index"` // last log entry
}

// Empty tells whether there is nothing to lose.
func (c Contents) Empty() bool { return c.Tables == 0 && c.Keys == 0 }

// RestoreOptions say how a backup is restored.
type RestoreOptions struct {
	// Replace allows it where there is data, which is lost. Without it the
	// answer is Conflict and names that data.
	Replace bool
}

// TransferResult is what a transfer did.
type TransferResult struct {
	Backup     *BackupInfo `json:"backup,omitempty"`   // of a backup or restore
	Replaced   *Contents   `json:"replaced,omitempty"` // by a restore
	Tables     int64       `json:"tables"`
	Rows       int64       `json:"rows"`
	Statements int64       `json:"statements"`
	Keys       int64       `json:"keys"`
	Skipped    int64       `json:"skipped"`         // keys that stayed as they were
	Notes      []string    `json:"notes,omitempty"` // what a person should know about the result
}

// BackupPlan is the state of a node's scheduled backups.
type BackupPlan struct {
	Interval  time.Duration `json:"interval"` // 0: there are none
	Dir       string        `json:"dir"`
	Keep      int           `json:"keep"` // files per namespace
	LastAt    time.Time     `json:"last_at"`
	LastError string        `json:"last_error"` // "" when the last round was fine
	NextAt    time.Time     `json:"next_at"`
	Files     int           `json:"files"` // written by the last round
}

// Verbs of a TransferJob.
const (
	TransferOut = "out" // backup, export
	TransferIn  = "in"  // restore, import
)

// TransferTask is a transfer that a node is doing now.
type TransferTask struct {
	TransferJob
	StartedAt time.Time `json:"started_at"`
	Progress  Progress  `json:"progress"`
}

// TransferJob is a transfer between a namespace and a file on the node's own
// computer.
type TransferJob struct {
	ID        string    `json:"id"` // chosen by who asks, to find it among the node's tasks; may be ""
	Verb      string    `json:"verb"`
	Namespace Namespace `json:"namespace"`
	Transfer
	Path    string `json:"path"`    // absolute; out: a file that is not there yet, or of a backup of all a folder
	Replace bool   `json:"replace"` // a restore may replace data
	All     bool   `json:"all"`     // a backup of all namespaces with a replica on the node
}
