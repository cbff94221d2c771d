package auth

// This file is the frame: settings, lifetime and what runs beside the requests.

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// ConfiguredKey is an API key of the node's configuration: a writer of its
// namespace, at this node only.
type ConfiguredKey struct {
	Key       core.Secret
	Namespace core.Namespace // "" is the node's own
}

// Settings say which node of which network this is and what it is allowed. All
// functions are called by many at once and must not block.
type Settings struct {
	Network      string           // its id
	NodeID       string           // this node's peer id
	Now          func() time.Time // nil is time.Now
	TokenKeyFile string           // this node's signing keys, made when missing, mode 0600
	// TokenAlgorithm is how this node signs: AlgorithmEdDSA, also when it is "", or
	// AlgorithmES256. When it changes, what the former keys signed stays good.
	TokenAlgorithm string

	// Sign signs with the node's identity, VerifyNode checks what another's signed.
	Sign       func(data []byte) ([]byte, error)
	VerifyNode func(node string, data, signature []byte) bool
	// IsMember tells whether a node, by its peer id, is a member now.
	IsMember func(node string) bool
	// Domains are the names by which callers reach this node's gateway, as they
	// write them: with the port where it is not the usual one, its loopback address
	// and those of its interfaces among them. A name that is listed without a port is
	// accepted with any, but other nodes know only what is listed.
	Domains func() []string
	// Occupied tells whether a namespace holds data already, though nobody has
	// claimed it; then only the operator can give it away. nil is never. It may
	// ask the network.
	Occupied func(ctx context.Context, ns core.Namespace) (bool, error)

	OperatorKey  core.Secret
	APIKeys      []ConfiguredKey
	OwnNamespace core.Namespace // of a request that names none
	// RequireAuth false makes whoever shows no credential the owner of OwnNamespace.
	RequireAuth       bool
	OpenRegistration  bool // wallets may claim free namespaces
	RequireSignInText bool // the bare nonce is not accepted any more
	ExchangeOnly      bool // API keys work at the token exchange only
	OfflineReads      bool // reads go on while the network cannot be asked
}

// Auth answers for one node. Its methods may be called at once by many; they
// answer core.Unavailable unless Run is ready.
type Auth struct {
	settings   Settings
	db         DB
	log        *slog.Logger
	running    atomic.Bool
	operator   [sha256.Size]byte
	configured map[[sha256.Size]byte]configuredKey // fixed after New

	view     *view
	signing  signing
	failures *failures
	used     used
	watchers watchers
	events   chan core.AuditEvent
	lost     atomic.Int64  // events that did not fit
	wanted   chan roleKey  // grants that author proofs ask about
	nudged   chan struct{} // maintain looks again
}

// New checks the settings and starts nothing.
func New(s Settings, db DB, log *slog.Logger) (*Auth, error) {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.OwnNamespace == "" {
		s.OwnNamespace = core.DefaultNamespace
	}
	if s.TokenAlgorithm == "" {
		s.TokenAlgorithm = AlgorithmEdDSA
	}
	switch {
	case db == nil || log == nil || s.Sign == nil || s.VerifyNode == nil || s.IsMember == nil:
		return nil, core.Errorf(core.Invalid, "auth needs the databases, a logger and the node's identity")
	case s.Network == "" || s.NodeID == "" || s.TokenKeyFile == "":
		return nil, core.Errorf(core.Invalid, "auth needs the ids of network and node, and a file for its signing keys")
	case !knownAlgorithm(s.TokenAlgorithm):
		return nil, core.Errorf(core.Invalid, "tokens are signed by %s or %s", AlgorithmEdDSA, AlgorithmES256)
	case len(s.APIKeys) > MaxConfiguredKeys:
		return nil, core.Errorf(core.Invalid, "a node has at most %d configured API keys", MaxConfiguredKeys)
	}
	if _, err := core.ParseNamespace(string(s.OwnNamespace)); err != nil {
		return nil, err
	}
	configured, err := readConfigured(s)
	if err != nil {
		return nil, err
	}
	a := &Auth{
		settings: s, db: db, log: log, configured: configured, view: newView(), failures: newFailures(),
		events: make(chan core.AuditEvent, maxAuditQueue), wanted: make(chan roleKey, maxWanted), nudged: make(chan struct{}, 1),
		watchers: watchers{all: map[*watcher]struct{}{}}, used: used{last: map[string]time.Time{}},
		signing: signing{turn: make(chan struct{}, 1)},
	}
	if s.OperatorKey != "" {
		a.operator = sha256.Sum256([]byte(s.OperatorKey.Reveal()))
	}
	return a, nil
}

// Run serves until ctx ends: it follows the tables, ends what was revoked, keeps
// this node's keys and writes the audit.
func (a *Auth) Run(ctx context.Context, ready func()) error {
	if err := a.loadSigning(); err != nil {
		return err
	}
	a.running.Store(true)
	defer a.running.Store(false)
	var work sync.WaitGroup
	for _, part := range []func(context.Context){a.follow, a.watch, a.maintain, a.writeAudit, a.readWanted} {
		work.Go(func() { part(ctx) })
	}
	ready()
	work.Wait()
	return nil
}

// maintain does now and every minute what keeps the tables in order. What fails
// is tried the next time.
func (a *Auth) maintain(ctx context.Context) {
	tick := time.NewTicker(maintainEvery)
	defer tick.Stop()
	used := a.settings.Now()
	for {
		again := time.Duration(0)
		for _, step := range []func(context.Context) error{a.keepSigning, a.keepSecrets, a.keepDomains, a.keepOperators, a.sweep} {
			if err := step(ctx); err != nil && ctx.Err() == nil {
				a.log.Debug("auth is not in order yet", core.KeyError, err)
				again = retryEvery
			}
		}
		if now := a.settings.Now(); now.Sub(used) >= useEvery {
			a.writeUsed(ctx)
			used = now
		}
		var soon <-chan time.Time
		if again > 0 {
			soon = time.After(again)
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWordsLimit)
			a.writeUsed(last)
			cancel()
			return
		case <-soon:
		case <-a.nudged:
		case <-tick.C:
		}
	}
}

// nudge makes maintain look now: keys of this node may have been withdrawn.
func (a *Auth) nudge() {
	select {
	case a.nudged <- struct{}{}:
	default:
	}
}

// ready says whether a request may go on.
func (a *Auth) ready() error {
	if !a.running.Load() {
		return core.Errorf(core.Unavailable, "sign-in is not ready; repeat in a moment")
	}
	return nil
}

// namespace is the one that a request names, or the node's own.
func (a *Auth) namespace(ns core.Namespace) (core.Namespace, error) {
	if ns == "" {
		return a.settings.OwnNamespace, nil
	}
	return core.ParseNamespace(string(ns))
}
