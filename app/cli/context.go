package cli

// This file has the commands about contexts: names for where commands go.

import (
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/core"
)

// place is where the commands of this run go.
type place struct {
	savedContext
	local bool // the node of the data folder
}

// place is the context that was asked for: by --context, DEBROS_CONTEXT or
// "context use", in this order. --data-dir names a local node, so it comes
// before what was saved.
func (a *app) place() (place, error) {
	p, err := a.loadProfile()
	if err != nil {
		return place{}, err
	}
	name := a.opts.context
	if name == "" && a.opts.dataDir == "" {
		if name = a.lookup("DEBROS_CONTEXT"); name == "" {
			name = p.Context
		}
	}
	if name == "" {
		name = localContext
	}
	saved, found := p.find(name)
	if !found && name != localContext {
		return place{}, noContext(name)
	}
	return place{savedContext: saved, local: name == localContext}, nil
}

func noContext(name string) error {
	return core.Errorf(core.NotFound, "there is no context %q; 'debros context ls' lists all", name)
}

func (a *app) contextCommand() *cobra.Command {
	return a.group("context", "Name gateways and nodes, and choose where commands go",
		a.contextAdd(), a.contextUse(), a.contextLs(), a.contextRm())
}

// contextName keeps names easy to type and to tell apart from flags and paths.
var contextName = regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]{0,62}$`)

func (a *app) contextAdd() *cobra.Command {
	var c savedContext
	var allowClear bool
	cmd := &cobra.Command{
		Use: "add NAME", Short: "Name a gateway or nodes, or change what a name stands for", Args: wants("NAME"),
		Long: "A gateway is needed to sign in, and for the groups auth, ns and app. Nodes are needed for\n" +
			"everything else: keys, SQL and messages travel to the first that answers. A context may\n" +
			"have both. The node on this computer needs no context: it is \"local\".",
		Example: "  debros context add work --gateway https://gateway.example:6001 --namespace shop\n" +
			"  debros context add lab --peer /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…",
		RunE: func(_ *cobra.Command, args []string) error {
			c.Name, c.Peers = args[0], a.opts.peers
			if c.Name == localContext || !contextName.MatchString(c.Name) {
				return core.Errorf(core.Invalid, "a context is called 1 to 63 of a-z, 0-9, '.', '_' and '-', and not %q, which is the node on this computer", localContext)
			}
			if c.Gateway == "" && len(c.Peers) == 0 {
				return core.Errorf(core.Invalid, "a context needs --gateway URL or --peer ADDRESS")
			}
			if a.opts.namespace != "" {
				ns, err := core.ParseNamespace(a.opts.namespace)
				if err != nil {
					return err
				}
				c.Namespace = string(ns)
			}
			if c.Gateway != "" {
				base, err := gatewayBase(c.Gateway, allowClear)
				if err != nil {
					return err
				}
				c.Gateway = base
			}
			if err := a.changeProfile(func(p *profile) error { return p.put(c) }); err != nil {
				return err
			}
			return a.show(document{object: contextRecord(c, false)})
		},
	}
	cmd.Flags().StringVar(&c.Gateway, "gateway", "", "base URL of a gateway, such as https://gateway.example:6001")
	cmd.Flags().BoolVar(&allowClear, "allow-clear", false, "take an http:// URL that leaves this computer: who listens there reads your credential")
	return cmd
}

// gatewayBase brings a gateway's URL to its one form: scheme, host and port. It
// refuses what would lose a credential.
func gatewayBase(text string, allowClear bool) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", core.Wrap(core.Invalid, err, "a gateway is written https://host:port, or http://127.0.0.1:port on this computer")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "" {
		return "", core.Errorf(core.Invalid, "a gateway's URL has a host and a port only; sign in with 'debros auth login'")
	}
	if u.Scheme == "http" && !allowClear && !loopback(u.Hostname()) {
		return "", core.Errorf(core.Invalid, "with http:// whoever listens on the way reads your credential; write https://, or add --allow-clear on a network that you trust")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// loopback says whether a host is this computer for certain.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// reachable is the URL by which this computer reaches a gateway of its own: one
// that listens everywhere is asked on loopback.
func reachable(gateway string) string {
	u, err := url.Parse(gateway)
	if err != nil {
		return gateway
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil && address.IsUnspecified() {
		host := "127.0.0.1"
		if address.Is6() {
			host = "::1"
		}
		u.Host = net.JoinHostPort(host, u.Port())
	}
	return u.Scheme + "://" + u.Host
}

func contextRecord(c savedContext, current bool) record {
	return record{{"name", c.Name}, {"current", current}, {"gateway", c.Gateway}, {"peers", c.Peers}, {"namespace", c.Namespace}}
}

func (a *app) contextUse() *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Let the commands that follow go there; \"local\" is this computer's node", Args: wants("NAME"), ValidArgsFunction: a.completeContexts,
		RunE: func(_ *cobra.Command, args []string) error {
			var c savedContext
			err := a.changeProfile(func(p *profile) error {
				var found bool
				if c, found = p.find(args[0]); !found && args[0] != localContext {
					return noContext(args[0])
				}
				p.Context = args[0]
				return nil
			})
			if err != nil {
				return err
			}
			return a.show(document{object: contextRecord(c, true)})
		},
	}
}

func (a *app) contextLs() *cobra.Command {
	return &cobra.Command{
		Use: "ls", Aliases: []string{"list"}, Short: "List the contexts", Args: wants(),
		RunE: func(*cobra.Command, []string) error {
			p, err := a.loadProfile()
			if err != nil {
				return err
			}
			current, err := a.place()
			if err != nil {
				return err
			}
			list := p.Contexts
			if _, found := p.find(localContext); !found {
				list = append([]savedContext{{Name: localContext}}, list...)
			}
			d := document{name: "contexts", columns: []string{"name", "current", "gateway", "peers", "namespace"}}
			for _, c := range list {
				d.rows = append(d.rows, contextRecord(c, c.Name == current.Name))
			}
			return a.show(d)
		},
	}
}

func (a *app) contextRm() *cobra.Command {
	return &cobra.Command{
		Use: "rm NAME", Short: "Forget a context; its sign-in stays until 'debros auth logout'", Args: wants("NAME"), ValidArgsFunction: a.completeContexts,
		RunE: func(_ *cobra.Command, args []string) error {
			err := a.changeProfile(func(p *profile) error {
				if _, found := p.find(args[0]); !found {
					return noContext(args[0])
				}
				p.drop(args[0])
				if p.Context == args[0] {
					p.Context = ""
				}
				return nil
			})
			if err != nil {
				return err
			}
			return a.show(document{object: record{{"removed", true}, {"name", args[0]}}})
		},
	}
}

func (a *app) completeContexts(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	p, err := a.loadProfile()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	names := []string{localContext}
	for _, c := range p.Contexts {
		if c.Name != localContext {
			names = append(names, c.Name+"\t"+c.Gateway)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
