package places

import (
	"encoding/binary"
	"log/slog"
	"math"
	"net/netip"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A private address that is looked up puts somebody's living room on another
// continent; a relay's place is not the peer's.
func TestClassify(t *testing.T) {
	for address, want := range map[string]string{
		"/ip4/127.0.0.1/tcp/4001":                 core.PlaceComputer,
		"/ip4/127.200.1.1/tcp/4001":               core.PlaceComputer,
		"/ip6/::1/udp/4001/quic-v1":               core.PlaceComputer,
		"/ip6/::ffff:127.0.0.1/tcp/1":             core.PlaceComputer,
		"/ip4/192.168.1.5/tcp/4001":               core.PlaceLocal,
		"/ip4/10.0.0.1/tcp/4001":                  core.PlaceLocal,
		"/ip4/172.31.255.255/tcp/4001":            core.PlaceLocal,
		"/ip4/169.254.3.4/tcp/4001":               core.PlaceLocal,
		"/ip6/fe80::1/tcp/4001":                   core.PlaceLocal,
		"/ip6/fd12:3456::1/tcp/4001":              core.PlaceLocal,
		"/ip6/::ffff:192.168.0.1/tcp/1":           core.PlaceLocal,
		"/ip6/64:ff9b::a00:1/tcp/1":               core.PlaceLocal, // 10.0.0.1 behind NAT64
		"/ip4/100.64.0.1/tcp/4001":                core.PlaceCarrier,
		"/ip4/100.127.255.255/tcp/4001":           core.PlaceCarrier,
		"/ip4/9.9.9.9/tcp/1/p2p/12D3/p2p-circuit": core.PlaceRelay,
		"/dns4/example.org/tcp/4001":              core.PlaceUnknown,
		"/ip6zone/eth0/ip6/fe80::1/tcp/1":         core.PlaceUnknown,
		"/ip4/203.0.113.7/tcp/4001":               core.PlaceUnknown,
		"/ip4/198.18.0.1/tcp/4001":                core.PlaceUnknown,
		"/ip4/224.0.0.1/udp/5353":                 core.PlaceUnknown,
		"/ip4/255.255.255.255/udp/1":              core.PlaceUnknown,
		"/ip4/0.0.0.0/tcp/1":                      core.PlaceUnknown,
		"/ip6/2001:db8::1/tcp/1":                  core.PlaceUnknown,
		"/ip6/ff02::1/udp/1":                      core.PlaceUnknown,
		"/ip6/100::1/tcp/1":                       core.PlaceUnknown,
		"":                                        core.PlaceUnknown,
		"nonsense":                                core.PlaceUnknown,
		"/ip4/999.1.1.1/tcp/1":                    core.PlaceUnknown,
		"/ip4/100.63.255.255/tcp/4001":            core.PlacePublic,
		"/ip4/172.32.0.1/tcp/4001":                core.PlacePublic,
		"/ip6/2606:4700:4700::1111/udp/1":         core.PlacePublic,
		"/ip6/64:ff9b::909:909/tcp/1":             core.PlacePublic, // 9.9.9.9 behind NAT64
	} {
		if got, _ := Classify(address); got != want {
			t.Errorf("%s is %s, want %s", address, got, want)
		}
	}
}

// A map with everybody in the wrong country is worse than none. The ranges are
// those of national universities, which do not move.
func TestPlaces_KnownRanges(t *testing.T) {
	p := New(time.Now, slog.New(slog.DiscardHandler))
	for ip, want := range map[string]struct {
		country  string
		lat, lon float64
	}{
		"129.132.1.1":        {"CH", 47, 8},    // Zurich
		"131.159.0.1":        {"DE", 49, 12},   // Munich
		"130.237.1.1":        {"SE", 59, 18},   // Stockholm
		"133.11.1.1":         {"JP", 36, 140},  // Tokyo
		"143.107.1.1":        {"BR", -23, -47}, // São Paulo
		"18.9.22.69":         {"US", 42, -71},  // Massachusetts
		"2001:67c:10ec::1":   {"CH", 47, 8},
		"::ffff:131.159.0.1": {"DE", 49, 12},
		"64:ff9b::839f:1":    {"DE", 49, 12}, // the same behind NAT64
	} {
		got := p.OfIP(netip.MustParseAddr(ip))
		if got.Kind != core.PlacePublic || got.Country != want.country || got.Region == "" || math.Abs(got.Lat-want.lat) > 4 || math.Abs(got.Lon-want.lon) > 4 {
			t.Errorf("%s is in %+v, want %+v", ip, got, want)
		}
	}
	if got := p.OfAny([]string{"/ip4/192.168.0.2/tcp/1", "/ip4/129.132.1.1/tcp/1"}); got.Country != "CH" {
		t.Errorf("a peer with a public address is in %+v", got)
	}
	if got := p.OfAny([]string{"/ip4/192.168.0.2/tcp/1", "/dns4/x/tcp/1"}); got.Kind != core.PlaceLocal {
		t.Errorf("a peer without one is in %+v", got)
	}
}

// Forty megabytes must not stay for one look at a map.
func TestPlaces_DropsWhatNobodyLooksAt(t *testing.T) {
	now := time.Unix(0, 0)
	p := New(func() time.Time { return now }, slog.New(slog.DiscardHandler))
	if p.Of("/ip4/192.168.0.1/tcp/1"); p.list != nil {
		t.Error("a local address needs no table")
	}
	p.Of("/ip4/9.9.9.9/tcp/1")
	if p.ipv4 == nil || p.ipv6 != nil {
		t.Fatal("only the table that is needed is decoded")
	}
	now = now.Add(KeepFor - time.Second)
	if p.sweep(); p.ipv4 == nil {
		t.Error("dropped too early")
	}
	now = now.Add(time.Second)
	if p.sweep(); p.ipv4 != nil || p.list != nil {
		t.Error("still in memory")
	}
	if got := p.Of("/ip4/9.9.9.9/tcp/2"); got.Kind != core.PlacePublic || p.ipv4 != nil {
		t.Errorf("what was asked before needs no table: %+v", got)
	}
	if got := p.Of("/ip4/131.159.0.1/tcp/1"); got.Country != "DE" || p.ipv4 == nil {
		t.Errorf("decoded again it says %+v", got)
	}
	for i := range uint32(MaxCached + 10) {
		p.OfIP(netip.AddrFrom4([4]byte{20, 0, byte(i >> 8), byte(i)}))
	}
	if len(p.cache) > MaxCached {
		t.Errorf("%d answers are kept", len(p.cache))
	}
}

// Every number in the tables must name a place.
func TestTables_AreWhole(t *testing.T) {
	list, err := unpackPlaces(placesFile)
	if err != nil || len(list) < 3000 {
		t.Fatalf("%d places, %v", len(list), err)
	}
	four, err := unpackTable[uint32](ipv4File)
	if err != nil {
		t.Fatal(err)
	}
	six, err := unpackTable[uint64](ipv6File)
	if err != nil {
		t.Fatal(err)
	}
	for _, places := range [][]uint16{four.places, six.places} {
		if len(places) < 1_000_000 {
			t.Errorf("%d ranges", len(places))
		}
		for _, place := range places {
			if int(place) > len(list) {
				t.Fatalf("place %d of %d", place, len(list))
			}
		}
	}
}

// A damaged program file must not crash the node, nor make it take all memory.
func FuzzDecode(f *testing.F) {
	good := binary.AppendUvarint(nil, 2)
	for _, n := range []uint64{0, 1, 1 << 24, 0} {
		good = binary.AppendUvarint(good, n)
	}
	f.Add(good)
	f.Add(binary.AppendUvarint(nil, math.MaxUint64))
	f.Add([]byte{2, 1, 1, 0, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		if table, err := decode[uint32](data); err == nil {
			if len(table.starts) != len(table.places) || len(table.starts) > len(data)/2 {
				t.Fatalf("%d starts, %d places of %d bytes", len(table.starts), len(table.places), len(data))
			}
			table.find(math.MaxUint32)
			table.find(0)
		}
		if table, err := decode[uint64](data); err == nil {
			table.find(math.MaxUint64)
		}
		if list, err := decodePlaces(string(data)); err == nil && len(list) > len(data) {
			t.Fatal("more places than bytes")
		}
	})
}
