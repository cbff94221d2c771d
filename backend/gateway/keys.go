package gateway

// This file has the API keys of a namespace. Auth decides whose keys a caller
// sees and may end: his own, or as an admin everybody's.

import (
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

type keyAnswer struct {
	ID         string         `json:"id"`
	APIKey     string         `json:"api_key,omitempty"` //nolint:gosec // G117: it is in the answer that made it, and never again
	Name       string         `json:"name"`
	Plan       string         `json:"plan"`
	Namespace  core.Namespace `json:"namespace"`
	Creator    string         `json:"creator"`
	Scopes     []string       `json:"scopes"`
	CreatedAt  time.Time      `json:"created_at"`
	ExpiresAt  time.Time      `json:"expires_at,omitzero"`
	LastUsedAt time.Time      `json:"last_used_at,omitzero"` // a few minutes late
	RevokedAt  time.Time      `json:"revoked_at,omitzero"`
}

func keyOf(k core.APIKey) keyAnswer {
	return keyAnswer{
		ID: k.ID, APIKey: k.Secret.Reveal(), Name: k.Name, Plan: k.Plan, Namespace: k.Namespace, Creator: k.Creator, Scopes: some(k.Scopes),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}

type keysAnswer struct {
	Keys  []keyAnswer `json:"keys"`
	Count int         `json:"count"`
}

type newKeyRequest struct {
	inNamespace
	Name      string   `json:"name,omitempty"`
	Plan      string   `json:"plan,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`     // read, write, schema, admin; without them the first three
	ExpiresIn int64    `json:"expires_in,omitempty"` // seconds; without it the key does not end
}

func (g *Gateway) keyRoutes() []route {
	member := needs(core.PermissionRead)
	return []route{
		{methods: "GET", path: "/v1/auth/keys", access: member, summary: "Lists the caller's API keys, for an admin the namespace's, without their secrets.", response: keysAnswer{}, serve: keys},
		{methods: "POST", path: "/v1/auth/keys", access: member, body: jsonBody, status: http.StatusCreated, summary: "Makes an API key; its secret is in this answer only.", request: newKeyRequest{}, response: keyAnswer{}, serve: createKey},
		{methods: "DELETE", path: "/v1/auth/keys/{id}", access: member, summary: "Revokes an API key, on every node within seconds.", response: okAnswer{}, serve: revokeKey},
	}
}

func keys(c *call) error {
	list, err := c.g.services.Auth.Keys(c.r.Context(), c.who, c.ns)
	if err != nil {
		return err
	}
	out := keysAnswer{Keys: make([]keyAnswer, 0, len(list)), Count: len(list)}
	for _, k := range list {
		k.Secret = "" // a list never has one
		out.Keys = append(out.Keys, keyOf(k))
	}
	return c.answer(http.StatusOK, out)
}

func createKey(c *call) error {
	var in newKeyRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	life, err := keyLife(in.ExpiresIn)
	if err != nil {
		return err
	}
	key, err := c.g.services.Auth.CreateKey(c.r.Context(), c.who, c.ns, core.KeyOptions{Name: in.Name, Plan: in.Plan, Scopes: in.Scopes, ExpiresIn: life})
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, keyOf(key))
}

func revokeKey(c *call) error {
	if err := c.g.services.Auth.RevokeKey(c.r.Context(), c.who, c.ns, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}
