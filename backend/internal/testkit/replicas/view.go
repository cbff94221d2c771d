package replicas

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// view is the network as one of its nodes sees it: its database.Directory and
// its database.Remote.
type view struct {
	*Network
	id string
}

func (v view) Place(_ context.Context, ns core.Namespace) (database.Placement, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p := database.Placement{Namespace: ns, Revision: 1, Formed: v.formed[ns]}
	for _, h := range v.hosts[:Keepers] {
		p.Replicas = append(p.Replicas, database.Place{Node: h.ID().String(), Voter: true})
	}
	return p, nil
}

func (v view) Find(ctx context.Context, ns core.Namespace) (database.Placement, error) {
	return v.Place(ctx, ns)
}

func (v view) Formed(_ context.Context, ns core.Namespace) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.formed[ns] = true
	return nil
}

func (view) Moved(core.Namespace) {}

func (v view) to(id string) (*database.Replicas, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i, h := range v.hosts {
		if h.ID().String() == id && v.nodes[i].databases != nil {
			return v.nodes[i].databases.Replicas(), nil
		}
	}
	return nil, core.Errorf(core.Unavailable, "node %s does not answer", id)
}

func (v view) Query(ctx context.Context, id string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	n, err := v.to(id)
	if err != nil {
		return nil, err
	}
	return n.Query(ctx, ns, s, o)
}

func (v view) Exec(ctx context.Context, id string, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	n, err := v.to(id)
	if err != nil {
		return nil, err
	}
	return n.Exec(ctx, ns, list, o)
}

func (v view) Changed(ctx context.Context, id string, ns core.Namespace, after uint64, tables []string, wait time.Duration) (core.Change, error) {
	n, err := v.to(id)
	if err != nil {
		return core.Change{}, err
	}
	return n.Changed(ctx, ns, after, tables, wait)
}

func (v view) Wake(ctx context.Context, id string, ns core.Namespace) (database.Standing, error) {
	n, err := v.to(id)
	if err != nil {
		return database.Standing{}, err
	}
	return n.Wake(ctx, v.id, ns)
}

func (v view) Campaign(ctx context.Context, id string, ns core.Namespace) error {
	n, err := v.to(id)
	if err != nil {
		return err
	}
	return n.Campaign(ctx, ns)
}

func (v view) Sleep(ctx context.Context, id string, ns core.Namespace) error {
	n, err := v.to(id)
	if err != nil {
		return err
	}
	return n.Sleep(ctx, ns)
}

func (v view) Standing(ctx context.Context, id string, ns core.Namespace) (database.Standing, error) {
	n, err := v.to(id)
	if err != nil {
		return database.Standing{}, err
	}
	return n.Standing(ctx, ns)
}
