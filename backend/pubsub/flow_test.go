// Queues that are full, without a network.

package pubsub

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

func fill(f *flow, id peer.ID) {
	for range MaxOutbound / 2 {
		f.queued(id, 100)
	}
}

// A publisher must be told that nothing moves, must go on when it does, and must
// not wait for one neighbour that hangs.
func TestFlow_AwaitRoom(t *testing.T) {
	tests := map[string]struct {
		to    []peer.ID
		after func(f *flow) // while it waits
		want  core.Code
		least time.Duration
		most  time.Duration
	}{
		"nobody to send to":           {want: ""},
		"one with room":               {to: []peer.ID{"free"}, want: ""},
		"one that is stuck":           {to: []peer.ID{"full"}, want: core.Limited, least: MaxPublishWait, most: MaxPublishWait},
		"one stuck among others":      {to: []peer.ID{"full", "free"}, want: "", least: MaxStall, most: 2 * MaxStall},
		"one that takes them at last": {to: []peer.ID{"full"}, after: func(f *flow) { f.written("full", 100) }, want: "", least: 5 * time.Second, most: 5 * time.Second},
		"one that leaves":             {to: []peer.ID{"full"}, after: func(f *flow) { f.close("full") }, want: "", least: 5 * time.Second, most: 5 * time.Second},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFlow()
				f.open("full")
				f.open("free")
				fill(f, "full")
				if tt.after != nil {
					go func() { <-time.After(5 * time.Second); tt.after(f) }()
				}
				began := time.Now()
				err := f.awaitRoom(context.Background(), func() []peer.ID { return tt.to })
				if took := time.Since(began); core.CodeOf(err) != tt.want || took < tt.least || took > tt.most {
					t.Errorf("got %v after %v", err, took)
				}
			})
		})
	}
}

// A queue in bytes must bound large messages too, and name who overfills it.
func TestFlow_LargeFrames(t *testing.T) {
	f := newFlow()
	f.open("slow")
	cuts := 0
	for range MaxOutboundBytes/MaxFrameBytes + 10 {
		if f.queued("slow", MaxFrameBytes) {
			cuts++
		}
	}
	if cuts != 1 || f.hasRoom([]peer.ID{"slow"}, time.Now()) {
		t.Errorf("cut %d times", cuts)
	}
}

// A neighbour that sends faster than signatures can be checked must be read more
// slowly, and must not be stuck for ever when gossipsub stops listening to it.
func TestFlow_Pause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlow()
		f.open("eager")
		l := f.of("eager")
		sizes := make([]int, 3*MaxUnchecked)
		if n := f.admit("eager", sizes); n != maxInCheck {
			t.Errorf("%d messages go into the check", n)
		}
		resumed := make(chan time.Duration)
		pause := func() {
			began := time.Now()
			f.pause(l, nil)
			resumed <- time.Since(began)
		}
		go pause()
		<-time.After(MaxPause / 2)
		for range MaxUnchecked + MaxUnchecked/16 {
			f.checked("eager", 0)
		}
		if took := <-resumed; took != MaxPause/2 {
			t.Errorf("it went on after %v", took)
		}
		f.admit("eager", sizes)
		go pause() // and now nothing comes out
		if took := <-resumed; took < MaxPause || took > 2*MaxPause {
			t.Errorf("it gave up after %v", took)
		}
		stop := make(chan struct{})
		f.admit("eager", sizes)
		go func() { f.pause(l, stop); resumed <- 0 }()
		close(stop)
		<-resumed
	})
}

// A reader that keeps up in the end must get everything in order, one that does
// not must learn why it ended.
func TestSubscription_Queue(t *testing.T) {
	var group tasks
	defer group.end()
	ends := 0
	s := newSubscription("default", "news", &group, func() { ends++ })
	for _, text := range numbered(MaxQueued) {
		s.deliver(core.Message{ID: text, Data: []byte(text)})
	}
	var got []string
	for range MaxQueued {
		got = append(got, (<-s.Messages()).ID)
	}
	if !slices.Equal(got, numbered(MaxQueued)) {
		t.Error("the order is lost")
	}
	big := make([]byte, MaxQueuedBytes/4)
	for range outBuffer + 6 {
		s.deliver(core.Message{Data: big})
	}
	if core.CodeOf(s.Err()) != core.Limited || ends != 1 {
		t.Errorf("it ended %d times with %v", ends, s.Err())
	}
	s.Close()
	if core.CodeOf(s.Err()) != core.Limited || ends != 1 {
		t.Errorf("closing it again changed the reason to %v", s.Err())
	}
}

// Old sins must be forgotten, or a node that was once misconfigured stays alone.
func TestConduct_Fades(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newConduct()
		for range 12 {
			c.blame("p", blameBadMessage)
		}
		if got := c.score("p"); got > graylistBelow {
			t.Errorf("a dozen bad messages cost %v", got)
		}
		<-time.After(10 * conductHalfLife)
		if got := c.score("p"); got < -2 {
			t.Errorf("after ten half-lives %v is left", got)
		}
		<-time.After(conductHalfLife)
		c.fade(time.Now())
		if len(c.marks) > 0 {
			t.Error("it is remembered for nothing")
		}
		for n := range MaxConduct + 10 {
			c.blame(peer.ID(rune(n)), 1)
		}
		if len(c.marks) > MaxConduct {
			t.Errorf("%d peers are remembered", len(c.marks))
		}
	})
}

// Leases without a bound would let any author fill every node's memory.
func TestInterest_LeasesAreBounded(t *testing.T) {
	in := newInterest(newConduct(), func() {})
	now := time.Now()
	var words []word
	for _, text := range numbered(MaxLeasesPerNode + 10) {
		words = append(words, word{topic: "ns::default::" + text})
	}
	for n := range MaxLeases/MaxLeasesPerNode + 2 {
		in.lease(peer.ID(rune('a'+n)), words, now)
	}
	if in.leases != MaxLeases {
		t.Errorf("%d leases are kept", in.leases)
	}
	in.expire(now.Add(LeaseFor))
	if in.leases != 0 || len(in.topics) != 0 || len(in.leasesOf) != 0 {
		t.Errorf("%d leases of %d topics are left", in.leases, len(in.topics))
	}
}

// A part without a host can do nothing but crash later.
func TestNew_NeedsItsParts(t *testing.T) {
	if _, err := New(Settings{}, nil, slog.New(slog.DiscardHandler)); core.CodeOf(err) != core.Internal {
		t.Errorf("got %v", err)
	}
}

// The greeting to a neighbour names every topic; were it larger than a frame,
// the neighbour would reset the stream and the two never speak.
func TestLimits_GreetingFitsIntoFrame(t *testing.T) {
	const overhead = 16 // tags, lengths and flags of one announcement
	if MaxTopics*(maxNameBytes+overhead) >= MaxFrameBytes {
		t.Error("it does not fit")
	}
	if MaxCarried >= MaxTopics || core.MaxMessageBytes >= MaxFrameBytes/2 {
		t.Error("the limits contradict each other")
	}
	for _, l := range Limits() {
		if l.Name == "" || l.Value == "" || l.Why == "" {
			t.Errorf("limit %+v says too little", l)
		}
	}
}
