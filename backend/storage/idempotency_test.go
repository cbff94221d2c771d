package storage

import (
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A client that lost an answer repeats the write later, at another node or with
// another clock. It must get the first answer and not a second write.
func TestStorage_RepeatedWithItsKey(t *testing.T) {
	f := open(t, Settings{})
	key := func(k string) core.WriteOptions { return core.WriteOptions{IdempotencyKey: k} }
	first, err := f.Put(t.Context(), f.ns(), "a", []byte("1"), core.PutOptions{TTL: time.Hour, WriteOptions: key("k1")})
	if err != nil {
		t.Fatal(err)
	}
	f.put("a", "between")
	f.clock.Pass(time.Minute)
	again, err := f.Put(t.Context(), f.ns(), "a", []byte("1"), core.PutOptions{TTL: time.Hour, WriteOptions: key("k1")})
	if err != nil || again.Versions[0] != first.Versions[0] || f.value("a") != "between" {
		t.Errorf("repeated: %+v, %v, and the value is %q", again, err, f.value("a"))
	}
	for name, o := range map[string]core.PutOptions{
		"another value's life": {WriteOptions: key("k1")},
		"a condition":          {TTL: time.Hour, IfAbsent: true, WriteOptions: key("k1")},
	} {
		if _, err = f.Put(t.Context(), f.ns(), "a", []byte("1"), o); core.CodeOf(err) != core.Conflict {
			t.Errorf("%s with a used key: %v", name, err)
		}
	}
	if _, err = f.Put(t.Context(), f.ns(), "a", []byte("2"), core.PutOptions{TTL: time.Hour, WriteOptions: key("k1")}); core.CodeOf(err) != core.Conflict {
		t.Errorf("another value with a used key: %v", err)
	}

	ops := []core.Op{
		{Key: "b", Value: []byte("1"), PutOptions: core.PutOptions{WriteOptions: key("k2")}},
		{Delete: true, Key: "a"},
	}
	batch, err := f.Batch(t.Context(), f.ns(), ops)
	if err != nil {
		t.Fatal(err)
	}
	f.put("a", "new")
	f.clock.Pass(time.Minute)
	repeated, err := f.Batch(t.Context(), f.ns(), ops)
	if err != nil || repeated.Versions[0] != batch.Versions[0] || !repeated.Deleted[1] || f.value("a") != "new" {
		t.Errorf("repeated batch: %+v, %v, and the value is %q", repeated, err, f.value("a"))
	}
}
