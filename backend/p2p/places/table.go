package places

// This file reads the tables that build/places made.

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
)

const (
	// maxTableBytes bounds one unpacked table; the larger one has some 9 MB.
	maxTableBytes = 32 << 20
	// maxPlaces is what two bytes can number.
	maxPlaces = 1<<16 - 1
)

var (
	//go:embed places.gz
	placesFile []byte
	//go:embed ipv4.gz
	ipv4File []byte
	//go:embed ipv6.gz
	ipv6File []byte
)

var errTable = errors.New("not a table of places")

// table has where ranges begin, in order, and the number of each one's place; 0
// is unknown. A range ends where the next one begins.
type table[N uint32 | uint64] struct {
	starts []N
	places []uint16
}

func (t *table[N]) find(n N) uint16 {
	i, exact := slices.BinarySearch(t.starts, n)
	if !exact {
		i--
	}
	if i < 0 {
		return 0
	}
	return t.places[i]
}

func number4(ip netip.Addr) uint32 {
	b := ip.As4()
	return binary.BigEndian.Uint32(b[:])
}

func number6(ip netip.Addr) uint64 {
	b := ip.As16()
	return binary.BigEndian.Uint64(b[:8])
}

func unpackTable[N uint32 | uint64](packed []byte) (*table[N], error) {
	data, err := unzip(packed)
	if err != nil {
		return nil, err
	}
	return decode[N](data)
}

// decode reads how many ranges there are, then for each how far it begins behind
// the one before and the number of its place.
func decode[N uint32 | uint64](data []byte) (*table[N], error) {
	count, size := binary.Uvarint(data)
	if size <= 0 || count > uint64(len(data))/2 { // a range takes two bytes at least
		return nil, errTable
	}
	data = data[size:]
	t := &table[N]{starts: make([]N, 0, count), places: make([]uint16, 0, count)}
	start := uint64(0)
	for i := range count {
		step, size := binary.Uvarint(data)
		if size <= 0 || (i > 0 && step == 0) || step > uint64(^N(0))-start {
			return nil, errTable
		}
		data, start = data[size:], start+step
		place, size := binary.Uvarint(data)
		if size <= 0 || place > maxPlaces {
			return nil, errTable
		}
		data = data[size:]
		t.starts, t.places = append(t.starts, N(start)), append(t.places, uint16(place))
	}
	if len(data) > 0 {
		return nil, errTable
	}
	return t, nil
}

func unpackPlaces(packed []byte) ([]core.Place, error) {
	data, err := unzip(packed)
	if err != nil {
		return nil, err
	}
	return decodePlaces(string(data))
}

// decodePlaces reads lines of country, region, and its middle in hundredths of a
// degree.
func decodePlaces(text string) ([]core.Place, error) {
	list := []core.Place{}
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 4 || len(fields[0]) != 2 || len(list) == maxPlaces {
			return nil, errTable
		}
		lat, errLat := strconv.Atoi(fields[2])
		lon, errLon := strconv.Atoi(fields[3])
		if errLat != nil || errLon != nil || lat < -9000 || lat > 9000 || lon < -18000 || lon > 18000 {
			return nil, errTable
		}
		list = append(list, core.Place{
			Kind: core.PlacePublic, Country: fields[0], Region: fields[1], Lat: float64(lat) / 100, Lon: float64(lon) / 100,
		})
	}
	return list, nil
}

func unzip(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("open table: %w", err)
	}
	var data bytes.Buffer
	n, err := io.Copy(&data, io.LimitReader(z, maxTableBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpack table: %w", err)
	case n > maxTableBytes:
		return nil, errTable
	}
	return data.Bytes(), nil
}
