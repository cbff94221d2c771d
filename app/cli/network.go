package cli

// This file has the commands about the network that the node is in.

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) networkCommand() *cobra.Command {
	return a.group("network", "See and change the network that the node is in",
		a.networkStatus(), a.networkMembers(), a.networkGroups(), a.networkLs(), a.networkUse(), a.networkRename(), a.networkRm(),
		a.group("replica", "Keep a read replica of a namespace on this node, or give it up",
			a.networkReplica("add", "Keep a read replica of a namespace on this node", remote.AddReplica),
			a.networkReplica("drop", "Give up this node's read replica of a namespace", remote.DropReplica)),
		a.group("member", "Change who belongs to the network", a.networkMemberRm()))
}

func (a *app) networkStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show the network, this node's role in it and who leads it", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				s, err := r.Network(ctx)
				if err != nil {
					return err
				}
				joining := record{{"phase", s.Joining.Phase}, {"detail", s.Joining.Detail}, {"done", s.Joining.Done}, {"total", s.Joining.Total}}
				return a.show(document{object: append(networkRecord(s.Network),
					field{"state", s.State}, field{"detail", s.Detail}, field{"leader", s.Leader},
					field{"members", s.Members}, field{"voters", s.Voters}, field{"joining", joining})})
			})
		},
	}
}

func networkRecord(n core.Network) record {
	return record{{"id", n.ID}, {"name", n.Name}, {"role", n.Role}, {"current", n.Current}, {"created_at", n.CreatedAt}, {"size", n.Size}}
}

func (a *app) networkMembers() *cobra.Command {
	return &cobra.Command{
		Use: "members", Short: "List the nodes that belong to the network", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				members, err := r.Members(ctx)
				if err != nil {
					return err
				}
				d := document{name: "members", columns: []string{"id", "name", "state", "self", "connected", "replicas", "version", "seen_at"}}
				for _, m := range members {
					d.rows = append(d.rows, record{
						{"id", m.ID},
						{"name", m.Name},
						{"addresses", m.Addresses},
						{"state", m.State},
						{"version", m.Version},
						{"joined_at", m.JoinedAt},
						{"seen_at", m.SeenAt},
						{"self", m.Self},
						{"connected", m.Connected},
						{"replicas", m.Replicas},
					})
				}
				return a.show(d)
			})
		},
	}
}

func (a *app) networkGroups() *cobra.Command {
	return &cobra.Command{
		Use: "groups", Short: "List the namespaces' groups: leader, replicas and how far behind they are", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				placements, err := r.Placements(ctx)
				if err != nil {
					return err
				}
				forPeople := a.opts.output == formatTable || a.opts.output == formatCSV || (a.opts.output == "" && a.env.Terminal.Stdout)
				d := document{name: "groups", columns: []string{"group", "state", "leader", "index", "factor", "replicas"}}
				for _, p := range placements {
					row := record{
						{"namespace", string(p.Namespace)},
						{"group", p.Group},
						{"state", p.State},
						{"detail", p.Detail},
						{"leader", p.Leader},
						{"index", p.Index},
						{"factor", p.Factor},
						{"replicas", p.Replicas},
						{"created_at", p.CreatedAt},
					}
					if forPeople {
						row[7].value = replicasInWords(p.Replicas)
					} else if p.Replicas == nil {
						row[7].value = []core.Replica{}
					}
					d.rows = append(d.rows, row)
				}
				return a.show(d)
			})
		},
	}
}

// replicasInWords is one line for a table: who, what it is, how far behind.
func replicasInWords(list []core.Replica) string {
	words := make([]string, 0, len(list))
	for _, r := range list {
		text := shortPeer(r.Node) + " " + r.State
		if r.Role == core.ReplicaNonvoter {
			text += " (reads)"
		}
		if r.Lag > 0 {
			text += fmt.Sprintf(" %d behind", r.Lag)
		}
		words = append(words, text)
	}
	return strings.Join(words, ", ")
}

// shortPeer is the end of a peer id, which is where ids differ.
func shortPeer(id string) string {
	const kept = 8
	if len(id) <= kept {
		return id
	}
	return "…" + id[len(id)-kept:]
}

func (a *app) networkLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the networks that this installation has been in", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				networks, err := r.Networks(ctx)
				if err != nil {
					return err
				}
				d := document{name: "networks", columns: []string{"id", "name", "role", "current", "size", "created_at"}}
				for _, n := range networks {
					d.rows = append(d.rows, networkRecord(n))
				}
				return a.show(d)
			})
		},
	}
}

func (a *app) networkUse() *cobra.Command {
	return &cobra.Command{
		Use: "use NETWORK", Short: "Change to another network of this installation; nothing is lost", Args: wants("NETWORK"), ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				n, err := findNetwork(ctx, r, args[0])
				if err != nil {
					return err
				}
				if err := r.UseNetwork(ctx, n.ID); err != nil {
					return err
				}
				return a.show(document{object: record{{"network", n.ID}, {"name", n.Name}}})
			})
		},
	}
}

func (a *app) networkRename() *cobra.Command {
	return &cobra.Command{
		Use: "rename NETWORK NAME", Short: "Give a network another name, on this computer only", Args: wants("NETWORK", "NAME"), ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				n, err := findNetwork(ctx, r, args[0])
				if err != nil {
					return err
				}
				if err := r.RenameNetwork(ctx, n.ID, args[1]); err != nil {
					return err
				}
				return a.show(document{object: record{{"network", n.ID}, {"name", args[1]}}})
			})
		},
	}
}

func (a *app) networkRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm NETWORK", Short: "Delete what this computer has of a network that is not in use", Args: wants("NETWORK"), ValidArgsFunction: a.completeNetworks,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				n, err := findNetwork(ctx, r, args[0])
				if err != nil {
					return err
				}
				word := nameOf(n)
				if err := a.confirm(fmt.Sprintf("This deletes %s of the network %s from this computer; what only this computer has is gone for good", bytesInWords(n.Size), word), word); err != nil {
					return err
				}
				if err := r.RemoveNetwork(ctx, n.ID); err != nil {
					return err
				}
				return a.show(document{object: record{{"removed", true}, {"network", n.ID}}})
			})
		},
	}
}

// nameOf is what a person calls a network.
func nameOf(n core.Network) string {
	if n.Name == "" {
		return n.ID
	}
	return n.Name
}

// findNetwork finds the one network whose id or name is text, or whose id begins with it.
func findNetwork(ctx context.Context, r remote, text string) (core.Network, error) {
	networks, err := r.Networks(ctx)
	if err != nil {
		return core.Network{}, err
	}
	var found []core.Network
	for _, n := range networks {
		if n.ID == text {
			return n, nil
		}
		if n.Name == text || strings.HasPrefix(n.ID, text) {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 0:
		return core.Network{}, core.Errorf(core.NotFound, "this installation knows no network %q; 'debros network ls' lists all", text)
	case 1:
		return found[0], nil
	}
	return core.Network{}, core.Errorf(core.Invalid, "%d networks are called %q; write the id", len(found), text)
}

func (a *app) networkReplica(verb, short string, do func(remote, context.Context, core.Namespace) error) *cobra.Command {
	return &cobra.Command{
		Use: verb + " NAMESPACE", Short: short, Args: wants("NAMESPACE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ns, err := core.ParseNamespace(args[0])
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				if err := do(r, ctx, ns); err != nil {
					return err
				}
				return a.show(document{object: record{{"namespace", string(ns)}, {"read_replica", verb == "add"}}})
			})
		},
	}
}

func (a *app) networkMemberRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm MEMBER", Short: "End the membership of a node that is gone for good; the end of its id is enough",
		Args: wants("MEMBER"), ValidArgsFunction: a.completeMembers,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				m, err := findMember(ctx, r, args[0])
				if err != nil {
					return err
				}
				word := m.Name
				if word == "" {
					word = shortPeer(m.ID)
				}
				if err := a.confirm(fmt.Sprintf("%s keeps %d replicas, which others take over; it comes back with a new ticket only", word, m.Replicas), word); err != nil {
					return err
				}
				if err := r.RemoveMember(ctx, m.ID); err != nil {
					return err
				}
				return a.show(document{object: record{{"removed", true}, {"member", m.ID}}})
			})
		},
	}
}

// findMember finds the one member whose id or name is text, or whose id ends with it.
func findMember(ctx context.Context, r remote, text string) (core.Member, error) {
	members, err := r.Members(ctx)
	if err != nil {
		return core.Member{}, err
	}
	var found []core.Member
	for _, m := range members {
		if m.ID == text {
			return m, nil
		}
		if m.Name == text || strings.HasSuffix(m.ID, strings.TrimPrefix(text, "…")) {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return core.Member{}, core.Errorf(core.NotFound, "no member is called %q; 'debros network members' lists all", text)
	case 1:
		return found[0], nil
	}
	return core.Member{}, core.Errorf(core.Invalid, "%d members are called %q; write more of the id", len(found), text)
}

func (a *app) leaveCommand() *cobra.Command {
	var force, dry bool
	c := &cobra.Command{
		Use: "leave", Short: "Leave the network; this node's replicas are handed over first", Args: wants(),
		Long: "Ends this node's membership. Others take its replicas and its leadership over first. The\n" +
			"node then has a network of its own, and what it kept stays on this computer until\n" +
			"'debros network rm'. --force leaves without handing over, when the others are gone.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				s, err := r.Network(ctx)
				if err != nil {
					return err
				}
				if dry {
					return a.show(document{object: append(networkRecord(s.Network), field{"members", s.Members}, field{"forced", force})})
				}
				word := nameOf(s.Network)
				what := fmt.Sprintf("This node leaves the network %s of %d members; they keep the data", word, s.Members)
				switch {
				case s.Members <= 1:
					what = fmt.Sprintf("This node is alone in the network %s; its data stays on this computer until 'debros network rm'", word)
				case force:
					what += ", but what only this node has is not handed over"
				}
				if err := a.confirm(what, word); err != nil {
					return err
				}
				if err := r.Leave(ctx, force); err != nil {
					return err
				}
				return a.show(document{object: record{{"left", true}, {"network", s.ID}}})
			})
		},
	}
	c.Flags().BoolVar(&force, "force", false, "leave without handing over")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would be left, and change nothing")
	return c
}

// joinStep is the time between two looks at how far a join is.
const joinStep = 200 * time.Millisecond

func (a *app) joinCommand() *cobra.Command {
	return &cobra.Command{
		Use: "join TICKET", Short: "Make the node a member of the network that a ticket is for", Args: wants("TICKET"),
		Long: "TICKET is what 'debros invite' printed, or its link. It is a secret: '-' reads it from\n" +
			"standard input and @file from a file, which keeps it out of the shell's history.",
		RunE: func(cmd *cobra.Command, args []string) error {
			ticket, err := a.value(args, 0)
			if err != nil {
				return err
			}
			if _, err := a.find(cmd.Context(), core.DefaultNamespace); core.CodeOf(err) == core.Unavailable && a.opts.wait == 0 {
				return core.Wrap(core.Unavailable, err, "no node runs here; start one with: debros node start --join TICKET")
			}
			return a.stream(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				done := make(chan error, 1)
				go func() { done <- r.Join(ctx, strings.TrimSpace(string(ticket))) }()
				if err := a.awaitJoin(ctx, r, done); err != nil {
					return err
				}
				return a.followJoin(ctx, r)
			})
		},
	}
}

// awaitJoin tells each phase of a join until it is decided.
func (a *app) awaitJoin(ctx context.Context, r remote, done <-chan error) error {
	tick := time.NewTicker(joinStep)
	defer tick.Stop()
	said := ""
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
		}
		if s, err := r.Network(ctx); err == nil && s.Joining.Phase != said && (s.Joining.Phase == core.JoinConnect || s.Joining.Phase == core.JoinAdmit) {
			said = s.Joining.Phase
			a.note("%s", said)
		}
	}
}

// followJoin tells each phase once, and returns when the node has caught up.
func (a *app) followJoin(ctx context.Context, r remote) error {
	if a.opts.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.opts.timeout)
		defer cancel()
	}
	said := ""
	for {
		s, err := r.Network(ctx)
		if err != nil && core.CodeOf(err) != core.Unavailable { // it is while the node changes networks
			return err
		}
		if err == nil {
			line := strings.TrimSpace(s.Joining.Phase + " " + s.Joining.Detail)
			if s.Joining.Total > 0 {
				line = fmt.Sprintf("%s (%d of %d)", line, s.Joining.Done, s.Joining.Total)
			}
			if line != said && line != "" {
				said = line
				a.note("%s", strings.ReplaceAll(line, "_", " "))
			}
			switch s.Joining.Phase {
			case core.JoinFailed:
				return core.Errorf(core.Unavailable, "the node could not join: %s; it is still in the network it was in", s.Joining.Detail)
			case core.JoinCaughtUp, "":
				return a.show(document{object: record{{"joined", true}, {"network", s.ID}, {"name", s.Name}, {"members", s.Members}}})
			}
		}
		select {
		case <-ctx.Done():
			return core.Wrap(core.Unavailable, ctx.Err(), "the node is a member but has not caught up yet; 'debros network status' says how far it is")
		case <-time.After(joinStep):
		}
	}
}
