// From a request's method and body to the service and back to a body.

package rpc

import (
	"context"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// MaxLogEntries bounds one answer of Logs; ask again with the last Seq.
const MaxLogEntries = 1000

// dispatcher runs calls of one caller in one namespace.
type dispatcher struct {
	services Services
	caller   Caller
	peer     string // id of the other end
	ns       core.Namespace
}

func (d dispatcher) call(ctx context.Context, m method, body []byte) (answer []byte, err error) {
	if m.operatorOnly() && !d.caller.Operator {
		return nil, core.Errorf(core.Denied, "this is for the node's operator; use the operator's credential")
	}
	var message proto.Message
	if d.services.AuthorizePeer != nil && m != methodQuery && m != methodExec && m != methodAsk && m != methodChanged {
		return nil, core.Errorf(core.Invalid, "members ask each other's replicas only")
	}
	if err = d.allow(ctx, m.permission()); err != nil {
		return nil, err
	}
	switch m {
	case methodAuthorProof:
		message, err = d.author(ctx, body)
	case methodAsk:
		message, err = d.ask(ctx, body)
	case methodChat:
		message, err = d.chat(ctx, body)
	case methodTransfer, methodBackupPlan, methodTransfers:
		message, err = d.transfer(ctx, m, body)
	case methodQuery, methodExec, methodSchema:
		message, err = d.database(ctx, m, body)
	case methodGet, methodPut, methodDelete, methodList, methodExists, methodBatch:
		message, err = d.storage(ctx, m, body)
	case methodStatus, methodHealth, methodPeers, methodConnect, methodDisconnect,
		methodTopics, methodLogs, methodLimits, methodStop, methodOpen:
		message, err = d.node(ctx, m, body)
	default:
		if m.feeds() {
			message, err = d.feed(ctx, m, body)
			break
		}
		if m.peering() {
			message, err = d.peering(ctx, m, body)
			break
		}
		if m.network() {
			message, err = d.network(ctx, m, body)
			break
		}
		return nil, core.Errorf(core.Invalid, "this node does not know call %d; update it", m)
	}
	if err != nil {
		return nil, err
	}
	if answer, err = proto.Marshal(message); err != nil {
		return nil, core.Wrap(core.Internal, err, "the answer cannot be packed")
	}
	if len(answer) > MaxAnswerBytes {
		return nil, errAnswerTooLarge()
	}
	return answer, nil
}

func errAnswerTooLarge() error {
	return core.Errorf(core.TooLarge, "an answer may have %d bytes; ask for less at a time, with LIMIT or in pages", MaxAnswerBytes)
}

// ask answers another member.
func (d dispatcher) ask(ctx context.Context, body []byte) (proto.Message, error) {
	if d.services.Replicas == nil {
		return nil, core.Errorf(core.Denied, "this is for members of the network")
	}
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	answer, err := d.services.Replicas.Ask(ctx, d.peer, d.ns, req.GetTarget())
	return documentOr(err, answer)
}

func (d dispatcher) database(ctx context.Context, m method, body []byte) (proto.Message, error) {
	switch m {
	case methodQuery:
		var req WireQueryRequest
		if err := unmarshal(body, &req, plainEntries); err != nil {
			return nil, err
		}
		statement, options, err := toQuery(&req)
		if err != nil {
			return nil, err
		}
		rows, err := d.services.Database.Query(ctx, d.ns, statement, options)
		if err != nil {
			return nil, err
		}
		return fromRows(rows)
	case methodExec:
		return d.exec(ctx, body)
	default:
		schema, err := d.services.Database.Schema(ctx, d.ns)
		if err != nil {
			return nil, err
		}
		return document(schema)
	}
}

func (d dispatcher) exec(ctx context.Context, body []byte) (proto.Message, error) {
	var req WireExecRequest
	if err := unmarshal(body, &req, MaxStatements+1); err != nil {
		return nil, err
	}
	statements, options, err := toExec(&req)
	if err != nil {
		return nil, err
	}
	if err = d.allowStatements(ctx, statements); err != nil {
		return nil, err
	}
	answer, err := d.services.Database.Exec(ctx, d.ns, statements, options)
	if err != nil {
		return nil, err
	}
	message, err := fromExecAnswer(answer, false)
	if err != nil || proto.Size(message) > MaxAnswerBytes {
		return fromExecAnswer(answer, true)
	}
	return message, nil
}

func (d dispatcher) storage(ctx context.Context, m method, body []byte) (proto.Message, error) {
	switch m {
	case methodPut, methodDelete, methodBatch:
		return d.change(ctx, m, body)
	case methodList:
		var req WireListRequest
		if err := unmarshal(body, &req, plainEntries); err != nil {
			return nil, err
		}
		options, err := toList(&req)
		if err != nil {
			return nil, err
		}
		page, err := d.services.Storage.List(ctx, d.ns, options)
		if err != nil {
			return nil, err
		}
		return fromPage(page), nil
	default:
	}
	var req WireKeyRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	read, err := toRead(req.GetRead())
	if err != nil {
		return nil, err
	}
	var provenance core.Provenance
	if m == methodExists {
		var exists bool
		if exists, provenance, err = d.services.Storage.Exists(ctx, d.ns, string(req.GetKey()), read); err != nil {
			return nil, err
		}
		return &WireExistsAnswer{Exists: exists, Provenance: fromProvenance(provenance)}, nil
	}
	var item core.Item
	if item, provenance, err = d.services.Storage.Get(ctx, d.ns, string(req.GetKey()), read); err != nil {
		return nil, err
	}
	return &WireItemAnswer{Item: fromItem(item), Provenance: fromProvenance(provenance)}, nil
}

func (d dispatcher) change(ctx context.Context, m method, body []byte) (proto.Message, error) {
	if m == methodBatch {
		var req WireBatchRequest
		if err := unmarshal(body, &req, core.MaxBatchOps); err != nil {
			return nil, err
		}
		ops, err := toOps(&req)
		if err != nil {
			return nil, err
		}
		return written(d.services.Storage.Batch(ctx, d.ns, ops))
	}
	var req WireOp
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	op, err := toOp(&req)
	if err != nil {
		return nil, err
	}
	if m == methodDelete {
		return written(d.services.Storage.Delete(ctx, d.ns, op.Key))
	}
	return written(d.services.Storage.Put(ctx, d.ns, op.Key, op.Value, op.PutOptions))
}

func written(answer core.WriteAnswer, err error) (proto.Message, error) {
	if err != nil {
		return nil, err
	}
	return fromWriteAnswer(answer), nil
}

func (d dispatcher) node(ctx context.Context, m method, body []byte) (proto.Message, error) {
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	node := d.services.Node
	switch m {
	case methodStatus:
		status, err := node.Status(ctx)
		return documentOr(err, d.visible(status))
	case methodHealth:
		health, err := node.Health(ctx)
		return documentOr(err, health)
	case methodPeers:
		peers, err := node.Peers(ctx)
		if !d.caller.Operator {
			peers = forStrangers(peers)
		}
		return documentOr(err, peers)
	case methodTopics:
		topics, err := node.Topics(ctx, d.ns)
		return documentOr(err, topics)
	case methodLimits:
		limits, err := node.Limits(ctx)
		return documentOr(err, limits)
	case methodLogs:
		limit, err := toInt(req.GetLimit())
		if err != nil {
			return nil, err
		}
		if limit == 0 || limit > MaxLogEntries {
			limit = MaxLogEntries
		}
		entries, err := node.Logs(ctx, req.GetAfter(), limit)
		return documentOr(err, entries)
	case methodConnect:
		return documentOr(node.Connect(ctx, req.GetTarget()), nil)
	case methodDisconnect:
		return documentOr(node.Disconnect(ctx, req.GetTarget()), nil)
	case methodStop:
		return documentOr(node.Stop(ctx), nil)
	default:
		url, err := node.Open(ctx, req.GetTarget())
		return documentOr(err, url)
	}
}

func documentOr(err error, v any) (proto.Message, error) {
	if err != nil {
		return nil, err
	}
	return document(v)
}

// visible leaves out what only an operator may know: where the node keeps its
// data, and which other namespaces it serves.
func (d dispatcher) visible(s core.Status) core.Status {
	if d.caller.Operator {
		return s
	}
	s.DataDir, s.DatabaseSize = "", 0
	groups := make([]core.Group, 0, 1)
	for _, g := range s.Groups {
		if g.Name == d.ns.Group() {
			groups = append(groups, g)
			s.DatabaseSize = g.Size
		}
	}
	s.Groups = groups
	return s
}
