// The network of one node: everything lives here and there is nobody to ask.

package database

import (
	"context"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// alone is the directory of a network of one node.
type alone struct{ node string }

func (a alone) Place(_ context.Context, ns core.Namespace) (Placement, error) {
	return Placement{Namespace: ns, Replicas: []Place{{Node: a.node, Voter: true}}}, nil
}

func (a alone) Find(ctx context.Context, ns core.Namespace) (Placement, error) {
	return a.Place(ctx, ns)
}
func (alone) Formed(context.Context, core.Namespace) error { return nil }
func (alone) Moved(core.Namespace)                         {}

// nobody is the way to other nodes where there are none.
type nobody struct{}

func errNobody() error {
	return core.Errorf(core.Unavailable, "there is no other node in this network")
}

func (nobody) Query(context.Context, string, core.Namespace, core.Statement, core.QueryOptions) (*core.Rows, error) {
	return nil, errNobody()
}

func (nobody) Exec(context.Context, string, core.Namespace, []core.Statement, core.ExecOptions) (*core.ExecAnswer, error) {
	return nil, errNobody()
}

func (nobody) Changed(context.Context, string, core.Namespace, uint64, []string, time.Duration) (core.Change, error) {
	return core.Change{}, errNobody()
}

func (nobody) Wake(context.Context, string, core.Namespace) (Standing, error) {
	return Standing{}, errNobody()
}

func (nobody) Campaign(context.Context, string, core.Namespace) error { return errNobody() }
func (nobody) Sleep(context.Context, string, core.Namespace) error    { return errNobody() }

func (nobody) Standing(context.Context, string, core.Namespace) (Standing, error) {
	return Standing{}, errNobody()
}
