package node

import "git.debros.io/DeBros/network/backend/gateway"

// GatewayTransfer is what the node gives to its gateway.
func GatewayTransfer(n *Node) gateway.Transfer { return gatewayTransfer{n} }
