package gateway

// This file has the apps that are registered for a namespace, for its admins.

import (
	"net/http"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

type appAnswer struct {
	AppID     string         `json:"app_id"`
	Name      string         `json:"name"`
	PublicKey string         `json:"public_key"`
	Namespace core.Namespace `json:"namespace"`
	CreatedAt time.Time      `json:"created_at"`
}

func appOf(a core.App) appAnswer {
	return appAnswer{AppID: a.ID, Name: a.Name, PublicKey: a.PublicKey, Namespace: a.Namespace, CreatedAt: a.CreatedAt}
}

type appsAnswer struct {
	Items []appAnswer `json:"items"`
	Count int         `json:"count"`
}

type appRequest struct {
	inNamespace
	Name      string `json:"name"`
	PublicKey string `json:"public_key,omitempty"`
}

func (g *Gateway) appRoutes() []route {
	admin := needs(core.PermissionAdmin)
	return []route{
		{methods: "GET", path: "/v1/apps", access: admin, summary: "Lists the namespace's apps.", response: appsAnswer{}, serve: apps},
		{methods: "POST", path: "/v1/apps", access: admin, body: jsonBody, status: http.StatusCreated, summary: "Registers an app.", request: appRequest{}, response: appAnswer{}, serve: createApp},
		{methods: "GET", path: "/v1/apps/{id}", access: admin, summary: "Tells about one app.", response: appAnswer{}, serve: oneApp},
		{methods: "PUT", path: "/v1/apps/{id}", access: admin, body: jsonBody, summary: "Changes an app's name and key.", request: appRequest{}, response: okAnswer{}, serve: updateApp},
		{methods: "DELETE", path: "/v1/apps/{id}", access: admin, summary: "Removes an app.", response: okAnswer{}, serve: deleteApp},
	}
}

func apps(c *call) error {
	list, err := c.g.services.Auth.Apps(c.r.Context(), c.ns)
	if err != nil {
		return err
	}
	out := appsAnswer{Items: make([]appAnswer, 0, len(list)), Count: len(list)}
	for _, a := range list {
		out.Items = append(out.Items, appOf(a))
	}
	return c.answer(http.StatusOK, out)
}

func oneApp(c *call) error {
	a, err := c.g.services.Auth.App(c.r.Context(), c.ns, c.r.PathValue("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, appOf(a))
}

func createApp(c *call) error {
	var in appRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	a, err := c.g.services.Auth.CreateApp(c.r.Context(), c.who, c.ns, in.Name, in.PublicKey)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, appOf(a))
}

func updateApp(c *call) error {
	var in appRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if err := c.g.services.Auth.UpdateApp(c.r.Context(), c.who, c.ns, c.r.PathValue("id"), in.Name, in.PublicKey); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}

func deleteApp(c *call) error {
	if err := c.g.services.Auth.DeleteApp(c.r.Context(), c.who, c.ns, c.r.PathValue("id")); err != nil {
		return err
	}
	return c.ok(http.StatusOK)
}
