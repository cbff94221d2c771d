// This file says what the bound structs need from a node. Package node has it
// all; tests bring a fake.

package api

import (
	"context"
	"io"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Backend is a node as this package uses it. None of its fields may be nil but
// Chat, of a node that has none.
type Backend struct {
	Database Database       // *database.Databases has it
	Storage  Storage        // *storage.Storage has it
	Machine  Machine        // *node.Node has it
	Network  NetworkService // *node.Node has it
	Peers    PeerService    // *node.Node has it
	Feed     Feed           // the change feed; node.Node.Feed has it
	Replicas Replicas       // one replica after another; *node.Node has it
	Transfer Transfer       // whole namespaces as streams; node.Node.Transfer has it
	Panel    Panel          // *node.Node has it
	Config   ConfigFile     // *config.File has it
	Auth     Auth           // sessions, grants and keys; node.Node.Auth has it
	PubSub   PubSub         // the topics of the network; node.Node.PageTopics has it
	Chat     Chat           // *anchat.Chat has it
}

// PubSub sends and receives messages.
type PubSub interface {
	Publish(ctx context.Context, ns core.Namespace, topic string, data []byte) error
	// Listen's channel is closed when the subscription ends; end closes it, and
	// says why it had ended before.
	Listen(ctx context.Context, ns core.Namespace, topic string) (messages <-chan core.Message, end func() error, err error)
	Topics(ctx context.Context, ns core.Namespace) ([]string, error)
	Presence(ctx context.Context, ns core.Namespace, topic string) ([]core.PresenceMember, error)
}

// Feed tells what changed; each question waits for at most core.MaxChangeWait.
type Feed interface {
	Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (core.Changes, error)
	History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error)
	Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error)
}

// Replicas reads from one replica after another, for comparing them.
type Replicas interface {
	// Keepers lists the nodes that keep a replica of ns, as peer ids.
	Keepers(ctx context.Context, ns core.Namespace) ([]string, error)
	// QueryAt reads at one of them at level none. The answer holds exactly its
	// entry when the provenance's two positions are the same.
	QueryAt(ctx context.Context, node string, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	// GetAt reads one key likewise, as if it were the time at. NotFound comes with
	// the provenance of the answer.
	GetAt(ctx context.Context, node string, ns core.Namespace, key string, at time.Time) (core.Item, core.Provenance, error)
	// Reading says what a SELECT reads and whether replicas with the same content
	// may answer it differently; core.Invalid for what is none.
	Reading(sql string) (core.Reading, error)
	// Writes names the table whose rows a plain INSERT, UPDATE or DELETE changes, ""
	// for another statement.
	Writes(sql string) (table string, err error)
	// Parameters counts the values that a statement wants.
	Parameters(sql string) (int, error)
}

// Transfer moves the data of a namespace out of the node and into it.
type Transfer interface {
	Export(ctx context.Context, ns core.Namespace, t core.Transfer, w io.Writer) (core.TransferResult, error)
	// Import with replace lets a backup take the place of what is there.
	Import(ctx context.Context, ns core.Namespace, t core.Transfer, replace bool, r io.Reader) (core.TransferResult, error)
}

// NetworkService is the node's place in its network; see rpc.NetworkService.
type NetworkService interface {
	Network(ctx context.Context) (core.NetworkStatus, error)
	Members(ctx context.Context) ([]core.Member, error)
	Placements(ctx context.Context) ([]core.Placement, error)
	Invite(ctx context.Context, o core.InviteOptions) (core.Ticket, error)
	Tickets(ctx context.Context) ([]core.Ticket, error)
	RevokeTicket(ctx context.Context, id string) error
	// ReadTicket says what a ticket's text is for. It returns core.Invalid for
	// another text, and asks nobody.
	ReadTicket(ctx context.Context, text string) (core.Ticket, error)
	Join(ctx context.Context, ticket string) error
	Leave(ctx context.Context, force bool) error
	Networks(ctx context.Context) ([]core.Network, error)
	UseNetwork(ctx context.Context, id string) error
	RenameNetwork(ctx context.Context, id, name string) error
	RemoveNetwork(ctx context.Context, id string) error
	RemoveMember(ctx context.Context, id string) error
	AddReplica(ctx context.Context, ns core.Namespace) error
	DropReplica(ctx context.Context, ns core.Namespace) error
}

// PeerService is the node among its peers; see rpc.PeerService.
type PeerService interface {
	NamePeer(ctx context.Context, id, name string) error
	KeepPeer(ctx context.Context, id string, on bool) error
	BlockPeer(ctx context.Context, id string, on bool) error
	ForgetPeer(ctx context.Context, id string) error
	PingPeer(ctx context.Context, id string) (ms float64, err error)
	// Look says that somebody looks at peers now, so that more is measured.
	Look()
	PathMatrix(ctx context.Context) (core.PathMatrix, error)
	// PathChanges lists those since a time, oldest first.
	PathChanges(ctx context.Context, since time.Time) ([]core.PathChange, error)
	Doctor(ctx context.Context) ([]core.Finding, error)
	WhyPath(ctx context.Context, id string) (core.PathReason, error)
	Whereabouts(ctx context.Context) (core.Whereabouts, error)
	Traffic(ctx context.Context) (core.Traffic, error)
	Gossip(ctx context.Context) (core.Gossip, error)
}

// Database runs a tenant's SQL.
type Database interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, list []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	Schema(ctx context.Context, ns core.Namespace) (core.Schema, error)
}

// Storage reads and writes keys.
type Storage interface {
	Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error)
	Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error)
	Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error)
	List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error)
	Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error)
}

// Machine is the node itself: its state, its peers, its log, its settings.
type Machine interface {
	Status(ctx context.Context) (core.Status, error)
	Health(ctx context.Context) (core.Health, error)
	Peers(ctx context.Context) ([]core.Peer, error)
	Connect(ctx context.Context, address string) error
	Disconnect(ctx context.Context, id string) error
	Limits(ctx context.Context) ([]core.Limit, error)

	// Logs returns kept entries with Seq > after, oldest first. When there are
	// more than limit, it returns the newest limit of them.
	Logs(ctx context.Context, after uint64, limit int) ([]core.LogEntry, error)
	// LogLevels is the level of each part; the part "" is the default of the others.
	LogLevels() map[string]string
	// SetLogLevel returns core.Invalid for a level that is not known.
	SetLogLevel(part, level string) error

	// Namespaces lists those that have data on this node.
	Namespaces() []core.Namespace
	// ConfigValues is every configuration key with its value and origin, secrets blanked.
	ConfigValues() []core.ConfigValue
	// SplitSQL cuts a script into statements and says of each what it is
	// (sqlguard.Split, then sqlguard.Check). It returns core.Invalid when the
	// script cannot be cut, such as at an open quote.
	SplitSQL(script string) ([]core.Piece, error)
}
