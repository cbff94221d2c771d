package config

// This file reads and writes sizes and durations in words.

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes that reads "512MB" or "1.5GiB".
type Size int64

// Units of sizes: powers of 1000, as disks are sold.
const (
	KB Size = 1000
	MB      = 1000 * KB
	GB      = 1000 * MB
	TB      = 1000 * GB
)

type unit struct {
	name  string
	bytes Size
}

// sizeUnits has the units from the largest to the smallest.
func sizeUnits() []unit {
	return []unit{
		{"TiB", 1 << 40},
		{"TB", TB},
		{"GiB", 1 << 30},
		{"GB", GB},
		{"MiB", 1 << 20},
		{"MB", MB},
		{"KiB", 1 << 10},
		{"KB", KB},
		{"B", 1},
	}
}

// String writes the size exactly, in the largest unit that allows it.
func (s Size) String() string {
	if s == 0 {
		return "0"
	}
	for _, u := range sizeUnits() {
		if s%u.bytes == 0 {
			return strconv.FormatInt(int64(s/u.bytes), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(s), 10) + "B"
}

// ParseSize reads "512MB", "1.5 GiB", or bytes without a unit.
func ParseSize(text string) (Size, error) {
	number, name := splitUnit(text)
	scale := Size(1)
	if name != "" {
		scale = 0
		for _, u := range sizeUnits() {
			// "G" and "M" are what people type; they mean what "GB" and "MB" mean.
			if strings.EqualFold(name, u.name) || strings.EqualFold(name+"B", u.name) {
				scale = u.bytes
			}
		}
	}
	plainNumber := scale != 0 && strings.Trim(number, "0123456789.") == ""
	if whole, err := strconv.ParseInt(number, 10, 64); plainNumber && err == nil && whole <= math.MaxInt64/int64(scale) {
		return Size(whole) * scale, nil // exact, also above 2^53
	}
	value, err := strconv.ParseFloat(number, 64)
	if !plainNumber || err != nil || value*float64(scale) >= math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size; write a number with a unit, such as 512MB or 1.5GiB", shorten(text))
	}
	return Size(value * float64(scale)), nil
}

// ParseDuration reads "30s", "1h30m", "7d" or "2w". A bare number is refused,
// because nobody can tell its unit; only 0 needs none.
func ParseDuration(text string) (time.Duration, error) {
	trimmed := strings.ReplaceAll(strings.TrimSpace(text), " ", "")
	number, name := splitUnit(trimmed)
	if days := map[string]float64{"d": 24, "w": 7 * 24}[name]; days != 0 {
		value, err := strconv.ParseFloat(number, 64)
		hours := value * days
		if err == nil && hours >= 0 && hours < float64(math.MaxInt64)/float64(time.Hour) {
			return time.Duration(hours * float64(time.Hour)), nil
		}
	}
	d, err := time.ParseDuration(trimmed)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration; write a number with a unit, such as 30s, 5m, 24h or 7d", shorten(text))
	}
	return d, nil
}

// formatDuration writes whole days as days, and leaves out parts that are zero.
func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "0"
	case d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// splitUnit parts "1.5 GiB" into "1.5" and "GiB".
func splitUnit(text string) (number, name string) {
	text = strings.TrimSpace(text)
	end := strings.LastIndexAny(text, "0123456789.") + 1
	return text[:end], strings.TrimSpace(text[end:])
}
