// Keys and values.

package client

import (
	"context"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rpc"
)

// MaxListed bounds the keys that one List returns.
const MaxListed = 100_000

// Storage is the namespace's key-value storage.
type Storage struct{ client *Client }

// Storage returns the namespace's key-value storage.
func (c *Client) Storage() *Storage { return &Storage{c} }

// Get returns the bytes that were put, linearizably. A key that does not exist
// is core.NotFound.
func (s *Storage) Get(ctx context.Context, key string) ([]byte, error) {
	item, _, err := s.GetItem(ctx, key, core.ReadOptions{})
	return item.Value, err
}

// GetItem returns a key with its version and expiry, at the level asked for,
// and where the answer comes from.
func (s *Storage) GetItem(ctx context.Context, key string, o core.ReadOptions) (item core.Item, provenance core.Provenance, err error) {
	err = s.client.call(ctx, func(conn *rpc.Conn) (err error) {
		item, provenance, err = conn.Get(ctx, s.client.Namespace(), key, o)
		return err
	})
	return item, provenance, err
}

// Put stores a value for ever, over whatever was there, and returns when it is
// durable.
func (s *Storage) Put(ctx context.Context, key string, value []byte) error {
	_, err := s.PutItem(ctx, key, value, core.PutOptions{})
	return err
}

// PutItem stores a value with a time to live or under a condition, and returns
// its version. A condition that does not hold is core.PreconditionFailed.
func (s *Storage) PutItem(ctx context.Context, key string, value []byte, o core.PutOptions) (core.Version, error) {
	answer, err := s.write(ctx, func(conn *rpc.Conn) (core.WriteAnswer, error) {
		return conn.Put(ctx, s.client.Namespace(), key, value, o)
	})
	if err != nil || len(answer.Versions) == 0 {
		return 0, err
	}
	return answer.Versions[0], nil
}

// Delete removes a key. One that does not exist is no error.
func (s *Storage) Delete(ctx context.Context, key string) error {
	_, err := s.write(ctx, func(conn *rpc.Conn) (core.WriteAnswer, error) {
		return conn.Delete(ctx, s.client.Namespace(), key)
	})
	return err
}

// Batch does all operations or none of them.
func (s *Storage) Batch(ctx context.Context, ops []core.Op) (core.WriteAnswer, error) {
	return s.write(ctx, func(conn *rpc.Conn) (core.WriteAnswer, error) {
		return conn.Batch(ctx, s.client.Namespace(), ops)
	})
}

func (s *Storage) write(ctx context.Context, do func(*rpc.Conn) (core.WriteAnswer, error)) (answer core.WriteAnswer, err error) {
	err = s.client.call(ctx, func(conn *rpc.Conn) (err error) {
		answer, err = do(conn)
		return err
	})
	return answer, err
}

// List returns the keys that begin with prefix, in byte order: all of them, or
// the first few when a limit is given. Without a limit more than MaxListed keys
// are core.TooLarge; ListPage goes through any number.
func (s *Storage) List(ctx context.Context, prefix string, limit ...int) ([]string, error) {
	want := MaxListed + 1
	if len(limit) > 0 && limit[0] > 0 {
		want = min(limit[0], MaxListed)
	}
	keys := []string{}
	o := core.ListOptions{Prefix: prefix}
	for {
		o.Limit = min(want-len(keys), core.MaxListKeys)
		page, err := s.ListPage(ctx, o)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			keys = append(keys, item.Key)
		}
		switch {
		case len(keys) > MaxListed:
			return nil, core.Errorf(core.TooLarge, "more than %d keys begin so; go through them with ListPage", MaxListed)
		case len(keys) >= want || page.Next == "":
			return keys, nil
		}
		o.Cursor = page.Next
	}
}

// ListPage returns one page of keys, with values if asked for, folded at a
// separator if one is given.
func (s *Storage) ListPage(ctx context.Context, o core.ListOptions) (page core.Page, err error) {
	err = s.client.call(ctx, func(conn *rpc.Conn) (err error) {
		page, err = conn.List(ctx, s.client.Namespace(), o)
		return err
	})
	return page, err
}

// Exists says whether there is such a key.
func (s *Storage) Exists(ctx context.Context, key string) (exists bool, err error) {
	err = s.client.call(ctx, func(conn *rpc.Conn) (err error) {
		exists, _, err = conn.Exists(ctx, s.client.Namespace(), key, core.ReadOptions{})
		return err
	})
	return exists, err
}
