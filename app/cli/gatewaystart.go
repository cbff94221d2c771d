package cli

// This file has the command that runs a gateway without a node.

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"git.debros.io/DeBros/network/backend/config"
)

// GatewayStart is how "gateway start" wants its gateway.
type GatewayStart struct {
	Loaded  config.Loaded
	Console io.Writer // of the log
	Color   bool      // of the log
}

// gatewayFlags are short names of keys, as the original gateway had them.
var gatewayFlags = []struct{ flag, key string }{ //nolint:gochecknoglobals // a table that never changes
	{"addr", "gateway.addr"},
	{"bootstrap-peers", "discovery.bootstrap_peers"},
	{"cert", "gateway.tls_certificate"},
	{"key", "gateway.tls_key"},
	{"allow-clear", "gateway.allow_clear"},
	{"require-auth", "gateway.require_auth"},
	{"allowed-origins", "gateway.allowed_origins"},
	{"allowed-hosts", "gateway.allowed_hosts"},
	{"log-level", "logging.level"},
}

func (a *app) gatewayCommand() *cobra.Command {
	return a.group("gateway", "Run a gateway without a node", a.gatewayStart())
}

func (a *app) gatewayStart() *cobra.Command {
	given := map[string]string{}
	c := &cobra.Command{
		Use: "start", Short: "Run a gateway in front of other nodes until Ctrl+C", Args: wants(),
		Long: "Serves HTTP in this terminal and keeps no data: the nodes of --bootstrap-peers do the\n" +
			"work. A node started with 'debros node start' has a gateway already. Each flag is also a\n" +
			"key of the YAML file and an environment variable: GATEWAY_ADDR, GATEWAY_NAMESPACE,\n" +
			"GATEWAY_BOOTSTRAP_PEERS, GATEWAY_REQUIRE_AUTH, GATEWAY_API_KEYS.",
		Example: "  debros gateway start --bootstrap-peers /ip4/203.0.113.7/tcp/4001/p2p/12D3KooW…\n" +
			"  debros gateway start --addr 0.0.0.0:6001 --cert gateway.crt --key gateway.key --bootstrap-peers …",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.opts.namespace != "" {
				given["gateway-namespace"] = a.opts.namespace
			}
			loaded, err := config.Load(a.sources(given))
			if err != nil {
				return err
			}
			a.notices(loaded)
			a.endsBySignal = true
			return a.env.Program.StartGateway(cmd.Context(), GatewayStart{
				Loaded: loaded, Console: a.env.Stderr, Color: a.logColors(loaded.Config.Logging.Color),
			}, func(address string) {
				a.note("The gateway is ready at %s. Ctrl+C ends it.", address)
			})
		},
	}
	for _, f := range gatewayFlags {
		k, ok := config.FindKey(f.key)
		if !ok {
			panic("cli: the configuration has no key " + f.key) // the table above is wrong
		}
		flag := c.Flags().VarPF(keyFlag{key: k, given: given}, f.flag, "", strings.ToLower(k.Help[:1])+k.Help[1:])
		if k.Kind == config.KindBool {
			flag.NoOptDefVal = "true"
		}
	}
	return c
}
