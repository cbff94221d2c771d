package storage

// This file changes keys. Whether a condition holds is decided inside the
// statement that changes the key, never before it.

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// A replaced row gets a new number: INSERT OR REPLACE deletes the old one.
	putSQL         = `INSERT OR REPLACE INTO _debros_kv(key, value, updated_at, expires_at) VALUES (?1, ?2, ?3, ?4)`
	putAbsentSQL   = `INSERT OR REPLACE INTO _debros_kv(key, value, updated_at, expires_at) SELECT ?1, ?2, ?3, ?4 WHERE NOT ` + isThereSQL
	putVersionSQL  = `INSERT OR REPLACE INTO _debros_kv(key, value, updated_at, expires_at) SELECT ?1, ?2, ?3, ?4 WHERE ` + hasVersionSQL
	deleteSQL      = `DELETE FROM _debros_kv WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?2)`
	isThereSQL     = `EXISTS (SELECT 1 FROM _debros_kv WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?3))`
	hasVersionSQL  = `EXISTS (SELECT 1 FROM _debros_kv WHERE key = ?1 AND (expires_at IS NULL OR expires_at > ?3) AND version = ?5)`
	needAbsentSQL  = `INSERT INTO _debros_kv(key, value, updated_at) SELECT NULL, x'', 0 WHERE ` + isThereSQL
	needVersionSQL = `INSERT INTO _debros_kv(key, value, updated_at) SELECT NULL, x'', 0 WHERE NOT ` + hasVersionSQL

	// refusedText is SQLite's sentence for the needs above: a key that is NULL.
	// No other statement here can cause it.
	refusedText = "NOT NULL constraint failed: _debros_kv.key"
)

// Put stores value under key and answers with its new version. It returns
// core.PreconditionFailed, and stores nothing, when a condition of o does not
// hold; of several callers with the same condition exactly one succeeds.
func (s *Storage) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	if err := s.begin(ns); err != nil {
		return core.WriteAnswer{}, err
	}
	if err := s.checkPut(key, value, o); err != nil {
		return core.WriteAnswer{}, err
	}
	now := s.settings.Now()
	answer, err := s.exec(ctx, ns, []core.Statement{putStatement(key, value, o, now)}, idempotent([]core.Op{{Key: key, Value: value, PutOptions: o}}))
	if err != nil {
		return core.WriteAnswer{}, err
	}
	r := answer.Results[0]
	if r.RowsAffected == 0 {
		op := core.Op{Key: key, PutOptions: o}
		return core.WriteAnswer{}, s.explain(ctx, ns, []core.Op{op}, now)
	}
	s.wrote(ctx, ns, 1, len(key)+len(value))
	return core.WriteAnswer{Versions: []core.Version{version(r)}, Deleted: []bool{false}, Provenance: answer.Provenance}, nil
}

// idempotent are the options of a write whose first operation has an idempotency
// key. It stands for what was asked for, not for the time at which it was.
func idempotent(ops []core.Op) core.ExecOptions {
	key := ops[0].IdempotencyKey
	if key == "" {
		return core.ExecOptions{}
	}
	h := sha256.New()
	for _, op := range ops {
		value := sha256.Sum256(op.Value)
		fmt.Fprintf(h, "%t %q %x %d %d %t\n", op.Delete, op.Key, value, op.TTL, op.IfVersion, op.IfAbsent)
	}
	return core.ExecOptions{IdempotencyKey: key, IdempotencyOf: h.Sum(nil)}
}

// Delete removes a key and tells whether it was there. Deleting what is not there
// is no error, so a delete can be repeated.
func (s *Storage) Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	if err := s.begin(ns); err != nil {
		return core.WriteAnswer{}, err
	}
	if err := checkKey(key); err != nil {
		return core.WriteAnswer{}, err
	}
	out := core.WriteAnswer{Versions: []core.Version{0}, Deleted: []bool{false}}
	answer, err := s.execOnce(ctx, ns, []core.Statement{deleteStatement(key, s.settings.Now())}, core.ExecOptions{})
	if noTable(err) { // nothing was ever stored; a delete is no reason to make the table
		rows, errRead := s.query(ctx, ns, core.Statement{SQL: nothingSQL}, core.QueryOptions{})
		if errRead != nil {
			return core.WriteAnswer{}, errRead
		}
		out.Provenance = rows.Provenance
		return out, nil
	}
	if err != nil {
		return core.WriteAnswer{}, err
	}
	out.Deleted[0] = answer.Results[0].RowsAffected > 0
	s.wrote(ctx, ns, 1, len(key))
	out.Provenance = answer.Provenance
	return out, nil
}

// Batch does all operations in order, as one change that nobody sees half of. A
// condition that does not hold, of a put or a delete, undoes all and is
// core.PreconditionFailed. A later operation sees what the earlier ones did.
func (s *Storage) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	if err := s.begin(ns); err != nil {
		return core.WriteAnswer{}, err
	}
	if err := s.checkBatch(ops); err != nil {
		return core.WriteAnswer{}, err
	}
	now := s.settings.Now()
	var statements []core.Statement
	at := make([]int, len(ops)) // where each operation's own statement is
	for i, op := range ops {
		if need, ok := needStatement(op, now); ok {
			statements = append(statements, need)
		}
		at[i] = len(statements)
		if op.Delete {
			statements = append(statements, deleteStatement(op.Key, now))
		} else {
			statements = append(statements, putStatement(op.Key, op.Value, core.PutOptions{TTL: op.TTL}, now))
		}
	}
	answer, err := s.exec(ctx, ns, statements, idempotent(ops))
	switch {
	case err != nil && strings.Contains(err.Error(), refusedText):
		return core.WriteAnswer{}, s.explain(ctx, ns, ops, now)
	case err != nil:
		return core.WriteAnswer{}, err
	}
	s.wrote(ctx, ns, len(ops), batchBytes(ops))
	out := core.WriteAnswer{Versions: make([]core.Version, len(ops)), Deleted: make([]bool, len(ops)), Provenance: answer.Provenance}
	for i, op := range ops {
		if r := answer.Results[at[i]]; op.Delete {
			out.Deleted[i] = r.RowsAffected > 0
		} else {
			out.Versions[i] = version(r)
		}
	}
	return out, nil
}

func (s *Storage) checkBatch(ops []core.Op) error {
	switch {
	case len(ops) == 0:
		return core.Errorf(core.Invalid, "a batch has at least one operation")
	case len(ops) > core.MaxBatchOps:
		return core.Errorf(core.TooLarge, "a batch has at most %d operations; send it in parts", core.MaxBatchOps)
	}
	for i, op := range ops {
		if err := s.checkOp(op); err != nil {
			return core.Wrap(core.CodeOf(err), err, "operation %d: %s", i+1, core.Sentence(err))
		}
	}
	if batchBytes(ops) > MaxBatchBytes {
		return core.Errorf(core.TooLarge, "a batch has at most %d bytes of keys and values; send it in parts", MaxBatchBytes)
	}
	return nil
}

func batchBytes(ops []core.Op) (size int) {
	for _, op := range ops {
		size += len(op.Key) + len(op.Value)
	}
	return size
}

func (s *Storage) checkOp(op core.Op) error {
	if !op.Delete {
		return s.checkPut(op.Key, op.Value, op.PutOptions)
	}
	if len(op.Value) > 0 || op.TTL != 0 || op.IfAbsent {
		return core.Errorf(core.Invalid, "a delete has no value, no time to live and cannot ask for absence; it may have a version")
	}
	if err := checkVersion(op.IfVersion); err != nil {
		return err
	}
	return checkKey(op.Key)
}

// putStatement is a put whose condition, if any, decides whether it changes a row.
func putStatement(key string, value []byte, o core.PutOptions, now time.Time) core.Statement {
	if value == nil {
		value = []byte{} // a nil would be stored as NULL
	}
	args := []any{[]byte(key), value, millis(now), expiry(now, o.TTL)}
	switch {
	case o.IfAbsent:
		return core.Statement{SQL: putAbsentSQL, Args: args}
	case o.IfVersion > 0:
		return core.Statement{SQL: putVersionSQL, Args: append(args, int64(o.IfVersion))} //nolint:gosec // checkVersion
	}
	return core.Statement{SQL: putSQL, Args: args}
}

func deleteStatement(key string, now time.Time) core.Statement {
	return core.Statement{SQL: deleteSQL, Args: []any{[]byte(key), millis(now)}}
}

// needStatement is a statement that fails, and with it the whole batch, when the
// condition of op does not hold, and changes nothing when it does. A statement
// that merely changes no row would let the others happen.
func needStatement(op core.Op, now time.Time) (core.Statement, bool) {
	args := []any{[]byte(op.Key), nil, millis(now)} // the places of a put's; a need has no value and no end
	switch {
	case op.IfAbsent:
		return core.Statement{SQL: needAbsentSQL, Args: args}, true
	case op.IfVersion > 0:
		return core.Statement{SQL: needVersionSQL, Args: append(args, nil, int64(op.IfVersion))}, true //nolint:gosec // checkVersion
	}
	return core.Statement{}, false
}

func version(r core.ExecResult) core.Version {
	return core.Version(r.LastInsertID) //nolint:gosec // rowids of this table begin at 1
}

// explain says which condition did not hold. It reads the present versions after
// the fact, so when somebody has been there meanwhile it says less.
func (s *Storage) explain(ctx context.Context, ns core.Namespace, ops []core.Op, now time.Time) error {
	found, err := s.versions(ctx, ns, ops, now)
	if err != nil {
		return core.Wrap(core.PreconditionFailed, err, "a condition does not hold; nothing was stored; read the present version first")
	}
	for i, op := range ops {
		which := ""
		if len(ops) > 1 {
			which = "operation " + ordinal(i) + ": "
		}
		v := found[op.Key]
		switch {
		case op.IfAbsent && v > 0:
			return core.Errorf(core.PreconditionFailed, "%skey %q is there already, with version %s; nothing was stored", which, shown(op.Key), v)
		case op.IfVersion > 0 && v == 0:
			return core.Errorf(core.PreconditionFailed, "%skey %q is not there, version %d was expected; nothing was stored", which, shown(op.Key), op.IfVersion)
		case op.IfVersion > 0 && v != present(op.IfVersion):
			return core.Errorf(core.PreconditionFailed, "%skey %q has version %s, not %d; nothing was stored; read it again, then decide",
				which, shown(op.Key), v, op.IfVersion)
		}
		found[op.Key] = madeHere
		if op.Delete {
			found[op.Key] = 0
		}
	}
	return core.Errorf(core.PreconditionFailed, "a condition did not hold when it was tried; nothing was stored; read the present version, then decide")
}
