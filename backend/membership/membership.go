package membership

// This file is the frame: settings, lifetime, and what a node remembers of the
// members between two looks at the tables.

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// Settings say which network it is and how it is run.
type Settings struct {
	Root         string // folder of all networks
	Record       Record // the one that this is about
	Name         string // of this node, for people
	Version      string // of the program
	Addresses    func() []string
	OpenJoin     bool          // admit nodes without a ticket
	Factor       int           // replicas of a new namespace; 0 is DefaultFactor
	ReplaceAfter time.Duration // 0 is DefaultReplaceAfter
	Now          func() time.Time
}

// Tables is the door to the system namespace.
type Tables interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
}

// Groups are this node's replicas.
type Groups interface {
	Leads(ns core.Namespace) bool
	WatchLead(ctx context.Context, ns core.Namespace) <-chan bool
	PlacementChanged(ns core.Namespace)
	Replicas() *database.Replicas
}

// Others asks other nodes' replicas.
type Others interface {
	Wake(ctx context.Context, node string, ns core.Namespace) (database.Standing, error)
	Standing(ctx context.Context, node string, ns core.Namespace) (database.Standing, error)
}

// Membership is one node's part in its network. It implements
// database.Directory. Its methods may be called at once by many.
type Membership struct {
	settings Settings
	host     host.Host
	self     string
	log      *slog.Logger

	tables Tables
	groups Groups
	others Others

	askers *askers

	mu       sync.Mutex
	record   Record
	members  map[string]member              // as last read
	told     time.Time                      // when they were
	places   map[core.Namespace]cachedPlace // at most MaxCached
	doubted  map[peer.ID]time.Time          // strangers that were looked up lately; at most MaxAskers
	look     chan struct{}                  // one token: look at the tables now
	lastSeen map[string]time.Time           // by the controller
	woken    map[core.Namespace]time.Time   // groups that the controller has woken
	doubtAt  time.Time                      // when it was last asked whether this node is a member
	settled  map[core.Namespace]uint64      // revisions that the controller has seen in place; at most MaxGroups
}

type cachedPlace struct {
	database.Placement
	found bool
	at    time.Time
}

// New checks the settings and starts nothing. SetDatabase comes before Run.
func New(s Settings, h host.Host, log *slog.Logger) (*Membership, error) {
	if s.Factor == 0 {
		s.Factor = DefaultFactor
	}
	if s.ReplaceAfter == 0 {
		s.ReplaceAfter = DefaultReplaceAfter
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Addresses == nil {
		s.Addresses = func() []string { return nil }
	}
	if err := s.Record.check(); err != nil {
		return nil, err
	}
	if h == nil || log == nil || s.Factor < 1 || s.ReplaceAfter < 0 {
		return nil, core.Errorf(core.Invalid, "membership needs a host, a logger and positive settings")
	}
	return &Membership{
		settings: s, host: h, self: h.ID().String(), log: log, record: s.Record, askers: newAskers(s.Now),
		members: map[string]member{}, places: map[core.Namespace]cachedPlace{}, doubted: map[peer.ID]time.Time{},
		look: make(chan struct{}, 1), lastSeen: map[string]time.Time{}, woken: map[core.Namespace]time.Time{},
		settled: map[core.Namespace]uint64{},
	}, nil
}

// SetDatabase gives the tables and the way to replicas: they need the directory
// that this is, so they can only come after it. It must be called before Run.
func (m *Membership) SetDatabase(tables Tables, groups Groups, others Others) {
	m.tables, m.groups, m.others = tables, groups, others
}

// Record is the network's record as it is now.
func (m *Membership) Record() Record {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.record
}

// Run keeps in touch with the members, answers those who want to join, and rules
// while this node leads the system group. It returns when ctx has ended.
func (m *Membership) Run(ctx context.Context, ready func()) error {
	m.remember()
	m.serve(ctx)
	defer m.host.RemoveStreamHandler(JoinProtocol)
	leads := m.groups.WatchLead(ctx, core.SystemNamespace)
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { m.keepConnected(ctx) })
	if err := m.begin(ctx); err != nil {
		return err
	}
	ready()
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	ruling := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-leads:
			if now && !ruling {
				m.mu.Lock()
				clear(m.lastSeen) // what was seen before somebody else ruled says nothing
				m.mu.Unlock()
			}
			ruling = now
		case <-m.look:
		case <-tick.C:
		}
		m.refresh(ctx)
		if ruling {
			m.rule(ctx)
		}
		m.askWhetherSentAway(ctx)
	}
}

// begin makes the tables of a network that only this node is in, before anybody
// asks for them.
func (m *Membership) begin(ctx context.Context) error {
	if system := m.Record().System; len(system) != 1 || system[0].ID != m.self {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, joinTimeout)
	defer cancel()
	if err := m.found(ctx); err != nil && core.CodeOf(err) != core.Unavailable { // it may have been the last voter of several
		return err
	}
	m.refresh(ctx)
	return nil
}

// poke makes Run look at the tables soon.
func (m *Membership) poke() {
	select {
	case m.look <- struct{}{}:
	default:
	}
}

// refresh reads who belongs to the network, and where its system group is.
func (m *Membership) refresh(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	list, err := m.readMembers(ctx, core.LevelNone)
	if err != nil || len(list) == 0 {
		return // a network that has just begun, or cannot be reached: what is known stays
	}
	places, err := m.readPlacement(ctx, core.SystemNamespace, core.LevelNone)
	known := map[string]member{}
	for _, one := range list {
		known[one.ID] = one
		m.learn(one)
	}
	m.mu.Lock()
	m.members, m.told = known, time.Now()
	m.mu.Unlock()
	if err == nil && len(places.Replicas) > 0 {
		m.hint(places, known)
	}
	m.introduce(ctx, known[m.self])
}

// learn keeps a member's addresses where libp2p looks for them.
func (m *Membership) learn(one member) {
	if id, err := peer.Decode(one.ID); err == nil && one.ID != m.self {
		m.host.Peerstore().AddAddrs(id, multiaddrs(one.Addresses), addressLife)
	}
}

// addressLife is how long libp2p remembers what the tables say of addresses.
const addressLife = time.Hour

// remember tells libp2p where the record last saw the system group.
func (m *Membership) remember() {
	for _, hint := range m.Record().System {
		m.learn(member{ID: hint.ID, Addresses: hint.Addresses})
	}
}

// hint writes down where the system group is, when that has changed.
func (m *Membership) hint(p database.Placement, known map[string]member) {
	var hints []Hint
	for _, place := range p.Replicas {
		if len(hints) < MaxHints {
			hints = append(hints, Hint{ID: place.Node, Addresses: known[place.Node].Addresses, Voter: place.Voter})
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	same := slices.EqualFunc(hints, m.record.System, func(a, b Hint) bool {
		return a.ID == b.ID && a.Voter == b.Voter && slices.Equal(a.Addresses, b.Addresses)
	})
	if same && m.record.Formed {
		return
	}
	next := m.record
	next.System, next.Formed = hints, true
	if err := next.save(m.settings.Root); err != nil {
		m.log.Warn("where the network's own group lives could not be written down", core.KeyError, err)
		return
	}
	m.record = next
}

// introduce tells the network this node's name, addresses and version when they
// have changed.
func (m *Membership) introduce(ctx context.Context, own member) {
	addresses := bounded(m.settings.Addresses())
	if own.ID == "" || (own.Name == m.settings.Name && own.Version == m.settings.Version && slices.Equal(own.Addresses, addresses)) {
		return
	}
	_, err := m.exec(ctx, core.Statement{
		SQL:  `UPDATE members SET name = ?, version = ?, addresses = ? WHERE id = ?`,
		Args: []any{m.settings.Name, m.settings.Version, encodeList(addresses), m.self},
	})
	if err != nil {
		m.log.Debug("this node's addresses are not told yet", core.KeyError, err)
	}
}

// Names are the members that this node knows, by id, with the names that they
// give themselves. It answers from memory.
func (m *Membership) Names() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make(map[string]string, len(m.members))
	for id, one := range m.members {
		if one.State != stateRemoved {
			names[id] = one.Name
		}
	}
	return names
}

// IsMember tells whether the peer belongs to the network, as far as this node
// knows. One that it does not know is looked up, now and then.
func (m *Membership) IsMember(id peer.ID) bool {
	text := id.String()
	m.mu.Lock()
	one, known := m.members[text]
	empty := len(m.members) == 0
	for _, hint := range m.record.System {
		known = known || (empty && hint.ID == text)
	}
	doubted, seen := m.doubted[id]
	ask := !known && (!seen || time.Since(doubted) > time.Second) && m.tables != nil
	if ask {
		if len(m.doubted) >= MaxAskers {
			clear(m.doubted)
		}
		m.doubted[id] = time.Now()
	}
	m.mu.Unlock()
	if !ask {
		return text == m.self || (known && one.State != stateRemoved)
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	list, err := m.readMembers(ctx, core.LevelWeak)
	if err != nil {
		return false
	}
	for _, one := range list {
		if one.ID == text {
			m.mu.Lock()
			m.members[text] = one
			m.mu.Unlock()
			m.learn(one)
			return one.State != stateRemoved
		}
	}
	return false
}

// isNoMember tells whether the network's tables say for sure that the peer is none.
func (m *Membership) isNoMember(ctx context.Context, id peer.ID) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	list, err := m.readMembers(ctx, core.LevelWeak)
	return err == nil && len(list) > 0 && !slices.ContainsFunc(list, func(one member) bool {
		return one.ID == id.String() && one.State != stateRemoved
	})
}

// askWhetherSentAway asks another member, now and then, when this node finds no
// leader of the system group although others are there: the network may have
// sent it away while it was gone. Only what a member of that very network knows
// for sure is believed, and it is written down.
func (m *Membership) askWhetherSentAway(ctx context.Context) {
	r := m.Record()
	m.mu.Lock()
	due := r.LeftAt.IsZero() && time.Since(m.doubtAt) >= doubtEvery
	if due {
		m.doubtAt = time.Now()
	}
	m.mu.Unlock()
	if !due {
		return
	}
	if s, err := m.groups.Replicas().Standing(ctx, core.SystemNamespace); err != nil || s.Leader != "" {
		return
	}
	for _, hint := range r.System {
		id, err := peer.Decode(hint.ID)
		if err != nil || hint.ID == m.self || !m.connected(hint.ID) {
			continue
		}
		a, err := Describe(ctx, m.host, id)
		if err != nil || a.Network != r.ID || !a.Removed {
			continue
		}
		m.log.Warn("the network has sent this node away; what it kept stays in its folder; join again with a ticket: debros join")
		if err := m.left(time.Now()); err != nil {
			m.log.Warn("that this node was sent away could not be written down", core.KeyError, err)
		}
		return
	}
}

// left writes down that this node is no member any more.
func (m *Membership) left(at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	next := m.record
	next.LeftAt = at.UTC()
	if err := next.save(m.settings.Root); err != nil {
		return err
	}
	m.record = next
	return nil
}

// connected tells whether this node has a connection to the member.
func (m *Membership) connected(id string) bool {
	if id == m.self {
		return true
	}
	p, err := peer.Decode(id)
	return err == nil && m.host.Network().Connectedness(p) == network.Connected
}

// keepConnected dials members that are away.
func (m *Membership) keepConnected(ctx context.Context) {
	tick := time.NewTicker(connectEvery)
	defer tick.Stop()
	for {
		m.dialAway(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (m *Membership) dialAway(ctx context.Context) {
	m.mu.Lock()
	var away []peer.ID
	ids := map[string]bool{}
	for id := range m.members {
		ids[id] = true
	}
	for _, hint := range m.record.System {
		ids[hint.ID] = true
	}
	for id := range ids {
		if p, err := peer.Decode(id); err == nil && id != m.self && m.host.Network().Connectedness(p) != network.Connected {
			away = append(away, p)
		}
	}
	m.mu.Unlock()
	slots := make(chan struct{}, maxDials)
	var dialling sync.WaitGroup
	for _, p := range away {
		slots <- struct{}{}
		dialling.Go(func() {
			defer func() { <-slots }()
			inTime, cancel := context.WithTimeout(ctx, dialTimeout)
			defer cancel()
			if err := m.host.Connect(inTime, peer.AddrInfo{ID: p}); err != nil {
				m.log.Debug("a member does not answer", core.KeyPeer, p.String(), core.KeyError, err)
			}
		})
	}
	dialling.Wait()
}
