package gateway

// This file tells how requests ended: one line of the log, and the numbers. The
// line holds the table's path and never the caller's own, nor a query: either
// may hold a credential.

import (
	"log/slog"
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// noRoute stands for the path of a request that no route answers.
const noRoute = "none"

// record writes a request's line and counts it. What failed is said at info, all
// else at debug; rate limits tell themselves when they begin, or whoever is
// limited would fill the log.
func (g *Gateway) record(v *visit, r *http.Request, took time.Duration) {
	route := v.route
	if route == "" {
		route = noRoute
	}
	status := v.status
	if status == 0 {
		status = http.StatusOK // net/http's own, when a handler writes nothing
	}
	g.metrics.observe(route, status, took)
	g.requests.add(core.GatewayRequest{
		Time: g.settings.Now(), Method: knownMethod(r.Method), Route: route, Status: status, Took: took,
		Account: v.account, Code: v.code, RequestID: v.id,
	})
	level := slog.LevelDebug
	if status >= http.StatusBadRequest && v.code != core.Limited {
		level = slog.LevelInfo
	}
	if !g.log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", knownMethod(r.Method)), slog.String("route", route), slog.Int("status", status),
		slog.Duration("took", took), slog.String(core.KeyAddress, v.address), slog.String(core.KeyRequestID, v.id),
	}
	if v.account != "" {
		attrs = append(attrs, slog.String("account", v.account))
	}
	if v.code != "" {
		attrs = append(attrs, slog.String("code", string(v.code)))
	}
	switch v.code { //nolint:exhaustive // the others are the caller's own doing, or have a line already
	case core.Unavailable, core.OutcomeUnknown:
		attrs = append(attrs, slog.Any(core.KeyError, v.err))
	}
	g.log.LogAttrs(r.Context(), level, "request", attrs...)
}

// knownMethod keeps a stranger's text out of the log.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}
