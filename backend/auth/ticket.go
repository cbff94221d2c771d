package auth

// This file has tickets: a page that cannot send headers opens one WebSocket with
// one, at whichever gateway.

import (
	"context"

	"github.com/golang-jwt/jwt/v5"

	"git.debros.io/DeBros/network/backend/core"
)

// Ticket makes a ticket for the caller's session or key, for pages of that
// origin only. It writes nothing.
func (a *Auth) Ticket(ctx context.Context, p core.Principal, origin string) (core.WebSocketTicket, error) {
	if err := a.ready(); err != nil {
		return core.WebSocketTicket{}, err
	}
	if len(origin) > MaxNameBytes {
		return core.WebSocketTicket{}, core.Errorf(core.Invalid, "an origin has at most %d bytes", MaxNameBytes)
	}
	c := claims{
		RegisteredClaims: jwt.RegisteredClaims{Subject: p.Subject}, Namespace: string(p.Namespace), Scope: scope(p.Scopes),
		SessionID: p.SessionID, Method: p.Method, Origin: origin, Until: millis(p.ExpiresAt),
	}
	if p.Device != "" {
		c.Confirm = &confirmation{Device: p.Device}
	}
	if p.SessionID == "" && p.KeyID == "" { // the operator is this node's, as is whoever needs no credential
		c.Node = a.settings.NodeID
	}
	signed, err := a.sign(ctx, ticketKind(), c, a.settings.Now(), TicketLife)
	return core.WebSocketTicket{Ticket: core.Secret(signed), ExpiresIn: TicketLife}, err
}

func errTicket() error {
	return core.Errorf(core.Unauthenticated, "the ticket is not valid here, was used, or its time has ended; ask for a new one")
}

// Redeem says whose a ticket is and spends it: of all that redeem it, at
// whichever nodes, one succeeds.
func (a *Auth) Redeem(ctx context.Context, ticket core.Secret, origin string) (core.Principal, error) {
	if err := a.ready(); err != nil {
		return core.Principal{}, err
	}
	v, err := a.parse(ticketKind(), ticket.Reveal(), func(id string) (tokenKey, error) { return a.tokenKey(ctx, id) })
	switch {
	case core.CodeOf(err) == core.Unauthenticated:
		return core.Principal{}, errTicket()
	case err != nil:
		return core.Principal{}, err
	}
	c, p := v.claims, v.principal
	if c.Origin != origin || c.Node != "" && c.Node != a.settings.NodeID {
		return core.Principal{}, errTicket()
	}
	p.Method, p.ExpiresAt, p.Issuer, p.Audience = c.Method, moment(c.Until), a.issuer(), a.audience(accessKind())
	local := p.Method == core.MethodOperator || p.Method == core.MethodNone && !a.settings.RequireAuth
	if p.SessionID == "" && p.KeyID == "" && (c.Node == "" || !local) {
		return core.Principal{}, errTicket()
	}
	if err = a.standing(ctx, p); err != nil {
		return core.Principal{}, err
	}
	counts, err := a.exec(ctx, spend("ticket:"+c.ID, randomText(16), v.notAfter.Add(Skew), a.settings.Now()))
	if err != nil {
		return core.Principal{}, err
	}
	if counts[0] == 0 {
		return core.Principal{}, errTicket()
	}
	return p, nil
}
