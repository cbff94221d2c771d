// Reading a Raft log to the end without trusting it.

package database

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/hashicorp/go-msgpack/codec"
	"github.com/hashicorp/raft"
	"github.com/rqlite/rqlite/v8/command"
	"github.com/rqlite/rqlite/v8/command/proto"
	"go.etcd.io/bbolt"
)

// logWait is how long another process may hold the log; the node's own lock on
// its data folder makes sure that there is none.
const logWait = time.Second

// logFacts is what a sound log holds.
type logFacts struct {
	first, last uint64
	// from is where the unbroken end of the log starts. Before it there may be
	// gaps, which a snapshot closes that came from the leader or out of a backup.
	from uint64
}

// readLog opens the log at path for reading only and decodes each entry as Raft
// and rqlite will, because what they cannot decode ends the process.
func readLog(path string) (facts logFacts, err error) {
	// A cut file makes the kernel fault a read of the mapped memory; that, and
	// what the library panics with, becomes the error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("the file is not a sound log: %v", fault)
		}
	}()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: logWait, OpenFile: openExisting})
	if err != nil {
		return logFacts{}, fmt.Errorf("open log: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	info, err := os.Stat(path)
	if err != nil {
		return logFacts{}, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		if tx.Size() > info.Size() { // the pages in use would do, but not the free ones
			return fmt.Errorf("the file has %d bytes of %d", info.Size(), tx.Size())
		}
		facts, err = readEntries(tx)
		return errors.Join(err, readVotes(tx))
	})
	return facts, err
}

// openExisting keeps the library from making a file that is not there.
func openExisting(path string, flag int, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, flag&^os.O_CREATE, mode) //nolint:gosec // the group's own folder
}

// readEntries checks that the entries can be decoded and finds where they follow
// each other.
func readEntries(tx *bbolt.Tx) (logFacts, error) {
	bucket := tx.Bucket([]byte("logs"))
	if bucket == nil {
		return logFacts{}, nil
	}
	var facts logFacts
	cursor := bucket.Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		if len(key) != 8 {
			return facts, errors.New("an entry's index is not a number")
		}
		index := binary.BigEndian.Uint64(key)
		if facts.first == 0 {
			facts.first = index
		}
		if index != facts.last+1 || facts.last == 0 {
			facts.from = index
		}
		facts.last = index
		if err := checkEntry(index, value); err != nil {
			return facts, fmt.Errorf("entry %d: %w", index, err)
		}
	}
	return facts, nil
}

// checkEntry decodes one entry of the log.
func checkEntry(index uint64, value []byte) error {
	var entry raft.Log
	if err := codec.NewDecoderBytes(value, &codec.MsgpackHandle{}).Decode(&entry); err != nil {
		return err
	}
	if entry.Index != index {
		return fmt.Errorf("it says it is entry %d", entry.Index)
	}
	switch entry.Type {
	case raft.LogCommand:
		return checkCommand(entry.Data)
	case raft.LogConfiguration:
		raft.DecodeConfiguration(entry.Data) // panics, see readLog
	default:
	}
	return nil
}

// checkCommand decodes what rqlite will apply.
func checkCommand(data []byte) error {
	var c proto.Command
	if err := command.Unmarshal(data, &c); err != nil {
		return err
	}
	switch c.Type {
	case proto.Command_COMMAND_TYPE_EXECUTE:
		var request proto.ExecuteRequest
		if err := command.UnmarshalSubCommand(&c, &request); err != nil {
			return err
		}
		return checkSum(request.GetRequest())
	case proto.Command_COMMAND_TYPE_QUERY:
		return command.UnmarshalSubCommand(&c, &proto.QueryRequest{})
	case proto.Command_COMMAND_TYPE_NOOP:
		return nil
	default:
		return fmt.Errorf("it holds a command of type %d, which this program never writes", c.Type)
	}
}

// readVotes checks Raft's own numbers: its term and whom it voted for.
func readVotes(tx *bbolt.Tx) error {
	bucket := tx.Bucket([]byte("conf"))
	if bucket == nil {
		return nil
	}
	for _, name := range []string{"CurrentTerm", "LastVoteTerm"} {
		if value := bucket.Get([]byte(name)); value != nil && len(value) != 8 {
			return fmt.Errorf("%s is not a number", name)
		}
	}
	return nil
}
