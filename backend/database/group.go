// One awake group: its rqlite store, its writer and its readers.

package database

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/rqlite/rqlite/v8/command/proto"
	"github.com/rqlite/rqlite/v8/store"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// The resting pace of Raft: a second is short enough to notice a dead
	// leader and long enough for a hundred groups. A lease below half a second
	// is lost on a busy desktop.
	heartbeat   = time.Second
	leaderLease = 500 * time.Millisecond
	// electionWait bounds how long a group of this node alone may take to lead. A
	// few milliseconds do, and a long log to replay.
	electionWait = 25 * time.Second
	// never is a count of log entries that no group reaches: rqlite's automatic
	// snapshots, which cut the log, start after so many.
	never = 1 << 40
	// noCompression is a size that no entry reaches: compressing costs more
	// than writing what it saves.
	noCompression = 1 << 30
	usedEvery     = time.Second // how often a full database looks for freed pages
)

// group is one namespace's awake replica.
type group struct {
	name    string // ns::<namespace>
	folder  folder
	store   *store.Store
	raft    atomic.Pointer[raft.Raft]
	writer  *committer
	readers *readers
	reads   *barrier
	limits  groupLimits
	schema  atomic.Uint64 // grows when the schema may have changed
	shares  atomic.Bool   // false while a constraint waits for COMMIT
	looking sync.Mutex    // one look at the schema at a time: the last one is right
	keeper  *keeper
	feed    *feed
	swaps   atomic.Pointer[func()] // told that another file took the place, see onSwap
	roomy   atomic.Int64           // when there was room last, in nanoseconds
	full    atomic.Int64           // when the used pages were last counted, in nanoseconds
	used    atomic.Int64           // bytes of used pages then
	lead    *lead                  // what this replica does while it leads
	placed  func(peer.ID) bool
	callers sync.Map // members that woke the replica while it was empty; few
	layer   *layer
	gate    *gate // says when the disk has failed

	marking sync.Mutex
	marker  marker
}

type groupLimits struct {
	maxBytes int64
	// snapshotEvery is a number of entries, 0 for the default.
	snapshotEvery uint64
	readers       chan struct{} // shared by all groups
	watchers      *atomic.Int64 // likewise: those who wait for changes
}

// openOptions is what a replica needs to know when it opens.
type openOptions struct {
	folder folder
	host   host.Host
	limits groupLimits
	log    *slog.Logger
	// voters are the group's first members when this node is to found it, else nil.
	voters []string
	// placed tells whether the network has placed a replica on the peer: an empty
	// replica lets those in who may bring it the log.
	placed func(peer.ID) bool
	// asleep is called when a member's replica turns out not to be open.
	asleep func(peer.ID)
	// led is called whenever this node has taken or lost the lead.
	led func(g *group, leads bool)
}

// openGroup opens the replica in o.folder. A fresh folder is founded or, when
// there is nobody to found, stays empty until the group's leader calls.
func openGroup(ctx context.Context, o openOptions) (*group, error) {
	f, h, limits, logger := o.folder, o.host, o.limits, o.log
	marked, fresh, err := f.inspect()
	if err != nil {
		return nil, err
	}
	if fresh {
		err = os.MkdirAll(f.dir, 0o700)
		if err == nil && len(o.voters) > 0 {
			err = f.clearFounding()
		}
		if err != nil {
			return nil, core.Wrap(core.Unavailable, err, "the folder %s cannot be made; check its rights and the space on the disk", f.shown(""))
		}
	}
	kept, err := f.readKept()
	if err == nil {
		err = f.restoreKept(kept)
	}
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the snapshot in %s cannot be put in place; check the folder's rights and the space on the disk", f.shown(keptFolder))
	}
	g := &group{name: f.group, folder: f, limits: limits, marker: marked, placed: o.placed}
	g.gate = newGate(g.name, func() { g.layer.cutOff() }, logger)
	g.keeper = newKeeper(f, limits.snapshotEvery, g.gate, logger)
	g.readers = newReaders(filepath.Join(f.dir, liveFile), limits.readers)
	g.keeper.raft, g.keeper.calm, g.keeper.look = g.raft.Load, g.awaitCalm, g.schemaChanged
	g.keeper.live.opening = 1
	if kept != nil {
		g.keeper.live.opening = 2
	}
	g.keeper.live.swapped = g.swapped
	g.keeper.live.blind.applied = func() uint64 { return g.store.DBAppliedIndex() }
	g.keeper.live.register()
	g.layer = listenLayer(h, g.name, g.member, o.asleep)
	g.keeper.live.began = func() error { return g.gate.install(g.store) }
	if err := g.openStore(g.layer, logger); err != nil {
		g.keeper.live.forget()
		return nil, err
	}
	voters := o.voters
	if !fresh {
		voters = nil
	}
	g.feed = startFeed(g.store, &g.keeper.live.blind, limits.watchers) //nolint:contextcheck // it works for the group, not for the request that woke it
	g.onSwap(g.feed.renew)
	if err := g.settle(ctx, voters, o.led, logger); err != nil {
		g.feed.end()
		defer g.keeper.live.forget()
		close(g.gate.over)
		err = errors.Join(err, g.store.Close(true))
		if fault := g.gate.fault(); fault != nil {
			return nil, stuckError{errors.Join(fault, err)}
		}
		return nil, err
	}
	g.keeper.start() //nolint:contextcheck // it works for the group, not for the request that woke it
	return g, nil
}

// openStore opens rqlite's store. A failure here is kept until the program ends,
// as rqlite does not let go of the log that it has opened.
func (g *group) openStore(ly *layer, logger *slog.Logger) error {
	err := openStore(func() error {
		g.store = newStore(ly, g.folder.dir, g.folder.node, g.keeper.storeLog(stdLogger(logger).Writer()))
		if err := g.store.Open(); err != nil {
			return err
		}
		ra, err := raftOf(g.store)
		g.raft.Store(ra)
		if err != nil {
			return err
		}
		return errors.Join(g.gate.installed(ra), unpipeline(g.store))
	})
	switch {
	case err == nil:
		return nil
	case g.gate.fault() != nil:
		return stuckError{errors.Join(g.gate.fault(), err, ly.Close())}
	}
	return stuckError{errors.Join(g.folder.unopened(err), ly.Close())}
}

// stuckError marks a failure after which the folder cannot be tried again.
type stuckError struct{ error }

func (e stuckError) Unwrap() error { return e.error }

// newStore configures rqlite: no snapshots of its own, no compression, foreign
// keys on.
func newStore(ly *layer, dir, node string, logger *log.Logger) *store.Store {
	s := store.New(ly, &store.Config{
		DBConf: &store.DBConfig{FKConstraints: true},
		Dir:    dir,
		ID:     node,
		Logger: logger,
	})
	s.RaftLogLevel = "OFF"
	s.HeartbeatTimeout, s.ElectionTimeout, s.LeaderLeaseTimeout = heartbeat, heartbeat, leaderLease
	s.SnapshotThreshold, s.SnapshotThresholdWALSize, s.SnapshotInterval = never, 0, 24*time.Hour
	s.NoFreeListSync = true // the list is made anew from the log when it opens
	s.SetRequestCompression(noCompression, noCompression)
	return s
}

func stdLogger(logger *slog.Logger) *log.Logger {
	return slog.NewLogLogger(logger.Handler(), slog.LevelDebug)
}

// settle brings an opened store to work. It founds a new group, and a group of
// this node alone leads and has applied its log before settle returns. Groups of
// several nodes find their leader in their own time.
func (g *group) settle(ctx context.Context, voters []string, led func(*group, bool), logger *slog.Logger) error {
	g.lead = newLead(g, led, logger)
	g.store.RegisterLeaderChange(g.lead.changed)
	if len(voters) > 0 {
		servers := make([]*store.Server, len(voters))
		for i, id := range voters {
			servers[i] = &store.Server{ID: id, Addr: addressPrefix + id}
		}
		if err := g.store.Bootstrap(servers...); err != nil {
			return fmt.Errorf("form group %s: %w", g.name, err)
		}
	}
	g.startWriter(logger) //nolint:contextcheck // the writer outlives the request that woke the group
	go g.lead.run()       //nolint:contextcheck // it goes on when who asked has left
	if !g.aloneVoter() {
		return nil
	}
	err := g.campaign()
	if err == nil {
		err = g.lead.await(ctx, g)
	}
	if err != nil {
		g.lead.end()
		g.writer.end()
		g.readers.close()
	}
	return err
}

// campaign makes this replica stand for election at once.
func (g *group) campaign() error {
	if err := standForElection(g.layer, g.folder.node); err != nil {
		return fmt.Errorf("stand for election in %s: %w", g.name, err)
	}
	return nil
}

// servers are the members as Raft knows them.
func (g *group) servers() []raft.Server {
	ra := g.raft.Load()
	if ra == nil {
		return nil
	}
	future := ra.GetConfiguration()
	if future.Error() != nil {
		return nil
	}
	return future.Configuration().Servers
}

// aloneVoter tells whether this replica decides by itself.
func (g *group) aloneVoter() bool {
	alone := false
	for _, server := range g.servers() {
		switch {
		case string(server.ID) == g.folder.node:
			alone = server.Suffrage == raft.Voter
		case server.Suffrage == raft.Voter:
			return false
		}
	}
	return alone
}

// mark writes down that the replica was made here, once it has something to lose.
func (g *group) mark(index uint64) error {
	g.marking.Lock()
	defer g.marking.Unlock()
	if index == 0 || (g.marker.Format != 0 && index <= g.marker.Index) {
		return nil
	}
	if g.marker.Format == 0 {
		g.marker = marker{Group: g.name, Node: g.folder.node, Created: time.Now().UTC()}
	}
	g.marker.Index, g.marker.Format = index, formatVersion
	if err := g.marker.write(g.folder.dir); err != nil {
		g.gate.distrust(err)
		return core.Wrap(core.Unavailable, err, "the folder %s cannot be written; check its rights and the space on the disk", g.folder.shown(""))
	}
	return nil
}

func (g *group) startWriter(logger *slog.Logger) {
	g.writer = newCommitter(func(statements []*proto.Statement) ([]*proto.ExecuteQueryResponse, uint64, error) {
		return g.store.Execute(&proto.ExecuteRequest{Request: &proto.Request{Statements: statements}})
	}, logger)
	g.writer.room = g.room
	g.writer.shareable = g.shares.Load
	g.writer.settled = func([]shape) { g.schemaChanged() }
	g.writer.early = ackEarly && g.name != core.SystemNamespace.Group() // without its own group there is no network to try
	g.writer.remember, g.writer.lost = g.remembered, g.lead.again
	g.writer.refusal = g.gate.refusal
	g.reads = newBarrier(g.store)
	go g.writer.run()
	g.keeper.live.onFault(g.writer.giveUp)
}

// replay waits until the whole log is applied to this replica's file, and ends
// what a leader before left open: a held write whose second entry is missing.
// Rolling back when nothing is open fails, and that is fine.
func (g *group) replay() error {
	if _, _, err := g.writer.propose([]*proto.Statement{{Sql: "ROLLBACK"}}); err != nil {
		return proposeError(err)
	}
	g.schemaChanged()
	return nil
}

// schemaChanged is called when an entry may have changed the schema: prepared
// reads are stale, and a new constraint may forbid sharing entries.
func (g *group) schemaChanged() {
	g.looking.Lock()
	defer g.looking.Unlock()
	g.schema.Add(1)
	g.shares.Store(false) // until we know
	rows, err := g.readers.query(context.Background(), read{
		statement: core.Statement{SQL: "SELECT count(*) FROM sqlite_master WHERE sql LIKE '%deferr%'"},
		maxRows:   1, maxBytes: maxCellBytes, generation: g.schema.Load(),
	})
	if err != nil || len(rows.Values) != 1 {
		return // one entry per caller is slower and always right
	}
	g.shares.Store(rows.Values[0][0] == int64(0))
}

// member tells whether the peer belongs to the group: by Raft's own
// configuration, or by the network's placement, which comes first. An empty
// replica, which knows no members yet, also lets in who woke it.
func (g *group) member(id peer.ID) bool {
	servers := g.servers()
	for _, server := range servers {
		if server.ID == raft.ServerID(id.String()) {
			return true
		}
	}
	if _, woke := g.callers.Load(id.String()); woke && len(servers) == 0 {
		return true
	}
	return g.placed != nil && g.placed(id)
}

// close puts the replica to sleep. Whoever waits to write is refused, reads are
// interrupted.
func (g *group) close() error {
	g.lead.end()
	g.writer.end()
	several := len(g.servers()) != 1
	g.keeper.end(several)
	defer g.keeper.live.forget()
	g.readers.close()
	g.feed.end()
	committed, indexErr := g.store.CommitIndex()
	close(g.gate.over)
	err := g.store.Close(true)
	if ra := g.raft.Load(); ra != nil && several {
		drain(ra)
	}
	g.reads.close()
	if err == nil && indexErr == nil && g.writer.fault() == nil && g.gate.fault() == nil {
		err = g.mark(committed)
	}
	if err != nil {
		return fmt.Errorf("close group %s: %w", g.name, err)
	}
	return nil
}

// swapped keeps the snapshot that has just taken the place of the file in use:
// it came from the leader, or out of a backup. It runs inside rqlite's swap,
// before anything later is applied or acknowledged.
func (g *group) swapped() error {
	err := g.folder.keepNewest()
	if err != nil {
		err = fmt.Errorf("the snapshot that arrived cannot be kept: %w", err)
		g.gate.distrust(err)
		g.keeper.live.giveUp(err)
		if ra := g.raft.Load(); ra != nil && ra.State() == raft.Leader {
			err = nil // Raft would end the program; as it is, nothing more is acknowledged
		}
	}
	g.schema.Add(1)
	g.shares.Store(false) // until the keeper has looked at the schema
	g.readers.renew()
	g.keeper.swapped.Store(true)
	g.keeper.live.ring()
	if told := g.swaps.Load(); told != nil {
		(*told)()
	}
	return err
}

// onSwap sets what is called when another file takes the place of the one in
// use. It must return at once and not ask the group anything.
func (g *group) onSwap(told func()) { g.swaps.Store(&told) }

// awaitCalm waits for a moment without readers, for some seconds at most.
func (g *group) awaitCalm(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readersPatience)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for g.readers.busy() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// room refuses a write when the disk or the namespace's share of it is full. What
// it saw holds for roomFor: thousands of writes a second ask.
func (g *group) room(w *write) error {
	now := time.Now().UnixNano()
	if now-g.roomy.Load() < int64(roomFor) {
		return nil
	}
	if free, known := freeBytes(g.folder.dir); known && free < minFreeBytes {
		return core.Errorf(core.Unavailable, "there is no space left on the disk (%d MiB free, %d are kept); nothing was stored; free some and repeat",
			free>>20, minFreeBytes>>20)
	}
	if g.limits.maxBytes <= 0 || g.fileBytes() <= g.limits.maxBytes {
		g.roomy.Store(now)
		return nil
	}
	if w.frees {
		return nil
	}
	if used := g.usedBytes(); used > g.limits.maxBytes {
		return core.Errorf(core.TooLarge, "the database is full: %d MiB of at most %d MiB; nothing was stored; delete rows, or raise the limit",
			used>>20, g.limits.maxBytes>>20)
	}
	return nil
}

// fileBytes is the size of the database file, which never shrinks.
func (g *group) fileBytes() int64 {
	info, err := os.Stat(filepath.Join(g.folder.dir, liveFile))
	if err != nil {
		return 0
	}
	return info.Size()
}

// usedBytes is the size of the pages in use. It is counted now and then only,
// as a full database is asked often.
func (g *group) usedBytes() int64 {
	now := time.Now().UnixNano()
	if last := g.full.Load(); last != 0 && now-last < int64(usedEvery) {
		return g.used.Load()
	}
	rows, err := g.readers.query(context.Background(), read{
		statement: core.Statement{SQL: "SELECT (page_count - freelist_count) * page_size FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()"},
		maxRows:   1, maxBytes: maxCellBytes, generation: g.schema.Load(),
	})
	if err != nil || len(rows.Values) != 1 {
		return g.fileBytes()
	}
	used, _ := rows.Values[0][0].(int64) //nolint:errcheck // the product of three numbers is one
	g.full.Store(now)
	g.used.Store(used)
	return used
}

// state describes the group for a status.
func (g *group) state() core.Group {
	commit, _ := g.store.CommitIndex() //nolint:errcheck // 0 when it is closing
	leader, _ := g.store.LeaderID()    //nolint:errcheck // "" likewise
	return core.Group{
		Name: g.name, Awake: true, State: stateWord(g.store.State()), Leader: leader,
		Index: g.applied(commit), CommitIndex: commit, Size: g.folder.size(),
	}
}

func stateWord(s store.ClusterState) string {
	switch s {
	case store.Leader:
		return "leader"
	case store.Candidate:
		return "candidate"
	case store.Follower:
		return "follower"
	default:
		return "asleep"
	}
}
