package gateway

// This file names what the gateway asks of the node's parts, in core's words.

import (
	"context"
	"io"
	"net"
	"net/http"

	"git.debros.io/DeBros/network/backend/core"
)

// Node is the node itself. Connect and Disconnect are for operators; the route
// table says so.
type Node interface {
	Status(ctx context.Context) (core.Status, error)
	Health(ctx context.Context) (core.Health, error)
	Peers(ctx context.Context) ([]core.Peer, error)
	Connect(ctx context.Context, address string) error
	Disconnect(ctx context.Context, id string) error
}

// Auth says who a caller is and what he may do. Authenticate and Allow answer
// from memory; everything else may ask the network. What is asked for a
// namespace has been allowed by Allow before.
type Auth interface {
	// Authenticate knows access tokens, API keys and the operator's key. An
	// empty credential is Unauthenticated unless this node asks for none.
	// address is the caller's, for key files that name some, and for the log.
	Authenticate(ctx context.Context, credential core.Secret, address string) (core.Principal, error)
	// Allow returns Denied when the grants of this moment do not permit it; what
	// is not there and what is not the caller's answer alike.
	Allow(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) error
	// Until is a context that ends, with a coded cause, as soon as the credential
	// is revoked or the permission is lost.
	Until(ctx context.Context, p core.Principal, ns core.Namespace, need core.Permission) (context.Context, context.CancelFunc)

	Challenge(ctx context.Context, r core.ChallengeRequest) (core.Challenge, error)
	Verify(ctx context.Context, p core.Proof) (core.Tokens, error)
	// OpenDevice makes the token of a device of the chat.
	OpenDevice(ctx context.Context, p core.DeviceProof) (core.Tokens, error)
	Register(ctx context.Context, p core.Proof, name string) (core.App, error)
	KeyByProof(ctx context.Context, p core.Proof, o core.KeyOptions) (core.APIKey, error)
	// Exchange makes an access token out of an API key.
	Exchange(ctx context.Context, p core.Principal) (core.Tokens, error)
	Refresh(ctx context.Context, token core.Secret, ns core.Namespace, address string) (core.Tokens, error)
	// Logout ends the session of a refresh token; LogoutAll all sessions of the caller.
	Logout(ctx context.Context, token core.Secret) (int, error)
	LogoutAll(ctx context.Context, p core.Principal) (int, error)
	Sessions(ctx context.Context, p core.Principal) ([]core.Session, error)
	RevokeSession(ctx context.Context, p core.Principal, id string) error
	JWKS(ctx context.Context) ([]core.JWK, error)
	// WithdrawKeys voids the signing keys of a node, and all tokens that it signed.
	// Reset voids all sessions, nonces and signing keys of the network.
	WithdrawKeys(ctx context.Context, node string) error
	Reset(ctx context.Context) error

	// Ticket opens one WebSocket; a page's Origin is bound to it. Redeem spends it.
	Ticket(ctx context.Context, p core.Principal, origin string) (core.WebSocketTicket, error)
	Redeem(ctx context.Context, ticket core.Secret, origin string) (core.Principal, error)

	Namespaces(ctx context.Context, p core.Principal) ([]core.NamespaceGrant, error)
	CreateNamespace(ctx context.Context, p core.Principal, ns core.Namespace) (core.NamespaceGrant, error)
	Grants(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.Grant, error)
	// Grant gives or changes a role; an empty role takes it away. Who may do it
	// depends on the roles concerned, so it is decided here.
	Grant(ctx context.Context, p core.Principal, ns core.Namespace, subject string, role core.Role) error

	// Keys lists the caller's own, for an admin everybody's; RevokeKey ends none
	// but those. Nobody can make a key that may do more than he may.
	Keys(ctx context.Context, p core.Principal, ns core.Namespace) ([]core.APIKey, error)
	CreateKey(ctx context.Context, p core.Principal, ns core.Namespace, o core.KeyOptions) (core.APIKey, error)
	RevokeKey(ctx context.Context, p core.Principal, ns core.Namespace, id string) error

	Apps(ctx context.Context, ns core.Namespace) ([]core.App, error)
	App(ctx context.Context, ns core.Namespace, id string) (core.App, error)
	CreateApp(ctx context.Context, p core.Principal, ns core.Namespace, name, publicKey string) (core.App, error)
	UpdateApp(ctx context.Context, p core.Principal, ns core.Namespace, id, name, publicKey string) error
	DeleteApp(ctx context.Context, p core.Principal, ns core.Namespace, id string) error

	Audit(ctx context.Context, ns core.Namespace, limit int) ([]core.AuditEvent, error)
}

// Database is a namespace's SQL, as a tenant may use it.
type Database interface {
	Query(ctx context.Context, ns core.Namespace, s core.Statement, o core.QueryOptions) (*core.Rows, error)
	Exec(ctx context.Context, ns core.Namespace, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error)
	Schema(ctx context.Context, ns core.Namespace) (core.Schema, error)
	// Kind says what one statement does: "read", "write" or "schema". It returns
	// Invalid, with the reason, for one that a tenant may not run.
	Kind(sql string) (string, error)
}

// Storage is a namespace's keys and values.
type Storage interface {
	Get(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (core.Item, core.Provenance, error)
	Put(ctx context.Context, ns core.Namespace, key string, value []byte, o core.PutOptions) (core.WriteAnswer, error)
	Delete(ctx context.Context, ns core.Namespace, key string) (core.WriteAnswer, error)
	List(ctx context.Context, ns core.Namespace, o core.ListOptions) (core.Page, error)
	Exists(ctx context.Context, ns core.Namespace, key string, o core.ReadOptions) (bool, core.Provenance, error)
	Batch(ctx context.Context, ns core.Namespace, ops []core.Op) (core.WriteAnswer, error)
}

// Feed tells what changes; its calls answer when there is something to tell, or
// at the end of the wait that they were given.
type Feed interface {
	Watch(ctx context.Context, ns core.Namespace, o core.WatchOptions) (core.Changes, error)
	History(ctx context.Context, ns core.Namespace, key string, limit int) (core.History, error)
	Live(ctx context.Context, ns core.Namespace, s core.Statement, o core.LiveOptions) (core.LiveAnswer, error)
}

// Transfer moves whole namespaces as streams of bytes. The kinds are core's
// TransferBackup, TransferSQLite, TransferSQL and TransferKV.
type Transfer interface {
	Export(ctx context.Context, ns core.Namespace, t core.Transfer, w io.Writer) (core.TransferResult, error)
	Import(ctx context.Context, ns core.Namespace, t core.Transfer, replace bool, r io.Reader) (core.TransferResult, error)
	// Elsewhere is the way to the gateway of a node that keeps the namespace, nil
	// when this one does, or nobody.
	Elsewhere(ctx context.Context, ns core.Namespace) http.RoundTripper
}

// PubSub is a namespace's topics, on all nodes and gateways of the network.
type PubSub interface {
	Publish(ctx context.Context, ns core.Namespace, topic string, data []byte) error
	Subscribe(ctx context.Context, ns core.Namespace, topic string) (Subscription, error)
	Topics(ctx context.Context, ns core.Namespace) ([]string, error)
	// Presence lists who is in a topic, wherever he is connected.
	Presence(ctx context.Context, ns core.Namespace, topic string) ([]core.PresenceMember, error)
	// Join makes a member present until the context ends or Close is called.
	Join(ctx context.Context, ns core.Namespace, topic string, m core.PresenceMember) (Presence, error)
}

// Subscription is one reader of a topic, as package pubsub's.
type Subscription interface {
	Messages() <-chan core.Message
	Err() error
	Close()
}

// Presence is one member's place in a topic: the comings and goings of the
// others come through Events, which is closed when it ends.
type Presence interface {
	Events() <-chan core.PresenceEvent
	Close()
}

// Dialer makes connections through the configured SOCKS5 proxy.
type Dialer interface {
	// DialContext returns Unavailable when no proxy is configured or it is down.
	DialContext(ctx context.Context, network, address string) (net.Conn, error)
}

// Services is everything that the gateway serves. What needs a part that is nil
// answers Unavailable. Dialer may be nil: then there is no proxy.
type Services struct {
	Node     Node
	Auth     Auth
	Database Database
	Storage  Storage
	Feed     Feed
	Transfer Transfer
	PubSub   PubSub
	Dialer   Dialer
	Chat     Chat
}
