package forward_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/forward"
	"git.debros.io/DeBros/network/backend/internal/testkit"
)

const red core.Namespace = "red"

func exec(ctx context.Context, c *forward.Client, to peer.ID, id string) error {
	_, err := c.Exec(ctx, to.String(), red, []core.Statement{{SQL: "INSERT", Args: []any{id}}}, core.ExecOptions{})
	return err
}

func query(ctx context.Context, c *forward.Client, to peer.ID) error {
	_, err := c.Query(ctx, to.String(), red, core.Statement{SQL: "SELECT"}, core.QueryOptions{})
	return err
}

// If a stranger can open the protocol, it writes into everybody's databases: no
// guard stands behind it.
func TestServer_RefusesStrangers(t *testing.T) {
	friend, stranger, keeper := testkit.NewHost(t), testkit.NewHost(t), testkit.NewHost(t)
	databases := keep(t, keeper, func(id peer.ID) bool { return id == friend.ID() })
	testkit.Introduce(friend, keeper)
	testkit.Introduce(stranger, keeper)
	if err := exec(t.Context(), start(t, stranger), keeper.ID(), "x"); core.CodeOf(err) != core.Denied {
		t.Errorf("a stranger wrote: %v", err)
	}
	if err := query(t.Context(), start(t, stranger), keeper.ID()); core.CodeOf(err) != core.Denied {
		t.Errorf("a stranger read: %v", err)
	}
	if _, err := start(t, stranger).Wake(t.Context(), keeper.ID().String(), core.SystemNamespace); core.CodeOf(err) != core.Denied {
		t.Errorf("a stranger woke the network's own group: %v", err)
	}
	if list := databases.Namespaces(); len(list) != 0 {
		t.Errorf("strangers made %v", list)
	}
	c := start(t, friend)
	if _, err := c.Wake(t.Context(), keeper.ID().String(), red); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the member's write", func() bool {
		_, err := c.Exec(t.Context(), keeper.ID().String(), red, []core.Statement{{SQL: `CREATE TABLE IF NOT EXISTS t (i)`}}, core.ExecOptions{})
		return err == nil
	})
	rows, err := c.Query(t.Context(), keeper.ID().String(), red, core.Statement{SQL: `SELECT count(*) FROM t`}, core.QueryOptions{})
	if err != nil || rows.Provenance.ServedBy != keeper.ID().String() || rows.Provenance.Path != "direct" {
		t.Errorf("%+v, %v", rows, err)
	}
	if sum, _, err := c.Hash(t.Context(), keeper.ID().String(), red); err != nil || len(sum) != 64 {
		t.Errorf("hash %q, %v", sum, err)
	}
}

// A caller's time is all there is: the other node must not work on when nobody
// waits any more, and nobody waits longer than it said.
func TestClient_DeadlinePassesOn(t *testing.T) {
	asking, answering := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(asking, answering)
	left := make(chan time.Duration, 1)
	ended := make(chan error, 1)
	serve(t, answering, fake{query: func(ctx context.Context) error {
		deadline, _ := ctx.Deadline()
		left <- time.Until(deadline)
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}})
	c := start(t, asking)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := query(ctx, c, answering.ID()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("out of time: %v", err)
	}
	if d := <-left; d <= 0 || d > 300*time.Millisecond {
		t.Errorf("the other node had %v", d)
	}
	<-ended // it gives up too
	ctx, giveUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- query(ctx, c, answering.ID()) }()
	if d := <-left; d > forward.CallTimeout {
		t.Errorf("without a limit of its own the call had %v", d)
	}
	giveUp()
	if err := <-done; core.CodeOf(err) != core.Unavailable {
		t.Errorf("given up: %v", err)
	}
	<-ended
}

// Who has little time must not wait for the dial that others wait for too; who
// has more gets its stream out of the same dial.
func TestClient_ImpatientCaller(t *testing.T) {
	asking, answering := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(asking, answering)
	hello := make(chan network.Stream, 1)
	answering.SetStreamHandler(forward.Protocol, func(s network.Stream) { hello <- s }) // it says nothing
	c := start(t, asking)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- query(ctx, c, answering.ID()) }()
	silent := <-hello
	cancel()
	if err := <-done; core.CodeOf(err) != core.Unavailable || !errors.Is(err, context.Canceled) {
		t.Errorf("an impatient caller: %v", err)
	}
	if err := silent.Reset(); err != nil {
		t.Fatal(err)
	}
	answering.RemoveStreamHandler(forward.Protocol)
	serve(t, answering, fake{})
	eventually(t, "the next caller is served", func() bool { return query(t.Context(), c, answering.ID()) == nil })
}

// A node that is slow must not gather everybody's requests until the memory ends.
func TestClient_BackPressure(t *testing.T) {
	asking, answering := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(asking, answering)
	release := make(chan struct{})
	var arrived atomic.Int64
	serve(t, answering, fake{query: func(context.Context) error {
		arrived.Add(1)
		<-release
		return nil
	}})
	c := start(t, asking)
	var waiting sync.WaitGroup
	for range forward.MaxInFlight {
		waiting.Go(func() {
			if err := query(t.Context(), c, answering.ID()); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "all are on their way", func() bool { return arrived.Load() == forward.MaxInFlight })
	for range 100 {
		if err := query(t.Context(), c, answering.ID()); core.CodeOf(err) != core.Limited {
			t.Fatalf("one more: %v", err)
		}
	}
	close(release)
	waiting.Wait()
	if n := arrived.Load(); n != forward.MaxInFlight {
		t.Errorf("%d arrived", n)
	}
	if err := query(t.Context(), c, answering.ID()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// A write that is sent a second time by itself happens twice; one whose fate is
// not known must say so.
func TestClient_CutInTheMiddle(t *testing.T) {
	asking, answering := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(asking, answering)
	var mu sync.Mutex
	seen := map[string]int{}
	arrived := make(chan struct{}, 10)
	serve(t, answering, fake{exec: func(ctx context.Context, id string) error {
		mu.Lock()
		seen[id]++
		mu.Unlock()
		if strings.HasPrefix(id, "cut") {
			arrived <- struct{}{}
			<-ctx.Done()
		}
		return nil
	}})
	c := start(t, asking)
	for i := range 5 {
		id := fmt.Sprint("cut-", i)
		done := make(chan error, 1)
		go func() { done <- exec(t.Context(), c, answering.ID(), id) }()
		<-arrived
		if err := answering.Network().ClosePeer(asking.ID()); err != nil {
			t.Fatal(err)
		}
		if err := <-done; core.CodeOf(err) != core.OutcomeUnknown {
			t.Errorf("cut in the middle: %v", err)
		}
	}
	// Cut while nothing is under way: the stream is made anew, and all is as before.
	if err := exec(t.Context(), c, answering.ID(), "before"); err != nil {
		t.Fatal(err)
	}
	if err := answering.Network().ClosePeer(asking.ID()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cut is noticed", func() bool { return asking.Network().Connectedness(answering.ID()) != network.Connected })
	// The stream may learn of it a moment later than the host; then nobody can say
	// whether the write went out, and the next one goes through.
	if err := exec(t.Context(), c, answering.ID(), "after"); err != nil && core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("the first write after a cut: %v", err)
	}
	if err := exec(t.Context(), c, answering.ID(), "later"); err != nil {
		t.Errorf("the second write after a cut: %v", err)
	}
	// Cut before anything could be sent.
	if err := answering.Close(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end is noticed", func() bool { return asking.Network().Connectedness(answering.ID()) != network.Connected })
	if err := exec(t.Context(), c, answering.ID(), "never"); core.CodeOf(err) != core.Unavailable && core.CodeOf(err) != core.OutcomeUnknown {
		t.Errorf("cut before it was sent: %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	delete(seen, "after")
	if len(seen) != 7 || seen["never"] != 0 {
		t.Errorf("arrived: %v", seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s arrived %d times", id, n)
		}
	}
}

// A length that is believed before it is judged ends the node, whoever sent it.
func TestFrames_OverLong(t *testing.T) {
	asking, answering := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(asking, answering)
	serve(t, answering, fake{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for _, length := range []uint32{1<<32 - 1, 1 << 31, 1 << 24} {
		s, err := asking.NewStream(t.Context(), answering.ID(), forward.Protocol)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Write(binary.BigEndian.AppendUint32(nil, length)); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 200)
		n, err := s.Read(answer)
		if err != nil || !strings.Contains(string(answer[:n]), string(core.TooLarge)) {
			t.Errorf("a frame of %d bytes was answered with %q, %v", length, answer[:n], err)
		}
		if err := s.Reset(); err != nil {
			t.Error(err)
		}
	}
	// A member gone bad answers so.
	bad := testkit.NewHost(t)
	testkit.Introduce(asking, bad)
	bad.SetStreamHandler(forward.Protocol, func(s network.Stream) {
		_, _ = s.Read(make([]byte, 100))                            //nolint:errcheck // the hello
		_, _ = s.Write(binary.BigEndian.AppendUint32(nil, 1<<32-1)) //nolint:errcheck // the test sees it
	})
	if err := exec(t.Context(), start(t, asking), bad.ID(), "x"); core.CodeOf(err) != core.Unavailable {
		t.Errorf("an answer without end: %v", err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes were allocated for four frames that were refused", used)
	}
}

// A client that has ended makes no new stream and keeps none.
func TestClient_Ended(t *testing.T) {
	asking, answering := testkit.NewHost(t), testkit.NewHost(t)
	testkit.Introduce(asking, answering)
	serve(t, answering, fake{})
	c := forward.NewClient(asking, nil, quiet())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, func() {}) }()
	if err := query(t.Context(), c, answering.ID()); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := query(t.Context(), c, answering.ID()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("after its end: %v", err)
	}
	eventually(t, "its stream is closed", func() bool {
		for _, conn := range asking.Network().ConnsToPeer(answering.ID()) {
			for _, s := range conn.GetStreams() {
				if s.Protocol() == forward.Protocol {
					return false
				}
			}
		}
		return true
	})
	for name, to := range map[string]string{"itself": asking.ID().String(), "nobody": "no peer"} {
		if _, err := start(t, asking).Standing(t.Context(), to, red); core.CodeOf(err) != core.Unavailable && core.CodeOf(err) != core.Invalid {
			t.Errorf("asked %s: %v", name, err)
		}
	}
}
