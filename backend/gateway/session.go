package gateway

// This file has what a signed-in caller sees and ends of his own sessions, the
// keys that tokens are checked with, tickets for WebSockets, and the audit.

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// maxAuditEvents bounds one answer about the past.
const maxAuditEvents = 1000

type sessionsAnswer struct {
	Sessions []core.Session `json:"sessions"`
	Count    int            `json:"count"`
}

type jwksAnswer struct {
	Keys []core.JWK `json:"keys"`
}

type ticketAnswer struct {
	Ticket    string `json:"ticket"`
	ExpiresIn int64  `json:"expires_in"` // seconds
}

type auditAnswer struct {
	Events []core.AuditEvent `json:"events"`
	Count  int               `json:"count"`
}

func (g *Gateway) sessionRoutes() []route {
	list := []route{
		{methods: "GET", path: "/v1/auth/sessions", access: anyone, summary: "Lists the caller's sessions.", response: sessionsAnswer{}, serve: sessions},
		{methods: "DELETE", path: "/v1/auth/sessions/{id}", access: anyone, summary: "Ends one of the caller's sessions.", response: okAnswer{}, serve: endSession},
		{methods: "GET", path: "/v1/auth/audit", access: needs(core.PermissionAdmin), summary: "Lists what happened to the namespace's accounts, keys and grants, newest first.", response: auditAnswer{}, params: []param{{name: "limit", help: "events, 100 unless said, at most 1000"}}, serve: audit},
		{methods: "POST", path: "/v1/ws-ticket", access: anyone, devices: true, rate: rateTicket, summary: "Gives a ticket that opens one WebSocket, once, within half a minute.", response: ticketAnswer{}, serve: ticket},
	}
	list = append(list, route{
		methods: "POST", path: "/v1/auth/withdraw", access: operator, body: jsonBody, request: withdrawRequest{}, response: okAnswer{}, serve: withdraw,
		summary: "Voids what a node has signed, or signs everybody out of the network: for a key or a backup that others may have.",
	})
	for _, path := range []string{"/v1/auth/jwks", "/.well-known/jwks.json"} {
		list = append(list, route{methods: "GET", path: path, access: public, summary: "Lists the public keys of the network's tokens.", response: jwksAnswer{}, serve: jwks})
	}
	return list
}

type withdrawRequest struct {
	Node string `json:"node,omitempty"` // peer id; without it and with all, everything
	All  bool   `json:"all,omitempty"`
}

func withdraw(c *call) error {
	var in withdrawRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	err := error(core.Errorf(core.Invalid, "give the peer id of a node, or all: true"))
	switch {
	case in.All && in.Node == "":
		err = c.g.services.Auth.Reset(c.r.Context())
	case !in.All && in.Node != "":
		err = c.g.services.Auth.WithdrawKeys(c.r.Context(), in.Node)
	}
	if err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func sessions(c *call) error {
	list, err := c.g.services.Auth.Sessions(c.r.Context(), c.who)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, sessionsAnswer{Sessions: some(list), Count: len(list)})
}

func endSession(c *call) error {
	if err := c.g.services.Auth.RevokeSession(c.r.Context(), c.who, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func audit(c *call) error {
	limit := 100
	if text := c.query("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxAuditEvents {
			return core.Errorf(core.Invalid, "limit is a number from 1 to %d", maxAuditEvents)
		}
		limit = n
	}
	list, err := c.g.services.Auth.Audit(c.r.Context(), c.ns, limit)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, auditAnswer{Events: some(list), Count: len(list)})
}

func ticket(c *call) error {
	t, err := c.g.services.Auth.Ticket(c.r.Context(), c.who, c.r.Header.Get("Origin"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, ticketAnswer{Ticket: t.Ticket.Reveal(), ExpiresIn: int64(t.ExpiresIn / time.Second)})
}

// jwks may be kept for a while: a key is public before it signs.
func jwks(c *call) error {
	keys, err := c.g.services.Auth.JWKS(c.r.Context())
	if err != nil {
		return err
	}
	raw, err := json.Marshal(jwksAnswer{Keys: some(keys)})
	if err != nil {
		return err
	}
	return c.cached(raw, "application/json", "max-age=300")
}

// cached answers with what changes seldom, or that the caller has it already.
func (c *call) cached(raw []byte, mediaType, control string) error {
	sum := sha256.Sum256(raw)
	tag := `"` + hex.EncodeToString(sum[:12]) + `"`
	h := c.w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", control)
	if c.r.Header.Get("If-None-Match") == tag {
		c.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	return c.send(http.StatusOK, mediaType, raw)
}

// some is list, and never null in JSON.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
