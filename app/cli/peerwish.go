package cli

// This file has the commands by which a person says what is wanted of a peer,
// and those that measure and explain the way to it.

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

// onePeer is a command about the peer that its first argument names.
func (a *app) onePeer(use, short string, do func(ctx context.Context, r remote, p core.Peer) (record, error)) *cobra.Command {
	return &cobra.Command{
		Use: use + " PEER", Short: short, Args: wants("PEER"), ValidArgsFunction: a.completePeers,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				p, err := findPeer(ctx, r, args[0])
				if err != nil {
					return err
				}
				answer, err := do(ctx, r, p)
				if err != nil {
					return err
				}
				return a.show(document{object: append(record{{"peer_id", p.ID}}, answer...)})
			})
		},
	}
}

func (a *app) peersName() *cobra.Command {
	return &cobra.Command{
		Use: "name PEER NAME", Short: "Give a peer a name that only this installation knows; '' takes it back", Args: wants("PEER", "NAME"), ValidArgsFunction: a.completePeers,
		Example: "  debros peers name …vKXtf 'Ann at home'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				p, err := findPeer(ctx, r, args[0])
				if err != nil {
					return err
				}
				if err := r.NamePeer(ctx, p.ID, args[1]); err != nil {
					return err
				}
				return a.show(document{object: record{{"peer_id", p.ID}, {"name", args[1]}}})
			})
		},
	}
}

func (a *app) peersKeep() *cobra.Command {
	var off bool
	c := a.onePeer("keep", "Dial a peer again whenever it is lost", func(ctx context.Context, r remote, p core.Peer) (record, error) {
		return record{{"keep", !off}}, r.KeepPeer(ctx, p.ID, !off)
	})
	c.Flags().BoolVar(&off, "off", false, "no longer")
	return c
}

func (a *app) peersBlock(on bool) *cobra.Command {
	use, short := "unblock", "Let a blocked peer in again"
	if on {
		use, short = "block", "Cut a peer off, and neither dial it nor let it in"
	}
	return a.onePeer(use, short, func(ctx context.Context, r remote, p core.Peer) (record, error) {
		return record{{"blocked", on}}, r.BlockPeer(ctx, p.ID, on)
	})
}

func (a *app) peersForget() *cobra.Command {
	return a.onePeer("forget", "Drop what is remembered of a peer that is not connected", func(ctx context.Context, r remote, p core.Peer) (record, error) {
		return record{{"forgotten", true}}, r.ForgetPeer(ctx, p.ID)
	})
}

func (a *app) peersPing() *cobra.Command {
	return a.onePeer("ping", "Measure how long a connected peer takes to answer", func(ctx context.Context, r remote, p core.Peer) (record, error) {
		ms, err := r.PingPeer(ctx, p.ID)
		return record{{"ms", ms}}, err
	})
}

func (a *app) peersWhy() *cobra.Command {
	return a.onePeer("why", "Say why a peer is reached the way it is", func(ctx context.Context, r remote, p core.Peer) (record, error) {
		why, err := r.WhyPath(ctx, p.ID)
		return record{{"path", p.Route()}, {"rule", why.Rule}, {"reason", why.Sentence}, {"evidence", why.Evidence}}, err
	})
}

func (a *app) peersMatrix() *cobra.Command {
	return &cobra.Command{
		Use: "matrix", Short: "Show who measured whom, in milliseconds, and by which way", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				m, err := r.PathMatrix(ctx)
				if err != nil {
					return err
				}
				if !m.Sharing {
					a.note("this node tells nobody what it measures; see discovery.share_paths")
				}
				d := document{name: "paths", columns: []string{"from", "to", "ms", "path", "age_ms"}}
				for _, c := range m.Cells {
					d.rows = append(d.rows, record{{"from", c.From}, {"to", c.To}, {"ms", c.MS}, {"path", c.Path}, {"age_ms", c.AgeMS}})
				}
				return a.show(d)
			})
		},
	}
}

func (a *app) peersTimeline() *cobra.Command {
	since := 24 * time.Hour
	c := &cobra.Command{
		Use: "timeline", Short: "List how the ways to peers changed in the last day, oldest first", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				changes, err := r.PathChanges(ctx, time.Now().Add(-since))
				if err != nil {
					return err
				}
				d := document{name: "changes", columns: []string{"at", "peer", "name", "from", "to"}}
				for _, c := range changes {
					d.rows = append(d.rows, record{{"at", c.At}, {"peer", c.Peer}, {"name", c.Name}, {"from", c.From}, {"to", c.To}})
				}
				return a.show(d)
			})
		},
	}
	c.Flags().Var((*duration)(&since), "since", "how far back, at most 24h")
	return c
}

func (a *app) peersTraffic() *cobra.Command {
	return &cobra.Command{
		Use: "traffic", Short: "Show what the node moved since it started, by protocol", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				t, err := r.Traffic(ctx)
				if err != nil {
					return err
				}
				d := document{name: "traffic", columns: []string{"protocol", "bytes_in", "bytes_out", "rate_in", "rate_out"}}
				t.Total.Protocol = "all"
				for _, f := range append([]core.Flow{t.Total}, t.Protocols...) {
					d.rows = append(d.rows, record{
						{"protocol", f.Protocol},
						{"bytes_in", f.BytesIn},
						{"bytes_out", f.BytesOut},
						{"rate_in", wholeBytes(f.RateIn)},
						{"rate_out", wholeBytes(f.RateOut)},
					})
				}
				return a.show(d)
			})
		},
	}
}

// wholeBytes is a rate without the digits that nobody reads.
func wholeBytes(rate float64) int64 { return int64(rate + 0.5) }

func (a *app) peersGossip() *cobra.Command {
	return &cobra.Command{
		Use: "gossip", Short: "Show how the node finds others and hears from them", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				g, err := r.Gossip(ctx)
				if err != nil {
					return err
				}
				if a.opts.output == formatTable || (a.opts.output == "" && a.env.Terminal.Stdout) {
					return a.show(document{object: gossipForPeople(g)})
				}
				return a.show(document{object: record{{"bootstrap", g.Bootstrap}, {"topics", g.Topics}, {"scores", g.Scores}, {"counters", g.Counters}}})
			})
		},
	}
}

func gossipForPeople(g core.Gossip) record {
	var bootstrap, topics, scores, counters []string
	for _, b := range g.Bootstrap {
		text := shortPeer(b.ID) + " connected"
		if !b.Connected {
			text = fmt.Sprintf("%s failed %d times: %s", shortPeer(b.ID), b.Failures, b.Reason)
		}
		bootstrap = append(bootstrap, text)
	}
	for _, t := range g.Topics {
		topics = append(topics, fmt.Sprintf("%s  %s, %d in the mesh, %s here", t.Topic, core.Count(t.Peers, "peer"), t.Mesh, core.Count(t.Subscribers, "subscriber")))
	}
	for _, s := range g.Scores {
		scores = append(scores, fmt.Sprintf("%s %s %.1f", shortPeer(s.Peer), s.Name, s.Score))
	}
	for _, c := range g.Counters {
		counters = append(counters, fmt.Sprintf("%s %d", c.Name, c.Count))
	}
	return record{{"bootstrap", bootstrap}, {"topics", topics}, {"scores", scores}, {"counters", counters}}
}

func (a *app) peersMe() *cobra.Command {
	return &cobra.Command{
		Use: "me", Short: "Show this node as others see it", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				w, err := r.Whereabouts(ctx)
				if err != nil {
					return err
				}
				return a.show(document{object: record{
					{"peer_id", w.ID},
					{"name", w.Name},
					{"addresses", w.Addresses},
					{"public", w.Public},
					{"country", w.Place.Country},
					{"region", w.Place.Region},
				}})
			})
		},
	}
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Examine how the node can be reached, and say what would change it", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				findings, err := r.Doctor(ctx)
				if err != nil {
					return err
				}
				d := document{name: "findings", columns: []string{"id", "result", "title", "evidence", "remedy"}}
				forPeople := a.opts.output == formatTable || (a.opts.output == "" && a.env.Terminal.Stdout)
				if forPeople {
					d.columns = []string{"result", "title", "evidence"}
				}
				for _, f := range findings {
					d.rows = append(d.rows, record{{"id", f.ID}, {"result", f.Result}, {"title", f.Title}, {"evidence", f.Evidence}, {"remedy", f.Remedy}})
					if forPeople && f.Remedy != "" {
						d.rows = append(d.rows, record{{"result", ""}, {"title", ""}, {"evidence", "→ " + f.Remedy}})
					}
				}
				return a.show(d)
			})
		},
	}
}
