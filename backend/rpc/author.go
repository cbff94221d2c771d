// What a caller may do, and the proof by which a client publishes in gossip.

package rpc

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// The number is on the wire, as those in service.go.
const methodAuthorProof method = 64

// authorProof is the answer. It says how long the proof holds and not until
// when: the clocks of two computers differ.
type authorProof struct {
	Proof  []byte `json:"proof,omitempty"`
	LifeMS int64  `json:"life_ms"`
}

// permission is what a call needs in the stream's namespace, "" for nothing.
func (m method) permission() core.Permission {
	switch m {
	case methodQuery, methodSchema, methodGet, methodList, methodExists, methodTopics, methodWatch, methodHistory, methodLive, methodChanged:
		return core.PermissionRead
	case methodExec, methodPut, methodDelete, methodBatch, methodAuthorProof:
		return core.PermissionWrite
	default:
		return "" // about the node, or the operator's
	}
}

// allow asks whether the caller may do what needs this permission now.
func (d dispatcher) allow(ctx context.Context, need core.Permission) error {
	if d.caller.Allow == nil || need == "" {
		return nil
	}
	return d.caller.Allow(ctx, need)
}

// allowStatements asks for what the statements themselves need beyond writing.
func (d dispatcher) allowStatements(ctx context.Context, statements []core.Statement) error {
	if d.caller.Allow == nil || d.services.Kind == nil {
		return nil
	}
	asked := core.PermissionWrite // before the body was read
	for _, s := range statements {
		need, err := d.services.Kind(s.SQL)
		if err != nil {
			return err
		}
		if need == core.PermissionRead || need == asked {
			continue
		}
		if err = d.allow(ctx, need); err != nil {
			return err
		}
		asked = need
	}
	return nil
}

// author answers for the peer that asks, or for another one that it names: who
// may publish could publish for that one too.
func (d dispatcher) author(ctx context.Context, body []byte) (proto.Message, error) {
	if d.services.AuthorProof == nil {
		return nil, core.Errorf(core.Unavailable, "this node gives no leave to publish; connect to a member of the network")
	}
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	id := d.peer
	if named := req.GetTarget(); named != "" {
		if _, err := peer.Decode(named); err != nil {
			return nil, core.Wrap(core.Invalid, err, "the peer that is to publish has no valid id")
		}
		id = named
	}
	text, expires, err := d.services.AuthorProof(ctx, d.caller, d.ns, id)
	return documentOr(err, authorProof{Proof: text, LifeMS: time.Until(expires).Milliseconds()})
}

// AuthorProof is the proof that a peer may publish in the stream's namespace, to
// be sent along with each message, and until when it holds by this computer's
// clock. id is "" for this peer itself; a node that is asked by a client of its
// own names that one. The proof is empty where the network asks for none. A
// caller that may not publish gets core.Denied.
func (c *Conn) AuthorProof(ctx context.Context, id string) (text []byte, expires time.Time, err error) {
	asked := time.Now() // its life began after this
	var answer authorProof
	if err = c.document(ctx, c.ns, methodAuthorProof, &WireNodeRequest{Target: id}, &answer); err != nil {
		return nil, time.Time{}, err
	}
	return answer.Proof, asked.Add(time.Duration(answer.LifeMS) * time.Millisecond), nil
}
