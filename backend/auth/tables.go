package auth

// This file has the tables of the package, in the system namespace. Times are
// milliseconds since 1970, 0 for never.

import (
	"context"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// DB is what auth needs of the databases: statements in the system namespace,
// without the check that tenants' SQL goes through.
type DB interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	// Changed returns once one of the tables has changed after a log entry, or
	// with nothing changed at the end of wait.
	Changed(ctx context.Context, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error)
}

// schema makes the tables. What changes at each sign-in is apart from what the
// nodes keep in memory, so that a sign-in empties nobody's memory.
func schema() []core.Statement {
	var list []core.Statement
	for _, sql := range []string{
		// What works once: nonces and tickets. maker is whoever spent it.
		`CREATE TABLE IF NOT EXISTS auth_spent(
  id TEXT PRIMARY KEY, maker TEXT NOT NULL, expires_at INTEGER NOT NULL, at INTEGER NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS auth_spent_expiry ON auth_spent(expires_at)`,
		// The latest expiry among the rows of auth_spent that were removed.
		`CREATE TABLE IF NOT EXISTS auth_floor(id INTEGER PRIMARY KEY CHECK (id = 1), expires_at INTEGER NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS auth_sessions(
  id TEXT PRIMARY KEY, subject TEXT NOT NULL, namespace TEXT NOT NULL, address TEXT NOT NULL,
  created_at INTEGER NOT NULL, used_at INTEGER NOT NULL, revoked_at INTEGER NOT NULL DEFAULT 0,
  current TEXT NOT NULL, previous TEXT NOT NULL DEFAULT '')`,
		`CREATE INDEX IF NOT EXISTS auth_sessions_subject ON auth_sessions(subject, created_at)`,
		// Sessions and keys ("key:<id>") that ended, for as long as tokens may be around.
		`CREATE TABLE IF NOT EXISTS auth_revocations(id TEXT PRIMARY KEY, at INTEGER NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS auth_keys(
  id TEXT PRIMARY KEY, hash TEXT NOT NULL, namespace TEXT NOT NULL, creator TEXT NOT NULL, name TEXT NOT NULL,
  plan TEXT NOT NULL, scopes TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  revoked_at INTEGER NOT NULL DEFAULT 0)`,
		`CREATE INDEX IF NOT EXISTS auth_keys_namespace ON auth_keys(namespace)`,
		`CREATE TABLE IF NOT EXISTS auth_key_use(id TEXT PRIMARY KEY, used_at INTEGER NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS auth_namespaces(
  name TEXT PRIMARY KEY, owner TEXT NOT NULL, created_at INTEGER NOT NULL, maker TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS auth_namespaces_owner ON auth_namespaces(owner)`,
		`CREATE TABLE IF NOT EXISTS auth_grants(
  namespace TEXT NOT NULL, subject TEXT NOT NULL, role TEXT NOT NULL, granted_by TEXT NOT NULL,
  created_at INTEGER NOT NULL, PRIMARY KEY (namespace, subject))`,
		`CREATE INDEX IF NOT EXISTS auth_grants_subject ON auth_grants(subject)`,
		`CREATE TABLE IF NOT EXISTS auth_apps(
  id TEXT PRIMARY KEY, namespace TEXT NOT NULL, name TEXT NOT NULL, public_key TEXT NOT NULL,
  wallet TEXT NOT NULL, created_at INTEGER NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS auth_apps_namespace ON auth_apps(namespace)`,
		`CREATE TABLE IF NOT EXISTS auth_token_keys(
  kid TEXT PRIMARY KEY, node TEXT NOT NULL, algorithm TEXT NOT NULL, public BLOB NOT NULL, not_before INTEGER NOT NULL,
  not_after INTEGER NOT NULL, signature BLOB NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS auth_secrets(
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, value BLOB NOT NULL, created_at INTEGER NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS auth_domains(
  node TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (node, name))`,
		`CREATE TABLE IF NOT EXISTS auth_audit(
  id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, event TEXT NOT NULL, subject TEXT NOT NULL,
  namespace TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL, address TEXT NOT NULL, request_id TEXT NOT NULL)`,
		`CREATE INDEX IF NOT EXISTS auth_audit_namespace ON auth_audit(namespace, id)`,
	} {
		list = append(list, core.Statement{SQL: sql})
	}
	return list
}

func noTable(err error) bool {
	return err != nil && strings.Contains(err.Error(), "no such table: auth_")
}

// stmt is one statement; its whole numbers become the one kind that travels.
func stmt(sql string, args ...any) core.Statement {
	for i, arg := range args {
		switch v := arg.(type) {
		case int:
			args[i] = int64(v)
		case time.Duration:
			args[i] = v.Milliseconds()
		case time.Time:
			args[i] = millis(v)
		case core.Namespace:
			args[i] = string(v)
		case core.Role:
			args[i] = string(v)
		}
	}
	return core.Statement{SQL: sql, Args: args}
}

// exec writes, all or nothing. Where the tables are missing it makes them and
// writes again: the first write changed nothing. It says how many rows each
// statement changed.
func (a *Auth) exec(ctx context.Context, statements ...core.Statement) ([]int64, error) {
	counts, err := a.execOnce(ctx, statements)
	if !noTable(err) {
		return counts, err
	}
	if _, err = a.execOnce(ctx, schema()); err != nil {
		return nil, err
	}
	return a.execOnce(ctx, statements)
}

func (a *Auth) execOnce(ctx context.Context, statements []core.Statement) ([]int64, error) {
	answer, err := a.db.Exec(ctx, core.SystemNamespace, statements, core.ExecOptions{Atomic: len(statements) > 1})
	if err != nil {
		return nil, err
	}
	if len(answer.Results) != len(statements) {
		return nil, core.Errorf(core.Internal, "the database answered %d of %d statements", len(answer.Results), len(statements))
	}
	counts := make([]int64, len(statements))
	for i, r := range answer.Results {
		if r.Error != "" {
			return nil, core.Errorf(core.Internal, "%s", r.Error)
		}
		counts[i] = r.RowsAffected
	}
	a.view.heard(answer.Provenance.Index)
	return counts, nil
}

// query reads at a level. Where the tables are missing there are no rows.
func (a *Auth) query(ctx context.Context, level core.Level, s core.Statement) ([][]any, error) {
	rows, err := a.rows(ctx, core.ReadOptions{Level: level}, s)
	if err != nil {
		return nil, err
	}
	return rows.Values, nil
}

func (a *Auth) rows(ctx context.Context, o core.ReadOptions, s core.Statement) (*core.Rows, error) {
	rows, err := a.db.Query(ctx, core.SystemNamespace, s, core.QueryOptions{ReadOptions: o, MaxBytes: maxAnswerBytes})
	if noTable(err) {
		return &core.Rows{}, nil
	}
	return rows, err
}

// near reads from this node's replica, unless that one is known to be behind
// what this node was told or has written: then the leader is asked.
func (a *Auth) near(ctx context.Context, s core.Statement) ([][]any, error) {
	known := a.view.known()
	rows, err := a.rows(ctx, core.ReadOptions{Level: core.LevelNone}, s)
	if err == nil && rows.Provenance.Index >= known {
		return rows.Values, nil
	}
	return a.query(ctx, core.LevelWeak, s)
}

func text(cell any) string {
	s, _ := cell.(string) //nolint:errcheck // our own tables hold what they say
	return s
}

func number(cell any) int64 {
	n, _ := cell.(int64) //nolint:errcheck // as above
	return n
}

func raw(cell any) []byte {
	b, _ := cell.([]byte) //nolint:errcheck // as above
	return b
}

func moment(cell any) time.Time {
	if n := number(cell); n > 0 {
		return time.UnixMilli(n).UTC()
	}
	return time.Time{}
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
