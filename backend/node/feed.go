package node

// This file joins those who watch with the databases and the keys of whichever
// network the node is in. A guest passes the questions on.

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/rpc"
	"git.debros.io/DeBros/network/backend/storage"
)

// feed is the change feed of one network.
type feed struct {
	*storage.Storage
	databases *database.Databases
}

func (f feed) Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	return f.databases.Live(ctx, ns, s, o)
}

// Feed is the change feed of whichever network the node is in.
func (n *Node) Feed() rpc.FeedService { return doors{n.networks} }

func (d doors) feed() (rpc.FeedService, error) {
	s, err := d.networks.session()
	switch {
	case err != nil:
		return nil, err
	case s.guest != nil:
		return s.guest, nil
	}
	return feed{s.storage, s.databases}, nil
}

func (d doors) Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (core.Changes, error) {
	to, err := d.feed()
	if err != nil {
		return core.Changes{}, err
	}
	return to.Watch(ctx, ns, o)
}

func (d doors) History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error) {
	to, err := d.feed()
	if err != nil {
		return core.History{}, err
	}
	return to.History(ctx, ns, key, limit)
}

func (d doors) Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	to, err := d.feed()
	if err != nil {
		return core.LiveAnswer{}, err
	}
	return to.Live(ctx, ns, s, o)
}

func (g *guest) Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (core.Changes, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.Changes{}, err
	}
	return c.Watch(ctx, ns, o)
}

func (g *guest) History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.History{}, err
	}
	return c.History(ctx, ns, key, limit)
}

func (g *guest) Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error) {
	c, err := g.conn(ctx, ns)
	if err != nil {
		return core.LiveAnswer{}, err
	}
	return c.Live(ctx, ns, s, o)
}
