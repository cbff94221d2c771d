package gateway

// This file has the routes that need no credential: how the node is and which
// program it runs.

import (
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

func (g *Gateway) statusRoutes() []route {
	var list []route
	for _, prefix := range []string{"", "/v1"} {
		list = append(list,
			route{methods: "GET", path: prefix + "/health", access: public, here: true, summary: "Tells whether the node can serve, part by part.", response: healthAnswer{}, serve: g.health},
			route{methods: "GET", path: prefix + "/status", access: public, here: true, summary: "Tells which node this is and how many peers it has.", response: statusAnswer{}, serve: g.status},
		)
	}
	return append(list, route{methods: "GET", path: "/v1/version", access: public, here: true, summary: "Tells which program answers.", response: versionAnswer{}, serve: g.version})
}

func (g *Gateway) health(c *call) error {
	h, err := g.services.Node.Health(c.r.Context())
	if err != nil {
		return err
	}
	status := http.StatusOK
	if h.State == core.StateDown {
		status = http.StatusServiceUnavailable
	}
	checks := make(map[string]string, len(h.Checks))
	for _, check := range h.Checks {
		checks[check.Name] = check.State
	}
	return c.answer(status, healthAnswer{
		Status: h.State,
		Server: serverAnswer{Status: h.State, StartedAt: g.started.UTC().Format(time.RFC3339), Uptime: g.uptime()},
		Client: clientAnswer{
			Status: h.State, Checks: checks,
			LastUpdated: g.settings.Now().UTC().Format(time.RFC3339), ResponseTime: h.Took.String(),
		},
	})
}

func (g *Gateway) status(c *call) error {
	s, err := g.services.Node.Status(c.r.Context())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, statusAnswer{
		Healthy: true, Peers: s.Peers,
		Server:  serverAnswer{StartedAt: g.started.UTC().Format(time.RFC3339), Uptime: g.uptime()},
		Network: g.networkOf(s),
	})
}

func (g *Gateway) version(c *call) error {
	b := g.settings.Build
	return c.answer(http.StatusOK, versionAnswer{
		Version: b.Version, Commit: b.Commit, BuildTime: b.Time,
		StartedAt: g.started.UTC().Format(time.RFC3339), Uptime: g.uptime(),
	})
}
