package database_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/libp2p/go-libp2p"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/database"
)

// A node opens its databases, a tenant writes and reads. The namespace's group
// is made with the first request.
func Example() {
	dir, err := os.MkdirTemp("", "databases-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	host, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer host.Close() //nolint:errcheck // the example is over
	databases, err := database.New(database.Settings{Dir: dir, NodeID: host.ID().String()}, host, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ended := databases.Run(ctx, func() {
		defer stop()
		const shop = core.Namespace("shop")
		_, err = databases.Exec(ctx, shop, []core.Statement{
			{SQL: `CREATE TABLE orders (id INTEGER PRIMARY KEY, what TEXT)`},
			{SQL: `INSERT INTO orders (what) VALUES (?), (?)`, Args: []any{"tea", "bread"}},
		}, core.ExecOptions{Atomic: true})
		if err != nil {
			fmt.Println(err)
			return
		}
		rows, err := databases.Query(ctx, shop, core.Statement{SQL: `SELECT id, what FROM orders`}, core.QueryOptions{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(rows.Columns, rows.Values, rows.Provenance.Group)
	})
	if ended != nil {
		fmt.Println(ended)
	}
	// Output: [id what] [[1 tea] [2 bread]] ns::shop
}
