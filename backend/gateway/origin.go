package gateway

// This file decides which browser pages may call (the Fetch standard's CORS and
// its request metadata). There are no cookies here, so a foreign page has
// nothing to ride on; it is kept out all the same, because a gateway on loopback
// may ask for no credential.

import (
	"net/http"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

// What an allowed page may send and read, and for how many seconds a browser
// may remember that.
const (
	corsMethods = "GET, POST, PUT, DELETE"
	corsHeaders = "Authorization, Content-Type, X-API-Key, If-Match, If-None-Match, Idempotency-Key"
	corsExposed = "ETag, Retry-After"
	corsSeconds = "600"
)

// checkOrigin lets pages of listed origins in, and the gateway's own. A request
// without an Origin is not a page's, unless the browser says that it is: images
// and links of a foreign page send none.
func (g *Gateway) checkOrigin(h http.Header, r *http.Request) error {
	origins := r.Header["Origin"]
	switch {
	case len(origins) == 0:
		return checkFetchSite(r)
	case len(origins) == 1 && origins[0] == g.scheme(r, false)+"://"+r.Host:
		return nil // the Host is one of ours, and so is the page
	case len(origins) == 1 && g.originAllowed(origins[0]):
		h["Access-Control-Allow-Origin"] = origins
		h["Access-Control-Expose-Headers"] = []string{corsExposed}
		delete(h, "Cross-Origin-Resource-Policy")
		return nil
	}
	return core.Errorf(core.Denied, "pages of that origin may not call this gateway; its operator can add the origin to gateway.allowed_origins")
}

// originAllowed compares exactly: a list is a list.
func (g *Gateway) originAllowed(origin string) bool {
	return origin != "null" && origin != "*" && slices.Contains(g.settings.AllowedOrigins, origin)
}

// checkFetchSite reads what browsers say of a request that has no Origin. A
// person who follows a link to a page of ours is welcome.
func checkFetchSite(r *http.Request) error {
	site := r.Header["Sec-Fetch-Site"]
	switch {
	case len(site) == 0:
		return nil // not a browser
	case len(site) == 1 && (site[0] == "same-origin" || site[0] == "none"):
		return nil
	case r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document" && isPage(r.URL.Path):
		return nil
	}
	return core.Errorf(core.Denied, "pages of another origin may not load this")
}

// isPage names what a person may open from anywhere.
func isPage(path string) bool {
	return path == docsPath || path == loginPath || strings.HasPrefix(path, loginPath+"/")
}

// preflight is a browser's question whether an allowed page may send something.
// Those of other pages have been refused.
func preflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

func (g *Gateway) answerPreflight(w http.ResponseWriter) {
	h := w.Header()
	h.Del("Access-Control-Expose-Headers")
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsSeconds)
	w.WriteHeader(http.StatusNoContent)
}
