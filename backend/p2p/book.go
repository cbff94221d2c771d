package p2p

// This file remembers peers over a restart: those that were really connected,
// in one small file. It is a cache, so a damaged one is set aside.

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

const (
	bookFile    = "peers.json"
	bookVersion = 1
	// MaxBookBytes bounds the file that is read: every stored peer with every
	// address at its longest would not reach it.
	MaxBookBytes = 24 << 20
	maxAgent     = 128 // bytes kept of what a peer calls its program
	// maxStoredAddress leaves room for a name and a certificate's hash.
	maxStoredAddress = 160
	// roomMade is how many peers are forgotten at once when the book is full.
	roomMade = MaxStoredPeers / 16
	// maxRecalled bounds the peers that are looked for after a restart.
	maxRecalled = 500
)

// known is what is remembered of one peer.
type known struct {
	id        peer.ID
	addresses []string
	agent     string
	lastSeen  time.Time
	dialled   bool // we reached it ourselves at its first address
	wish      wish
}

// book is the set of remembered peers, in memory and, when it has a folder, on
// the disk.
type book struct {
	folder string // "" keeps it in memory

	saving sync.Mutex // one writes the file at a time, so that the newest stays

	mu      sync.Mutex
	peers   map[peer.ID]known
	changed bool
}

// sighting is what one connection tells about a peer.
type sighting struct {
	id        peer.ID
	agent     string
	at        time.Time
	addresses []ma.Multiaddr
	dialled   bool         // by us, directly
	by        ma.Multiaddr // the address of the connection
}

type storedBook struct {
	Version int          `json:"version"`
	Peers   []storedPeer `json:"peers"`
}

type storedPeer struct {
	ID        string    `json:"id"`
	Addresses []string  `json:"addresses"`
	Agent     string    `json:"agent,omitempty"`
	LastSeen  time.Time `json:"last_seen"`
	Dialled   bool      `json:"dialled,omitempty"`
	Name      string    `json:"name,omitempty"`
	Keep      bool      `json:"keep,omitempty"`
	Blocked   bool      `json:"blocked,omitempty"`
}

// openBook reads the peers remembered in folder. A folder or file that cannot
// be understood is renamed and kept, and the book starts empty.
func openBook(folder string, log *slog.Logger) (*book, error) {
	b := &book{folder: folder, peers: make(map[peer.ID]known)}
	if folder == "" {
		return b, nil
	}
	damaged, err := b.load(time.Now())
	if err == nil {
		return b, nil
	}
	if damaged == "" {
		return nil, core.Wrap(core.Unavailable, err, "the folder of remembered peers %s cannot be used; make it readable and writable", folder)
	}
	aside, moveErr := setAside(damaged, time.Now())
	if moveErr != nil {
		return nil, core.Wrap(core.Unavailable, errors.Join(err, moveErr), "the remembered peers in %s are damaged and cannot be set aside; remove them, they are only a cache", damaged)
	}
	log.Warn("remembered peers were damaged; kept under a new name and started afresh", "kept", aside, core.KeyError, err)
	b.peers = make(map[peer.ID]known)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the folder of remembered peers %s cannot be made; make its parent writable", folder)
	}
	return b, nil
}

// load fills the book. With an error, damaged names what must be set aside, ""
// when the fault is not in the contents.
func (b *book) load(now time.Time) (damaged string, err error) {
	if info, statErr := os.Stat(b.folder); statErr == nil && !info.IsDir() {
		return b.folder, errors.New("not a folder")
	}
	if err = os.MkdirAll(b.folder, 0o700); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	path := filepath.Join(b.folder, bookFile)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("find file: %w", err)
	case !info.Mode().IsRegular():
		return path, errors.New("not a file")
	case info.Size() > MaxBookBytes:
		return path, fmt.Errorf("more than %d bytes", MaxBookBytes)
	}
	file, err := os.Open(path) //nolint:gosec // the node's own data folder
	if err != nil {
		return "", fmt.Errorf("open file: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written
	if err = b.read(io.LimitReader(file, MaxBookBytes), now); err != nil {
		return path, err
	}
	return "", nil
}

// read decodes the file's contents. One bad peer makes the whole file suspect.
func (b *book) read(from io.Reader, now time.Time) error {
	var stored storedBook
	if err := json.NewDecoder(from).Decode(&stored); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	if stored.Version != bookVersion {
		return fmt.Errorf("version %d, not %d", stored.Version, bookVersion)
	}
	for _, s := range stored.Peers[:min(len(stored.Peers), MaxStoredPeers)] {
		id, err := peer.Decode(s.ID)
		if err != nil {
			return fmt.Errorf("peer id: %w", err)
		}
		for _, a := range s.Addresses {
			if _, err := ma.NewMultiaddr(a); err != nil {
				return fmt.Errorf("address: %w", err)
			}
		}
		w := wish{name: s.Name, keep: s.Keep, blocked: s.Blocked}
		if err := checkName(w.name); err != nil {
			return err
		}
		if w != (wish{}) || (now.Sub(s.LastSeen) < MaxStoredAge && len(s.Addresses) > 0) {
			b.peers[id] = known{id, s.Addresses[:min(len(s.Addresses), MaxStoredAddresses)], s.Agent, s.LastSeen, s.Dialled, w}
		}
	}
	return nil
}

// save writes the book when it changed: whole or not at all.
func (b *book) save(now time.Time) error {
	if b.folder == "" {
		return nil
	}
	b.saving.Lock()
	defer b.saving.Unlock()
	b.mu.Lock()
	changed := b.changed
	b.changed = false
	b.mu.Unlock()
	if !changed {
		return nil
	}
	if err := b.write(now); err != nil {
		b.mu.Lock()
		b.changed = true
		b.mu.Unlock()
		return fmt.Errorf("save known peers: %w", err)
	}
	return nil
}

func (b *book) write(now time.Time) error {
	stored := storedBook{Version: bookVersion, Peers: []storedPeer{}}
	for _, k := range b.all() {
		if k.wish != (wish{}) || now.Sub(k.lastSeen) < MaxStoredAge {
			stored.Peers = append(stored.Peers, storedPeer{
				k.id.String(), k.addresses, k.agent, k.lastSeen.UTC(), k.dialled, k.wish.name, k.wish.keep, k.wish.blocked,
			})
		}
	}
	body, err := json.MarshalIndent(stored, "", " ")
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err = os.MkdirAll(b.folder, 0o700); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err = disk.Write(filepath.Join(b.folder, bookFile), body); err != nil {
		return fmt.Errorf("write peers: %w", err)
	}
	return nil
}

// seen remembers a peer that proved who it is. A peer without addresses (a
// client) cannot be dialled and is not kept.
func (b *book) seen(s sighting) {
	var addresses []string
	if s.dialled {
		addresses = append(addresses, s.by.String()) // the one that surely works comes first
	}
	for _, a := range s.addresses {
		text := a.String()
		if len(addresses) < MaxStoredAddresses && len(text) <= maxStoredAddress && !isRelayed(a) && !slices.Contains(addresses, text) {
			addresses = append(addresses, text)
		}
	}
	if len(addresses) == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.peers[s.id]
	b.peers[s.id] = known{
		s.id, addresses, strings.ToValidUTF8(s.agent[:min(len(s.agent), maxAgent)], ""), s.at, s.dialled || k.dialled, k.wish,
	}
	b.changed = true
	if len(b.peers) > MaxStoredPeers {
		b.makeRoomLocked()
	}
}

// makeRoomLocked forgets some of the peers that are worth least, so that the
// next strangers find room without another search. A peer that a person wants
// something of goes last, then one that we reached ourselves, then the one seen
// last. So strangers who come in thousands replace each other and nobody else.
func (b *book) makeRoomLocked() {
	list := slices.SortedFunc(maps.Values(b.peers), func(x, y known) int {
		switch {
		case worthLess(x, y):
			return -1
		case worthLess(y, x):
			return 1
		}
		return 0
	})
	for _, k := range list[:len(list)-MaxStoredPeers+roomMade] {
		delete(b.peers, k.id)
	}
}

func worthLess(a, b known) bool {
	if wanted := a.wish != (wish{}); wanted != (b.wish != (wish{})) {
		return !wanted
	}
	if a.dialled != b.dialled {
		return !a.dialled
	}
	return a.lastSeen.Before(b.lastSeen)
}

func (b *book) left(id peer.ID, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if k, ok := b.peers[id]; ok {
		k.lastSeen = at
		b.peers[id] = k
		b.changed = true
	}
}

// all returns the remembered peers, the last seen first.
func (b *book) all() []known {
	b.mu.Lock()
	list := make([]known, 0, len(b.peers))
	for _, k := range b.peers {
		list = append(list, k)
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(x, y known) int {
		return cmp.Or(y.lastSeen.Compare(x.lastSeen), cmp.Compare(x.id, y.id))
	})
	return list
}

// infos are the peers worth dialling after a restart: at most maxRecalled, as
// discovery plans no more.
func (b *book) infos() []peer.AddrInfo {
	var list []peer.AddrInfo
	for _, k := range b.all() {
		if len(list) < maxRecalled && len(k.addresses) > 0 && !k.wish.blocked {
			list = append(list, peer.AddrInfo{ID: k.id, Addrs: parsed(k.addresses)})
		}
	}
	return list
}

func (b *book) addresses(id peer.ID) []ma.Multiaddr {
	b.mu.Lock()
	defer b.mu.Unlock()
	return parsed(b.peers[id].addresses)
}

func parsed(texts []string) []ma.Multiaddr {
	var addrs []ma.Multiaddr
	for _, t := range texts {
		if a, err := ma.NewMultiaddr(t); err == nil { // checked when it came in
			addrs = append(addrs, a)
		}
	}
	return addrs
}

// setAside renames path to a free name beside it.
func setAside(path string, now time.Time) (string, error) {
	name := path + ".damaged-" + now.UTC().Format("20060102T150405.000Z")
	if err := os.Rename(path, name); err != nil {
		return "", fmt.Errorf("set aside: %w", err)
	}
	return name, nil
}
