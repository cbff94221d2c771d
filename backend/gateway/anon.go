package gateway

// This file has the route that fetches something through the SOCKS5 proxy, so
// that the other side does not see this node's address. Whoever may call it must
// not reach what only this computer or its network can reach.

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"git.debros.io/DeBros/network/backend/core"
)

// Bounds of requests through the proxy.
const (
	MaxAnonRequests  = 64               // at the same time, each with one answer in memory
	MaxAnonBytes     = 4 << 20          // of the other side's answer
	MaxAnonTime      = 60 * time.Second // such networks build a path first
	maxAnonRedirects = 5
)

type anonRequest struct {
	inNamespace
	URL        string            `json:"url"`
	Method     string            `json:"method,omitempty"` // GET unless said
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty"`
	BodyBase64 string            `json:"body_base64,omitempty"` // instead of body, for bytes that are no text
}

type anonAnswer struct {
	StatusCode int               `json:"status_code"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
	BodyBase64 string            `json:"body_base64,omitempty"` // instead of body, when it is no UTF-8 text
}

func (g *Gateway) anonRoutes() []route {
	return []route{{
		methods: "POST", path: "/v1/proxy/anon", access: needs(core.PermissionWrite), body: jsonBody, rate: rateAnon,
		summary: "Fetches an address of the internet through the node's SOCKS5 proxy.", request: anonRequest{}, response: anonAnswer{}, serve: anon,
	}}
}

func anon(c *call) error {
	var in anonRequest
	if err := c.decode(&in); err != nil {
		return err
	}
	if c.g.services.Dialer == nil {
		return core.Errorf(core.Unavailable, "this node has no SOCKS5 proxy; its operator can name one in proxy.address")
	}
	select {
	case c.g.anon <- struct{}{}:
		defer func() { <-c.g.anon }()
	default:
		return core.Errorf(core.Limited, "%d requests are on their way through the proxy already", MaxAnonRequests)
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), MaxAnonTime)
	defer cancel()
	req, err := in.request(ctx)
	if err != nil {
		return err
	}
	out, err := c.g.fetch(req)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, out)
}

// request checks what is to be sent.
func (in anonRequest) request(ctx context.Context) (*http.Request, error) {
	if in.Method == "" {
		in.Method = http.MethodGet
	}
	if knownMethod(in.Method) == "other" {
		return nil, core.Errorf(core.Invalid, "method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS")
	}
	body := in.Body
	if in.BodyBase64 != "" {
		raw, err := base64.StdEncoding.DecodeString(in.BodyBase64)
		if err != nil || body != "" {
			return nil, core.Errorf(core.Invalid, "body_base64 is base64 text, and comes instead of body")
		}
		body = string(raw)
	}
	u, err := url.Parse(in.URL)
	if err != nil || strings.ContainsFunc(in.URL, unicode.IsSpace) {
		return nil, core.Errorf(core.Invalid, "url is not an address")
	}
	if err = checkAnonURL(u); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, in.Method, u.String(), strings.NewReader(body))
	if err != nil {
		return nil, core.Wrap(core.Invalid, err, "the request cannot be sent as it is")
	}
	req.Header.Set("User-Agent", "") // none, unless the caller names one
	for name, value := range in.Headers {
		if !hopByHop(name) {
			req.Header.Set(name, value)
		}
	}
	return req, nil
}

// fetch sends the request. Each dial, also after a redirect, is checked anew.
func (g *Gateway) fetch(req *http.Request) (*anonAnswer, error) {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, core.Wrap(core.Invalid, err, "url is not an address")
			}
			if err = checkAnonHost(host); err != nil {
				return nil, err
			}
			return g.services.Dialer.DialContext(ctx, network, address)
		},
		DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10,
	}
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, before []*http.Request) error {
		if len(before) > maxAnonRedirects {
			return core.Errorf(core.Unavailable, "the address redirects more than %d times", maxAnonRedirects)
		}
		return checkAnonURL(next.URL)
	}}
	res, err := client.Do(req) //nolint:gosec // G704: checked above and at each dial
	if err != nil {
		return nil, anonFault(err)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, MaxAnonBytes+1)) //nolint:forbidigo // with a limit
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, anonFault(err)
	}
	if len(raw) > MaxAnonBytes {
		return nil, tooLarge("an answer through the proxy", MaxAnonBytes)
	}
	out := &anonAnswer{StatusCode: res.StatusCode, Headers: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		if !hopByHop(name) {
			out.Headers[name] = strings.Join(res.Header[name], ", ")
		}
	}
	if utf8.Valid(raw) {
		out.Body = string(raw)
	} else {
		out.BodyBase64 = base64.StdEncoding.EncodeToString(raw)
	}
	return out, nil
}

// anonFault keeps the sentence of an error that has one.
func anonFault(err error) error {
	if coded, ok := errors.AsType[*core.Error](err); ok {
		return coded
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return core.Wrap(core.Unavailable, err, "the address did not answer within %s", MaxAnonTime)
	}
	return core.Wrap(core.Unavailable, err, "the address could not be reached through the proxy")
}

// hopByHop names headers that are about one connection (RFC 9110, section 7.6.1)
// or that say where a request comes from.
func hopByHop(name string) bool {
	switch name = http.CanonicalHeaderKey(strings.TrimSpace(name)); name {
	case "Connection", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Host", "Content-Length", "Forwarded", "Via":
		return true
	}
	return strings.HasPrefix(name, "Proxy-") || strings.HasPrefix(name, "X-Forwarded-") || strings.HasPrefix(name, "X-Real-")
}

func checkAnonURL(u *url.URL) error {
	if (u.Scheme != "http" && u.Scheme != "https") || u.Opaque != "" || u.User != nil {
		return core.Errorf(core.Invalid, "url is an http or https address without a user")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return core.Errorf(core.Invalid, "the port of url is a number from 1 to 65535")
		}
	}
	return checkAnonHost(u.Hostname())
}

// checkAnonHost refuses what is not on the public internet. A name is resolved
// by the proxy, far from here, so it cannot change its address between this look
// and the dial; names that only private networks have are refused all the same,
// and so is everything that a resolver might read as a number.
func checkAnonHost(host string) error {
	refused := core.Errorf(core.Denied, "the proxy is for public addresses of the internet only")
	if ip, err := netip.ParseAddr(host); err == nil {
		if !publicAddress(ip) {
			return refused
		}
		return nil
	}
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	if len(name) > 253 || len(labels) < 2 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return refused
	}
	switch last {
	case "localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "test", "invalid", "":
		return refused
	}
	if strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return refused
	}
	return nil
}

// notPublic are special ranges (IANA's registries of special-purpose addresses)
// that netip has no word for. The last three hold an IPv4 address inside.
func notPublic() []string {
	return []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"::/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16", "fec0::/10", "2001::/23", "2002::/16", "::ffff:0:0:0/96",
	}
}

func publicAddress(ip netip.Addr) bool {
	if ip.Zone() != "" {
		return false
	}
	ip = ip.Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	return !slices.ContainsFunc(notPublic(), func(text string) bool {
		prefix, err := netip.ParsePrefix(text)
		return err != nil || prefix.Contains(ip)
	})
}
