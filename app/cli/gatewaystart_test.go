package cli

import (
	"context"
	"strings"
	"testing"

	"git.debros.io/DeBros/network/backend/core"
)

// The flags and variables of the original gateway go on working, and what is
// wrong is said before anything listens.
func TestGatewayStart(t *testing.T) {
	s := newScreen(t)
	var got GatewayStart
	s.startGateway = func(_ context.Context, start GatewayStart, ready func(string)) error {
		got = start
		ready("http://127.0.0.1:7777")
		return nil
	}
	s.env["GATEWAY_API_KEYS"] = canary + "-long-enough:blog"
	s.run("gateway", "start", "--addr", "127.0.0.1:7777", "--bootstrap-peers", realPeer, "-n", "shop", "--log-level", "debug")
	c := got.Loaded.Config
	if s.status != 0 || c.Gateway.Addr != "127.0.0.1:7777" || c.Gateway.Namespace != "shop" || len(c.Discovery.BootstrapPeers) != 1 || c.Logging.Level != "debug" {
		t.Errorf("%d %s %+v", s.status, s.err, c.Gateway)
	}
	if !strings.Contains(s.err, "http://127.0.0.1:7777") || strings.Contains(s.out+s.err, canary) {
		t.Errorf("announced: %s", s.err)
	}
	s.env["GATEWAY_ADDR"], s.env["GATEWAY_NAMESPACE"], s.env["GATEWAY_BOOTSTRAP_PEERS"] = "127.0.0.1:8888", "blog", realPeer
	if s.run("gateway", "start"); s.status != 0 || got.Loaded.Config.Gateway.Addr != "127.0.0.1:8888" || got.Loaded.Config.Gateway.Namespace != "blog" || len(got.Loaded.Config.Discovery.BootstrapPeers) != 1 {
		t.Errorf("by the environment: %d %s %+v", s.status, s.err, got.Loaded.Config.Gateway)
	}
	got = GatewayStart{}
	if s.run("gateway", "start", "--addr", "0.0.0.0:6001", "--require-auth=false"); s.status != 2 || got.Console != nil {
		t.Errorf("an open gateway: %d %s", s.status, s.err)
	}
	s.startGateway = nil
	if s.run("gateway", "start"); s.status != 2 || !strings.Contains(s.err, "there is no command") {
		t.Errorf("a program without a gateway: %d %s", s.status, s.err)
	}
}

const realPeer = "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooWAoryfkTyySSoFjKBeetKEX2WbmkM6C7fbvjddPToqGSk"

// The page of examples is the commands' own help, so it cannot be out of date.
func TestCheat(t *testing.T) {
	s := newScreen(t)
	for topic, want := range map[string]string{"wallet": "debros wallet new work --words 24", "auth": "debros auth login --browser --namespace shop", "kv": "debros kv put color red"} {
		if s.run("cheat", topic); s.status != 0 || !strings.Contains(s.out, "\n"+want) {
			t.Errorf("%s: %d %s %s", topic, s.status, s.out, s.err)
		}
	}
	if s.run("cheat", "-o", "raw"); s.status != 0 || !strings.Contains(s.out, "wallet\n") || strings.Contains(s.out, "storage\n") {
		t.Errorf("topics: %s", s.out)
	}
	if s.run("cheat", "walet"); s.status != 3 || !strings.Contains(s.err, "debros cheat wallet") {
		t.Errorf("an unknown topic: %d %s", s.status, s.err)
	}
	for _, args := range [][]string{{"wallet"}, {"auth"}, {"ns"}, {"app"}, {"context"}} {
		if s.run(args...); s.status != 0 || !strings.Contains(s.out, "Available Commands") {
			t.Errorf("%v: %d", args, s.status)
		}
	}
}

// Completion reads what is on this computer, without a node.
func TestComplete_ContextsAndRoles(t *testing.T) {
	g := newGatewayFake(t)
	s := newScreen(t)
	s.signedIn(t, g)
	g.apps = []core.App{{ID: "a-1", Name: "storefront"}}
	g.keys = []core.APIKey{{ID: "k-1", Name: "robot"}}
	for args, want := range map[string]string{"app show ": "a-1\tstorefront", "auth key revoke ": "k-1\trobot", "ns grants ": "shop\towner", "context use ": "work\t" + g.URL, "kv ls --context ": "local", "ns grant 0xBob ": "writer", "auth login --chain ": "SOL"} {
		if s.run(append([]string{"__complete"}, strings.Split(args, " ")...)...); !strings.Contains(s.out, want) {
			t.Errorf("%s: %q", args, s.out)
		}
	}
}
