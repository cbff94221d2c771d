// Keys and values on the wire.

package rpc

import (
	"git.debros.io/DeBros/network/backend/core"
)

func fromKey(key string, o core.ReadOptions) *WireKeyRequest {
	return &WireKeyRequest{Key: []byte(key), Read: fromRead(o)}
}

func fromItem(i core.Item) *WireItem {
	return &WireItem{
		Key: []byte(i.Key), Value: i.Value, Size: int64(i.Size), Version: uint64(i.Version),
		UpdatedNs: fromTime(i.UpdatedAt), ExpiresNs: fromTime(i.ExpiresAt),
	}
}

func toItem(i *WireItem) core.Item {
	// Not GetValue: nil, a value that was not asked for, is not an empty one.
	var value []byte
	if i != nil {
		value = i.Value
	}
	return core.Item{
		Key: string(i.GetKey()), Value: value, Size: int(i.GetSize()), Version: core.Version(i.GetVersion()),
		UpdatedAt: toTime(i.GetUpdatedNs()), ExpiresAt: toTime(i.GetExpiresNs()),
	}
}

func fromOp(o core.Op) *WireOp {
	return &WireOp{
		Delete: o.Delete, Key: []byte(o.Key), Value: o.Value,
		TtlNs: int64(o.TTL), IfVersion: uint64(o.IfVersion), IfAbsent: o.IfAbsent,
		IdempotencyKey: o.IdempotencyKey,
	}
}

func toOp(o *WireOp) (core.Op, error) {
	ttl, err := toDuration(o.GetTtlNs())
	if err != nil {
		return core.Op{}, err
	}
	value := o.GetValue()
	if value == nil {
		value = []byte{} // a put of nothing stores an empty value
	}
	return core.Op{
		Delete: o.GetDelete(), Key: string(o.GetKey()), Value: value,
		PutOptions: core.PutOptions{
			TTL: ttl, IfVersion: core.Version(o.GetIfVersion()), IfAbsent: o.GetIfAbsent(),
			WriteOptions: core.WriteOptions{IdempotencyKey: o.GetIdempotencyKey()},
		},
	}, nil
}

func fromOps(ops []core.Op) (*WireBatchRequest, error) {
	if len(ops) > core.MaxBatchOps {
		return nil, core.Errorf(core.TooLarge, "a batch takes at most %d operations; send it in parts", core.MaxBatchOps)
	}
	r := &WireBatchRequest{Ops: make([]*WireOp, len(ops))}
	for i, o := range ops {
		r.Ops[i] = fromOp(o)
	}
	return r, nil
}

func toOps(r *WireBatchRequest) ([]core.Op, error) {
	ops := make([]core.Op, len(r.GetOps()))
	for i, o := range r.GetOps() {
		var err error
		if ops[i], err = toOp(o); err != nil {
			return nil, err
		}
	}
	return ops, nil
}

func fromWriteAnswer(a core.WriteAnswer) *WireWriteAnswer {
	out := &WireWriteAnswer{
		Versions: make([]uint64, len(a.Versions)), Deleted: a.Deleted, Provenance: fromProvenance(a.Provenance),
	}
	for i, v := range a.Versions {
		out.Versions[i] = uint64(v)
	}
	return out
}

func toWriteAnswer(a *WireWriteAnswer) core.WriteAnswer {
	out := core.WriteAnswer{
		Versions: make([]core.Version, len(a.GetVersions())), Deleted: a.GetDeleted(), Provenance: toProvenance(a.GetProvenance()),
	}
	for i, v := range a.GetVersions() {
		out.Versions[i] = core.Version(v)
	}
	return out
}

func fromList(o core.ListOptions) *WireListRequest {
	return &WireListRequest{
		Read: fromRead(o.ReadOptions), Prefix: []byte(o.Prefix), Separator: []byte(o.Separator),
		Cursor: []byte(o.Cursor), Limit: int64(o.Limit), Values: o.Values,
	}
}

func toList(r *WireListRequest) (core.ListOptions, error) {
	read, err := toRead(r.GetRead())
	if err != nil {
		return core.ListOptions{}, err
	}
	limit, err := toInt(r.GetLimit())
	return core.ListOptions{
		ReadOptions: read, Prefix: string(r.GetPrefix()), Separator: string(r.GetSeparator()),
		Cursor: string(r.GetCursor()), Limit: limit, Values: r.GetValues(),
	}, err
}

func fromPage(p core.Page) *WirePage {
	out := &WirePage{
		Items: make([]*WireItem, len(p.Items)), Prefixes: toTexts(p.Prefixes),
		Next: []byte(p.Next), Provenance: fromProvenance(p.Provenance),
	}
	for i, item := range p.Items {
		out.Items[i] = fromItem(item)
	}
	return out
}

func toPage(p *WirePage) core.Page {
	out := core.Page{
		Items: make([]core.Item, len(p.GetItems())), Prefixes: fromTexts(p.GetPrefixes()),
		Next: string(p.GetNext()), Provenance: toProvenance(p.GetProvenance()),
	}
	for i, item := range p.GetItems() {
		out.Items[i] = toItem(item)
	}
	return out
}
