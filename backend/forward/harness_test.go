package forward_test

// This file gives the tests real clients and replicas on hosts, and a replica that
// does what a test says.

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.uber.org/goleak"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
	"git.debros.io/DeBros/network/backend/forward"
	"git.debros.io/DeBros/network/backend/internal/testkit"
	"git.debros.io/DeBros/network/backend/internal/testkit/replicas"
	"git.debros.io/DeBros/network/backend/rpc"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		goleak.IgnoreAnyFunction("github.com/libp2p/go-libp2p/p2p/net/swarm.(*Swarm).backgroundDial"),
		// One per sql.DB that finds rqlite's driver; it ends a moment after its Close.
		goleak.IgnoreTopFunction("database/sql.(*DB).connectionOpener"),
	)
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// start runs a client on h.
func start(t testing.TB, h host.Host) *forward.Client {
	t.Helper()
	c := forward.NewClient(h, nil, quiet())
	testkit.Run(t, c.Run)
	return c
}

// keep runs real replicas on h, for those who are members.
func keep(t testing.TB, h host.Host, member func(peer.ID) bool) *database.Databases {
	t.Helper()
	d := replicas.Open(t, h, database.Settings{})
	s, err := forward.NewServer(d.Replicas(), member, h, quiet())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, s.Run)
	return d
}

// fake is a replica that does what the test says. Every field may be nil.
type fake struct {
	query func(ctx context.Context) error
	exec  func(ctx context.Context, id string) error
}

func (f fake) Query(ctx context.Context, _ core.Namespace, _ core.Statement, _ core.QueryOptions) (*core.Rows, error) {
	if f.query != nil {
		if err := f.query(ctx); err != nil {
			return nil, err
		}
	}
	return &core.Rows{}, nil
}

func (f fake) Exec(ctx context.Context, _ core.Namespace, s []core.Statement, _ core.ExecOptions) (*core.ExecAnswer, error) {
	if f.exec != nil {
		if err := f.exec(ctx, fmt.Sprint(s[0].Args[0])); err != nil {
			return nil, err
		}
	}
	return &core.ExecAnswer{Results: []core.ExecResult{{}}}, nil
}

func (fake) Schema(context.Context, core.Namespace) (core.Schema, error) { return core.Schema{}, nil }

func (fake) Ask(context.Context, string, core.Namespace, string) (any, error) { return nil, nil }

// serve answers out of f on h, for everybody.
func serve(t testing.TB, h host.Host, f fake) {
	t.Helper()
	s, err := rpc.NewServer(rpc.Services{
		Protocol:      forward.Protocol,
		AuthorizePeer: func(context.Context, peer.ID) (rpc.Caller, error) { return rpc.Caller{Subject: "member"}, nil },
		Database:      f, Replicas: f,
	}, h, quiet())
	if err != nil {
		t.Fatal(err)
	}
	testkit.Run(t, s.Run)
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
