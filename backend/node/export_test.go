package node

import (
	"git.debros.io/DeBros/network/backend/anchat/wire"
	"git.debros.io/DeBros/network/backend/gateway"
)

// GatewayTransfer is what the node gives to its gateway.
func GatewayTransfer(n *Node) gateway.Transfer { return gatewayTransfer{n} }

// OpenRows is what a node gives to a device of its chat.
func OpenRows(n *Node, caller wire.Caller, sign wire.Sign) (wire.Service, wire.Gossip, error) {
	s, err := n.networks.session()
	if err != nil {
		return nil, nil, err
	}
	return chatPart{n, s}.openChat(caller, sign)
}
