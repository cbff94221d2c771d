package config

// This file is about run.json, by which a command finds the node that runs on
// a data folder.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// RunFileName is the name of run.json in the data folder.
const RunFileName = "run.json"

// maxRunFile bounds run.json; a node has some dozen addresses.
const maxRunFile = 64 << 10

// RunFile says how a running node is reached. It is written when the node is
// ready and removed when it ends; after a crash it is left behind, so its
// presence alone proves nothing.
type RunFile struct {
	PeerID    string    `json:"peer_id"`
	P2P       []string  `json:"p2p"`     // full multiaddresses
	Gateway   string    `json:"gateway"` // base URL, "" when off
	RQLite    string    `json:"rqlite"`  // base URL of rqlite's HTTP API, "" when off
	UI        string    `json:"ui"`      // base URL, "" when off
	PID       int       `json:"pid"`
	StartedAt time.Time `json:"started_at"`
}

// WriteRunFile puts run.json into the data folder, for its owner only.
func WriteRunFile(dataDir string, f RunFile) error {
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", RunFileName, err)
	}
	return disk.Write(filepath.Join(dataDir, RunFileName), append(data, '\n'))
}

// RemoveRunFile takes run.json away; it may be gone already.
func RemoveRunFile(dataDir string) error {
	if err := os.Remove(filepath.Join(dataDir, RunFileName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove %s: %w", RunFileName, err)
	}
	return nil
}

// ReadRunFile returns what the node on this data folder wrote. It returns
// Unavailable when none runs there, and Internal when the file is damaged.
func ReadRunFile(dataDir string) (RunFile, error) {
	data, err := readLimited(filepath.Join(dataDir, RunFileName), maxRunFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return RunFile{}, core.Errorf(core.Unavailable, "no node runs on the data folder %s; start one with 'debros node start', or name another folder with --data-dir", dataDir)
	case err != nil:
		return RunFile{}, core.Wrap(core.Unavailable, err, "%s in the data folder %s cannot be read: %s", RunFileName, dataDir, plain(err))
	}
	var f RunFile
	if err := json.Unmarshal(data, &f); err != nil || f.PeerID == "" || f.PID <= 0 {
		return RunFile{}, core.Wrap(core.Internal, err, "%s in the data folder %s is damaged; restart the node there and it is written anew", RunFileName, dataDir)
	}
	return f, nil
}

// Alive says whether the process that wrote the file still exists. Another
// process may have got its number since, so true is a guess and false is not.
func (f RunFile) Alive() bool {
	p, err := os.FindProcess(f.PID)
	if err != nil {
		return false
	}
	if runtime.GOOS == "windows" {
		return true // FindProcess itself looked
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, fs.ErrPermission)
}
