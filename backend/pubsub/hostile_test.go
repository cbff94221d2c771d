// Strangers who write what they like on raw streams.

package pubsub

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gossip "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"git.debros.io/DeBros/network/backend/core"
)

// stranger is a host without pub/sub and one stream to its victim.
type stranger struct {
	key    crypto.PrivKey
	id     peer.ID
	stream network.Stream
	seqno  uint64
}

func newStranger(t *testing.T, victim *party) *stranger {
	t.Helper()
	h := newHost(t)
	if err := h.Connect(within(t), peer.AddrInfo{ID: victim.host.ID(), Addrs: victim.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	s, err := h.NewStream(within(t), victim.host.ID(), gossip.GossipSubID_v12)
	if err != nil {
		t.Fatal(err)
	}
	return &stranger{key: h.Peerstore().PrivKey(h.ID()), id: h.ID(), stream: s, seqno: uint64(time.Now().UnixNano())}
}

// send writes one frame; the victim may have reset the stream.
func (s *stranger) send(t *testing.T, rpc *pb.RPC) error {
	t.Helper()
	body, err := rpc.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.stream.Write(append(binary.AppendUvarint(nil, uint64(len(body))), body...))
	return err
}

func (s *stranger) message(t *testing.T, topic string, data []byte, spoil func(*pb.Message)) *pb.RPC {
	t.Helper()
	s.seqno++
	m := &pb.Message{From: []byte(s.id), Data: data, Topic: &topic, Seqno: binary.BigEndian.AppendUint64(nil, s.seqno)}
	body, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	m.Signature, err = s.key.Sign(append([]byte("libp2p-pubsub:"), body...))
	if err != nil {
		t.Fatal(err)
	}
	if spoil != nil {
		spoil(m)
	}
	return &pb.RPC{Publish: []*pb.Message{m}}
}

func announce(topics ...string) *pb.RPC {
	rpc := &pb.RPC{}
	yes := true
	for _, topic := range topics {
		rpc.Subscriptions = append(rpc.Subscriptions, &pb.RPC_SubOpts{Topicid: &topic, Subscribe: &yes})
	}
	return rpc
}

// Whoever forges must not be heard, nor after a few tries even with true words;
// everybody else must not notice.
func TestPubSub_ForgersAreCutOff(t *testing.T) {
	other := newKey(t)
	author, err := peer.IDFromPrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	const topic = "ns::default::news"
	tests := map[string]struct {
		topic string
		size  int
		spoil func(*pb.Message)
	}{
		"without a signature":            {topic: topic, spoil: func(m *pb.Message) { m.Signature = nil }},
		"with a bad signature":           {topic: topic, spoil: func(m *pb.Message) { m.Signature[0] ^= 1 }},
		"in another's name":              {topic: topic, spoil: func(m *pb.Message) { m.From = []byte(author) }},
		"with other bytes than signed":   {topic: topic, spoil: func(m *pb.Message) { m.Data = []byte("other") }},
		"larger than allowed":            {topic: topic, size: core.MaxMessageBytes + 1},
		"in a topic of another form":     {topic: "news"},
		"in a namespace that cannot be":  {topic: "ns::Ünïcode::news"},
		"in a topic of the system":       {topic: "ns::system::secrets"},
		"with a sequence number of junk": {topic: topic, spoil: func(m *pb.Message) { m.Seqno = []byte("x") }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, b := node(t), node(t)
			connect(t, b, a)
			s := subscribe(t, a, "default", "news")
			evil := newStranger(t, a)
			if err := evil.send(t, announce("ns::default::news")); err != nil {
				t.Fatal(err)
			}
			for range 20 {
				if err := evil.send(t, evil.message(t, tt.topic, make([]byte, tt.size), tt.spoil)); err != nil {
					t.Fatal(err)
				}
			}
			eventually(t, "they were rejected", func() bool { return a.Stats().Rejected == 20 })
			// A true one, from somebody who is no longer listened to.
			if err := evil.send(t, evil.message(t, topic, []byte("true"), nil)); err != nil {
				t.Fatal(err)
			}
			publish(t, b, "default", "news", "honest")
			if got := texts(read(t, s, 1)); got[0] != "honest" {
				t.Errorf("got %q", got)
			}
			nothing(t, b, s)
			if got := b.Stats(); got.Rejected > 0 {
				t.Errorf("it was handed on: %+v", got)
			}
		})
	}
}

// A frame that is too long or no frame at all must cost its sender the stream
// and the node nothing.
func TestPubSub_MalformedFramesResetTheStream(t *testing.T) {
	tests := map[string][]byte{
		"a length past the limit": binary.AppendUvarint(nil, MaxFrameBytes+1),
		"a very large length":     binary.AppendUvarint(nil, 1<<62),
		"a varint without end":    bytes.Repeat([]byte{0xff}, 20),
		"no protobuf":             append([]byte{5}, "\xff\xff\xff\xff\xff"...),
		"a lying inner length":    {4, 0x12, 0x7f, 1, 2},
	}
	a := node(t)
	s := subscribe(t, a, "default", "news")
	for name, frame := range tests {
		t.Run(name, func(t *testing.T) {
			evil := newStranger(t, a)
			if _, err := evil.stream.Write(frame); err != nil {
				t.Fatal(err)
			}
			if err := evil.stream.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := evil.stream.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
				t.Errorf("the stream ended with %v", err)
			}
			nothing(t, a, s)
		})
	}
}

// One stranger must not fill a node's topics.
func TestPubSub_HundredThousandSubscriptions(t *testing.T) {
	a := node(t)
	evil := newStranger(t, a)
	const count = 100_000
	for from := 0; from < count; from += 1000 {
		var topics []string
		for n := from; n < from+1000; n++ {
			topics = append(topics, fmt.Sprintf("ns::default::t%d", n))
		}
		if err := evil.send(t, announce(topics...)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "all are looked at", func() bool { return a.Stats().Refused == count-MaxTopicsPerClient })
	if got := len(a.Topics("default")); got > MaxTopicsPerClient {
		t.Errorf("%d topics are kept", got)
	}
	// One that says it is a node may announce more, but its word alone is
	// not enough for all of it.
	node := newStranger(t, a)
	topics := []string{nodesTopic}
	for n := range MaxTopics {
		topics = append(topics, fmt.Sprintf("ns::red::t%d", n))
	}
	if err := node.send(t, announce(topics...)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "its topics are noted", func() bool { return len(a.Topics("red")) > 0 })
	if got := len(a.Topics("red")); got > MaxProvisionalPerPeer {
		t.Errorf("%d topics are believed", got)
	}
	// Its own users still have room.
	subscribe(t, a, "default", "mine")
}

// A question that is none must be answered by nothing.
func TestPubSub_BadQuestions(t *testing.T) {
	a := node(t)
	h := newHost(t)
	if err := h.Connect(within(t), peer.AddrInfo{ID: a.host.ID(), Addrs: a.host.Addrs()}); err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"a name that is too long":  binary.AppendUvarint(nil, 1<<40),
		"a name of another form":   append([]byte{4}, "news"...),
		"a varint without end":     bytes.Repeat([]byte{0xff}, 20),
		"a name that is cut short": append([]byte{40}, strings.Repeat("x", 40)...),
	}
	for name, question := range tests {
		t.Run(name, func(t *testing.T) {
			s, err := h.NewStream(within(t), a.host.ID(), notedProtocol)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Write(question); err != nil {
				t.Fatal(err)
			}
			if err := s.SetReadDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Read(make([]byte, 1)); !errors.Is(err, network.ErrReset) {
				t.Errorf("the stream ended with %v", err)
			}
		})
	}
}

// Whoever can make a node panic or believe nonsense with a beacon owns it.
func FuzzDecodeBeacon(f *testing.F) {
	for _, b := range encodeBeacons([]word{{topic: "ns::default::news"}, {topic: "ns::red::x", gone: true}}) {
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add([]byte{beaconVersion, '+', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		words, err := decodeBeacon(b)
		if err != nil {
			return
		}
		for _, w := range words {
			if ns, _, ok := parseTopic(w.topic); !ok || ns == core.SystemNamespace {
				t.Errorf("it believes in %q", w.topic)
			}
		}
		var again []word
		for _, part := range encodeBeacons(words) {
			more, err := decodeBeacon(part)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, more...)
		}
		if !slices.Equal(words, again) {
			t.Errorf("%v became %v", words, again)
		}
	})
}

// A stranger's topic name reaches maps, logs and the page.
func FuzzParseTopic(f *testing.F) {
	for _, s := range []string{"ns::default::news", "ns::a::b::c", "ns::system::topics", "ns::::", "news", "ns::x::\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, full string) {
		ns, topic, ok := parseTopic(full)
		if ok && (ns.Qualify(topic) != full || core.CheckTopic(strings.TrimPrefix(topic, presenceMark)) != nil || len(full) > maxNameBytes) {
			t.Errorf("%q is taken as %q in %q", full, topic, ns)
		}
	})
}
