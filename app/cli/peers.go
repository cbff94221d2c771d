package cli

// This file has the commands about other peers.

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) peersCommand() *cobra.Command {
	ls := a.peersLs()
	c := a.group("peers", "See and change connections to peers", ls, a.peersShow(), a.peersConnect(), a.peersDisconnect(),
		a.peersName(), a.peersKeep(), a.peersBlock(true), a.peersBlock(false), a.peersForget(), a.peersPing(), a.peersWhy(),
		a.peersMatrix(), a.peersTimeline(), a.peersTraffic(), a.peersGossip(), a.peersMe())
	// The original command was a bare "peers".
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return ls.RunE(cmd, args)
		}
		return a.helpOrUnknown(cmd, args)
	}
	return c
}

func (a *app) peersLs() *cobra.Command {
	var all bool
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List peers, the connected ones first", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				peers, err := r.Peers(ctx)
				if err != nil {
					return err
				}
				d := document{name: "peers", columns: []string{"id", "name", "connected", "path", "transport", "direction", "latency_ms", "agent"}}
				for _, p := range peers {
					if p.Connected || all {
						d.rows = append(d.rows, peerRecord(p))
					}
				}
				if hidden := len(peers) - len(d.rows); hidden > 0 {
					a.note("%d known peers are not connected; --all shows them", hidden)
				}
				return a.show(d)
			})
		},
	}
	c.Flags().BoolVar(&all, "all", false, "with those that are not connected")
	return c
}

func peerRecord(p core.Peer) record {
	return record{
		{"id", p.ID},
		{"name", p.Name},
		{"addresses", p.Addresses},
		{"address", p.Address},
		{"connected", p.Connected},
		{"direction", p.Direction},
		{"path", p.Path},
		{"route", p.Route()},
		{"relay", p.Relay},
		{"transport", p.Transport},
		{"agent", p.Agent},
		{"protocols", p.Protocols},
		{"role", p.Role},
		{"member", p.Member},
		{"latency_ms", p.LatencyMS},
		{"bytes_in", p.BytesIn},
		{"bytes_out", p.BytesOut},
		{"since", p.Since},
		{"last_seen", p.LastSeen},
		{"keep", p.Keep},
		{"blocked", p.Blocked},
		{"place", p.Place.Kind},
		{"country", p.Place.Country},
		{"region", p.Place.Region},
	}
}

func (a *app) peersShow() *cobra.Command {
	return &cobra.Command{
		Use: "show PEER", Short: "Show one peer; the end of its id is enough", Args: wants("PEER"), ValidArgsFunction: a.completePeers,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				p, err := findPeer(ctx, r, args[0])
				if err != nil {
					return err
				}
				return a.show(document{object: peerRecord(p)})
			})
		},
	}
}

// findPeer finds the one known peer whose id is, or ends with, text, or whose
// name it is.
func findPeer(ctx context.Context, r remote, text string) (core.Peer, error) {
	peers, err := r.Peers(ctx)
	if err != nil {
		return core.Peer{}, err
	}
	var found []core.Peer
	for _, p := range peers {
		if p.ID == text {
			return p, nil
		}
		if strings.HasSuffix(p.ID, strings.TrimPrefix(text, "…")) || (p.Name != "" && p.Name == text) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 0:
		return core.Peer{}, core.Errorf(core.NotFound, "no peer with the id %q is known; 'debros peers ls --all' lists all", text)
	case 1:
		return found[0], nil
	}
	return core.Peer{}, core.Errorf(core.Invalid, "%d peers are called %q or end with it; write more of the id", len(found), text)
}

func (a *app) peersConnect() *cobra.Command {
	return &cobra.Command{
		Use: "connect ADDRESS", Short: "Make the node connect to a peer", Args: wants("ADDRESS"),
		Example: "  debros peers connect /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				if err := r.Connect(ctx, args[0]); err != nil {
					return err
				}
				return a.show(document{object: record{{"connected", true}, {"peer_id", peerID(args[0])}}})
			})
		},
	}
}

func (a *app) peersDisconnect() *cobra.Command {
	return &cobra.Command{
		Use: "disconnect PEER", Short: "Close the connections to a peer", Args: wants("PEER"), ValidArgsFunction: a.completePeers,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				p, err := findPeer(ctx, r, args[0])
				if err != nil {
					return err
				}
				if err := r.Disconnect(ctx, p.ID); err != nil {
					return err
				}
				return a.show(document{object: record{{"disconnected", true}, {"peer_id", p.ID}}})
			})
		},
	}
}
