package sandbox

// This file is one node: its configuration, its process, and what may be done
// to it.

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"go.yaml.in/yaml/v3"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/config"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/disk"
)

// Node is one node of a sandbox. Its methods may be called from any goroutine.
type Node struct {
	sandbox *Sandbox
	number  int // from 1
	place   Place

	mu      sync.Mutex
	process *process
	client  *client.Client // of the operator, made when it is asked for
}

// Name is "node-1" and so on.
func (n *Node) Name() string { return "node-" + strconv.Itoa(n.number) }

// Dir is the node's data folder.
func (n *Node) Dir() string { return n.place.DataDir }

// Running says whether the node's process is there; a paused one is.
func (n *Node) Running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process.alive()
}

// PID is the process id of the node, 0 when it does not run.
func (n *Node) PID() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.process.alive() {
		return 0
	}
	return n.process.PID
}

// Start runs the node and returns when it can take work. A node that runs
// already stays as it is. It returns a *StartError when the node ends instead,
// or when ctx ends before it is ready.
func (n *Node) Start(ctx context.Context) error {
	if err := n.begin(); err != nil {
		return err
	}
	return n.ready(ctx)
}

// begin starts the process, without waiting for it.
func (n *Node) begin() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process.alive() {
		return nil
	}
	if err := n.configure(); err != nil {
		return err
	}
	console, err := n.openConsole()
	if err != nil {
		return err
	}
	defer console.Close() //nolint:errcheck // the node has its own copy of it
	args := slices.Concat(n.place.Prefix, n.sandbox.settings.Program, []string{"node", "start", "--data-dir", n.Dir()})
	//nolint:gosec,noctx // the program is our own, and outlives the call; Sandbox ends it
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = nodeEnvironment(n.sandbox.settings.Environ)
	cmd.Dir = n.Dir()
	p, err := begin(cmd, console)
	if p != nil {
		n.process = p
		err = errors.Join(err, n.sandbox.note(n.number, func(s *nodeState) { s.Process = *p }))
	}
	if err != nil {
		return &StartError{Node: n.Name(), Err: err}
	}
	return nil
}

// openConsole opens the file of what the node's process prints.
func (n *Node) openConsole() (*os.File, error) {
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(n.console()); err == nil && info.Size() > maxConsole {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(n.console(), flags, 0o600)
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the log of %s cannot be written", n.Name())
	}
	return f, nil
}

func (n *Node) console() string { return filepath.Join(n.Dir(), "console.log") }

// nodeEnvironment is the environment without what configures a node: a sandbox
// must not join what its starter's node joins.
func nodeEnvironment(environ []string) []string {
	drop := map[string]bool{"DEBROS_CONFIG": true}
	for _, k := range config.Keys() {
		for _, name := range k.Env {
			drop[name] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return drop[name]
	})
}

// configure writes the node's configuration file. Callers hold mu.
func (n *Node) configure() error {
	if err := os.MkdirAll(n.Dir(), 0o700); err != nil {
		return core.Wrap(core.Unavailable, err, "the data folder of %s cannot be made", n.Name())
	}
	if err := n.foundSandbox(); err != nil {
		return err
	}
	s := n.sandbox
	me := s.nodeState(n.number)
	values := map[string]any{
		"node.id":               n.Name(),
		"node.listen_addresses": []string{"/ip4/" + n.place.IP + "/tcp/" + strconv.Itoa(me.P2P)},
		"discovery.mdns":        false, // nothing but this machine
		"logging.color":         "never",
		"gateway.addr":          net.JoinHostPort(n.place.IP, strconv.Itoa(me.Gateway)),
		"gateway.allow_clear":   true, // the places of a sandbox are all on this machine
		"gateway.api_keys":      []string{s.apiKey() + ":" + string(Namespace)},
	}
	if len(s.nodes) > 1 {
		values["security.open_join"] = true
	}
	if first := s.nodeState(1).Address; n.number > 1 {
		if first == "" {
			return core.Errorf(core.Conflict, "node-1 must have run before %s can join it", n.Name())
		}
		values["database.rqlite_join_address"] = first
		values["discovery.bootstrap_peers"] = []string{first}
	}
	if s.settings.Page && n.number == 1 {
		values["ui.enabled"] = true
		values["ui.addr"] = net.JoinHostPort(n.place.IP, strconv.Itoa(me.UI))
	}
	for key, text := range s.settings.Config {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			return core.Wrap(core.Invalid, err, "the value of %s is not YAML", key)
		}
		values[key] = value
	}
	sections := map[string]map[string]any{}
	for key, value := range values {
		section, name, _ := strings.Cut(key, ".")
		if sections[section] == nil {
			sections[section] = map[string]any{}
		}
		sections[section][name] = value
	}
	text, err := yaml.Marshal(sections)
	if err != nil {
		return fmt.Errorf("write configuration of %s: %w", n.Name(), err)
	}
	if err := disk.Write(filepath.Join(n.Dir(), config.FileName), text); err != nil {
		return core.Wrap(core.Unavailable, err, "the configuration of %s cannot be written", n.Name())
	}
	return nil
}

// networkPrefix begins the id of a sandbox's network, by which everybody knows
// that nothing in it is meant to last.
const networkPrefix = "sandbox-"

// foundSandbox gives the network that node-1 founds its id. The file is the
// node's own, which makes one when there is none.
func (n *Node) foundSandbox() error {
	if n.number != 1 {
		return nil
	}
	path := filepath.Join(n.Dir(), "network")
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	if err := disk.Create(path, []byte(networkPrefix+strings.ToLower(rand.Text()[:12])+"\n")); err != nil {
		return core.Wrap(core.Unavailable, err, "the network of %s cannot be written down", n.Name())
	}
	return nil
}

// ready waits until the node wrote run.json, which it does when it can take
// work.
func (n *Node) ready(ctx context.Context) error {
	n.mu.Lock()
	p := n.process
	n.mu.Unlock()
	var run config.RunFile
	err := until(ctx, func() bool {
		var err error
		run, err = config.ReadRunFile(n.Dir())
		return err == nil && run.PID == p.PID || !p.alive()
	})
	switch {
	case err != nil:
		return n.startError(core.Wrap(core.Unavailable, err, "%s was not ready in time", n.Name()))
	case run.PID != p.PID || len(run.P2P) == 0:
		return n.startError(core.Errorf(core.Internal, "%s ended before it was ready", n.Name()))
	}
	return n.sandbox.note(n.number, func(s *nodeState) { s.Address = run.P2P[0] })
}

// Stop asks the node to end as the system would, and waits for it. When ctx
// ends first the node still runs.
func (n *Node) Stop(ctx context.Context) error {
	p, err := n.signalled(signalStop)
	if err == nil && p.wait(ctx) != nil {
		err = core.Errorf(core.Unavailable, "%s was told to end and still runs as process %d", n.Name(), p.PID)
	}
	return errors.Join(err, n.disconnect())
}

// Kill ends the node at once, as kill -9 does, and waits for its process.
func (n *Node) Kill(ctx context.Context) error {
	p, err := n.signalled(signalKill)
	if err == nil {
		err = p.wait(ctx)
	}
	return errors.Join(err, n.disconnect())
}

// Pause stops the node's process where it stands, until Resume.
func (n *Node) Pause() error {
	_, err := n.signalled(signalPause)
	return err
}

// Resume lets a paused node go on.
func (n *Node) Resume() error {
	_, err := n.signalled(signalResume)
	return err
}

// Ended is closed when the process that this program started ends. It is nil,
// which never is ready, for a node that an earlier run started.
func (n *Node) Ended() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil {
		return nil
	}
	return n.process.ended
}

// ExitCode is the status with which the process ended that this program started:
// -1 when a signal ended it, when it still runs, or when an earlier run began it.
func (n *Node) ExitCode() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process.exitCode()
}

func (n *Node) signalled(s syscall.Signal) (*process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.process == nil {
		return nil, nil
	}
	return n.process, n.process.signal(s)
}

// Client returns a client of namespace demo with the operator's key, connected
// to this node and to no other. It is kept until the node ends or Sandbox.Close.
func (n *Node) Client(ctx context.Context) (*client.Client, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.client != nil {
		return n.client, nil
	}
	key, err := config.LoadOperatorKey(n.Dir())
	if err != nil {
		return nil, err
	}
	c, err := n.dial(ctx, func(c *client.ClientConfig) { c.Credential = key })
	if err == nil {
		n.client = c
	}
	return c, err
}

// DialOperator returns a new client of a namespace with the operator's key,
// connected to this node alone. The caller disconnects it.
func (n *Node) DialOperator(ctx context.Context, ns core.Namespace) (*client.Client, error) {
	key, err := config.LoadOperatorKey(n.Dir())
	if err != nil {
		return nil, err
	}
	return n.dial(ctx, func(c *client.ClientConfig) { c.Credential, c.Namespace = key, string(ns) })
}

// Dial returns a new client that is connected to this node alone, with the API
// key of the sandbox. change may alter its configuration, or be nil. The caller
// disconnects it.
func (n *Node) Dial(ctx context.Context, change func(*client.ClientConfig)) (*client.Client, error) {
	return n.dial(ctx, func(c *client.ClientConfig) {
		c.APIKey = core.Secret(n.sandbox.apiKey())
		if change != nil {
			change(c)
		}
	})
}

func (n *Node) dial(ctx context.Context, change func(*client.ClientConfig)) (*client.Client, error) {
	c := client.DefaultClientConfig(string(Namespace))
	c.Namespace = string(Namespace)
	c.ConnectTimeout, c.RetryDelay = 5*time.Second, 50*time.Millisecond
	if address := n.sandbox.nodeState(n.number).Address; address != "" {
		c.BootstrapPeers = []string{address}
	}
	change(c)
	made, err := client.NewClient(c)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", n.Name(), err)
	}
	if err := made.ConnectContext(ctx); err != nil {
		return nil, fmt.Errorf("client of %s: %w", n.Name(), err)
	}
	return made, nil
}

// disconnect ends the operator's client.
func (n *Node) disconnect() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.client
	n.client = nil
	if c == nil {
		return nil
	}
	return c.Disconnect()
}

// Log returns the last lines that the node printed, at most lines of them.
func (n *Node) Log(lines int) ([]string, error) {
	const enough = 1 << 20 // of the file's end
	lines = min(max(lines, 1), MaxLogLines)
	f, err := os.Open(n.console())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the log of %s cannot be read", n.Name())
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, statErr := f.Stat(); statErr == nil && info.Size() > enough {
		if _, err = f.Seek(-enough, io.SeekEnd); err != nil {
			return nil, core.Wrap(core.Unavailable, err, "the log of %s cannot be read", n.Name())
		}
	}
	data, err := io.ReadAll(io.LimitReader(f, 2*enough)) //nolint:forbidigo // limited
	if err != nil {
		return nil, core.Wrap(core.Unavailable, err, "the log of %s cannot be read", n.Name())
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if len(all) == 1 && all[0] == "" {
		return nil, nil
	}
	return all[max(0, len(all)-lines):], nil
}

// StartError says which node did not start, with the end of its log.
type StartError struct {
	Node string
	Tail []string // of what the node printed
	Err  error
}

// tailLines is how much of a log tells why a node did not start.
const tailLines = 20

func (n *Node) startError(err error) error {
	tail, logErr := n.Log(tailLines)
	return &StartError{Node: n.Name(), Tail: tail, Err: errors.Join(err, logErr)}
}

// Error names the node and the cause; the log is in Tail.
func (e *StartError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *StartError) Unwrap() error { return e.Err }
