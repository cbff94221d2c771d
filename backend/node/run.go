package node

// This file starts the parts of a node one after another and stops them in
// reverse, each with a deadline.

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// Service is a part of the node with a lifetime.
type Service interface {
	// Run serves until ctx ends. It calls ready when it can take work, and
	// returns only after every goroutine it started has returned.
	Run(ctx context.Context, ready func()) error
}

// Limits of starting and stopping one part.
const (
	MaxStartTime = 30 * time.Second        // a database with a long log to replay needs some
	MaxStopTime  = 4500 * time.Millisecond // all parts together; the promise is five seconds
)

type part struct {
	name    string
	service Service
}

// live is a part that was started.
type live struct {
	part
	cancel context.CancelFunc
	done   chan struct{} // closed after err is set
	err    error
}

// runParts starts the parts in order, each once the one before is ready, calls
// ready, and serves until ctx ends or a part does. It then stops them in
// reverse order. What went wrong in any of them is in the error it returns.
func runParts(ctx context.Context, ready func() error, parts ...part) (err error) {
	ended := make(chan *live, len(parts))
	var running []*live
	defer func() {
		deadline := time.Now().Add(MaxStopTime)
		for i := len(running) - 1; i >= 0; i-- {
			err = errors.Join(err, running[i].stop(time.Until(deadline)))
		}
	}()
	for _, p := range parts {
		l, up := start(ctx, p, ended)
		running = append(running, l)
		select {
		case <-up:
		case <-time.After(MaxStartTime):
			return fmt.Errorf("%s: not ready after %v", p.name, MaxStartTime)
		case <-ended: // its own stop says why
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	if err := ready(); err != nil {
		return err
	}
	select {
	case l := <-ended:
		if l.err == nil {
			return fmt.Errorf("%s ended by itself", l.name)
		}
	case <-ctx.Done():
	}
	return nil
}

// start gives a part its own context, so that the end of ctx cannot stop all
// parts at once and in no order.
func start(ctx context.Context, p part, ended chan<- *live) (*live, <-chan struct{}) {
	own, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &live{part: p, cancel: cancel, done: make(chan struct{})}
	up := make(chan struct{}, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				l.err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
			close(l.done)
			ended <- l
		}()
		l.err = p.service.Run(own, func() {
			select {
			case up <- struct{}{}:
			default:
			}
		})
	}()
	return l, up
}

// stop ends the part and waits for it within limit.
func (l *live) stop(limit time.Duration) error {
	l.cancel()
	select {
	case <-l.done:
	case <-time.After(max(limit, 10*time.Millisecond)):
		return fmt.Errorf("%s: did not stop in time", l.name)
	}
	if l.err != nil {
		return fmt.Errorf("%s: %w", l.name, l.err)
	}
	return nil
}
