package sandbox_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/client"
	"git.debros.io/DeBros/network/backend/core"
	"git.debros.io/DeBros/network/backend/sandbox"
)

// The test people can write to each other when Up returns, also after all nodes
// were down.
func TestSandbox_Chat(t *testing.T) {
	s := settings(t, 3)
	s.Chat = true
	b, report := up(t, s)
	if !slices.Contains(report.Checks, "chat") {
		t.Errorf("checked: %v", report.Checks)
	}
	if err := b.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, _ := up(t, s)
	carol := again.Nodes()[2]
	c, err := carol.Client(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var rooms []core.ChatRoom
	if err = c.Operator().Chat(t.Context(), "Rooms", nil, &rooms); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(rooms, func(r core.ChatRoom) bool { return r.Kind == core.ChatRoomDirect })
	if i < 0 {
		t.Fatalf("carol's rooms: %+v", rooms)
	}
	var page core.ChatMessages
	if err = c.Operator().Chat(t.Context(), "Messages", []any{core.ChatQuery{Room: rooms[i].ID}}, &page); err != nil {
		t.Fatal(err)
	}
	texts := slices.DeleteFunc(page.Messages, func(m core.ChatMessage) bool { return m.Kind != core.ChatText })
	if len(texts) != 2 {
		t.Errorf("carol has %d messages of two starts", len(texts))
	}
}

// From pressing Enter on one node of a computer to the line on another one, and to
// "stored on 3 of 3".
func BenchmarkChat_ThreeNodes(b *testing.B) {
	s := settings(b, 3)
	s.Chat = true
	s.Config = map[string]string{"anchat.messages_per_minute": "1000000", "anchat.messages_per_day": "1000000"} // a person writes less
	box, _ := up(b, s)
	alice, carol := chatClient(b, box, 0), chatClient(b, box, 2)
	var rooms []core.ChatRoom
	ask(b, alice, "Rooms", &rooms)
	i := slices.IndexFunc(rooms, func(r core.ChatRoom) bool { return r.Kind == core.ChatRoomDirect })
	if i < 0 {
		b.Fatal("alice has no chat with carol")
	}
	room := rooms[i].ID
	var shown, stored []time.Duration
	n := 0
	for b.Loop() {
		n++
		text := fmt.Sprint("message ", n)
		var sent core.ChatMessage
		began := time.Now()
		ask(b, alice, "Send", &sent, core.ChatDraft{Room: room, Text: text})
		for {
			var page core.ChatMessages
			ask(b, carol, "Messages", &page, core.ChatQuery{Room: room, Limit: 3})
			if slices.ContainsFunc(page.Messages, func(m core.ChatMessage) bool { return m.Text == text }) {
				break
			}
		}
		shown = append(shown, time.Since(began))
		for {
			var ladder core.ChatLadder
			ask(b, alice, "Ladder", &ladder, room, sent.ID)
			if len(ladder.StoredBy) == 3 {
				break
			}
		}
		stored = append(stored, time.Since(began))
	}
	for name, list := range map[string][]time.Duration{"shown": shown, "stored-on-3": stored} {
		slices.Sort(list)
		b.ReportMetric(float64(list[len(list)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(list[len(list)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
}

func chatClient(b *testing.B, box *sandbox.Sandbox, node int) *client.Client {
	b.Helper()
	c, err := box.Nodes()[node].Client(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func ask(b *testing.B, c *client.Client, method string, out any, in ...any) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
	defer cancel()
	if err := c.Operator().Chat(ctx, method, in, out); err != nil {
		b.Fatal(method, err)
	}
}
