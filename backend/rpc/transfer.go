// The call that moves data between a namespace and a file of the node's computer.

package rpc

import (
	"context"
	"encoding/json"

	"google.golang.org/protobuf/proto"

	"git.debros.io/DeBros/network/backend/core"
)

// TransferService backs up, restores, exports and imports, for operators. The
// file is on the node's own computer, so that nothing large travels through a
// call.
type TransferService interface {
	Transfer(ctx context.Context, job core.TransferJob) (core.TransferResult, error)
	// Transfers are the ones under way.
	Transfers(ctx context.Context) ([]core.TransferTask, error)
	// BackupPlan is the state of the scheduled backups.
	BackupPlan(ctx context.Context) (core.BackupPlan, error)
}

// The numbers are on the wire, as those in service.go.
const (
	methodTransfer   method = 61
	methodBackupPlan method = 62
	methodTransfers  method = 63
)

func (d dispatcher) transfer(ctx context.Context, m method, body []byte) (proto.Message, error) {
	var req WireNodeRequest
	if err := unmarshal(body, &req, plainEntries); err != nil {
		return nil, err
	}
	if d.services.Transfer == nil {
		return nil, core.Errorf(core.Unavailable, "this node moves no data to files")
	}
	switch m { //nolint:exhaustive // the dispatcher sends no other
	case methodBackupPlan:
		plan, err := d.services.Transfer.BackupPlan(ctx)
		return documentOr(err, plan)
	case methodTransfers:
		tasks, err := d.services.Transfer.Transfers(ctx)
		return documentOr(err, tasks)
	}
	var job core.TransferJob
	if err := json.Unmarshal([]byte(req.GetTarget()), &job); err != nil {
		return nil, core.Wrap(core.Invalid, err, "the job cannot be read")
	}
	result, err := d.services.Transfer.Transfer(ctx, job)
	return documentOr(err, result)
}

// Transfer moves data between a namespace and a file of the node's computer.
func (c *Conn) Transfer(ctx context.Context, job core.TransferJob) (result core.TransferResult, err error) {
	text, err := json.Marshal(job)
	if err != nil {
		return result, core.Wrap(core.Invalid, err, "the job cannot be sent")
	}
	err = c.document(ctx, c.ns, methodTransfer, &WireNodeRequest{Target: string(text)}, &result)
	return result, err
}

// Transfers lists the transfers that the node is doing now.
func (c *Conn) Transfers(ctx context.Context) (tasks []core.TransferTask, err error) {
	err = c.document(ctx, c.ns, methodTransfers, &WireNodeRequest{}, &tasks)
	return tasks, err
}

// BackupPlan is the state of the node's scheduled backups.
func (c *Conn) BackupPlan(ctx context.Context) (plan core.BackupPlan, err error) {
	err = c.document(ctx, c.ns, methodBackupPlan, &WireNodeRequest{}, &plan)
	return plan, err
}
