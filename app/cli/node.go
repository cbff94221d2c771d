package cli

// This file has the commands that start, stop and watch a node.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) nodeCommand() *cobra.Command {
	status := a.statusCommand()
	return a.group("node", "Run a node", a.nodeStart(), a.nodeStop(), status, a.nodeWait(), a.nodeLogs())
}

func (a *app) nodeStart() *cobra.Command {
	var open bool
	given := map[string]string{}
	c := &cobra.Command{
		Use: "start", Short: "Run a node until Ctrl+C", Args: wants(),
		Long: "Runs a node in this terminal until Ctrl+C. Each flag is also a key of the YAML file and\n" +
			"an environment variable; 'debros config show' lists them with their values.",
		Example: "  debros node start\n  debros node start --ui --open\n  debros node start --data-dir ./b --listen /ip4/127.0.0.1/tcp/0 --gateway-addr 127.0.0.1:0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if open {
				given["ui"] = "true"
			}
			loaded, err := config.Load(a.sources(given))
			if err != nil {
				return err
			}
			userDir, err := a.userDir()
			if err != nil {
				userDir = "" // whoever opens the page is told; a node needs none
			}
			a.endsBySignal = true
			return a.env.Program.Start(cmd.Context(), NodeStart{
				Loaded: loaded, UserDir: userDir, Console: a.env.Stderr, Color: a.logColors(loaded.Config.Logging.Color), Open: open,
			}, func(link string) { a.announce(loaded.Config.Node.DataDir, link) })
		},
	}
	configFlags(c, given)
	c.Flags().BoolVar(&open, "open", false, "open the page in the browser; turns --ui on")
	return c
}

// logColors says whether the log on the console is coloured: --color is for
// everything that a command prints, logging.color for the log alone.
func (a *app) logColors(setting string) bool {
	if a.opts.color == "" || a.opts.color == "auto" {
		switch setting {
		case "always":
			return true
		case "never":
			return false
		}
	}
	return a.colors(a.env.Terminal.Stderr)
}

// configFlags gives c a flag for each key of the configuration; those that are
// given land in given.
func configFlags(c *cobra.Command, given map[string]string) {
	for _, k := range config.Keys() {
		if k.Flag == "" || k.Flag == "data-dir" { // that one is for all commands
			continue
		}
		f := c.Flags().VarPF(keyFlag{key: k, given: given}, k.Flag, "", strings.ToLower(k.Help[:1])+k.Help[1:])
		if k.Kind == config.KindBool {
			f.NoOptDefVal = "true"
		}
		// Many rows of the help would hide those that people look for.
		f.Hidden = k.Old != "" || k.Section() == "security" && k.Flag != "open-join"
		if len(k.Choices) > 0 {
			_ = c.RegisterFlagCompletionFunc(k.Flag, cobra.FixedCompletions(k.Choices, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag was just made
		}
	}
}

// keyFlag is the flag of one key. Lists may be given several times.
type keyFlag struct {
	key   config.Key
	given map[string]string
}

// String is what the help shows as the default.
func (f keyFlag) String() string {
	if f.key.Kind == config.KindBool && f.key.Default == "false" {
		return ""
	}
	return f.key.Default
}

// Set remembers the text; config.Load judges it. A file is where the person
// stands who types it, not in the data folder.
func (f keyFlag) Set(text string) error {
	if strings.HasPrefix(f.key.Name, "gateway.tls_") && text != "" {
		path, err := filepath.Abs(text)
		if err != nil {
			return err
		}
		text = path
	}
	if before, again := f.given[f.key.Flag]; again && (f.key.Kind == config.KindList || f.key.Kind == config.KindLevels) {
		text = before + "," + text
	}
	f.given[f.key.Flag] = text
	return nil
}

// Type is the word behind the flag in the help.
func (f keyFlag) Type() string {
	switch f.key.Kind {
	case config.KindBool:
		return "bool"
	case config.KindText, config.KindInteger, config.KindDuration, config.KindSize, config.KindSecret, config.KindList, config.KindLevels:
	}
	return string(f.key.Kind)
}

// announce tells where the node is reached.
func (a *app) announce(dataDir, link string) {
	run, err := config.ReadRunFile(dataDir)
	if err != nil {
		a.note("The node is ready, but %s", core.Sentence(err))
		return
	}
	a.note("The node is ready.")
	a.note("  peer id  %s", run.PeerID)
	for _, address := range run.P2P {
		a.note("  p2p      %s", address)
	}
	if run.Gateway != "" {
		a.note("  gateway  %s", run.Gateway)
	}
	if run.RQLite != "" {
		a.note("  rqlite   %s", run.RQLite)
	}
	if link != "" {
		a.note("  page     %s  (this link works once; 'debros ui' makes another)", link)
	}
	a.note("  data     %s", dataDir)
	a.note("Ctrl+C ends it.")
}

func (a *app) nodeStop() *cobra.Command {
	return &cobra.Command{
		Use: "stop", Short: "End the node, and wait until it has ended", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.elsewhere() {
				return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
					if err := r.Stop(ctx); err != nil {
						return err
					}
					return a.show(document{object: record{{"stopping", true}}})
				})
			}
			dir, err := a.dataDir()
			if err != nil {
				return err
			}
			run, err := a.localNode(dir)
			if err != nil {
				return err
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				if err := r.Stop(ctx); err != nil {
					return err
				}
				if err := gone(ctx, dir, run); err != nil {
					return err
				}
				return a.show(document{object: record{{"stopped", true}, {"pid", run.PID}}})
			})
		},
	}
}

// gone waits until the node took its run.json away or its process ended.
func gone(ctx context.Context, dir string, run config.RunFile) error {
	for runs(dir, run) {
		select {
		case <-ctx.Done():
			return core.Wrap(core.Unavailable, ctx.Err(), "the node was told to end but still runs as process %d; see 'debros node logs'", run.PID)
		case <-time.After(waitStep):
		}
	}
	return nil
}

// runs says whether the node that wrote run is still there.
func runs(dir string, run config.RunFile) bool {
	now, err := config.ReadRunFile(dir)
	return err == nil && now.PID == run.PID && run.Alive()
}

func (a *app) nodeWait() *cobra.Command {
	return &cobra.Command{
		Use: "wait", Short: "Wait until the node can take work", Args: wants(),
		Long: "Waits as long as --timeout says until a node runs on the data folder and answers.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.opts.wait == 0 {
				a.opts.wait = max(a.opts.timeout, time.Second)
			}
			return a.call(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				for {
					h, err := r.Health(ctx)
					if err == nil && h.State != core.StateDown {
						a.note("the node is ready")
						return nil
					}
					select {
					case <-ctx.Done():
						if err == nil {
							err = core.Errorf(core.Unavailable, "the node runs, but is down; see 'debros health'")
						}
						return err
					case <-time.After(waitStep):
					}
				}
			})
		},
	}
}

// Bounds of "node logs".
const (
	logPage   = 500 // entries of one call
	logRhythm = 500 * time.Millisecond
)

func (a *app) nodeLogs() *cobra.Command {
	var follow bool
	var filter logFilter
	limit := 100
	c := &cobra.Command{
		Use: "logs", Short: "Print the end of the node's log", Args: wants(),
		Long: "Prints the newest entries that the node holds in memory. The whole log is in the file\nof logging.file.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := filter.check(); err != nil {
				return err
			}
			if limit < 1 {
				return core.Errorf(core.Invalid, "--lines is 1 or more")
			}
			run := a.call
			if follow {
				run = a.stream
			}
			return run(cmd.Context(), func(ctx context.Context, r remote, _ core.Namespace) error {
				return a.logs(ctx, r, filter, limit, follow)
			})
		},
	}
	c.Flags().BoolVarP(&follow, "follow", "f", false, "go on until Ctrl+C")
	c.Flags().IntVar(&limit, "lines", limit, "entries to begin with")
	c.Flags().StringVar(&filter.level, "min-level", "", "least level: debug, info, warn or error")
	c.Flags().StringVar(&filter.part, "part", "", "one part of the node only")
	c.Flags().StringVar(&filter.search, "search", "", "entries with this text only")
	return c
}

// logs prints the last entries that the filter lets through, then follows.
func (a *app) logs(ctx context.Context, r remote, filter logFilter, limit int, follow bool) error {
	entries, err := r.Logs(ctx, 0, 10_000) // the node's own bound is lower
	if err != nil {
		return err
	}
	var after uint64
	chosen := entries[:0:0]
	for _, e := range entries {
		after = e.Seq
		if filter.match(e) {
			chosen = append(chosen, e)
		}
	}
	if err := a.printLogs(chosen[max(0, len(chosen)-limit):]); err != nil || !follow {
		return err
	}
	tick := time.NewTicker(logRhythm)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		entries, err := r.Logs(ctx, after, logPage)
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil
		}
		if err != nil {
			return err
		}
		chosen = chosen[:0]
		for _, e := range entries {
			if missed := e.Seq - after - 1; missed > 0 && e.Seq > after {
				a.note("%d entries were too fast and are not shown", missed)
			}
			if after = e.Seq; filter.match(e) {
				chosen = append(chosen, e)
			}
		}
		if err := a.printLogs(chosen); err != nil {
			return err
		}
	}
}

func (a *app) printLogs(entries []core.LogEntry) error {
	if a.opts.output != formatTable && (a.opts.output != "" || !a.env.Terminal.Stdout) {
		d := document{name: "entries", columns: []string{"seq", "time", "level", "part", "message", "attrs"}}
		for _, e := range entries {
			d.rows = append(d.rows, record{{"seq", e.Seq}, {"time", e.Time}, {"level", e.Level}, {"part", e.Part}, {"message", e.Message}, {"attrs", sortedAttrs(e)}})
		}
		if len(entries) == 0 && (a.opts.output == "" || a.opts.output == formatJSONL) {
			return nil
		}
		return a.show(d)
	}
	var b strings.Builder
	for _, e := range entries {
		b.WriteString(a.paintOut(colorFaint, e.Time.Local().Format("15:04:05.000")) + " " +
			a.paintOut(levelColor(e.Level), fmt.Sprintf("%-5s", strings.ToUpper(e.Level))) + " " +
			fmt.Sprintf("%-10s %s", e.Part, printable(e.Message)))
		for _, f := range sortedAttrs(e) {
			value := text(f.value)
			if strings.ContainsAny(value, " \"=\n\t") || value == "" {
				value = strconv.Quote(value)
			}
			b.WriteString(" " + a.paintOut(colorFaint, f.name+"=") + printable(value))
		}
		b.WriteByte('\n')
	}
	return a.write([]byte(b.String()))
}

func levelColor(level string) string {
	switch level {
	case "error":
		return colorRed
	case "warn":
		return colorAmber
	case "info":
		return colorGreen
	}
	return ""
}
