package cli

// This file says what commands ask of a node, and how they find it.

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// remote is a node that commands talk to.
type remote interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	Schema(ctx context.Context, ns core.Namespace) (core.Schema, error)

	Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error)
	Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error)
	List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error)
	Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error)

	// WatchKeys calls got with the changes after a version, 0 for those that come
	// now, until ctx ends, which is no error, or got fails.
	WatchKeys(ctx context.Context, ns core.Namespace, prefix string, since core.Version, got func(core.Changes) error) error
	History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error)
	// WatchQuery likewise calls got with each answer.
	WatchQuery(ctx context.Context, ns core.Namespace, s core.Statement, got func(core.LiveAnswer) error) error

	Publish(ctx context.Context, ns core.Namespace, topic string, data []byte) error
	// Subscribe calls got for each message until ctx ends, which is no error.
	// It calls ready once the node knows of the subscription.
	Subscribe(ctx context.Context, ns core.Namespace, topic string, ready func(), got func(core.Message) error) error
	Topics(ctx context.Context, ns core.Namespace) ([]string, error)

	Status(ctx context.Context) (core.Status, error)
	Health(ctx context.Context) (core.Health, error)
	Peers(ctx context.Context) ([]core.Peer, error)
	Connect(ctx context.Context, address string) error
	Disconnect(ctx context.Context, id string) error
	NamePeer(ctx context.Context, id, name string) error
	KeepPeer(ctx context.Context, id string, on bool) error
	BlockPeer(ctx context.Context, id string, on bool) error
	ForgetPeer(ctx context.Context, id string) error
	PingPeer(ctx context.Context, id string) (ms float64, err error)
	PathMatrix(ctx context.Context) (core.PathMatrix, error)
	PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error)
	Doctor(ctx context.Context) ([]core.Finding, error)
	WhyPath(ctx context.Context, id string) (core.PathReason, error)
	Whereabouts(ctx context.Context) (core.Whereabouts, error)
	Traffic(ctx context.Context) (core.Traffic, error)
	Gossip(ctx context.Context) (core.Gossip, error)
	Logs(ctx context.Context, after uint64, limit int) ([]core.LogEntry, error)
	Stop(ctx context.Context) error
	Open(ctx context.Context, link string) (url string, err error)

	Network(ctx context.Context) (core.NetworkStatus, error)
	Members(ctx context.Context) ([]core.Member, error)
	Placements(ctx context.Context) ([]core.Placement, error)
	Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error)
	Tickets(ctx context.Context) ([]core.Ticket, error)
	RevokeTicket(ctx context.Context, id string) error
	Join(ctx context.Context, ticket string) error
	Leave(ctx context.Context, force bool) error
	Networks(ctx context.Context) ([]core.Network, error)
	UseNetwork(ctx context.Context, id string) error
	RenameNetwork(ctx context.Context, id, name string) error
	RemoveNetwork(ctx context.Context, id string) error
	RemoveMember(ctx context.Context, id string) error
	AddReplica(ctx context.Context, ns core.Namespace) error
	DropReplica(ctx context.Context, ns core.Namespace) error

	// Chat asks the node's chat: a method of it, its arguments in order, and where
	// the answer goes, nil for one without.
	Chat(ctx context.Context, method string, in []any, out any) error

	Transfer(ctx context.Context, job core.TransferJob) (core.TransferResult, error)
	Transfers(ctx context.Context) ([]core.TransferTask, error)
	BackupPlan(ctx context.Context) (core.BackupPlan, error)

	Close() error
}

// target is a node to talk to, and what to show it.
type target struct {
	addresses  []string // full multiaddresses
	namespace  core.Namespace
	credential core.Secret
}

type dialer func(ctx context.Context, t target) (remote, error)

// waitStep is the time between two looks at a node that is not ready yet.
const waitStep = 100 * time.Millisecond

// call finds the node, connects, runs do within --timeout, and closes.
func (a *app) call(ctx context.Context, do func(ctx context.Context, r remote, ns core.Namespace) error) error {
	if a.opts.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.opts.timeout+a.opts.wait)
		defer cancel()
	}
	return a.stream(ctx, do)
}

// stream is call without a time limit, for what runs until it is ended.
func (a *app) stream(ctx context.Context, do func(ctx context.Context, r remote, ns core.Namespace) error) (err error) {
	ns, err := a.namespace()
	if err != nil {
		return err
	}
	r, err := a.connect(ctx, ns)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := r.Close(); err == nil && closeErr != nil {
			err = closeErr
		}
	}()
	err = do(ctx, r, ns)
	if !coded(err) && errors.Is(err, context.DeadlineExceeded) {
		return core.Wrap(core.Unavailable, err, "the node did not answer within %v; give it longer with --timeout", a.opts.timeout)
	}
	return err
}

// coded says whether err brings its own code and sentence.
func coded(err error) bool {
	e, ok := errors.AsType[*core.Error](err)
	return ok && e != nil
}

// connect finds the node and dials it; with --wait it tries again until then.
func (a *app) connect(ctx context.Context, ns core.Namespace) (remote, error) {
	until := time.Now().Add(a.opts.wait)
	for {
		t, err := a.find(ctx, ns)
		if err == nil {
			var r remote
			if r, err = a.dial(ctx, t); err == nil {
				return r, nil
			}
		}
		if core.CodeOf(err) != core.Unavailable || time.Until(until) <= 0 {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(waitStep):
		}
	}
}

// find says which node is meant: the one of --peer, else that of the context. A
// saved credential goes to the nodes of its own context only.
func (a *app) find(ctx context.Context, ns core.Namespace) (target, error) {
	t := target{namespace: ns, credential: core.Secret(a.lookup(credentialVariable))}
	if len(a.opts.peers) > 0 {
		t.addresses = a.opts.peers
		return t, nil
	}
	p, err := a.place()
	if err != nil {
		return target{}, err
	}
	if !p.local {
		return a.findSaved(ctx, p, t)
	}
	dir, err := a.dataDir()
	if err != nil {
		return target{}, err
	}
	run, err := a.localNode(dir)
	if err != nil {
		return target{}, err
	}
	t.addresses = run.P2P
	if t.credential != "" {
		return t, nil
	}
	t.credential, err = config.LoadOperatorKey(dir)
	return t, err
}

// findSaved fills in t for a context that is not the local node.
func (a *app) findSaved(ctx context.Context, p place, t target) (target, error) {
	if len(p.Peers) == 0 {
		return target{}, core.Errorf(core.Invalid, "the context %q has a gateway and no node, which is enough for auth, ns and app; "+
			"for this command add the address of a node: debros context add %s --gateway %s --peer ADDRESS", p.Name, p.Name, p.Gateway)
	}
	t.addresses = p.Peers
	if t.credential != "" {
		return t, nil
	}
	var err error
	t.credential, err = a.savedCredential(ctx, p)
	return t, err
}

// elsewhere says whether this run is about another node than the local one.
func (a *app) elsewhere() bool {
	p, err := a.place()
	return len(a.opts.peers) > 0 || err == nil && !p.local
}

// localNode reads run.json and says when it was left behind by a crash.
func (a *app) localNode(dir string) (config.RunFile, error) {
	run, err := config.ReadRunFile(dir)
	if err != nil {
		return config.RunFile{}, err
	}
	if !run.Alive() {
		return config.RunFile{}, core.Errorf(core.Unavailable, "the node on the data folder %s ended without a word (process %d is gone); start it again with 'debros node start'", dir, run.PID)
	}
	return run, nil
}

// dataDir is the folder of the node that is meant. A configuration with faults
// names it all the same: a running node must stay reachable while its file is
// being edited.
func (a *app) dataDir() (string, error) {
	loaded, err := config.Load(a.sources(nil))
	if dir := loaded.Config.Node.DataDir; dir != "" {
		return dir, nil
	}
	return "", err
}

// sources is where this run's configuration comes from.
func (a *app) sources(flags map[string]string) config.Sources {
	all := map[string]string{}
	maps.Copy(all, flags)
	if a.opts.dataDir != "" {
		all["data-dir"] = a.opts.dataDir
	}
	return config.Sources{Path: a.opts.config, Env: a.env.Lookup, Flags: all}
}

// configPath is the file that Load reads or would read.
func (a *app) configPath() (string, error) {
	if a.opts.config != "" {
		return absolute(a.opts.config), nil
	}
	if path := a.lookup("DEBROS_CONFIG"); path != "" {
		return absolute(path), nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, config.FileName), nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// exists says whether there is something at path.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// peerID is the last part of a full multiaddress.
func peerID(address string) string {
	return address[strings.LastIndexByte(address, '/')+1:]
}
