package auth

// This file makes challenges and reads them back. Making one writes nothing, so
// that strangers cannot make the network write: a nonce carries its own proof.

import (
	"context"
	"crypto/hmac"
	"encoding/binary"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/wallet"
)

// A nonce is random bytes, the second in which it ends, its class and a MAC over
// all that it is bound to.
const (
	nonceRandom = 16
	nonceExpiry = 4
	nonceMAC    = 16
	nonceHead   = nonceRandom + nonceExpiry + 1
	nonceBytes  = nonceHead + nonceMAC
	verifyPath  = "/v1/auth/verify"
	classSignIn = 1
	classDevice = 2

	// linkDomain stands for the gateway's name where the caller used none: he came
	// through a link between peers. The name is reserved for private use.
	linkDomain = "debros.internal"
)

// nonce is one that was read back; it is not yet known whether it is genuine.
type nonce struct {
	text    string
	head    []byte
	class   byte
	expires time.Time
	mac     []byte
}

func parseNonce(s string) (nonce, bool) {
	b, ok := parseBase62(s, nonceBytes)
	if !ok {
		return nonce{}, false
	}
	n := nonce{text: s, head: b[:nonceHead], class: b[nonceHead-1], mac: b[nonceHead:]}
	n.expires = time.Unix(int64(binary.BigEndian.Uint32(b[nonceRandom:])), 0).UTC()
	return n, true
}

// binding is what a nonce is good for.
type binding struct {
	account   wallet.Account
	namespace core.Namespace
	origin    string // scheme://host[:port] of the gateway
}

// seal is the MAC of a nonce's head.
func (b binding) seal(key, head []byte) []byte {
	return mac(key, "nonce", string(head), string(b.account.Chain()), string(b.account.Bytes()), string(b.namespace), b.origin)[:nonceMAC]
}

// message is the one text that a nonce stands for.
func (b binding) message(network string, n nonce) (string, error) {
	_, domain, _ := strings.Cut(b.origin, "://")
	chainID := "1"
	if b.account.Chain() == wallet.SOL {
		chainID = "mainnet"
	}
	return wallet.SignIn{
		Domain: domain, Account: b.account,
		Statement: "Sign in to namespace '" + string(b.namespace) + "' of the DeBros network " + network + ". This moves no money.",
		URI:       b.origin + verifyPath, Version: "1", ChainID: chainID, Nonce: n.text,
		IssuedAt: n.expires.Add(-NonceLife), ExpirationTime: n.expires,
	}.Text()
}

// Challenge gives a text to sign. It writes nothing and asks nobody. The domain
// must be this network's: a name that one of its gateways publishes, or a
// loopback address.
func (a *Auth) Challenge(ctx context.Context, r core.ChallengeRequest) (core.Challenge, error) {
	if err := a.ready(); err != nil {
		return core.Challenge{}, err
	}
	account, err := wallet.ParseAccount(r.Wallet, wallet.Chain(r.ChainType))
	if err != nil {
		return core.Challenge{}, err
	}
	ns := core.ChatNamespace // all that a device signs in to
	if classOf(r.Purpose) != classDevice {
		if ns, err = a.namespace(r.Namespace); err != nil {
			return core.Challenge{}, err
		}
	}
	if len(r.Purpose) > MaxNameBytes {
		return core.Challenge{}, core.Errorf(core.Invalid, "a purpose has at most %d bytes", MaxNameBytes)
	}
	origin, err := a.origin(ctx, r.Domain, r.URI)
	if err != nil {
		return core.Challenge{}, err
	}
	s, err := a.secrets(ctx)
	if err != nil {
		return core.Challenge{}, err
	}
	b := binding{account: account, namespace: ns, origin: origin}
	expires := a.settings.Now().Add(NonceLife).Truncate(time.Second).UTC()
	head := make([]byte, nonceHead, nonceBytes)
	random(head[:nonceRandom])
	binary.BigEndian.PutUint32(head[nonceRandom:], uint32(expires.Unix())) //nolint:gosec // until the year 2106
	head[nonceHead-1] = classOf(r.Purpose)
	n := nonce{text: base62(append(head, b.seal(s.sealing(a.settings.Now()), head)...)), expires: expires}
	message, err := b.message(a.settings.Network, n)
	if err != nil {
		return core.Challenge{}, err
	}
	return core.Challenge{Wallet: account.String(), Namespace: ns, Nonce: n.text, Purpose: r.Purpose, ExpiresAt: expires, Message: message}, nil
}

func classOf(purpose string) byte {
	if purpose == core.PurposeDevice {
		return classDevice
	}
	return classSignIn
}

// origin is the gateway's address as it stands in the text.
func (a *Auth) origin(ctx context.Context, domain, uri string) (string, error) {
	if domain == "" {
		return "https://" + linkDomain, nil
	}
	domain = canonicalDomain(domain)
	if !isLoopback(domain) && !listed(a.ownDomains(), domain) {
		names, err := a.domains(ctx)
		if err != nil {
			return "", err
		}
		if !listed(names, domain) {
			return "", core.Errorf(core.Denied, "this network has no gateway of that name; the operator names it in gateway.allowed_hosts")
		}
	}
	scheme := "https"
	if u, err := url.Parse(uri); err == nil && u.Scheme == "http" || uri == "" && isLoopback(domain) {
		scheme = "http"
	}
	return scheme + "://" + domain, nil
}

// listed tells whether a domain is among the names; one without a port is good
// for every port.
func listed(names []string, domain string) bool {
	return slices.Contains(names, domain) || slices.Contains(names, hostOf(domain))
}

// canonicalDomain is a domain as texts have it: in small letters, and loopback
// as IPv4, which every wallet reads.
func canonicalDomain(domain string) string {
	domain = strings.ToLower(domain)
	if domain == "[::1]" {
		return "127.0.0.1"
	}
	if port, ok := strings.CutPrefix(domain, "[::1]:"); ok {
		return "127.0.0.1:" + port
	}
	return domain
}

func isLoopback(domain string) bool {
	host := hostOf(domain)
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

func hostOf(domain string) string {
	host, _, err := net.SplitHostPort(domain)
	if err != nil {
		return domain
	}
	return host
}

// candidates are the origins that a nonce may have been made for: the one by
// which the proof came first, then all that the network has.
func (a *Auth) candidates(ctx context.Context, domain, uri string) ([]string, error) {
	list := []string{"https://" + linkDomain}
	if origin, err := a.origin(ctx, domain, uri); err == nil {
		list = append(list, origin)
	}
	names, err := a.domains(ctx)
	if err != nil {
		return nil, err
	}
	list = slices.Grow(list, 4*len(names))
	for _, name := range slices.Concat(a.ownDomains(), names) {
		for _, twin := range twins(name) {
			list = append(list, "https://"+twin, "http://"+twin)
		}
	}
	return list, nil
}

// twins are the names that mean the same gateway.
func twins(domain string) []string {
	if !isLoopback(domain) {
		return []string{domain}
	}
	_, port, err := net.SplitHostPort(domain)
	if err != nil {
		return []string{"127.0.0.1", "localhost"}
	}
	return []string{"127.0.0.1:" + port, "localhost:" + port}
}

// match finds what a nonce is bound to, of what it may be.
func match(s secrets, n nonce, b binding, origins []string) (binding, bool) {
	for _, key := range s.nonce {
		for _, origin := range origins {
			b.origin = origin
			if hmac.Equal(b.seal(key, n.head), n.mac) {
				return b, true
			}
		}
	}
	return binding{}, false
}

// ownDomains are this node's names, as far as they are counted.
func (a *Auth) ownDomains() []string {
	if a.settings.Domains == nil {
		return nil
	}
	var list []string
	for _, name := range a.settings.Domains() {
		if name = canonicalDomain(name); len(name) > 0 && len(name) <= MaxNameBytes && len(list) < MaxOwnDomains {
			list = append(list, name)
		}
	}
	return list
}

// domains are the names of all members' gateways.
func (a *Auth) domains(ctx context.Context) ([]string, error) {
	return fetch(ctx, a, a.view.domains, struct{}{}, false, func(ctx context.Context, ask asking) ([]string, bool, error) {
		rows, err := ask(ctx, stmt(`SELECT node, name FROM auth_domains ORDER BY name, node LIMIT ?1`, MaxDomains))
		if err != nil {
			return nil, false, err
		}
		var names []string
		for _, row := range rows {
			if node := text(row[0]); node == a.settings.NodeID || a.settings.IsMember(node) {
				names = append(names, text(row[1]))
			}
		}
		return slices.Compact(names), true, nil
	})
}

// keepDomains publishes this node's names, when they have changed.
func (a *Auth) keepDomains(ctx context.Context) error {
	own := a.ownDomains()
	slices.Sort(own)
	own = slices.Compact(own)
	rows, err := a.near(ctx, stmt(`SELECT name FROM auth_domains WHERE node = ?1 ORDER BY name`, a.settings.NodeID))
	if err != nil {
		return err
	}
	known := make([]string, len(rows))
	for i, row := range rows {
		known[i] = text(row[0])
	}
	if slices.Equal(known, own) {
		return nil
	}
	statements := []core.Statement{stmt(`DELETE FROM auth_domains WHERE node = ?1`, a.settings.NodeID)}
	for _, name := range own {
		statements = append(statements, stmt(`INSERT INTO auth_domains(node, name) VALUES (?1, ?2)`, a.settings.NodeID, name))
	}
	_, err = a.exec(ctx, statements...)
	a.view.domains.empty()
	return err
}
