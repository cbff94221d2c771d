// Package anyoneproxy dials through a SOCKS5 proxy, such as that of the Anyone
// network or Tor, so that peers do not see this computer's address.
//
// A [Proxy] is off until it has an address. While it is on, everything that is
// not on this computer or this LAN goes through it or not at all: when the
// proxy is dead, a dial fails with a sentence that says so, and [Proxy.Check]
// is down. Nothing ever falls back to a direct connection.
//
// SOCKS5 carries TCP only, so package p2p leaves QUIC out of a host that has a
// proxy.
package anyoneproxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/proxy"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// MaxDialTime bounds one dial through the proxy: such networks build a path
	// over several relays first.
	MaxDialTime = 30 * time.Second
	// MaxCredentialBytes is SOCKS5's own limit (RFC 1929) for user and password.
	MaxCredentialBytes = 255
)

const remedy = "start it, correct proxy.address, or set node.disable_anonrc to dial directly"

// Settings say where the proxy is. An empty Address means that there is none.
type Settings struct {
	Address  string // host:port
	User     string // "" when the proxy asks for none
	Password core.Secret
}

// Proxy dials through a SOCKS5 proxy. It may be used from any goroutine, also
// before it runs; Run keeps its Check up to date.
type Proxy struct {
	settings Settings
	log      *slog.Logger
	direct   proxy.ContextDialer // how this computer itself dials
	through  proxy.ContextDialer // nil when off
	poke     chan struct{}       // a dial failed: look at once

	mu    sync.Mutex
	check core.Check
}

// New checks the settings; it does not touch the network.
func New(s Settings, log *slog.Logger) (*Proxy, error) {
	return newProxy(s, &net.Dialer{}, log)
}

func newProxy(s Settings, direct proxy.ContextDialer, log *slog.Logger) (*Proxy, error) {
	p := &Proxy{settings: s, log: log, direct: direct, poke: make(chan struct{}, 1), check: core.Check{Name: "proxy", State: core.StateOff, Detail: "not configured"}}
	if s.Address == "" {
		return p, nil
	}
	if err := s.verify(); err != nil {
		return nil, err
	}
	var auth *proxy.Auth
	if s.User != "" {
		auth = &proxy.Auth{User: s.User, Password: s.Password.Reveal()}
	}
	dialer, err := proxy.SOCKS5("tcp", s.Address, auth, toProxy{direct})
	if err != nil {
		return nil, fmt.Errorf("build SOCKS5 dialer: %w", err)
	}
	through, ok := dialer.(proxy.ContextDialer)
	if !ok {
		return nil, core.Errorf(core.Internal, "the SOCKS5 dialer cannot be cancelled")
	}
	p.through = through
	p.check = core.Check{Name: "proxy", State: core.StateDown, Detail: "not asked yet"}
	return p, nil
}

func (s Settings) verify() error {
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil || host == "" {
		return core.Errorf(core.Invalid, "the proxy address %q is not host:port; write it like 127.0.0.1:9050 in proxy.address", s.Address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return core.Errorf(core.Invalid, "the proxy address %q has no port between 1 and 65535; write it like 127.0.0.1:9050 in proxy.address", s.Address)
	}
	if len(s.User) > MaxCredentialBytes || len(s.Password) > MaxCredentialBytes {
		return core.Errorf(core.Invalid, "proxy.user and proxy.password may have %d bytes each", MaxCredentialBytes)
	}
	if s.User == "" && s.Password != "" {
		return core.Errorf(core.Invalid, "proxy.password is set without proxy.user; set both or none")
	}
	return nil
}

// DialContext connects to address. Loopback, private and link-local addresses
// are dialled directly, everything else through the proxy; names are resolved
// by the proxy. When the proxy does not serve, it returns core.Unavailable and
// says so: it never dials such an address directly. Without a configured proxy
// everything is direct.
func (p *Proxy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if p.through == nil || bypasses(address) {
		return p.direct.DialContext(ctx, network, address)
	}
	if !strings.HasPrefix(network, "tcp") {
		return nil, core.Errorf(core.Invalid, "the SOCKS5 proxy carries TCP only")
	}
	ctx, cancel := context.WithTimeout(ctx, MaxDialTime)
	defer cancel()
	inner, err := p.through.DialContext(ctx, network, address)
	if err != nil {
		return nil, p.failed(ctx, err)
	}
	return named(inner, address), nil
}

// failed gives a dial's error its sentence, and has the proxy looked at.
func (p *Proxy) failed(ctx context.Context, err error) error {
	if dead, ok := errors.AsType[deadError](err); ok && ctx.Err() == nil {
		p.note(core.StateDown, silent(p.settings.Address, dead.cause))
	}
	select {
	case p.poke <- struct{}{}:
	default: // it will be looked at already
	}
	if check := p.Check(); check.State == core.StateDown {
		return core.Wrap(core.Unavailable, err, "%s", check.Detail)
	}
	return core.Wrap(core.Unavailable, err, "the SOCKS5 proxy works but cannot reach that address; try again later")
}

// Check is "off" without a configured proxy, "ok" when it answers as a SOCKS5
// proxy, else "down" with the reason and the remedy.
func (p *Proxy) Check() core.Check {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.check
}

// note keeps the state, and logs it when it is another than before.
func (p *Proxy) note(state, detail string) {
	p.mu.Lock()
	before := p.check
	p.check = core.Check{Name: "proxy", State: state, Detail: detail}
	p.mu.Unlock()
	switch {
	case before.State == state && before.Detail == detail:
	case state == core.StateOK:
		p.log.Info("the proxy serves", core.KeyAddress, p.settings.Address)
	default:
		p.log.Warn("the proxy does not serve; nothing is dialled beyond this network until it does", "detail", detail)
	}
}

// bypasses says whether address is on this computer or this network.
func bypasses(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false // a name, which the proxy resolves
	}
	ip = ip.Unmap()
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// toProxy marks a failure to reach the proxy itself, as opposed to one that the
// proxy reports.
type toProxy struct{ inner proxy.ContextDialer }

// Dial is never used; x/net asks for it.
func (d toProxy) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext dials the proxy.
func (d toProxy) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := d.inner.DialContext(ctx, network, address)
	if err != nil {
		return nil, deadError{err}
	}
	return c, nil
}

type deadError struct{ cause error }

func (e deadError) Error() string { return "dial proxy: " + e.cause.Error() }
func (e deadError) Unwrap() error { return e.cause }

// conn tells the address that was dialled, not that of the proxy: libp2p names
// and remembers a connection by it.
type conn struct {
	net.Conn
	remote net.Addr
}

// RemoteAddr is the address behind the proxy.
func (c conn) RemoteAddr() net.Addr { return c.remote }

func named(inner net.Conn, address string) net.Conn {
	target, err := netip.ParseAddrPort(address)
	if err != nil {
		return inner // a name: only the proxy knows its address
	}
	return conn{inner, net.TCPAddrFromAddrPort(target)}
}

// Limits lists the bounds of this package that a user may meet.
func Limits() []core.Limit {
	return []core.Limit{
		{Name: "one dial through the proxy", Value: MaxDialTime.String(), Why: "the proxy builds a path over several relays first"},
		{Name: "proxy user and password", Value: fmt.Sprintf("%d bytes each", MaxCredentialBytes), Why: "SOCKS5 allows no more", Key: "proxy.user"},
	}
}
