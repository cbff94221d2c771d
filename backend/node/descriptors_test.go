package node

import (
	"testing"

	"git.debros.io/DeBros/network/backend/config"
)

// A gateway that takes the last descriptor takes the databases their files.
func TestGatewayConnections_LeaveTheDatabasesTheirFiles(t *testing.T) {
	c := config.Default()
	tests := map[string]struct {
		limit uint64
		want  int
	}{
		"no limit":          {0, c.Gateway.MaxConnections},
		"endless":           {1<<64 - 1, c.Gateway.MaxConnections},
		"a server's":        {1 << 16, c.Gateway.MaxConnections},
		"a desktop's":       {1024, 128},
		"less than enough":  {512, 64},
		"next to nothing":   {128, leastConnections},
		"more than usually": {4096, 3168},
	}
	for name, tt := range tests {
		if got := gatewayConnections(c, tt.limit); got != tt.want {
			t.Errorf("%s: %d connections of %d descriptors, not %d", name, got, tt.limit, tt.want)
		}
	}
}
