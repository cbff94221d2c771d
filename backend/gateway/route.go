package gateway

// This file is the table of routes: everything that is decided before a handler
// runs, and everything that the OpenAPI document says, is read from it.

import (
	"net/http"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// access is who may call a route.
type access string

const (
	public   access = "public"   // no credential is looked at
	anyone   access = "anyone"   // any valid credential
	operator access = "operator" // who runs the node
)

// needs is the access of those who have the permission in their namespace.
func needs(p core.Permission) access { return access(p) }

// body is what a request brings.
type body string

const (
	noBody     body = ""
	jsonBody   body = "application/json"         // read by call.decode
	rawBody    body = "application/octet-stream" // or JSON, as the handler sees fit
	streamBody body = "stream"                   // as long as it likes; read while it comes
)

// route is one row of the table.
type route struct {
	methods string // "GET", or several with a space between
	path    string // as of http.ServeMux
	access  access
	body    body
	summary string // one sentence, for the OpenAPI document
	// request and response are zero values of the types in the bodies, nil when
	// there is none. params are the query's.
	request, response any
	params            []param
	status            int // of success; 0 is 200
	// upgrade marks a WebSocket: its credential may also be in the query or a ticket.
	upgrade bool
	// stream marks an answer without an end; it gets no time limit.
	stream bool
	// rate names the bucket that the route draws from, "" is the common one.
	rate  string
	serve func(*call) error
}

// param is one parameter of a query.
type param struct {
	name, help string
	required   bool
}

// routes is the whole table.
func (g *Gateway) routes() []route {
	return slices.Concat(g.statusRoutes(), g.pubsubRoutes())
}

// mux builds the handler of all routes. A path that is known with other methods
// answers with those.
func (g *Gateway) mux() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, rt := range g.routes() {
		for method := range strings.FieldsSeq(rt.methods) {
			mux.Handle(method+" "+rt.path, g.handle(rt))
			methods[rt.path] = append(methods[rt.path], method)
		}
	}
	for path, allowed := range methods {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			g.fail(&call{g: g, w: w, r: r, id: requestID(r)}, core.Errorf(core.Invalid, "%s answers %s, not %s", r.URL.Path, strings.Join(allowed, " and "), r.Method))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.fail(&call{g: g, w: w, r: r, id: requestID(r)}, core.Errorf(core.NotFound, "there is no route %s %s", r.Method, r.URL.Path))
	})
	return mux
}

// handle is the way of every request to its handler: credential, namespace,
// permission, then the handler itself.
func (g *Gateway) handle(rt route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{g: g, route: &rt, w: w, r: r, id: requestID(r)}
		err := g.admit(c)
		if err == nil {
			err = rt.serve(c)
		}
		if err != nil {
			g.fail(c, err)
		}
	})
}

// admit finds out who calls and whether he may.
func (g *Gateway) admit(c *call) error {
	rt := c.route
	if rt.access == public {
		return nil
	}
	if g.services.Auth == nil {
		return core.Errorf(core.Unavailable, "this gateway has nobody to ask who you are")
	}
	var err error
	if c.who, err = g.authenticate(c); err != nil {
		return err
	}
	if err = c.chooseNamespace(c.r.URL.Query().Get("namespace")); err != nil {
		return err
	}
	switch rt.access {
	case anyone:
		return nil
	case operator:
		if !c.who.Operator() {
			return core.Errorf(core.Denied, "this is for whoever runs the node")
		}
		return nil
	default:
		return g.services.Auth.Allow(c.r.Context(), c.who, c.ns, core.Permission(rt.access))
	}
}

// authenticate reads the credential where the contract says it may be.
func (g *Gateway) authenticate(c *call) (core.Principal, error) {
	credential := credentialOf(c.r)
	if c.route.upgrade {
		if err := g.checkSocketOrigin(c.r); err != nil {
			return core.Principal{}, err
		}
	}
	if c.route.upgrade && credential == "" {
		var ticket core.Secret
		if ticket, credential = g.socketCredential(c.r); ticket != "" {
			return g.services.Auth.Redeem(c.r.Context(), ticket, c.r.Header.Get("Origin"))
		}
	}
	return g.services.Auth.Authenticate(c.r.Context(), credential, c.address())
}

// credentialOf is the request's credential, "" when it has none. If a token and
// a key come, the token decides.
func credentialOf(r *http.Request) core.Secret {
	key := r.Header.Get("X-API-Key")
	if value := r.Header.Get("Authorization"); value != "" {
		scheme, text, _ := strings.Cut(value, " ")
		text = strings.TrimSpace(text)
		switch {
		case strings.EqualFold(scheme, "Bearer") && (key == "" || strings.Count(text, ".") == 2):
			return core.Secret(text)
		case strings.EqualFold(scheme, "ApiKey") && key == "":
			return core.Secret(text)
		}
	}
	return core.Secret(key)
}
