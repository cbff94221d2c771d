// The file that says what a group's folder is. With it, an empty or swapped
// folder is noticed instead of being taken for a new one.

package database

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/disk"
)

const (
	markerFile = "group.json"
	// formatVersion grows when an older program could no longer read the folder.
	// 2: the log may begin behind a kept snapshot.
	formatVersion = 2
	// maxMarkerBytes bounds the file; a real one has some two hundred bytes.
	maxMarkerBytes = 4 << 10
)

// marker records that a group was made here, so that it is never made again.
type marker struct {
	Format  int       `json:"format"`
	Group   string    `json:"group"`
	Node    string    `json:"node"`
	Created time.Time `json:"created"`
	// Index is the last log entry when the group was last closed. The log may
	// only be longer; a shorter one is somebody else's or an old copy.
	Index uint64 `json:"index"`
}

// readMarker reads the marker of folder dir; found is false when there is none.
func readMarker(dir string) (m marker, found bool, err error) {
	f, err := os.Open(filepath.Join(dir, markerFile)) //nolint:gosec // the group's own folder
	if errors.Is(err, fs.ErrNotExist) {
		return marker{}, false, nil
	}
	if err != nil {
		return marker{}, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	text := make([]byte, maxMarkerBytes+1)
	n, err := io.ReadFull(f, text)
	switch {
	case err == nil:
		return marker{}, false, fmt.Errorf("%s is larger than %d bytes", markerFile, maxMarkerBytes)
	case !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF):
		return marker{}, false, err
	}
	m, err = parseMarker(text[:n])
	return m, err == nil, err
}

func parseMarker(text []byte) (marker, error) {
	var m marker
	if err := json.Unmarshal(text, &m); err != nil {
		return marker{}, fmt.Errorf("%s: %w", markerFile, err)
	}
	if m.Format < 1 || m.Group == "" || m.Node == "" {
		return marker{}, fmt.Errorf("%s lacks its format, group or node", markerFile)
	}
	return m, nil
}

// write puts the marker in place so that a crash leaves the old one or the new one.
func (m marker) write(dir string) error {
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode marker: %w", err)
	}
	if err := disk.Write(filepath.Join(dir, markerFile), append(text, '\n')); err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	return nil
}
