// Calls over libp2p on loopback: what goes in comes out, whoever may not is
// told so, and a broken stream is never mistaken for an answer.

package rpc

import (
	"bytes"
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"git.debros.io/DeBros/network/backend/core"
)

// A value that changes on its way is somebody's data destroyed in silence.
func TestConn_ValuesArriveExactly(t *testing.T) {
	values := []any{
		nil, true, false, int64(0), int64(math.MaxInt64), int64(math.MinInt64), 0.1, math.Inf(-1), math.Copysign(0, -1),
		"", "žluťoučký\x00kůň", "not UTF-8: \xff\xfe",
		[]byte{},
		[]byte{0, 255, 0},
		strings.Repeat("long", 200_000),
	}
	n := newFakeNode()
	var got core.Statement
	var options core.QueryOptions
	n.onQuery = func(_ context.Context, s core.Statement, o core.QueryOptions) (*core.Rows, error) {
		got, options = s, o
		return &core.Rows{
			Columns: []string{"a", "b\xff"}, Types: []string{"INTEGER", ""}, Truncated: true,
			Values: [][]any{values[:2], values[2:4]}, Provenance: fakeProvenance,
		}, nil
	}
	_, conn := connected(t, n)
	named := map[string]any{":blob": []byte{1}, "text": "x"}
	o := core.QueryOptions{
		ReadOptions: core.ReadOptions{Level: core.LevelNone, Freshness: time.Second},
		Timeout:     time.Minute, MaxRows: 5, MaxBytes: 6,
	}
	rows, err := conn.Query(t.Context(), "red", core.Statement{SQL: "SELECT '\xff'", Args: values, Named: named}, o)
	if err != nil {
		t.Fatal(err)
	}
	if want := (core.Statement{SQL: "SELECT '\xff'", Args: values, Named: named}); !reflect.DeepEqual(got, want) {
		t.Errorf("the node got %#v", got)
	}
	if options != o {
		t.Errorf("the node got options %+v, want %+v", options, o)
	}
	want := &core.Rows{
		Columns: []string{"a", "b\xff"}, Types: []string{"INTEGER", ""}, Truncated: true,
		Values: [][]any{{nil, true}, {false, int64(0)}}, Provenance: fakeProvenance,
	}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("got rows %#v\nwant %#v", rows, want)
	}
}

// A write's answer that arrives changed makes a program believe the wrong thing.
func TestConn_ExecArrivesExactly(t *testing.T) {
	n := newFakeNode()
	answer := &core.ExecAnswer{
		Results: []core.ExecResult{
			{RowsAffected: 2, LastInsertID: math.MinInt64},
			{Error: "UNIQUE constraint failed: \xff"},
			{Rows: &core.Rows{Columns: []string{"id"}, Types: []string{"INTEGER"}, Values: [][]any{}}},
		},
		Provenance: fakeProvenance,
	}
	n.onExec = func(_ context.Context, statements []core.Statement, o core.ExecOptions) (*core.ExecAnswer, error) {
		if len(statements) != 2 || !o.Atomic || statements[1].SQL != "B" {
			t.Errorf("the node got %+v, %+v", statements, o)
		}
		return answer, nil
	}
	_, conn := connected(t, n)
	got, err := conn.Exec(t.Context(), "red", []core.Statement{{SQL: "A"}, {SQL: "B"}}, core.ExecOptions{Atomic: true})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, answer) {
		t.Errorf("got %+v\nwant %+v", got, answer)
	}
	schema, err := conn.Schema(t.Context(), "red")
	if err != nil || len(schema.Tables) != 1 || schema.Tables[0].Columns[0].Name != "id" {
		t.Errorf("Schema = %+v, %v", schema, err)
	}
}

// Every key-value call of the client depends on these.
func TestConn_KeyValue(t *testing.T) {
	_, conn := connected(t, newFakeNode())
	ctx := t.Context()
	value := bytes.Repeat([]byte{0, 1, 254}, core.MaxValueBytes/3)
	put, err := conn.Put(ctx, "red", "a/b", value, core.PutOptions{TTL: time.Hour, IfAbsent: true})
	if err != nil || put.Versions[0] != 1 || put.Provenance != fakeProvenance {
		t.Fatalf("Put = %+v, %v", put, err)
	}
	item, provenance, err := conn.Get(ctx, "red", "a/b", core.ReadOptions{})
	want := core.Item{
		Key: "a/b", Value: value, Size: len(value), Version: 1,
		UpdatedAt: time.Unix(100, 5).UTC(), ExpiresAt: time.Unix(3700, 5).UTC(),
	}
	if err != nil || !reflect.DeepEqual(item, want) || provenance != fakeProvenance {
		t.Errorf("Get returned another item: %v", err)
	}
	if _, err = conn.Put(ctx, "red", "a/b", nil, core.PutOptions{IfVersion: 9}); core.CodeOf(err) != core.PreconditionFailed {
		t.Errorf("a put with the wrong version: %v", err)
	}
	if _, err = conn.Put(ctx, "red", "empty", nil, core.PutOptions{}); err != nil {
		t.Error(err)
	}
	if item, _, err = conn.Get(ctx, "red", "empty", core.ReadOptions{}); err != nil || item.Value == nil || len(item.Value) != 0 || !item.ExpiresAt.IsZero() {
		t.Errorf("an empty value came back as %#v, %v", item, err)
	}
	page, err := conn.List(ctx, "red", core.ListOptions{Prefix: "a", Separator: "/", Cursor: "c", Limit: 3})
	if err != nil || len(page.Items) != 1 || page.Items[0].Value != nil || page.Prefixes[0] != "folded/" || page.Next != "cnext" {
		t.Errorf("List = %+v, %v", page, err)
	}
	exists, _, err := conn.Exists(ctx, "red", "nothing", core.ReadOptions{})
	if err != nil || exists {
		t.Errorf("Exists = %v, %v", exists, err)
	}
	batch, err := conn.Batch(ctx, "red", []core.Op{{Key: "x", Value: []byte("1")}, {Delete: true, Key: "a/b"}})
	if err != nil || !reflect.DeepEqual(batch.Versions, []core.Version{3, 0}) || !reflect.DeepEqual(batch.Deleted, []bool{false, true}) {
		t.Errorf("Batch = %+v, %v", batch, err)
	}
	deleted, err := conn.Delete(ctx, "red", "x")
	if err != nil || !deleted.Deleted[0] {
		t.Errorf("Delete = %+v, %v", deleted, err)
	}
	if _, _, err := conn.Get(ctx, "red", "x", core.ReadOptions{}); core.CodeOf(err) != core.NotFound {
		t.Errorf("a deleted key: %v", err)
	}
}

// An API key that can stop a node, or read its log, is a tenant ruling the operator.
func TestConn_OperatorsOnly(t *testing.T) {
	n := newFakeNode()
	s := serve(t, n.services())
	tenant := s.dial(t, newHost(t), Credentials{Credential: redKey, Namespace: "red"})
	operator := s.dial(t, newHost(t), asOperator)
	calls := map[string]func(c *Conn) error{
		"connect": func(c *Conn) error { return c.Connect(t.Context(), "/ip4/127.0.0.1/tcp/1") },
		"disconnect": func(c *Conn) error {
			if err := c.Disconnect(t.Context(), "B"); core.CodeOf(err) != core.NotFound {
				return err // NotFound is the fake's own answer
			}
			return nil
		},
		"logs": func(c *Conn) error { _, err := c.Logs(t.Context(), 3, 10); return err },
		"stop": func(c *Conn) error { return c.Stop(t.Context()) },
		"open": func(c *Conn) error { _, err := c.Open(t.Context(), ""); return err },
	}
	for name, call := range calls {
		if err := call(tenant); core.CodeOf(err) != core.Denied {
			t.Errorf("%s by a tenant: %v, want denied", name, err)
		}
		if err := call(operator); err != nil {
			t.Errorf("%s by the operator: %v", name, err)
		}
	}
	if len(n.dialled) != 1 {
		t.Errorf("the node dialled %v: the tenant's call came through", n.dialled)
	}
}

// Whoever shares a node must not learn of the others on it.
func TestConn_StatusHidesOthers(t *testing.T) {
	s := serve(t, newFakeNode().services())
	tenant, err := s.dial(t, newHost(t), Credentials{Credential: redKey, Namespace: "red"}).Status(t.Context())
	if err != nil || tenant.DataDir != "" || tenant.DatabaseSize != 10 || len(tenant.Groups) != 1 || tenant.Groups[0].Name != "ns::red" {
		t.Errorf("a tenant sees %+v, %v", tenant, err)
	}
	operator, err := s.dial(t, newHost(t), asOperator).Status(t.Context())
	if err != nil || operator.DataDir == "" || len(operator.Groups) != 2 {
		t.Errorf("the operator sees %+v, %v", operator, err)
	}
}

// The command line's pages are made of these answers.
func TestConn_Node(t *testing.T) {
	_, conn := connected(t, newFakeNode())
	health, err := conn.Health(t.Context())
	if err != nil || health.State != core.StateOK || health.Took != 5 {
		t.Errorf("Health = %+v, %v", health, err)
	}
	peers, err := conn.Peers(t.Context())
	if err != nil || len(peers) != 1 || !peers[0].Since.Equal(time.Unix(9, 0)) {
		t.Errorf("Peers = %+v, %v", peers, err)
	}
	topics, err := conn.Topics(t.Context(), "red")
	if err != nil || !reflect.DeepEqual(topics, []string{"red news"}) {
		t.Errorf("Topics = %v, %v", topics, err)
	}
	limits, err := conn.Limits(t.Context())
	if err != nil || !reflect.DeepEqual(limits, Limits()) {
		t.Errorf("Limits = %v, %v", limits, err)
	}
	entries, err := conn.Logs(t.Context(), 41, 1)
	if err != nil || entries[0].Seq != 42 {
		t.Errorf("Logs = %v, %v", entries, err)
	}
	if url, err := conn.Open(t.Context(), ""); err != nil || url == "" {
		t.Errorf("Open = %q, %v", url, err)
	}
}

// A stranger who gets in reads everybody's data; one who is kept out must learn why.
func TestDial_Refused(t *testing.T) {
	s := serve(t, newFakeNode().services())
	tests := map[string]struct {
		with Credentials
		want core.Code
	}{
		"with an unknown key":               {Credentials{Credential: "guess", Namespace: "red"}, core.Unauthenticated},
		"with no key":                       {Credentials{Namespace: "red"}, core.Unauthenticated},
		"with a key of another namespace":   {Credentials{Credential: redKey, Namespace: "blue"}, core.Denied},
		"for the network's own namespace":   {Credentials{Credential: operatorKey, Namespace: "system"}, core.Invalid},
		"for a namespace that cannot be":    {Credentials{Credential: operatorKey, Namespace: "../red"}, core.Invalid},
		"for none":                          {Credentials{Credential: operatorKey}, core.Invalid},
		"for a namespace that is not UTF-8": {Credentials{Credential: operatorKey, Namespace: "\xff"}, core.Invalid},
		"with a key longer than a hello":    {Credentials{Credential: core.Secret(strings.Repeat("k", MaxHelloBytes)), Namespace: "red"}, core.TooLarge},
	}
	for name, test := range tests {
		conn, err := s.tryDial(t.Context(), newHost(t), test.with)
		if core.CodeOf(err) != test.want {
			t.Errorf("%s: %v, want code %s", name, err, test.want)
		}
		if conn != nil {
			t.Errorf("%s: let in", name)
		}
		if err != nil && strings.Contains(err.Error(), "5f3a") {
			t.Errorf("%s: the cause went to the stranger: %v", name, err)
		}
	}
	if !strings.Contains(s.log.String(), "5f3a") {
		t.Error("the cause is not in the node's log")
	}
}

// Whoever may guess without end guesses right in the end.
func TestDial_GuessingIsLimited(t *testing.T) {
	s := serve(t, newFakeNode().services())
	h := newHost(t)
	var last error
	for range MaxFailedHellos + 1 {
		_, last = s.tryDial(t.Context(), h, Credentials{Credential: "guess", Namespace: "red"})
	}
	if core.CodeOf(last) != core.Limited {
		t.Errorf("after %d wrong keys: %v, want limited", MaxFailedHellos, last)
	}
	if _, err := s.tryDial(t.Context(), h, asOperator); core.CodeOf(err) != core.Limited {
		t.Errorf("the right key from a guesser: %v, want limited", err)
	}
	s.dial(t, newHost(t), asOperator)
}

// A peer that opens streams without end must not keep the others out.
func TestDial_StreamsAreLimited(t *testing.T) {
	s := serve(t, newFakeNode().services())
	h := newHost(t)
	conns := make([]*Conn, MaxStreamsPerPeer)
	for i := range conns {
		conns[i] = s.dial(t, h, asOperator)
	}
	if _, err := s.tryDial(t.Context(), h, asOperator); core.CodeOf(err) != core.Limited {
		t.Errorf("one stream more: %v, want limited", err)
	}
	s.dial(t, newHost(t), asOperator)
}

// Paths, addresses and keys live in causes. They are for the log.
func TestConn_ErrorsCarryNoCause(t *testing.T) {
	n := newFakeNode()
	n.onPut = func(_ context.Context, key string) error {
		if key == "coded" {
			return core.Wrap(core.Conflict, errors.New("open /home/ann/secret"), "somebody was faster")
		}
		return errors.New("open /home/ann/secret")
	}
	s, conn := connected(t, n)
	for key, want := range map[string]core.Code{"coded": core.Conflict, "bare": core.Internal} {
		_, err := conn.Put(t.Context(), "red", key, nil, core.PutOptions{})
		if core.CodeOf(err) != want || strings.Contains(err.Error(), "ann") {
			t.Errorf("%s: %v, want code %s and no cause", key, err, want)
		}
		id, found := errors.AsType[RequestID](err)
		if !found || !strings.Contains(s.log.String(), string(id)) {
			t.Errorf("%s: request id %q is not in the node's log", key, id)
		}
	}
	if !strings.Contains(s.log.String(), "/home/ann/secret") {
		t.Error("the cause is not in the node's log")
	}
}

// One bad call must not take the node with it.
func TestConn_PanicIsInternal(t *testing.T) {
	n := newFakeNode()
	n.onQuery = func(context.Context, core.Statement, core.QueryOptions) (*core.Rows, error) { panic("oh no") }
	s, conn := connected(t, n)
	if _, err := conn.Query(t.Context(), "red", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{}); core.CodeOf(err) != core.Internal {
		t.Errorf("got %v, want internal", err)
	}
	if _, err := conn.Put(t.Context(), "red", "k", nil, core.PutOptions{}); err != nil {
		t.Errorf("the next call: %v", err)
	}
	if log := s.log.String(); !strings.Contains(log, "oh no") || !strings.Contains(log, "goroutine") {
		t.Error("panic and stack are not in the log")
	}
}

// A limit that the node does not hear of leaves it working for nobody.
func TestConn_DeadlineTravels(t *testing.T) {
	n := newFakeNode()
	ended := make(chan error, 1)
	n.onQuery = func(ctx context.Context, _ core.Statement, _ core.QueryOptions) (*core.Rows, error) {
		deadline, limited := ctx.Deadline()
		if left := time.Until(deadline); !limited || left > 2*time.Second {
			t.Errorf("the handler has %v left (limited: %v)", left, limited)
		}
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	_, conn := connected(t, n)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := conn.Query(ctx, "red", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{})
	if core.CodeOf(err) != core.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	<-ended
}

// A cancelled call must end on the node too; what a cancelled write did is not known.
func TestConn_Cancel(t *testing.T) {
	n := newFakeNode()
	began, ended := make(chan struct{}, 2), make(chan error, 2)
	wait := func(ctx context.Context) error {
		began <- struct{}{}
		<-ctx.Done()
		ended <- ctx.Err()
		return ctx.Err()
	}
	n.onQuery = func(ctx context.Context, _ core.Statement, _ core.QueryOptions) (*core.Rows, error) {
		return nil, wait(ctx)
	}
	n.onPut = func(ctx context.Context, _ string) error { return wait(ctx) }
	_, conn := connected(t, n)
	calls := map[core.Code]func(ctx context.Context) error{
		core.Unavailable: func(ctx context.Context) error {
			_, err := conn.Query(ctx, "red", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{})
			return err
		},
		core.OutcomeUnknown: func(ctx context.Context) error {
			_, err := conn.Put(ctx, "red", "k", nil, core.PutOptions{})
			return err
		},
	}
	for want, call := range calls {
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- call(ctx) }()
		<-began
		cancel()
		if err := <-result; core.CodeOf(err) != want || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the handler's context ended with %v", err)
		}
	}
}

// A write that was on its way when the node vanished may be stored. Saying
// otherwise makes somebody write it twice.
func TestConn_BrokenStream(t *testing.T) {
	n := newFakeNode()
	began, release := make(chan struct{}, 2), make(chan struct{})
	n.onPut = func(context.Context, string) error { began <- struct{}{}; <-release; return nil }
	n.onQuery = func(context.Context, core.Statement, core.QueryOptions) (*core.Rows, error) {
		began <- struct{}{}
		<-release
		return &core.Rows{}, nil
	}
	s, conn := connected(t, n)
	defer close(release)
	read, write := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := conn.Query(t.Context(), "red", core.Statement{SQL: "SELECT 1"}, core.QueryOptions{})
		read <- err
	}()
	go func() { _, err := conn.Put(t.Context(), "red", "k", nil, core.PutOptions{}); write <- err }()
	<-began
	<-began
	for _, c := range s.host.Network().Conns() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := <-read; core.CodeOf(err) != core.Unavailable || !errors.Is(err, ErrStreamEnded) {
		t.Errorf("the read: %v, want unavailable", err)
	}
	if err := <-write; core.CodeOf(err) != core.OutcomeUnknown || !errors.Is(err, ErrStreamEnded) {
		t.Errorf("the write: %v, want outcome_unknown", err)
	}
	<-conn.Done()
	if conn.Err() == nil {
		t.Error("the connection has no reason for its end")
	}
	if _, err := conn.Put(t.Context(), "red", "k", nil, core.PutOptions{}); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a write after the end: %v, want unavailable: it never left", err)
	}
}

// A node that stops must finish what it began: else each update of a node makes
// some client wonder.
func TestServer_StopsAfterItsCalls(t *testing.T) {
	n := newFakeNode()
	began, release := make(chan struct{}), make(chan struct{})
	n.onPut = func(context.Context, string) error { began <- struct{}{}; <-release; return nil }
	s, conn := connected(t, n)
	write := make(chan error, 1)
	go func() { _, err := conn.Put(t.Context(), "red", "k", nil, core.PutOptions{}); write <- err }()
	<-began
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	for { // until the node has begun to stop
		_, err := conn.Exec(t.Context(), "red", nil, core.ExecOptions{})
		if core.CodeOf(err) == core.Unavailable {
			break
		}
	}
	select {
	case <-stopped:
		t.Fatal("Run returned while a handler was running")
	default:
	}
	close(release)
	if err := <-write; err != nil {
		t.Errorf("the write that was in flight: %v", err)
	}
	<-stopped
	<-conn.Done()
	if err := conn.Err(); core.CodeOf(err) != core.Unavailable || !strings.Contains(err.Error(), "stopping") {
		t.Errorf("the client heard %v", err)
	}
}

// A large answer must arrive whole, and must not keep the small ones waiting.
func TestConn_LargeAnswers(t *testing.T) {
	n := newFakeNode()
	sizes := map[string]int{"fits": 16 << 20, "too much": MaxAnswerBytes + 1}
	n.onQuery = func(_ context.Context, s core.Statement, _ core.QueryOptions) (*core.Rows, error) {
		return &core.Rows{Columns: []string{"blob"}, Values: [][]any{{bytes.Repeat([]byte{7}, sizes[s.SQL])}}}, nil
	}
	_, conn := connected(t, n)
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			rows, err := conn.Query(t.Context(), "red", core.Statement{SQL: "fits"}, core.QueryOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			if blob, ok := rows.Values[0][0].([]byte); !ok || len(blob) != 16<<20 || bytes.Count(blob, []byte{7}) != len(blob) {
				t.Error("a large answer came damaged")
			}
		})
	}
	for range 100 {
		callers.Go(func() {
			if _, err := conn.Put(t.Context(), "red", "small", []byte("1"), core.PutOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if _, err := conn.Query(t.Context(), "red", core.Statement{SQL: "too much"}, core.QueryOptions{}); core.CodeOf(err) != core.TooLarge {
		t.Errorf("an answer above the limit: %v, want too_large", err)
	}
}

// A write whose rows do not fit has still happened: it must be acknowledged.
func TestConn_ReturningTooMuch(t *testing.T) {
	n := newFakeNode()
	n.onExec = func(context.Context, []core.Statement, core.ExecOptions) (*core.ExecAnswer, error) {
		rows := &core.Rows{Columns: []string{"b"}, Values: [][]any{{make([]byte, MaxAnswerBytes)}}}
		return &core.ExecAnswer{Results: []core.ExecResult{{RowsAffected: 1, Rows: rows}}}, nil
	}
	_, conn := connected(t, n)
	answer, err := conn.Exec(t.Context(), "red", []core.Statement{{SQL: "x"}}, core.ExecOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := answer.Results[0]
	if r.RowsAffected != 1 || !r.Rows.Truncated || len(r.Rows.Values) != 0 {
		t.Errorf("got %+v", r)
	}
}

// Requests above the limits must fail before they cost anything, with the remedy.
func TestConn_TooLarge(t *testing.T) {
	_, conn := connected(t, newFakeNode())
	tests := map[string]func() error{
		"a value": func() error {
			_, err := conn.Put(t.Context(), "red", "k", make([]byte, MaxRequestBytes), core.PutOptions{})
			return err
		},
		"a batch": func() error {
			_, err := conn.Batch(t.Context(), "red", make([]core.Op, core.MaxBatchOps+1))
			return err
		},
		"a write": func() error {
			_, err := conn.Exec(t.Context(), "red", make([]core.Statement, MaxStatements+1), core.ExecOptions{})
			return err
		},
		"parameters": func() error {
			_, err := conn.Query(t.Context(), "red", core.Statement{Args: make([]any, MaxArgs+1)}, core.QueryOptions{})
			return err
		},
	}
	for name, call := range tests {
		if err := call(); core.CodeOf(err) != core.TooLarge {
			t.Errorf("%s: %v, want too_large", name, err)
		}
	}
	if _, err := conn.Query(t.Context(), "red", core.Statement{Args: []any{int32(1)}}, core.QueryOptions{}); core.CodeOf(err) != core.Invalid {
		t.Errorf("an int32: %v, want invalid", err)
	}
	if _, err := conn.Put(t.Context(), "blue", "k", nil, core.PutOptions{}); core.CodeOf(err) != core.Denied {
		t.Errorf("another namespace: %v, want denied", err)
	}
}

// More calls than a stream takes must be refused, not queued without end.
func TestConn_TenThousandCalls(t *testing.T) {
	n := newFakeNode()
	release := make(chan struct{})
	n.onPut = func(context.Context, string) error { <-release; return nil }
	_, conn := connected(t, n)
	const all = 10_000
	results := make(chan error, all)
	for range all {
		go func() { _, err := conn.Put(t.Context(), "red", "k", nil, core.PutOptions{}); results <- err }()
	}
	for range all - MaxCalls {
		if err := <-results; core.CodeOf(err) != core.Limited {
			t.Fatalf("got %v, want limited", err)
		}
	}
	close(release)
	for range MaxCalls {
		if err := <-results; err != nil {
			t.Errorf("a call within the limit: %v", err)
		}
	}
}

// Closing while calls run is what every program does when it is interrupted.
func TestConn_CloseTwice(t *testing.T) {
	_, conn := connected(t, newFakeNode())
	for range 2 {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := conn.Status(t.Context()); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a call after Close: %v, want unavailable", err)
	}
}
