// This file is the Node screen: state, log, configuration.

package api

import (
	"context"
	"maps"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// maxLogLines bounds one answer of Logs; the page shows the newest and asks for more.
const maxLogLines = 2000

// maxLogScan bounds how many kept entries a filtered question looks at.
const maxLogScan = 100_000

// Node is bound as "Node".
type Node struct{ d *desk }

// Check is the state of one part; see core.Check.
type Check struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail"`
}

// Group is one Raft group's replica here; see core.Group.
type Group struct {
	Name        string `json:"name"`
	Awake       bool   `json:"awake"`
	State       string `json:"state"`
	Leader      string `json:"leader"`
	Index       string `json:"index"`
	CommitIndex string `json:"commit_index"`
	Size        string `json:"size"` // bytes
}

// NodeStatus is health and status in one, so that the screen shows one moment.
type NodeStatus struct {
	State        string   `json:"state"` // "ok", "degraded" or "down"
	TookMS       float64  `json:"took_ms"`
	Checks       []Check  `json:"checks"`
	PeerID       string   `json:"peer_id"`
	Name         string   `json:"name"`          // for people, "" when none was given
	Network      string   `json:"network"`       // id
	SolanaWallet string   `json:"solana_wallet"` // of the owner, "" when none was given
	Role         string   `json:"role"`
	Version      string   `json:"version"`
	StartedAt    string   `json:"started_at"`
	Addresses    []string `json:"addresses"`
	Gateway      string   `json:"gateway"`
	GatewayOpen  bool     `json:"gateway_open"` // other computers reach it
	GatewayAuth  bool     `json:"gateway_auth"` // it asks for a credential
	GatewayTLS   bool     `json:"gateway_tls"`  // it encrypts itself
	UI           string   `json:"ui"`
	DataDir      string   `json:"data_dir"`
	Peers        int      `json:"peers"`
	Relayed      int      `json:"relayed"`
	Reachability string   `json:"reachability"`
	Proxy        Check    `json:"proxy"`
	DatabaseSize string   `json:"database_size"` // bytes
	Groups       []Group  `json:"groups"`
	Goroutines   int      `json:"goroutines"`
	MemoryBytes  string   `json:"memory_bytes"` // of the whole process, "0" when unknown
	Descriptors  int      `json:"descriptors"`  // 0 when unknown
}

// LogQuery chooses log lines. After is the Seq of the last line seen, "" for
// none. Level is the least one wanted.
type LogQuery struct {
	After  string `json:"after"`
	Limit  int    `json:"limit"`
	Level  string `json:"level"`
	Part   string `json:"part"`
	Search string `json:"search"`
}

// LogLine is one line of the log; see core.LogEntry.
type LogLine struct {
	Seq     string            `json:"seq"`
	Time    string            `json:"time"`
	Level   string            `json:"level"`
	Part    string            `json:"part"`
	Message string            `json:"message"`
	Attrs   map[string]string `json:"attrs"`
}

// Status returns how the node is now.
func (n *Node) Status() (NodeStatus, error) {
	return guard(n.d, "Node.Status", MaxCallTime, func(ctx context.Context) (NodeStatus, error) {
		b, err := n.d.node()
		if err != nil {
			return NodeStatus{}, err
		}
		return nodeStatus(ctx, b)
	})
}

// Logs returns the newest lines that match, newest last.
func (n *Node) Logs(q LogQuery) ([]LogLine, error) {
	return guard(n.d, "Node.Logs", MaxCallTime, func(ctx context.Context) ([]LogLine, error) {
		b, err := n.d.node()
		if err != nil {
			return nil, err
		}
		match, err := q.matcher()
		if err != nil {
			return nil, err
		}
		var after uint64
		if q.After != "" {
			if after, err = strconv.ParseUint(q.After, 10, 64); err != nil {
				return nil, core.Errorf(core.Invalid, "A log line's number is made of digits, not %q.", q.After)
			}
		}
		entries, err := b.Machine.Logs(ctx, after, maxLogScan)
		if err != nil {
			return nil, err
		}
		return newest(entries, match, q.Limit), nil
	})
}

// SetLogLevel changes the level of a part until the node ends; "" is the level of all others.
func (n *Node) SetLogLevel(part, level string) error {
	return act(n.d, "Node.SetLogLevel", MaxCallTime, func(context.Context) error {
		b, err := n.d.node()
		if err != nil {
			return err
		}
		return b.Machine.SetLogLevel(part, level)
	})
}

// LogLevels is the level of each part.
func (n *Node) LogLevels() (map[string]string, error) {
	return guard(n.d, "Node.LogLevels", MaxCallTime, func(context.Context) (map[string]string, error) {
		b, err := n.d.node()
		if err != nil {
			return nil, err
		}
		out := map[string]string{}
		maps.Copy(out, b.Machine.LogLevels())
		return out, nil
	})
}

// matcher compiles the filters into one question.
func (q LogQuery) matcher() (func(core.LogEntry) bool, error) {
	least, ok := logRank(q.Level)
	if !ok {
		return nil, core.Errorf(core.Invalid, "Log level %q is not known; use debug, info, warn or error.", q.Level)
	}
	search := strings.ToLower(q.Search)
	return func(e core.LogEntry) bool {
		if rank, known := logRank(e.Level); known && rank < least {
			return false
		}
		return (q.Part == "" || e.Part == q.Part) && (search == "" || holds(e, search))
	}, nil
}

func logRank(level string) (int, bool) {
	switch level {
	case "", "debug":
		return 0, true
	case "info":
		return 1, true
	case "warn":
		return 2, true
	case "error":
		return 3, true
	}
	return 0, false
}

// holds looks for lower-case text in everything that the line shows.
func holds(e core.LogEntry, text string) bool {
	if strings.Contains(strings.ToLower(e.Message), text) || strings.Contains(strings.ToLower(e.Part), text) {
		return true
	}
	for k, v := range e.Attrs {
		if strings.Contains(strings.ToLower(k+"="+v), text) {
			return true
		}
	}
	return false
}

// newest keeps the last limit entries that match, in order.
func newest(entries []core.LogEntry, match func(core.LogEntry) bool, limit int) []LogLine {
	if limit <= 0 || limit > maxLogLines {
		limit = maxLogLines
	}
	out := []LogLine{}
	for _, e := range entries {
		if match(e) {
			out = append(out, logLine(e))
		}
	}
	return out[max(0, len(out)-limit):]
}

func logLine(e core.LogEntry) LogLine {
	attrs := map[string]string{}
	maps.Copy(attrs, e.Attrs)
	return LogLine{Seq: number(e.Seq), Time: stamp(e.Time), Level: e.Level, Part: e.Part, Message: e.Message, Attrs: attrs}
}

func nodeStatus(ctx context.Context, b Backend) (NodeStatus, error) {
	health, err := b.Machine.Health(ctx)
	if err != nil {
		return NodeStatus{}, err
	}
	s, err := b.Machine.Status(ctx)
	if err != nil {
		return NodeStatus{}, err
	}
	out := NodeStatus{
		State: health.State, TookMS: float64(health.Took.Microseconds()) / 1000, Checks: []Check{},
		PeerID: s.PeerID, Name: s.Name, Network: s.Network, SolanaWallet: s.SolanaWallet, Role: s.Role, Version: s.Version, StartedAt: stamp(s.StartedAt), Addresses: list(s.Addresses),
		Gateway: s.Gateway, GatewayOpen: s.GatewayOpen, GatewayAuth: s.GatewayAuth, GatewayTLS: s.GatewayTLS, UI: s.UI, DataDir: s.DataDir, Peers: s.Peers, Relayed: s.Relayed, Reachability: s.Reachability,
		Proxy: Check(s.Proxy), DatabaseSize: strconv.FormatInt(s.DatabaseSize, 10), Groups: []Group{},
	}
	for _, c := range health.Checks {
		out.Checks = append(out.Checks, Check(c))
	}
	for _, g := range s.Groups {
		out.Groups = append(out.Groups, Group{
			Name: g.Name, Awake: g.Awake, State: g.State, Leader: g.Leader,
			Index: number(g.Index), CommitIndex: number(g.CommitIndex), Size: strconv.FormatInt(g.Size, 10),
		})
	}
	p := measureProcess()
	out.Goroutines, out.MemoryBytes, out.Descriptors = p.goroutines, number(p.memory), p.descriptors
	return out, nil
}
