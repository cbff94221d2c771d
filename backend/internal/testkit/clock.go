package testkit

import (
	"sync"
	"time"
)

// Clock is a time that stands still until a test moves it. Its methods may be
// called from many goroutines.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock shows noon of 1 March 2026, UTC: far from the end of a day, a month
// or a year, so that what a test lets pass crosses none by accident.
func NewClock() *Clock { return ClockAt(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)) }

// ClockAt shows now, for what is compared with the time of the computer.
func ClockAt(now time.Time) *Clock { return &Clock{now: now} }

// Now is the time that the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Pass moves the clock by d, backwards when d is below 0.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
