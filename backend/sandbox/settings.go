package sandbox

// This file says what a sandbox is made of, and checks it.

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of a sandbox.
const (
	DefaultName  = "demo"
	DefaultNodes = 3
	// MaxNodes bounds the nodes of one sandbox: each takes some 60 MB and, at
	// rest, a few percent of a core.
	MaxNodes = 16
	// MaxNameBytes bounds a sandbox's name, which is the name of a folder.
	MaxNameBytes = 40

	// DefaultTimeout is how long Up waits for the network to work. Three nodes
	// take some seconds; a loaded machine takes longer.
	DefaultTimeout = time.Minute
	// StopTimeout is how long Down waits for nodes to end before it kills them.
	StopTimeout = 4 * time.Second // with the killing, all is over within 5 s

	// MaxLogLines bounds what Logs returns of one node.
	MaxLogLines = 10_000
	// maxConsole is the size above which a node's console log is begun anew at
	// the node's next start; the node's own log rotates by itself.
	maxConsole = 16 << 20
	// maxStateFile bounds state.json: some hundred bytes a node.
	maxStateFile = 256 << 10
)

// Namespace is where the API key of a sandbox works.
const Namespace core.Namespace = "demo"

// Settings say what a sandbox is. DataDir and Program must be given.
type Settings struct {
	// DataDir is the data folder of this program: the sandbox is in
	// sandbox/<Name> below it.
	DataDir string
	// Name tells sandboxes apart; "" is DefaultName.
	Name string
	// Nodes is how many a new sandbox has, 1 to MaxNodes; 0 is DefaultNodes. A
	// kept sandbox has the nodes that it has: Up says so when they differ.
	Nodes int
	// Program is what runs a node: the executable and what stands before "node
	// start" in its arguments.
	Program []string
	// Environ is the environment of the nodes, as in exec.Cmd. What would
	// configure a node is left out of it.
	Environ []string
	// Page serves the page at node-1, for the link of Report.Open.
	Page bool
	// Chat gives the test people chats, and has a message opened before Up returns.
	Chat bool
	// Detach lets the nodes run on when this process ends.
	Detach bool
	// Ephemeral drops all data in Down.
	Ephemeral bool
	// Config is added to the configuration of every node: key → value in YAML,
	// such as "database.max_awake": "50".
	Config map[string]string
	// Place puts a node, counted from 1, somewhere else than on loopback; nil
	// puts all there. For tests that build networks of their own.
	Place func(node int) Place
}

// Place is where a node runs.
type Place struct {
	IP      string   // that it listens on
	Prefix  []string // arguments before the program's own, such as "ip netns exec n1"
	DataDir string   // "" is the node's folder in the sandbox
}

// check fills in the defaults.
func (s Settings) check() (Settings, error) {
	if s.Name == "" {
		s.Name = DefaultName
	}
	if s.Nodes == 0 {
		s.Nodes = DefaultNodes
	}
	switch {
	case s.DataDir == "" || !filepath.IsAbs(s.DataDir):
		return s, core.Errorf(core.Invalid, "a sandbox needs the absolute path of a data folder")
	case len(s.Program) == 0:
		return s, core.Errorf(core.Invalid, "a sandbox needs the program that runs its nodes")
	case s.Nodes < 1 || s.Nodes > MaxNodes:
		return s, core.Errorf(core.Invalid, "a sandbox has 1 to %s, not %d", core.Count(MaxNodes, "node"), s.Nodes)
	}
	if err := checkName(s.Name); err != nil {
		return s, err
	}
	for name := range s.Config {
		if !strings.Contains(name, ".") {
			return s, core.Errorf(core.Invalid, "the key %q has no section, such as database.max_awake", name)
		}
	}
	return s, nil
}

func checkName(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	if name == "" || len(name) > MaxNameBytes || name[0] == '-' || strings.Trim(name, letters) != "" {
		return core.Errorf(core.Invalid, "a sandbox's name has 1 to %d characters a-z, 0-9 and -, and begins with a letter or digit", MaxNameBytes)
	}
	return nil
}

// Limits lists the bounds that a user of sandboxes may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "nodes of a sandbox", Value: fmt.Sprint(MaxNodes), Why: "each takes some 60 MB"},
		{Name: "bytes of a sandbox's name", Value: fmt.Sprint(MaxNameBytes), Why: "it names a folder"},
		{Name: "time for a sandbox's nodes to end", Value: StopTimeout.String(), Why: "those that take longer are killed, so that Ctrl+C ends all within 5 s"},
		{Name: "log lines of a sandbox's node at once", Value: fmt.Sprint(MaxLogLines), Why: "they are held in memory"},
	}
}
