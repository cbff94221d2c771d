package gateway

// This file passes a request on to another gateway of the network, for a gateway
// that keeps no data itself. The guard, the rates and the log are this one's;
// who the caller is and what he may do, the other one decides.

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httputil"

	"git.debros.io/DeBros/network/backend/core"
)

// passCounted is pass for whoever has not tried too many wrong keys here: the
// other gateway sees one peer, whose bucket all callers of this one share.
func (c *call) passCounted(carrier http.RoundTripper) error {
	credential := credentialOf(c.r)
	if c.route.upgrade && credential == "" {
		_, credential = c.g.socketCredential(c.r)
	}
	if !isKey(credential) || c.route.access == public {
		return c.pass(carrier, func(int) error { return nil })
	}
	if err := c.checkWrongKeys(); err != nil {
		return err
	}
	return c.pass(carrier, func(status int) error {
		if status != http.StatusUnauthorized {
			return nil
		}
		return c.limitAddress(rateWrongKey)
	})
}

// pass hands the request to carrier, and answers what it brings unless judge
// refuses that. A WebSocket upgrade goes through as well.
func (c *call) pass(carrier http.RoundTripper, judge func(status int) error) error {
	if c.route.stream || c.route.upgrade || c.route.body == streamBody {
		defer c.open()()
	}
	var failed error
	proxy := &httputil.ReverseProxy{
		Transport: carrier, FlushInterval: -1, // events must not wait for the next one
		ErrorLog: slog.NewLogLogger(c.g.log.Handler(), slog.LevelDebug),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", "member.invalid" // the carrier knows where to
			p.Out.Host = p.In.Host                                      // a sign-in names the gateway that was called
			p.Out.Header.Del("Forwarded")
			p.Out.Header.Del("X-Forwarded-For")
			p.Out.Header.Set("X-Forwarded-Proto", c.g.scheme(p.In, false))
			p.Out.Header.Set("X-Request-ID", c.id)
		},
		ModifyResponse: func(res *http.Response) error {
			if err := judge(res.StatusCode); err != nil {
				return err
			}
			res.Header.Del("X-Request-ID")
			for name := range res.Header { // the other's word counts where both have one
				if name != "Vary" {
					c.w.Header().Del(name)
				}
			}
			res.Header.Del("Vary")
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}
	proxy.ServeHTTP(c.w, c.r) //nolint:gosec // G704: the carrier knows one way only
	if failed == nil {
		return nil
	}
	if coded, ok := errors.AsType[*core.Error](failed); ok {
		return coded
	}
	if tooLong, ok := errors.AsType[*http.MaxBytesError](failed); ok {
		return tooLarge("a body", tooLong.Limit)
	}
	if errors.Is(failed, context.Canceled) {
		return failed
	}
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		return core.Wrap(core.Unavailable, failed, "no member of the network answers; try again")
	}
	return core.Wrap(core.OutcomeUnknown, failed, "the member that was asked did not answer; it may have happened")
}
