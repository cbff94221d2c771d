package cli

// This file has the commands of the sandbox: several nodes on this machine.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sandbox"
)

func (a *app) sandboxCommand() *cobra.Command {
	return a.group("sandbox", "Run a network of several nodes on this machine, to try and to test",
		a.sandboxUp(), a.sandboxDown(), a.sandboxStatus(), a.sandboxEnv(), a.sandboxReset(), a.sandboxLogs())
}

// sandboxFlags are those of "up".
type sandboxFlags struct {
	name                            string
	nodes                           int
	detach, ephemeral, json, noChat bool
}

func (f *sandboxFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.name, "name", sandbox.DefaultName, "name of the sandbox")
	c.Flags().BoolVar(&f.json, "json", false, "the same as -o json")
}

// settings are what the sandbox is opened with.
func (a *app) sandboxSettings(f sandboxFlags) (sandbox.Settings, error) {
	if f.json {
		a.opts.output = formatJSON
	}
	dir := a.lookup("DEBROS_SANDBOX_DIR") // set by "sandbox env", where DEBROS_DATA_DIR is a node's
	if dir == "" || a.opts.dataDir != "" {
		var err error
		if dir, err = a.dataDir(); err != nil {
			return sandbox.Settings{}, err
		}
	}
	program, err := a.env.Program.Executable()
	if err != nil {
		return sandbox.Settings{}, core.Wrap(core.Internal, err, "the program that is to run the nodes was not found: %v", err)
	}
	return sandbox.Settings{
		DataDir: absolute(dir), Name: f.name, Nodes: f.nodes, Program: []string{program}, Environ: os.Environ(),
		Page: true, Chat: !f.noChat, Detach: f.detach, Ephemeral: f.ephemeral,
	}, nil
}

// findSandbox opens one that is there; args may name it.
func (a *app) findSandbox(f sandboxFlags, args []string) (*sandbox.Sandbox, error) {
	if len(args) > 0 {
		f.name = args[0]
	} else if name := a.lookup("DEBROS_SANDBOX"); name != "" && f.name == sandbox.DefaultName {
		f.name = name
	}
	s, err := a.sandboxSettings(f)
	if err != nil {
		return nil, err
	}
	return sandbox.Find(s)
}

// nodesEnd is how long a sandbox that was told to end may take.
const nodesEnd = 5 * time.Second

func (a *app) sandboxUp() *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use: "up", Short: "Start a network of several nodes on this machine", Args: wants(),
		Long: "Starts several nodes of one network as processes of their own, on loopback and free\n" +
			"ports, and says when the network works: a leader is elected, a write has reached every\n" +
			"node, and so has a message. Ctrl+C ends all of them; their data is kept until\n" +
			"'debros sandbox reset'.",
		Example: "  debros sandbox up\n  debros sandbox up --nodes 5 --name five --detach\n  eval \"$(debros sandbox env demo)\"",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.sandboxSettings(f)
			if err != nil {
				return err
			}
			b, err := sandbox.Open(s)
			if err != nil {
				return err
			}
			ctx, timeout := cmd.Context(), sandbox.DefaultTimeout
			if cmd.Flags().Changed("timeout") && a.opts.timeout > 0 {
				timeout = a.opts.timeout
			}
			a.endsBySignal = !f.detach
			return errors.Join(a.bringUp(ctx, b, f, timeout), b.Close())
		},
	}
	f.add(c)
	c.Flags().IntVar(&f.nodes, "nodes", sandbox.DefaultNodes, "how many nodes a new sandbox has")
	c.Flags().BoolVarP(&f.detach, "detach", "d", false, "leave the nodes running in the background")
	c.Flags().BoolVar(&f.noChat, "no-chat", false, "give the test people no chats")
	c.Flags().BoolVar(&f.ephemeral, "ephemeral", false, "drop all data at the end")
	return c
}

func (a *app) bringUp(ctx context.Context, b *sandbox.Sandbox, f sandboxFlags, timeout time.Duration) error {
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	report, err := b.Up(within, func(step string) {
		if a.env.Terminal.Stderr {
			a.note("%s …", step)
		}
	})
	if err != nil && ctx.Err() != nil { // by Ctrl+C, before it was ready
		a.note("All nodes have ended, before the network was ready. Kept: %s, until 'debros sandbox reset %s'.", b.Dir(), b.Name())
		return err
	}
	if err != nil {
		return a.upFailed(err)
	}
	if err := a.showSandbox(report); err != nil {
		return err
	}
	if f.detach {
		return nil
	}
	a.note("Ctrl+C ends it.")
	ended := b.Wait(ctx) == nil
	down, stop := context.WithTimeout(context.WithoutCancel(ctx), nodesEnd)
	defer stop()
	if err := b.Down(down); err != nil {
		return err
	}
	switch {
	case f.ephemeral:
		a.note("All nodes have ended, and their data is dropped.")
	default:
		a.note("All nodes have ended. Kept: %s, until 'debros sandbox reset %s'.", b.Dir(), b.Name())
	}
	if ended && ctx.Err() == nil {
		a.note("They were ended from elsewhere; 'debros sandbox logs' says what they saw.")
	}
	return nil
}

// upFailed shows the end of the log of the node that is to blame.
func (a *app) upFailed(err error) error {
	start, ok := errors.AsType[*sandbox.StartError](err)
	if !ok {
		return err
	}
	for _, line := range start.Tail {
		fmt.Fprintln(a.env.Stderr, printable(start.Node+"  "+line))
	}
	return &exitError{status: core.Internal.ExitStatus(), err: core.Wrap(core.CodeOf(err), err, "%s is to blame: %s", start.Node, core.Sentence(err))}
}

// showSandbox prints a sandbox for people, or the same as an object.
func (a *app) showSandbox(r sandbox.Report) error {
	if a.opts.output != formatTable && (a.opts.output != "" || !a.env.Terminal.Stdout) {
		return a.show(document{object: sandboxObject(r)})
	}
	var b strings.Builder
	if r.Took > 0 {
		fmt.Fprintf(&b, "Sandbox %q is ready: %s in %.1f s (%s: checked)\n", r.Name, core.Count(len(r.Nodes), "node"), r.Took.Seconds(), strings.Join(r.Checks, ", "))
	} else {
		fmt.Fprintf(&b, "Sandbox %q: %d of %s running\n", r.Name, r.Running, core.Count(len(r.Nodes), "node"))
	}
	for _, n := range r.Notices {
		fmt.Fprintf(&b, "Notice    %s\n", n)
	}
	rows := [][]string{{"NODE", "ROLE", "GATEWAY", "P2P", "DATA"}}
	for _, n := range r.Nodes {
		role := n.State
		if n.State == sandbox.NodeRunning {
			role = n.Role
			if n.Leader {
				role += ", leader"
			}
		}
		rows = append(rows, []string{n.Name, role, dash(n.Gateway), dash(n.P2P), n.Dir})
	}
	writeColumns(&b, rows)
	if r.Open != "" {
		fmt.Fprintf(&b, "Open      %s   (one use, 5 min)\n", r.Open)
	}
	for i, w := range r.Wallets {
		label := strings.Repeat(" ", 10)
		if i == 0 {
			label = "Wallets   "
		}
		fmt.Fprintf(&b, "%s%-5s  ETH %s  SOL %s\n", label, w.Name, w.Ethereum, w.Solana)
	}
	fmt.Fprintf(&b, "          test only, public phrase: %s\n", r.Phrase)
	if slices.Contains(r.Checks, "chat") {
		var who []string
		for i := range min(len(r.Wallets), len(r.Nodes)) {
			who = append(who, r.Wallets[i].Name+" on "+r.Nodes[i].Name)
		}
		fmt.Fprintf(&b, "Chat      %s; passphrase %q\n", strings.Join(who, ", "), sandbox.ChatPassphrase)
	}
	fmt.Fprintf(&b, "API keys  %s: %s\n", r.Namespace, r.APIKey)
	fmt.Fprintf(&b, "Shell     eval \"$(debros sandbox env %s)\"\n", r.Name)
	if r.Ephemeral {
		b.WriteString("Data      dropped at the end\n")
	} else {
		fmt.Fprintf(&b, "Data      kept until \"debros sandbox reset %s\"\n", r.Name)
	}
	return a.write([]byte(b.String()))
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// writeColumns writes cells below each other, two blanks apart.
func writeColumns(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len(cell))
		}
	}
	for _, row := range rows {
		b.WriteString(" ")
		for i, cell := range row[:len(row)-1] {
			fmt.Fprintf(b, " %-*s ", widths[i], cell)
		}
		fmt.Fprintf(b, " %s\n", row[len(row)-1])
	}
}

func sandboxObject(r sandbox.Report) record {
	nodes := make([]record, len(r.Nodes))
	for i, n := range r.Nodes {
		nodes[i] = record{
			{"name", n.Name},
			{"state", n.State},
			{"role", n.Role},
			{"leader", n.Leader},
			{"pid", n.PID},
			{"peer_id", n.PeerID},
			{"p2p", n.P2P},
			{"gateway", n.Gateway},
			{"data_dir", n.Dir},
		}
	}
	wallets := make([]record, len(r.Wallets))
	for i, w := range r.Wallets {
		wallets[i] = record{{"name", w.Name}, {"ethereum", w.Ethereum}, {"solana", w.Solana}, {"account", w.Account}}
	}
	return record{
		{"name", r.Name},
		{"network", r.Network},
		{"running", r.Running},
		{"took_ms", milliseconds(r.Took)},
		{"checks", slices.Concat([]string{}, r.Checks)},
		{"nodes", nodes},
		{"open", r.Open},
		{"wallets", wallets},
		{"public_phrase", r.Phrase},
		{"namespace", r.Namespace},
		{"api_key", r.APIKey},
		{"dir", r.Dir},
		{"ephemeral", r.Ephemeral},
		{"notices", slices.Concat([]string{}, r.Notices)},
	}
}

func (a *app) sandboxStatus() *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use: "status [NAME]", Short: "Show a sandbox and how its nodes are; exit status 5 when none runs", Args: wants("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.findSandbox(f, args)
			if err != nil {
				return err
			}
			r, err := b.Status(cmd.Context())
			if err = errors.Join(err, b.Close()); err != nil {
				return err
			}
			if err := a.showSandbox(r); err != nil {
				return err
			}
			if r.Running == 0 {
				return &exitError{status: core.Unavailable.ExitStatus()}
			}
			return nil
		},
	}
	f.add(c)
	return c
}

func (a *app) sandboxDown() *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use: "down [NAME]", Short: "End all nodes of a sandbox", Args: wants("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.findSandbox(f, args)
			if err != nil {
				return err
			}
			if err := b.Down(cmd.Context()); err != nil {
				return err
			}
			if exists(b.Dir()) {
				a.note("All nodes have ended. Kept: %s, until 'debros sandbox reset %s'.", b.Dir(), b.Name())
			} else {
				a.note("All nodes have ended, and their data is dropped.")
			}
			return nil
		},
	}
	f.add(c)
	return c
}

func (a *app) sandboxReset() *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use: "reset [NAME]", Short: "End all nodes of a sandbox and drop everything that it kept", Args: wants("[NAME]"),
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.findSandbox(f, args)
			if err != nil {
				return err
			}
			if err := b.Reset(cmd.Context()); err != nil {
				return err
			}
			a.note("The sandbox %q is gone.", b.Name())
			return nil
		},
	}
	f.add(c)
	return c
}

func (a *app) sandboxEnv() *cobra.Command {
	var f sandboxFlags
	c := &cobra.Command{
		Use: "env [NAME]", Short: "Print what makes a shell use a sandbox", Args: wants("[NAME]"),
		Example: "  eval \"$(debros sandbox env demo)\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.findSandbox(f, args)
			if err != nil {
				return err
			}
			variables, err := b.Env(cmd.Context())
			if err = errors.Join(err, b.Close()); err != nil {
				return err
			}
			var object record
			var text strings.Builder
			for _, v := range variables {
				object = append(object, field{v.Name, v.Value})
				fmt.Fprintf(&text, "export %s='%s'\n", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
			}
			if a.opts.output != "" {
				return a.show(document{object: object, raw: []byte(text.String()), hasRaw: true})
			}
			return a.write([]byte(text.String()))
		},
	}
	f.add(c)
	return c
}

func (a *app) sandboxLogs() *cobra.Command {
	var f sandboxFlags
	lines := 50
	c := &cobra.Command{
		Use: "logs [NODE]", Short: "Print the end of the nodes' logs", Args: wants("[NODE]"),
		Long: "Prints what the nodes wrote last, all of them or one: node-2, 2, a peer id, or leader.",
		RunE: func(cmd *cobra.Command, args []string) error {
			b, err := a.findSandbox(f, nil)
			if err != nil {
				return err
			}
			nodes := b.Nodes()
			if len(args) > 0 {
				n, err := b.Node(cmd.Context(), args[0])
				if err = errors.Join(err, b.Close()); err != nil {
					return err
				}
				nodes = []*sandbox.Node{n}
			}
			var text strings.Builder
			for _, n := range nodes {
				tail, err := n.Log(lines)
				if err != nil {
					return err
				}
				for _, line := range tail {
					text.WriteString(n.Name() + "  " + printable(line) + "\n")
				}
			}
			return a.write([]byte(text.String()))
		},
	}
	f.add(c)
	c.Flags().IntVar(&lines, "lines", lines, "lines of each node")
	return c
}
