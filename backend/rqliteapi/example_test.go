package rqliteapi_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/rqliteapi"
)

// oneRow is a database that answers every read with one row.
type oneRow struct{}

func (oneRow) Query(context.Context, core.Namespace, core.Statement, core.QueryOptions) (*core.Rows, error) {
	return &core.Rows{Columns: []string{"n", "b"}, Types: []string{"INTEGER", ""}, Values: [][]any{{int64(9007199254740993), []byte{1, 2}}}}, nil
}

func (oneRow) Exec(_ context.Context, _ core.Namespace, list []core.Statement, _ core.ExecOptions) (*core.ExecAnswer, error) {
	return &core.ExecAnswer{Results: make([]core.ExecResult, len(list))}, nil
}
func (oneRow) Export(context.Context, core.Namespace, string, io.Writer) error { return nil }
func (oneRow) Import(context.Context, core.Namespace, core.Transfer, io.Reader) (core.TransferResult, error) {
	return core.TransferResult{}, nil
}

// openNode asks for no credential and takes every statement for a read.
type openNode struct{}

func (openNode) Authorize(context.Context, core.Secret, core.Namespace, core.Permission) error {
	return nil
}
func (openNode) Kind(string) (string, error) { return "read", nil }
func (openNode) Placement(context.Context, core.Namespace) (core.Placement, error) {
	return core.Placement{}, nil
}

func Example() {
	api, err := rqliteapi.New(context.Background(), rqliteapi.Settings{
		Address: "127.0.0.1:0", Namespace: "shop", Now: time.Now,
	}, oneRow{}, openNode{}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(core.Sentence(err))
		return
	}
	for _, query := range []string{"", "?associative&blob_array"} {
		body := strings.NewReader(`[["SELECT n, b FROM t WHERE n > ?", 7]]`)
		answer := httptest.NewRecorder()
		api.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "http://"+api.Address()+"/db/query"+query, body))
		fmt.Println(answer.Body)
	}
	fmt.Println(api.Close())
	// Output:
	// {"results":[{"columns":["n","b"],"types":["integer","blob"],"values":[[9007199254740993,"AQI="]]}]}
	// {"results":[{"types":{"b":"blob","n":"integer"},"rows":[{"b":[1,2],"n":9007199254740993}]}]}
	// <nil>
}
