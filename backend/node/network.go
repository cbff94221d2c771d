package node

// This file is the node's part in a network: the pieces that belong to one
// network, and how the node changes from one to another while all else runs on.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/anchat/service"
	"git.debros.io/DeBros/network/backend/auth"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/disk"
	"git.debros.io/DeBros/network/backend/forward"
	"git.debros.io/DeBros/network/backend/membership"
	"git.debros.io/DeBros/network/backend/storage"
)

const (
	// joinPatience is how long a start with "join" tries: the member may be
	// starting too.
	joinPatience = 20 * time.Second
	joinPause    = 300 * time.Millisecond
	// switchPatience bounds changing from one network to another.
	switchPatience = 40 * time.Second
	// leavePatience bounds handing everything over before a node leaves.
	leavePatience = 5 * time.Minute
)

// session is the node's part in one network. A guest's has only doors.
type session struct {
	record     membership.Record
	membership *membership.Membership
	forward    *forward.Client
	server     *forward.Server
	databases  *database.Databases
	storage    *storage.Storage
	auth       *auth.Auth       // nil for a guest: members know who may do what
	rows       *service.Service // of the chat; nil for a guest
	chat       chatPart
	backups    *backups
	guest      *guest
}

// networks runs one session after another.
type networks struct {
	n       *Node
	root    string
	changes chan change

	mu      sync.Mutex
	current *session // nil while the node changes networks
	joining core.JoinProgress
}

// change asks for another session.
type change struct {
	id   string
	done chan error // buffered
}

func (n *Node) buildNetworks(context.Context) error {
	n.networks = &networks{n: n, root: n.folder.databases, changes: make(chan change)}
	return nil
}

// Run serves the network in use until ctx ends. Changing to another one that
// cannot be started goes back to the one before.
func (w *networks) Run(ctx context.Context, ready func()) error {
	id, err := w.first(ctx)
	if err != nil {
		return err
	}
	var pending *change
	for before := ""; ; {
		next, err := w.serve(ctx, id, func() {
			ready()
			if pending != nil {
				pending.done <- nil
				pending = nil
			}
		})
		switch {
		case pending != nil && err != nil: // it could not be started
			pending.done <- err
			pending = nil
			if ctx.Err() != nil {
				return nil //nolint:nilerr // who asked was told
			}
			if errWrite := w.n.folder.use(before); errWrite != nil {
				return errors.Join(err, errWrite)
			}
			id = before
		case err != nil || next == nil:
			return err
		default:
			before, pending, id = id, next, next.id
		}
	}
}

// serve runs one session until ctx ends, a part of it fails, or another network
// is asked for.
func (w *networks) serve(ctx context.Context, id string, ready func()) (*change, error) {
	s, err := w.n.openSession(w.root, id) //nolint:contextcheck // whether a node is a member is answered from memory
	if err != nil {
		return nil, err
	}
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	var next *change
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		select {
		case c := <-w.changes:
			next = &c
			cancel()
		case <-own.Done():
		}
	}()
	err = runParts(own, func() error {
		w.set(s)
		ready()
		return nil
	}, s.parts()...)
	w.set(nil)
	cancel()
	<-asked
	return next, err
}

func (w *networks) set(s *session) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = s
}

// session is the one in use, or Unavailable while the node changes networks.
func (w *networks) session() (*session, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.current == nil {
		return nil, core.Errorf(core.Unavailable, "the node is changing networks; repeat in a moment")
	}
	return w.current, nil
}

// member is the session in use, when this node is a member of its network.
func (w *networks) member() (*session, error) {
	s, err := w.session()
	if err == nil && s.membership == nil {
		return nil, core.Errorf(core.Denied, "this node is a guest of its network; join it with a ticket first: debros join")
	}
	return s, err
}

// parts are the session's, in the order in which they start.
func (s *session) parts() []part {
	if s.guest != nil {
		return []part{{"guest", s.guest}, {"chat", s.chat}}
	}
	return []part{
		{"forwarding", s.forward}, // the databases may need other nodes to open
		{"database", s.databases}, // before others ask for its replicas
		{"members", s.membership}, // who belongs to the network is in its tables
		{"replicas", s.server},    // other members come when there is something to ask
		{"storage", s.storage},
		{"auth", s.auth}, // its tables are in the network's own group
		{"chat rows", s.rows},
		{"chat", s.chat}, // it asks for rows
		{"backup", s.backups},
	}
}

// openSession builds the parts of one network.
func (n *Node) openSession(root, id string) (*session, error) {
	r, err := membership.Load(root, id, n.host.ID().String())
	if err != nil {
		return nil, err
	}
	s := &session{record: r}
	s.chat = chatPart{n, s}
	if r.Role == core.RoleGuest {
		s.guest = newGuest(n)
		return s, nil
	}
	c := n.loaded.Config
	s.membership, err = membership.New(membership.Settings{
		Root: root, Record: r, Name: c.Node.ID, Version: n.build.Version, Addresses: n.host.FullAddresses,
		OpenJoin: c.Security.OpenJoin, Factor: c.Database.ReplicationFactor, ReplaceAfter: c.Database.ReplaceAfter, Now: time.Now,
	}, n.host, n.logs.Logger("members"))
	if err != nil {
		return nil, fmt.Errorf("build members: %w", err)
	}
	s.forward = forward.NewClient(n.host, n.pathTo, n.logs.Logger("forward"))
	s.databases, err = database.New(database.Settings{
		Dir: filepath.Join(root, id), NodeID: n.host.ID().String(), MaxAwake: c.Database.MaxAwake, IdleAfter: c.Database.IdleAfter,
		ReadLimit: c.Database.ReadTimeout, MaxBytes: int64(c.Database.MaxDatabaseSize), Network: id, Version: n.build.Version,
		OwnSchema: storage.Schema(),
	}, n.host, s.membership, s.forward, n.logs.Logger("database"))
	if err != nil {
		return nil, fmt.Errorf("build database: %w", err)
	}
	s.membership.SetDatabase(s.databases.Internal(), s.databases, s.forward)
	s.server, err = forward.NewServer(s.databases.Replicas(), s.membership.IsMember, n.host, n.logs.Logger("forward"))
	if err != nil {
		return nil, fmt.Errorf("build forwarding: %w", err)
	}
	s.storage, err = storage.New(storage.Settings{MaxValueBytes: int(c.Storage.MaxValueSize), Now: time.Now}, s.databases.Internal(), n.logs.Logger("storage"))
	if err != nil {
		return nil, fmt.Errorf("build storage: %w", err)
	}
	if s.auth, err = n.newAuth(s, filepath.Join(root, id)); err != nil {
		return nil, fmt.Errorf("build auth: %w", err)
	}
	s.rows = service.New(service.Settings{
		Messages: service.Rate{Minute: c.Anchat.MessagesPerMinute, Day: c.Anchat.MessagesPerDay}, FilesBytes: int64(c.Anchat.FilesPerWallet),
	}, s.databases.Internal(), chatReplicas{s.databases.Internal(), n.peerNames}, n.logs.Logger("anchat"))
	s.backups = newBackups(n, s)
	return s, nil
}

// pathTo says how this node reaches a peer.
func (n *Node) pathTo(id peer.ID) string {
	for _, c := range n.host.Network().ConnsToPeer(id) {
		if !c.Stat().Limited {
			return "direct"
		}
	}
	return "relayed"
}

// first says in which network the node starts: the one that it was in, the one
// that it was told to join, as a guest of its bootstrap peers', or its own.
func (w *networks) first(ctx context.Context) (string, error) {
	c, id := w.n.loaded.Config, w.n.folder.network
	_, err := membership.Load(w.root, id, w.n.host.ID().String())
	if err != nil && core.CodeOf(err) != core.NotFound {
		return "", err
	}
	fresh := err != nil
	if c.Database.RQLiteJoinAddress != "" {
		joined, errJoin := w.joinAtStart(ctx, c.Database.RQLiteJoinAddress, fresh)
		if errJoin != nil || joined != "" {
			return joined, errJoin
		}
	}
	switch {
	case !fresh:
		return id, nil
	case len(c.Discovery.BootstrapPeers) > 0 && !c.Security.OpenJoin:
		_, err = membership.CreateGuest(w.root, id, "")
	default:
		_, err = membership.Create(w.root, id, "", w.n.host.ID().String())
	}
	return id, err
}

// joinAtStart joins a network when the node is not in it yet. It returns "" when
// there is nothing to do.
func (w *networks) joinAtStart(ctx context.Context, to string, fresh bool) (string, error) {
	ticket, errTicket := membership.ParseTicket(to)
	if errTicket == nil {
		if r, err := membership.Load(w.root, ticket.Network, ""); err == nil && r.Role == core.RoleMember && r.LeftAt.IsZero() {
			return ticket.Network, w.n.folder.use(ticket.Network)
		}
	} else if !fresh {
		return "", nil // joined by this address before
	}
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	for {
		id, err := w.admitted(ctx, to)
		if err == nil || core.CodeOf(err) != core.Unavailable {
			return id, err
		}
		timer := time.NewTimer(joinPause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return "", err
		}
	}
}

// admitted asks to be let into a network, by ticket or by the address of a
// member, and writes it down. The node is not in it yet.
func (w *networks) admitted(ctx context.Context, to string) (string, error) {
	me := membership.Me{Name: w.n.loaded.Config.Node.ID, Version: w.n.build.Version, Addresses: w.n.host.FullAddresses()}
	var a membership.Admission
	ticket, err := membership.ParseTicket(to)
	if err == nil {
		a, err = membership.Redeem(ctx, w.n.host, ticket, me, w.tell)
	} else if info, errAddress := peer.AddrInfoFromString(to); errAddress == nil {
		a, err = membership.JoinOpen(ctx, w.n.host, *info, me, w.tell)
	}
	if err != nil {
		return "", err
	}
	r, err := membership.CreateJoined(w.root, a)
	if err != nil {
		return "", err
	}
	w.tell(core.JoinProgress{Phase: core.JoinSnapshot})
	return r.ID, w.n.folder.use(r.ID)
}

func (w *networks) tell(p core.JoinProgress) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.joining = p
}

// switchTo makes the running node change to a network whose record is written.
func (w *networks) switchTo(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, switchPatience)
	defer cancel()
	c := change{id: id, done: make(chan error, 1)}
	select {
	case w.changes <- c:
	case <-ctx.Done():
		return core.Wrap(core.Unavailable, ctx.Err(), "the node is busy changing networks; repeat in a moment")
	}
	select {
	case err := <-c.done:
		return err
	case <-ctx.Done():
		return core.Wrap(core.OutcomeUnknown, ctx.Err(), "the node has not changed to the other network in time; look at its status")
	}
}

// use writes down which network the node is in. Either the old name or the new
// one is there, whenever the power fails.
func (f *Folder) use(id string) error {
	if err := disk.Write(filepath.Join(f.path, "network"), []byte(id+"\n")); err != nil {
		return core.Wrap(core.Unavailable, err, "the network in use could not be written down; check the rights and the space on the disk")
	}
	f.setNetwork(id)
	return nil
}

// Network is the network that the node is in.
func (n *Node) Network(ctx context.Context) (core.NetworkStatus, error) {
	w := n.networks
	status := core.NetworkStatus{Network: core.Network{ID: n.folder.inUse(), Current: true}, State: core.StateDegraded}
	w.mu.Lock()
	status.Joining = w.joining
	s := w.current
	w.mu.Unlock()
	if s == nil {
		status.Detail = "changing networks"
		return status, nil
	}
	if s.guest != nil {
		return s.guest.status(ctx, status), nil
	}
	r := s.membership.Record()
	status.Name, status.Role, status.CreatedAt = r.Name, core.RoleMember, r.CreatedAt
	status.Size = s.databases.Size()
	for _, hint := range r.System {
		if hint.Voter {
			status.Voters++
		}
	}
	status.Members = s.membership.Count()
	standing, err := s.databases.Replicas().Standing(ctx, core.SystemNamespace)
	if err == nil {
		status.Leader = standing.Leader
	}
	status.State = core.StateOK
	if status.Leader == "" && standing.State != "none" {
		status.State, status.Detail = core.StateDegraded, "the network's own group has no leader"
	}
	if !r.LeftAt.IsZero() {
		status.Role, status.State = core.RoleLeft, core.StateDegraded
		status.Detail = "this node is no member of it any more; what it kept can be read with level none; join again with a ticket, or change to another network"
		return status, nil
	}
	if status.Joining.Phase == core.JoinSnapshot {
		status.Joining.Done, status.Joining.Total = standing.Index, standing.CommitIndex
		if standing.Leader != "" && standing.CommitIndex > 0 && standing.Index >= standing.CommitIndex {
			status.Joining = core.JoinProgress{Phase: core.JoinCaughtUp, Done: standing.Index, Total: standing.CommitIndex}
			w.tell(status.Joining)
		}
	}
	return status, nil
}

// Members lists the members of the network.
func (n *Node) Members(ctx context.Context) ([]core.Member, error) {
	s, err := n.networks.member()
	if err != nil {
		return nil, err
	}
	return s.membership.Members(ctx)
}

// Placements lists all groups and how their replicas stand.
func (n *Node) Placements(ctx context.Context) ([]core.Placement, error) {
	s, err := n.networks.member()
	if err != nil {
		return nil, err
	}
	return s.membership.Placements(ctx)
}

// Invite makes a ticket for one node.
func (n *Node) Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error) {
	s, err := n.networks.member()
	if err != nil {
		return core.Ticket{}, err
	}
	return s.membership.Invite(ctx, o)
}

// Tickets lists the network's tickets, without their secrets.
func (n *Node) Tickets(ctx context.Context) ([]core.Ticket, error) {
	s, err := n.networks.member()
	if err != nil {
		return nil, err
	}
	return s.membership.Tickets(ctx)
}

// RevokeTicket ends a ticket that was not used.
func (n *Node) RevokeTicket(ctx context.Context, id string) error {
	s, err := n.networks.member()
	if err != nil {
		return err
	}
	return s.membership.RevokeTicket(ctx, id)
}

// ReadTicket says what a ticket's text is for, without using it. Whether it
// still holds, only the network knows.
func (n *Node) ReadTicket(_ context.Context, text string) (core.Ticket, error) {
	i, err := membership.ParseTicket(text)
	if err != nil {
		return core.Ticket{}, err
	}
	return core.Ticket{ID: i.ID, Network: i.Network, ExpiresAt: i.ExpiresAt}, nil
}

// Join takes the node into the network of a ticket, or of a member's address
// when that network admits everybody. It returns once the node is in it;
// Network().Joining tells how far it has caught up. When it fails, the node is
// in the network that it was in.
func (n *Node) Join(ctx context.Context, to string) error {
	w := n.networks
	if ticket, err := membership.ParseTicket(to); err != nil {
		if _, errAddress := peer.AddrInfoFromString(to); errAddress != nil {
			return err
		}
	} else if ticket.Network == n.folder.inUse() && !w.left() {
		return core.Errorf(core.Conflict, "this node is in the network %s already", ticket.Network)
	}
	w.mu.Lock()
	busy := w.joining.Phase == core.JoinConnect || w.joining.Phase == core.JoinAdmit
	if !busy {
		w.joining = core.JoinProgress{Phase: core.JoinConnect}
	}
	w.mu.Unlock()
	if busy {
		return core.Errorf(core.Conflict, "the node is joining a network already; wait for it")
	}
	before := n.folder.inUse()
	id, err := w.admitted(ctx, to)
	if err == nil && id == before && !w.left() {
		err = core.Errorf(core.Conflict, "this node is in the network %s already", id)
	} else if err == nil {
		err = w.switchTo(ctx, id)
	}
	if err != nil {
		w.tell(core.JoinProgress{Phase: core.JoinFailed, Detail: core.Sentence(err)})
	}
	return err
}

// left tells whether the node is no member any more of the network that it is in.
func (w *networks) left() bool {
	s, err := w.session()
	return err == nil && s.membership != nil && !s.membership.Record().LeftAt.IsZero()
}

// Leave takes the node out of its network and into another one of this
// installation, or a new one of its own.
func (n *Node) Leave(ctx context.Context, force bool) error {
	s, err := n.networks.member()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, leavePatience)
	defer cancel()
	if err = s.membership.Leave(ctx, force); err != nil {
		return err
	}
	w, old := n.networks, s.record.ID
	list, err := membership.List(w.root, old)
	if err != nil {
		return err
	}
	next := ""
	for _, network := range list {
		if r, err := membership.Load(w.root, network.ID, ""); err == nil && network.ID != old && r.LeftAt.IsZero() && r.Role == core.RoleMember {
			next = network.ID
		}
	}
	if next == "" {
		r, err := membership.Create(w.root, "", "", n.host.ID().String())
		if err != nil {
			return err
		}
		next = r.ID
	}
	return n.change(ctx, next)
}

// change goes to another network that is known here.
func (n *Node) change(ctx context.Context, id string) error {
	before := n.folder.inUse()
	if err := n.folder.use(id); err != nil {
		return err
	}
	if err := n.networks.switchTo(ctx, id); err != nil {
		if core.CodeOf(err) == core.OutcomeUnknown {
			return err
		}
		return errors.Join(err, n.folder.use(before))
	}
	return nil
}

// Networks lists the networks of this installation.
func (n *Node) Networks(context.Context) ([]core.Network, error) {
	return membership.List(n.networks.root, n.folder.inUse())
}

// UseNetwork changes to another network of this installation. Nothing is lost:
// the data of each stays in its folder.
func (n *Node) UseNetwork(ctx context.Context, id string) error {
	if id == n.folder.inUse() {
		return nil
	}
	if _, err := membership.Load(n.networks.root, id, n.host.ID().String()); err != nil {
		return err
	}
	n.networks.tell(core.JoinProgress{})
	return n.change(ctx, id)
}

// RenameNetwork gives a network another name for people, on this installation.
func (n *Node) RenameNetwork(_ context.Context, id, name string) error {
	if id == n.folder.inUse() {
		s, err := n.networks.session()
		if err != nil {
			return err
		}
		if s.membership != nil {
			return s.membership.Rename(name)
		}
	}
	return membership.Rename(n.networks.root, id, name)
}

// RemoveNetwork deletes what this installation keeps of a network that it is not in.
func (n *Node) RemoveNetwork(_ context.Context, id string) error {
	return membership.Remove(n.networks.root, id, n.folder.inUse())
}

// RemoveMember sends a member away that does not come back.
func (n *Node) RemoveMember(ctx context.Context, id string) error {
	s, err := n.networks.member()
	if err != nil {
		return err
	}
	return s.membership.RemoveMember(ctx, id)
}

// AddReplica keeps a read replica of the namespace on this node.
func (n *Node) AddReplica(ctx context.Context, ns core.Namespace) error {
	s, err := n.networks.member()
	if err != nil {
		return err
	}
	return s.membership.AddReplica(ctx, ns)
}

// DropReplica gives up a read replica.
func (n *Node) DropReplica(ctx context.Context, ns core.Namespace) error {
	s, err := n.networks.member()
	if err != nil {
		return err
	}
	return s.membership.DropReplica(ctx, ns)
}

// Namespaces lists those of the network, as far as this node knows, and always
// the default one.
func (n *Node) Namespaces() []core.Namespace {
	names := []core.Namespace{core.DefaultNamespace}
	if s, err := n.networks.member(); err == nil {
		names = append(names, s.databases.Namespaces()...)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if all, err := s.membership.Namespaces(ctx); err == nil {
			names = append(names, all...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
