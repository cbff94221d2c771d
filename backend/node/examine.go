package node

// This file gathers the facts for the doctor, who judges them.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
	"git.debros.io/DeBros/network/backend/doctor"
	"git.debros.io/DeBros/network/backend/p2p"
	"git.debros.io/DeBros/network/backend/paths"
)

const (
	// diskTries is how often the disk is asked; the middle answer counts.
	diskTries = 5
	// diskBytes is what one write of the database takes at least.
	diskBytes = 4 << 10
)

// Doctor examines how the node can be reached, and what else holds it up.
func (n *Node) Doctor(ctx context.Context) ([]core.Finding, error) {
	h := n.host.Facts()
	f := doctor.Facts{
		Listening: h.Listening, LoopbackOnly: h.LoopbackOnly, Proxied: h.Proxied, Proxy: n.proxyCheck(), Reachability: h.Reachability,
		Reached: h.Reached, Failed: h.Failed, NATTCP: natWord(h.NATTCP), NATUDP: natWord(h.NATUDP), Router: h.Router, Mapped: h.Mapped,
		Relays: h.Relays, Reserved: h.Reserved, OwnPublic: h.OwnPublic, IPv6: h.IPv6,
		UDPLost: h.UDPLost, IPv6Lost: h.IPv6Lost,
		PunchesTried: h.PunchesTried, PunchesOK: h.PunchesOK, Bootstrap: n.discovery.Bootstraps(),
	}
	for _, p := range n.nodes() { // a client, such as the command that asks, reaches nobody
		called := 0
		if p.Direction == "inbound" && !p.Punched {
			called = 1
		}
		switch {
		case p.Path == core.PathRelayed:
			f.Relayed++
		case p.Path != core.PathDirect:
			f.NearPeers++
		case p.Transport == "quic":
			f.QUICPeers++
			f.QUICCallers += called
		default:
			f.TCPPeers++
			f.TCPCallers += called
		}
	}
	f.ClockOffset, f.ClockFrom = n.paths.Clock()
	took, err := syncSpeed(ctx, n.folder.path)
	if f.DiskSync = took; err != nil {
		f.DiskFault = err.Error() // whoever asks is the operator, whose folder it is
	}
	return doctor.Examine(f), nil
}

// syncSpeed measures how long the disk takes to make a small write last.
func syncSpeed(ctx context.Context, folder string) (_ time.Duration, err error) {
	file, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return 0, fmt.Errorf("make file: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }() //nolint:gosec // CreateTemp chose the name
	var times []time.Duration
	block := make([]byte, diskBytes)
	for range diskTries {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		start := time.Now()
		if _, err = file.Write(block); err != nil {
			return 0, fmt.Errorf("write: %w", err)
		}
		if err = disk.Sync(file); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times[diskTries/2], nil
}

// WhyPath says why the way to a peer is what it is.
func (n *Node) WhyPath(ctx context.Context, id string) (core.PathReason, error) {
	list, err := n.Peers(ctx)
	if err != nil {
		return core.PathReason{}, err
	}
	i := slices.IndexFunc(list, func(p core.Peer) bool { return p.ID == id })
	if i < 0 {
		return core.PathReason{}, core.Errorf(core.NotFound, "no peer with the id %q is known", id)
	}
	link := doctor.Link{Peer: list[i], Here: n.side()}
	if told, ok := n.paths.StandingOf(id); ok {
		link.There = sideOf(told)
	}
	if decoded, err := peer.Decode(id); err == nil {
		for _, p := range n.host.Punches(decoded) {
			link.Attempts = append(link.Attempts, doctor.Attempt(p))
		}
	}
	return doctor.Why(link, time.Now()), nil
}

// side is this end of every link.
func (n *Node) side() doctor.Side {
	s := sideOf(n.standing())
	for _, a := range n.host.Facts().Listening {
		if parts := strings.Split(a, "/"); len(parts) > 4 && parts[3] == "udp" {
			s.UDPPort = parts[4]
		}
	}
	return s
}

func sideOf(s paths.Standing) doctor.Side {
	return doctor.Side{
		Known: true, Proxied: s.Proxied, NATUDP: natWord(s.NATUDP), NATTCP: natWord(s.NATTCP), UDPLost: s.UDPLost, Reachable: s.Reachable,
	}
}

func natWord(kind string) string {
	return map[string]string{p2p.NATKeeps: doctor.NATKeeps, p2p.NATChanges: doctor.NATChanges}[kind]
}
