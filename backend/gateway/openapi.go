package gateway

// This file writes the table of routes as an OpenAPI 3.1 document.

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"git.debros.io/DeBros/network/backend/core"
)

// The document's own shapes, as far as they are used.
type (
	openAPI struct {
		OpenAPI    string                           `json:"openapi"`
		Info       openAPIInfo                      `json:"info"`
		Servers    []openAPIServer                  `json:"servers"`
		Paths      map[string]map[string]*operation `json:"paths"`
		Components components                       `json:"components"`
	}
	openAPIInfo struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Version     string `json:"version"`
	}
	openAPIServer struct {
		URL string `json:"url"`
	}
	components struct {
		Schemas         map[string]*schema        `json:"schemas"`
		SecuritySchemes map[string]securityScheme `json:"securitySchemes"`
		Responses       map[string]response       `json:"responses"`
	}
	securityScheme struct {
		Type   string `json:"type"`
		Scheme string `json:"scheme,omitempty"`
		In     string `json:"in,omitempty"`
		Name   string `json:"name,omitempty"`
	}
	operation struct {
		ID          string                `json:"operationId"`
		Tags        []string              `json:"tags"`
		Summary     string                `json:"summary"`
		Access      access                `json:"x-access"` // who may call, in the words of the table
		Security    []map[string][]string `json:"security"` // none: no credential
		Parameters  []parameter           `json:"parameters,omitempty"`
		RequestBody *requestBody          `json:"requestBody,omitempty"`
		Responses   map[string]response   `json:"responses"`
	}
	parameter struct {
		Name        string  `json:"name"`
		In          string  `json:"in"`
		Description string  `json:"description,omitempty"`
		Required    bool    `json:"required"`
		Schema      *schema `json:"schema"`
	}
	requestBody struct {
		Required bool               `json:"required"`
		Content  map[string]content `json:"content"`
	}
	response struct {
		Ref         string             `json:"$ref,omitempty"`
		Description string             `json:"description,omitempty"`
		Content     map[string]content `json:"content,omitempty"`
	}
	content struct {
		Schema *schema `json:"schema,omitempty"`
	}
)

const errorResponse = "Error"

// describe makes the document of a table.
func describe(routes []route, build Build) (*openAPI, *schemas) {
	known := newSchemas()
	failed := known.of(reflect.TypeFor[errorAnswer]())
	for _, code := range core.Codes() {
		known.find(failed).Properties["code"].Enum = append(known.find(failed).Properties["code"].Enum, string(code))
	}
	version := build.Version
	if version == "" {
		version = "unknown"
	}
	d := &openAPI{
		OpenAPI: "3.1.0",
		Info: openAPIInfo{
			Title: "DeBros network gateway", Version: version,
			Description: "The HTTP and WebSocket face of a node. Credentials are an access token or an API key; the namespace comes from the credential. Every error is {error, code, request_id}.",
		},
		Servers: []openAPIServer{{URL: "/"}},
		Paths:   map[string]map[string]*operation{},
		Components: components{
			Schemas: known.byName,
			SecuritySchemes: map[string]securityScheme{
				"bearer": {Type: "http", Scheme: "bearer"},
				"apiKey": {Type: "apiKey", In: "header", Name: "X-API-Key"},
			},
			Responses: map[string]response{errorResponse: {Description: "What went wrong, and its code.", Content: map[string]content{string(jsonBody): {failed}}}},
		},
	}
	for _, rt := range routes {
		path := strings.ReplaceAll(rt.path, "...}", "}")
		if d.Paths[path] == nil {
			d.Paths[path] = map[string]*operation{}
		}
		for method := range strings.FieldsSeq(rt.methods) {
			d.Paths[path][strings.ToLower(method)] = rt.operation(method, known)
		}
	}
	return d, known
}

func (rt route) operation(method string, known *schemas) *operation {
	o := &operation{
		ID: operationID(method, rt.path), Tags: []string{rt.group()}, Summary: rt.summary, Access: rt.access,
		Security: []map[string][]string{}, Responses: map[string]response{"default": {Ref: "#/components/responses/" + errorResponse}},
	}
	if rt.access != public {
		o.Security = append(o.Security, map[string][]string{"bearer": {}}, map[string][]string{"apiKey": {}})
	}
	for _, name := range pathParams(rt.path) {
		o.Parameters = append(o.Parameters, parameter{Name: name, In: "path", Required: true, Schema: &schema{Type: "string"}})
	}
	for _, p := range rt.params {
		o.Parameters = append(o.Parameters, parameter{Name: p.name, In: "query", Description: p.help, Required: p.required, Schema: &schema{Type: "string"}})
	}
	if method != http.MethodGet {
		o.RequestBody = rt.requestBody(known)
	}
	o.Responses[strconv.Itoa(rt.success())] = rt.answer(known)
	return o
}

func (rt route) success() int {
	switch {
	case rt.upgrade:
		return http.StatusSwitchingProtocols
	case rt.status != 0:
		return rt.status
	}
	return http.StatusOK
}

func (rt route) answer(known *schemas) response {
	r := response{Description: rt.summary}
	switch {
	case rt.upgrade:
		r.Description = "A WebSocket (RFC 6455)."
	case rt.response != nil:
		r.Content = map[string]content{string(jsonBody): {known.of(reflect.TypeOf(rt.response))}}
	case rt.mediaType != "":
		r.Content = map[string]content{rt.mediaType: {}}
	case rt.stream:
		r.Content = map[string]content{"text/event-stream": {}}
	default: // bytes as they are
		r.Content = map[string]content{string(rawBody): {}}
	}
	return r
}

// requestBody is nil when the route reads none.
func (rt route) requestBody(known *schemas) *requestBody {
	b := &requestBody{Required: true, Content: map[string]content{}}
	if rt.request != nil {
		b.Content[string(jsonBody)] = content{known.of(reflect.TypeOf(rt.request))}
	}
	if rt.body == rawBody || rt.body == streamBody {
		b.Content[string(rawBody)] = content{}
	}
	if len(b.Content) == 0 {
		return nil
	}
	return b
}

// group is what the documents list a route under.
func (rt route) group() string {
	parts := strings.Split(strings.TrimPrefix(strings.TrimPrefix(rt.path, "/v1"), "/"), "/")
	switch name := strings.TrimSuffix(parts[0], ".json"); name {
	case "auth", "storage", "db", "rqlite", "pubsub", "network", "namespaces", "apps", "proxy", "anchat":
		return name
	case "ws-ticket":
		return "pubsub"
	case ".well-known":
		return "auth"
	}
	return "node"
}

// pathParams are the names in braces.
func pathParams(path string) []string {
	var names []string
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			names = append(names, strings.TrimSuffix(strings.TrimSuffix(name, "}"), "..."))
		}
	}
	return names
}

func operationID(method, path string) string {
	var b strings.Builder
	b.WriteString(strings.ToLower(method))
	for _, word := range strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("/{}._-", r) }) {
		b.WriteString(exported(word))
	}
	return b.String()
}

// documentRoutes serve the table to programs and to people. Both are made at the
// first request.
func (g *Gateway) documentRoutes() []route {
	document := sync.OnceValues(func() ([]byte, error) {
		d, _ := describe(g.routes(), g.settings.Build)
		return json.Marshal(d)
	})
	page := sync.OnceValues(func() ([]byte, error) { return docsPage(describe(g.routes(), g.settings.Build)) })
	return []route{
		{methods: "GET", path: "/openapi.json", access: public, here: true, mediaType: string(jsonBody), summary: "Describes every route as an OpenAPI 3.1 document.", serve: func(c *call) error {
			raw, err := document()
			if err != nil {
				return err
			}
			return c.cached(raw, string(jsonBody), "max-age=300")
		}},
		{methods: "GET", path: docsPath, access: public, here: true, mediaType: "text/html", summary: "Shows every route to a person.", serve: func(c *call) error {
			raw, err := page()
			if err != nil {
				return err
			}
			c.w.Header().Set("Content-Security-Policy", docsPolicy())
			return c.cached(raw, "text/html; charset=utf-8", "max-age=300")
		}},
	}
}
