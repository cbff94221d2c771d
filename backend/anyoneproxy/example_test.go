package anyoneproxy_test

import (
	"fmt"
	"log/slog"

	"git.debros.io/DeBros/network/backend/anyoneproxy"
)

// Without an address the proxy is off, and everything is dialled directly.
func Example() {
	p, err := anyoneproxy.New(anyoneproxy.Settings{}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Check().State)

	p, err = anyoneproxy.New(anyoneproxy.Settings{Address: "127.0.0.1:9050"}, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(p.Check().State, "-", p.Check().Detail)
	// Output:
	// off
	// down - not asked yet
}
