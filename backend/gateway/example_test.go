package gateway_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/gateway"
)

type oneNode struct{ gateway.Node }

func (oneNode) Status(context.Context) (core.Status, error) { return core.Status{}, nil }
func (oneNode) Health(context.Context) (core.Health, error) {
	return core.Health{State: core.StateOK}, nil
}

func Example() {
	g, err := gateway.New(context.Background(), gateway.Settings{Address: "127.0.0.1:0", Now: time.Now}, gateway.Services{Node: oneNode{}}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(core.Sentence(err))
		return
	}
	request := httptest.NewRequest(http.MethodGet, "http://"+g.Address()+"/health", nil)
	answer := httptest.NewRecorder()
	g.Handler().ServeHTTP(answer, request)
	fmt.Println(answer.Code, g.Close())
	// Output: 200 <nil>
}
