package sandbox_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// seed is that of DEBROS_SEED, or a new one, which is printed: with it the same
// test makes the same choices again.
func seed(t testing.TB) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	if text := os.Getenv("DEBROS_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("DEBROS_SEED: %v", err)
		}
	}
	t.Logf("DEBROS_SEED=%d go test ./backend/sandbox -run '^%s$' does it again", s, t.Name())
	return s
}

// keepDir is where a test that failed leaves its history: below DEBROS_KEEP, or
// the system's folder for temporary files.
func keepDir(t testing.TB) string {
	t.Helper()
	base := os.Getenv("DEBROS_KEEP")
	if base == "" {
		base = os.TempDir()
	}
	return filepath.Join(base, "debros-"+strings.ReplaceAll(t.Name(), "/", "-")+"-"+strconv.FormatInt(time.Now().Unix(), 10))
}
