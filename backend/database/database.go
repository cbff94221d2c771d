// The doors of the package: settings, lifetime, reads, writes and what is told
// about the groups.

package database

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/host"

	"git.debros.io/DeBros/network/backend/core"
)

// Settings say where the databases are and what they may cost. A zero limit
// means the default of its name.
type Settings struct {
	Dir       string // one folder per namespace is made in it
	NodeID    string // this node's peer id
	MaxAwake  int    // groups awake at once, without the network's own
	IdleAfter time.Duration
	ReadLimit time.Duration
	MaxBytes  int64 // of one namespace's database; 0 is no limit
	// SnapshotEvery is after how many log entries a replica takes a snapshot.
	SnapshotEvery uint64
	// Network and Version are written into backups: the network's id and the
	// program's version.
	Network, Version string
	// OwnSchema has the statements that make the program's own tables, by the
	// names of what they make: a restored one must look like that.
	OwnSchema map[string]string
}

// Databases are the databases of all namespaces on this node.
type Databases struct {
	settings Settings
	host     host.Host
	log      *slog.Logger
	checked  *checked

	directory Directory
	remote    Remote
	watches   *leadWatches
	hints     *leaderHints

	mu     sync.Mutex
	groups *groups // nil before Run is ready and after it has ended
}

// New checks the settings and opens nothing. directory says where groups live and
// remote reaches other nodes' replicas; both nil mean a network of this node alone.
func New(s Settings, h host.Host, directory Directory, remote Remote, log *slog.Logger) (*Databases, error) {
	if (directory == nil) != (remote == nil) {
		return nil, core.Errorf(core.Invalid, "the databases need both a directory and a way to the other nodes, or neither")
	}
	if directory == nil {
		directory, remote = alone{node: s.NodeID}, nobody{}
	}
	if s.MaxAwake == 0 {
		s.MaxAwake = DefaultMaxAwake
	}
	if s.IdleAfter == 0 {
		s.IdleAfter = DefaultIdleAfter
	}
	if s.ReadLimit == 0 {
		s.ReadLimit = DefaultReadLimit
	}
	dir, err := filepath.Abs(s.Dir)
	switch {
	case s.Dir == "" || err != nil:
		return nil, core.Wrap(core.Invalid, err, "the databases need a folder")
	case strings.ContainsAny(dir, "?#%"): // SQLite opens files by URI, and rqlite does not escape them
		return nil, core.Errorf(core.Invalid, "the data folder's path may not contain ?, # or %%; choose another data_dir")
	case h == nil || s.NodeID != h.ID().String():
		return nil, core.Errorf(core.Invalid, "the databases need the host of the node whose id they carry")
	case s.MaxAwake < 1 || s.IdleAfter < 0 || s.ReadLimit < 0 || s.MaxBytes < 0:
		return nil, core.Errorf(core.Invalid, "max_awake, idle_after, read_timeout and the maximum size may not be negative")
	}
	s.Dir = dir
	return &Databases{
		settings: s, host: h, log: log, checked: newChecked(),
		directory: directory, remote: remote, watches: newLeadWatches(), hints: newLeaderHints(),
	}, nil
}

// Run opens the network's own group, serves until ctx ends and then closes all
// groups. A damaged group of the network ends it with an error; a damaged one of
// a tenant only concerns that tenant.
func (d *Databases) Run(ctx context.Context, ready func()) error {
	if err := installWriterLock(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.settings.Dir, 0o700); err != nil {
		return core.Wrap(core.Unavailable, err, "the folder of the databases cannot be made; check its rights and the space on the disk")
	}
	if err := d.clearWork(); err != nil {
		return err
	}
	t := d.newTable(ctx)
	defer t.end()
	switch system, err := t.acquire(ctx, core.SystemNamespace); {
	case err == nil:
		system.release()
	case !errors.Is(err, errNoReplica): // a node without one asks those that have it
		return err
	}
	d.setTable(t)
	defer d.setTable(nil)
	ready()
	tick := time.NewTicker(max(d.settings.IdleAfter/4, time.Millisecond))
	defer tick.Stop()
	compare := time.NewTicker(reconcileEvery)
	defer compare.Stop()
	for {
		select {
		case <-compare.C:
			t.reconcileAll() //nolint:contextcheck // it goes on when who asked has left
		case <-ctx.Done():
			d.handOver(context.WithoutCancel(ctx), t)
			return nil
		case now := <-tick.C:
			t.sleepIdle(now.Add(-d.settings.IdleAfter)) //nolint:contextcheck // it goes on when who asked has left
		}
	}
}

func (d *Databases) newTable(ctx context.Context) *groups {
	t := &groups{
		dir: d.settings.Dir, node: d.settings.NodeID, host: d.host, maxAwake: d.settings.MaxAwake, log: d.log,
		limits: groupLimits{maxBytes: d.settings.MaxBytes, snapshotEvery: d.settings.SnapshotEvery, readers: make(chan struct{}, maxReaders()), watchers: new(atomic.Int64)},
		places: map[core.Namespace]*place{}, failed: map[core.Namespace]error{}, opened: map[core.Namespace]bool{},
		directory: d.directory, remote: d.remote, watches: d.watches,
	}
	t.ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return t
}

func (d *Databases) setTable(t *groups) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.groups = t
}

// table returns the table of groups, or Unavailable before ready and after the end.
func (d *Databases) table() (*groups, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.groups == nil {
		return nil, core.Errorf(core.Unavailable, "the databases are not ready; repeat in a moment")
	}
	return d.groups, nil
}

// Query runs one statement that reads, for a tenant: package sqlguard must agree.
// The end of ctx, or of the read's time, interrupts it with Unavailable; a
// row or byte limit cuts the answer and marks it.
func (d *Databases) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	if err := tenantNamespace(ns); err != nil {
		return nil, err
	}
	if err := d.checked.read(s); err != nil {
		return nil, err
	}
	return d.query(ctx, ns, s, o)
}

// Exec runs statements that write, for a tenant: package sqlguard must agree to
// each. It returns when they are durable.
//
// A single statement that fails is an error, with SQLite's sentence. Of several,
// each fails alone and says so in its result; with Atomic the first that fails
// undoes all and is the error. OutcomeUnknown means that they may be stored.
//
// Between the writes of an atomic list there may be SELECTs, which see what the
// statements before them did. Each runs on every replica, so one that answers
// with more than MaxReadInWrite rows is a failure.
func (d *Databases) Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	if err := tenantNamespace(ns); err != nil {
		return nil, err
	}
	if err := d.checked.writes(statements, o.Atomic); err != nil {
		return nil, err
	}
	return d.exec(ctx, ns, statements, o)
}

func tenantNamespace(ns core.Namespace) error {
	_, err := core.ParseNamespace(string(ns))
	return err
}

// Internal is the door for packages of this program.
func (d *Databases) Internal() *Internal { return &Internal{d} }

// Internal runs statements without package sqlguard, also in the namespaces of
// the network and of the chat, and on tables whose names are reserved. The lock inside SQLite holds
// here too. Each string must be one statement.
type Internal struct{ d *Databases }

// Query is as Databases.Query.
func (i *Internal) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	if err := knownNamespace(ns); err != nil {
		return nil, err
	}
	return i.d.query(ctx, ns, s, o)
}

// Exec is as Databases.Exec.
func (i *Internal) Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	if err := knownNamespace(ns); err != nil {
		return nil, err
	}
	return i.d.exec(ctx, ns, statements, o)
}

func knownNamespace(ns core.Namespace) error {
	if own(ns) {
		return nil
	}
	return tenantNamespace(ns)
}

// own tells whether a namespace is the program's and no tenant's.
func own(ns core.Namespace) bool { return ns == core.SystemNamespace || ns == core.ChatNamespace }

// Namespaces lists the tenants' namespaces that have a database on this node,
// sorted.
func (d *Databases) Namespaces() []core.Namespace {
	entries, err := os.ReadDir(d.settings.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Warn("databases cannot be listed", core.KeyError, err)
	}
	var names []core.Namespace
	for _, entry := range entries {
		if ns, err := core.ParseNamespace(entry.Name()); err == nil && entry.IsDir() {
			names = append(names, ns)
		}
	}
	slices.Sort(names)
	return names
}

// Groups lists all groups with a replica on this node, the program's own first.
func (d *Databases) Groups() []core.Group {
	open := map[core.Namespace]*group{}
	if t, err := d.table(); err == nil {
		open, _ = t.awake()
	}
	first := []core.Namespace{core.SystemNamespace}
	if _, err := os.Stat(filepath.Join(d.settings.Dir, string(core.ChatNamespace))); err == nil {
		first = append(first, core.ChatNamespace)
	}
	var list []core.Group
	for _, ns := range append(first, d.Namespaces()...) {
		if g := open[ns]; g != nil {
			list = append(list, g.state())
			continue
		}
		f := folder{dir: filepath.Join(d.settings.Dir, string(ns))}
		list = append(list, core.Group{Name: ns.Group(), State: "asleep", Size: f.size()})
	}
	return list
}

// Size is how many bytes all groups have on disk.
func (d *Databases) Size() int64 { return folder{dir: d.settings.Dir}.size() }

// Check tells how the groups are. A damaged one of a tenant is a loss that is named.
func (d *Databases) Check() core.Check {
	check := core.Check{Name: "database", State: core.StateOK}
	t, err := d.table()
	if err != nil {
		check.State, check.Detail = core.StateDown, core.Sentence(err)
		return check
	}
	open, broken := t.awake()
	check.Detail = fmt.Sprintf("%s, %d awake", core.Count(len(d.Namespaces())+1, "database"), len(open))
	for _, ns := range slices.Sorted(maps.Keys(broken)) {
		loss(&check, ns, core.Sentence(broken[ns]))
	}
	for _, ns := range slices.Sorted(maps.Keys(open)) {
		if fault := open[ns].gate.fault(); fault != nil {
			loss(&check, ns, core.Sentence(fault))
		} else if !open[ns].store.HasLeader() {
			check.State = worse(check.State, core.StateDegraded)
			check.Detail += "; " + ns.Group() + " has no leader"
		}
	}
	return check
}

// loss notes that the replica of ns cannot be used. Without the network's own
// the node is down: it cannot tell who may do what.
func loss(check *core.Check, ns core.Namespace, why string) {
	state := core.StateDegraded
	if ns == core.SystemNamespace {
		state = core.StateDown
	}
	check.State = worse(check.State, state)
	check.Detail += "; " + why
}

func worse(now, state string) string {
	if now == core.StateDown {
		return now
	}
	return state
}
