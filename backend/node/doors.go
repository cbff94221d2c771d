package node

// This file is the way to the database and the keys for everybody who does not
// care in which network the node is at the moment.

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
	"git.debros.io/DeBros/network/backend/sqlguard"
)

// doors are the database and the keys of whichever network the node is in.
type doors struct{ networks *networks }

func (d doors) database() (rpc.DatabaseService, error) {
	s, err := d.networks.session()
	switch {
	case err != nil:
		return nil, err
	case s.guest != nil:
		return s.guest, nil
	}
	return s.databases, nil
}

func (d doors) storage() (rpc.StorageService, error) {
	s, err := d.networks.session()
	switch {
	case err != nil:
		return nil, err
	case s.guest != nil:
		return s.guest, nil
	}
	return s.storage, nil
}

func (d doors) Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	to, err := d.database()
	if err != nil {
		return nil, err
	}
	return to.Query(ctx, ns, s, o)
}

func (d doors) Exec(ctx context.Context, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	to, err := d.database()
	if err != nil {
		return nil, err
	}
	return to.Exec(ctx, ns, list, o)
}

func (d doors) Schema(ctx context.Context, ns core.Namespace) (core.Schema, error) {
	to, err := d.database()
	if err != nil {
		return core.Schema{}, err
	}
	return to.Schema(ctx, ns)
}

// Kind asks the databases, which remember what they have judged; a guest judges anew.
func (d doors) Kind(sql string) (string, error) {
	if s, err := d.networks.member(); err == nil {
		return s.databases.Kind(sql)
	}
	s, err := sqlguard.Check(sql)
	return string(s.Kind), err
}

func (d doors) Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error) {
	to, err := d.storage()
	if err != nil {
		return core.Item{}, core.Provenance{}, err
	}
	return to.Get(ctx, ns, key, o)
}

func (d doors) Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	to, err := d.storage()
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return to.Put(ctx, ns, key, value, o)
}

func (d doors) Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error) {
	to, err := d.storage()
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return to.Delete(ctx, ns, key)
}

func (d doors) List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error) {
	to, err := d.storage()
	if err != nil {
		return core.Page{}, err
	}
	return to.List(ctx, ns, o)
}

func (d doors) Exists(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (bool, core.Provenance, error) {
	to, err := d.storage()
	if err != nil {
		return false, core.Provenance{}, err
	}
	return to.Exists(ctx, ns, key, o)
}

func (d doors) Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	to, err := d.storage()
	if err != nil {
		return core.WriteAnswer{}, err
	}
	return to.Batch(ctx, ns, ops)
}
