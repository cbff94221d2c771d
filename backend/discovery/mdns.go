package discovery

// This file finds nodes on the local network by multicast DNS.

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
)

// startMDNS announces this node and listens for others, when that is wished and
// the host may leave this computer. A network without multicast is no fault.
func (d *Discovery) startMDNS() (stop func()) {
	if !d.settings.MDNS {
		return func() {}
	}
	if d.host.LoopbackOnly() {
		d.log.Info("not looking on the local network, because this node listens on loopback only")
		return func() {}
	}
	service := mdns.NewMdnsService(d.host, mdnsService(d.settings.NetworkName), neighbours(d.offer))
	if err := service.Start(); err != nil {
		d.log.Warn("the local network cannot be searched; other ways still work", core.KeyError, err)
	}
	return func() {
		if err := service.Close(); err != nil {
			d.log.Warn("the search of the local network did not end well", core.KeyError, err)
		}
	}
}

// mdnsService is the service name of a network. It is a hash: everybody on the
// LAN can read it, and any text must fit in a DNS label.
func mdnsService(network string) string {
	sum := sha256.Sum256([]byte(network))
	return "_debros-" + hex.EncodeToString(sum[:8]) + "._udp"
}

// neighbours passes on who was found. Anybody on the LAN can announce anything,
// so loopback addresses are left out.
type neighbours func([]peer.AddrInfo)

// HandlePeerFound is called by libp2p.
func (n neighbours) HandlePeerFound(found peer.AddrInfo) {
	found.Addrs = slices.DeleteFunc(slices.Clone(found.Addrs), func(a ma.Multiaddr) bool {
		c := classOf(a)
		return c == nowhere || c == loopback
	})
	if len(found.Addrs) > MaxAddressesPerPeer {
		found.Addrs = found.Addrs[:MaxAddressesPerPeer]
	}
	n([]peer.AddrInfo{found})
}
