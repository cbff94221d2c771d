package replicas

import (
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

// Keepers is how many nodes of a Network keep every group: the fewest that go on
// when one of them is gone.
const Keepers = 3

// Open runs a node's databases on h until the test ends; it is the only node of
// its network. NodeID is that of h, and Dir, when it is empty, a temporary folder.
// The test fails when they do not start. Open is called from its goroutine only.
func Open(t testing.TB, h host.Host, s database.Settings) *database.Databases {
	t.Helper()
	s.NodeID = h.ID().String()
	if s.Dir == "" {
		s.Dir = t.TempDir()
	}
	d, err := database.New(s, h, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, d.Run)
	return d
}

// Network is nodes that know each other. The first Keepers of them keep every
// group, the others none. Stop and Start are called from the goroutine of the
// test, all else from any.
type Network struct {
	t     testing.TB
	hosts []host.Host
	dirs  []string

	mu     sync.Mutex
	formed map[core.Namespace]bool
	nodes  []running // empty while a node is stopped
}

type running struct {
	databases *database.Databases
	stop      func()
}

// New runs a network of n nodes, at least Keepers, until the test ends. The test
// fails when one of them does not start.
func New(t testing.TB, n int) *Network {
	t.Helper()
	w := &Network{t: t, formed: map[core.Namespace]bool{}, nodes: make([]running, n)}
	for range n {
		h := testkit.NewHost(t)
		for _, other := range w.hosts {
			testkit.Introduce(h, other)
		}
		w.hosts, w.dirs = append(w.hosts, h), append(w.dirs, t.TempDir())
	}
	for i := range n {
		w.Start(i)
	}
	return w
}

// Start runs node i, with what it has stored before.
func (w *Network) Start(i int) {
	w.t.Helper()
	v := view{w, w.hosts[i].ID().String()}
	d, err := database.New(database.Settings{Dir: w.dirs[i], NodeID: v.id}, w.hosts[i], v, v, slog.New(slog.DiscardHandler))
	if err != nil {
		w.t.Fatal(err)
	}
	stop := testkit.Run(w.t, d.Run)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.nodes[i] = running{d, stop}
}

// Stop ends the databases of node i and returns when they have; from its first
// moment on the node answers nobody. Nothing happens when it is stopped already.
func (w *Network) Stop(i int) {
	w.t.Helper()
	w.mu.Lock()
	node := w.nodes[i]
	w.nodes[i] = running{}
	w.mu.Unlock()
	if node.stop != nil {
		node.stop()
	}
}

// Kill ends node i without a word to the others, as the end of its process would:
// its connections end first, so that nothing can be handed over. Start runs it
// again, at another port.
func (w *Network) Kill(i int) {
	w.t.Helper()
	w.mu.Lock()
	node, dead := w.nodes[i], w.hosts[i]
	w.nodes[i] = running{}
	w.mu.Unlock()
	if node.stop == nil {
		return
	}
	key := dead.Peerstore().PrivKey(dead.ID())
	if err := dead.Close(); err != nil {
		w.t.Error(err)
	}
	node.stop()
	again := testkit.Reborn(w.t, key)
	for j, other := range w.hosts {
		if j != i {
			testkit.Introduce(again, other)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[i] = again
}

// Node is the id of node i.
func (w *Network) Node(i int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hosts[i].ID().String()
}

// Databases are those of node i, or nil while it is stopped.
func (w *Network) Databases(i int) *database.Databases {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[i].databases
}

// Leader is the node that leads the group of ns, or -1 when none does.
func (w *Network) Leader(ns core.Namespace) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.IndexFunc(w.nodes, func(r running) bool { return r.databases != nil && r.databases.Leads(ns) })
}
