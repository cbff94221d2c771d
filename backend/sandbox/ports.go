package sandbox

// This file finds free ports.

import (
	"context"
	"math/rand/v2"
	"net"
	"strconv"

	"git.debros.io/DeBros/network/backend/core"
)

// Ports are taken from below the range out of which systems give ports by
// themselves, so that one stays free between the look and the node's start.
const (
	firstPort, lastPort = 20_000, 32_000
	portTries           = 200
)

// freePort returns a TCP port of ip that nobody listens on and that is not in
// taken, and puts it there. want is taken if it is free; 0 wants none.
func freePort(ctx context.Context, ip string, want int, taken map[int]bool) (int, error) {
	for range portTries {
		port := want
		if port == 0 {
			port = firstPort + rand.IntN(lastPort-firstPort) //nolint:gosec // any number will do
		}
		want = 0
		if taken[port] || !free(ctx, ip, port) {
			continue
		}
		taken[port] = true
		return port, nil
	}
	return 0, core.Errorf(core.Unavailable, "no free port was found between %d and %d on %s", firstPort, lastPort, ip)
}

func free(ctx context.Context, ip string, port int) bool {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		return false
	}
	return l.Close() == nil
}
