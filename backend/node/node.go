package node

// This file builds a node out of its parts and runs it.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/anyoneproxy"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/discovery"
	"git.debros.io/DeBros/network/backend/gateway"
	"git.debros.io/DeBros/network/backend/logging"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/p2p/places"
	"git.debros.io/DeBros/network/backend/paths"
	"git.debros.io/DeBros/network/backend/pubsub"
	"git.debros.io/DeBros/network/backend/rpc"
	"git.debros.io/DeBros/network/backend/rqliteapi"
)

// Build says which program runs.
type Build struct {
	Version, Commit, Time string
	// Pages are the built pages; the gateway's sign-in page is among them. nil
	// serves none.
	Pages fs.FS
}

// Face is a page in front of the node: the window, or the bridge to a browser.
type Face interface {
	Service
	// URL is where the page is, "" for a window.
	URL() string
	// Open shows the page to whoever sits at the machine: it raises the window,
	// or makes a link that works once and returns it.
	// It then asks about the debros: link, unless that is "".
	Open(ctx context.Context, link string) (url string, err error)
}

// Node is one peer of the network with all its parts.
type Node struct {
	loaded  config.Loaded
	build   Build
	logs    *logging.Logging
	log     *slog.Logger
	started time.Time
	stop    chan struct{} // one token: somebody asked the node to stop

	folder    *Folder
	authority *authority
	host      *p2p.Host
	places    *places.Places
	proxy     *anyoneproxy.Proxy
	discovery *discovery.Discovery
	pubsub    *pubsub.PubSub
	paths     *paths.Paths
	networks  *networks
	transfers transfers
	rpc       *rpc.Server
	gateway   *gateway.Gateway
	carrier   *carrier       // to members, for a guest's gateway and chat
	rqlite    *rqliteapi.API // nil when off
	face      *facing
	chats     *chats
}

// Open reads or makes the node's keys in a claimed folder and builds every
// part; nothing is served yet. A damaged file is named and left as it is. The
// folder is the node's from here on, also when Open fails.
func Open(ctx context.Context, folder *Folder, loaded config.Loaded, build Build, logs *logging.Logging) (_ *Node, err error) {
	n := &Node{
		folder: folder, loaded: loaded, build: build, logs: logs, log: logs.Logger("node"),
		started: time.Now(), stop: make(chan struct{}, 1), face: &facing{}, chats: &chats{},
		places: places.New(time.Now, logs.Logger("places")),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	for _, build := range []func(context.Context) error{
		n.buildHost, n.buildDiscovery, n.buildPubSub, n.buildNetworks, n.buildPaths, n.buildAuthority, n.buildRPC, n.buildGateway, n.buildRQLite,
	} {
		if err := build(ctx); err != nil {
			return nil, err
		}
	}
	return n, nil
}

// Close gives back what Open took. It is for a node that never ran.
func (n *Node) Close() error {
	var errs []error
	if n.gateway != nil {
		errs = append(errs, n.gateway.Close())
	}
	if n.rqlite != nil {
		errs = append(errs, n.rqlite.Close())
	}
	if n.host != nil {
		errs = append(errs, n.host.Close())
	}
	if n.folder != nil {
		errs = append(errs, n.folder.Release())
	}
	return errors.Join(errs...)
}

// Run serves until ctx ends, a part fails, or Stop is called. face may be nil.
// It calls ready once every part can take work and run.json is written.
func (n *Node) Run(ctx context.Context, face Face, ready func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-n.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	parts := []part{
		{"data folder", n.folder}, // the lock comes first and goes last
		{"heap", heap{}},
		{"places", n.places},
	}
	if n.proxy != nil {
		parts = append(parts, part{"proxy", n.proxy}) // before anything dials
	}
	parts = append(parts,
		part{"p2p", n.host},            // everything below talks through it
		part{"discovery", n.discovery}, // peers are found while the rest starts
		part{"pubsub", n.pubsub},
		part{"network", n.networks}, // its last words still travel over p2p
		part{"paths", n.paths},      // who is told is in the network's tables
		part{"rpc", n.rpc},          // callers come when all they can ask for is there
	)
	if n.gateway != nil {
		parts = append(parts, part{"gateway", n.gateway}, part{"gateway for peers", streamGateway{n.host, n.gateway}})
	}
	if n.rqlite != nil {
		parts = append(parts, part{"rqlite", n.rqlite})
	}
	if face != nil {
		n.face.set(face)
		parts = append(parts, part{"page", face})
	}
	err := runParts(ctx, func() error {
		if err := n.announce(); err != nil {
			return err
		}
		ready()
		return nil
	}, parts...)
	if n.carrier != nil {
		n.carrier.close()
	}
	if removeErr := config.RemoveRunFile(n.folder.path); removeErr != nil {
		err = errors.Join(err, removeErr)
	}
	return err
}

// Stop asks the node to end as a signal would. It returns at once.
func (n *Node) Stop(context.Context) error {
	select {
	case n.stop <- struct{}{}:
	default: // asked already
	}
	return nil
}

// announce writes run.json, by which commands find the node.
func (n *Node) announce() error {
	run := config.RunFile{
		PeerID: n.host.ID().String(), P2P: n.host.FullAddresses(), Gateway: n.gatewayURL(), RQLite: n.rqliteURL(), UI: n.face.url(),
		PID: os.Getpid(), StartedAt: n.started,
	}
	if err := config.WriteRunFile(n.folder.path, run); err != nil {
		return fmt.Errorf("announce node: %w", err)
	}
	for _, name := range n.logs.UnknownParts() {
		n.log.Warn("logging.levels names a part that does not exist", core.KeyPart, name)
	}
	n.log.Info("ready", core.KeyPeer, run.PeerID, "p2p", run.P2P, "gateway", run.Gateway, "rqlite", run.RQLite, "ui", run.UI)
	return nil
}

func (n *Node) buildHost(context.Context) error {
	c := n.loaded.Config
	identity, err := p2p.LoadIdentity(c.IdentityFile())
	if err != nil {
		return fmt.Errorf("load identity: %w", err)
	}
	s := p2p.Settings{
		Identity: identity, ListenAddrs: c.Node.ListenAddresses, MaxConnections: c.Node.MaxConnections,
		PeerstoreDir: filepath.Join(n.folder.path, "peerstore"), UserAgent: "debros/" + n.build.Version,
	}
	if s.Relays, err = bootstrapPeers(c); err != nil {
		return err
	}
	return n.withProxy(s)
}
