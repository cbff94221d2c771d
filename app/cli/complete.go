package cli

// This file completes words with what is really there: keys, tables, topics,
// peers. A shell waits for it, so it is fast or silent.

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of completion: what a person at a prompt puts up with, and reads.
const (
	completeWithin = 200 * time.Millisecond
	maxCompletions = 100
)

// live asks the node for words. Whatever goes wrong, there are none: an error
// in the middle of a command line helps nobody.
func (a *app) live(cmd *cobra.Command, words func(ctx context.Context, r remote, ns core.Namespace) ([]string, error)) []string {
	a.completing = true
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
	defer cancel()
	found := make(chan []string, 1)
	go func() {
		var list []string
		err := a.stream(ctx, func(ctx context.Context, r remote, ns core.Namespace) (err error) {
			list, err = words(ctx, r, ns)
			found <- list // before the connection is closed, which takes its time
			return err
		})
		if err != nil {
			cancel()
		}
	}()
	select {
	case list := <-found:
		return list
	case <-ctx.Done():
		return nil
	}
}

// askLive asks the gateway for words, as live asks the node.
func (a *app) askLive(cmd *cobra.Command, path string, out any) {
	a.completing = true
	ctx, cancel := context.WithTimeout(cmd.Context(), completeWithin)
	defer cancel()
	_ = a.ask(ctx, http.MethodGet, path, nil, out) //nolint:errcheck // then there are no words
}

func (a *app) completeAPIKeys(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var answer struct {
		Keys []core.APIKey `json:"keys"`
	}
	a.askLive(cmd, "/v1/auth/keys", &answer)
	var ids []string
	for _, k := range answer.Keys {
		if keyState(k, time.Now()) == "good" {
			ids = append(ids, k.ID+"\t"+printable(k.Name))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeApps(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	var answer struct {
		Items []core.App `json:"items"`
	}
	a.askLive(cmd, "/v1/apps", &answer)
	var ids []string
	for _, x := range answer.Items {
		ids = append(ids, x.ID+"\t"+printable(x.Name))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeKeys(cmd *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	return a.live(cmd, func(ctx context.Context, r remote, ns core.Namespace) ([]string, error) {
		page, err := r.List(ctx, ns, core.ListOptions{ReadOptions: core.ReadOptions{Level: core.LevelNone}, Prefix: typed, Limit: maxCompletions})
		var keys []string
		for _, item := range page.Items {
			if item.Key == printable(item.Key) && !strings.ContainsAny(item.Key, "\t\n") {
				keys = append(keys, item.Key)
			}
		}
		return keys, err
	}), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTables(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.live(cmd, func(ctx context.Context, r remote, ns core.Namespace) ([]string, error) {
		schema, err := r.Schema(ctx, ns)
		var names []string
		for _, t := range schema.Tables {
			names = append(names, t.Name)
		}
		return names, err
	}), cobra.ShellCompDirectiveNoFileComp
}

// completeSQL offers the beginnings of a statement, with the tables that exist.
func (a *app) completeSQL(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	tables, directive := a.completeTables(cmd, args, typed)
	for i, t := range tables {
		tables[i] = "SELECT * FROM " + t
	}
	return tables, directive
}

func (a *app) completeTopics(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveDefault
	}
	return a.live(cmd, func(ctx context.Context, r remote, ns core.Namespace) ([]string, error) {
		return r.Topics(ctx, ns)
	}), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completePeers(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.live(cmd, func(ctx context.Context, r remote, _ core.Namespace) ([]string, error) {
		peers, err := r.Peers(ctx)
		var ids []string
		for _, p := range peers {
			ids = append(ids, p.ID+"\t"+strings.ToValidUTF8(printable(p.Agent), ""))
		}
		return ids, err
	}), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeNetworks(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.live(cmd, func(ctx context.Context, r remote, _ core.Namespace) (ids []string, err error) {
		networks, err := r.Networks(ctx)
		for _, n := range networks {
			ids = append(ids, n.ID+"\t"+printable(n.Name))
		}
		return ids, err
	}), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeMembers(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.live(cmd, func(ctx context.Context, r remote, _ core.Namespace) (ids []string, err error) {
		members, err := r.Members(ctx)
		for _, m := range members {
			ids = append(ids, m.ID+"\t"+printable(m.Name))
		}
		return ids, err
	}), cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeTickets(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.live(cmd, func(ctx context.Context, r remote, _ core.Namespace) (ids []string, err error) {
		tickets, err := r.Tickets(ctx)
		for _, t := range tickets {
			if ticketState(t, time.Now()) == "open" {
				ids = append(ids, t.ID)
			}
		}
		return ids, err
	}), cobra.ShellCompDirectiveNoFileComp
}
