package faults

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Cutter stands before a TCP server and ends each connection after some bytes.
type Cutter struct {
	// Address is where it listens.
	Address string

	target string
	budget func() int64
	cuts   atomic.Int64
}

// NewCutter listens on loopback before target until the end of the test. budget
// is asked for each connection how many bytes may pass in both directions
// together; below 0 all may. It is called from many goroutines.
func NewCutter(t testing.TB, target string, budget func() int64) *Cutter {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Cutter{Address: l.Addr().String(), target: target, budget: budget}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // the test is over
			}
			all.Go(func() { c.splice(ctx, conn) })
		}
	})
	t.Cleanup(func() {
		cancel()
		_ = l.Close() //nolint:errcheck // nothing is lost
		all.Wait()
	})
	return c
}

// Cuts is how many connections were ended in the middle.
func (c *Cutter) Cuts() int64 { return c.cuts.Load() }

func (c *Cutter) splice(ctx context.Context, in net.Conn) {
	defer in.Close() //nolint:errcheck // it is being cut
	var d net.Dialer
	out, err := d.DialContext(ctx, "tcp", c.target)
	if err != nil {
		return
	}
	defer out.Close() //nolint:errcheck // it is being cut
	var left atomic.Int64
	budget := c.budget()
	left.Store(budget)
	ended := make(chan bool, 2)
	carry := func(to io.Writer, from io.Reader) {
		buffer := make([]byte, 4096)
		for {
			n, err := from.Read(buffer)
			if err != nil {
				ended <- false
				return
			}
			if rest := left.Add(-int64(n)); budget >= 0 && rest < 0 {
				n = max(0, n+int(rest))     // the cut is in the middle of it
				_, _ = to.Write(buffer[:n]) //nolint:errcheck // it is being cut
				ended <- true
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				ended <- false
				return
			}
		}
	}
	var both sync.WaitGroup
	both.Go(func() { carry(out, in) })
	both.Go(func() { carry(in, out) })
	select {
	case cut := <-ended:
		if cut {
			c.cuts.Add(1)
		}
	case <-ctx.Done():
	}
	_, _ = in.Close(), out.Close() //nolint:errcheck // ends the other direction
	both.Wait()
}
