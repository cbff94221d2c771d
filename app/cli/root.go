package cli

// This file has the tree of commands and the flags that all of them share.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// app is one run of the command line.
type app struct {
	env  Env
	opts options
	dial dialer
	// endsBySignal is set by a command whose ordinary end is a signal, so that
	// it ends with 0 and not with 130.
	endsBySignal bool
	// completing is set while a shell waits for words: no time to renew a sign-in.
	completing bool
}

// options are the flags of every command.
type options struct {
	output, namespace, level, color, dataDir, config, context string
	freshness, timeout, wait                                  time.Duration
	yes, quiet, verbose                                       bool
	peers                                                     []string
	idempotencyKey                                            string // of the commands that have the flag
}

// defaultTimeout is long enough for a namespace to wake and elect its leader.
const defaultTimeout = 30 * time.Second

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "debros",
		Short: "A node of a peer-to-peer network with its own database, key-value store and messages",
		Long: "debros is a full node of a peer-to-peer network: a replicated SQL database, a key-value\n" +
			"store and messages. Start a node with 'debros node start'; the other commands talk to it.\n\n" +
			"Without a command it opens its window, or the same page for a browser where there is\n" +
			"no display. Only these may follow then: --background (do not show the window),\n" +
			"--safe-graphics (when it stays blank) and a debros: link that the page asks about.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE:          a.helpOrUnknown,
	}
	root.SetFlagErrorFunc(flagError)
	root.CompletionOptions.HiddenDefaultCmd = false
	a.globalFlags(root)
	root.AddCommand(
		a.nodeCommand(), a.kvCommand(), a.sqlCommand(), a.pubsubCommand(), a.peersCommand(), a.configCommand(),
		a.nsCommand(), a.networkCommand(), a.inviteCommand(), a.joinCommand(), a.leaveCommand(),
		a.healthCommand(), a.doctorCommand(), a.statusCommand(), a.peerIDCommand(), a.versionCommand(), a.limitsCommand(), a.uiCommand(), a.cheatCommand(), a.supportCommand(),
		a.sandboxCommand(), a.contextCommand(), a.authCommand(), a.appCommand(), a.walletCommand(), a.chatCommand(),
	)
	if a.env.Program.StartGateway != nil {
		root.AddCommand(a.gatewayCommand())
	}
	root.AddCommand(a.oldCommands()...)
	root.InitDefaultHelpCmd()
	return root
}

func (a *app) globalFlags(root *cobra.Command) {
	f, o := root.PersistentFlags(), &a.opts
	f.StringVarP(&o.output, "output", "o", "", "form of the output: table, json, jsonl, csv, yaml, env or raw")
	f.StringVarP(&o.namespace, "namespace", "n", "", "namespace to use (environment DEBROS_NAMESPACE; else the context's, else default)")
	f.StringVar(&o.level, "level", "", "how fresh a read must be: none, weak or linearizable (default)")
	f.Var((*duration)(&o.freshness), "freshness", "with --level none: refuse answers that are older")
	o.timeout = defaultTimeout
	f.Var((*duration)(&o.timeout), "timeout", "give up after this; 0 never does")
	f.Var((*duration)(&o.wait), "wait", "wait so long for the node to be ready")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print data only")
	f.BoolVarP(&o.verbose, "verbose", "v", false, "tell the cause of an error")
	f.StringVar(&o.color, "color", "", "colours: auto, always or never (environment NO_COLOR)")
	f.StringVar(&o.dataDir, "data-dir", "", "data folder of the node (environment DEBROS_DATA_DIR)")
	f.StringVar(&o.config, "config", "", "configuration file (environment DEBROS_CONFIG; else node.yaml in the data folder)")
	f.StringVar(&o.context, "context", "", "where to go: a name of 'debros context ls' (environment DEBROS_CONTEXT)")
	f.StringArrayVar(&o.peers, "peer", nil, "talk to this node (multiaddress with /p2p/) instead of the local one")
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.checkOptions() }
	for name, words := range map[string][]string{"output": formats(), "level": {"none", "weak", "linearizable"}, "color": {"auto", "always", "never"}} {
		// The flag exists, so this cannot fail.
		_ = root.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // see above
	}
	_ = root.RegisterFlagCompletionFunc("context", a.completeContexts) //nolint:errcheck // see above
}

// idempotencyFlag lets a command's write be repeated without doing it twice.
func (a *app) idempotencyFlag(c *cobra.Command) {
	c.Flags().StringVar(&a.opts.idempotencyKey, "idempotency-key", "", "text of your choice: repeated with it within 24 hours, the write happens once and gives the first answer")
}

// checkOptions judges the shared flags before anything is done.
func (a *app) checkOptions() error {
	o := &a.opts
	if o.output != "" && !slices.Contains(formats(), o.output) {
		return core.Errorf(core.Invalid, "the format %q is not known; use %s", o.output, strings.Join(formats(), ", "))
	}
	if o.color != "" && !slices.Contains([]string{"auto", "always", "never"}, o.color) {
		return core.Errorf(core.Invalid, "--color is auto, always or never")
	}
	if _, err := core.ParseLevel(o.level); err != nil {
		return err
	}
	if o.freshness != 0 && core.Level(o.level) != core.LevelNone {
		return core.Errorf(core.Invalid, "--freshness bounds the age of reads with --level none; the other levels are always fresh")
	}
	return nil
}

// namespace is the one that was asked for, else default.
func (a *app) namespace() (core.Namespace, error) {
	ns, err := a.namedNamespace()
	if err == nil && ns == "" {
		return core.DefaultNamespace, nil
	}
	return ns, err
}

// namedNamespace is the one of --namespace, the environment or the context, ""
// when none of them names one.
func (a *app) namedNamespace() (core.Namespace, error) {
	name := a.opts.namespace
	if name == "" {
		name = a.lookup("DEBROS_NAMESPACE")
	}
	if name == "" {
		p, err := a.place()
		if err != nil {
			return "", err
		}
		name = p.Namespace
	}
	if name == "" {
		return "", nil
	}
	return core.ParseNamespace(name)
}

// readOptions are the flags about reading.
func (a *app) readOptions() core.ReadOptions {
	level, err := core.ParseLevel(a.opts.level)
	if err != nil {
		level = core.LevelLinearizable // checkOptions refused it before
	}
	return core.ReadOptions{Level: level, Freshness: a.opts.freshness}
}

func (a *app) lookup(name string) string {
	value, _ := a.env.Lookup(name)
	return value
}

// colors says whether a stream that may be a terminal is to be coloured.
func (a *app) colors(terminal bool) bool {
	switch a.opts.color {
	case "always":
		return true
	case "never":
		return false
	}
	return terminal && a.lookup("NO_COLOR") == ""
}

// note tells a person something that is not data.
func (a *app) note(format string, args ...any) {
	if !a.opts.quiet {
		fmt.Fprintln(a.env.Stderr, printable(fmt.Sprintf(format, args...)))
	}
}

// group is a command that only holds others.
func (a *app) group(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: a.helpOrUnknown}
	c.AddCommand(children...)
	return c
}

// helpOrUnknown prints the help of a group, or says that a command is unknown.
func (a *app) helpOrUnknown(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help() //nolint:wrapcheck // writing to standard output failed
	}
	var known []string
	for _, c := range cmd.Commands() {
		if !c.Hidden {
			known = append(known, c.Name())
		}
	}
	next := fmt.Sprintf("see '%s --help'", cmd.CommandPath())
	if near := config.Nearest(args[0], known); near != "" {
		next = fmt.Sprintf("did you mean '%s %s'?", cmd.CommandPath(), near)
	}
	return core.Errorf(core.Invalid, "there is no command '%s %s'; %s", cmd.CommandPath(), args[0], next)
}

// flagError gives a wrong flag its code and the way to the right one.
func flagError(cmd *cobra.Command, err error) error {
	hint := ""
	if strings.Contains(err.Error(), "shorthand") {
		hint = " (or write '--' before an argument that begins with '-')"
	}
	return core.Errorf(core.Invalid, "%s; see '%s --help'%s", strings.TrimSuffix(err.Error(), "."), cmd.CommandPath(), hint)
}

// wants checks the number of arguments and names those that are missing. Of
// the names, those in brackets are optional and the last may end with "...".
func wants(names ...string) cobra.PositionalArgs {
	least, most := 0, len(names)
	for _, n := range names {
		if !strings.HasPrefix(n, "[") {
			least++
		}
		if strings.Contains(n, "...") {
			most = 1 << 20
		}
	}
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return core.Errorf(core.Invalid, "%s is missing; write '%s %s'", names[len(args)], cmd.CommandPath(), strings.Join(names, " "))
		case len(args) > most:
			hint := "text with spaces needs quotes"
			if args[most] == "true" || args[most] == "false" {
				hint = "a flag is turned off with '=': --mdns=false"
			}
			return core.Errorf(core.Invalid, "%q is one argument too many; write '%s' (%s)", args[most], strings.TrimSpace(cmd.CommandPath()+" "+strings.Join(names, " ")), hint)
		}
		return nil
	}
}

// duration is a flag in words: 30s, 5m, 7d.
type duration time.Duration

func (d *duration) String() string {
	if *d == 0 {
		return "0"
	}
	return time.Duration(*d).String()
}

func (d *duration) Set(text string) error {
	parsed, err := config.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("write a number with a unit, such as 30s, 5m or 7d")
	}
	*d = duration(parsed)
	return nil
}

func (*duration) Type() string { return "duration" }
