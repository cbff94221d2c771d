package storage

// This file is the frame: settings, lifetime, the table and what is checked first.

import (
	"context"
	"log/slog"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// DB is what storage needs of the databases: statements without the check that
// tenants' SQL goes through, because the table's name is closed to them.
type DB interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	// Changed returns once one of the tables has changed after a log entry, or
	// with nothing changed at the end of wait.
	Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error)
}

// Settings bound the values and bring the clock.
type Settings struct {
	MaxValueBytes int              // of one value; 0 is core.MaxValueBytes
	Now           func() time.Time // the clock that TTLs count from; nil is time.Now
}

// Storage keeps keys and values. Its methods may be called at once by many; they
// answer core.Unavailable unless Run is ready.
type Storage struct {
	settings Settings
	db       DB
	log      *slog.Logger
	running  atomic.Bool

	mu      sync.Mutex
	touched map[core.Namespace]use // used since the last sweep; at most maxTouched
}

// use is what this node has written to a namespace since it last trimmed the log.
type use struct{ changes, bytes int }

// New checks the settings and starts nothing.
func New(s Settings, db DB, log *slog.Logger) (*Storage, error) {
	if s.MaxValueBytes == 0 {
		s.MaxValueBytes = core.MaxValueBytes
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	switch {
	case s.MaxValueBytes < 0 || s.MaxValueBytes > MaxValueSetting:
		return nil, core.Errorf(core.Invalid, "the limit of a value is 1 to %d bytes", MaxValueSetting)
	case db == nil || log == nil:
		return nil, core.Errorf(core.Invalid, "storage needs the databases and a logger")
	}
	return &Storage{settings: s, db: db, log: log, touched: map[core.Namespace]use{}}, nil
}

// begin says whether a request for ns may go on, and notes that ns is in use.
func (s *Storage) begin(ns core.Namespace) error {
	if !s.running.Load() {
		return core.Errorf(core.Unavailable, "storage is not ready; repeat in a moment")
	}
	if _, err := core.ParseNamespace(string(ns)); err != nil {
		return err
	}
	s.touch(ns)
	return nil
}

// touch notes that ns is in use, for the sweep.
func (s *Storage) touch(ns core.Namespace) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.touched[ns]; !there && len(s.touched) < maxTouched {
		s.touched[ns] = use{}
	}
}

// createTable makes the table, the index that the sweep goes by, and the log.
func createTable() []core.Statement {
	return append([]core.Statement{
		{SQL: `CREATE TABLE IF NOT EXISTS _debros_kv(
  version    INTEGER PRIMARY KEY AUTOINCREMENT,
  key        BLOB NOT NULL UNIQUE,
  value      BLOB NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER)`},
		{SQL: `CREATE INDEX IF NOT EXISTS _debros_kv_expiry ON _debros_kv(expires_at) WHERE expires_at IS NOT NULL`},
	}, createLog()...)
}

// noTable tells that an error only means that nothing was ever written.
func noTable(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no such table: _debros_kv")
}

// nothingSQL answers no rows, but with provenance.
const nothingSQL = "SELECT 1 WHERE 0"

// query reads. When there is no table it answers no rows, with the provenance of
// a read that found none.
func (s *Storage) query(ctx context.Context, ns core.Namespace, st core.Statement, o core.QueryOptions) (*core.Rows, error) {
	rows, err := s.db.Query(ctx, ns, st, o)
	if !noTable(err) {
		return rows, err
	}
	return s.db.Query(ctx, ns, core.Statement{SQL: nothingSQL}, o)
}

// exec writes. When there is no table it makes it and writes again: the first
// write changed nothing.
func (s *Storage) exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	answer, err := s.execOnce(ctx, ns, statements, o)
	if !noTable(err) {
		return answer, err
	}
	if _, err := s.execOnce(ctx, ns, createTable(), core.ExecOptions{}); err != nil {
		return nil, err
	}
	s.log.Debug("key-value table made", core.KeyNamespace, string(ns))
	return s.execOnce(ctx, ns, statements, o)
}

func (s *Storage) execOnce(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	o.Atomic = len(statements) > 1
	answer, err := s.db.Exec(ctx, ns, statements, o)
	if err != nil {
		return nil, err
	}
	if len(answer.Results) != len(statements) {
		return nil, core.Errorf(core.Internal, "the database answered %d of %d statements", len(answer.Results), len(statements))
	}
	for _, r := range answer.Results {
		if r.Error != "" {
			return nil, core.Errorf(core.Internal, "%s", r.Error)
		}
	}
	return answer, nil
}

// checkKey says whether key can be one.
func checkKey(key string) error {
	switch {
	case key == "":
		return core.Errorf(core.Invalid, "a key has at least one character")
	case len(key) > core.MaxKeyBytes:
		return core.Errorf(core.TooLarge, "a key has at most %d bytes", core.MaxKeyBytes)
	case !utf8.ValidString(key):
		return core.Errorf(core.Invalid, "a key is UTF-8 text; encode other bytes first, in hexadecimal for example")
	}
	return nil
}

func (s *Storage) checkPut(key string, value []byte, o core.PutOptions) error {
	if err := checkKey(key); err != nil {
		return err
	}
	switch {
	case len(value) > s.settings.MaxValueBytes:
		return core.Errorf(core.TooLarge, "a value has at most %d bytes; store larger things in parts", s.settings.MaxValueBytes)
	case o.TTL < 0:
		return core.Errorf(core.Invalid, "a time to live is positive; leave it out to keep the key for ever")
	case o.IfAbsent && o.IfVersion > 0:
		return core.Errorf(core.Invalid, "a put is conditional on a version or on absence, not on both")
	}
	return checkVersion(o.IfVersion)
}

func checkVersion(v core.Version) error {
	if v > math.MaxInt64 {
		return core.Errorf(core.Invalid, "there is no version %d; use one that a read has told", v)
	}
	return nil
}

// millis is a time as it is stored.
func millis(t time.Time) int64 { return t.UnixMilli() }

// expiry is when a write at now with this TTL ends, or nil for never. It is
// rounded up: a short life must not be none.
func expiry(now time.Time, ttl time.Duration) any {
	if ttl <= 0 {
		return nil
	}
	return millis(now.Add(ttl + time.Millisecond - 1))
}

// shown is a key as an error quotes it.
func shown(key string) string {
	const most = 64
	if len(key) <= most {
		return key
	}
	cut := most
	for !utf8.RuneStart(key[cut]) {
		cut--
	}
	return key[:cut] + "…"
}
