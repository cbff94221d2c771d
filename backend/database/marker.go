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
	// Sum is the checksum of all this, nil in format 1.
	Sum *uint32 `json:"sum,omitempty"`
}

// sum is what Sum must be.
func (m marker) sum() (uint32, error) {
	m.Sum = nil
	text, err := json.Marshal(m)
	return castagnoli(text), err
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
	if m.Format < 1 || m.Group == "" || m.Node == "" || (m.Format == formatVersion && m.Sum == nil) {
		return marker{}, fmt.Errorf("%s lacks its format, group, node or checksum", markerFile)
	}
	if sum, err := m.sum(); err != nil || (m.Sum != nil && *m.Sum != sum && m.Format <= formatVersion) {
		return marker{}, errors.Join(fmt.Errorf("the checksum of %s does not match", markerFile), err)
	}
	return m, nil
}

// write puts the marker in place so that a crash leaves the old one or the new one.
func (m marker) write(dir string) error {
	sum, err := m.sum()
	m.Sum = &sum
	text, marshalErr := json.Marshal(m)
	if err = errors.Join(err, marshalErr); err != nil {
		return fmt.Errorf("encode marker: %w", err)
	}
	if err := disk.Write(filepath.Join(dir, markerFile), append(text, '\n')); err != nil {
		return fmt.Errorf("write marker: %w", err)
	}
	return nil
}
