// What a server serves: small interfaces in core's words. Package node gives
// its parts; a Conn has the same methods on the other side.

package rpc

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"git.debros.io/DeBros/network/backend/core"
)

// Protocol is the libp2p protocol of the streams.
const Protocol = "/debros/rpc/1.0.0"

// Version is the version that a hello names. A server refuses another one and
// says which it speaks.
const Version = 1

// DatabaseService is a namespace's SQL, as a tenant may use it.
type DatabaseService interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	Schema(ctx context.Context, ns core.Namespace) (core.Schema, error)
}

// StorageService is a namespace's keys and values.
type StorageService interface {
	Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error)
	Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error)
	Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error)
	List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error)
	Exists(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (bool, core.Provenance, error)
	Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error)
}

// NodeService is the node itself. Connect, Disconnect, Logs, Stop and Open are
// for operators: the server answers everyone else with core.Denied.
type NodeService interface {
	Status(ctx context.Context) (core.Status, error)
	Health(ctx context.Context) (core.Health, error)
	Peers(ctx context.Context) ([]core.Peer, error)
	Connect(ctx context.Context, addr string) error
	Disconnect(ctx context.Context, id string) error
	Topics(ctx context.Context, ns core.Namespace) ([]string, error)
	// Logs returns at most limit entries whose Seq is greater than after.
	Logs(ctx context.Context, after uint64, limit int) ([]core.LogEntry, error)
	Limits(ctx context.Context) ([]core.Limit, error)
	// Stop begins the node's end and returns; it does not wait for it.
	Stop(ctx context.Context) error
	// Open returns a one-time link to the node's page. The page shows what the
	// debros: link is about and asks first; "" is the page as it is.
	Open(ctx context.Context, link string) (url string, err error)
}

// Caller is whom a credential proved.
type Caller struct {
	Subject  string // for the log: which key, never the key itself
	Operator bool   // may use the operator's calls
	// Principal is whom the credential proved, for Services.AuthorProof.
	Principal core.Principal
	// Allow says, at each call, whether the caller has a permission in the
	// stream's namespace; its error goes to the caller. nil allows everything.
	// It must answer from memory.
	Allow func(ctx context.Context, need core.Permission) error
}

// Replicas is what the members of a network ask each other's replicas, besides
// Query and Exec: the verb says what, the answer is a document.
type Replicas interface {
	Ask(ctx context.Context, caller string, ns core.Namespace, verb string) (any, error)
}

// Services is everything a server needs. All fields are required, but for those
// of a server among members.
type Services struct {
	// Protocol is the libp2p protocol, Protocol when "".
	Protocol string
	// AuthorizePeer takes the place of Authorize in a server among members: the
	// other end of the stream is who it is, and asks for any namespace, the
	// network's own too. Replicas is required then, Storage and Node are not.
	AuthorizePeer func(ctx context.Context, id peer.ID) (Caller, error)
	Replicas      Replicas
	// Authorize says who shows this credential and whether it opens ns. Its
	// error's code and sentence go to the caller.
	Authorize func(ctx context.Context, credential core.Secret, ns core.Namespace) (Caller, error)
	Database  DatabaseService
	Storage   StorageService
	Node      NodeService
	// Network may be nil: such a node answers Unavailable to questions about it.
	Network NetworkService
	// Peers may be nil, likewise.
	Peers PeerService
	// Transfer may be nil, likewise.
	Transfer TransferService
	// Feed may be nil, likewise.
	Feed FeedService
	// Chat may be nil, likewise.
	Chat ChatService
	// AuthorProof proves to all peers that the caller may publish in ns by gossip
	// from the peer with this id. An empty proof means that the network asks for
	// none. It may be nil: then Unavailable is answered.
	AuthorProof func(ctx context.Context, caller Caller, ns core.Namespace, peer string) (proof []byte, expires time.Time, err error)
	// Kind says what a statement needs: PermissionRead, PermissionWrite or
	// PermissionSchema. nil takes every statement of an Exec for a write.
	Kind func(sql string) (core.Permission, error)
}

func (s Services) protocol() protocol.ID {
	if s.Protocol == "" {
		return Protocol
	}
	return protocol.ID(s.Protocol)
}

// Credentials open a stream to one namespace.
type Credentials struct {
	Credential core.Secret // "" where the node serves anyone
	Namespace  core.Namespace
	Protocol   string // Protocol when ""
}

// RequestID names one call in the server's log. It is in the chain of every
// error that a server sent.
type RequestID string

// Error makes the id part of an error's text.
func (id RequestID) Error() string { return "request " + string(id) }

type method uint16

// The numbers are on the wire: never change one, never use one again.
const (
	methodQuery      method = 1
	methodExec       method = 2
	methodSchema     method = 3
	methodGet        method = 10
	methodPut        method = 11
	methodDelete     method = 12
	methodList       method = 13
	methodExists     method = 14
	methodBatch      method = 15
	methodStatus     method = 30
	methodHealth     method = 31
	methodPeers      method = 32
	methodConnect    method = 33
	methodDisconnect method = 34
	methodTopics     method = 35
	methodLogs       method = 36
	methodLimits     method = 37
	methodStop       method = 38
	methodOpen       method = 39
	methodAsk        method = 60
)

// writes says whether a call changes something, so that it must not be
// repeated when its answer was lost.
func (m method) writes() bool {
	switch m {
	case methodExec, methodPut, methodDelete, methodBatch, methodConnect, methodDisconnect, methodStop, methodOpen, methodTransfer, methodChat:
		return true
	default:
		return m.peeringWrites() || m.network() && m.networkWrites()
	}
}

func (m method) operatorOnly() bool {
	switch m {
	case methodConnect, methodDisconnect, methodLogs, methodStop, methodOpen, methodTransfer, methodBackupPlan, methodTransfers, methodChat:
		return true
	default:
		return m.network() || m.peering()
	}
}
