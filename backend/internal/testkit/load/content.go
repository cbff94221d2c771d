package load

// This file compares what replicas hold.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
)

// Hash is the content of the namespace as the replica of the connected node has
// it, without asking any other: all tables with their rows in order, all keys
// with their values and versions.
func Hash(ctx context.Context, c *client.Client) (string, error) {
	sum := sha256.New()
	none := core.ReadOptions{Level: core.LevelNone}
	schema, err := c.Database().GetSchema(ctx)
	if err != nil {
		return "", fmt.Errorf("read schema: %w", err)
	}
	for _, t := range schema.Tables {
		if t.Kind != "table" {
			continue
		}
		fmt.Fprintln(sum, t.SQL)
		if err := hashTable(ctx, c, sum, t.Name); err != nil {
			return "", err
		}
	}
	cursor := ""
	for {
		page, err := c.Storage().ListPage(ctx, core.ListOptions{ReadOptions: none, Cursor: cursor, Limit: core.MaxListKeys, Values: true})
		if err != nil {
			return "", fmt.Errorf("list keys: %w", err)
		}
		for _, item := range page.Items {
			fmt.Fprintf(sum, "%q %q %d %d\n", item.Key, item.Value, item.Version, item.ExpiresAt.UnixMilli())
		}
		if cursor = page.Next; cursor == "" {
			return hex.EncodeToString(sum.Sum(nil)), nil
		}
	}
}

func hashTable(ctx context.Context, c *client.Client, sum io.Writer, name string) error {
	const page = 1000
	quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	for offset := int64(0); ; offset += page {
		rows, err := c.Database().QueryStatement(ctx, core.Statement{
			SQL: "SELECT rowid, * FROM " + quoted + " ORDER BY rowid LIMIT ? OFFSET ?", Args: []any{int64(page), offset},
		}, core.QueryOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}})
		if err != nil {
			return fmt.Errorf("read table %s: %w", name, err)
		}
		for _, row := range rows.Values {
			fmt.Fprintf(sum, "%q\n", fmt.Sprint(row...))
		}
		if len(rows.Values) < page {
			return nil
		}
	}
}

// Equal waits until all replicas hold the same, and says how long that took. It
// returns the hashes that differ when ctx ends first.
func Equal(ctx context.Context, clients []*client.Client) (time.Duration, error) {
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	hashes := make([]string, len(clients))
	for {
		equal := true
		for i, c := range clients {
			hash, err := Hash(ctx, c)
			if err != nil {
				hash = err.Error()
			}
			hashes[i] = hash
			equal = equal && err == nil && hash == hashes[0]
		}
		if equal {
			return time.Since(began), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the replicas differ: %q", hashes)
		case <-tick.C:
		}
	}
}
