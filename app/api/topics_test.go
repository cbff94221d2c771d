package api

import (
	"context"
	"encoding/base64"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// fakeTopics is one topic with its listeners.
type fakeTopics struct {
	mu   sync.Mutex
	open map[chan core.Message]error // why it ended
}

func (t *fakeTopics) Publish(_ context.Context, _ core.Namespace, topic string, data []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for out := range t.open {
		out <- core.Message{Topic: topic, From: "me", Data: data}
	}
	return nil
}

func (t *fakeTopics) Listen(context.Context, core.Namespace, string) (messages <-chan core.Message, end func() error, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := make(chan core.Message, 1000)
	t.open[out] = nil
	return out, func() error {
		t.mu.Lock()
		defer t.mu.Unlock()
		why, there := t.open[out]
		if there && why == nil {
			close(out)
		}
		delete(t.open, out)
		return why
	}, nil
}

func (t *fakeTopics) cut(why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for out := range t.open {
		t.open[out] = why
		close(out)
	}
}

func (*fakeTopics) Topics(context.Context, core.Namespace) ([]string, error) {
	return []string{"news"}, nil
}

func (*fakeTopics) Presence(context.Context, core.Namespace, string) ([]core.PresenceMember, error) {
	return []core.PresenceMember{{MemberID: "ann"}}, nil
}

func topicsPage(t *testing.T) (*Topics, *fakeTopics) {
	f := &fakeTopics{open: map[chan core.Message]error{}}
	fake := newFake()
	a := fake.page(t)
	b := fake.backend()
	b.PubSub = f
	a.Attach(b)
	return bound[Topics](a), f
}

// Messages come once and in order, in answers that stay small, and one that is
// cut off says why.
func TestTopics_Listen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics, f := topicsPage(t)
		id, err := topics.Listen("default", "news")
		if err != nil {
			t.Fatal(err)
		}
		for i := range maxTaken + 1 {
			if err = topics.Publish("default", "news", base64.StdEncoding.EncodeToString([]byte{byte(i)})); err != nil {
				t.Fatal(err)
			}
		}
		first, err := topics.Next(id)
		if err != nil || len(first.Messages) != maxTaken || first.Messages[1].DataBase64 != "AQ==" {
			t.Fatalf("%d messages, %v", len(first.Messages), err)
		}
		if second, err := topics.Next(id); err != nil || len(second.Messages) != 1 || second.Ended {
			t.Errorf("%+v, %v", second, err)
		}
		if none, err := topics.Next(id); err != nil || len(none.Messages) != 0 || none.Ended {
			t.Errorf("%+v, %v", none, err)
		}
		f.cut(core.Errorf(core.Limited, "too slow"))
		if last, err := topics.Next(id); err != nil || !last.Ended || last.Why != "too slow" {
			t.Errorf("%+v, %v", last, err)
		}
		if _, err := topics.Next(id); codeOf(t, err) != core.NotFound {
			t.Errorf("got %v", err)
		}
	})
}

// A page that was closed without a word must not hold its topic for ever.
func TestTopics_Forgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topics, f := topicsPage(t)
		for range MaxListens {
			if _, err := topics.Listen("default", "news"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := topics.Listen("default", "news"); codeOf(t, err) != core.Limited {
			t.Errorf("one too many: %v", err)
		}
		time.Sleep(MaxListenIdle + time.Second)
		id, err := topics.Listen("default", "news")
		if err != nil || len(f.open) != 1 {
			t.Fatalf("%d listen, %v", len(f.open), err)
		}
		if err := errors.Join(topics.Close(id), topics.Close(id)); err != nil || len(f.open) != 0 {
			t.Errorf("%d listen, %v", len(f.open), err)
		}
	})
}
