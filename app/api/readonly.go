// This file keeps pages from writing to namespaces that the person has set to
// read-only. It stands before the node, so that no screen and no task can forget it.

package api

import (
	"context"
	"io"
	"slices"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxReadOnly bounds the namespaces that are set to read-only.
const MaxReadOnly = 500

// mayWrite returns denied for a namespace that is set to read-only. Settings that
// cannot be read forbid too: nobody knows what they say.
func (d *desk) mayWrite(ns core.Namespace) error {
	s, err := d.file.load()
	if err != nil {
		return err
	}
	if slices.Contains(s.ReadOnly, string(ns)) {
		return core.Errorf(core.Denied, "%s is set to read-only in this app; switch that off on the SQL screen to change it.", ns)
	}
	return nil
}

// guarded puts the read-only mode before what can write.
func (d *desk) guarded(b Backend) Backend {
	if b.Database != nil {
		b.Database = guardedDatabase{b.Database, d}
	}
	if b.Storage != nil {
		b.Storage = guardedStorage{b.Storage, d}
	}
	if b.Transfer != nil {
		b.Transfer = guardedTransfer{b.Transfer, d}
	}
	return b
}

type guardedDatabase struct {
	Database
	d *desk
}

func (g guardedDatabase) Exec(ctx context.Context, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	if err := g.d.mayWrite(ns); err != nil {
		return nil, err
	}
	return g.Database.Exec(ctx, ns, list, o)
}

type guardedStorage struct {
	Storage
	d *desk
}

func (g guardedStorage) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	if err := g.d.mayWrite(ns); err != nil {
		return core.WriteAnswer{}, err
	}
	return g.Storage.Put(ctx, ns, key, value, o)
}

func (g guardedStorage) Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	if err := g.d.mayWrite(ns); err != nil {
		return core.WriteAnswer{}, err
	}
	return g.Storage.Delete(ctx, ns, key)
}

func (g guardedStorage) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	if err := g.d.mayWrite(ns); err != nil {
		return core.WriteAnswer{}, err
	}
	return g.Storage.Batch(ctx, ns, ops)
}

type guardedTransfer struct {
	Transfer
	d *desk
}

func (g guardedTransfer) Import(ctx context.Context, ns core.Namespace, t core.Transfer, replace bool, r io.Reader) (core.TransferResult, error) {
	if err := g.d.mayWrite(ns); err != nil {
		return core.TransferResult{}, err
	}
	return g.Transfer.Import(ctx, ns, t, replace, r)
}
