package faults

import (
	"os/exec"
	"strings"
	"testing"
)

// A cut that cuts nothing, or too much, would make every verdict worthless.
func TestLAN_CutsAndHeals(t *testing.T) {
	l := NewLAN(t, 3)
	// A port that nobody listens on refuses at once where packets pass.
	reaches := func(from, to int) bool {
		dial := "exec 3<>/dev/tcp/" + l.IP(to) + "/1"
		out, _ := exec.CommandContext(t.Context(), "ip", append(l.Inside(from)[1:], "timeout", "0.5", "bash", "-c", dial)...).CombinedOutput() //nolint:errcheck // refused is an error too
		return strings.Contains(string(out), "refused")
	}
	check := func(when string, want func(a, b int) bool) {
		t.Helper()
		for a := 1; a <= 3; a++ {
			for b := 1; b <= 3; b++ {
				if a != b && reaches(a, b) != want(a, b) {
					t.Errorf("%s: %d reaches %d: %t", when, a, b, !want(a, b))
				}
			}
		}
	}
	all := func(int, int) bool { return true }
	check("before", all)
	bridge := func(a, b int) bool { return a == 2 || b == 2 }
	if err := l.Cut(bridge); err != nil {
		t.Fatal(err)
	}
	check("cut", bridge)
	if l.Dropped() == 0 {
		t.Error("no packet was counted")
	}
	if err := l.Heal(); err != nil {
		t.Fatal(err)
	}
	check("healed", all)
}
