package cli

// This file has the commands that stand alone.

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) healthCommand() *cobra.Command {
	return &cobra.Command{
		Use: "health", Short: "Say whether the node can serve, part by part; exit status 5 when not", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				h, err := r.Health(ctx)
				if err != nil {
					return err
				}
				checks := make([]record, len(h.Checks))
				for i, c := range h.Checks {
					checks[i] = record{{"name", c.Name}, {"state", c.State}, {"detail", c.Detail}}
				}
				d := document{object: record{{"state", h.State}, {"took_ms", milliseconds(h.Took)}, {"checks", checks}}, raw: []byte(h.State + "\n"), hasRaw: true}
				if a.opts.output == formatTable || a.opts.output == formatCSV || (a.opts.output == "" && a.env.Terminal.Stdout) {
					rows := append([]record{{{"name", "node"}, {"state", h.State}, {"detail", fmt.Sprintf("asked in %.1f ms", milliseconds(h.Took))}}}, checks...)
					d = document{name: "checks", columns: []string{"name", "state", "detail"}, rows: rows}
				}
				if err := a.show(d); err != nil {
					return err
				}
				if h.State == core.StateDown {
					return &exitError{status: core.Unavailable.ExitStatus()}
				}
				return nil
			})
		},
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (a *app) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show what the node is and has", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				s, err := r.Status(ctx)
				if err != nil {
					return err
				}
				if a.opts.output == formatTable || (a.opts.output == "" && a.env.Terminal.Stdout) {
					return a.show(document{object: statusForPeople(s)})
				}
				return a.show(document{object: record{
					{"peer_id", s.PeerID},
					{"name", s.Name},
					{"network", s.Network},
					{"solana_wallet", s.SolanaWallet},
					{"role", s.Role},
					{"version", s.Version},
					{"started_at", s.StartedAt},
					{"addresses", s.Addresses},
					{"gateway", s.Gateway},
					{"rqlite", s.RQLite},
					{"ui", s.UI},
					{"data_dir", s.DataDir},
					{"peers", s.Peers},
					{"relayed", s.Relayed},
					{"reachability", s.Reachability},
					{"proxy", s.Proxy},
					{"database_size", s.DatabaseSize},
					{"groups", groups(s.Groups)},
				}})
			})
		},
	}
}

// groups is never null in JSON.
func groups(g []core.Group) []core.Group {
	if g == nil {
		return []core.Group{}
	}
	return g
}

func statusForPeople(s core.Status) record {
	var lines []string
	for _, g := range s.Groups {
		lines = append(lines, fmt.Sprintf("%s  %s, index %d, %s", g.Name, g.State, g.Index, bytesInWords(g.Size)))
	}
	or := func(text, fallback string) string {
		if text == "" {
			return fallback
		}
		return text
	}
	return record{
		{"peer id", s.PeerID},
		{"name", or(s.Name, "none; set node.id")},
		{"network", s.Network},
		{"role", s.Role},
		{"version", s.Version},
		{"up", time.Since(s.StartedAt).Round(time.Second).String()},
		{"addresses", s.Addresses},
		{"gateway", or(s.Gateway, "off")},
		{"rqlite", or(s.RQLite, "off")},
		{"page", or(s.UI, "off")},
		{"peers", fmt.Sprintf("%d connected, %d of them through a relay", s.Peers, s.Relayed)},
		{"reachable", s.Reachability},
		{"proxy", s.Proxy.State + or(" · "+s.Proxy.Detail, "")},
		{"data", s.DataDir + ", databases " + bytesInWords(s.DatabaseSize)},
		{"databases", lines},
	}
}

// bytesInWords is a size with one digit behind the point.
func bytesInWords(n int64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	value, at := float64(n), 0
	for value >= 1000 && at < len(units)-1 {
		value, at = value/1000, at+1
	}
	if at == 0 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f %s", value, units[at])
}

func (a *app) peerIDCommand() *cobra.Command {
	return &cobra.Command{
		Use: "peer-id", Short: "Print the node's peer id", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			dir, err := a.dataDir()
			if err != nil {
				return err
			}
			run, err := a.localNode(dir)
			if err != nil {
				return err
			}
			return a.show(document{object: record{{"peer_id", run.PeerID}, {"addresses", run.P2P}}, raw: []byte(run.PeerID + "\n"), hasRaw: true, rawIs: true})
		},
	}
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			b := a.env.Program.Build
			return a.show(document{
				object: record{{"version", b.Version}, {"commit", b.Commit}, {"build_time", b.Time}, {"go", runtime.Version()}, {"system", runtime.GOOS + "/" + runtime.GOARCH}},
				raw:    []byte(b.Version + "\n"), hasRaw: true,
			})
		},
	}
}

func (a *app) limitsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "limits", Short: "List every bound, why it is there and which key changes it", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			d := document{name: "limits", columns: []string{"name", "value", "why", "key"}}
			for _, l := range a.env.Program.Limits() {
				d.rows = append(d.rows, record{{"name", l.Name}, {"value", l.Value}, {"why", l.Why}, {"key", l.Key}})
			}
			return a.show(d)
		},
	}
}

func (a *app) uiCommand() *cobra.Command {
	var open bool
	var about string
	c := &cobra.Command{
		Use: "ui", Short: "Print a link to the node's page; it works once", Args: wants(),
		Long: "Prints a link to the page of the running node. It works once and for five minutes. A\nnode whose page is a window raises it instead.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				link, err := r.Open(ctx, about)
				if err != nil {
					return err
				}
				if link == "" {
					a.note("The node's window was raised.")
					return nil
				}
				if open {
					if err := a.env.Program.OpenURL(ctx, link); err != nil {
						return err
					}
				}
				return a.show(document{object: record{{"link", link}}, raw: []byte(link + "\n"), hasRaw: true, rawIs: true})
			})
		},
	}
	c.Flags().BoolVar(&open, "open", false, "open it in the browser")
	c.Flags().StringVar(&about, "link", "", "a debros: link that the page asks about")
	return c
}
