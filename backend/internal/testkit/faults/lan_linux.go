package faults

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// HarnessIP is the address of the test itself on a LAN; no cut touches it.
const HarnessIP = "10.9.0.254"

const (
	lanBridge = "dbr0"
	lanPrefix = "dbn" // of the namespaces' names: dbn1, dbn2, …
)

// LAN is a network of machines that are made of nothing: a namespace for each,
// joined by a bridge, on which the test has an address too. One goroutine at a
// time may use it.
type LAN struct {
	size int
}

// NewLAN builds a LAN of so many machines that goes away with the test. Without
// root or the tools, or outside a network namespace of its own, the test is
// skipped and says so.
func NewLAN(t testing.TB, machines int) *LAN {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not run: network namespaces need root")
	}
	for _, tool := range []string{"ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("not run: %s is missing", tool)
		}
	}
	own, err1 := os.Readlink("/proc/self/ns/net")
	first, err2 := os.Readlink("/proc/1/ns/net")
	if routes, err := exec.CommandContext(t.Context(), "ip", "route", "show", "default").Output(); err != nil || len(routes) > 0 || errors.Join(err1, err2) != nil {
		t.Skipf("not run: this is not a network namespace without a way out (%s, %s); use 'make system'", own, first)
	}
	l := &LAN{size: machines}
	t.Cleanup(l.remove)
	l.remove() // what an earlier run left in this namespace
	steps := [][]string{
		{"link", "add", lanBridge, "type", "bridge"},
		{"addr", "add", HarnessIP + "/24", "dev", lanBridge},
		{"link", "set", lanBridge, "up"},
	}
	for i := 1; i <= machines; i++ {
		ns, veth := l.Namespace(i), "dbv"+strconv.Itoa(i)
		steps = append(steps, [][]string{
			{"netns", "add", ns},
			{"link", "add", veth, "type", "veth", "peer", "name", "eth0", "netns", ns},
			{"link", "set", veth, "master", lanBridge, "up"},
			{"-n", ns, "addr", "add", l.IP(i) + "/24", "dev", "eth0"},
			{"-n", ns, "link", "set", "eth0", "up"},
			{"-n", ns, "link", "set", "lo", "up"},
		}...)
	}
	for _, s := range steps {
		if err := run("ip", s...); err != nil {
			t.Skipf("not run: %v", err)
		}
	}
	return l
}

func (l *LAN) remove() {
	for i := 1; i <= l.size; i++ {
		_ = run("ip", "netns", "del", l.Namespace(i)) //nolint:errcheck // it may be gone
	}
	_ = run("ip", "link", "del", lanBridge) //nolint:errcheck // it may be gone
}

// Namespace is the network namespace of machine i, from 1.
func (*LAN) Namespace(i int) string { return lanPrefix + strconv.Itoa(i) }

// IP is the address of machine i, from 1.
func (*LAN) IP(i int) string { return "10.9.0." + strconv.Itoa(i) }

// Inside is what stands before a command that is to run on machine i.
func (l *LAN) Inside(i int) []string { return []string{"ip", "netns", "exec", l.Namespace(i)} }

// Cut drops all packets between machines that are not linked, both ways, until
// Heal. The test reaches all machines as before.
func (l *LAN) Cut(linked func(a, b int) bool) error {
	var errs []error
	for i := 1; i <= l.size; i++ {
		var gone []string
		for j := 1; j <= l.size; j++ {
			if i != j && !linked(i, j) {
				gone = append(gone, l.IP(j))
			}
		}
		if len(gone) == 0 {
			continue
		}
		rules := fmt.Sprintf(`table inet fault {
	set gone { type ipv4_addr; elements = { %s }; }
	chain in { type filter hook input priority 0; ip saddr @gone counter drop; }
	chain out { type filter hook output priority 0; ip daddr @gone counter drop; }
}
`, strings.Join(gone, ", "))
		cmd := exec.Command( //nolint:gosec,noctx // our own words; it ends at once
			"ip", append(l.Inside(i)[1:], "nft", "-f", "-")...,
		)
		cmd.Stdin = strings.NewReader(rules)
		if out, err := cmd.CombinedOutput(); err != nil {
			errs = append(errs, fmt.Errorf("cut machine %d: %w: %s", i, err, out))
		}
	}
	return errors.Join(errs...)
}

var packets = regexp.MustCompile(`counter packets (\d+)`)

// Dropped is how many packets the present cut has stopped: the proof that it was
// one.
func (l *LAN) Dropped() int {
	total := 0
	for i := 1; i <= l.size; i++ {
		out, err := exec.Command("ip", append(l.Inside(i)[1:], "nft", "list", "table", "inet", "fault")...).Output() //nolint:gosec,noctx // our own words; it ends at once
		if err != nil {
			continue // this machine was not cut
		}
		for _, m := range packets.FindAllStringSubmatch(string(out), -1) {
			if n, err := strconv.Atoi(m[1]); err == nil {
				total += n
			}
		}
	}
	return total
}

// Heal lets all packets pass again.
func (l *LAN) Heal() error {
	var errs []error
	for i := 1; i <= l.size; i++ {
		out, err := exec.Command("ip", append(l.Inside(i)[1:], "nft", "delete", "table", "inet", "fault")...).CombinedOutput() //nolint:gosec,noctx // our own words; it ends at once
		if err != nil && !strings.Contains(string(out), "No such file") {
			errs = append(errs, fmt.Errorf("heal machine %d: %w: %s", i, err, out))
		}
	}
	return errors.Join(errs...)
}
