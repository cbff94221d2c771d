// What a caller may do over a stream.

package rpc

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// holder gives everybody who connects some of the permissions.
func holder(n *fakeNode, held ...core.Permission) Services {
	s := n.services()
	s.Authorize = func(context.Context, core.Secret, core.Namespace) (Caller, error) {
		return Caller{Subject: "somebody", Principal: core.Principal{Subject: "somebody"}, Allow: func(_ context.Context, need core.Permission) error {
			if slices.Contains(held, need) {
				return nil
			}
			return core.Errorf(core.Denied, "%s is missing", need)
		}}, nil
	}
	s.Kind = func(sql string) (core.Permission, error) {
		verb, _, _ := strings.Cut(sql, " ")
		switch verb {
		case "SELECT":
			return core.PermissionRead, nil
		case "INSERT":
			return core.PermissionWrite, nil
		case "CREATE":
			return core.PermissionSchema, nil
		}
		return "", core.Errorf(core.Invalid, "no SQL")
	}
	s.AuthorProof = func(_ context.Context, caller Caller, ns core.Namespace, author string) ([]byte, time.Time, error) {
		return []byte(caller.Principal.Subject + " in " + string(ns) + " from " + author), time.Now().Add(time.Minute), nil
	}
	return s
}

// A key to read that can write by another call is a key to write.
func TestServer_AsksForThePermissionOfEachCall(t *testing.T) {
	exec := func(sql ...string) func(context.Context, *Conn) error {
		return func(ctx context.Context, c *Conn) error {
			var statements []core.Statement
			for _, one := range sql {
				statements = append(statements, core.Statement{SQL: one})
			}
			_, err := c.Exec(ctx, "red", statements, core.ExecOptions{})
			return err
		}
	}
	tests := map[string]struct {
		call func(context.Context, *Conn) error
		need core.Permission // "" for none
	}{
		"query": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error {
			_, err := c.Query(ctx, "red", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{})
			return err
		}},
		"schema": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error { _, err := c.Schema(ctx, "red"); return err }},
		"get": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error {
			_, _, err := c.Get(ctx, "red", "k", core.ReadOptions{})
			return err
		}},
		"list": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error {
			_, err := c.List(ctx, "red", core.ListOptions{})
			return err
		}},
		"exists": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error {
			_, _, err := c.Exists(ctx, "red", "k", core.ReadOptions{})
			return err
		}},
		"topics": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error { _, err := c.Topics(ctx, "red"); return err }},
		"watch": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error {
			_, err := c.Watch(ctx, "red", core.WatchOptions{})
			return err
		}},
		"history": {need: core.PermissionRead, call: func(ctx context.Context, c *Conn) error {
			_, err := c.History(ctx, "red", "k", 1)
			return err
		}},
		"put": {need: core.PermissionWrite, call: func(ctx context.Context, c *Conn) error {
			_, err := c.Put(ctx, "red", "k", nil, core.PutOptions{})
			return err
		}},
		"delete": {need: core.PermissionWrite, call: func(ctx context.Context, c *Conn) error { _, err := c.Delete(ctx, "red", "k"); return err }},
		"batch": {need: core.PermissionWrite, call: func(ctx context.Context, c *Conn) error {
			_, err := c.Batch(ctx, "red", []core.Op{{Key: "k"}})
			return err
		}},
		"insert":                {need: core.PermissionWrite, call: exec("INSERT", "SELECT 1")},
		"create":                {need: core.PermissionSchema, call: exec("CREATE")},
		"create behind another": {need: core.PermissionSchema, call: exec("INSERT", "SELECT 1", "CREATE")},
		"author proof": {need: core.PermissionWrite, call: func(ctx context.Context, c *Conn) error {
			_, _, err := c.AuthorProof(ctx, "")
			return err
		}},
		"status": {call: func(ctx context.Context, c *Conn) error { _, err := c.Status(ctx); return err }},
	}
	order := []core.Permission{core.PermissionRead, core.PermissionWrite, core.PermissionSchema}
	for held := range len(order) + 1 {
		n := newFakeNode()
		n.onExec = func(context.Context, []core.Statement, core.ExecOptions) (*core.ExecAnswer, error) {
			return &core.ExecAnswer{}, nil
		}
		conn := serve(t, holder(n, order[:held]...)).dial(t, newHost(t), Credentials{Namespace: "red"})
		for name, tt := range tests {
			may := tt.need == "" || slices.Contains(order[:held], tt.need)
			err := tt.call(t.Context(), conn)
			if refused := core.CodeOf(err) == core.Denied; refused == may {
				t.Errorf("%s with %v: %v", name, order[:held], err)
			}
		}
	}
}

// A proof for another peer or namespace would let a thief speak in one's name.
func TestConn_AuthorProof(t *testing.T) {
	h := newHost(t)
	conn := serve(t, holder(newFakeNode(), core.PermissionWrite)).dial(t, h, Credentials{Namespace: "red"})
	before := time.Now()
	proof, expires, err := conn.AuthorProof(t.Context(), "")
	if err != nil || !bytes.Equal(proof, []byte("somebody in red from "+h.ID().String())) {
		t.Errorf("the proof is %q, %v", proof, err)
	}
	if life := expires.Sub(before); life <= 0 || life > 2*time.Minute {
		t.Errorf("it holds for %v", life)
	}
	_, plain := connected(t, newFakeNode())
	if _, _, err := plain.AuthorProof(t.Context(), ""); core.CodeOf(err) != core.Unavailable || errors.Is(err, ErrStreamEnded) {
		t.Errorf("a node that gives none says %v", err)
	}
}
