package sandbox

// This file tells what a sandbox is and has.

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
)

// States of a sandbox's node.
const (
	NodeRunning = "running"
	NodeSilent  = "silent" // its process is there, but does not answer
	NodeStopped = "stopped"
)

// Report is what a sandbox is and has. It holds the API key in plain text: it
// is for the person who started the sandbox.
type Report struct {
	Name      string        `json:"name"`
	Network   string        `json:"network"` // id, "" while no node runs
	Dir       string        `json:"dir"`
	CreatedAt time.Time     `json:"created_at"`
	Ephemeral bool          `json:"ephemeral"`
	Running   int           `json:"running"` // nodes that answer
	Nodes     []NodeReport  `json:"nodes"`
	Open      string        `json:"open,omitempty"` // link to the page that works once; after Up only
	Wallets   []Wallet      `json:"wallets"`
	Phrase    string        `json:"phrase"` // of the wallets: public
	Namespace string        `json:"namespace"`
	APIKey    string        `json:"api_key"`           //nolint:gosec // it is for whoever started the sandbox
	Took      time.Duration `json:"took,omitempty"`    // until it worked; after Up only
	Checks    []string      `json:"checks,omitempty"`  // what was seen to work; after Up only
	Notices   []string      `json:"notices,omitempty"` // settings that a kept sandbox overrides
}

// NodeReport is one node of a sandbox.
type NodeReport struct {
	Name    string `json:"name"`
	State   string `json:"state"`
	Role    string `json:"role"` // member or guest, "" when it does not answer
	Leader  bool   `json:"leader"`
	PID     int    `json:"pid"`
	PeerID  string `json:"peer_id"`
	P2P     string `json:"p2p"`     // multiaddress with the peer id
	Gateway string `json:"gateway"` // base URL
	Dir     string `json:"dir"`
}

// Status says what the sandbox is and how its nodes are now.
func (b *Sandbox) Status(ctx context.Context) (Report, error) {
	people, err := Wallets()
	if err != nil {
		return Report{}, err
	}
	b.mu.Lock()
	kept := b.state
	b.mu.Unlock()
	r := Report{
		Name: b.Name(), Dir: b.dir, CreatedAt: kept.CreatedAt, Ephemeral: kept.Ephemeral, Nodes: make([]NodeReport, len(b.nodes)),
		Wallets: people, Phrase: Phrase, Namespace: string(Namespace), APIKey: b.apiKey(),
	}
	networks := make([]string, len(b.nodes))
	err = b.each(func(n *Node) error {
		r.Nodes[n.number-1], networks[n.number-1] = n.report(ctx)
		return nil
	})
	for i, n := range r.Nodes {
		if n.State == NodeRunning {
			r.Running++
		}
		if r.Network == "" {
			r.Network = networks[i]
		}
	}
	return r, err
}

func (n *Node) report(ctx context.Context) (r NodeReport, network string) {
	address := n.sandbox.nodeState(n.number).Address
	r = NodeReport{Name: n.Name(), State: NodeStopped, Dir: n.Dir(), P2P: address, PeerID: peerID(address), PID: n.PID()}
	if run, err := config.ReadRunFile(n.Dir()); err == nil && run.PID == r.PID {
		r.Gateway = run.Gateway
	}
	if r.PID == 0 {
		return r, ""
	}
	r.State = NodeSilent
	status, err := n.status(ctx)
	if err != nil {
		return r, ""
	}
	r.State, r.Role = NodeRunning, status.Role
	for _, g := range status.Groups {
		if g.Name == Namespace.Group() && g.State == "leader" {
			r.Leader = true
		}
	}
	return r, status.Network
}

// peerID is what stands behind /p2p/ in a multiaddress.
func peerID(address string) string {
	_, id, _ := strings.Cut(address, "/p2p/")
	return id
}

// Variable is one variable of the environment.
type Variable struct {
	Name  string
	Value string
}

// Env is what a shell needs so that the program and applications use the
// sandbox: its first node for commands, all nodes for clients.
func (b *Sandbox) Env(ctx context.Context) ([]Variable, error) {
	r, err := b.Status(ctx)
	if err != nil {
		return nil, err
	}
	if r.Running == 0 {
		return nil, core.Errorf(core.Unavailable, "the sandbox %q does not run; start it with 'debros sandbox up --name %s'", b.Name(), b.Name())
	}
	var peers []string
	var first NodeReport
	for _, n := range r.Nodes {
		if n.State == NodeRunning {
			if first.Name == "" {
				first = n
			}
			peers = append(peers, n.P2P)
		}
	}
	return []Variable{
		{"DEBROS_SANDBOX", b.Name()},
		{"DEBROS_SANDBOX_DIR", filepath.Dir(filepath.Dir(b.dir))}, // DEBROS_DATA_DIR is the node's from now on
		{"DEBROS_CONTEXT", "local"},                               // whatever context is in use, this shell's commands go to the sandbox
		{"DEBROS_DATA_DIR", first.Dir},
		{"DEBROS_NAMESPACE", r.Namespace},
		{"DEBROS_API_KEY", r.APIKey},
		{"DEBROS_GATEWAY", first.Gateway},
		{"BOOTSTRAP_PEERS", strings.Join(peers, ",")},
	}, nil
}
