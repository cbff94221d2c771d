package cli

// This file has the commands about namespaces and who may use them.

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) nsCommand() *cobra.Command {
	return a.group("ns", "Make namespaces, say who may use them, back up and restore them",
		a.nsLs(), a.nsNew(), a.nsUse(), a.nsGrants(), a.nsGrant(), a.nsRevoke(), a.nsBackup(), a.nsRestore(), a.nsPlan())
}

func (a *app) nsLs() *cobra.Command {
	var mine bool
	c := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List namespaces: on the local node all, at a gateway yours", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.place()
			if err != nil {
				return err
			}
			if mine || p.Gateway != "" && len(a.opts.peers) == 0 {
				return a.listMine(cmd.Context())
			}
			return a.call(cmd.Context(), a.listPlaced)
		},
	}
	c.Flags().BoolVar(&mine, "mine", false, "ask the gateway, also that of the local node, where you have a role")
	return c
}

// listPlaced lists every namespace of the network, for whoever runs the node.
func (a *app) listPlaced(ctx context.Context, r remote, _ core.Namespace) error {
	groups, err := r.Placements(ctx)
	if err != nil {
		return err
	}
	d := document{name: "namespaces", columns: []string{"namespace", "state", "replicas", "index", "created_at"}}
	for _, g := range groups {
		if g.Namespace != core.SystemNamespace && g.Namespace != core.ChatNamespace {
			d.rows = append(d.rows, record{
				{"namespace", string(g.Namespace)}, {"state", g.State}, {"replicas", len(g.Replicas)}, {"index", g.Index}, {"created_at", g.CreatedAt},
			})
		}
	}
	return a.show(d)
}

// listMine lists the namespaces in which the caller has a role.
func (a *app) listMine(ctx context.Context) error {
	var answer struct {
		Namespaces []core.NamespaceGrant `json:"namespaces"`
	}
	if err := a.ask(ctx, http.MethodGet, "/v1/namespaces", nil, &answer); err != nil {
		return err
	}
	d := document{name: "namespaces", columns: []string{"namespace", "role", "created_at"}}
	for _, n := range answer.Namespaces {
		d.rows = append(d.rows, grantedRecord(n))
	}
	return a.show(d)
}

func grantedRecord(n core.NamespaceGrant) record {
	return record{{"namespace", string(n.Name)}, {"role", string(n.Role)}, {"created_at", n.CreatedAt}}
}

func (a *app) nsNew() *cobra.Command {
	return &cobra.Command{
		Use: "new NAME", Short: "Claim a free namespace: you become its owner", Args: wants("NAME"),
		Example: "  debros ns new shop\n  debros ns use shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			ns, err := core.ParseNamespace(args[0])
			if err != nil {
				return err
			}
			n := core.NamespaceGrant{Name: ns, Role: core.GrantOwner}
			if err := a.ask(cmd.Context(), http.MethodPost, "/v1/namespaces", record{{"name", string(ns)}}, &n); err != nil {
				return err
			}
			return a.show(document{object: grantedRecord(n)})
		},
	}
}

func (a *app) nsUse() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Let the commands that follow use this namespace, in the present context", Args: wants("NAME"), ValidArgsFunction: a.completeMine,
		RunE: func(_ *cobra.Command, args []string) error {
			ns, err := core.ParseNamespace(args[0])
			if err != nil {
				return err
			}
			here, err := a.place()
			if err != nil {
				return err
			}
			err = a.changeProfile(func(p *profile) error {
				c, found := p.find(here.Name)
				if !found && !here.local {
					return noContext(here.Name)
				}
				c.Namespace = string(ns)
				return p.put(c)
			})
			if err != nil {
				return err
			}
			key, err := a.credentialKey(here)
			if err != nil {
				return err
			}
			if saved, found, loadErr := a.loadCredential(key); loadErr == nil && found && saved.Namespace != ns {
				a.note("You are signed in to %s; for %s sign in again with 'debros auth login'.", saved.Namespace, ns)
			}
			return a.show(document{object: record{{"context", here.Name}, {"namespace", string(ns)}}})
		},
	}
}

// grantsPath is where the grants of a namespace are.
func grantsPath(ns core.Namespace) string {
	return fmt.Sprintf("/v1/namespaces/%s/grants", url.PathEscape(string(ns)))
}

func (a *app) nsGrants() *cobra.Command {
	return &cobra.Command{
		Use: "grants [NAME]", Short: "List who may use a namespace", Args: wants("[NAME]"), ValidArgsFunction: a.completeMine,
		Example: "  debros ns grants shop",
		RunE: func(cmd *cobra.Command, args []string) error {
			ns, err := a.namespace()
			if len(args) > 0 {
				ns, err = core.ParseNamespace(args[0])
			}
			if err != nil {
				return err
			}
			var answer struct {
				Grants []core.Grant `json:"grants"`
			}
			if err := a.ask(cmd.Context(), http.MethodGet, grantsPath(ns), nil, &answer); err != nil {
				return err
			}
			d := document{name: "grants", columns: []string{"subject", "role", "granted_by", "created_at"}}
			for _, g := range answer.Grants {
				d.rows = append(d.rows, record{
					{"subject", g.Subject}, {"role", string(g.Role)}, {"namespace", string(ns)}, {"granted_by", g.GrantedBy}, {"created_at", g.CreatedAt},
				})
			}
			return a.show(d)
		},
	}
}

func (a *app) nsGrant() *cobra.Command {
	roles := []string{string(core.GrantOwner), string(core.GrantAdmin), string(core.GrantWriter), string(core.GrantReader)}
	return &cobra.Command{
		Use: "grant WALLET ROLE", Short: "Let somebody use the namespace as owner, admin, writer or reader", Args: wants("WALLET", "ROLE"),
		Long: "Gives WALLET a role in the namespace, or another one than before. A reader reads; a\n" +
			"writer also writes and makes tables; an admin also exports, imports and gives the two\nroles before; an owner may everything.",
		Example: "  debros ns grant 0x52908400098527886E0F7030069857D2E4169EE7 writer --namespace shop",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 {
				return roles, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ns, err := a.namespace()
			if err != nil {
				return err
			}
			if err := a.ask(cmd.Context(), http.MethodPost, grantsPath(ns), record{{"subject", args[0]}, {"role", args[1]}}, nil); err != nil {
				return err
			}
			return a.show(document{object: record{{"namespace", string(ns)}, {"subject", args[0]}, {"role", args[1]}}})
		},
	}
}

func (a *app) nsRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke WALLET", Short: "Take somebody's role in the namespace away; his keys end with it", Args: wants("WALLET"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ns, err := a.namespace()
			if err != nil {
				return err
			}
			if err := a.ask(cmd.Context(), http.MethodDelete, withQuery(grantsPath(ns), "subject", args[0]), nil, nil); err != nil {
				return err
			}
			return a.show(document{object: record{{"revoked", true}, {"namespace", string(ns)}, {"subject", args[0]}}})
		},
	}
}

// completeMine offers the namespaces in which the caller has a role.
func (a *app) completeMine(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var answer struct {
		Namespaces []core.NamespaceGrant `json:"namespaces"`
	}
	a.askLive(cmd, "/v1/namespaces", &answer)
	var names []string
	for _, n := range answer.Namespaces {
		names = append(names, string(n.Name)+"\t"+string(n.Role))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
