package cli

// This file keeps the command names of the original system, hidden.

import (
	"github.com/spf13/cobra"
)

// oldCommands lead to today's commands. "peers" without a verb and the long
// verbs of pubsub are aliases where those commands are.
func (a *app) oldCommands() []*cobra.Command {
	storage := a.group("storage", "Old name of kv", renamed(a.kvGet(), "get KEY"), renamed(a.kvPut(), "put KEY [VALUE]"),
		renamed(a.kvLs(), "list [PREFIX]"), renamed(a.kvDel(), "delete KEY..."), renamed(a.kvExists(), "exists KEY"))
	old := []*cobra.Command{storage, renamed(a.sqlQuery(), "query SQL [PARAMETER...]"), renamed(a.peersConnect(), "connect ADDRESS")}
	for _, c := range old {
		c.Hidden = true
	}
	return old
}

func renamed(c *cobra.Command, use string) *cobra.Command {
	c.Use = use
	c.Aliases = nil
	return c
}
