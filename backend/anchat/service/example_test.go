package service_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"git.debros.io/DeBros/network/backend/anchat/service"
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/core"
)

// empty is the databases of a node in which nothing was ever written.
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

func (empty) Keepers(context.Context, core.Namespace) ([]string, error) { return []string{"home"}, nil }

func (empty) QueryAt(context.Context, string, core.Namespace, core.Statement, core.QueryOptions) (*core.Rows, error) {
	return &core.Rows{}, nil
}

func (empty) Name(node string) string { return node }

// Rows are judged one by one; a mailbox is there once something was put into it.
func Example() {
	s := service.New(service.Settings{}, empty{}, empty{}, slog.New(slog.DiscardHandler)).As(wire.Caller{})
	ctx := context.Background()
	message := wire.Message{Suite: wire.SuiteOlm, Body: make([]byte, 200)}
	receipts, err := s.Put(ctx, [][]byte{message.Encode(), {byte(wire.KindAck)}})
	fmt.Println(receipts[0].Code, receipts[1].Code, err)
	_, err = s.Mailbox(ctx, wire.NewTag(), 0, wire.MaxPage)
	fmt.Println(core.CodeOf(err))
	// Output:
	// invalid invalid <nil>
	// not_found
}
