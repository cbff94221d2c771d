package logging_test

import (
	"fmt"
	"io"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
)

// Each part has a logger of its own; a secret never reaches any output.
func ExampleNew() {
	logs, err := logging.New(logging.Settings{Level: "info"}, io.Discard)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer logs.Close() //nolint:errcheck // there is no file that could fail

	logs.Logger("p2p").Info("listening", core.KeyAddress, "/ip4/127.0.0.1/tcp/4001")
	logs.Logger("rpc").Debug("not logged at this level")
	logs.Logger("rpc").Warn("refused", "key", core.Secret("op_123"))

	for _, e := range logs.Recent().After(0, 100) {
		fmt.Println(e.Seq, e.Level, e.Part, e.Message, e.Attrs)
	}
	// Output:
	// 1 info p2p listening map[address:/ip4/127.0.0.1/tcp/4001]
	// 2 warn rpc refused map[key:[secret]]
}
