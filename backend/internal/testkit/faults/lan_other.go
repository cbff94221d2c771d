//go:build !linux

package faults

import "testing"

// HarnessIP is the address of the test itself on a LAN.
const HarnessIP = "10.9.0.254"

// LAN is a network of namespaces; only Linux has them.
type LAN struct{}

// NewLAN skips the test.
func NewLAN(t testing.TB, _ int) *LAN {
	t.Skip("not run: the network faults need Linux")
	return nil
}

// Namespace is "" here.
func (*LAN) Namespace(int) string { return "" }

// IP is "" here.
func (*LAN) IP(int) string { return "" }

// Inside is nothing here.
func (*LAN) Inside(int) []string { return nil }

// Cut does nothing here.
func (*LAN) Cut(func(a, b int) bool) error { return nil }

// Dropped is 0 here.
func (*LAN) Dropped() int { return 0 }

// Heal does nothing here.
func (*LAN) Heal() error { return nil }
