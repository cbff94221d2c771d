package sandbox

// This file keeps state.json: what a later process must know to find the nodes
// again. It holds the API key, so only its owner can read it.

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	stateName   = "state.json"
	stateSchema = 1
)

// state is what state.json holds.
type state struct {
	Schema    int         `json:"schema"`
	Name      string      `json:"name"`
	CreatedAt time.Time   `json:"created_at"`
	Ephemeral bool        `json:"ephemeral"`
	APIKey    string      `json:"api_key"` //nolint:gosec // the file is its owner's only
	Nodes     []nodeState `json:"nodes"`
}

// nodeState is one node of it. The ports are kept, so that a node is found
// under its old address when it starts again.
type nodeState struct {
	Process process `json:"process"` // the last one
	P2P     int     `json:"p2p_port"`
	Gateway int     `json:"gateway_port"`
	UI      int     `json:"ui_port,omitempty"`
	Address string  `json:"address,omitempty"` // multiaddress with the peer id, once it is known
}

// folder is where a sandbox lives.
func folder(dataDir, name string) string { return filepath.Join(dataDir, "sandbox", name) }

func loadState(dir string) (state, error) {
	var s state
	path := filepath.Join(dir, stateName)
	f, err := os.Open(path) //nolint:gosec // a file of our own data folder
	if err != nil {
		return s, err //nolint:wrapcheck // the caller tells "not there" from the rest
	}
	defer f.Close()                                            //nolint:errcheck // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxStateFile+1)) //nolint:forbidigo // limited
	if err != nil {
		return s, fmt.Errorf("read %s: %w", path, err)
	}
	if len(data) > maxStateFile || json.Unmarshal(data, &s) != nil || s.Schema < 1 || len(s.Nodes) < 1 || len(s.Nodes) > MaxNodes {
		return s, core.Errorf(core.Internal, "%s is damaged; end what still runs there and remove the folder %s", path, dir)
	}
	if s.Schema > stateSchema {
		return s, core.Errorf(core.Invalid, "%s was written by a newer debros; use that one", path)
	}
	return s, nil
}

func (s state) save(dir string) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", stateName, err)
	}
	if err := disk.Write(filepath.Join(dir, stateName), append(data, '\n')); err != nil {
		return core.Wrap(core.Unavailable, err, "the sandbox's folder %s cannot be written", dir)
	}
	return nil
}

// Names lists the sandboxes below a data folder.
func Names(dataDir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dataDir, "sandbox"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the sandboxes below %s cannot be listed", dataDir)
	}
	var names []string
	for _, e := range entries {
		if _, err := os.Stat(filepath.Join(dataDir, "sandbox", e.Name(), stateName)); err == nil {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// newAPIKey makes a key that cannot be guessed, and that shows what it is when
// it turns up in a wrong place.
func newAPIKey() string {
	random := make([]byte, 24)
	rand.Read(random) //nolint:errcheck // it never returns an error; the program ends when the system has no randomness
	return "ak_" + base64.RawURLEncoding.EncodeToString(random)
}
