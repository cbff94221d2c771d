package service

// This file has the tables, and how they are read and written. Times are
// milliseconds since 1970. Names of things are blobs of their bytes; an account is
// text as CAIP-10 has it.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// DB is what the service needs of the databases: statements in its namespace,
// without the check that tenants' SQL goes through.
type DB interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	// Changed returns once one of the tables has changed after a log entry, or
	// with nothing changed at the end of wait.
	Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error)
}

// The kinds of usage. Each has a rate of its own.
const (
	usageMessages  = 1
	usageEnvelopes = 2
	usageChanges   = 3
)

// schema makes the tables and what keeps them in step.
func schema() []core.Statement {
	var list []core.Statement
	for _, sql := range []string{
		// The rows of boxes. author is a device or, of messages, the session; hash and
		// closes are of events. A number is never used again, so that heads.change tells
		// what came later.
		`CREATE TABLE IF NOT EXISTS log(
  id INTEGER PRIMARY KEY AUTOINCREMENT, box BLOB NOT NULL, seq INTEGER NOT NULL, kind INTEGER NOT NULL, key BLOB NOT NULL,
  author BLOB NOT NULL, hash BLOB, closes INTEGER, at INTEGER NOT NULL, row BLOB NOT NULL)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS log_place ON log(box, seq)`,
		`CREATE UNIQUE INDEX IF NOT EXISTS log_key ON log(kind, key)`,
		fmt.Sprintf(`CREATE INDEX IF NOT EXISTS log_envelopes ON log(at) WHERE kind = %d`, wire.KindEnvelope),
		`CREATE TABLE IF NOT EXISTS heads(
  box BLOB PRIMARY KEY, last INTEGER NOT NULL, change INTEGER NOT NULL,
  events INTEGER NOT NULL, hash BLOB, closed INTEGER NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS heads_change ON heads(change)`,
		`CREATE TABLE IF NOT EXISTS sessions(session BLOB PRIMARY KEY, box BLOB NOT NULL, device BLOB NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS sessions_box ON sessions(box, device)`,
		`CREATE TABLE IF NOT EXISTS usage(
  account TEXT NOT NULL, what INTEGER NOT NULL, minute INTEGER NOT NULL, in_minute INTEGER NOT NULL,
  day INTEGER NOT NULL, in_day INTEGER NOT NULL, PRIMARY KEY (account, what))`,

		`CREATE TABLE IF NOT EXISTS device_certs(
  device BLOB NOT NULL, hash BLOB NOT NULL, account TEXT NOT NULL, signing BLOB NOT NULL,
  list_version INTEGER NOT NULL, list_hash BLOB NOT NULL, expires_at INTEGER NOT NULL, row BLOB NOT NULL, PRIMARY KEY (device, hash))`,
		`CREATE INDEX IF NOT EXISTS device_certs_account ON device_certs(account)`,
		// What the certificates and the newest list come to.
		`CREATE TABLE IF NOT EXISTS devices(
  device BLOB PRIMARY KEY, account TEXT NOT NULL, signing BLOB NOT NULL, expires_at INTEGER NOT NULL, live INTEGER NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS devices_account ON devices(account)`,
		// live is the devices in hex, each between two commas.
		`CREATE TABLE IF NOT EXISTS device_lists(
  account TEXT NOT NULL, version INTEGER NOT NULL, hash BLOB NOT NULL, wallet INTEGER NOT NULL,
  live TEXT NOT NULL, row BLOB NOT NULL, PRIMARY KEY (account, version))`,
		`CREATE TABLE IF NOT EXISTS prekeys(device BLOB NOT NULL, id INTEGER NOT NULL, row BLOB NOT NULL, PRIMARY KEY (device, id))`,

		`CREATE TABLE IF NOT EXISTS blobs(
  id BLOB PRIMARY KEY, owner TEXT NOT NULL, hashes BLOB NOT NULL, bytes INTEGER NOT NULL, confirmed INTEGER NOT NULL, at INTEGER NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS blobs_owner ON blobs(owner)`,
		`CREATE INDEX IF NOT EXISTS blobs_loose ON blobs(at) WHERE confirmed = 0`,
		`CREATE TABLE IF NOT EXISTS chunks(id BLOB NOT NULL, chunk INTEGER NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (id, chunk))`,

		`CREATE TABLE IF NOT EXISTS backups(
  account TEXT NOT NULL, version INTEGER NOT NULL, key BLOB NOT NULL, entries INTEGER NOT NULL, bytes INTEGER NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY (account, version))`,
		`CREATE TABLE IF NOT EXISTS backup_entries(
  account TEXT NOT NULL, version INTEGER NOT NULL, id BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (account, version, id))`,

		logTrigger(), certificateTrigger, listTrigger, prekeyTrigger, chunkTrigger, blobTrigger, entryTrigger, entryChangedTrigger, backupTrigger,
	} {
		list = append(list, core.Statement{SQL: sql})
	}
	return list
}

// logTrigger keeps the head of the box, the session that is announced, the message
// that is erased and the count of the author's account.
func logTrigger() string {
	return fmt.Sprintf(`CREATE TRIGGER IF NOT EXISTS log_added AFTER INSERT ON log BEGIN
  INSERT INTO heads(box, last, change, events, hash, closed)
   VALUES (NEW.box, NEW.seq, NEW.id, NEW.kind = %[1]d, NEW.hash, coalesce(NEW.closes, 0))
   ON CONFLICT (box) DO UPDATE SET last = excluded.last, change = excluded.change, events = events + excluded.events,
    hash = coalesce(excluded.hash, hash), closed = max(closed, excluded.closed);
  INSERT INTO sessions(session, box, device) SELECT NEW.key, NEW.box, NEW.author WHERE NEW.kind = %[2]d;
  UPDATE log SET row = NEW.row WHERE kind = %[3]d AND key = NEW.key AND NEW.kind = %[4]d;
  INSERT INTO usage(account, what, minute, in_minute, day, in_day)
   SELECT account, CASE NEW.kind WHEN %[3]d THEN %[6]d WHEN %[5]d THEN %[7]d ELSE %[8]d END, NEW.at / 60000, 1, NEW.at / 86400000, 1
   FROM devices WHERE device = iif(NEW.kind = %[3]d, (SELECT device FROM sessions WHERE session = NEW.author), NEW.author)
   ON CONFLICT (account, what) DO UPDATE SET
    in_minute = iif(minute = excluded.minute, in_minute + 1, 1), minute = excluded.minute,
    in_day = iif(day = excluded.day, in_day + 1, 1), day = excluded.day;
END`, wire.KindEvent, wire.KindAnnounce, wire.KindMessage, wire.KindErase, wire.KindEnvelope, usageMessages, usageEnvelopes, usageChanges)
}

const (
	certificateTrigger = `CREATE TRIGGER IF NOT EXISTS device_certs_added AFTER INSERT ON device_certs BEGIN
  INSERT INTO devices(device, account, signing, expires_at, live) VALUES (NEW.device, NEW.account, NEW.signing, NEW.expires_at, 0)
   ON CONFLICT (device) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at);
END`
	listTrigger = `CREATE TRIGGER IF NOT EXISTS device_lists_added AFTER INSERT ON device_lists BEGIN
  UPDATE devices SET live = instr(NEW.live, ',' || hex(device) || ',') > 0 WHERE account = NEW.account;
END`
	prekeyTrigger = `CREATE TRIGGER IF NOT EXISTS prekeys_added AFTER INSERT ON prekeys BEGIN
  DELETE FROM prekeys WHERE device = NEW.device AND id NOT IN (SELECT id FROM prekeys WHERE device = NEW.device ORDER BY id DESC LIMIT 2);
END`
	chunkTrigger = `CREATE TRIGGER IF NOT EXISTS chunks_added AFTER INSERT ON chunks BEGIN
  UPDATE blobs SET bytes = bytes + length(NEW.sealed) WHERE id = NEW.id;
END`
	blobTrigger = `CREATE TRIGGER IF NOT EXISTS blobs_gone AFTER DELETE ON blobs BEGIN
  DELETE FROM chunks WHERE id = OLD.id;
END`
	entryTrigger = `CREATE TRIGGER IF NOT EXISTS backup_entries_added AFTER INSERT ON backup_entries BEGIN
  UPDATE backups SET entries = entries + 1, bytes = bytes + length(NEW.sealed) WHERE account = NEW.account AND version = NEW.version;
END`
	entryChangedTrigger = `CREATE TRIGGER IF NOT EXISTS backup_entries_changed AFTER UPDATE ON backup_entries BEGIN
  UPDATE backups SET bytes = bytes + length(NEW.sealed) - length(OLD.sealed) WHERE account = NEW.account AND version = NEW.version;
END`
	backupTrigger = `CREATE TRIGGER IF NOT EXISTS backups_gone AFTER DELETE ON backups BEGIN
  DELETE FROM backup_entries WHERE account = OLD.account AND version = OLD.version;
END`
)

func noTable(err error) bool { return err != nil && strings.Contains(err.Error(), "no such table: ") }

// stmt is one statement; its values become those that travel.
func stmt(sql string, args ...any) core.Statement {
	for i, arg := range args {
		switch v := arg.(type) {
		case int:
			args[i] = int64(v)
		case uint32:
			args[i] = int64(v)
		case uint64:
			args[i] = int64(v) //nolint:gosec // counts that were checked or come from here
		case time.Time:
			args[i] = v.UnixMilli()
		}
	}
	return core.Statement{SQL: sql, Args: args}
}

// marks is n question marks for a list of values.
func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// exec writes; each statement stands for itself. Where the tables are missing it
// makes them and writes again: the first write changed nothing.
func (s *Service) exec(ctx context.Context, statements ...core.Statement) (results []core.ExecResult, index uint64, err error) {
	s.written.Store(true)
	results, index, err = s.execOnce(ctx, statements, false)
	if !noTable(err) {
		return results, index, err
	}
	if _, _, err = s.execOnce(ctx, schema(), true); err != nil {
		return nil, 0, err
	}
	return s.execOnce(ctx, statements, false)
}

func (s *Service) execOnce(ctx context.Context, statements []core.Statement, atomic bool) ([]core.ExecResult, uint64, error) {
	answer, err := s.db.Exec(ctx, wire.Namespace, statements, core.ExecOptions{Atomic: atomic})
	if err != nil {
		return nil, 0, err
	}
	if len(answer.Results) != len(statements) {
		return nil, 0, core.Errorf(core.Internal, "the database answered %d of %d statements", len(answer.Results), len(statements))
	}
	s.know(answer.Provenance.Index)
	for _, r := range answer.Results {
		if r.Error != "" {
			return nil, 0, core.Errorf(core.Internal, "%s", r.Error)
		}
	}
	return answer.Results, answer.Provenance.Index, nil
}

// know notes a log entry that this node was told of.
func (s *Service) know(index uint64) {
	for {
		known := s.known.Load()
		if index <= known || s.known.CompareAndSwap(known, index) {
			return
		}
	}
}

// near reads from this node's replica, unless that one is behind what this node
// was told, or has not heard of the leader for a while: then the leader is asked.
func (s *Service) near(ctx context.Context, o core.QueryOptions, st core.Statement) (*core.Rows, error) {
	known := s.known.Load()
	o.Level, o.Freshness = core.LevelNone, freshness
	rows, err := s.query(ctx, o, st)
	if err == nil && rows.Provenance.Index >= known {
		return rows, nil
	}
	return s.atLeader(ctx, o, st)
}

// atLeader reads what is committed.
func (s *Service) atLeader(ctx context.Context, o core.QueryOptions, st core.Statement) (*core.Rows, error) {
	o.Level, o.Freshness = core.LevelWeak, 0
	rows, err := s.query(ctx, o, st)
	if err == nil {
		s.know(rows.Provenance.Index)
	}
	return rows, err
}

// query reads. Where the tables are missing there are no rows.
func (s *Service) query(ctx context.Context, o core.QueryOptions, st core.Statement) (*core.Rows, error) {
	rows, err := s.db.Query(ctx, wire.Namespace, st, o)
	if noTable(err) {
		return &core.Rows{}, nil
	}
	return rows, err
}

func number(cell any) int64 {
	n, _ := cell.(int64) //nolint:errcheck // our own tables hold what they say
	return n
}

func count(cell any) uint64 { return uint64(number(cell)) } //nolint:gosec // our own counts are never below 0

func raw(cell any) []byte {
	b, _ := cell.([]byte) //nolint:errcheck // as above
	return b
}

func text(cell any) string {
	t, _ := cell.(string) //nolint:errcheck // as above
	return t
}

func moment(cell any) time.Time { return time.UnixMilli(number(cell)).UTC() }
