package cli

// This file has the commands about who one is at a gateway.

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

func (a *app) authCommand() *cobra.Command {
	return a.group("auth", "Sign in to a gateway, and see who has access",
		a.authLogin(), a.authLogout(), a.authWhoami(), a.authToken(), a.authSessions(), a.authKey(), a.authAudit(), a.authWithdraw())
}

func (a *app) authWhoami() *cobra.Command {
	return &cobra.Command{
		Use: "whoami", Short: "Show whom the gateway takes you for", Args: wants(),
		Example: "  debros auth whoami\n  debros auth whoami -o env",
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := a.gateway(cmd.Context())
			if err != nil {
				return err
			}
			var who struct {
				Method    string         `json:"method"`
				Subject   string         `json:"subject"`
				Namespace core.Namespace `json:"namespace"`
				Issuer    string         `json:"issuer"`
				IssuedAt  any            `json:"issued_at"`
				ExpiresAt any            `json:"expires_at"`
			}
			if err := g.call(cmd.Context(), http.MethodGet, "/v1/auth/whoami", nil, &who); err != nil {
				return err
			}
			return a.show(document{object: record{
				{"subject", who.Subject},
				{"method", who.Method},
				{"namespace", string(who.Namespace)},
				{"gateway", g.base},
				{"issuer", who.Issuer},
				{"issued_at", moment(who.IssuedAt)},
				{"expires_at", moment(who.ExpiresAt)},
			}})
		},
	}
}

// moment is a time as JSON brings it, in seconds or as text; nil when there is none.
func moment(v any) any {
	switch x := v.(type) {
	case float64:
		if x > 0 {
			return time.Unix(int64(x), 0).UTC()
		}
	case string:
		if at, err := time.Parse(time.RFC3339Nano, x); err == nil && at.Unix() > 0 {
			return at.UTC()
		}
	}
	return nil
}

func (a *app) authToken() *cobra.Command {
	return &cobra.Command{
		Use: "token", Short: "Print an access token that is fresh, for a script", Args: wants(),
		Long: "Prints the token of the sign-in, renewed when it is old. With an API key, the gateway\n" +
			"makes a token out of it. It is a secret: whoever has it is you for some minutes.",
		Example: "  curl -H \"Authorization: Bearer $(debros auth token)\" https://gateway.example:6001/v1/auth/whoami",
		RunE: func(cmd *cobra.Command, _ []string) error {
			g, err := a.gateway(cmd.Context())
			if err != nil {
				return err
			}
			token, expires, err := g.token(cmd.Context())
			if err != nil {
				return err
			}
			d := document{object: record{{"access_token", token}, {"token_type", "Bearer"}, {"expires_at", expires}}, raw: []byte(token + "\n"), hasRaw: true, rawIs: true}
			if a.opts.output == "" && a.env.Terminal.Stdout {
				return a.write(d.raw)
			}
			return a.show(d)
		},
	}
}

// token is an access token: the saved one, or one made out of an API key.
func (g *gateway) token(ctx context.Context) (token string, expires time.Time, err error) {
	saved, found, err := g.app.loadCredential(g.key)
	if err != nil {
		return "", expires, err
	}
	if found && saved.APIKey == "" && saved.secret() == g.credential {
		return saved.AccessToken, saved.ExpiresAt, nil
	}
	if strings.Count(g.credential.Reveal(), ".") == 2 { // it is a token already
		return g.credential.Reveal(), expires, nil
	}
	switch {
	case g.credential == "":
		return "", expires, core.Errorf(core.Unauthenticated, "you are not signed in at %s", g.base)
	case strings.HasPrefix(g.credential.Reveal(), "op_"):
		return "", expires, core.Errorf(core.Invalid, "the operator of a node has a key and no token; sign in with 'debros auth login'")
	}
	var t tokensAnswer
	if err := g.call(ctx, http.MethodPost, "/v1/auth/token", nil, &t); err != nil {
		return "", expires, err
	}
	return t.AccessToken, t.credential(g.key, time.Now()).ExpiresAt, nil
}

func (a *app) authLogout() *cobra.Command {
	var all, forget bool
	c := &cobra.Command{
		Use: "logout", Short: "End the sign-in here, or with --all everywhere", Args: wants(),
		Example: "  debros auth logout\n  debros auth logout --all",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.place()
			if err != nil {
				return err
			}
			key, err := a.credentialKey(p)
			if err != nil {
				return err
			}
			saved, found, err := a.loadCredential(key)
			if forget { // also what is damaged
				return a.forgotten(key, 0)
			}
			switch {
			case err != nil:
				return err
			case !found:
				return core.Errorf(core.NotFound, "there is no saved sign-in for the context %q", p.Name)
			case saved.APIKey != "" && all:
				return core.Errorf(core.Invalid, "an API key has no sessions to end; revoke it with 'debros auth key revoke ID'")
			case saved.APIKey != "":
				return a.forgotten(key, 0)
			}
			revoked, err := a.logout(cmd.Context(), p, saved, all)
			if err != nil {
				return err
			}
			return a.forgotten(key, revoked)
		},
	}
	c.Flags().BoolVar(&all, "all", false, "end all your sessions, on every device")
	c.Flags().BoolVar(&forget, "forget", false, "only remove what is saved here; the gateway is not told")
	c.MarkFlagsMutuallyExclusive("all", "forget")
	return c
}

func (a *app) forgotten(key string, revoked int) error {
	if err := a.dropCredential(key); err != nil {
		return err
	}
	return a.show(document{object: record{{"signed_out", true}, {"revoked", revoked}}})
}

// logout ends the session at the gateway. A session that is over already is no
// error: then there is only the file to remove.
func (a *app) logout(ctx context.Context, p place, saved credential, all bool) (revoked int, err error) {
	g, err := a.strangerGateway(p)
	if err != nil {
		return 0, err
	}
	request := map[string]any{"refresh_token": saved.RefreshToken}
	if all {
		request = map[string]any{"all": true}
		if err = g.use(ctx, saved); err != nil {
			return 0, err
		}
	}
	var answer struct {
		Revoked int `json:"revoked"`
	}
	err = g.call(ctx, http.MethodPost, "/v1/auth/logout", request, &answer)
	switch core.CodeOf(err) { //nolint:exhaustive // the others are returned as they are
	case core.Unauthenticated:
		if !all {
			return 0, nil
		}
	case core.Unavailable, core.OutcomeUnknown:
		return 0, core.Wrap(core.CodeOf(err), err, "%s; you are still signed in (--forget removes what is saved here only)", core.Sentence(err))
	}
	return answer.Revoked, err
}

func (a *app) authSessions() *cobra.Command {
	ls := &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List your sign-ins, on all devices", Args: wants(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var answer struct {
				Sessions []core.Session `json:"sessions"`
			}
			if err := a.ask(cmd.Context(), http.MethodGet, "/v1/auth/sessions", nil, &answer); err != nil {
				return err
			}
			d := document{name: "sessions", columns: []string{"id", "current", "namespace", "created_at", "used_at", "expires_at", "address"}}
			for _, s := range answer.Sessions {
				d.rows = append(d.rows, record{
					{"id", s.ID},
					{"subject", s.Subject},
					{"namespace", string(s.Namespace)},
					{"created_at", s.CreatedAt},
					{"used_at", s.UsedAt},
					{"expires_at", s.ExpiresAt},
					{"address", s.Address},
					{"current", s.Current},
				})
			}
			return a.show(d)
		},
	}
	revoke := &cobra.Command{
		Use: "revoke ID", Short: "End one of your sign-ins", Args: wants("ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.ask(cmd.Context(), http.MethodDelete, "/v1/auth/sessions/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			return a.show(document{object: record{{"revoked", true}, {"id", args[0]}}})
		},
	}
	return a.group("sessions", "See your sign-ins on all devices, and end them", ls, revoke)
}

func (a *app) authAudit() *cobra.Command {
	limit := 100
	c := &cobra.Command{
		Use: "audit", Short: "List who signed in, made keys and gave rights, newest first", Args: wants(),
		Example: "  debros auth audit --limit 20 -o jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return core.Errorf(core.Invalid, "--limit is 1 or more")
			}
			ns, err := a.namedNamespace()
			if err != nil {
				return err
			}
			var answer struct {
				Events []core.AuditEvent `json:"events"`
			}
			if err := a.ask(cmd.Context(), http.MethodGet, withQuery("/v1/auth/audit", "limit", strconv.Itoa(limit), "namespace", string(ns)), nil, &answer); err != nil {
				return err
			}
			d := document{name: "events", columns: []string{"time", "event", "subject", "target", "detail", "address"}}
			for _, e := range answer.Events {
				d.rows = append(d.rows, record{
					{"time", e.Time},
					{"event", e.Event},
					{"subject", e.Subject},
					{"namespace", string(e.Namespace)},
					{"target", e.Target},
					{"detail", e.Detail},
					{"address", e.Address},
					{"request_id", e.RequestID},
				})
			}
			return a.show(d)
		},
	}
	c.Flags().IntVar(&limit, "limit", limit, "events at most")
	return c
}

func (a *app) authWithdraw() *cobra.Command {
	return &cobra.Command{
		Use: "withdraw [NODE]", Short: "Void what a node has signed, or sign everybody out", Args: cobra.MaximumNArgs(1),
		Long: "For the operator, when a key or a backup may be in other hands. With a peer id, the\n" +
			"signing keys of that node and every token that it signed are void on all nodes within\n" +
			"seconds. Without one, every session of the network ends. API keys and grants stay.",
		Example: "  debros auth withdraw 12D3KooW…\n  debros auth withdraw --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			request := map[string]any{"all": true}
			what := "every session of the network ends"
			if len(args) > 0 {
				request = map[string]any{"node": args[0]}
				what = "every token that this node signed is void"
			}
			if err := a.confirm(what, "withdraw"); err != nil {
				return err
			}
			g, err := a.operatorGateway()
			if err != nil {
				return err
			}
			if err = g.call(cmd.Context(), http.MethodPost, "/v1/auth/withdraw", request, nil); err != nil {
				return err
			}
			return a.show(document{object: record{{"withdrawn", true}}})
		},
	}
}
