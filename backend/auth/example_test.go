package auth_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"git.debros.io/DeBros/network/backend/auth"
	"git.debros.io/DeBros/network/backend/core"
)

// empty is a database in which nothing was ever written.
type empty struct{}

func (empty) Query(context.Context, core.Namespace, core.Statement, core.QueryOptions) (*core.Rows, error) {
	return &core.Rows{}, nil
}

func (empty) Exec(_ context.Context, _ core.Namespace, s []core.Statement, _ core.ExecOptions) (*core.ExecAnswer, error) {
	return &core.ExecAnswer{Results: make([]core.ExecResult, len(s))}, nil
}

func (empty) Changed(ctx context.Context, _ core.Namespace, _ uint64, _ []string, wait time.Duration) (core.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	<-ctx.Done()
	return core.Change{}, nil
}

// The operator may do everything but in the network's own namespace; a stranger
// nothing.
func Example() {
	dir, err := os.MkdirTemp("", "auth")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a folder of the example
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	a, err := auth.New(auth.Settings{
		Network: "7Q2F", NodeID: "home", TokenKeyFile: filepath.Join(dir, "token.key"), OperatorKey: "the key in the node's data folder", RequireAuth: true,
		Sign:       func(data []byte) ([]byte, error) { return ed25519.Sign(private, data), nil },
		VerifyNode: func(_ string, data, signature []byte) bool { return ed25519.Verify(public, data, signature) },
		IsMember:   func(node string) bool { return node == "home" },
	}, empty{}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- a.Run(ctx, func() { close(ready) }) }()
	<-ready
	operator, err := a.Authenticate(ctx, "the key in the node's data folder", "127.0.0.1")
	fmt.Println(operator.Subject, err)
	fmt.Println(a.Allow(ctx, operator, "shop", core.PermissionOwner), core.CodeOf(a.Allow(ctx, operator, core.SystemNamespace, core.PermissionRead)))
	_, err = a.Authenticate(ctx, "a guess", "192.0.2.1")
	fmt.Println(core.CodeOf(err))
	stop()
	fmt.Println(<-ended)
	// Output:
	// operator <nil>
	// <nil> denied
	// unauthenticated
	// <nil>
}
