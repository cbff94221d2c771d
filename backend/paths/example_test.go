package paths_test

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/paths"
)

func Example() {
	h, err := libp2p.New(libp2p.NoListenAddrs)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close() //nolint:errcheck // the example ends
	p, err := paths.New(paths.Settings{
		Share:   true,
		Network: func() string { return "home" },
		Members: func() map[string]string { return map[string]string{"12D3KooWattic": "attic"} },
		Measured: func() []paths.Measured {
			return []paths.Measured{{Peer: "12D3KooWattic", MS: 1.5, Route: core.RouteLAN, At: time.Now()}}
		},
		Standing: func() paths.Standing { return paths.Standing{} },
		Looked:   func() bool { return true },
	}, h, slog.New(slog.DiscardHandler))
	if err != nil {
		fmt.Println(err)
		return
	}
	m := p.Matrix("cellar")
	fmt.Println(m.Nodes[0].Name, "reaches", m.Nodes[1].Name, "in", m.Cells[0].MS, "ms by", m.Cells[0].Path)
	// Output: cellar reaches attic in 1.5 ms by lan
}
