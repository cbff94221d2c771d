package membership

// This file keeps the networks of this installation on disk: a folder for each,
// named after its id, with a file network.json in it.

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// RecordFormat is the version of network.json that this program writes. A newer
// one is refused untouched.
const RecordFormat = 1

const (
	recordFile = "network.json"
	// SandboxPrefix begins the id of a sandbox's network.
	SandboxPrefix = "sandbox-"
	idChars       = "abcdefghijklmnopqrstuvwxyz234567"
	maxIDBytes    = 48
)

// Record is what a node knows of a network before it can read any table of it.
type Record struct {
	Format    int       `json:"format"`
	ID        string    `json:"id"`
	Name      string    `json:"name"` // for people, known to this installation only
	Role      string    `json:"role"` // core.RoleMember or core.RoleGuest
	CreatedAt time.Time `json:"created_at"`
	JoinedAt  time.Time `json:"joined_at"`
	LeftAt    time.Time `json:"left_at,omitzero"` // when this node left or learned that it was removed
	Formed    bool      `json:"formed"`           // the system group has had a leader: it is never founded again
	System    []Hint    `json:"system"`           // where the system group was last seen
}

// Hint is one place of the system group.
type Hint struct {
	ID        string   `json:"id"` // peer id
	Addresses []string `json:"addresses"`
	Voter     bool     `json:"voter"`
}

// ValidID tells whether id can name a network and its folder: letters a-z,
// digits and '-', not '-' in front.
func ValidID(id string) bool {
	return id != "" && len(id) <= maxIDBytes && id[0] != '-' &&
		strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// NewID makes the id of a new network.
func NewID() (string, error) {
	var raw [12]byte
	if _, err := rand.Read(raw[:]); err != nil {
		return "", fmt.Errorf("make network id: %w", err)
	}
	return base32.NewEncoding(idChars).WithPadding(base32.NoPadding).EncodeToString(raw[:]), nil
}

// Create makes the folder of a new network below root, with self as its only
// member. An empty id makes one up. It returns Conflict when the network is
// there already.
func Create(root, id, name, self string) (Record, error) {
	if id == "" {
		made, err := NewID()
		if err != nil {
			return Record{}, err
		}
		id = made
	}
	now := time.Now().UTC()
	return create(root, Record{
		ID: id, Name: name, Role: core.RoleMember, CreatedAt: now, JoinedAt: now,
		System: []Hint{{ID: self, Voter: true}},
	})
}

// CreateJoined makes the folder of a network that admitted this node. When the
// folder is there, as after a join whose answer was lost, or of a network that
// was left, the node is a member again and keeps what is in it.
func CreateJoined(root string, a Admission) (Record, error) {
	now := time.Now().UTC()
	joined := Record{
		ID: a.Network, Name: a.Name, Role: core.RoleMember, CreatedAt: now, JoinedAt: now,
		Formed: true, System: a.System,
	}
	made, err := create(root, joined)
	if core.CodeOf(err) != core.Conflict {
		return made, err
	}
	old, err := Load(root, a.Network, "")
	if err != nil {
		return Record{}, err
	}
	joined.CreatedAt, joined.Name = old.CreatedAt, old.Name
	return joined, joined.save(root)
}

// CreateGuest makes the folder of a network that this node uses as a guest.
func CreateGuest(root, id, name string) (Record, error) {
	return create(root, Record{ID: id, Name: name, Role: core.RoleGuest, CreatedAt: time.Now().UTC(), Formed: true})
}

func create(root string, r Record) (Record, error) {
	r.Format = RecordFormat
	if err := r.check(); err != nil {
		return Record{}, err
	}
	dir := filepath.Join(root, r.ID)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Record{}, core.Wrap(core.Unavailable, err, "the folder of network %s cannot be made; check its rights and the space on the disk", r.ID)
	}
	data, err := r.encode()
	if err != nil {
		return Record{}, err
	}
	switch err := disk.Create(filepath.Join(dir, recordFile), data); {
	case errors.Is(err, fs.ErrExist):
		return Record{}, core.Errorf(core.Conflict, "this installation knows the network %s already", r.ID)
	case err != nil:
		return Record{}, core.Wrap(core.Unavailable, err, "the network %s cannot be written down; check the rights and the space on the disk", r.ID)
	}
	return r, disk.SyncFolder(root)
}

// Load reads a network. A folder of a version before networks of several nodes
// has no network.json: it becomes the network of self alone. With an empty self
// it is NotFound.
func Load(root, id, self string) (Record, error) {
	if !ValidID(id) {
		return Record{}, core.Errorf(core.Invalid, "%q is not the id of a network", id)
	}
	name := filepath.Join(root, id, recordFile)
	data, err := readBounded(name)
	if errors.Is(err, fs.ErrNotExist) {
		return adopt(root, id, self)
	}
	switch {
	case core.CodeOf(err) == core.Invalid:
		return Record{}, core.Wrap(core.Invalid, err, "the file %s is damaged; put it back from a backup", name)
	case err != nil:
		return Record{}, core.Wrap(core.Unavailable, err, "the file %s cannot be read; check its rights and the disk", name)
	}
	var r Record
	if err := json.Unmarshal(data, &r); err != nil || r.Format < 1 {
		return Record{}, core.Wrap(core.Invalid, err, "the file %s is damaged; put it back from a backup", name)
	}
	if r.Format > RecordFormat {
		return Record{}, core.Errorf(core.Invalid, "the network %s was written by a newer debros; nothing was changed: start the newer version", id)
	}
	if err := r.check(); err != nil || r.ID != id {
		return Record{}, core.Wrap(core.Invalid, err, "the file %s is damaged: it does not describe the network %s; put it back from a backup", name, id)
	}
	return r, nil
}

// adopt turns a folder without a record into the network of self alone.
func adopt(root, id, self string) (Record, error) {
	info, err := os.Stat(filepath.Join(root, id))
	if err != nil || !info.IsDir() || self == "" {
		return Record{}, core.Errorf(core.NotFound, "this installation does not know the network %s", id)
	}
	made := info.ModTime().UTC()
	return create(root, Record{
		ID: id, Role: core.RoleMember, CreatedAt: made, JoinedAt: made, System: []Hint{{ID: self, Voter: true}},
	})
}

// List lists the networks of this installation, oldest first, with their sizes.
// A folder that cannot be read as one is left out.
func List(root, current string) ([]core.Network, error) {
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the networks cannot be listed")
	}
	var list []core.Network
	for _, entry := range entries {
		if !entry.IsDir() || !ValidID(entry.Name()) {
			continue
		}
		n := core.Network{ID: entry.Name(), Role: core.RoleMember, Current: entry.Name() == current, Size: sizeOf(filepath.Join(root, entry.Name()))}
		r, err := Load(root, entry.Name(), "")
		switch {
		case err == nil:
			n.Name, n.Role, n.CreatedAt = r.Name, r.Role, r.CreatedAt
			if !r.LeftAt.IsZero() {
				n.Role = core.RoleLeft
			}
		case core.CodeOf(err) != core.NotFound:
			continue
		default: // of a version before this file
			if info, err := entry.Info(); err == nil {
				n.CreatedAt = info.ModTime().UTC()
			}
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b core.Network) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list, nil
}

// Rename gives a network another name for people. Only this installation sees it.
func Rename(root, id, name string) error {
	r, err := Load(root, id, "")
	if err != nil {
		return err
	}
	r.Name = name
	return r.save(root)
}

// Remove deletes a network's folder with all data in it. The network that is in
// use is refused with Conflict.
func Remove(root, id, current string) error {
	switch {
	case !ValidID(id):
		return core.Errorf(core.Invalid, "%q is not the id of a network", id)
	case id == current:
		return core.Errorf(core.Conflict, "the network %s is in use; switch to another one first", id)
	}
	dir := filepath.Join(root, id)
	if _, err := os.Lstat(dir); err != nil {
		return core.Wrap(core.NotFound, err, "this installation does not know the network %s", id)
	}
	if err := os.RemoveAll(dir); err != nil {
		return core.Wrap(core.Unavailable, err, "the network %s cannot be removed whole; try again", id)
	}
	return disk.SyncFolder(root)
}

func (r Record) check() error {
	switch {
	case !ValidID(r.ID):
		return core.Errorf(core.Invalid, "%q is not the id of a network: it has at most %d characters a-z, 0-9 and -", r.ID, maxIDBytes)
	case len(r.Name) > MaxNameBytes:
		return core.Errorf(core.TooLarge, "the name of a network has at most %d bytes", MaxNameBytes)
	case r.Role != core.RoleMember && r.Role != core.RoleGuest:
		return core.Errorf(core.Invalid, "the role %q is not known; it is member or guest", r.Role)
	case len(r.System) > MaxHints:
		return core.Errorf(core.Invalid, "a network's record names at most %d places", MaxHints)
	}
	return nil
}

func (r Record) encode() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode network: %w", err)
	}
	return append(data, '\n'), nil
}

// save writes the record in place of the old one.
func (r Record) save(root string) error {
	r.Format = RecordFormat
	if err := r.check(); err != nil {
		return err
	}
	data, err := r.encode()
	if err != nil {
		return err
	}
	if err := disk.Write(filepath.Join(root, r.ID, recordFile), data); err != nil {
		return core.Wrap(core.Unavailable, err, "the network %s cannot be written down; check the rights and the space on the disk", r.ID)
	}
	return nil
}

func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRecordBytes {
		return nil, core.Errorf(core.Invalid, "it has %d bytes, more than a record ever has", info.Size())
	}
	return os.ReadFile(name) //nolint:gosec // a file of our own data folder
}

// sizeOf adds up the files below dir. What vanishes meanwhile counts nothing.
func sizeOf(dir string) int64 {
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error { //nolint:errcheck // it only counts
		if err != nil || !entry.Type().IsRegular() {
			return nil //nolint:nilerr // gone meanwhile
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}
