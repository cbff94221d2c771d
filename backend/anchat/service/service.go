package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// Replicas tells which nodes keep the rows, and reads at each of them.
type Replicas interface {
	// Keepers lists the nodes that keep a replica of the namespace.
	Keepers(ctx context.Context, ns core.Namespace) ([]string, error)
	// QueryAt reads at one node's replica and no other.
	QueryAt(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	// Name is what people call a node.
	Name(node string) string
}

// Settings are what a Service is made with.
type Settings struct {
	Now func() time.Time // time.Now when nil
	// The rates of an account; the zero value means the bounds of this package.
	Messages, Envelopes, Changes Rate
	// FilesBytes bounds an account's files; 0 means MaxFilesBytes.
	FilesBytes int64
}

// Service keeps the rows. Its methods may be called from any goroutine.
type Service struct {
	settings Settings
	db       DB
	replicas Replicas
	log      *slog.Logger

	known   atomic.Uint64 // the last log entry that this node was told of
	written atomic.Bool   // since the last sweep
	hub     *hub
	shown   shown

	mu   sync.Mutex
	keys map[wire.Fingerprint]key // of devices that have a certificate; at most maxKeys
}

// key is what never changes of a device.
type key struct {
	account wallet.Account
	signing [32]byte
}

// New is a service on a node's databases.
func New(s Settings, db DB, replicas Replicas, log *slog.Logger) *Service {
	if s.Now == nil {
		s.Now = time.Now
	}
	if s.Messages == (Rate{}) {
		s.Messages = Rate{MaxMessagesMinute, MaxMessagesDay}
	}
	if s.Envelopes == (Rate{}) {
		s.Envelopes = Rate{MaxEnvelopesMinute, MaxEnvelopesDay}
	}
	if s.Changes == (Rate{}) {
		s.Changes = Rate{MaxChangesMinute, MaxChangesDay}
	}
	if s.FilesBytes == 0 {
		s.FilesBytes = MaxFilesBytes
	}
	return &Service{settings: s, db: db, replicas: replicas, log: log, hub: newHub(), shown: shown{seen: map[showing]bool{}}, keys: map[wire.Fingerprint]key{}}
}

// Run serves until ctx ends: it tells followers what is new, and removes what has
// had its time.
func (s *Service) Run(ctx context.Context, ready func()) error {
	s.hub.open()
	defer s.hub.close()
	ctx, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() { s.sweepAll(ctx) })
	ready()
	s.watch(ctx)
	return nil
}

// As is the service as one device uses it. Who the device is was proved at the
// door. The zero Caller can do all but what belongs to an account or a device.
func (s *Service) As(c wire.Caller) wire.Service { return &caller{s, c} }

// caller is the Service of one device.
type caller struct {
	*Service
	wire.Caller
}

// account is the caller's own as rows hold it.
func (c *caller) account() (string, error) {
	if c.Account == (wallet.Account{}) {
		return "", core.Errorf(core.Unauthenticated, "this belongs to an account; sign in with a device of yours")
	}
	return wire.AccountID(c.Account), nil
}

// Live returns what a device signs with when it is certified, not over, and in the
// newest list of its account. It returns core.Denied when it is not.
func (s *Service) Live(ctx context.Context, account wallet.Account, device wire.Fingerprint) (signing [32]byte, err error) {
	rows, err := s.atLeader(ctx, core.QueryOptions{}, stmt(
		`SELECT signing FROM devices WHERE device = ? AND account = ? AND live AND expires_at > ?`, device[:], wire.AccountID(account), s.settings.Now()))
	if err != nil {
		return signing, err
	}
	if len(rows.Values) == 0 || copy(signing[:], raw(rows.Values[0][0])) != len(signing) {
		return signing, core.Errorf(core.Denied, "this device is not one of the wallet's; certify it first")
	}
	return signing, nil
}

// AccountOf says whose device it is.
func (c *caller) AccountOf(ctx context.Context, device wire.Fingerprint) (wallet.Account, error) {
	keys, err := c.signers(ctx, []wire.Fingerprint{device})
	if err != nil {
		return wallet.Account{}, err
	}
	k, ok := keys[device]
	if !ok {
		return wallet.Account{}, core.Errorf(core.NotFound, "this device is not known here")
	}
	return k.account, nil
}

// signers reads the keys of devices; those without a certificate are left out. A
// device's name is the hash of its keys, so that what was read once is right for ever.
func (s *Service) signers(ctx context.Context, devices []wire.Fingerprint) (map[wire.Fingerprint]key, error) {
	found, missing := map[wire.Fingerprint]key{}, []any(nil)
	s.mu.Lock()
	for _, d := range devices {
		if k, ok := s.keys[d]; ok {
			found[d] = k
		} else {
			missing = append(missing, d[:])
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return found, nil
	}
	st := stmt(`SELECT device, account, signing FROM devices WHERE device IN (`+marks(len(missing))+`)`, missing...)
	rows, err := s.near(ctx, core.QueryOptions{}, st)
	if err == nil && len(rows.Values) < len(missing) { // one may have come a moment ago, elsewhere
		rows, err = s.atLeader(ctx, core.QueryOptions{}, st)
	}
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, row := range rows.Values {
		var (
			d wire.Fingerprint
			k key
		)
		copy(d[:], raw(row[0]))
		copy(k.signing[:], raw(row[2]))
		if k.account, err = wire.ParseAccountID(text(row[1])); err != nil {
			return nil, errors.Join(core.Errorf(core.Internal, "a device in the tables has no account"), err)
		}
		if len(s.keys) >= maxKeys {
			clear(s.keys) // better to forget than to sort
		}
		s.keys[d], found[d] = k, k
	}
	return found, nil
}
