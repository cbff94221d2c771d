package gateway

// This file has namespaces and the grants in them. The path names the namespace;
// package auth refuses one that the credential is not for, but to the operator.

import (
	"net/http"

	"git.debros.io/DeBros/network/backend/core"
)

type namespacesAnswer struct {
	Namespaces []core.NamespaceGrant `json:"namespaces"`
	Count      int                   `json:"count"`
}

type namespaceRequest struct {
	Name string `json:"name"`
}

type grantsAnswer struct {
	Grants []core.Grant `json:"grants"`
	Count  int          `json:"count"`
}

// grantRequest gives a role, or names whose role is taken away.
type grantRequest struct {
	Subject string    `json:"subject"`          // a wallet
	Wallet  string    `json:"wallet,omitempty"` // the same
	Role    core.Role `json:"role,omitempty"`   // owner, admin, writer or reader
}

func (g *Gateway) namespaceRoutes() []route {
	const grantsPath = "/v1/namespaces/{name}/grants"
	return []route{
		{methods: "GET", path: "/v1/namespaces", access: anyone, summary: "Lists the namespaces that the caller may use, and his role in each.", response: namespacesAnswer{}, serve: namespaces},
		{methods: "POST", path: "/v1/namespaces", access: anyone, body: jsonBody, status: http.StatusCreated, summary: "Takes a free namespace; the caller becomes its owner.", request: namespaceRequest{}, response: core.NamespaceGrant{}, serve: createNamespace},
		{methods: "GET", path: grantsPath, access: anyone, summary: "Lists who has which role in a namespace, for those who have one.", response: grantsAnswer{}, serve: grants},
		{methods: "POST", path: grantsPath, access: anyone, body: jsonBody, summary: "Gives a role in a namespace, or changes it.", request: grantRequest{}, response: okAnswer{}, serve: grant},
		{methods: "DELETE", path: grantsPath, access: anyone, body: jsonBody, summary: "Takes a role away; the subject is in the query or the body.", request: grantRequest{}, response: okAnswer{}, params: []param{{name: "subject", help: "wallet whose role is taken away"}}, serve: revokeGrant},
	}
}

func namespaces(c *call) error {
	list, err := c.g.services.Auth.Namespaces(c.r.Context(), c.who)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, namespacesAnswer{Namespaces: some(list), Count: len(list)})
}

func createNamespace(c *call) error {
	var in namespaceRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	ns, err := core.ParseNamespace(in.Name)
	if err != nil {
		return err
	}
	out, err := c.g.services.Auth.CreateNamespace(c.r.Context(), c.who, ns)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, out)
}

// enter takes the namespace from the path, for callers who have the permission
// there. A name that cannot be one is refused like one that is not the caller's.
func (c *call) enter(need core.Permission) error {
	ns, err := core.ParseNamespace(c.r.PathValue("name"))
	if err != nil || (c.who.Namespace != ns && (c.who.KeyID != "" || c.who.Method == core.MethodNone)) {
		return core.Errorf(core.Denied, "your credential is not for that namespace")
	}
	c.ns = ns
	return c.g.services.Auth.Allow(c.r.Context(), c.who, ns, need)
}

func grants(c *call) error {
	if err := c.enter(core.PermissionRead); err != nil {
		return err
	}
	list, err := c.g.services.Auth.Grants(c.r.Context(), c.who, c.ns)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, grantsAnswer{Grants: some(list), Count: len(list)})
}

func grant(c *call) error {
	var in grantRequest
	if err := c.enter(core.PermissionAdmin); err != nil {
		return err
	}
	if err := c.decode(&in); err != nil {
		return err
	}
	switch in.Role {
	case core.GrantOwner, core.GrantAdmin, core.GrantWriter, core.GrantReader:
	default:
		return core.Errorf(core.Invalid, "role is owner, admin, writer or reader")
	}
	return c.grant(in.subject(), in.Role)
}

func revokeGrant(c *call) error {
	if err := c.enter(core.PermissionAdmin); err != nil {
		return err
	}
	subject := c.query("subject")
	if subject == "" {
		var in grantRequest
		if err := c.decode(&in); err != nil {
			return err
		}
		subject = in.subject()
	}
	return c.grant(subject, "")
}

func (r grantRequest) subject() string {
	if r.Subject != "" {
		return r.Subject
	}
	return r.Wallet
}

func (c *call) grant(subject string, role core.Role) error {
	if subject == "" {
		return core.Errorf(core.Invalid, "subject is missing: name the wallet")
	}
	if err := c.g.services.Auth.Grant(c.r.Context(), c.who, c.ns, subject, role); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}
