// A follower that is killed: the test's own binary, started again as a child
// that keeps a read replica of a group whose voters are in the test.

package database

import (
	"context"
	"log/slog"
	"os/exec"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// followCommand is the test's own binary as a child that follows the voters.
func followCommand(dir string, voters []host.Host) *exec.Cmd {
	var peers []string
	for _, h := range voters {
		for _, addr := range h.Addrs() {
			peers = append(peers, addr.String()+"/p2p/"+h.ID().String())
		}
	}
	child := childCommand(dir)
	child.Env = append(child.Env, childPeers+"="+strings.Join(peers, " "))
	child.Stderr = nil // it panics when its disk is gone
	return child
}

// placed is a directory in which nothing ever changes.
type placed struct{ Placement }

func (p placed) Place(context.Context, core.Namespace) (Placement, error) { return p.Placement, nil }
func (p placed) Find(context.Context, core.Namespace) (Placement, error)  { return p.Placement, nil }
func (placed) Formed(context.Context, core.Namespace) error               { return nil }
func (placed) Moved(core.Namespace)                                       {}

// followMain keeps the replica, without a way to ask other nodes but Raft's own, and the connections to the voters until it is
// killed.
func followMain(h host.Host, dir string, peers []string) error {
	p := Placement{Namespace: red, Formed: true, Revision: 1}
	var voters []peer.AddrInfo
	for _, text := range peers {
		info, err := peer.AddrInfoFromString(text)
		if err != nil {
			return err
		}
		voters = append(voters, *info)
		p.Replicas = append(p.Replicas, Place{Node: info.ID.String(), Voter: true})
	}
	p.Replicas = append(p.Replicas, Place{Node: h.ID().String()})
	d, err := New(Settings{Dir: dir, NodeID: h.ID().String(), SnapshotEvery: childEvery}, h, placed{p}, nobody{}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	ctx := context.Background()
	return d.Run(ctx, func() {
		go func() {
			for ; ; <-time.After(20 * time.Millisecond) {
				for _, voter := range voters {
					_ = h.Connect(ctx, voter)                             //nolint:errcheck // again in a moment
					_, _ = d.Replicas().Wake(ctx, voter.ID.String(), red) //nolint:errcheck // as above
				}
			}
		}()
	})
}
