package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// diary writes down who started and stopped when.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) add(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

// worker is a part that keeps a diary and ends as a test tells it to.
type worker struct {
	name  string
	diary *diary
	fail  error         // returned before ready
	end   chan struct{} // closed: the worker ends by itself
	hang  time.Duration // how long it takes to stop
	panic bool
}

func (w worker) Run(ctx context.Context, ready func()) error {
	if w.fail != nil {
		return w.fail
	}
	if w.panic {
		panic("planted")
	}
	w.diary.add("%s up", w.name)
	ready()
	select {
	case <-ctx.Done():
	case <-w.end:
		return nil
	}
	<-time.After(w.hang)
	w.diary.add("%s down", w.name)
	return nil
}

// A database that stops after the streams which carry its last words loses writes.
func TestRunParts_StopsInReverse(t *testing.T) {
	d := &diary{}
	ctx, cancel := context.WithCancel(t.Context())
	err := runParts(ctx, func() error { cancel(); return nil },
		part{"a", worker{name: "a", diary: d}}, part{"b", worker{name: "b", diary: d}}, part{"c", worker{name: "c", diary: d}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a up", "b up", "c up", "c down", "b down", "a down"}
	if !slices.Equal(d.lines, want) {
		t.Errorf("got %v", d.lines)
	}
}

// A part that cannot start must name itself, and what was started must stop.
func TestRunParts_FailingPart(t *testing.T) {
	planted := errors.New("planted")
	tests := map[string]struct {
		second worker
		want   string
	}{
		"fails before ready": {worker{name: "b", fail: planted}, "b: planted"},
		"panics":             {worker{name: "b", panic: true}, "b: panic: planted"},
		"ends by itself":     {worker{name: "b", end: closed()}, "b ended by itself"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			d := &diary{}
			test.second.diary = d
			err := runParts(t.Context(), func() error { return nil },
				part{"a", worker{name: "a", diary: d}}, part{"b", test.second})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if !slices.Contains(d.lines, "a down") {
				t.Errorf("the first part was left running: %v", d.lines)
			}
		})
	}
}

// A part that hangs must not keep the program from ending within its promise.
func TestRunParts_HangingPart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &diary{}
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		err := runParts(ctx, func() error { cancel(); return nil },
			part{"a", worker{name: "a", diary: d}}, part{"slow", worker{name: "slow", diary: d, hang: time.Minute}})
		if err == nil || !strings.Contains(err.Error(), "slow: did not stop in time") {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("stopping took %v", took)
		}
		<-time.After(2 * time.Minute) // made-up time: the slow part ends too
	})
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
