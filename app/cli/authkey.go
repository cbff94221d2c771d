package cli

// This file has the commands about API keys.

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) authKey() *cobra.Command {
	return a.group("key", "Make, list and revoke the API keys of a namespace", a.authKeyNew(), a.authKeyLs(), a.authKeyRevoke())
}

// keyAnswer is an API key; Secret is in the answer that made it only.
type keyAnswer struct {
	core.APIKey
	Secret string `json:"api_key"` //nolint:gosec // it is read, and shown once
}

func (a *app) authKeyNew() *cobra.Command {
	var name string
	var scopes []string
	var expires time.Duration
	c := &cobra.Command{
		Use: "new", Short: "Make an API key; it is shown once", Args: wants(),
		Long: "Prints a key for programs. It can do what its scopes say and you may: who loses his\n" +
			"grant loses his keys. It is shown this once and kept nowhere.",
		Example: "  debros auth key new --name backup --scope read --expires 30d\n  debros auth key new -o raw > key.txt",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if expires < 0 || expires%time.Second != 0 {
				return core.Errorf(core.Invalid, "--expires is a time from now in whole seconds, such as 30d")
			}
			ns, err := a.namedNamespace()
			if err != nil {
				return err
			}
			request := record{{"name", name}}
			if len(scopes) > 0 {
				request = append(request, field{"scopes", scopes})
			}
			if expires > 0 {
				request = append(request, field{"expires_in", int64(expires / time.Second)})
			}
			var k keyAnswer
			if err := a.ask(cmd.Context(), http.MethodPost, withQuery("/v1/auth/keys", "namespace", string(ns)), request, &k); err != nil {
				return err
			}
			d := document{object: append(record{{"api_key", k.Secret}}, keyRecord(k.APIKey)...), raw: []byte(k.Secret + "\n"), hasRaw: true}
			if err := a.show(d); err != nil {
				return err
			}
			a.note("The key is shown this once; keep it where others cannot read it.")
			return nil
		},
	}
	c.Flags().StringVar(&name, "name", "", "what it is for")
	c.Flags().StringSliceVar(&scopes, "scope", nil, "what it may do: read, write, schema, admin (default read, write, schema); several by comma or by several flags")
	c.Flags().Var((*duration)(&expires), "expires", "when it ends, counted from now; without it, never")
	_ = c.RegisterFlagCompletionFunc("scope", cobra.FixedCompletions([]string{"read", "write", "schema", "admin"}, cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag was just made
	return c
}

func keyRecord(k core.APIKey) record {
	return record{
		{"id", k.ID},
		{"name", k.Name},
		{"state", keyState(k, time.Now())},
		{"namespace", string(k.Namespace)},
		{"scopes", k.Scopes},
		{"creator", k.Creator},
		{"created_at", k.CreatedAt},
		{"expires_at", k.ExpiresAt},
		{"last_used_at", k.LastUsedAt},
		{"revoked_at", k.RevokedAt},
	}
}

// keyState is one word for what a key is worth.
func keyState(k core.APIKey, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.ExpiresAt.IsZero() && !k.ExpiresAt.After(now):
		return "expired"
	}
	return "good"
}

func (a *app) authKeyLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the keys of the namespace, without their secrets", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ns, err := a.namedNamespace()
			if err != nil {
				return err
			}
			var answer struct {
				Keys []core.APIKey `json:"keys"`
			}
			if err := a.ask(cmd.Context(), http.MethodGet, withQuery("/v1/auth/keys", "namespace", string(ns)), nil, &answer); err != nil {
				return err
			}
			d := document{name: "keys", columns: []string{"id", "name", "state", "scopes", "expires_at", "last_used_at", "creator"}}
			for _, k := range answer.Keys {
				d.rows = append(d.rows, keyRecord(k))
			}
			return a.show(d)
		},
	}
}

func (a *app) authKeyRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "End a key, on every node within seconds", Args: wants("ID"), ValidArgsFunction: a.completeAPIKeys,
		RunE: func(cmd *cobra.Command, args []string) error {
			ns, err := a.namedNamespace()
			if err != nil {
				return err
			}
			path := withQuery(fmt.Sprintf("/v1/auth/keys/%s", url.PathEscape(args[0])), "namespace", string(ns))
			if err := a.ask(cmd.Context(), http.MethodDelete, path, nil, nil); err != nil {
				return err
			}
			return a.show(document{object: record{{"revoked", true}, {"id", args[0]}}})
		},
	}
}
