package cli

// This file has the commands about the programs that are registered for a
// namespace.

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) appCommand() *cobra.Command {
	return a.group("app", "Register the programs of a namespace", a.appLs(), a.appNew(), a.appShow(), a.appRm())
}

func appRecord(x core.App) record {
	return record{
		{"app_id", x.ID}, {"name", x.Name}, {"public_key", x.PublicKey}, {"namespace", string(x.Namespace)}, {"created_at", x.CreatedAt},
	}
}

// appPath is where the programs of the named namespace are, or one of them.
func (a *app) appPath(id string) (string, error) {
	ns, err := a.namedNamespace()
	path := "/v1/apps"
	if id != "" {
		path += "/" + url.PathEscape(id)
	}
	return withQuery(path, "namespace", string(ns)), err
}

func (a *app) appLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the registered programs", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := a.appPath("")
			if err != nil {
				return err
			}
			var answer struct {
				Items []core.App `json:"items"`
			}
			if err := a.ask(cmd.Context(), http.MethodGet, path, nil, &answer); err != nil {
				return err
			}
			d := document{name: "apps", columns: []string{"app_id", "name", "namespace", "created_at", "public_key"}}
			for _, x := range answer.Items {
				d.rows = append(d.rows, appRecord(x))
			}
			return a.show(d)
		},
	}
}

func (a *app) appNew() *cobra.Command {
	var publicKey string
	c := &cobra.Command{
		Use: "new NAME", Short: "Register a program", Args: wants("NAME"),
		Example: "  debros app new storefront",
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.appPath("")
			if err != nil {
				return err
			}
			request := record{{"name", args[0]}}
			if publicKey != "" {
				request = append(request, field{"public_key", publicKey})
			}
			var x core.App
			if err := a.ask(cmd.Context(), http.MethodPost, path, request, &x); err != nil {
				return err
			}
			return a.show(document{object: appRecord(x), raw: []byte(x.ID + "\n"), hasRaw: true})
		},
	}
	c.Flags().StringVar(&publicKey, "public-key", "", "key by which others can know the program")
	return c
}

func (a *app) appShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Show one program", Args: wants("ID"), ValidArgsFunction: a.completeApps,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.appPath(args[0])
			if err != nil {
				return err
			}
			var x core.App
			if err := a.ask(cmd.Context(), http.MethodGet, path, nil, &x); err != nil {
				return err
			}
			return a.show(document{object: appRecord(x)})
		},
	}
}

func (a *app) appRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm ID", Short: "Remove a program's registration", Args: wants("ID"), ValidArgsFunction: a.completeApps,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := a.appPath(args[0])
			if err != nil {
				return err
			}
			if err := a.ask(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
				return err
			}
			return a.show(document{object: record{{"removed", true}, {"app_id", args[0]}}})
		},
	}
}
