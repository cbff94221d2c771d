package cli

// This file prints the examples of a group on one page. They are those of the
// commands' own help, so there is one source.

import (
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) cheatCommand() *cobra.Command {
	return &cobra.Command{
		Use: "cheat [TOPIC]", Short: "Print the examples of a group of commands on one page", Args: wants("[TOPIC]"),
		Example: "  debros cheat wallet\n  debros cheat auth",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return topics(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			known := topics(cmd.Root())
			if len(args) == 0 {
				d := document{name: "topics", columns: []string{"topic", "about"}}
				for _, c := range cmd.Root().Commands() {
					if examples(c) != "" && !c.Hidden {
						d.rows = append(d.rows, record{{"topic", c.Name()}, {"about", c.Short}})
					}
				}
				return a.show(d)
			}
			for _, c := range cmd.Root().Commands() {
				if c.Name() == args[0] && !c.Hidden && examples(c) != "" {
					return a.write([]byte(examples(c)))
				}
			}
			next := "'debros cheat' lists all"
			if near := config.Nearest(args[0], known); near != "" {
				next = "did you mean 'debros cheat " + near + "'?"
			}
			return core.Errorf(core.NotFound, "there are no examples for %q; %s", args[0], next)
		},
	}
}

// topics are the commands that have examples.
func topics(root *cobra.Command) []string {
	var names []string
	for _, c := range root.Commands() {
		if !c.Hidden && examples(c) != "" {
			names = append(names, c.Name())
		}
	}
	return names
}

// examples are those of c and of all commands in it, each under what it does.
func examples(c *cobra.Command) string {
	var b strings.Builder
	if c.Example != "" {
		b.WriteString("# " + c.Short + "\n")
		for line := range strings.Lines(c.Example) {
			b.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	for _, child := range c.Commands() {
		if text := examples(child); text != "" && !child.Hidden {
			if b.Len() > 0 {
				b.WriteByte('\n')
			}
			b.WriteString(text)
		}
	}
	return b.String()
}
