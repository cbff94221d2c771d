package node_test

// Figures of the chat on three members: until the other one sees a message, and
// until all three replicas keep it.

import (
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// chatSample is how many messages are sent: a wallet may send 60 a minute.
const chatSample = 50

// BenchmarkChat reports how long messages take from one member to another, and to
// all replicas.
func BenchmarkChat(b *testing.B) {
	for b.Loop() {
		members := three(b)
		ann, bob := members[0].enrolled(b, ethereumPerson(b)), members[1].enrolled(b, solanaPerson(b))
		room := ann.makes(b, core.ChatNewRoom{Name: "figures", Members: []string{bob.wallet()}}).ID
		bob.invited(b, room)
		ann.says(b, room, "first")
		reads(b, room, []string{"first"}, ann, bob)
		events := bob.at.Chat().Events(b.Context())
		own := ann.at.Chat().Events(b.Context())
		var seen, kept []time.Duration
		for i := range chatSample {
			text, began := strconv.Itoa(i), time.Now()
			ann.says(b, room, text)
			seen = append(seen, after(b, began, events, func() bool { return bob.newest(b, room).Text == text }))
			kept = append(kept, after(b, began, own, func() bool { return ann.newest(b, room).Step == core.ChatStored }))
		}
		for name, list := range map[string][]time.Duration{"seen": seen, "stored": kept} {
			slices.Sort(list)
			b.ReportMetric(list[len(list)/2].Seconds()*1e3, name+"-p50-ms")
			b.ReportMetric(list[len(list)-1].Seconds()*1e3, name+"-max-ms")
		}
		for _, m := range members {
			m.stop(b)
		}
	}
}

// after is how long it took until something held, as events tell.
func after(b *testing.B, began time.Time, events <-chan core.ChatEvent, holds func() bool) time.Duration {
	b.Helper()
	late := time.After(30 * time.Second)
	for !holds() {
		select {
		case <-events:
		case <-late:
			b.Fatal("a message did not arrive within 30 s")
		}
	}
	return time.Since(began)
}

// newest is the last line of a room.
func (c chatter) newest(b *testing.B, room string) core.ChatMessage {
	b.Helper()
	list, err := c.at.Chat().Messages(b.Context(), core.ChatQuery{Room: room, Limit: 1})
	if err != nil || len(list.Messages) != 1 {
		b.Fatal(errors.Join(err, errors.New("the room is empty")))
	}
	return list.Messages[0]
}
