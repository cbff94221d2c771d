package testkit

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// FreePort returns a TCP port of loopback that nobody listens on. It lies below
// the range from which systems give out ports by themselves, so that it stays
// free until the test takes it, also while other tests run.
func FreePort(t testing.TB) int {
	t.Helper()
	const from, to = 20_000, 32_000
	for range 100 {
		port := from + rand.IntN(to-from) //nolint:gosec // any number will do
		var lc net.ListenConfig
		l, err := lc.Listen(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("found no free port")
	return 0
}
