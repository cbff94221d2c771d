package node

// This file joins the libp2p host with the SOCKS5 proxy through which it dials.

import (
	"fmt"

	"git.debros.io/DeBros/network/backend/anyoneproxy"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
)

// withProxy builds the host, behind the proxy when one is configured.
func (n *Node) withProxy(s p2p.Settings) (err error) {
	c := n.loaded.Config
	if c.ProxyAddress() != "" {
		n.proxy, err = anyoneproxy.New(anyoneproxy.Settings{
			Address: c.ProxyAddress(), User: c.Proxy.User, Password: c.Proxy.Password,
		}, n.logs.Logger("proxy"))
		if err != nil {
			return fmt.Errorf("build proxy: %w", err)
		}
		s.Dialer = n.proxy
	}
	if n.host, err = p2p.New(s, n.logs.Logger("p2p")); err != nil {
		return fmt.Errorf("build p2p: %w", err)
	}
	return nil
}

func (n *Node) proxyCheck() core.Check {
	if n.proxy == nil {
		return core.Check{Name: "proxy", State: core.StateOff, Detail: "not configured"}
	}
	return n.proxy.Check()
}
