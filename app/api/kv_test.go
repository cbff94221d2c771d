package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// What a person stores comes back byte for byte, with numbers that JavaScript
// would round kept as text.
func TestKV_PutGet(t *testing.T) {
	kv := bound[KV](newFake().page(t))
	value := []byte{0, 0xff, '\n', 0xc3, 0x28}
	w, err := kv.Put(PutRequest{Namespace: "default", Key: "ключ", ValueBase64: base64.StdEncoding.EncodeToString(value)})
	if err != nil || w.Version != "1" {
		t.Fatalf("%+v, %v", w, err)
	}
	got, err := kv.Get("default", "ключ", "")
	if err != nil || got.ValueBase64 != base64.StdEncoding.EncodeToString(value) || got.Size != len(value) {
		t.Errorf("%+v, %v", got, err)
	}
	if got.Provenance.Index != "9007199254740993" {
		t.Errorf("index %q was rounded", got.Provenance.Index)
	}
	if d, err := kv.Delete("default", "ключ"); err != nil || !d.Deleted || d.Version != "0" {
		t.Errorf("%+v, %v", d, err)
	}
	if _, err := kv.Get("default", "ключ", ""); codeOf(t, err) != core.NotFound {
		t.Errorf("after the delete: %v", err)
	}
}

// Taking back what was put never takes what somebody wrote over it.
func TestKV_DeleteVersion(t *testing.T) {
	kv := bound[KV](newFake().page(t))
	put := PutRequest{Namespace: "default", Key: "k", ValueBase64: "eA=="}
	for range 2 {
		if _, err := kv.Put(put); err != nil {
			t.Fatal(err)
		}
	}
	for version, want := range map[string]core.Code{"1": core.PreconditionFailed, "0": core.Invalid, "": core.Invalid} {
		if _, err := kv.DeleteVersion("default", "k", version); codeOf(t, err) != want {
			t.Errorf("version %q: %v, want %s", version, err, want)
		}
	}
	if d, err := kv.DeleteVersion("default", "k", "2"); err != nil || !d.Deleted {
		t.Errorf("%+v, %v", d, err)
	}
}

// A request that can never work is refused with its reason before it is sent on.
func TestKV_BadRequests(t *testing.T) {
	kv := bound[KV](newFake().page(t))
	tests := map[string]func() error{
		"namespace reserved": func() error { _, err := kv.Get("system", "k", ""); return err },
		"level unknown":      func() error { _, err := kv.Get("default", "k", "strong"); return err },
		"value not base64": func() error {
			_, err := kv.Put(PutRequest{Namespace: "default", Key: "k", ValueBase64: "%"})
			return err
		},
		"version not a number": func() error {
			_, err := kv.Put(PutRequest{Namespace: "default", Key: "k", IfVersion: "-1"})
			return err
		},
		"version zero":      func() error { _, err := kv.Put(PutRequest{Namespace: "default", Key: "k", IfVersion: "0"}); return err },
		"life before birth": func() error { _, err := kv.Put(PutRequest{Namespace: "default", Key: "k", TTLSeconds: -1}); return err },
		"life beyond a duration": func() error {
			_, err := kv.Put(PutRequest{Namespace: "default", Key: "k", TTLSeconds: 1 << 60})
			return err
		},
		"prefix of everything": func() error { _, err := kv.Bulk(deleteBranch("")); return err },
	}
	for name, call := range tests {
		if err := call(); codeOf(t, err) != core.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func deleteBranch(prefix string) BulkRequest {
	return BulkRequest{Chosen: Chosen{Namespace: "default", Prefixes: []string{prefix}}, Do: bulkDelete}
}

func fill(f *fake, prefix string, n int) {
	for i := range n {
		key := fmt.Sprintf("%s%06d", prefix, i)
		f.items[key] = core.Item{Key: key}
	}
}

// Counting looks at a bounded number of keys: "more than" instead of a minute.
func TestKV_Count(t *testing.T) {
	f := newFake()
	fill(f, "a/", 2500)
	kv := bound[KV](f.page(t))
	for limit, want := range map[int]KVCount{0: {Count: 2500}, 2500: {Count: 2500}, 2499: {Count: 2499, More: true}, 10: {Count: 10, More: true}, 2501: {Count: 2500}} {
		if got, err := kv.Count("default", "a/", limit); err != nil || got != want {
			t.Errorf("limit %d: %+v, %v", limit, got, err)
		}
	}
}

// Deleting a branch deletes all of it, nothing beside it, and tells how much.
func TestKV_DeleteBranch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		fill(f, "a/", 2500)
		fill(f, "b/", 3)
		a := f.page(t)
		id, err := bound[KV](a).Bulk(deleteBranch("a/"))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		task := taskOf(t, a, id)
		if task.State != taskDone || task.Done != 2500 || task.Total != 2500 || task.Result != "2500 keys deleted" || task.Cancellable {
			t.Errorf("%+v", task)
		}
		if len(f.items) != 3 {
			t.Errorf("%d keys are left, want the 3 beside", len(f.items))
		}
	})
}

// A cancelled task stops soon and says so; what failed says why.
func TestKV_DeleteBranchCancelledOrFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		fill(f, "a/", 5000)
		a := f.page(t)
		hold := make(chan struct{})
		f.first(func() error { <-hold; return nil })
		id, err := bound[KV](a).Bulk(deleteBranch("a/"))
		if err != nil {
			t.Fatal(err)
		}
		if err = bound[Tasks](a).Dismiss(id); codeOf(t, err) != core.Conflict {
			t.Errorf("dismiss while it runs: %v", err)
		}
		if err = bound[Tasks](a).Cancel(id); err != nil {
			t.Fatal(err)
		}
		close(hold)
		synctest.Wait()
		if task := taskOf(t, a, id); task.State != taskCancelled || len(f.items) != 5000 {
			t.Errorf("%+v with %d keys left", task, len(f.items))
		}
		f.first(func() error { return core.Errorf(core.OutcomeUnknown, "The leader vanished.") })
		id, err = bound[KV](a).Bulk(deleteBranch("a/"))
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if task := taskOf(t, a, id); task.State != taskFailed || task.Code != string(core.OutcomeUnknown) || task.Error == "" {
			t.Errorf("%+v", task)
		}
		if err := bound[Tasks](a).Dismiss(id); err != nil {
			t.Error(err)
		}
	})
}

func taskOf(t *testing.T, a *API, id string) Task {
	t.Helper()
	tasks, err := bound[Tasks](a).List()
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if task.ID == id {
			return task
		}
	}
	t.Fatalf("no task %s in %+v", id, tasks)
	return Task{}
}

// The end of the program waits for its tasks, so that none writes into a
// database that is closed.
func TestTasks_EndWithTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newFake().page(t)
		ended := false
		if _, err := a.desk.tasks.start(context.Background(), work{kind: "test", run: func(ctx context.Context, _ *progress) (string, error) {
			<-ctx.Done()
			ended = true
			return "", ctx.Err()
		}}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := a.Run(ctx, func() {}); err != nil || !ended {
			t.Errorf("ended: %v, %v", ended, err)
		}
		if _, err := a.desk.tasks.start(context.Background(), work{}); core.CodeOf(err) != core.Unavailable {
			t.Errorf("a task after the end: %v", err)
		}
	})
}

// Neither running nor finished tasks grow without end.
func TestTasks_Bounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newFake().page(t)
		board := a.desk.tasks
		quick := work{kind: "test", run: func(context.Context, *progress) (string, error) { return "", nil }}
		for range MaxTasksKept + 50 {
			if _, err := board.start(context.Background(), quick); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if n := len(board.list()); n != MaxTasksKept {
			t.Errorf("%d tasks are kept", n)
		}
		hold := make(chan struct{})
		slow := work{kind: "test", run: func(context.Context, *progress) (string, error) { <-hold; panic("broken") }}
		for range MaxTasksRunning {
			if _, err := board.start(context.Background(), slow); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := board.start(context.Background(), quick); core.CodeOf(err) != core.Limited {
			t.Errorf("one too many: %v", err)
		}
		close(hold)
		synctest.Wait()
		failed := 0
		for _, task := range board.list() {
			if task.State == taskFailed && task.Code == string(core.Internal) {
				failed++
			}
		}
		if failed != MaxTasksRunning {
			t.Errorf("%d of %d tasks that panicked say so", failed, MaxTasksRunning)
		}
		advance(MaxTaskAge + time.Second)
		if n := len(board.list()); n != 0 {
			t.Errorf("%d tasks are kept for more than a day", n)
		}
	})
}
