package cli

// This file chooses log entries for "node logs".

import (
	"maps"
	"slices"
	"strings"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/logging"
)

type logFilter struct {
	level, part, search string
}

func (f logFilter) check() error {
	if f.level != "" && !slices.Contains([]string{"debug", "info", "warn", "error"}, f.level) {
		return core.Errorf(core.Invalid, "the level %q is not known; use debug, info, warn or error", f.level)
	}
	return nil
}

func (f logFilter) match(e core.LogEntry) bool {
	return logging.Filter{Level: f.level, Part: f.part, Search: f.search}.Match(e)
}

// sortedAttrs are an entry's attributes in the order of their names.
func sortedAttrs(e core.LogEntry) record {
	r := record{}
	for _, name := range slices.Sorted(maps.Keys(e.Attrs)) {
		r = append(r, field{strings.ToValidUTF8(name, "\ufffd"), e.Attrs[name]})
	}
	return r
}
