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
	local    access = "local"    // everyone on this computer, and who runs the node
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
	rate string
	// devices marks what is for anyone and also for devices of the chat, whose
	// sessions reach nothing else.
	devices bool
	// here marks what is about this gateway and is never passed on to another.
	here bool
	// mediaType of the answer when it is not JSON.
	mediaType string
	serve     func(*call) error
}

// audited tells whether what the route does to accounts, keys and grants is
// recorded, with the request that did it. The routes of data pay nothing for it.
func (rt route) audited() bool {
	return slices.ContainsFunc([]string{"/v1/auth", "/v1/namespaces", "/v1/apps", "/v1/ws-ticket", "/v1/anchat/session"}, func(prefix string) bool {
		return rt.path == prefix || strings.HasPrefix(rt.path, prefix+"/")
	})
}

// param is one parameter of a query.
type param struct {
	name, help string
	required   bool
}

// routes is the whole table.
func (g *Gateway) routes() []route {
	return slices.Concat(
		g.statusRoutes(),
		g.metricsRoutes(),
		g.signInRoutes(),
		g.sessionRoutes(),
		g.keyRoutes(),
		g.namespaceRoutes(),
		g.appRoutes(),
		g.networkRoutes(),
		g.anonRoutes(),
		g.pubsubRoutes(),
		g.storageRoutes(),
		g.databaseRoutes(),
		g.rqliteRoutes(),
		g.transferRoutes(),
		g.anchatRoutes(),
		g.documentRoutes(),
	)
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
			g.refuse(w, r, core.Errorf(core.Invalid, "this route answers %s, not %s", strings.Join(allowed, " and "), knownMethod(r.Method)))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		g.refuse(w, r, core.Errorf(core.NotFound, "there is no such route; GET /openapi.json lists them all"))
	})
	return mux
}

// refuse answers what has no route; it draws from the common rate like the rest.
func (g *Gateway) refuse(w http.ResponseWriter, r *http.Request, err error) {
	c := g.newCall(w, r)
	if limited := c.limitAddress(rateCommon); limited != nil {
		err = limited
	}
	g.fail(c, err)
}

// handle is the way of every request to its handler: rate, credential,
// namespace, permission, then the handler itself.
func (g *Gateway) handle(rt route) http.Handler {
	audited := rt.audited()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := g.newCall(w, r)
		c.route = &rt
		if v, ok := w.(*visit); ok {
			v.route = rt.path
		}
		if audited {
			c.r = r.WithContext(core.WithOrigin(r.Context(), core.Origin{RequestID: c.id, Address: c.address()}))
		}
		if err := g.dispatch(c); err != nil { //nolint:contextcheck // the call brings its request's
			g.fail(c, err)
		}
	})
}

func (g *Gateway) dispatch(c *call) error {
	rt := c.route
	if err := c.checkForgery(); err != nil {
		return err
	}
	if err := g.checkRate(c); err != nil {
		return err
	}
	if g.settings.Upstream != nil && !rt.here {
		if carrier := g.settings.Upstream(c.r); carrier != nil {
			return c.passCounted(carrier)
		}
	}
	if err := g.admit(c); err != nil {
		return err
	}
	switch {
	case rt.upgrade: // it takes the connection and all its deadlines
	case rt.stream:
		defer c.open()()
	case rt.body == streamBody:
		c.unhurried()
	}
	return rt.serve(c)
}

// checkRate takes a token of the caller's address: the route's own rate, or for
// those without a credential the common one. Who has a credential is held by
// his namespace's quotas.
func (g *Gateway) checkRate(c *call) error {
	switch {
	case c.route.rate != rateCommon:
		return c.limitAddress(c.route.rate)
	case credentialOf(c.r) != "" && c.route.access != public:
		return nil
	case !g.settings.RequireAuth && c.route.access != public:
		return nil // on this computer only, and nobody has a credential
	}
	return c.limitAddress(rateCommon)
}

// admit finds out who calls and whether he may.
func (g *Gateway) admit(c *call) error {
	rt := c.route
	if v, ok := c.w.(*visit); ok && rt.access == local && g.local(v, c.r) {
		return nil
	}
	if g.services.Auth == nil && (rt.access != public || !rt.here) {
		return core.Errorf(core.Unavailable, "this gateway has nobody to ask who you are")
	}
	if rt.access == public {
		return nil
	}
	var err error
	if c.who, err = g.authenticate(c); err != nil {
		return err
	}
	c.known()
	if err = c.chooseNamespace(c.query("namespace")); err != nil {
		return err
	}
	if rt.rate != rateCommon {
		if err = c.limitAccount(rt.rate, c.who.Account()); err != nil {
			return err
		}
	}
	switch rt.access {
	case anyone:
		if c.who.Device != "" && !rt.devices {
			return core.Errorf(core.Denied, "a session of the chat is for the chat alone; sign in with the wallet")
		}
		return nil
	case operator, local:
		if !c.who.Operator() {
			return core.Errorf(core.Denied, "this is for whoever runs the node")
		}
		return nil
	default:
		return g.services.Auth.Allow(c.r.Context(), c.who, c.ns, core.Permission(rt.access))
	}
}

// authenticate reads the credential where the contract says it may be. Who tries
// many keys that nobody has is made to wait; a token that has ended counts as no
// credential, since every program has one now and then.
func (g *Gateway) authenticate(c *call) (core.Principal, error) {
	credential := credentialOf(c.r)
	if c.route.upgrade && credential == "" {
		var ticket core.Secret
		if ticket, credential = g.socketCredential(c.r); ticket != "" {
			return g.services.Auth.Redeem(c.r.Context(), ticket, c.r.Header.Get("Origin"))
		}
	}
	key := isKey(credential)
	if key {
		if err := c.checkWrongKeys(); err != nil {
			return core.Principal{}, err
		}
	}
	p, err := g.services.Auth.Authenticate(c.r.Context(), credential, c.address())
	if credential == "" || core.CodeOf(err) != core.Unauthenticated {
		return p, err
	}
	counted := rateCommon
	if key {
		counted = rateWrongKey
	}
	if limited := c.limitAddress(counted); limited != nil {
		return p, limited
	}
	return p, err
}

// isKey tells whether a credential is meant as a key: it is no token.
func isKey(credential core.Secret) bool {
	return credential != "" && strings.Count(credential.Reveal(), ".") != 2
}

// credentialOf is the request's credential, "" when it has none. If a token and
// a key come, the token decides.
func credentialOf(r *http.Request) core.Secret {
	key := r.Header.Get("X-Api-Key") // as net/http keeps it
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
