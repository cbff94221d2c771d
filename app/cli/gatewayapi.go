package cli

// This file speaks HTTP with a gateway, as the contract says.

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of a gateway's answer: nothing that a command asks for is larger.
const (
	maxGatewayAnswer  = 8 << 20
	maxGatewayHeaders = 64 << 10
)

// challengePath is asked by POST and changes nothing.
const challengePath = "/v1/auth/challenge"

// gateway is one gateway that commands ask. It is for one goroutine.
type gateway struct {
	app    *app
	base   string // URL without a path
	key    string // of what is saved for it
	local  bool   // it belongs to the node of the data folder
	client *http.Client

	credential core.Secret // sent with each request; "" sends none
	renewable  bool        // the credential is a saved session's and was not renewed yet
}

// newGateway makes the client of a gateway. It follows no redirect: that would
// carry the credential to wherever the answer says.
func (a *app) newGateway(base, key string, local bool) *gateway {
	proxy := a.httpProxy().ProxyFunc()
	transport := &http.Transport{
		Proxy:                  func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DisableKeepAlives:      true, // a command asks a few times only
		MaxResponseHeaderBytes: maxGatewayHeaders,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2:      true,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &gateway{app: a, base: base, key: key, local: local, client: client}
}

// httpProxy is the proxy that the environment names, for what leaves this computer.
func (a *app) httpProxy() *httpproxy.Config {
	either := func(name string) string {
		if value := a.lookup(name); value != "" {
			return value
		}
		return a.lookup(strings.ToLower(name))
	}
	return &httpproxy.Config{HTTPProxy: either("HTTP_PROXY"), HTTPSProxy: either("HTTPS_PROXY"), NoProxy: either("NO_PROXY")}
}

// call asks once, sends in as JSON unless it is nil and reads the answer into
// out unless that is nil. A session that the gateway no longer takes is renewed
// and asked with again. Errors bring the code and the sentence of the gateway.
func (g *gateway) call(ctx context.Context, method, path string, in, out any) error {
	err := g.timed(ctx, method, path, in, out)
	if core.CodeOf(err) != core.Unauthenticated || !g.renewable {
		return err
	}
	if renewErr := g.renew(ctx); renewErr != nil {
		return renewErr
	}
	return g.timed(ctx, method, path, in, out)
}

// timed asks once, within --timeout.
func (g *gateway) timed(ctx context.Context, method, path string, in, out any) error {
	if limit := g.app.opts.timeout; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	return g.once(ctx, method, path, in, out)
}

func (g *gateway) once(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			return core.Wrap(core.Internal, err, "the request cannot be written")
		}
		body = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, g.base+path, body)
	if err != nil {
		return core.Wrap(core.Invalid, err, "%s is no gateway's URL", g.base)
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "debros/"+g.app.env.Program.Build.Version)
	if method != http.MethodGet {
		r.Header.Set("Content-Type", "application/json")
	}
	if g.credential != "" {
		r.Header.Set("Authorization", "Bearer "+g.credential.Reveal())
	}
	answer, err := g.client.Do(r) //nolint:gosec // the user names the gateway
	if err != nil {
		return g.unanswered(err, method, path)
	}
	defer func() { _ = answer.Body.Close() }()                               //nolint:errcheck // everything of it was read
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxGatewayAnswer+1)) //nolint:forbidigo // it is the read with a limit
	if err != nil {
		return g.unanswered(err, method, path)
	}
	return g.read(answer.StatusCode, data, out)
}

// read judges an answer that came whole.
func (g *gateway) read(status int, data []byte, out any) error {
	switch {
	case len(data) > maxGatewayAnswer:
		return core.Errorf(core.TooLarge, "the answer of %s has more than %d MiB", g.base, maxGatewayAnswer>>20)
	case status < 200 || status > 299:
		return g.refusal(status, data)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return core.Wrap(core.Unavailable, err, "what answers at %s is not a gateway that this program understands", g.base)
	}
	return nil
}

// refusal is the error that the gateway told.
func (g *gateway) refusal(status int, data []byte) error {
	var told struct {
		Error     string    `json:"error"`
		Code      core.Code `json:"code"`
		RequestID string    `json:"request_id"`
	}
	if json.Unmarshal(data, &told) != nil || told.Error == "" || !slices.Contains(core.Codes(), told.Code) {
		return core.Errorf(core.Unavailable, "what answers at %s is not a gateway of a network (HTTP status %d); check the URL", g.base, status)
	}
	if told.Code == core.Internal && told.RequestID != "" {
		return core.Errorf(core.Internal, "%s (request %s, in the log of the gateway at %s)", told.Error, told.RequestID, g.base)
	}
	return core.Errorf(told.Code, "%s", told.Error)
}

// unanswered is the error of a request that got no answer. What changes
// something may have happened, unless the gateway was never reached.
func (g *gateway) unanswered(err error, method, path string) error {
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return core.Wrap(core.Unavailable, err, "the certificate of %s is not to be trusted: %v", g.base, cert.Err)
	}
	if dial, ok := errors.AsType[*net.OpError](err); ok && dial.Op == "dial" {
		return core.Wrap(core.Unavailable, err, "nobody answers at %s; is the gateway running there?", g.base)
	}
	if strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return core.Wrap(core.Unavailable, err, "%s does not speak HTTPS; a gateway without a certificate has an http:// address", g.base)
	}
	if method == http.MethodGet || path == challengePath {
		return core.Wrap(core.Unavailable, err, "the gateway at %s did not answer within %v; give it longer with --timeout", g.base, g.app.opts.timeout)
	}
	return core.Wrap(core.OutcomeUnknown, err, "the gateway at %s did not answer, so it may or may not have happened", g.base)
}

// withQuery is a path with the pairs of a query; those without a value are left out.
func withQuery(path string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}
