package node

import "testing"

// A large process must not gather garbage as large as a small one may, in parts.
func TestGCPercent(t *testing.T) {
	for live, want := range map[uint64]int{0: 1200, 4 << 20: 1200, 12 << 20: 400, 48 << 20: 100, 1 << 30: 100} {
		if got := gcPercent(live); got != want {
			t.Errorf("%d live bytes: %d %%, want %d", live, got, want)
		}
	}
}
