package p2p

// This file opens the listen addresses, and says in words why one cannot be opened.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"syscall"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"git.debros.io/DeBros/network/backend/core"
)

// listen opens every address or none: libp2p itself is content with one of
// them, and a node that silently lacks one cannot be found under it.
func (h *Host) listen(ctx context.Context) error {
	for _, addr := range h.plan.listen {
		// libp2p opens TCP ports with SO_REUSEPORT, so a second node of the same
		// user would share a taken port without an error and lose half of its
		// callers to the first. A plain attempt finds that out.
		if err := probe(ctx, addr); err != nil {
			return cannotListen(addr, err)
		}
		if err := h.Network().Listen(addr); err != nil {
			return cannotListen(addr, err)
		}
	}
	return nil
}

func probe(ctx context.Context, addr ma.Multiaddr) error {
	network, hostPort, err := manet.DialArgs(addr)
	if err != nil {
		return fmt.Errorf("read address: %w", err)
	}
	var config net.ListenConfig
	if isQUIC(addr) {
		return openAndClose(config.ListenPacket(ctx, network, hostPort))
	}
	return openAndClose(config.Listen(ctx, network, hostPort))
}

func openAndClose[C io.Closer](opened C, err error) error {
	if err != nil {
		return err // cannotListen gives it its words
	}
	return opened.Close()
}

func cannotListen(addr ma.Multiaddr, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return core.Wrap(core.Unavailable, err, "the address %s is taken%s; end that program, or choose another port in node.listen_addresses (port 0 picks a free one)", addr, heldBy(addr))
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return core.Wrap(core.Unavailable, err, "the address %s is not one of this computer; use 0.0.0.0 for all of its addresses in node.listen_addresses", addr)
	case errors.Is(err, syscall.EACCES):
		return core.Wrap(core.Unavailable, err, "the address %s may not be opened by this user; choose a port above 1023 in node.listen_addresses", addr)
	}
	return core.Wrap(core.Unavailable, err, "the address %s cannot be listened on; choose another in node.listen_addresses", addr)
}

// heldBy is " by process 123 (name)", or "" where that cannot be seen.
func heldBy(addr ma.Multiaddr) string {
	network, hostPort, err := manet.DialArgs(addr)
	if err != nil {
		return ""
	}
	_, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return ""
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return ""
	}
	pid, name, found := findHolder("/proc", network[:3], uint16(number))
	if !found {
		return ""
	}
	return fmt.Sprintf(" by process %d (%s)", pid, name)
}
