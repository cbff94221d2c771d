// Reading from one replica after another, to compare them.

package database

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Keepers lists the nodes that keep a replica of ns, as peer ids. NotFound means
// that there is no such namespace yet.
func (d *Databases) Keepers(ctx context.Context, ns core.Namespace) ([]string, error) {
	if err := tenantNamespace(ns); err != nil {
		return nil, err
	}
	return d.keepers(ctx, ns)
}

// Keepers is the same, also of the program's own namespaces.
func (i *Internal) Keepers(ctx context.Context, ns core.Namespace) ([]string, error) {
	if err := knownNamespace(ns); err != nil {
		return nil, err
	}
	return i.d.keepers(ctx, ns)
}

func (d *Databases) keepers(ctx context.Context, ns core.Namespace) ([]string, error) {
	p, err := d.directory.Find(ctx, ns)
	if err != nil {
		return nil, err
	}
	nodes := make([]string, 0, len(p.Replicas))
	for _, place := range p.Replicas {
		nodes = append(nodes, place.Node)
	}
	return nodes, nil
}

// QueryAt is Query at level none of one node's replica and no other.
//
// Two answers of a namespace may be compared when each has the same
// Provenance.Index and LeaderIndex, and both answers the same ones: then no
// entry came between, and each holds exactly what was written up to it.
func (d *Databases) QueryAt(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	if err := tenantNamespace(ns); err != nil {
		return nil, err
	}
	if err := d.checked.read(s); err != nil {
		return nil, err
	}
	return d.queryAt(ctx, node, ns, s, o)
}

// QueryAt is the same without the check of tenants' SQL.
func (i *Internal) QueryAt(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	if err := knownNamespace(ns); err != nil {
		return nil, err
	}
	return i.d.queryAt(ctx, node, ns, s, o)
}

func (d *Databases) queryAt(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (rows *core.Rows, err error) {
	began := time.Now()
	o.ReadOptions = core.ReadOptions{Level: core.LevelNone}
	if node == d.settings.NodeID {
		rows, err = d.Replicas().Query(ctx, ns, s, o)
	} else {
		rows, err = d.remote.Query(ctx, node, ns, s, o)
	}
	if err != nil {
		return nil, err
	}
	finish(&rows.Provenance, core.LevelNone, d.settings.NodeID, true, began)
	return rows, nil
}
