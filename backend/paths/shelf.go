package paths

// This file keeps the reports of others, and what was seen of their clocks.

import (
	"slices"
	"sync"
	"time"
)

// MaxKept bounds the reports kept; a network is not drawn with more.
const MaxKept = 256

// kept is one report as it came.
type kept struct {
	report report
	sealed []byte
	at     time.Time // when it was made, by our clock: when it came, less its age
}

// reading is what one exchange told of a member's clock.
type reading struct {
	offset time.Duration
	at     time.Time
}

// shelf is all that is known, of one network.
type shelf struct {
	mu      sync.Mutex
	network string
	reports map[string]kept    // by maker
	clocks  map[string]reading // by member
}

func newShelf() *shelf {
	return &shelf{reports: make(map[string]kept), clocks: make(map[string]reading)}
}

// keepOnly forgets what is old, what is of another network, and who is no member
// any more.
func (s *shelf) keepOnly(network string, members map[string]string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.network != network {
		s.network = network
		clear(s.reports)
		clear(s.clocks)
	}
	for id, k := range s.reports {
		if _, member := members[id]; !member || now.Sub(k.at) > KeepFor {
			delete(s.reports, id)
		}
	}
	for id, c := range s.clocks {
		if _, member := members[id]; !member || now.Sub(c.at) > KeepFor {
			delete(s.clocks, id)
		}
	}
}

// put keeps a report, unless a later one of the same maker is there, or there
// are too many.
func (s *shelf) put(r report, sealed []byte, age time.Duration, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, there := s.reports[r.Node]
	if r.Network != s.network || (there && old.report.At >= r.At) || (!there && len(s.reports) >= MaxKept) {
		return
	}
	s.reports[r.Node] = kept{report: r, sealed: slices.Clone(sealed), at: now.Add(-min(max(age, 0), KeepFor))}
}

// get returns a report to pass on, and its age.
func (s *shelf) get(id string, now time.Time) (sealed []byte, age time.Duration, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.reports[id]
	if !ok || now.Sub(k.at) > KeepFor {
		return nil, 0, false
	}
	return k.sealed, now.Sub(k.at), true
}

func (s *shelf) of(id string, now time.Time) (report, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k, ok := s.reports[id]
	return k.report, ok && now.Sub(k.at) <= KeepFor
}

// heard is how long ago a member's report was made.
func (s *shelf) heard(id string, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k, ok := s.reports[id]; ok {
		return now.Sub(k.at)
	}
	return KeepFor
}

// all are the reports that may be shown.
func (s *shelf) all(now time.Time) []kept {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]kept, 0, len(s.reports))
	for _, k := range s.reports {
		if now.Sub(k.at) <= KeepFor {
			list = append(list, k)
		}
	}
	return list
}

func (s *shelf) readClock(id string, offset time.Duration, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, there := s.clocks[id]; there || len(s.clocks) < MaxKept {
		s.clocks[id] = reading{offset, now}
	}
}

// clock is the middle of what the members' clocks say: one that is wrong must
// not count.
func (s *shelf) clock(now time.Time) (offset time.Duration, from int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []time.Duration
	for _, c := range s.clocks {
		if now.Sub(c.at) <= KeepFor {
			list = append(list, c.offset)
		}
	}
	if len(list) == 0 {
		return 0, 0
	}
	slices.Sort(list)
	return list[len(list)/2], len(list)
}
