package cli

// This file makes the light client of package client a remote.

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/gologshim"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
)

// dialTimeout is how long one node may take to answer; a command is impatient.
const dialTimeout = 10 * time.Second

// dialNode connects to the first node of t that answers.
func dialNode(ctx context.Context, t target) (remote, error) {
	c := client.DefaultClientConfig("debros")
	c.Namespace, c.BootstrapPeers, c.Credential = string(t.namespace), t.addresses, t.credential
	c.ConnectTimeout, c.RetryAttempts = dialTimeout, 1 // --wait is what tries again
	c.Logger = slog.New(slog.DiscardHandler)           // what matters is in the error
	gologshim.SetDefaultHandler(slog.DiscardHandler)   // libp2p would write between the lines of the command
	made, err := client.NewClient(c)
	if err != nil {
		return nil, err
	}
	if err := made.ConnectContext(ctx); err != nil {
		return nil, err
	}
	return &node{client: made, operator: made.Operator()}, nil
}

// node is a connected client. Its namespace is the one it was dialled with, so
// the namespaces of the calls say the same and are not looked at.
type node struct {
	client   *client.Client
	operator *client.Operator
}

func (n *node) Query(ctx context.Context, _ core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
	return n.client.Database().QueryStatement(ctx, s, o)
}

func (n *node) Exec(ctx context.Context, _ core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
	return n.client.Database().Exec(ctx, list, o)
}

func (n *node) Schema(ctx context.Context, _ core.Namespace) (core.Schema, error) {
	s, err := n.client.Database().GetSchema(ctx)
	if err != nil {
		return core.Schema{}, err
	}
	return *s, nil
}

func (n *node) Get(ctx context.Context, _ core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error) {
	return n.client.Storage().GetItem(ctx, key, o)
}

// Put is a batch of one, which answers with its provenance.
func (n *node) Put(ctx context.Context, _ core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error) {
	answer, err := n.client.Storage().Batch(ctx, []core.Op{{Key: key, Value: value, PutOptions: o}})
	if e, ok := errors.AsType[*core.Error](err); ok {
		// Which operation of the batch failed is no riddle.
		if sentence, numbered := strings.CutPrefix(e.Msg, "operation 1: "); numbered {
			err = core.Wrap(e.Code, err, "%s", sentence)
		}
	}
	return answer, err
}

func (n *node) List(ctx context.Context, _ core.Namespace, o core.ListOptions) (core.Page, error) {
	return n.client.Storage().ListPage(ctx, o)
}

func (n *node) Batch(ctx context.Context, _ core.Namespace, ops []core.Op) (core.WriteAnswer, error) {
	return n.client.Storage().Batch(ctx, ops)
}

func (n *node) WatchKeys(ctx context.Context, _ core.Namespace, prefix string, since core.Version, got func(core.Changes) error) error {
	return n.client.Storage().Watch(ctx, prefix, since, got)
}

func (n *node) History(ctx context.Context, _ core.Namespace, key string, limit int) (core.History, error) {
	return n.client.Storage().HistoryOf(ctx, key, limit)
}

func (n *node) WatchQuery(ctx context.Context, _ core.Namespace, s core.Statement, got func(core.LiveAnswer) error) error {
	return n.client.Database().WatchStatement(ctx, s, got)
}

func (n *node) Publish(ctx context.Context, _ core.Namespace, topic string, data []byte) error {
	return n.client.PubSub().Publish(ctx, topic, data)
}

// Subscribe hands messages on until ctx ends or got fails.
func (n *node) Subscribe(ctx context.Context, _ core.Namespace, topic string, ready func(), got func(core.Message) error) error {
	failed := make(chan error, 1)
	err := n.client.PubSub().SubscribeMessages(ctx, topic, func(m core.Message) error {
		err := got(m)
		if err != nil {
			select {
			case failed <- err:
			default: // the first one is on its way
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	ready()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

func (n *node) Topics(ctx context.Context, _ core.Namespace) ([]string, error) {
	return n.client.PubSub().ListTopics(ctx)
}

func (n *node) Status(ctx context.Context) (core.Status, error) { return n.operator.Status(ctx) }

func (n *node) Health(ctx context.Context) (core.Health, error) { return n.operator.Health(ctx) }

func (n *node) Peers(ctx context.Context) ([]core.Peer, error) { return n.operator.Peers(ctx) }

// Connect makes the node, and not this client, connect to a peer.
func (n *node) Connect(ctx context.Context, address string) error {
	return n.client.Network().ConnectToPeer(ctx, address)
}

func (n *node) Disconnect(ctx context.Context, id string) error {
	return n.client.Network().DisconnectFromPeer(ctx, id)
}

func (n *node) Logs(ctx context.Context, after uint64, limit int) ([]core.LogEntry, error) {
	return n.operator.Logs(ctx, after, limit)
}

func (n *node) Chat(ctx context.Context, method string, in []any, out any) error {
	return n.operator.Chat(ctx, method, in, out)
}

func (n *node) Stop(ctx context.Context) error { return n.operator.Stop(ctx) }

func (n *node) Open(ctx context.Context, link string) (string, error) {
	return n.operator.Open(ctx, link)
}

func (n *node) Network(ctx context.Context) (core.NetworkStatus, error) {
	return n.operator.Network(ctx)
}

func (n *node) Members(ctx context.Context) ([]core.Member, error) { return n.operator.Members(ctx) }

func (n *node) Placements(ctx context.Context) ([]core.Placement, error) {
	return n.operator.Placements(ctx)
}

func (n *node) Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error) {
	return n.operator.Invite(ctx, o)
}

func (n *node) Tickets(ctx context.Context) ([]core.Ticket, error) { return n.operator.Tickets(ctx) }

func (n *node) RevokeTicket(ctx context.Context, id string) error {
	return n.operator.RevokeTicket(ctx, id)
}

func (n *node) Join(ctx context.Context, ticket string) error { return n.operator.Join(ctx, ticket) }

func (n *node) Leave(ctx context.Context, force bool) error { return n.operator.Leave(ctx, force) }

func (n *node) Networks(ctx context.Context) ([]core.Network, error) { return n.operator.Networks(ctx) }

func (n *node) UseNetwork(ctx context.Context, id string) error {
	return n.operator.UseNetwork(ctx, id)
}

func (n *node) RenameNetwork(ctx context.Context, id, name string) error {
	return n.operator.RenameNetwork(ctx, id, name)
}

func (n *node) RemoveNetwork(ctx context.Context, id string) error {
	return n.operator.RemoveNetwork(ctx, id)
}

func (n *node) RemoveMember(ctx context.Context, id string) error {
	return n.operator.RemoveMember(ctx, id)
}

func (n *node) AddReplica(ctx context.Context, ns core.Namespace) error {
	return n.operator.AddReplica(ctx, ns)
}

func (n *node) DropReplica(ctx context.Context, ns core.Namespace) error {
	return n.operator.DropReplica(ctx, ns)
}

// Close ends the connection.
func (n *node) Close() error { return n.client.Disconnect() }

func (n *node) Transfers(ctx context.Context) ([]core.TransferTask, error) {
	return n.operator.Transfers(ctx)
}

func (n *node) Transfer(ctx context.Context, job core.TransferJob) (core.TransferResult, error) {
	return n.operator.Transfer(ctx, job)
}

func (n *node) BackupPlan(ctx context.Context) (core.BackupPlan, error) {
	return n.operator.BackupPlan(ctx)
}
