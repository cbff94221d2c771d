package discovery

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/p2p"
)

// raw speaks to a node's peer exchange as a stranger does.
func raw(t *testing.T, from, to *p2p.Host, send string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	s, err := from.NewStream(ctx, to.ID(), Protocol)
	if err != nil {
		return "", err
	}
	defer end(s)
	if err = s.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err = io.WriteString(s, send); err != nil {
		return "", err
	}
	if err = s.CloseWrite(); err != nil {
		return "", err
	}
	got, err := io.ReadAll(io.LimitReader(s, 1<<20))
	return string(got), err
}

func stranger(t *testing.T, to *p2p.Host) *p2p.Host {
	t.Helper()
	s, _ := startHost(t, p2p.Settings{ClientOnly: true})
	if err := s.Dial(t.Context(), to.FullAddresses()[0]); err != nil {
		t.Fatal(err)
	}
	return s
}

// Other programs speak this protocol too: its bytes are a promise.
func TestExchange_WhatIsOnTheWire(t *testing.T) {
	node, _, _ := startNode(t, p2p.Settings{})
	other, _, _ := startNode(t, p2p.Settings{}, node.FullAddresses()...)
	asker := stranger(t, node)
	eventually(t, "both are known", func() bool {
		addrs, err := node.Peerstore().SupportsProtocols(other.ID(), Protocol)
		return err == nil && len(addrs) == 1 && len(node.Network().Peers()) == 2
	})
	got, err := raw(t, asker, node, `{"limit":10}`)
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"peers":[{"id":%q,"addrs":[%q]}]}`, other.ID(), other.Addrs()[0])
	if strings.TrimSpace(got) != want { // neither the asker nor the node itself
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A stranger's bytes must neither crash the node, nor fill it, nor keep it from
// answering the next.
func TestExchange_MalformedFrames(t *testing.T) {
	node, d, _ := startNode(t, p2p.Settings{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, send := range map[string]string{
		"nothing":         "",
		"no JSON":         "hello",
		"cut short":       `{"limit":`,
		"a list":          `[1,2,3]`,
		"negative":        `{"limit":-1}`,
		"beyond integers": `{"limit":1e99}`,
		"text":            `{"limit":"ten"}`,
		"a length prefix": "\xff\xff\xff\xff{}",
		"endless":         `{"limit":` + strings.Repeat(" ", 1<<20),
		"deep":            strings.Repeat("[", 1<<16),
		"NUL":             strings.Repeat("\x00", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			s := stranger(t, node)
			if got, err := raw(t, s, node, send); err == nil {
				t.Errorf("answered %q", got)
			}
			if got, err := raw(t, s, node, `{"limit":1,"more":"is ignored"}trailing`); err != nil || strings.TrimSpace(got) != `{"peers":[]}` {
				t.Errorf("then %q, %v", got, err)
			}
		})
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 16<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	eventually(t, "no answer is left open", func() bool {
		d.exchange.mu.Lock()
		defer d.exchange.mu.Unlock()
		return len(d.exchange.streams) == 0
	})
}

// One peer must not be able to make a node do nothing but answer it.
func TestExchange_RateHolds(t *testing.T) {
	node, _, _ := startNode(t, p2p.Settings{})
	greedy, modest := stranger(t, node), stranger(t, node)
	answered := 0
	for range 2 * MaxAsksPerMinute {
		if _, err := raw(t, greedy, node, `{}`); err == nil {
			answered++
		}
	}
	if answered != MaxAsksPerMinute {
		t.Errorf("answered %d of %d", answered, 2*MaxAsksPerMinute)
	}
	if _, err := raw(t, modest, node, `{}`); err != nil {
		t.Errorf("another peer is refused: %v", err)
	}
}

// The count of askers is itself something that strangers can fill.
func TestRate_IsBounded(t *testing.T) {
	r := newRate()
	now := time.Now()
	for i := range MaxAskers {
		if !r.allow(peer.ID(fmt.Sprint(i)), now) {
			t.Fatalf("asker %d is refused", i)
		}
	}
	if r.allow("one more", now) {
		t.Error("there is no bound")
	}
	if !r.allow("one more", now.Add(time.Minute)) || len(r.askers) != 1 {
		t.Errorf("after a minute %d are counted", len(r.askers))
	}
}

// A slow stranger must not hold up the end of the node.
func TestExchange_EndsWithOpenQuestions(t *testing.T) {
	node, d, stop := startNode(t, p2p.Settings{})
	s, err := stranger(t, node).NewStream(t.Context(), node.ID(), Protocol)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte(`{"lim`)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the question is open", func() bool {
		d.exchange.mu.Lock()
		defer d.exchange.mu.Unlock()
		return len(d.exchange.streams) == 1
	})
	began := time.Now()
	stop()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("the end took %v", took)
	}
}

// An answer that names this node's own loopback ports, or another's, must not
// be dialled.
func TestExchange_AskDropsWhatMakesNoSense(t *testing.T) {
	node, _, _ := startNode(t, p2p.Settings{})
	liar, _ := startHost(t, p2p.Settings{})
	victim := randomID(t)
	liar.SetStreamHandler(Protocol, func(s network.Stream) {
		defer end(s)
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Error(err)
		}
		fmt.Fprintf(s, `{"peers":[{"id":%q,"addrs":["/ip4/0.0.0.0/tcp/1","/ip4/224.0.0.1/tcp/1","/memory/1"]}]}`, victim)
	})
	if err := node.Dial(t.Context(), liar.FullAddresses()[0]); err != nil {
		t.Fatal(err)
	}
	e := newExchange(node, quiet())
	infos, err := e.ask(t.Context(), liar.ID(), 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		if len(info.Addrs) > 0 {
			t.Errorf("would dial %v", info)
		}
	}
}

// A private address told to the world shows a user's network and leads nowhere.
func TestTellable(t *testing.T) {
	addrs := []string{
		"/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1", "/ip4/10.0.0.1/tcp/1", "/ip4/172.20.0.1/tcp/1", "/ip4/192.168.0.1/tcp/1",
		"/ip4/169.254.0.1/tcp/1", "/ip4/100.64.0.1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip6/fe80::1/tcp/1",
		"/ip4/192.0.2.1/tcp/1", "/ip6/2001:db8::1/udp/1/quic-v1", "/dns4/example.org/tcp/1",
		"/ip4/0.0.0.0/tcp/1", "/ip6/::/tcp/1", "/ip4/224.0.0.1/udp/1/quic-v1", "/ip4/255.255.255.255/tcp/1", "/ip6/ff02::1/tcp/1", "/memory/1", "/ip6zone/eth0/ip6/fe80::1/tcp/1", "/p2p-circuit",
	}
	open := "192.0.2.1 2001:db8::1 example.org"
	tests := map[string]string{ // where the asker stands: what it is told
		"/ip4/127.0.0.1/tcp/9":     "127.0.0.1 ::1 10.0.0.1 172.20.0.1 192.168.0.1 169.254.0.1 100.64.0.1 fd00::1 fe80::1 " + open,
		"/ip4/10.9.9.9/tcp/9":      "10.0.0.1 " + open,
		"/ip4/172.31.1.1/tcp/9":    "172.20.0.1 " + open,
		"/ip4/192.168.9.9/tcp/9":   "192.168.0.1 " + open,
		"/ip4/169.254.7.7/tcp/9":   "169.254.0.1 fe80::1 " + open,
		"/ip4/100.100.1.1/tcp/9":   "100.64.0.1 " + open,
		"/ip6/fd12::1/tcp/9":       "fd00::1 " + open,
		"/ip4/198.51.100.1/tcp/9":  open,
		"/ip4/172.32.0.1/tcp/9":    open,
		"/ip6/2001:db8:9::9/tcp/9": open,
	}
	for from, want := range tests {
		var told []string
		for _, a := range addrs {
			if tellable(ma.StringCast(a), classOf(ma.StringCast(from))) {
				told = append(told, strings.Split(a, "/")[2])
			}
		}
		if got := strings.Join(told, " "); got != want {
			t.Errorf("%s is told %s\nwant %s", from, got, want)
		}
	}
}

// A question is a stranger's bytes: it must end in a small number or an error.
func FuzzDecodeRequest(f *testing.F) {
	f.Add([]byte(`{"limit":5}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"limit":-1}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		limit, err := decodeRequest(bytes.NewReader(body))
		if err == nil && (limit < 1 || limit > MaxPeersPerAnswer) {
			t.Fatalf("limit %d", limit)
		}
		if err != nil && core.CodeOf(err) != core.Invalid {
			t.Fatalf("code of %v", err)
		}
	})
}

// An answer is a stranger's bytes too, and leads to dials.
func FuzzDecodeAnswer(f *testing.F) {
	good, err := json.Marshal(answer{Peers: []namedPeer{{ID: randomID(f).String(), Addrs: []string{"/ip4/127.0.0.1/tcp/1", "/ip4/192.0.2.1/udp/1/quic-v1"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"peers":[{}]}`))
	f.Add([]byte(`{"peers":null}`))
	f.Add([]byte(`{"peers":[{"id":"x","addrs":["/ip4"]}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		infos, err := decodeAnswer(bytes.NewReader(body), 5)
		if err != nil {
			return
		}
		if len(infos) > 5 {
			t.Fatalf("%d peers", len(infos))
		}
		for _, info := range infos {
			if info.ID.Validate() != nil || len(info.Addrs) > MaxAddressesPerPeer {
				t.Fatalf("accepted %v", info)
			}
			for _, a := range info.Addrs {
				tellable(a, classOf(a))
			}
		}
	})
}

// The largest honest answer must pass its own limits.
func TestExchange_LargestAnswerFits(t *testing.T) {
	var told answer
	for range MaxPeersPerAnswer {
		named := namedPeer{ID: randomID(t).String()}
		for range MaxAddressesPerPeer {
			named.Addrs = append(named.Addrs, "/dns4/"+strings.Repeat("a", MaxAddressBytes-len("/dns4//tcp/65535"))+"/tcp/65535")
		}
		told.Peers = append(told.Peers, named)
	}
	body, err := json.Marshal(told)
	if err != nil {
		t.Fatal(err)
	}
	infos, err := decodeAnswer(bytes.NewReader(body), MaxPeersPerAnswer)
	if err != nil || len(infos) != MaxPeersPerAnswer {
		t.Errorf("%d bytes: %d peers, %v", len(body), len(infos), err)
	}
}
