// This file turns a one-time link into a session. Both live in memory: a new
// start of the node signs everybody out.

package bridge

import (
	"crypto/sha256"
	"crypto/subtle"
	"sync"
	"time"
)

const (
	// LinkLife is how long a link works; it may lie in a terminal's history.
	LinkLife = 5 * time.Minute
	// MaxLinks bounds links that wait; the oldest goes first.
	MaxLinks = 16
	// SessionLife is how long a browser stays signed in without a request.
	SessionLife = 24 * time.Hour
	// MaxSessions bounds signed-in browsers; the one unused for longest goes first.
	MaxSessions = 64

	secretBytes = 32 // of a link and of a session: nobody guesses 256 bits
)

// digest is what is kept of a secret, so that memory holds none that works.
type digest = [sha256.Size]byte

// links are the one-time tokens that wait.
type links struct {
	now func() time.Time

	mu      sync.Mutex
	waiting []link // oldest first
}

type link struct {
	digest  digest
	expires time.Time
}

func newLinks(now func() time.Time) *links { return &links{now: now} }

// add makes a token.
func (l *links) add() string {
	token := randomText(secretBytes)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= MaxLinks {
		l.waiting = append([]link(nil), l.waiting[1:]...)
	}
	l.waiting = append(l.waiting, link{digest: sha256.Sum256([]byte(token)), expires: l.now().Add(LinkLife)})
	return token
}

// spend uses a token up and tells whether it was good. Every waiting one is
// compared, each in constant time.
func (l *links) spend(token string) bool {
	offered := sha256.Sum256([]byte(token))
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	good := false
	var rest []link
	for _, k := range l.waiting {
		switch {
		case subtle.ConstantTimeCompare(k.digest[:], offered[:]) == 1:
			good = now.Before(k.expires)
		case now.Before(k.expires):
			rest = append(rest, k)
		}
	}
	l.waiting = rest
	return good
}

// sessions are the signed-in browsers. Look-up is by digest, so its timing tells
// nothing about a secret.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex
	used map[digest]time.Time // last request
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, used: make(map[digest]time.Time)}
}

// add signs a browser in and returns what its cookie holds.
func (s *sessions) add() string {
	secret := randomText(secretBytes)
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.used) >= MaxSessions {
		s.dropOldestLocked()
	}
	s.used[sha256.Sum256([]byte(secret))] = s.now()
	return secret
}

func (s *sessions) dropOldestLocked() {
	var oldest digest
	var when time.Time
	for d, t := range s.used {
		if when.IsZero() || t.Before(when) {
			oldest, when = d, t
		}
	}
	delete(s.used, oldest)
}

// good tells whether secret is a session, and keeps it alive.
func (s *sessions) good(secret string) bool {
	d := sha256.Sum256([]byte(secret))
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.used[d]
	if !ok {
		return false
	}
	if now.Sub(last) > SessionLife {
		delete(s.used, d)
		return false
	}
	s.used[d] = now
	return true
}
